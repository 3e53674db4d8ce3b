//! A column chunk as the library packs it, from arrays of its rows.

use std::io;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::SerializedFileWriter;

use super::strands::Alone;

/// A column as it lies in a file, which has no other.
pub(super) fn chunk(
    leaf: &Alone,
    stretches: impl Iterator<Item = Result<ArrayRef, ArrowError>>,
    properties: &WriterPropertiesPtr,
) -> Result<ArrowColumnChunk, ParquetError> {
    let file = SerializedFileWriter::new(io::sink(), leaf.described()?.root_schema_ptr(), Arc::clone(properties))?;
    let mut packers = ArrowRowGroupWriterFactory::new(&file, Arc::clone(leaf.schema())).create_column_writers(0)?;
    let mut packer = packers.pop().ok_or_else(|| ParquetError::General(format!("{} is no column", leaf.field().name())))?;
    for column in stretches {
        for values in compute_leaves(leaf.field(), &column.map_err(packing)?)? {
            packer.write(&values)?;
        }
    }
    packer.close()
}

pub(super) fn packing(error: ArrowError) -> ParquetError {
    ParquetError::External(Box::new(error))
}
