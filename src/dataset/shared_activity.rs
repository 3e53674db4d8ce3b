//! What the manifest says of questions that many domains have in common and that were asked once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Questions that many domains have in common, by what the answers were wanted for, summed over the sessions of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SharedActivity {
    /// Addresses of MX hosts.
    pub mx_hosts: SharedLookups,
    /// Addresses of what policy hosts are aliases of.
    pub policy_targets: SharedLookups,
    /// MX and addresses of those who receive reports.
    pub report_receivers: SharedLookups,
    /// What only a scan asks that looks around.
    pub around: SharedLookups,
}

/// Shared questions of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SharedLookups {
    /// Times that the answer was known, or waited for while somebody else asked.
    pub hits: u64,
    /// Times that it had to be asked for.
    pub misses: u64,
    /// Answers kept at the end of the last session.
    pub entries: u64,
    /// Answers found too old when they were wanted.
    pub expired: u64,
    /// Answers dropped for want of room.
    pub evicted: u64,
}

impl SharedActivity {
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            mx_hosts: self.mx_hosts.plus(other.mx_hosts),
            policy_targets: self.policy_targets.plus(other.policy_targets),
            report_receivers: self.report_receivers.plus(other.report_receivers),
            around: self.around.plus(other.around),
        }
    }
}

impl SharedLookups {
    fn plus(self, other: Self) -> Self {
        Self {
            hits: self.hits.saturating_add(other.hits),
            misses: self.misses.saturating_add(other.misses),
            entries: other.entries,
            expired: self.expired.saturating_add(other.expired),
            evicted: self.evicted.saturating_add(other.evicted),
        }
    }
}
