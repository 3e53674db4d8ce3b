//! What a table is made of: its columns, what it counts, and how its rows are laid out.

use crate::analyse::table::{Cell, Column, Row};
use crate::classify::RecordState;

use super::adopter::Adopter;
use super::details::Details;
use super::survey::{States, Survey};
use super::table_id::TableId;

/// What a table is made of.
pub(super) struct Definition {
    pub(super) title: &'static str,
    /// Key, title and whole of each column.
    pub(super) columns: &'static [(&'static str, &'static str, &'static str)],
    /// Whether it is by top-level domain where no other grouping is asked for.
    pub(super) by_tld: bool,
    /// Evidence that it reads of the domains with a record.
    pub(super) evidence: &'static [&'static str],
    /// Evidence that it reads of all domains.
    pub(super) quality: bool,
    /// Whether it ranks the mail providers of all domains.
    pub(super) mail_providers: bool,
    /// Whether it tells who runs the hosts.
    pub(super) entities: bool,
    /// Counts a domain that has a record; `None` where the states of all rows are enough.
    pub(super) count: Option<fn(&Adopter<'_>, &mut Details)>,
    /// The table that counts what this one needs, if it is another.
    pub(super) counted_by: Option<TableId>,
    /// The rows of a group.
    pub(super) rows: fn(&Figures<'_>) -> Vec<Row>,
    pub(super) notes: &'static [&'static str],
}

impl Definition {
    /// To be filled in.
    pub(super) const EMPTY: Self = Self {
        title: "",
        columns: &[],
        by_tld: false,
        evidence: &[],
        quality: false,
        mail_providers: false,
        entities: false,
        count: None,
        counted_by: None,
        rows: |_| Vec::new(),
        notes: &[],
    };

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

impl Figures<'_> {
    /// A count of a table.
    pub(super) fn get(&self, table: TableId, row: &str, column: usize) -> u64 {
        self.details.get(table, row, column)
    }

    /// Domains with an MTA-STS record, valid or not.
    pub(super) fn records(&self) -> u64 {
        self.survey.count(States::has_sts)
    }

    /// The row of those of which it is not known if they have an MTA-STS record; its only figure stands in the given column.
    pub(super) fn unknown_records(&self, columns: usize, column: usize) -> Row {
        let unknown = self.survey.count(|states| states.sts == RecordState::Unknown);
        alone("record-unknown", "record unknown (no answer)", share(unknown, self.survey.rows()), columns, column).of("domains scanned")
    }

    /// The same for the TLSRPT record.
    pub(super) fn unknown_report_records(&self, columns: usize) -> Row {
        let unknown = self.survey.count(|states| states.tlsrpt == RecordState::Unknown);
        alone("record-unknown", "record unknown (no answer)", share(unknown, self.survey.rows()), columns, 0).of("domains scanned")
    }
}

/// A row with one figure.
pub(super) fn alone(key: &str, title: &str, cell: Cell, columns: usize, column: usize) -> Row {
    Row::new(key, title, (0..columns).map(|at| if at == column { cell } else { Cell::Empty }).collect())
}

/// A row of shares of one whole for each column.
pub(super) fn shares<const K: usize>(key: &str, title: &str, n: [u64; K], of: [u64; K]) -> Row {
    Row::new(key, title, n.into_iter().zip(of).map(|(n, of)| share(n, of)).collect())
}

/// So many of so many.
pub(super) const fn share(n: u64, of: u64) -> Cell {
    Cell::Share { n, of }
}
