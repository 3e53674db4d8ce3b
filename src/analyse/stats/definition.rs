//! What is asked for, and the definition of a table: its columns, what it counts, how its rows are laid out, and what they are grouped by.

use super::adopter::Adopter;
use super::details::Details;
use super::entity::EntityOptions;
use super::survey::{States, Survey};
use super::table_id::TableId;
use crate::analyse::table::{Cell, Column, Row};
use crate::classify::RecordState;
use crate::vocabulary::vocabulary;

/// The definition of a table.
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
    /// Whether it shows who runs the hosts.
    pub(crate) entities: bool,
    /// Whether it says what senders do with mail.
    pub(crate) protection: bool,
    /// What it is about that MX hosts have to be asked for. Such a table counts the domains of which they were, with a record or without.
    pub(crate) asked: Option<Question>,
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
        asked: None,
        count: None,
        counted_by: None,
        rows: |_| Vec::new(),
        notes: &[],
    };

    pub(crate) fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(|(key, title, of)| Column::new(key, title, of)).collect()
    }
}

/// What MX hosts are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// A conversation over SMTP.
    Smtp,
    /// TLSA records.
    Tlsa,
}

impl Question {
    /// What is said in place of a table where nobody was asked.
    pub(crate) const fn unasked(self) -> &'static str {
        match self {
            Self::Smtp => {
                "no MX host was asked over SMTP; `stscan scan --smtp adopters` asks those of domains with MTA-STS, `--smtp all` all"
            }
            Self::Tlsa => {
                "no MX host was looked up for TLSA records; `stscan scan --dane adopters` looks up those of domains with MTA-STS, `--dane all` all"
            }
        }
    }
}

/// What is said in place of a table that says who runs hosts where all rows would have to be read for it.
pub(crate) const UNREAD: &str = "how many domains a host serves is told by all rows of a dataset, of which only those of the named domains are read; `stscan stats --table` with its name reads all";

/// The row of domains whose MX hosts were not asked.
pub(crate) const NOT_ASKED: &str = "not-asked";

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
        /// Cell of a carried column, which the options name.
        Carried = "carried",
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
    /// The carried column of [`By::Carried`].
    pub carried: String,
    /// Most groups, or rows of names, that are shown one by one; the others are summed up.
    pub top: usize,
    /// Ranks in a bin; at least 1.
    pub rank_bin: u32,
    /// How managing entities are recognised.
    pub entities: EntityOptions,
    /// Whether all rows are read where only domains that were named are looked at, to tell who runs their hosts; the tables that say so are not made
    /// otherwise.
    pub reads_all: bool,
}

impl Default for StatsOptions {
    fn default() -> Self {
        Self {
            tables: TableId::ALL.iter().copied().filter(|table| table.is_usual()).collect(),
            further: &[],
            by: None,
            carried: String::new(),
            top: 20,
            rank_bin: 10_000,
            entities: EntityOptions::default(),
            reads_all: false,
        }
    }
}
