//! A finding code as a value, what its row of the catalogue says, and the macro by which a file declares the codes that it judges.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};

use crate::parse::FaultKind;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How much a finding matters.
    pub enum Severity {
        /// Mail may fail, or the protection by MTA-STS is void.
        High = "high",
        /// Some senders are affected.
        Medium = "medium",
        /// Hygiene: it works as it is.
        Low = "low",
        /// A fact, nothing to fix.
        Info = "info",
    }
}

vocabulary! {
    /// What it takes to see the fault that a code stands for.
    pub enum Status {
        /// Judged from the evidence of one scan.
        Active = "active",
        /// Judged by `stscan diff` from two scans of the domain, never a finding of one scan.
        Diff = "diff",
        /// Judged by `--expect` when a scan is read: what its reader demands, never a finding of the scan.
        Expectation = "expectation",
        /// Reserved: needs more than two scans of the domain.
        History = "history",
        /// Reserved: needs a look-up or a request that the probe does not make.
        Planned = "planned",
        /// Never a finding of one domain: it shows in the whole of a scan only, where a query over the dataset counts it.
        Aggregate = "aggregate",
    }
}

vocabulary! {
    /// Result types of TLS reports (RFC 8460 section 4.3): what senders report where the fault shows.
    pub enum ResultType {
        /// The MX offers no STARTTLS (section 4.3.1).
        StarttlsNotSupported = "starttls-not-supported",
        /// The certificate of the MX names another host (section 4.3.1).
        CertificateHostMismatch = "certificate-host-mismatch",
        /// The certificate of the MX has expired (section 4.3.1).
        CertificateExpired = "certificate-expired",
        /// No trusted root vouches for the certificate of the MX (section 4.3.1).
        CertificateNotTrusted = "certificate-not-trusted",
        /// Another failure of the TLS session with the MX, a name that no pattern allows included (section 4.3.1).
        ValidationFailure = "validation-failure",
        /// No TLSA record authenticates the MX (section 4.3.2.1).
        TlsaInvalid = "tlsa-invalid",
        /// DNSSEC does not validate (section 4.3.2.1).
        DnssecInvalid = "dnssec-invalid",
        /// The policy cannot be retrieved (section 4.3.2.2).
        StsPolicyFetchError = "sts-policy-fetch-error",
        /// The policy cannot be validated (section 4.3.2.2).
        StsPolicyInvalid = "sts-policy-invalid",
        /// The certificate of the policy host is not valid (section 4.3.2.2).
        StsWebpkiInvalid = "sts-webpki-invalid",
    }
}

vocabulary! {
    /// The steps that a sender takes to a policy, in their order: a fault in one of them hides those that follow.
    pub enum Stage {
        /// The TXT record at `_mta-sts`.
        Record = "record",
        /// The address of the policy host.
        Dns = "dns",
        /// The connection to the policy host.
        Tcp = "tcp",
        /// The TLS session and the certificate.
        Tls = "tls",
        /// The response of the policy host.
        Http = "http",
        /// The text of the policy.
        Syntax = "syntax",
    }
}

/// Two short examples of what there is to see: with the fault, and without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// A text that a test judges: a TXT record, the body of a policy or a Content-Type.
    Text(&'static str, &'static str),
    /// What no single text can show: DNS answers as zone files have them, connections and responses in short.
    Seen(&'static str, &'static str),
}

impl Example {
    /// With the fault, and without it.
    pub fn pair(self) -> (&'static str, &'static str) {
        match self {
            Self::Text(with, without) | Self::Seen(with, without) => (with, without),
        }
    }
}

/// One row of the catalogue. The texts are whole sentences, fit to be shown to a postmaster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The order of the catalogue; numbers have gaps, so that a code can be put between two others.
    pub(super) place: u16,
    /// The stable word of the code.
    pub(super) word: &'static str,
    /// The fault of a text that it stands for; `None` where it is judged from the evidence.
    pub(super) fault: Option<FaultKind>,
    /// Severity where nothing in the case changes it.
    pub severity: Severity,
    /// Where the rule is written down.
    pub clause: &'static str,
    /// What is the case, in one sentence.
    pub summary: &'static str,
    /// What it does to mail.
    pub effect: &'static str,
    /// How to fix it.
    pub remedy: &'static str,
    /// What TLS reports call it, where they have a word for it.
    pub tlsrpt_result: Option<ResultType>,
    /// What it takes to see it.
    pub status: Status,
    /// What there is to see; `None` only for codes that are reserved.
    pub example: Option<Example>,
    /// Whether what was seen may pass (time-out, SERVFAIL, status 429 or 5xx), so that it leaves open what the domain does. Of
    /// severity info: unknown is no verdict.
    pub leaves_open: bool,
    /// Whether it is put right at the policy host alone, and no text that the domain publishes has to change.
    pub at_policy_host: bool,
    /// Where it breaks a deployment, alone or with others; `None` where it never does.
    pub stage: Option<Stage>,
}

impl Rule {
    /// The row that others are written as a change of.
    pub(super) const BASE: Self = Self {
        place: 0,
        word: "",
        fault: None,
        severity: Severity::Info,
        clause: "",
        summary: "",
        effect: "",
        remedy: "",
        tlsrpt_result: None,
        status: Status::Active,
        example: None,
        leaves_open: false,
        at_policy_host: false,
        stage: None,
    };
}

/// A finding code: a reference to its row of the catalogue. Codes are ordered as the catalogue is.
#[derive(Clone, Copy)]
pub struct Code(&'static Rule);

impl Code {
    /// The code of a row; see [`codes`].
    pub(super) const fn of(rule: &'static Rule) -> Self {
        Self(rule)
    }

    /// Its row of the catalogue.
    pub const fn rule(self) -> &'static Rule {
        self.0
    }

    /// Its stable word, as in the dataset.
    pub const fn as_str(self) -> &'static str {
        self.0.word
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.place == other.0.place
    }
}

impl Eq for Code {}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Code {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.place.cmp(&other.0.place)
    }
}

impl Hash for Code {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.place.hash(state);
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The word of a declaration, once it is certain that the constant is named after it.
pub(super) const fn named(constant: &str, word: &'static str) -> &'static str {
    let (constant, letters) = (constant.as_bytes(), word.as_bytes());
    let mut at = 0;
    while at < constant.len() && at < letters.len() {
        let expected = if constant[at] == b'_' { b'-' } else { constant[at].to_ascii_lowercase() };
        assert!(letters[at] == expected, "a constant has to be named after its code");
        at += 1;
    }
    assert!(constant.len() == letters.len(), "a constant has to be named after its code");
    word
}

/// Declares the codes that a file judges, once and for all: place in the catalogue, constant, word, the kind of fault that it stands for
/// (`of Kind`, where a parser finds it), and what its row says. The constants are in scope of the file; others get them from
/// `codes`, which lists the files.
macro_rules! codes {
    ($($place:literal $name:ident = $word:literal $(of $kind:ident)? { $($row:tt)* })+) => {
        pub(in crate::classify) mod declared {
            #[allow(unused_imports)] // Not every file needs all of it.
            use super::*;
            #[allow(unused_imports)]
            use crate::classify::rule::{
                Code, Example::{Seen, Text}, ResultType, Rule, Severity::{High, Info, Low, Medium}, Stage, Status, named,
            };
            #[allow(unused_imports)]
            use crate::parse::FaultKind;

            $(
                #[doc = concat!("`", $word, "`")]
                pub const $name: Code = Code::of(&codes!(@row $place, named(stringify!($name), $word), [$($kind)?], $($row)*));
            )+
        }
        #[allow(unused_imports)] // The codes of a parser's faults are found by their kind.
        use self::declared::*;

        /// The codes of this file.
        pub(in crate::classify) const CODES: &[crate::classify::rule::Code] = &[$(declared::$name),+];
    };
    (@row $place:literal, $word:expr, [], $($row:tt)*) => { Rule { place: $place, word: $word, $($row)* } };
    (@row $place:literal, $word:expr, [$kind:ident], $($row:tt)*) => {
        Rule { place: $place, word: $word, fault: Some(FaultKind::$kind), $($row)* }
    };
}
pub(super) use codes;
