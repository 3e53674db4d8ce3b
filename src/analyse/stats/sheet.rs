//! The counters of one table in one group: so many per row and column.

use std::collections::HashMap;

/// Most columns of a table that is counted.
pub(crate) const COLUMNS: usize = 6;

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
