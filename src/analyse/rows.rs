//! The rows of a part as an analysis sees them: all, those that a filter keeps, or some that are in memory; judged by expectations where there
//! are some. A place of a row counts the rows that are seen.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;

use super::expect::{Expectations, SeenBatch};
use super::filter::Filter;
use crate::dataset::{DatasetError, PartBatches, PartFile};

/// Rows that are decoded at once to be looked at by a filter.
const BATCH_ROWS: usize = 8192;

/// Of each row group of a part the rows that are kept.
pub(super) type Kept = Vec<Vec<Range<usize>>>;

/// Rows that are seen. They may be shared by threads.
#[derive(Debug)]
pub(super) struct SeenPart {
    rows: Rows,
    filter: Option<Arc<Filter>>,
    expectations: Option<Arc<Expectations>>,
    /// Of each row group the rows that are kept, once these are known.
    kept: Vec<OnceLock<Vec<Range<usize>>>>,
}

#[derive(Debug)]
enum Rows {
    File(PartFile),
    /// Whole rows, as one row group.
    Held(RecordBatch),
}

/// The batches of a row group as they are stored.
pub(super) enum Batches {
    File(PartBatches),
    Held(std::vec::IntoIter<RecordBatch>),
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::File(batches) => batches.next(),
            Self::Held(batches) => batches.next().map(Ok),
        }
    }
}

impl Rows {
    fn read(&self, row_group: usize, columns: &[&str], batch_rows: usize, rows: Option<&[Range<usize>]>) -> Result<Batches, DatasetError> {
        match self {
            Self::File(file) => file.read(row_group, columns, batch_rows, rows).map(Batches::File),
            Self::Held(batch) => Ok(Batches::Held(held(batch, rows).into_iter())),
        }
    }
}

impl SeenPart {
    /// Of a part those rows that a filter keeps, `kept` if these are known.
    pub(super) fn new(file: PartFile, filter: Option<Arc<Filter>>, kept: Option<&Kept>, expectations: Option<Arc<Expectations>>) -> Self {
        let groups = if filter.is_some() { file.row_groups() } else { 0 };
        let known =
            |group: usize| kept.and_then(|kept| kept.get(group)).map_or_else(OnceLock::new, |rows: &Vec<Range<usize>>| rows.clone().into());
        Self { rows: Rows::File(file), filter, expectations, kept: (0..groups).map(known).collect() }
    }

    /// The rows that the filter keeps.
    ///
    /// # Errors
    /// If the part cannot be read.
    pub(super) fn all_kept(&self) -> Result<Kept, DatasetError> {
        (0..self.kept.len()).map(|row_group| Ok(self.kept(row_group)?.unwrap_or_default().to_vec())).collect()
    }

    /// Rows that are in memory.
    pub(super) const fn held(rows: RecordBatch, expectations: Option<Arc<Expectations>>) -> Self {
        Self { rows: Rows::Held(rows), filter: None, expectations, kept: Vec::new() }
    }

    /// How many row groups it has, those of which nothing is seen among them.
    pub(super) fn row_groups(&self) -> usize {
        match &self.rows {
            Rows::File(file) => file.row_groups(),
            Rows::Held(_) => 1,
        }
    }

    /// The batches of one row group, as [`PartFile::read`] gives them; `rows` are places among the rows that are seen. There may be more columns
    /// than were asked for.
    ///
    /// # Errors
    /// If the part cannot be read.
    pub(super) fn read(
        &self,
        row_group: usize,
        columns: &[&str],
        batch_rows: usize,
        rows: Option<&[Range<usize>]>,
    ) -> Result<impl Iterator<Item = Result<SeenBatch, DatasetError>>, DatasetError> {
        match (self.kept(row_group)?, rows) {
            (None, rows) => self.judged(row_group, columns, batch_rows, rows),
            (Some(kept), None) => self.judged(row_group, columns, batch_rows, Some(kept)),
            (Some(kept), Some(rows)) => self.judged(row_group, columns, batch_rows, Some(&among(kept, rows))),
        }
    }

    /// As [`Self::read`], of all columns and as the rows are stored, whatever is expected of them.
    ///
    /// # Errors
    /// If the part cannot be read.
    pub(super) fn read_stored(
        &self,
        row_group: usize,
        columns: &[&str],
        batch_rows: usize,
        rows: &[Range<usize>],
    ) -> Result<Batches, DatasetError> {
        match self.kept(row_group)? {
            None => self.rows.read(row_group, columns, batch_rows, Some(rows)),
            Some(kept) => self.rows.read(row_group, columns, batch_rows, Some(&among(kept, rows))),
        }
    }

    /// The batches of one row group, whatever is kept; `rows` are places among all rows.
    fn judged(
        &self,
        row_group: usize,
        columns: &[&str],
        batch_rows: usize,
        rows: Option<&[Range<usize>]>,
    ) -> Result<impl Iterator<Item = Result<SeenBatch, DatasetError>> + use<>, DatasetError> {
        let is_judged = |column: &&str| column.starts_with("findings") || *column == "worst";
        let expectations = self.expectations.clone().filter(|_| columns.iter().any(is_judged));
        let flat = if expectations.is_some() { Expectations::columns() } else { Vec::new() };
        let columns: Vec<&str> = columns.iter().copied().chain(flat.iter().map(String::as_str)).collect();
        let batches = self.rows.read(row_group, &columns, batch_rows, rows)?;
        Ok(batches.map(move |batch| match &expectations {
            Some(expectations) => expectations.judge(batch?),
            None => batch.map(SeenBatch::from),
        }))
    }

    /// The rows of a row group that are kept; `None` where there is no filter.
    fn kept(&self, row_group: usize) -> Result<Option<&[Range<usize>]>, DatasetError> {
        let (Some(filter), Some(known)) = (&self.filter, self.kept.get(row_group)) else { return Ok(None) };
        if known.get().is_none() {
            // Two threads may come here at once; both find the same.
            let _ = known.set(self.keep(filter, row_group)?);
        }
        Ok(known.get().map(Vec::as_slice))
    }

    fn keep(&self, filter: &Filter, row_group: usize) -> Result<Vec<Range<usize>>, DatasetError> {
        let columns: Vec<&str> = filter.columns().chain(["ordinal"]).collect();
        let (mut runs, mut before) = (Vec::<Range<usize>>::new(), 0);
        for batch in self.judged(row_group, &columns, BATCH_ROWS, None)? {
            let batch = batch?;
            filter.each_kept(&batch, |row| match runs.last_mut() {
                Some(last) if last.end == before + row => last.end += 1,
                _ => runs.push(before + row..before + row + 1),
            })?;
            before += batch.num_rows();
        }
        Ok(runs)
    }
}

/// Rows that are in memory; nothing is copied.
fn held(batch: &RecordBatch, rows: Option<&[Range<usize>]>) -> Vec<RecordBatch> {
    let within = |run: &Range<usize>| run.start.min(batch.num_rows())..run.end.min(batch.num_rows());
    match rows {
        None => vec![batch.clone()],
        Some(rows) => rows.iter().map(within).filter(|run| !run.is_empty()).map(|run| batch.slice(run.start, run.len())).collect(),
    }
}

/// Where the places of `rows` among the kept rows are among all; both ascend.
fn among(kept: &[Range<usize>], rows: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut runs, mut before) = (kept.iter().peekable(), 0);
    for rows in rows {
        let mut at = rows.start;
        while at < rows.end {
            let Some(run) = runs.peek() else { return found };
            if at >= before + run.len() {
                before += run.len();
                runs.next();
                continue;
            }
            let start = run.start + (at - before);
            let end = run.end.min(start + (rows.end - at));
            at += end - start;
            found.push(start..end);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn runs(rows: &[usize]) -> Vec<Range<usize>> {
        rows.chunk_by(|a, b| a + 1 == *b).map(|run| run[0]..run[run.len() - 1] + 1).collect()
    }

    proptest! {
        #[test]
        fn places_among_places(kept in proptest::collection::btree_set(0_usize..60, 0..40), chosen in proptest::collection::btree_set(0_usize..40, 0..30)) {
            let kept: Vec<usize> = kept.into_iter().collect();
            let chosen: Vec<usize> = chosen.into_iter().collect();
            let expected: Vec<usize> = chosen.iter().filter_map(|at| kept.get(*at)).copied().collect();
            let found: Vec<usize> = among(&runs(&kept), &runs(&chosen)).into_iter().flatten().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
