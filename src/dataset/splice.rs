//! A part written from another one, whose unchanged columns are taken over as they are packed: to unpack and pack them again would give the
//! same bytes and take most of the time.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::writer::SerializedFileWriter;

use super::contain::contained;
use super::error::DatasetError;
use super::hashing::{Digested, Hashing};
use super::schema;
use crate::place::{self, Opened};

/// A part whose columns can be taken over.
pub(super) struct Origin {
    file: Opened,
    metadata: Arc<ParquetMetaData>,
}

impl Origin {
    /// Opens a part; `None` if its columns are not those that this version writes.
    pub(super) fn open(path: &Path, bytes: u64) -> Result<Option<Self>, DatasetError> {
        let file = place::open_of(path, bytes).map_err(DatasetError::io("open", path))?;
        file.plan_all();
        // Where pages begin and how they are encoded stands in the footer, and has to stand in the new one.
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional).with_encoding_stats_as_mask(false);
        let metadata =
            contained(path, || ArrowReaderMetadata::load(&file, options))?.map_err(|error| DatasetError::damaged(path, error))?;
        let metadata = Arc::clone(metadata.metadata());
        let today = ArrowSchemaConverter::new().convert(&schema()).map_err(|error| DatasetError::Encoding(error.to_string()))?;
        let is_of_today = metadata.file_metadata().schema_descr().columns() == today.columns();
        Ok(is_of_today.then_some(Self { file, metadata }))
    }

    /// Rows of a row group.
    fn rows(&self, group: usize) -> usize {
        self.metadata.row_groups().get(group).and_then(|group| usize::try_from(group.num_rows()).ok()).unwrap_or_default()
    }

    /// What the footer says of a packed column.
    fn packed(&self, group: usize, leaf: usize) -> Option<ColumnCloseResult> {
        let row_group = self.metadata.row_groups().get(group)?;
        let metadata = row_group.columns().get(leaf)?.clone();
        let start = metadata.dictionary_page_offset().unwrap_or_else(|| metadata.data_page_offset());
        let packed = start..start.checked_add(metadata.compressed_size())?;
        // An index that leads elsewhere would mislead readers of the new part, too.
        let leads_here = |index: &OffsetIndexMetaData| index.page_locations().iter().all(|page| packed.contains(&page.offset));
        let index = self.metadata.page_index().and_then(|index| index.offset_index(group, leaf));
        Some(ColumnCloseResult {
            bytes_written: u64::try_from(metadata.compressed_size()).ok()?,
            rows_written: u64::try_from(row_group.num_rows()).ok()?,
            bloom_filter: Sbbf::read_from_column_chunk(&metadata, &self.file).ok().flatten(),
            column_index: None,
            offset_index: index.filter(|index| leads_here(index)).cloned(),
            metadata,
        })
    }
}

/// A part that is being written beside the one of which it is made: the same rows in the same row groups.
pub(super) struct Splice {
    writer: SerializedFileWriter<Hashing>,
    factory: ArrowRowGroupWriterFactory,
    origin: Origin,
    /// Of each field of the schema the places of its packed columns; `None` where they are taken over.
    made: Vec<Option<Range<usize>>>,
    /// Place of the row group that is being filled.
    place: usize,
    /// The packers of its columns, and how many rows it still takes.
    filling: Option<(Vec<ArrowColumnWriter>, usize)>,
}

impl Splice {
    /// Begins a part that takes over the columns `unchanged`.
    pub(super) fn begin(writer: ArrowWriter<Hashing>, origin: Origin, unchanged: &[&str]) -> Result<Self, ParquetError> {
        let (writer, factory) = writer.into_serialized_writer()?;
        let columns = writer.schema_descr();
        let roots: Vec<usize> = (0..columns.num_columns()).map(|leaf| columns.get_column_root_idx(leaf)).collect();
        let leaves = |field| roots.partition_point(|root| *root < field)..roots.partition_point(|root| *root <= field);
        let fields = schema();
        let made =
            fields.fields().iter().enumerate().map(|(place, field)| (!unchanged.contains(&field.name().as_str())).then(|| leaves(place)));
        Ok(Self { made: made.collect(), writer, factory, origin, place: 0, filling: None })
    }

    /// Adds rows; the columns that are taken over are not looked at.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        let mut rest = batch.clone();
        while rest.num_rows() > 0 {
            let (packers, room) = match &mut self.filling {
                Some(filling) => filling,
                None => {
                    let rows = self.origin.rows(self.place);
                    if rows == 0 {
                        return Err(ParquetError::General("more rows than the part of which it is made has".to_owned()));
                    }
                    self.filling.insert((self.factory.create_column_writers(self.place)?, rows))
                }
            };
            let taken = rest.num_rows().min(*room);
            pack(packers, &rest.slice(0, taken), &self.made)?;
            *room -= taken;
            rest = rest.slice(taken, rest.num_rows() - taken);
            if *room == 0 {
                self.end_group()?;
            }
        }
        Ok(())
    }

    /// Puts a row group together, column by column.
    fn end_group(&mut self) -> Result<(), ParquetError> {
        let Some((packers, _)) = self.filling.take() else { return Ok(()) };
        let mut group = self.writer.next_row_group()?;
        for (leaf, packer) in packers.into_iter().enumerate() {
            if self.made.iter().flatten().any(|leaves| leaves.contains(&leaf)) {
                packer.close()?.append_to_row_group(&mut group)?;
            } else if let Some(packed) = self.origin.packed(self.place, leaf) {
                group.append_column(&self.origin.file, packed)?;
            }
        }
        group.close()?;
        self.place += 1;
        Ok(())
    }

    /// Ends the file. Whether all rows came is for the caller to see.
    pub(super) fn finish(mut self) -> (Result<ParquetMetaData, ParquetError>, io::Result<Digested>) {
        (self.writer.finish(), self.writer.inner_mut().finish())
    }
}

/// Packs the columns of a batch that are computed again.
fn pack(packers: &mut [ArrowColumnWriter], batch: &RecordBatch, made: &[Option<Range<usize>>]) -> Result<(), ParquetError> {
    let schema = batch.schema();
    for ((field, column), leaves) in schema.fields().iter().zip(batch.columns()).zip(made) {
        let Some(packers) = leaves.clone().and_then(|leaves| packers.get_mut(leaves)) else { continue };
        for (packer, leaf) in packers.iter_mut().zip(compute_leaves(field, column)?) {
            packer.write(&leaf)?;
        }
    }
    Ok(())
}
