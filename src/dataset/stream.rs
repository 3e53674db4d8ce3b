//! The table as one Arrow IPC stream, for `--format arrow-stream`.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::ipc::writer::StreamWriter as IpcWriter;

use super::error::DatasetError;
use super::order::Order;
use super::packed::Piece;
use super::schema;

/// Writes batches of table `domains` to anything that takes bytes; not compressed, the same schema and documentation as in the files.
pub struct StreamWriter<W: Write> {
    inner: IpcWriter<W>,
}

impl<W: Write> std::fmt::Debug for StreamWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamWriter").finish_non_exhaustive()
    }
}

impl<W: Write> StreamWriter<W> {
    /// Writes the schema, and passes it on at once: who reads may have to wait long for the first row.
    ///
    /// # Errors
    /// If the output cannot be written; see [`DatasetError::Io`].
    pub fn new(output: W) -> Result<Self, DatasetError> {
        let mut inner = IpcWriter::try_new(output, &schema()).map_err(failed)?;
        inner.flush().map_err(failed)?;
        Ok(Self { inner })
    }

    /// Writes a batch, and passes it on at once.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), DatasetError> {
        self.inner.write(batch).and_then(|()| self.inner.flush()).map_err(failed)
    }

    /// Writes rows by their ordinals, whatever their order in the pieces, and gives their number.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub(crate) fn write_in_order(&mut self, pieces: Vec<Piece>) -> Result<u64, DatasetError> {
        let order = Order::of(pieces)?;
        let rows = order.len() as u64;
        order.each_batch(|batch| self.write(&batch))?;
        Ok(rows)
    }

    /// Writes the end of the stream and gives the output back.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn finish(self) -> Result<W, DatasetError> {
        self.inner.into_inner().map_err(failed)
    }
}

fn failed(error: arrow::error::ArrowError) -> DatasetError {
    match error {
        arrow::error::ArrowError::IoError(_, source) => DatasetError::io("write", "the Arrow stream".as_ref())(source),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::ipc::reader::StreamReader;

    use super::*;
    use crate::dataset::{record_batch, samples};

    #[test]
    fn a_stream_has_the_schema_and_the_rows() {
        let batch = record_batch(&[samples::absent(0, "example.com")]).unwrap();
        let mut writer = StreamWriter::new(Vec::new()).unwrap();
        writer.write(&batch).unwrap();
        writer.write(&batch).unwrap();
        let bytes = writer.finish().unwrap();
        let reader = StreamReader::try_new(bytes.as_slice(), None).unwrap();
        assert_eq!(reader.schema(), schema());
        assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), [batch.clone(), batch]);
    }

    #[test]
    fn a_closed_output_is_an_io_error() {
        let error = StreamWriter::new(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap()).map(|_| ()).unwrap_err();
        assert!(matches!(error, DatasetError::Io { .. }), "{error}");
    }
}
