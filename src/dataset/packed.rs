//! Rows that wait long for their shard, as compressed bytes: as columns a row takes one to two kilobytes, nearly all of them nulls and
//! offsets, and packed less than a tenth of that.

use arrow::array::{Array, AsArray as _, RecordBatch};
use arrow::compute::concat_batches;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use super::error::DatasetError;
use super::schema;

/// The fastest level but the negative ones; the others take several times as long for some percent.
const LEVEL: i32 = 1;

/// Some rows.
#[derive(Debug)]
pub struct Packed {
    rows: usize,
    bytes: Vec<u8>,
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
}

impl Packed {
    /// Packs batches as one.
    ///
    /// # Errors
    /// If they cannot stand in one batch.
    pub fn of(batches: &[RecordBatch]) -> Result<Self, DatasetError> {
        let encoder = zstd::Encoder::new(Vec::new(), LEVEL).map_err(ArrowError::from)?;
        let mut writer = StreamWriter::try_new(encoder, &schema())?;
        let batch = concat_batches(&schema(), batches)?;
        writer.write(&batch)?;
        let mut bytes = writer.into_inner()?.finish().map_err(ArrowError::from)?;
        bytes.shrink_to_fit();
        Ok(Self { rows: batch.num_rows(), bytes })
    }

    /// The rows as they were.
    ///
    /// # Errors
    /// If they are not what was packed.
    pub fn unpack(&self) -> Result<RecordBatch, DatasetError> {
        let decoder = zstd::Decoder::with_buffer(self.bytes.as_slice()).map_err(ArrowError::from)?;
        let mut batches = StreamReader::try_new(decoder, None)?;
        batches.next().transpose()?.ok_or_else(|| DatasetError::Inconsistent("rows that were packed are gone".to_owned()))
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
        let (bytes, as_columns) = (packed.bytes.len(), whole.get_array_memory_size());
        assert!(bytes * 10 < as_columns, "{bytes} of {as_columns}");
    }
}
