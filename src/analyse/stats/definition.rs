//! What a table is made of: its columns, what it counts, and how its rows are laid out.

use crate::analyse::{Cell, Column, Row};

use super::adopter::Adopter;
use super::details::Details;
use super::survey::Survey;

/// What a table is made of.
pub(super) struct Definition {
    pub(super) title: &'static str,
    /// Key, title and whole of each column.
    pub(super) columns: &'static [(&'static str, &'static str, &'static str)],
    /// Whether it is by top-level domain where no other grouping is asked for.
    pub(super) by_tld: bool,
    /// Evidence that it reads of the domains with a record.
    pub(super) evidence: &'static [&'static str],
    /// Whether it tells who runs the hosts.
    pub(super) entities: bool,
    /// Counts a domain that has a record; `None` where the states of all rows are enough.
    pub(super) count: Option<fn(&Adopter<'_>, &mut Details)>,
    /// The rows of a group.
    pub(super) rows: fn(&Figures<'_>) -> Vec<Row>,
    pub(super) notes: &'static [&'static str],
}

impl Definition {
    /// To be filled in.
    pub(super) const EMPTY: Self =
        Self { title: "", columns: &[], by_tld: false, evidence: &[], entities: false, count: None, rows: |_| Vec::new(), notes: &[] };

    pub(super) fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(|(key, title, of)| Column::new(key, title, of)).collect()
    }
}

/// What has been counted of a group.
pub(super) struct Figures<'f> {
    pub(super) survey: &'f Survey,
    pub(super) details: &'f Details,
    /// Most rows of names.
    pub(super) top: usize,
}

/// So many of so many.
pub(super) const fn share(n: u64, of: u64) -> Cell {
    Cell::Share { n, of }
}
