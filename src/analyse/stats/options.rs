//! What is to be counted: which tables, by what, and the thresholds of the heuristic for managing entities.

use crate::vocabulary::vocabulary;

use super::table_id::TableId;

vocabulary! {
    /// What the domains of a table are grouped by.
    pub enum By {
        /// Last label.
        Tld = "tld",
        /// Public suffix.
        Suffix = "suffix",
        /// Bin of ranks.
        Rank = "rank",
        /// List.
        List = "list",
        /// Registrable domain of the most preferred MX host.
        Provider = "provider",
        /// Registrable domain to which the policy host is a CNAME.
        PolicyHost = "policy-host",
        /// Posture.
        Posture = "posture",
        /// Dataset, by its time: a series.
        Scan = "scan",
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsOptions {
    /// Which tables, in the order in which they are given.
    pub tables: Vec<TableId>,
    /// What they are grouped by; `None`: each as it is defined.
    pub by: Option<By>,
    /// Most groups, or rows of names, that are shown one by one; the others are summed up.
    pub top: usize,
    /// Ranks in a bin; at least 1.
    pub rank_bin: u32,
    /// How managing entities are told.
    pub entities: EntityOptions,
}

/// Thresholds of the heuristic for managing entities (Ashiq, Fiebig and Chung, IMC 2025, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityOptions {
    /// A host that serves so many domains or more is a third party's.
    pub third_party: u32,
    /// A policy host that serves so many domains or fewer is self-managed.
    pub self_managed: u32,
    /// A host between the two is one administrator's, and so self-managed, if at least so many per cent of its domains have one policy
    /// host and one set of MX hosts; 0: no host is.
    pub one_administrator: u32,
    /// Whether hosts at one address are taken for one host.
    pub by_address: bool,
}

impl Default for EntityOptions {
    fn default() -> Self {
        Self { third_party: 50, self_managed: 5, one_administrator: 90, by_address: true }
    }
}

impl Default for StatsOptions {
    fn default() -> Self {
        Self {
            tables: TableId::ALL.iter().copied().filter(|table| table.is_usual()).collect(),
            by: None,
            top: 20,
            rank_bin: 10_000,
            entities: EntityOptions::default(),
        }
    }
}
