//! A part opened to be read: of one in a store only the columns and row groups that are asked for are fetched.

use std::ops::Range;
use std::path::Path;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::file::metadata::ColumnChunkMetaData;

use super::error::DatasetError;
use crate::place::{self, Opened};

/// Opens a part that has so many bytes, for these columns of one row group, or of all.
pub(super) fn open(
    path: &Path,
    bytes: u64,
    footer: &ArrowReaderMetadata,
    columns: &ProjectionMask,
    row_group: Option<usize>,
) -> Result<Opened, DatasetError> {
    let file = place::open_of(path, bytes).map_err(DatasetError::io("open", path))?;
    file.plan(|| {
        let groups = footer.metadata().row_groups().iter().enumerate();
        let groups = groups.filter(|(place, _)| row_group.is_none_or(|row_group| row_group == *place));
        let chunks = |group: &[ColumnChunkMetaData]| -> Vec<Range<u64>> {
            let chunks = group.iter().enumerate().filter(|(leaf, _)| columns.leaf_included(*leaf));
            chunks.map(|(_, chunk)| chunk.byte_range()).map(|(start, length)| start..start.saturating_add(length)).collect()
        };
        groups.map(|(_, group)| chunks(group.columns())).collect()
    });
    Ok(file)
}
