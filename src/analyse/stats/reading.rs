//! All row groups of all datasets, read by all cores, each only the columns that are asked for.

use std::ops::Range;

use arrow::array::{Array, RecordBatch, StringArray};
use rayon::prelude::*;

use super::survey::{is_there, record_state};
use crate::analyse::expect::SeenBatch;
use crate::analyse::rows::SeenPart;
use crate::analyse::scans::{AnalyseError, Scan, Source};
use crate::dataset::{ColumnGroup, text};

/// Rows that are decoded at once. Bodies and headers are never read here, so that many rows are few bytes.
const BATCH_ROWS: usize = 8192;

/// The columns that are null where MX hosts were not asked.
const ASKED: [&str; 3] = ["mx_tls", "mx_dnssec", "dane_state"];

/// Where a batch comes from.
pub(super) struct RowGroup<'f> {
    /// Which dataset, by its place.
    pub(super) scan: usize,
    file: &'f SeenPart,
    row_group: usize,
}

impl RowGroup<'_> {
    /// The batches of all rows, or of some.
    pub(super) fn batches(
        &self,
        columns: &[&str],
        rows: Option<&[Range<usize>]>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, AnalyseError>>, AnalyseError> {
        let batches = self.file.read(self.row_group, columns, BATCH_ROWS, rows)?;
        Ok(batches.map(|batch| batch.map(SeenBatch::into_rows).map_err(AnalyseError::from)))
    }

    /// Runs of rows that have one of the two records, valid or not: few, in most lists. With `asked`, those whose MX hosts were asked, too.
    pub(super) fn rows_with_a_record(&self, asked: bool) -> Result<Vec<Range<usize>>, AnalyseError> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut before = 0;
        let mut columns = vec!["sts_state", "tlsrpt_state"];
        if asked {
            columns.extend(ASKED);
        }
        for batch in self.batches(&columns, None)? {
            let batch = batch?;
            let table = ColumnGroup::table(&batch);
            let (sts, tlsrpt) = (table.column("sts_state")?, table.column("tlsrpt_state")?);
            let asked: Vec<StringArray> = ASKED.iter().filter_map(|column| table.added(column).transpose()).collect::<Result<_, _>>()?;
            for row in 0..batch.num_rows() {
                if asked.iter().any(|column| column.is_valid(row))
                    || is_there(record_state(text(&sts, row)))
                    || is_there(record_state(text(&tlsrpt, row)))
                {
                    let at = before + row;
                    match runs.last_mut() {
                        Some(last) if last.end == at => last.end += 1,
                        _ => runs.push(at..at + 1),
                    }
                }
            }
            before += batch.num_rows();
        }
        Ok(runs)
    }
}

/// Applies `step` to every row group, on all cores, and `merge` to what comes of it.
pub(super) fn fold<A: Send>(
    scans: &[Scan],
    empty: impl Fn() -> A + Sync,
    step: impl Fn(&mut A, &RowGroup<'_>) -> Result<(), AnalyseError> + Sync,
    merge: impl Fn(A, A) -> A + Sync,
) -> Result<A, AnalyseError> {
    let parts: Vec<_> =
        scans.iter().enumerate().flat_map(|(index, scan)| scan.sources().into_iter().map(move |part| (index, scan, part))).collect();
    let of_part = |sum: A, (index, scan, part): (usize, &Scan, Source<'_>)| -> Result<A, AnalyseError> {
        let file = scan.seen(&part)?;
        let row_groups = (0..file.row_groups()).into_par_iter();
        let more = row_groups.try_fold(&empty, |mut sum, row_group| {
            step(&mut sum, &RowGroup { scan: index, file: &file, row_group })?;
            Ok::<A, AnalyseError>(sum)
        });
        Ok(merge(sum, more.try_reduce(&empty, |a, b| Ok(merge(a, b)))?))
    };
    parts.into_par_iter().try_fold(&empty, of_part).try_reduce(&empty, |a, b| Ok(merge(a, b)))
}
