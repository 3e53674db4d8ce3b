//! Which group a row belongs to. The groups are found first, so that what is counted grows with the groups that are shown.

use std::collections::HashMap;

use arrow::array::{Array, Int32Array, RecordBatch, StringArray};

use super::definition::{By, StatsOptions};
use super::ranking::Ranking;
use super::reading::{RowGroup, fold};
use super::wholes::Wholes;
use crate::analyse::scans::{AnalyseError, Scan};
use crate::analyse::split::Cells;
use crate::classify::Posture;
use crate::dataset::{ColumnGroup, text};
use crate::input::{KnownList, bucket};

/// Most bins of ranks; later ranks are summed up.
const MAX_BINS: u32 = 10_000;
/// The group of all that are not shown one by one.
pub(super) const OTHER: &str = "(other)";
/// The group of all that have no value.
pub(super) const NONE: &str = "(none)";

/// The groups of an analysis.
pub(super) struct Grouping {
    by: Option<By>,
    names: Vec<String>,
    index: HashMap<String, usize>,
    labels: Vec<String>,
    rank_bin: u32,
    /// Whether ranks are buckets, as of CrUX: each is a group, whatever `rank_bin` says.
    buckets: bool,
    /// The column of [`By::Carried`].
    carried: String,
}

impl Grouping {
    /// All rows together.
    pub(super) fn whole() -> Self {
        Self { by: None, names: Vec::new(), index: HashMap::new(), labels: Vec::new(), rank_bin: 1, buckets: false, carried: String::new() }
    }

    /// Finds the groups.
    pub(super) fn find(scans: &[Scan], wholes: &Wholes, by: By, options: &StatsOptions) -> Result<Self, AnalyseError> {
        let labels = labels(scans, wholes, by);
        let has_buckets = |scan: &Scan| scan.manifest().run.list.known.is_some_and(KnownList::has_buckets);
        let mut grouping = Self {
            by: Some(by),
            labels,
            rank_bin: options.rank_bin.max(1),
            buckets: !scans.is_empty() && scans.iter().all(has_buckets),
            carried: options.carried.clone(),
            ..Self::whole()
        };
        grouping.names = match by {
            By::Scan => {
                let mut once = Vec::new();
                grouping.labels.iter().for_each(|label| {
                    if !once.contains(label) {
                        once.push(label.clone())
                    }
                });
                once
            }
            By::Posture => Posture::ALL.iter().map(|posture| posture.as_str().to_owned()).collect(),
            By::Rank => grouping.bins(scans)?,
            _ => {
                let counted = grouping.count(scans)?;
                counted.sorted().iter().map(|(name, _)| *name).filter(|name| *name != NONE).take(options.top).map(str::to_owned).collect()
            }
        };
        grouping.names.extend([OTHER.to_owned(), NONE.to_owned()]);
        grouping.index = grouping.names.iter().enumerate().map(|(index, name)| (name.clone(), index)).collect();
        Ok(grouping)
    }

    /// What the groups are.
    pub(super) const fn by(&self) -> Option<By> {
        self.by
    }

    /// What the groups are, for a reader.
    pub(super) fn title(&self) -> Option<String> {
        match self.by? {
            By::Carried => Some(format!("{}:{}", By::Carried, self.carried)),
            by => Some(by.as_str().to_owned()),
        }
    }

    /// The groups' names in the order in which they are shown.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns that tell the group.
    pub(super) fn columns(&self) -> &'static [&'static str] {
        match self.by {
            None | Some(By::Scan) => &[],
            Some(By::Tld) => &["tld"],
            Some(By::Suffix) => &["suffix"],
            Some(By::Rank) => &["rank"],
            Some(By::List) => &["list"],
            Some(By::Provider) => &["mx_provider"],
            Some(By::PolicyHost) => &["policy_provider"],
            Some(By::Posture) => &["posture"],
            Some(By::Carried) => &["carried"],
        }
    }

    /// Calls `each` with every row of a batch and the place of its group among the names.
    pub(super) fn rows(&self, scan: usize, batch: &RecordBatch, mut each: impl FnMut(usize, usize)) -> Result<(), AnalyseError> {
        if self.by.is_none() {
            (0..batch.num_rows()).for_each(|row| each(row, 0));
            return Ok(());
        }
        let other = self.names.len().saturating_sub(2);
        let mut last: Option<(String, usize)> = None;
        self.keys(scan, batch, |row, key| {
            let group = match &last {
                Some((before, group)) if before == key => *group,
                _ => self.index.get(key).copied().unwrap_or(other),
            };
            match &mut last {
                Some((before, of)) if before == key => *of = group,
                Some((before, of)) => {
                    key.clone_into(before);
                    *of = group;
                }
                None => last = Some((key.to_owned(), group)),
            }
            each(row, group);
        })
    }

    /// Calls `each` with every row of a batch and the name of its group, shown or not.
    fn keys(&self, scan: usize, batch: &RecordBatch, mut each: impl FnMut(usize, &str)) -> Result<(), AnalyseError> {
        let label = self.labels.get(scan).map_or("", String::as_str);
        let table = ColumnGroup::table(batch);
        match (self.by, self.columns().first()) {
            (Some(By::Rank), Some(column)) => {
                let ranks: Int32Array = table.column(column)?;
                for row in 0..batch.num_rows() {
                    let bin = ranks.is_valid(row).then(|| self.bin(ranks.value(row))).flatten();
                    match bin {
                        Some(bin) => each(row, &self.bin_name(bin)),
                        None => each(row, NONE),
                    }
                }
            }
            (Some(By::Carried), Some(_)) => {
                let cells = Cells::of(batch, &self.carried)?;
                for row in 0..batch.num_rows() {
                    match cells.get(row) {
                        None => each(row, NONE),
                        // A cell may be called like the groups that are made here.
                        Some(cell) if cell == NONE || cell == OTHER => each(row, &format!("{cell:?}")),
                        Some(cell) => each(row, cell),
                    }
                }
            }
            (by, Some(column)) => {
                let values: StringArray = table.column(column)?;
                let in_list = by == Some(By::List) && !label.is_empty();
                for row in 0..batch.num_rows() {
                    match text(&values, row).filter(|value| !value.is_empty()) {
                        Some(value) if in_list => each(row, &format!("{label}: {value}")),
                        Some(value) => each(row, value),
                        None => each(row, NONE),
                    }
                }
            }
            (_, None) => (0..batch.num_rows()).for_each(|row| each(row, label)),
        }
        Ok(())
    }

    /// The bin of a rank, from 0; ranks begin at 1. A bucket is its own bin, by its greatest rank.
    fn bin(&self, rank: i32) -> Option<u32> {
        if self.buckets {
            return u32::try_from(rank).ok();
        }
        u32::try_from(rank).ok().map(|rank| rank.saturating_sub(1) / self.rank_bin)
    }

    fn bin_name(&self, bin: u32) -> String {
        if self.buckets {
            let (first, last) = bucket(bin);
            return format!("{first}-{last}");
        }
        let first = u64::from(bin) * u64::from(self.rank_bin) + 1;
        format!("{first}-{}", first + u64::from(self.rank_bin) - 1)
    }

    fn bins(&self, scans: &[Scan]) -> Result<Vec<String>, AnalyseError> {
        let step = |sum: &mut Vec<u32>, group: &RowGroup<'_>| {
            for batch in group.batches(&["rank"], None)? {
                let ranks: Int32Array = ColumnGroup::table(&batch?).column("rank")?;
                sum.extend(ranks.iter().flatten().filter_map(|rank| self.bin(rank)).filter(|bin| self.buckets || *bin < MAX_BINS));
                sum.sort_unstable();
                sum.dedup();
            }
            Ok(())
        };
        let mut bins = fold(scans, Vec::new, step, |a, b| [a, b].concat())?;
        bins.sort_unstable();
        bins.dedup();
        Ok(bins.into_iter().map(|bin| self.bin_name(bin)).collect())
    }

    fn count(&self, scans: &[Scan]) -> Result<Ranking<1>, AnalyseError> {
        let step = |sum: &mut Ranking<1>, group: &RowGroup<'_>| {
            for batch in group.batches(self.columns(), None)? {
                self.keys(group.scan, &batch?, |_, key| sum.add(key, [1]))?;
            }
            Ok(())
        };
        fold(scans, Ranking::default, step, Ranking::merge)
    }
}

/// What the datasets are called in the names of groups; empty where there is only one.
fn labels(scans: &[Scan], wholes: &Wholes, by: By) -> Vec<String> {
    let first = wholes.split(scans);
    let day = |at: usize| {
        let begun = first.get(wholes.whole(at)).and_then(|shards| shards.iter().map(|scan| &scan.manifest().started_at).min());
        begun.and_then(|begun| begun.get(..10)).unwrap_or_default().to_owned()
    };
    let name = |at: usize| match by {
        By::Scan => format!("{} {}", day(at), wholes.label(scans, at)),
        _ if wholes.len() > 1 => wholes.label(scans, at),
        _ => String::new(),
    };
    (0..scans.len()).map(name).collect()
}
