//! A report: its lines and figures, and the entries of its domains.

use std::collections::HashMap;
use std::ops::Range;

use super::entry::{Entry, Place, visit};
use super::figures::{Figures, figures};
use super::kind::Kind;
use super::line::Line;
use crate::analyse::error::AnalyseError;
use crate::analyse::scans::Scan;
use crate::analyse::table::Table;
use crate::classify::Code;

/// Domains that are listed one by one unless asked otherwise.
pub const MAX_DOMAINS: usize = 100_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// Which kind; `None`: by the number of domains.
    pub kind: Option<Kind>,
    /// Most domains that are listed one by one, the most urgent first.
    pub most: usize,
}

/// A report, but for the entries of its domains.
#[derive(Debug)]
pub struct Report {
    /// The dataset.
    pub scan: Scan,
    /// Which kind it is.
    pub kind: Kind,
    /// Domains in the dataset.
    pub rows: u64,
    /// Domains that the kind would list, were there no limit.
    pub listable: u64,
    /// The domains that are listed, what loses mail first.
    pub lines: Vec<Line>,
    /// Names of MX providers, policy providers and carried cells, to which the lines point.
    pub names: Vec<String>,
    /// Codes of findings, to which the lines point.
    pub codes: Vec<String>,
    /// Names of the carried columns.
    pub carried: Vec<String>,
    /// Domains of which a code says only that something could not be determined, where in other domains it is a verdict.
    pub left_open: HashMap<Code, u64>,
    /// The tables.
    pub figures: Figures,
    /// What a reader has to know, a sentence each.
    pub notes: Vec<String>,
    /// Where the lines' rows are, in the order of the dataset, each with the place of its line.
    places: Vec<(Place, usize)>,
}

impl Report {
    /// Reads what a report of the dataset needs.
    ///
    /// # Errors
    /// If the dataset cannot be read.
    pub fn of(scan: Scan, options: &ReportOptions) -> Result<Self, AnalyseError> {
        let rows: u64 = scan.manifest().parts.iter().map(|part| part.rows).sum();
        let kind = options.kind.unwrap_or_else(|| Kind::of(rows));
        let outline = super::outline::read(&scan, kind, options.most)?;
        let mut figures = figures(&scan, outline.best_of_ranks)?;
        let mut notes = std::mem::take(&mut figures.notes);
        notes.extend(super::figures::versions(scan.manifest()));
        let mut lines = outline.lines;
        lines.sort_by(super::line::most_urgent_first);
        let mut places: Vec<(Place, usize)> = lines.iter().enumerate().map(|(at, line)| (line.place, at)).collect();
        places.sort_unstable();
        Ok(Self {
            kind,
            rows,
            listable: outline.listable,
            lines,
            names: outline.names,
            codes: outline.codes,
            carried: outline.carried,
            left_open: outline.left_open,
            figures,
            notes,
            places,
            scan,
        })
    }

    /// Calls `each` with the place and the entry of every line of a range, in the order of the dataset.
    ///
    /// # Errors
    /// If the dataset cannot be read, or `each` fails.
    pub fn entries<E: From<AnalyseError>>(
        &self,
        lines: Range<usize>,
        mut each: impl FnMut(usize, &Entry) -> Result<(), E>,
    ) -> Result<(), E> {
        let chosen: Vec<(Place, usize)> = self.places.iter().filter(|(_, line)| lines.contains(line)).copied().collect();
        let mut places = chosen.iter();
        visit(&self.scan, Some(&chosen), |entry| match places.next() {
            Some((_, line)) => each(*line, entry),
            None => Ok(()),
        })
    }

    /// The places of the lines in the order in which [`Self::entries`] comes to them.
    pub fn order(&self) -> impl Iterator<Item = usize> {
        self.places.iter().map(|(_, line)| *line)
    }

    /// The table of that name; `None` where it was not made.
    pub fn table(&self, id: crate::analyse::stats::TableId) -> Option<&Table> {
        self.figures.tables.iter().find(|table| table.id == id.as_str())
    }
}

/// Calls `each` with the entry of every domain of a dataset, in its order.
///
/// # Errors
/// If the dataset cannot be read, or `each` fails.
pub fn every_entry<E: From<AnalyseError>>(scan: &Scan, each: impl FnMut(&Entry) -> Result<(), E>) -> Result<(), E> {
    visit(scan, None, each)
}

/// Names of the carried columns of a dataset, in the order in which they first come.
///
/// # Errors
/// If the dataset cannot be read.
pub fn carried_columns(scan: &Scan) -> Result<Vec<String>, AnalyseError> {
    super::outline::carried_columns(scan)
}
