//! Rows that wait long for their shard, as compressed bytes: as columns a row takes one to two kilobytes, nearly all of them nulls and
//! offsets, and packed less than a tenth of that. Each column is packed by itself, and unpacked so when the part is written.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use zstd::bulk::{Compressor, decompress};

use super::counts::Counts;
use super::encoding::Filled;
use super::error::DatasetError;
use super::folded::{Folded, joined, ordinals, times};
use super::strands::{Nothing, Strand, strands};

/// The fastest level but the negative ones; the others take several times as long for some percent.
const LEVEL: i32 = 1;

/// Some rows, and what is to be known of them before they are written.
#[derive(Debug)]
pub struct Packed {
    rows: usize,
    /// How many of them differ in what is not their own, see [`Folded`].
    distinct: usize,
    filled: Filled,
    octets: usize,
    /// In the order of [`strands`].
    columns: Vec<PackedColumn>,
    keys: Compressed,
    /// All that is compressed, one behind the other: pieces wait among millions of short-lived allocations, of which many small ones would keep
    /// the pages.
    bytes: Box<[u8]>,
}

/// A column of them.
#[derive(Debug)]
enum PackedColumn {
    /// No row has a value.
    Nothing(Nothing),
    Values(Compressed),
}

/// Where something lies, compressed, and its length before that.
#[derive(Debug)]
struct Compressed(Range<usize>, usize);

/// Rows of a part on their way to it.
#[derive(Debug)]
pub enum Piece {
    /// As columns.
    Loose(Folded),
    /// As compressed bytes.
    Packed(Packed),
}

impl Piece {
    /// Rows that share nothing.
    ///
    /// # Errors
    /// If the batch is none of table `domains`.
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        Folded::of(batch.clone()).map(Self::Loose)
    }

    /// How many rows they are.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Loose(rows) => rows.len() as u64,
            Self::Packed(packed) => packed.rows as u64,
        }
    }

    /// How many of them differ in what is not their own.
    pub(super) fn distinct(&self) -> usize {
        match self {
            Self::Loose(rows) => rows.distinct(),
            Self::Packed(packed) => packed.distinct,
        }
    }

    /// The memory that they take as columns, see [`Folded::octets`].
    pub(super) fn octets(&self) -> usize {
        match self {
            Self::Loose(rows) => rows.octets(),
            Self::Packed(packed) => packed.octets,
        }
    }

    /// Which of their columns have a value.
    pub(super) fn filled(&self) -> Filled {
        match self {
            Self::Loose(rows) => rows.filled(),
            Self::Packed(packed) => packed.filled.clone(),
        }
    }

    /// One of the columns, the one at this place among [`strands`]: of each row where it is its own and else of each that is distinct.
    ///
    /// # Errors
    /// If it is not what was packed.
    pub(super) fn column(&self, place: usize, strand: &Strand) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Loose(rows) => rows.column(strand),
            Self::Packed(packed) => packed.column(place, strand),
        }
    }

    /// For each row, which of the distinct ones it is.
    ///
    /// # Errors
    /// If it is not what was packed.
    pub(super) fn keys(&self) -> Result<Arc<[u32]>, ArrowError> {
        match self {
            Self::Loose(rows) => Ok(Arc::clone(rows.keys())),
            Self::Packed(packed) => packed.keys(),
        }
    }

    /// What the column at this place is in every row, see [`Strand::nothing_in`].
    pub(super) fn nothing_in(&self, place: usize, strand: &Strand) -> Option<Nothing> {
        match self {
            Self::Loose(rows) => rows.nothing_in(strand),
            Self::Packed(packed) => match packed.columns.get(place)? {
                PackedColumn::Nothing(nothing) => Some(*nothing),
                PackedColumn::Values(_) => None,
            },
        }
    }

    /// The ordinals of the rows.
    ///
    /// # Errors
    /// If they have none, or one is negative.
    pub(super) fn ordinals(&self) -> Result<Vec<u64>, DatasetError> {
        match self {
            Self::Loose(rows) => rows.ordinals(),
            Self::Packed(packed) => {
                let strand = strands().iter().enumerate().find(|(_, strand)| strand.own() == Some(0));
                ordinals(strand.map(|(place, strand)| packed.column(place, strand)).transpose()?.as_ref())
            }
        }
    }

    /// How many rows are in which state.
    ///
    /// # Errors
    /// If they have not the columns that are counted.
    pub(super) fn counts(&self) -> Result<Counts, DatasetError> {
        match self {
            Self::Loose(rows) => rows.counts(),
            Self::Packed(packed) => packed.counts(),
        }
    }

    /// The rows themselves.
    ///
    /// # Errors
    /// If they are not what was packed.
    pub(super) fn folded(&self) -> Result<Folded, ArrowError> {
        match self {
            Self::Loose(rows) => Ok(rows.clone()),
            Self::Packed(packed) => packed.unpack(),
        }
    }
}

impl Packed {
    /// Packs batches as one.
    ///
    /// # Errors
    /// If they cannot stand in one batch.
    pub(crate) fn of(batches: &[Folded]) -> Result<Self, DatasetError> {
        let mut compressor = Compressor::new(LEVEL).map_err(ArrowError::from)?;
        let mut all = Vec::new();
        let mut compress = |bytes: &[u8]| {
            let begin = all.len();
            all.extend_from_slice(&compressor.compress(bytes)?);
            Ok::<_, ArrowError>(Compressed(begin..all.len(), bytes.len()))
        };
        let pack = |strand: &Strand| {
            if let Some(nothing) = Nothing::in_all(batches.iter().map(|batch| batch.nothing_in(strand))) {
                return Ok(PackedColumn::Nothing(nothing));
            }
            let columns: Vec<ArrayRef> = batches.iter().map(|batch| batch.column(strand)).collect::<Result<_, _>>()?;
            let column = concat(&columns.iter().map(AsRef::as_ref).collect::<Vec<_>>())?;
            let mut writer = StreamWriter::try_new(Vec::new(), strand.schema())?;
            writer.write(&RecordBatch::try_new(strand.schema().clone(), vec![column])?)?;
            compress(&writer.into_inner()?).map(PackedColumn::Values)
        };
        let columns = strands().iter().map(pack).collect::<Result<_, ArrowError>>()?;
        let keys = joined(batches.iter().map(|batch| (batch.keys().as_ref(), batch.distinct())));
        let keys = compress(&keys.iter().flat_map(|key| key.to_le_bytes()).collect::<Vec<_>>())?;
        let mut filled = Filled::default();
        batches.iter().for_each(|batch| filled.add(&batch.filled()));
        Ok(Self {
            rows: batches.iter().map(Folded::len).sum(),
            distinct: batches.iter().map(Folded::distinct).sum(),
            filled,
            octets: batches.iter().map(Folded::octets).sum(),
            columns,
            keys,
            bytes: all.into_boxed_slice(),
        })
    }

    fn column(&self, place: usize, strand: &Strand) -> Result<ArrayRef, ArrowError> {
        match self.columns.get(place).ok_or_else(gone)? {
            PackedColumn::Nothing(nothing) => strand.nothing(*nothing, if strand.own().is_some() { self.rows } else { self.distinct }),
            PackedColumn::Values(packed) => {
                let bytes = self.decompressed(packed)?;
                let batch = StreamReader::try_new(bytes.as_slice(), None)?.next().transpose()?.ok_or_else(gone)?;
                batch.columns().first().cloned().ok_or_else(gone)
            }
        }
    }

    fn keys(&self) -> Result<Arc<[u32]>, ArrowError> {
        Ok(self.decompressed(&self.keys)?.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect())
    }

    fn decompressed(&self, Compressed(packed, length): &Compressed) -> Result<Vec<u8>, ArrowError> {
        Ok(decompress(self.bytes.get(packed.clone()).ok_or_else(gone)?, *length)?)
    }

    fn counts(&self) -> Result<Counts, DatasetError> {
        let counted = strands().iter().enumerate().filter(|(_, strand)| Counts::COLUMNS.contains(&strand.field().name().as_str()));
        let columns = counted.map(|(place, strand)| Ok((Arc::clone(strand.field()), self.column(place, strand)?)));
        let (fields, columns): (Vec<_>, Vec<_>) = columns.collect::<Result<Vec<_>, ArrowError>>()?.into_iter().unzip();
        Counts::of_times(&RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?, &times(&self.keys()?, self.distinct))
    }

    /// The rows as they were.
    ///
    /// # Errors
    /// If they are not what was packed.
    pub(super) fn unpack(&self) -> Result<Folded, ArrowError> {
        let columns = strands().iter().enumerate().map(|(place, strand)| self.column(place, strand)).collect::<Result<_, _>>()?;
        Folded::of_strands(columns, self.keys()?, self.distinct)
    }
}

fn gone() -> ArrowError {
    ArrowError::IpcError("rows that were packed are gone".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{record_batch, samples};

    #[test]
    fn rows_come_back_as_they_were_and_take_little_room_meanwhile() {
        let batch = |ordinals: std::ops::Range<u64>| {
            let records: Vec<_> = ordinals.map(|ordinal| samples::absent(ordinal, &format!("d{ordinal}.example.com"))).collect();
            record_batch(&records).unwrap()
        };
        let packed = Packed::of(&[batch(0..600), batch(600..1000)].map(|batch| Folded::of(batch).unwrap())).unwrap();
        let whole = batch(0..1000);
        assert_eq!(packed.unpack().unwrap().unfold().unwrap(), whole);
        let (bytes, as_columns) = (packed.bytes.len(), whole.get_array_memory_size());
        assert!(bytes * 10 < as_columns, "{bytes} of {as_columns}");
    }

    #[test]
    fn what_is_known_of_packed_rows_is_what_is_known_of_loose_ones() {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let records = proptest::collection::vec(samples::record(), 60).new_tree(&mut runner).unwrap().current();
        let batch = record_batch(&records).unwrap();
        let rows = Folded::of(batch.clone()).unwrap();
        let (packed, loose) = (Piece::Packed(Packed::of(std::slice::from_ref(&rows)).unwrap()), Piece::Loose(rows));
        assert_eq!((packed.count(), packed.octets(), packed.filled()), (loose.count(), loose.octets(), loose.filled()));
        assert_eq!(loose.filled(), Filled::of(&batch));
        for piece in [packed, loose] {
            assert_eq!(piece.counts().unwrap(), Counts::of(&batch).unwrap());
        }
    }
}
