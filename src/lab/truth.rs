//! Known truth: what a correct scan says of a name of the lab, written by hand.

use crate::classify::codes::{self, Code, Status};
use crate::classify::flat_columns;

/// Active codes of which no truth speaks: no list of revoked certificates is asked for, so only other evidence has this one.
const UNSPOKEN: &[Code] = &[codes::STS_FETCH_CERT_REVOKED];

/// Codes that the evidence of one probe decides, in the order of the catalogue. A truth lists every one of them that applies; of other
/// codes (those that need history, SMTP or DANE) it says nothing.
pub fn spoken_codes() -> impl Iterator<Item = Code> {
    codes::catalogue().iter().copied().filter(|code| code.rule().status == Status::Active && !UNSPOKEN.contains(code))
}

/// What a column of the dataset is expected to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The RFCs leave it open, or it depends on the machine: nothing is asserted.
    Anything,
    /// Null: the step was not reached.
    Null,
    /// This word.
    Is(&'static str),
}

impl Expected {
    /// Whether a column value agrees.
    pub fn agrees(self, actual: Option<&str>) -> bool {
        match self {
            Self::Anything => true,
            Self::Null => actual.is_none(),
            Self::Is(word) => actual == Some(word),
        }
    }
}

/// Defines [`Truth`] with an expectation for every flat column.
macro_rules! define {
    (
        { $($(#[doc = $doc:literal])+ $column:ident: $type:ty,)+ }
        derived { $($(#[doc = $about:literal])+ $derived:ident: $made:ty = $from:ident,)+ }
    ) => {
        /// The expected judgement of one domain: all finding codes, and the flat columns that follow from them.
        ///
        /// Codes that need more than one probe sees (history, SMTP, other names' records) are never listed; see [`spoken_codes`].
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Truth {
            /// The case that the domain is an instance of.
            pub case: &'static str,
            /// Every finding code of [`spoken_codes`] that applies, in the order of the catalogue, each once.
            pub codes: Vec<Code>,
            $($(#[doc = $doc])+ pub $column: Expected,)+
            $($(#[doc = $about])+ pub $derived: Expected,)+
        }

        impl Truth {
            /// Nothing is asserted, and no code applies.
            fn silent(case: &'static str) -> Self {
                Self { case, codes: Vec::new(), $($column: Expected::Anything,)+ $($derived: Expected::Anything,)+ }
            }

            fn expectations(&self) -> impl Iterator<Item = (&'static str, Expected)> {
                [$((stringify!($column), self.$column),)+ $((stringify!($derived), self.$derived),)+].into_iter()
            }
        }
    };
}

flat_columns!(define);

impl Truth {
    /// A domain where everything is right: enforce, every MX covered, reports asked for.
    pub(crate) fn protected(case: &'static str) -> Self {
        Self {
            mx_state: Expected::Is("present"),
            sts_state: Expected::Is("valid"),
            tlsrpt_state: Expected::Is("valid"),
            policy_stage: Expected::Is("ok"),
            posture: Expected::Is("enforce"),
            delivery: Expected::Is("protected"),
            delivery_lenient: Expected::Is("protected"),
            mx_coverage: Expected::Is("all"),
            mismatch: Expected::Null,
            mx_tls: Expected::Null,
            mx_dnssec: Expected::Null,
            dane_state: Expected::Null,
            delivery_dane: Expected::Null,
            cause: Expected::Null,
            ..Self::silent(case)
        }
    }

    /// The asserted columns by name; a column that is [`Expected::Anything`] is left out.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        self.expectations().filter_map(|(column, expected)| match expected {
            Expected::Anything => None,
            Expected::Null => Some((column, None)),
            Expected::Is(word) => Some((column, Some(word))),
        })
    }

    pub(crate) fn add(&mut self, code: Code) {
        if let Err(place) = self.codes.binary_search(&code) {
            self.codes.insert(place, code);
        }
    }
}

/// What a scan that asks the mail servers says of a domain; `None` for what follows from the rest of the case.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MailTruth {
    pub(crate) mx_tls: Option<Expected>,
    pub(crate) mx_dnssec: Option<Expected>,
    pub(crate) dane_state: Option<Expected>,
    /// What senders do by what was seen, those that do not know DANE.
    pub(crate) delivery: Option<Expected>,
    pub(crate) delivery_lenient: Option<Expected>,
    pub(crate) delivery_dane: Option<Expected>,
    /// Codes that only an SMTP conversation shows, and those of TLSA records and signatures.
    pub(crate) codes: Vec<Code>,
    /// Whether its hosts are of zones that are not signed, although its own may be.
    pub(crate) unsigned_hosts: bool,
}
