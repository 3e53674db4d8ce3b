//! Whose MX hosts are asked: an option for each of the ways in which they are.

use crate::evidence::MxAsked;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// The domains whose MX hosts are asked.
    pub enum Scope {
        /// None.
        None = "none",
        /// Those with an MTA-STS record, whatever the mode of their policy.
        Adopters = "adopters",
        /// All that take mail.
        All = "all",
    }
}

impl Scope {
    /// Whether a domain is in it that has an MTA-STS record, or has none.
    pub const fn covers(self, adopter: bool) -> bool {
        match self {
            Self::None => false,
            Self::Adopters => adopter,
            Self::All => true,
        }
    }
}

/// Whose MX hosts are asked, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MxScopes {
    /// Over SMTP.
    pub smtp: Scope,
    /// For TLSA records.
    pub dane: Scope,
    /// Whether the resolver is trusted to validate.
    pub validates: bool,
}

impl Default for MxScopes {
    /// Nobody's.
    fn default() -> Self {
        Self { smtp: Scope::None, dane: Scope::None, validates: false }
    }
}

impl MxScopes {
    /// Whether what the resolver says of DNSSEC is of use to anybody.
    pub fn judges_dnssec(self) -> bool {
        self.validates && self.dane != Scope::None
    }

    /// What the MX hosts of a domain are asked that has an MTA-STS record, or has none; `None` if nothing is.
    pub fn of(self, adopter: bool) -> Option<MxAsked> {
        let (smtp, dane) = (self.smtp.covers(adopter), self.dane.covers(adopter));
        (smtp || dane).then_some(MxAsked { smtp, dane, validates: self.validates })
    }
}
