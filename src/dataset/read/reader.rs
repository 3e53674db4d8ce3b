//! The parts of a dataset on disk, as batches.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::dataset::error::DatasetError;
use crate::dataset::folder::{self, MANIFEST};
use crate::dataset::manifest::{Manifest, Part};

/// Rows that are decoded at once: bodies of 64 KB in every row still fit into 128 MB.
const BATCH_ROWS: usize = 2048;

/// A dataset to be read, finished or not: what the manifest lists is whole in either case.
#[derive(Clone, Debug)]
pub struct Reader {
    dir: PathBuf,
    manifest: Manifest,
}

impl Reader {
    /// Opens a dataset by its manifest.
    ///
    /// # Errors
    /// If the folder holds no dataset, or one of a newer schema version.
    pub fn open(dir: &Path) -> Result<Self, DatasetError> {
        let manifest = folder::read_manifest(dir)?.ok_or_else(|| {
            DatasetError::refused(dir, format!("no {MANIFEST} here, so this is no dataset; name the folder given to `stscan scan -o`"))
        })?;
        Ok(Self { dir: dir.to_owned(), manifest })
    }

    /// The dataset's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The batches of all parts, in the order of the input; see [`Self::part`].
    pub fn batches(&self, columns: Option<&[&str]>) -> impl Iterator<Item = Result<RecordBatch, DatasetError>> {
        let parts = self.manifest.parts.iter().map(move |part| self.part(part, columns));
        parts.flat_map(|part| {
            let (batches, error) = match part {
                Ok(batches) => (Some(batches), None),
                Err(error) => (None, Some(Err(error))),
            };
            batches.into_iter().flatten().chain(error)
        })
    }

    /// The batches of one part, of these columns only (`None`: of all). A column is a path such as `posture` or `evidence.mx.name`.
    ///
    /// # Errors
    /// If the part cannot be opened or is no Parquet file.
    pub fn part(&self, part: &Part, columns: Option<&[&str]>) -> Result<PartBatches, DatasetError> {
        self.part_in_batches(part, columns, BATCH_ROWS)
    }

    /// As [`Self::part`], `batch_rows` rows at once.
    ///
    /// # Errors
    /// As [`Self::part`].
    pub fn part_in_batches(&self, part: &Part, columns: Option<&[&str]>, batch_rows: usize) -> Result<PartBatches, DatasetError> {
        let path = folder::part_path(&self.dir, part)?;
        let file = File::open(&path).map_err(DatasetError::io("open", &path))?;
        let mut builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| DatasetError::damaged(&path, error))?;
        if let Some(columns) = columns {
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            builder = builder.with_projection(mask);
        }
        let batches = builder.with_batch_size(batch_rows).build().map_err(|error| DatasetError::damaged(&path, error))?;
        Ok(PartBatches { path, batches })
    }
}

/// Iterator over the batches of a part.
#[derive(Debug)]
pub struct PartBatches {
    path: PathBuf,
    batches: ParquetRecordBatchReader,
}

impl PartBatches {
    pub(super) fn new(path: PathBuf, batches: ParquetRecordBatchReader) -> Self {
        Self { path, batches }
    }
}

impl Iterator for PartBatches {
    type Item = Result<RecordBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.next()?;
        Some(batch.map_err(|error| DatasetError::damaged(&self.path, error)))
    }
}
