//! Rows that wait long for their shard, as compressed bytes: as columns a row takes one to two kilobytes, nearly all of them nulls and
//! offsets, and packed less than a tenth of that. Each column is packed by itself, and unpacked so when the part is written.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use zstd::bulk::{Compressor, decompress};

use super::encoding::Filled;
use super::error::DatasetError;
use super::strands::{Nothing, Strand, batch_of, strands};

/// The fastest level but the negative ones; the others take several times as long for some percent.
const LEVEL: i32 = 1;

/// Some rows, and what is to be known of them before they are written.
#[derive(Debug)]
pub struct Packed {
    rows: usize,
    filled: Filled,
    octets: usize,
    /// In the order of [`strands`].
    columns: Vec<PackedColumn>,
    /// Those that have a value, one behind the other: pieces wait among millions of short-lived allocations, of which many small ones would
    /// keep the pages.
    bytes: Box<[u8]>,
}

/// A column of them.
#[derive(Debug)]
enum PackedColumn {
    /// No row has a value.
    Nothing(Nothing),
    /// Where it lies, compressed, and its length before that.
    Values(Range<usize>, usize),
}

/// Rows of a part on their way to it.
#[derive(Debug)]
pub enum Piece {
    /// As columns.
    Loose(RecordBatch),
    /// As compressed bytes.
    Packed(Packed),
}

impl Piece {
    /// How many rows they are.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Loose(batch) => batch.num_rows() as u64,
            Self::Packed(packed) => packed.rows as u64,
        }
    }

    /// The memory that they take as columns, see [`octets`].
    pub(super) fn octets(&self) -> usize {
        match self {
            Self::Loose(batch) => octets(batch),
            Self::Packed(packed) => packed.octets,
        }
    }

    /// Which of their columns have a value.
    pub(super) fn filled(&self) -> Filled {
        match self {
            Self::Loose(batch) => Filled::of(batch),
            Self::Packed(packed) => packed.filled.clone(),
        }
    }

    /// One of the columns, the one at this place among [`strands`].
    ///
    /// # Errors
    /// If it is not what was packed.
    pub(super) fn column(&self, place: usize, strand: &Strand) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Loose(batch) => strand.of(batch),
            Self::Packed(packed) => packed.column(place, strand),
        }
    }

    /// What the column at this place is in every row, see [`Strand::nothing_in`].
    pub(super) fn nothing_in(&self, place: usize, strand: &Strand) -> Option<Nothing> {
        match self {
            Self::Loose(batch) => strand.nothing_in(batch),
            Self::Packed(packed) => match packed.columns.get(place)? {
                PackedColumn::Nothing(nothing) => Some(*nothing),
                PackedColumn::Values(..) => None,
            },
        }
    }

    /// The columns of these names, none of which is a struct.
    ///
    /// # Errors
    /// If they are not what was packed.
    pub(super) fn columns(&self, names: &[&str]) -> Result<RecordBatch, ArrowError> {
        let chosen = strands().iter().enumerate().filter(|(_, strand)| names.contains(&strand.field().name().as_str()));
        let columns = chosen.map(|(place, strand)| Ok((Arc::clone(strand.field()), self.column(place, strand)?)));
        let (fields, columns): (Vec<_>, Vec<_>) = columns.collect::<Result<Vec<_>, ArrowError>>()?.into_iter().unzip();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }
}

impl Packed {
    /// Packs batches as one.
    ///
    /// # Errors
    /// If they cannot stand in one batch.
    pub fn of(batches: &[RecordBatch]) -> Result<Self, DatasetError> {
        let mut compressor = Compressor::new(LEVEL).map_err(ArrowError::from)?;
        let mut all = Vec::new();
        let pack = |strand: &Strand| {
            if let Some(nothing) = Nothing::in_all(batches.iter().map(|batch| strand.nothing_in(batch))) {
                return Ok(PackedColumn::Nothing(nothing));
            }
            let columns: Vec<ArrayRef> = batches.iter().map(|batch| strand.of(batch)).collect::<Result<_, _>>()?;
            let column = concat(&columns.iter().map(AsRef::as_ref).collect::<Vec<_>>())?;
            let mut writer = StreamWriter::try_new(Vec::new(), strand.schema())?;
            writer.write(&RecordBatch::try_new(strand.schema().clone(), vec![column])?)?;
            let bytes = writer.into_inner()?;
            let begin = all.len();
            all.extend_from_slice(&compressor.compress(&bytes)?);
            Ok(PackedColumn::Values(begin..all.len(), bytes.len()))
        };
        let columns = strands().iter().map(pack).collect::<Result<_, ArrowError>>()?;
        let mut filled = Filled::default();
        batches.iter().for_each(|batch| filled.add(&Filled::of(batch)));
        Ok(Self {
            rows: batches.iter().map(RecordBatch::num_rows).sum(),
            filled,
            octets: batches.iter().map(octets).sum(),
            columns,
            bytes: all.into_boxed_slice(),
        })
    }

    fn column(&self, place: usize, strand: &Strand) -> Result<ArrayRef, ArrowError> {
        let gone = || ArrowError::IpcError("rows that were packed are gone".to_owned());
        match self.columns.get(place).ok_or_else(gone)? {
            PackedColumn::Nothing(nothing) => strand.nothing(*nothing, self.rows),
            PackedColumn::Values(packed, length) => {
                let bytes = decompress(self.bytes.get(packed.clone()).ok_or_else(gone)?, *length)?;
                let batch = StreamReader::try_new(bytes.as_slice(), None)?.next().transpose()?.ok_or_else(gone)?;
                batch.columns().first().cloned().ok_or_else(gone)
            }
        }
    }

    /// The rows as they were.
    ///
    /// # Errors
    /// If they are not what was packed.
    pub fn unpack(&self) -> Result<RecordBatch, DatasetError> {
        let columns: Vec<ArrayRef> =
            strands().iter().enumerate().map(|(place, strand)| self.column(place, strand)).collect::<Result<_, _>>()?;
        Ok(batch_of(&columns)?)
    }
}

/// The memory that rows take as columns, about; of rows that are a slice of others only their own. Nothing for columns without a value, which
/// all batches share.
pub(crate) fn octets(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| octets_of(column.as_ref())).sum()
}

fn octets_of(column: &dyn Array) -> usize {
    if column.null_count() == column.len() {
        return 0;
    }
    match column.as_struct_opt() {
        Some(columns) => columns.columns().iter().map(|column| octets_of(column.as_ref())).sum(),
        None => column.to_data().get_slice_memory_size().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Counts, record_batch, samples};

    #[test]
    fn rows_come_back_as_they_were_and_take_little_room_meanwhile() {
        let batch = |ordinals: std::ops::Range<u64>| {
            let records: Vec<_> = ordinals.map(|ordinal| samples::absent(ordinal, &format!("d{ordinal}.example.com"))).collect();
            record_batch(&records).unwrap()
        };
        let packed = Packed::of(&[batch(0..600), batch(600..1000)]).unwrap();
        let whole = batch(0..1000);
        assert_eq!(packed.unpack().unwrap(), whole);
        let (bytes, as_columns) = (packed.bytes.len(), whole.get_array_memory_size());
        assert!(bytes * 10 < as_columns, "{bytes} of {as_columns}");
    }

    #[test]
    fn what_is_known_of_packed_rows_is_what_is_known_of_loose_ones() {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let records = proptest::collection::vec(samples::record(), 60).new_tree(&mut runner).unwrap().current();
        let batch = record_batch(&records).unwrap();
        let (packed, loose) = (Piece::Packed(Packed::of(std::slice::from_ref(&batch)).unwrap()), Piece::Loose(batch.clone()));
        assert_eq!((packed.count(), packed.octets(), packed.filled()), (loose.count(), loose.octets(), loose.filled()));
        for piece in [packed, loose] {
            assert_eq!(Counts::of(&piece.columns(Counts::COLUMNS).unwrap()).unwrap(), Counts::of(&batch).unwrap());
        }
    }
}
