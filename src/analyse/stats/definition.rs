//! What a table is made of: its columns, what it counts, and how its rows are laid out.

use crate::analyse::table::{Cell, Column, Row};
use crate::classify::RecordState;

use super::adopter::Adopter;
use super::details::Details;
use super::survey::{States, Survey};
use super::table_id::TableId;

/// What a table is made of.
#[derive(Debug)]
pub struct Definition {
    pub(crate) title: &'static str,
    /// Key, title and whole of each column.
    pub(crate) columns: &'static [(&'static str, &'static str, &'static str)],
    /// Whether it is by top-level domain where no other grouping is asked for.
    pub(crate) by_tld: bool,
    /// Evidence that it reads of the domains with a record.
    pub(crate) evidence: &'static [&'static str],
    /// Evidence that it reads of all domains.
    pub(crate) quality: bool,
    /// Whether it ranks the mail providers of all domains.
    pub(crate) mail_providers: bool,
    /// Whether it tells who runs the hosts.
    pub(crate) entities: bool,
    /// Whether it says what senders do with mail.
    pub(crate) protection: bool,
    /// Counts a domain that has a record; `None` where the states of all rows are enough.
    pub(crate) count: Option<fn(&Adopter<'_>, &mut Details)>,
    /// The table that counts what this one needs, if it is another.
    pub(crate) counted_by: Option<TableId>,
    /// The rows of a group.
    pub(crate) rows: fn(&Figures<'_>) -> Vec<Row>,
    pub(crate) notes: &'static [&'static str],
}

impl Definition {
    /// What it shows.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// To be filled in.
    pub(crate) const EMPTY: Self = Self {
        title: "",
        columns: &[],
        by_tld: false,
        evidence: &[],
        quality: false,
        mail_providers: false,
        entities: false,
        protection: false,
        count: None,
        counted_by: None,
        rows: |_| Vec::new(),
        notes: &[],
    };

    pub(crate) fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(|(key, title, of)| Column::new(key, title, of)).collect()
    }
}

/// What has been counted of a group.
pub(crate) struct Figures<'f> {
    pub(crate) survey: &'f Survey,
    pub(crate) details: &'f Details,
    /// Most rows of names.
    pub(crate) top: usize,
}

impl Figures<'_> {
    /// A count of a table.
    pub(crate) fn get(&self, table: TableId, row: &str, column: usize) -> u64 {
        self.details.get(table, row, column)
    }

    /// Domains with an MTA-STS record, valid or not.
    pub(crate) fn records(&self) -> u64 {
        self.survey.count(States::has_sts)
    }

    /// The row of those of which it is not known if they have an MTA-STS record; its only figure stands in the given column.
    pub(crate) fn unknown_records(&self, columns: usize, column: usize) -> Row {
        let unknown = self.survey.count(|states| states.sts == RecordState::Unknown);
        alone("record-unknown", "record unknown (no answer)", share(unknown, self.survey.rows()), columns, column).of("domains scanned")
    }

    /// The same for the TLSRPT record.
    pub(crate) fn unknown_report_records(&self, columns: usize) -> Row {
        let unknown = self.survey.count(|states| states.tlsrpt == RecordState::Unknown);
        alone("record-unknown", "record unknown (no answer)", share(unknown, self.survey.rows()), columns, 0).of("domains scanned")
    }
}

/// A row with one figure.
pub(crate) fn alone(key: &str, title: &str, cell: Cell, columns: usize, column: usize) -> Row {
    Row::new(key, title, (0..columns).map(|at| if at == column { cell } else { Cell::Empty }).collect())
}

/// A row of shares of one whole for each column.
pub(crate) fn shares<const K: usize>(key: &str, title: &str, n: [u64; K], of: [u64; K]) -> Row {
    Row::new(key, title, n.into_iter().zip(of).map(|(n, of)| share(n, of)).collect())
}

/// So many of so many.
pub(crate) const fn share(n: u64, of: u64) -> Cell {
    Cell::Share { n, of }
}
