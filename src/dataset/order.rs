//! Rows of several batches in the order of their ordinals, copied row by row only where they do not lie in order already.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat, interleave};
use arrow::error::ArrowError;

use super::coded::Keys;
use super::column::MAX_BATCH_ROWS;
use super::counts::Counts;
use super::encoding::{Filled, ROW_GROUP_BYTES, ROW_GROUP_ROWS};
use super::error::DatasetError;
use super::folded::Folded;
use super::packed::Piece;
use super::schema;

/// Rows in a row, on average, from which runs are copied whole rather than row by row.
const LONG_RUN: usize = 32;
/// Rows in a row from which a run is handed out as it is: to write a batch costs as much as to copy some hundred rows.
const WHOLE_RUN: usize = 512;

/// Octets of columns that are unpacked at a time, about: a part of great rows would not fit into memory.
const UNPACKED: usize = 8 << 20;
/// Rows that are unpacked at a time, at least: each time every piece that has one of them is unpacked.
const MIN_UNPACKED: usize = 2048;

/// The rows of some pieces, by ordinal.
pub(super) struct Order {
    pieces: Vec<Piece>,
    rows: Vec<Place>,
    filled: Filled,
    /// How many rows may be columns at a time.
    at_a_time: usize,
    /// What all take as columns, those without a value aside.
    octets: usize,
}

/// Where a row is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    ordinal: u64,
    batch: u32,
    row: u32,
}

impl Order {
    /// Finds the order.
    ///
    /// # Errors
    /// If a piece has no ordinals, or an ordinal is negative.
    pub(super) fn of(pieces: Vec<Piece>) -> Result<Self, DatasetError> {
        let (mut rows, mut filled, mut octets) = (Vec::new(), Filled::default(), 0);
        for (batch, piece) in (0..).zip(&pieces) {
            rows.extend((0..).zip(piece.ordinals()?).map(|(row, ordinal)| Place { ordinal, batch, row }));
            filled.add(&piece.filled());
            octets += piece.octets();
        }
        // Not unstable: pieces are nearly in order, and merging long runs is what a stable sort is good at.
        rows.sort();
        let at_a_time = UNPACKED.saturating_mul(rows.len()).checked_div(octets).map_or(usize::MAX, |rows| rows.max(MIN_UNPACKED));
        Ok(Self { pieces, rows, filled, at_a_time, octets })
    }

    /// How many rows are in which state.
    ///
    /// # Errors
    /// If a piece has not the columns that are counted.
    pub(super) fn counts(&self) -> Result<Counts, DatasetError> {
        let mut counts = Counts::default();
        for piece in &self.pieces {
            counts.add(&piece.counts()?);
        }
        Ok(counts)
    }

    /// Which columns have a value.
    pub(super) fn filled(&self) -> &Filled {
        &self.filled
    }

    /// The rows and their order, if there are any, and no more than one row group takes, however they are written.
    ///
    /// # Errors
    /// Itself, where it is not so.
    pub(super) fn into_one_group(self) -> Result<(Vec<Piece>, Sequence), Self> {
        let fits = (1..=ROW_GROUP_ROWS).contains(&self.rows.len()) && self.octets <= ROW_GROUP_BYTES;
        match Sequence::of(&self.rows, &self.pieces) {
            Ok(sequence) if fits => Ok((self.pieces, sequence)),
            // What cannot be unpacked is told when it is.
            _ => Err(self),
        }
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

    /// Hands out all rows in order, in batches of at most [`MAX_BATCH_ROWS`]. A piece is given back when its last row has been handed out:
    /// the rows of a shard and what is packed of them would be the most that a scan has in memory.
    ///
    /// # Errors
    /// What `take` gives, or if a piece cannot be unpacked.
    pub(super) fn each_batch(self, mut take: impl FnMut(RecordBatch) -> Result<(), DatasetError>) -> Result<(), DatasetError> {
        let Self { mut pieces, rows, at_a_time, .. } = self;
        let ends = ends(&rows, pieces.len());
        let nothing = RecordBatch::new_empty(schema());
        let mut handed_out = 0;
        for rows in rows.chunks(at_a_time) {
            let Section { mut batches, rows } = Section::of(&pieces, rows, &nothing)?;
            for (piece, _) in pieces.iter_mut().zip(&ends).filter(|(_, end)| **end <= handed_out + rows.len()) {
                *piece = Piece::Loose(Folded::of(nothing.clone())?);
            }
            for stretch in stretches(&rows) {
                take(rows_of(&batches, stretch)?)?;
                handed_out += stretch.len();
                for (batch, _) in batches.iter_mut().zip(&ends).filter(|(_, end)| **end <= handed_out) {
                    *batch = nothing.clone();
                }
            }
        }
        Ok(())
    }
}

/// How many rows have been handed out when the last of each piece has.
fn ends(rows: &[Place], pieces: usize) -> Vec<usize> {
    let mut ends = vec![0; pieces];
    for (handed_out, place) in (1..).zip(rows) {
        ends.get_mut(place.batch as usize).into_iter().for_each(|end| *end = handed_out);
    }
    ends
}

/// Rows that follow each other by ordinal, as columns.
struct Section {
    batches: Vec<RecordBatch>,
    rows: Vec<Place>,
}

impl Section {
    /// Opens the pieces that have the rows; of those that are packed it keeps these rows alone.
    fn of(pieces: &[Piece], rows: &[Place], nothing: &RecordBatch) -> Result<Self, DatasetError> {
        let mut section = Self { batches: Vec::new(), rows: rows.to_vec() };
        for (index, piece) in (0..).zip(pieces) {
            let own = section.rows.iter_mut().filter(|place| place.batch == index);
            let wanted: UInt32Array = (0..).zip(own).map(|(row, place)| std::mem::replace(&mut place.row, row)).collect();
            section.batches.push(if wanted.is_empty() { nothing.clone() } else { piece.folded()?.some(&wanted)?.unfold()? });
        }
        Ok(section)
    }
}

/// The order of the rows of some pieces, in which their columns are put one by one.
pub(super) struct Sequence {
    stretches: Vec<Stretch>,
    /// To the distinct rows of all pieces, one piece behind the other.
    keys: Keys,
}

impl Sequence {
    fn of(rows: &[Place], pieces: &[Piece]) -> Result<Self, ArrowError> {
        let all = pieces.iter().map(Piece::keys).collect::<Result<Vec<_>, _>>()?;
        let before = |sum: &mut u32, piece: &Piece| Some(std::mem::replace(sum, *sum + piece.distinct() as u32));
        let before: Vec<u32> = pieces.iter().scan(0, before).collect();
        let key = |place: &Place| Some(before.get(place.batch as usize)? + all.get(place.batch as usize)?.get(place.row as usize)?);
        let keys = Keys::of(rows.iter().filter_map(key).collect(), pieces.iter().map(Piece::distinct).sum());
        Ok(Self { stretches: stretches(rows).map(Stretch::of).collect(), keys })
    }

    /// How many rows they are.
    pub(super) fn len(&self) -> usize {
        self.keys.of_rows().len()
    }

    /// A column that is each row's own, of what it is in each of the pieces.
    pub(super) fn gathered(&self, columns: Vec<ArrayRef>) -> impl Iterator<Item = Result<ArrayRef, ArrowError>> + '_ {
        self.stretches.iter().map(move |stretch| stretch.gathered(&columns))
    }

    /// The keys of the rows to the distinct ones of all pieces, one piece behind the other.
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }
}

/// These rows of the batches as one.
fn rows_of(batches: &[RecordBatch], rows: &[Place]) -> Result<RecordBatch, ArrowError> {
    let (schema, stretch) = (schema(), Stretch::of(rows));
    let column = |place| {
        let columns: Vec<ArrayRef> = batches.iter().filter_map(|batch| batch.columns().get(place).cloned()).collect();
        stretch.gathered(&columns)
    };
    let columns = (0..schema.fields().len()).map(column).collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema, columns)
}

/// Rows that become one array, and how they are copied.
enum Stretch {
    /// Run by run: the batch, the first row and how many.
    Runs(Vec<(usize, usize, usize)>),
    /// One by one: the batch and the row.
    Rows(Vec<(usize, usize)>),
}

impl Stretch {
    fn of(rows: &[Place]) -> Self {
        let place = |place: &Place| (place.batch as usize, place.row as usize);
        if runs(rows).count() * LONG_RUN > rows.len() {
            return Self::Rows(rows.iter().map(place).collect());
        }
        let run = |run: &[Place]| run.first().map(place).map(|(batch, row)| (batch, row, run.len()));
        Self::Runs(runs(rows).filter_map(run).collect())
    }

    /// These rows of a column as one.
    fn gathered(&self, columns: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Runs(runs) => {
                let part = |(batch, row, rows): &(usize, usize, usize)| columns.get(*batch).map(|column| column.slice(*row, *rows));
                let parts: Vec<ArrayRef> = runs.iter().filter_map(part).collect();
                match parts.as_slice() {
                    [only] => Ok(Arc::clone(only)),
                    several => concat(&several.iter().map(AsRef::as_ref).collect::<Vec<_>>()),
                }
            }
            Self::Rows(rows) => interleave(&columns.iter().map(AsRef::as_ref).collect::<Vec<_>>(), rows),
        }
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
    use arrow::compute::concat_batches;
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::packed::Packed;
    use crate::dataset::{record_batch, samples};

    fn batch(ordinals: &[u64]) -> RecordBatch {
        let records: Vec<_> = ordinals.iter().map(|ordinal| samples::absent(*ordinal, &format!("d{ordinal}.example.com"))).collect();
        record_batch(&records).unwrap()
    }

    fn in_order(order: Order) -> Vec<RecordBatch> {
        let mut batches = Vec::new();
        order
            .each_batch(|batch| {
                batches.push(batch);
                Ok(())
            })
            .unwrap();
        batches
    }

    #[test]
    fn what_lies_in_order_is_handed_out_whole() {
        let ordinals = |ranges: &[std::ops::Range<u64>]| ranges.iter().cloned().flatten().collect::<Vec<u64>>();
        let batches = [batch(&ordinals(&[0..100, 200..204, 206..210])), batch(&ordinals(&[100..200, 204..206]))]
            .map(|rows| Piece::of(&rows).unwrap());
        let rows: Vec<usize> = in_order(Order::of(batches.into()).unwrap()).iter().map(RecordBatch::num_rows).collect();
        assert_eq!(rows, [210]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        /// However the rows are dealt out, packed and unpacked, they come back in order and whole.
        #[test]
        fn rows_come_in_order(
            mut ordinals in Just((0..200_u64).collect::<Vec<_>>()).prop_shuffle(),
            size in 1_usize..200,
            sorted in 0_usize..200,
            packed in 0_usize..4,
            at_a_time in 1_usize..200,
        ) {
            ordinals[sorted..].sort_unstable();
            let piece = |(index, ordinals)| {
                let rows = batch(ordinals);
                let rows = Folded::of(rows).unwrap();
                if index % 4 < packed { Piece::Packed(Packed::of(&[rows]).unwrap()) } else { Piece::Loose(rows) }
            };
            let pieces: Vec<Piece> = ordinals.chunks(size).enumerate().map(piece).collect();
            let order = Order { at_a_time, ..Order::of(pieces).unwrap() };
            prop_assert_eq!((order.len(), order.ordinals().unwrap()), (200, vec![[0, 200]]));
            prop_assert_eq!(concat_batches(&schema(), &in_order(order)).unwrap(), batch(&(0..200).collect::<Vec<_>>()));
        }
    }
}
