//! Which tables there are.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// A table that can be asked for.
    pub enum TableId {
        /// Domains and where their mail goes.
        T1 = "T1",
        /// Adoption.
        T2 = "T2",
        /// The funnel from record to protection.
        T3 = "T3",
        /// Its sums: misconfigured, and what loses mail.
        T3Headline = "T3-headline",
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
        /// Table 1 of the study.
        StudyAdoption = "study-adoption",
        /// Its classes of misconfiguration.
        StudyClasses = "study-classes",
        /// Its errors of policy servers.
        StudyServers = "study-servers",
        /// Its kinds of inconsistency.
        StudyMismatch = "study-mismatch",
        /// Its policy-hosting providers.
        StudyProviders = "study-providers",
    }
}

impl TableId {
    /// Whether it is printed where no tables are named.
    pub fn is_usual(self) -> bool {
        !matches!(self, Self::P2 | Self::Findings) && !self.is_of_the_study()
    }

    /// Whether it repeats a table of Ashiq, Fiebig and Chung (IMC 2025).
    pub fn is_of_the_study(self) -> bool {
        self.as_str().starts_with("study-")
    }
}
