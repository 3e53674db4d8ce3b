//! Rows of several batches in the order of their ordinals, copied row by row only where they do not lie in order already.

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{concat_batches, interleave_record_batch};
use arrow::datatypes::Int64Type;

use super::column::MAX_BATCH_ROWS;
use super::error::DatasetError;

/// Rows in a row, on average, from which runs are copied whole rather than row by row.
const LONG_RUN: usize = 32;
/// Rows in a row from which a run is handed out as it is: to write a batch costs as much as to copy some hundred rows.
const WHOLE_RUN: usize = 512;

/// The rows of some batches, by ordinal.
pub(super) struct Order<'a> {
    batches: Vec<&'a RecordBatch>,
    rows: Vec<Place>,
}

/// Where a row is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    ordinal: u64,
    batch: u32,
    row: u32,
}

impl<'a> Order<'a> {
    /// Finds the order.
    ///
    /// # Errors
    /// If a batch has no ordinals, or an ordinal is negative.
    pub(super) fn of(batches: &'a [RecordBatch]) -> Result<Self, DatasetError> {
        let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for (batch_index, batch) in (0..).zip(batches) {
            let ordinals = batch.column_by_name("ordinal").and_then(|column| column.as_primitive_opt::<Int64Type>());
            let ordinals = ordinals.ok_or_else(|| DatasetError::Column("ordinal".to_owned()))?;
            for (row, ordinal) in (0..).zip(ordinals.values()) {
                let ordinal = u64::try_from(*ordinal).map_err(|_| DatasetError::Inconsistent(format!("a row of ordinal {ordinal}")))?;
                rows.push(Place { ordinal, batch: batch_index, row });
            }
        }
        // Not unstable: batches are nearly in order, and merging long runs is what a stable sort is good at.
        rows.sort();
        Ok(Self { batches: batches.iter().collect(), rows })
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The runs of ordinals without a gap, as first and one past the last.
    ///
    /// # Errors
    /// If an ordinal occurs twice.
    pub(super) fn ordinals(&self) -> Result<Vec<[u64; 2]>, DatasetError> {
        let mut runs: Vec<[u64; 2]> = Vec::new();
        for &Place { ordinal, .. } in &self.rows {
            match runs.last_mut() {
                Some([_, end]) if *end == ordinal => *end = ordinal + 1,
                Some([_, end]) if *end > ordinal => return Err(DatasetError::Inconsistent(format!("ordinal {ordinal} is given twice"))),
                _ => runs.push([ordinal, ordinal + 1]),
            }
        }
        Ok(runs)
    }

    /// All rows in order, in batches of at most [`MAX_BATCH_ROWS`].
    pub(super) fn batches(&self) -> impl Iterator<Item = Result<RecordBatch, DatasetError>> {
        stretches(&self.rows).map(|rows| {
            if runs(rows).count() * LONG_RUN > rows.len() {
                return self.interleave(rows);
            }
            let slices: Vec<RecordBatch> = runs(rows).filter_map(|run| self.slice(run)).collect();
            match slices.as_slice() {
                [only] => Ok(only.clone()),
                [first, ..] => Ok(concat_batches(&first.schema(), &slices)?),
                [] => self.interleave(rows),
            }
        })
    }

    /// Rows that follow each other in a batch.
    fn slice(&self, run: &[Place]) -> Option<RecordBatch> {
        let first = run.first()?;
        self.batches.get(first.batch as usize).map(|batch| batch.slice(first.row as usize, run.len()))
    }

    fn interleave(&self, rows: &[Place]) -> Result<RecordBatch, DatasetError> {
        let places: Vec<(usize, usize)> = rows.iter().map(|place| (place.batch as usize, place.row as usize)).collect();
        Ok(interleave_record_batch(&self.batches, &places)?)
    }
}

/// Rows that become a batch: a long run, or what lies between long runs.
fn stretches(rows: &[Place]) -> impl Iterator<Item = &[Place]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut end = 0;
        for run in runs(rest) {
            let long = run.len() >= WHOLE_RUN;
            if end >= MAX_BATCH_ROWS || (long && end > 0) {
                break;
            }
            end += run.len();
            if long {
                break;
            }
        }
        let (stretch, behind) = rest.split_at_checked(end.min(MAX_BATCH_ROWS))?;
        rest = behind;
        (!stretch.is_empty()).then_some(stretch)
    })
}

/// Stretches of rows that follow each other in one batch.
fn runs(rows: &[Place]) -> impl Iterator<Item = &[Place]> {
    rows.chunk_by(|one, next| one.batch == next.batch && one.row + 1 == next.row)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::{record_batch, samples, schema};

    fn batch(ordinals: &[u64]) -> RecordBatch {
        let records: Vec<_> = ordinals.iter().map(|ordinal| samples::absent(*ordinal, &format!("d{ordinal}.example.com"))).collect();
        record_batch(&records).unwrap()
    }

    #[test]
    fn what_lies_in_order_is_handed_out_whole() {
        let ordinals = |ranges: &[std::ops::Range<u64>]| ranges.iter().cloned().flatten().collect::<Vec<u64>>();
        let batches = [batch(&ordinals(&[0..100, 200..204, 206..210])), batch(&ordinals(&[100..200, 204..206]))];
        let rows: Vec<usize> = Order::of(&batches).unwrap().batches().map(|batch| batch.unwrap().num_rows()).collect();
        assert_eq!(rows, [210]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        /// However the rows are dealt out, they come back in order and whole.
        #[test]
        fn rows_come_in_order(mut ordinals in Just((0..200_u64).collect::<Vec<_>>()).prop_shuffle(), size in 1_usize..200, sorted in 0_usize..200) {
            ordinals[sorted..].sort_unstable();
            let batches: Vec<RecordBatch> = ordinals.chunks(size).map(batch).collect();
            let order = Order::of(&batches).unwrap();
            prop_assert_eq!((order.len(), order.ordinals().unwrap()), (200, vec![[0, 200]]));
            let ordered: Vec<RecordBatch> = order.batches().map(Result::unwrap).collect();
            prop_assert_eq!(concat_batches(&schema(), &ordered).unwrap(), batch(&(0..200).collect::<Vec<_>>()));
        }
    }
}
