//! What is counted of the rows that have a record, for one group.

use super::ranking::Ranking;
use super::sheet::Sheet;
use super::table_id::TableId;

/// Counters of one group.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    sheets: Vec<Sheet>,
    /// Policy hosts by the registrable domain of their CNAME target: domains, retrieved, failed, unknown, dangling, empty, mode none.
    pub(super) policy_hosts: Ranking<7>,
    /// Policy hosts by address: domains, retrieved, failed, unknown, by a CNAME to another domain.
    pub(super) policy_addresses: Ranking<5>,
    /// Registrable domains of the most preferred MX hosts: domains.
    pub(super) mx_providers: Ranking<1>,
    /// Registrable domains of the receivers of TLS reports: domains.
    pub(super) receivers: Ranking<1>,
    /// Organisations that issued the certificates of policy hosts: domains.
    pub(super) issuers: Ranking<1>,
}

impl Details {
    /// The sheet of a table, to be counted into.
    pub(super) fn sheet(&mut self, table: TableId) -> &mut Sheet {
        let index = table as usize;
        if self.sheets.len() <= index {
            self.sheets.resize_with(index + 1, Sheet::default);
        }
        // The length has just been seen to.
        &mut self.sheets[index]
    }

    /// A count of a table.
    pub(super) fn get(&self, table: TableId, row: &str, column: usize) -> u64 {
        self.sheets.get(table as usize).map_or(0, |sheet| sheet.get(row, column))
    }

    /// The greatest count up to which names may be missing.
    pub(super) fn lost(&self) -> u64 {
        let lost =
            [self.policy_hosts.lost(), self.policy_addresses.lost(), self.mx_providers.lost(), self.receivers.lost(), self.issuers.lost()];
        lost.into_iter().max().unwrap_or_default()
    }

    /// Adds the counts of others.
    pub(super) fn merge(mut self, other: Self) -> Self {
        if self.sheets.len() < other.sheets.len() {
            self.sheets.resize_with(other.sheets.len(), Sheet::default);
        }
        self.sheets.iter_mut().zip(&other.sheets).for_each(|(sheet, more)| sheet.merge(more));
        Self {
            sheets: self.sheets,
            policy_hosts: self.policy_hosts.merge(other.policy_hosts),
            policy_addresses: self.policy_addresses.merge(other.policy_addresses),
            mx_providers: self.mx_providers.merge(other.mx_providers),
            receivers: self.receivers.merge(other.receivers),
            issuers: self.issuers.merge(other.issuers),
        }
    }
}
