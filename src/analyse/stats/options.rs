//! What is to be counted: which tables, by what, and the thresholds of the heuristic for managing entities.

use crate::vocabulary::vocabulary;

use super::definition::Definition;
use super::entity::EntityOptions;
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
#[derive(Clone, Debug)]
pub struct StatsOptions {
    /// Which tables, in the order in which they are given.
    pub tables: Vec<TableId>,
    /// Tables beyond the general ones that may be among these.
    pub further: &'static [(TableId, &'static Definition)],
    /// What they are grouped by; `None`: each as it is defined.
    pub by: Option<By>,
    /// Most groups, or rows of names, that are shown one by one; the others are summed up.
    pub top: usize,
    /// Ranks in a bin; at least 1.
    pub rank_bin: u32,
    /// How managing entities are told.
    pub entities: EntityOptions,
}

impl Default for StatsOptions {
    fn default() -> Self {
        Self {
            tables: TableId::ALL.iter().copied().filter(|table| table.is_usual()).collect(),
            further: &[],
            by: None,
            top: 20,
            rank_bin: 10_000,
            entities: EntityOptions::default(),
        }
    }
}
