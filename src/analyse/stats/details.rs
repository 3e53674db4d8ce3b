//! What is counted of the rows that have a record, for one group, in sheets: so many per row and column.

use std::collections::HashMap;

use super::by_host::MxHosts;
use super::ranking::Ranking;
use super::table_id::TableId;

/// Most columns of a table that is counted.
pub(crate) const COLUMNS: usize = 8;

/// Most rows of one sheet; rows are mostly words of ours, and what is not is counted by a `Ranking`.
const MAX_ROWS: usize = 4096;

/// Counts by row and column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    rows: HashMap<Box<str>, [u64; COLUMNS]>,
}

impl Sheet {
    /// Counts a domain in a row and a column. A row beyond [`MAX_ROWS`] is left out.
    pub(crate) fn add(&mut self, row: &str, column: usize) {
        if !self.rows.contains_key(row) && self.rows.len() < MAX_ROWS {
            self.rows.insert(row.into(), [0; COLUMNS]);
        }
        if let Some(count) = self.rows.get_mut(row).and_then(|row| row.get_mut(column)) {
            *count += 1;
        }
    }

    /// The count of a row and a column.
    pub(crate) fn get(&self, row: &str, column: usize) -> u64 {
        self.rows.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default()
    }

    /// Adds the counts of another sheet.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (row, counts) in &other.rows {
            match self.rows.get_mut(row) {
                Some(sum) => sum.iter_mut().zip(counts).for_each(|(sum, more)| *sum += more),
                None => _ = self.rows.insert(row.clone(), *counts),
            }
        }
    }
}

/// Counters of one group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// By table. There are few, and each is asked for by its own word.
    sheets: Vec<(TableId, Sheet)>,
    /// Policy hosts by the registrable domain of their CNAME target: domains, retrieved, failed, unknown, dangling, empty, mode none.
    pub(crate) policy_hosts: Ranking<7>,
    /// Policy hosts by address: domains, retrieved, failed, unknown, by a CNAME to another domain.
    pub(crate) policy_addresses: Ranking<5>,
    /// Registrable domains of the most preferred MX hosts: domains.
    pub(crate) mx_providers: Ranking<1>,
    /// Registrable domains of the receivers of TLS reports: domains.
    pub(crate) receivers: Ranking<1>,
    /// Organisations that issued the certificates of policy hosts: domains.
    pub(crate) issuers: Ranking<1>,
    /// The MX hosts that were asked.
    pub(crate) mx_hosts: MxHosts,
}

impl Details {
    /// The sheet of a table, to be counted into.
    pub(crate) fn sheet(&mut self, table: TableId) -> &mut Sheet {
        let known = self.sheets.iter().position(|(id, _)| *id == table);
        let index = known.unwrap_or_else(|| {
            self.sheets.push((table, Sheet::default()));
            self.sheets.len() - 1
        });
        // It has just been seen to that it is there.
        &mut self.sheets[index].1
    }

    /// A count of a table.
    pub(crate) fn get(&self, table: TableId, row: &str, column: usize) -> u64 {
        self.sheets.iter().find(|(id, _)| *id == table).map_or(0, |(_, sheet)| sheet.get(row, column))
    }

    /// The greatest count up to which names may be missing.
    pub(crate) fn lost(&self) -> u64 {
        let lost = [
            self.policy_hosts.lost(),
            self.policy_addresses.lost(),
            self.mx_providers.lost(),
            self.receivers.lost(),
            self.issuers.lost(),
            self.mx_hosts.lost(),
        ];
        lost.into_iter().max().unwrap_or_default()
    }

    /// Adds the counts of others.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        other.sheets.iter().for_each(|(table, sheet)| self.sheet(*table).merge(sheet));
        Self {
            sheets: self.sheets,
            policy_hosts: self.policy_hosts.merge(other.policy_hosts),
            policy_addresses: self.policy_addresses.merge(other.policy_addresses),
            mx_providers: self.mx_providers.merge(other.mx_providers),
            receivers: self.receivers.merge(other.receivers),
            issuers: self.issuers.merge(other.issuers),
            mx_hosts: self.mx_hosts.merge(other.mx_hosts),
        }
    }
}
