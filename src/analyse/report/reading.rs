//! Reading a dataset for a report, twice, and the tables of `stats` that belong to it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::entry::{Entry, Place, visit};
use super::line::Summary;
use super::outline::Kind;
use super::standing::{ByCell, Standing};
use crate::analyse::scans::{AnalyseError, Scan};
use crate::analyse::senders::{REPORT_TABLES, Seen, sender_tables};
use crate::analyse::stats::{By, StatsOptions, TableId, stats};
use crate::analyse::table::Table;
use crate::classify::{CATALOGUE_VERSION, Code};
use crate::dataset::Manifest;
use crate::publish::Wishes;

/// Domains that are listed one by one unless asked otherwise.
pub const MAX_DOMAINS: usize = 100_000;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// Which kind; `None`: by the number of domains.
    pub kind: Option<Kind>,
    /// Most domains that are listed one by one, the most urgent first.
    pub most: usize,
    /// Whether the tables of `stats`, and those of TLS reports, are made.
    pub figures: bool,
    /// What is wanted of the texts that are proposed.
    pub wishes: Wishes,
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
    pub lines: Vec<Summary>,
    /// Names of MX providers, policy providers and carried cells, to which the lines point.
    pub names: Vec<String>,
    /// Codes of findings, to which the lines point.
    pub codes: Vec<String>,
    /// Names of the carried columns.
    pub carried: Vec<String>,
    /// How all domains stand.
    pub standing: Standing,
    /// The same by the cells of these.
    pub by_cell: Vec<ByCell>,
    /// Whose domains these are, as `owner: Ada`, if they are not all of the dataset.
    pub about: Option<String>,
    /// Domains of which a code says only that something could not be determined, where in other domains it is a verdict.
    pub left_open: HashMap<Code, u64>,
    /// The tables.
    pub figures: Figures,
    /// What senders say; `None` without TLS reports.
    pub senders: Option<Senders>,
    /// What is wanted of the texts that are proposed.
    pub wishes: Wishes,
    /// What a reader has to know, a sentence each.
    pub notes: Vec<String>,
    /// Where the lines' rows are, in the order of the dataset, each with the place of its line.
    places: Vec<(Place, usize)>,
}

/// What senders say in their TLS reports.
#[derive(Debug)]
pub struct Senders {
    /// The reports.
    pub seen: Arc<Seen>,
    /// The tables of them.
    pub tables: Vec<Table>,
}

/// Rows of a table of TLS reports.
const REPORT_ROWS: usize = 50;

impl Report {
    /// Reads what a report of the dataset needs.
    ///
    /// # Errors
    /// If the dataset cannot be read.
    pub fn of(scan: Scan, options: &ReportOptions, seen: Option<Arc<Seen>>) -> Result<Self, AnalyseError> {
        let rows = scan.rows();
        let kind = options.kind.unwrap_or_else(|| Kind::of(rows));
        let outline = super::outline::read(&scan, kind, options.most, seen.as_deref())?;
        let mut figures = if options.figures { figures(&scan, outline.best_of_ranks)? } else { Figures::none(&scan) };
        let senders = seen.map(|seen| {
            let wanted: Vec<TableId> = REPORT_TABLES.iter().filter(|_| options.figures).map(|table| table.id).collect();
            sender_tables(&seen, Some(&scan), REPORT_ROWS, &wanted).map(|tables| Senders { seen, tables })
        });
        let senders = senders.transpose()?;
        let mut notes = std::mem::take(&mut figures.notes);
        notes.extend(versions(scan.manifest()));
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
            standing: outline.standing,
            by_cell: outline.by_cell,
            about: None,
            left_open: outline.left_open,
            figures,
            senders,
            wishes: options.wishes.clone(),
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

/// Bins of the plot by rank, at most about so many.
const RANK_BINS: u32 = 25;

/// Tables of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The tables that `stats` prints where none are named.
    pub tables: Vec<Table>,
    /// Table T2 by rank; `None` where the list has no ranks.
    pub by_rank: Option<Table>,
    /// Ranks in a bin of it.
    pub rank_bin: u32,
    /// What is to be known of the tables, a sentence each.
    pub notes: Vec<String>,
}

impl Figures {
    /// No tables.
    fn none(scan: &Scan) -> Self {
        Self { tables: Vec::new(), by_rank: None, rank_bin: 1, notes: scan.notes() }
    }
}

/// Makes the tables; `last_rank` is the greatest rank of the list.
///
/// # Errors
/// If the dataset cannot be read.
pub fn figures(scan: &Scan, last_rank: Option<i32>) -> Result<Figures, AnalyseError> {
    let scans = std::slice::from_ref(scan);
    let made = stats(scans, &StatsOptions::default())?;
    let rank_bin = bin(last_rank.and_then(|rank| u32::try_from(rank).ok()).unwrap_or_default());
    let by_rank = match last_rank {
        Some(_) => {
            let options = StatsOptions { tables: vec![TableId::T2], by: Some(By::Rank), rank_bin, ..StatsOptions::default() };
            stats(scans, &options)?.tables.into_iter().next()
        }
        None => None,
    };
    Ok(Figures { tables: made.tables, by_rank, rank_bin, notes: made.notes })
}

/// The least of 1, 2, 5, 10, 20, 50 ... ranks that gives no more bins than wanted.
fn bin(last_rank: u32) -> u32 {
    let steps = (0..10_u32).flat_map(|power| [1, 2, 5].map(|digit| 10_u32.saturating_pow(power).saturating_mul(digit)));
    steps.into_iter().find(|step| last_rank / step < RANK_BINS).unwrap_or(u32::MAX)
}

/// What is to be said where the dataset was judged by other rules than today's.
pub(super) fn versions(manifest: &Manifest) -> Option<String> {
    let judged_by = &manifest.run.catalogue_version;
    (judged_by != CATALOGUE_VERSION).then(|| {
        format!("judged by version {judged_by} of the catalogue, explained by version {CATALOGUE_VERSION}: `stscan reclassify` judges them again")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_round_and_not_too_many() {
        assert_eq!([0, 40, 60, 10_000, 1_000_000, u32::MAX].map(bin), [1, 2, 5, 500, 50_000, 200_000_000]);
    }
}
