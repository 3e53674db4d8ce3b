//! Which tables there are: the general ones by name, and any that a command registers.

use std::fmt;

/// A table that can be asked for, by its stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(&'static str);

/// Declares the general tables.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        #[allow(non_upper_case_globals)] // They are used as the variants of an enum are.
        impl TableId {
            $($(#[$doc])* pub const $name: Self = Self($word);)+

            /// The general tables, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

tables! {
    /// Domains and where their mail goes.
    T1 = "T1",
    /// Adoption.
    T2 = "T2",
    /// The funnel from record to protection.
    T3 = "T3",
    /// Its sums: misconfigured, and what loses mail.
    T3Headline = "T3-headline",
    /// What to fix first where a deployment is broken.
    T3Causes = "T3-causes",
    /// Faults of records.
    T4 = "T4",
    /// Stages at which retrieval fails, by managing entity.
    T5 = "T5",
    /// Causes of TLS failures.
    T6 = "T6",
    /// Causes of HTTP failures.
    T7 = "T7",
    /// Causes of syntax failures.
    T8 = "T8",
    /// Modes.
    T9 = "T9",
    /// max_age.
    T10 = "T10",
    /// MX hosts over SMTP.
    T11 = "T11",
    /// Domains by what their MX hosts showed.
    T11Domains = "T11-domains",
    /// Certificates of MX hosts.
    T11Certificates = "T11-certificates",
    /// Their issuers.
    T11Issuers = "T11-issuers",
    /// Who runs MX hosts.
    T11Providers = "T11-providers",
    /// TLSA records.
    T11Tlsa = "T11-tlsa",
    /// DANE against MTA-STS.
    T11Dane = "T11-dane",
    /// Delivery under either.
    T11Delivery = "T11-delivery",
    /// DNSSEC.
    T11Dnssec = "T11-dnssec",
    /// Policies that do not match the MX hosts.
    T12 = "T12",
    /// The same by whether one provider does mail and policy.
    T14 = "T14",
    /// Policy hosts.
    T15 = "T15",
    /// Policy hosts by address.
    T15Addresses = "T15-addresses",
    /// Mail providers.
    T16 = "T16",
    /// Concentration.
    T17 = "T17",
    /// TLSRPT records.
    T18 = "T18",
    /// Receivers of reports.
    T18Receivers = "T18-receivers",
    /// Whether receivers can be reached.
    T19 = "T19",
    /// DNS and TLS as they are.
    T20 = "T20",
    /// IPv4 and IPv6.
    T20Families = "T20-families",
    /// Issuers of certificates.
    T20Issuers = "T20-issuers",
    /// Quality of the scan.
    T23 = "T23",
    /// The scan as a whole.
    T23Run = "T23-run",
    /// Every finding.
    Findings = "findings",
    /// What is needed for a series.
    P2 = "P2",
}

impl TableId {
    /// A table beyond the general ones, which is to be registered: see [`super::definition::StatsOptions::further`].
    pub(crate) const fn new(word: &'static str) -> Self {
        Self(word)
    }

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether it is printed where no tables are named.
    pub fn is_usual(self) -> bool {
        !matches!(self, Self::P2 | Self::Findings)
    }
}

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}
