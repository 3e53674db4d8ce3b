//! Rows that wait long for their shard, as compressed bytes: as columns a row takes one to two kilobytes, nearly all of them nulls and
//! offsets, and packed less than a tenth of that. Each column is packed by itself, and unpacked so when the part is written.

use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::concat;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use zstd::bulk::{Compressor, decompress};

use super::error::DatasetError;
use super::strands::{Strand, batch_of, strands};

/// The fastest level but the negative ones; the others take several times as long for some percent.
const LEVEL: i32 = 1;

/// Some rows.
#[derive(Debug)]
pub struct Packed {
    rows: usize,
    /// In the order of [`strands`].
    columns: Vec<PackedColumn>,
}

/// A column of them.
#[derive(Debug)]
enum PackedColumn {
    /// No row has a value: within so many structs that every row has.
    Nothing(usize),
    /// Compressed, and its length before that.
    Values(Box<[u8]>, usize),
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

    /// The rows as columns.
    ///
    /// # Errors
    /// If they are not what was packed.
    pub(super) fn rows(&self) -> Result<RecordBatch, DatasetError> {
        match self {
            Self::Loose(batch) => Ok(batch.clone()),
            Self::Packed(packed) => packed.unpack(),
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
}

impl Packed {
    /// Packs batches as one.
    ///
    /// # Errors
    /// If they cannot stand in one batch.
    pub fn of(batches: &[RecordBatch]) -> Result<Self, DatasetError> {
        let mut compressor = Compressor::new(LEVEL).map_err(ArrowError::from)?;
        let pack = |strand: &Strand| {
            let columns: Vec<ArrayRef> = batches.iter().map(|batch| strand.of(batch)).collect::<Result<_, _>>()?;
            let column = concat(&columns.iter().map(AsRef::as_ref).collect::<Vec<_>>())?;
            if let Some(depth) = Strand::nothing_in(&column) {
                return Ok(PackedColumn::Nothing(depth));
            }
            let mut writer = StreamWriter::try_new(Vec::new(), strand.schema())?;
            writer.write(&RecordBatch::try_new(strand.schema().clone(), vec![column])?)?;
            let bytes = writer.into_inner()?;
            Ok(PackedColumn::Values(compressor.compress(&bytes)?.into_boxed_slice(), bytes.len()))
        };
        let columns = strands().iter().map(pack).collect::<Result<_, ArrowError>>()?;
        Ok(Self { rows: batches.iter().map(RecordBatch::num_rows).sum(), columns })
    }

    fn column(&self, place: usize, strand: &Strand) -> Result<ArrayRef, ArrowError> {
        let gone = || ArrowError::IpcError("rows that were packed are gone".to_owned());
        match self.columns.get(place).ok_or_else(gone)? {
            PackedColumn::Nothing(depth) => strand.nothing(*depth, self.rows),
            PackedColumn::Values(packed, length) => {
                let bytes = decompress(packed, *length)?;
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

/// The memory that rows take as columns when they are unpacked; of rows that are a slice of others only their own.
pub(super) fn unpacked_octets(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or_default()).sum()
}

/// The memory that rows take as columns as they came, about: nothing for columns without a value, which all batches share.
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
    use crate::dataset::{record_batch, samples};

    #[test]
    fn rows_come_back_as_they_were_and_take_little_room_meanwhile() {
        let batch = |ordinals: std::ops::Range<u64>| {
            let records: Vec<_> = ordinals.map(|ordinal| samples::absent(ordinal, &format!("d{ordinal}.example.com"))).collect();
            record_batch(&records).unwrap()
        };
        let packed = Packed::of(&[batch(0..600), batch(600..1000)]).unwrap();
        let whole = batch(0..1000);
        assert_eq!(packed.unpack().unwrap(), whole);
        let length = |column: &PackedColumn| if let PackedColumn::Values(bytes, _) = column { bytes.len() } else { 0 };
        let (bytes, as_columns) = (packed.columns.iter().map(length).sum::<usize>(), whole.get_array_memory_size());
        assert!(bytes * 10 < as_columns, "{bytes} of {as_columns}");
    }
}
