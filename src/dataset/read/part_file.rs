//! One part taken apart by row groups, so that several threads can read it, each only the columns and rows that it needs.

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection};

use crate::dataset::error::DatasetError;
use crate::dataset::manifest::Part;

use super::reader::{PartBatches, Reader};

/// A part whose footer has been read. It may be shared by threads: every reading opens the file anew.
#[derive(Debug)]
pub struct PartFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl Reader {
    /// Opens a part and reads its footer.
    ///
    /// # Errors
    /// If the part cannot be opened or is not what the manifest says.
    pub(crate) fn part_file(&self, part: &Part) -> Result<PartFile, DatasetError> {
        let (path, metadata) = self.checked(part)?;
        Ok(PartFile { path, metadata })
    }
}

fn open(path: &std::path::Path) -> Result<File, DatasetError> {
    File::open(path).map_err(DatasetError::io("open", path))
}

impl PartFile {
    /// How many row groups it has.
    pub fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// The batches of one row group: of these columns (paths such as `posture` or `evidence.mx.name`), `batch_rows` rows at once, and
    /// of these rows of the group only (ascending, disjoint; `None`: of all).
    ///
    /// # Errors
    /// If the part cannot be opened or has no such row group.
    pub fn read(
        &self,
        row_group: usize,
        columns: &[&str],
        batch_rows: usize,
        rows: Option<&[Range<usize>]>,
    ) -> Result<PartBatches, DatasetError> {
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(open(&self.path)?, self.metadata.clone());
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        if let Some(rows) = rows {
            let all = usize::try_from(self.metadata.metadata().row_group(row_group).num_rows()).unwrap_or_default();
            let selection = RowSelection::from_consecutive_ranges(rows.iter().cloned(), all);
            builder = builder.with_row_selection(selection);
        }
        let builder = builder.with_projection(mask).with_row_groups(vec![row_group]).with_batch_size(batch_rows);
        PartBatches::build(self.path.clone(), builder)
    }
}
