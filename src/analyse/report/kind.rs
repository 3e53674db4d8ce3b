//! For whom a report is: the owners of some domains, or readers of figures about many.

use crate::vocabulary::vocabulary;

/// Domains up to which a report is one of a portfolio unless asked otherwise.
pub const PORTFOLIO_DOMAINS: u64 = 5_000;

vocabulary! {
    /// What a report is about.
    pub enum Kind {
        /// Every domain, and what to do.
        Portfolio = "portfolio",
        /// How many there are of what; of the domains only those with a record.
        Adoption = "adoption",
    }
}

impl Kind {
    /// The kind that fits a number of domains.
    pub const fn of(rows: u64) -> Self {
        if rows <= PORTFOLIO_DOMAINS { Self::Portfolio } else { Self::Adoption }
    }
}
