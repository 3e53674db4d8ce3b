//! The parts of a dataset on disk, as batches.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use crate::dataset::contain::contained;
use crate::dataset::error::DatasetError;
use crate::dataset::folder::{self, MANIFEST, Stored};
use crate::dataset::manifest::{Manifest, Part};
use crate::dataset::whole::{self, Problem};

/// Rows that are decoded at once: bodies of 64 KB in every row still fit into 128 MB.
const BATCH_ROWS: usize = 2048;

/// A dataset to be read, finished or not: what the manifest lists is whole in either case.
///
/// What it hands out is what was written: each part is checked against the hash of the manifest before the first of its rows is read,
/// which takes a small part of the time that decoding it takes, and finds every bit that was flipped.
#[derive(Clone, Debug)]
pub struct Reader {
    dir: PathBuf,
    manifest: Manifest,
    sealed: Option<bool>,
    /// Parts that have been found whole.
    whole: Arc<Mutex<BTreeSet<String>>>,
}

impl Reader {
    /// Opens a dataset by its manifest.
    ///
    /// # Errors
    /// If the folder holds no dataset, or one of a newer schema version, or a manifest that contradicts itself.
    pub fn open(dir: &Path) -> Result<Self, DatasetError> {
        let Stored { manifest, sealed } = folder::read_sealed_manifest(dir)?.ok_or_else(|| {
            DatasetError::refused(dir, format!("no {MANIFEST} here, so this is no dataset; name the folder given to `stscan scan -o`"))
        })?;
        if let Some(wrong) = whole::contradictions(&manifest).into_iter().next() {
            return Err(DatasetError::damaged(&dir.join(MANIFEST), wrong));
        }
        Ok(Self { dir: dir.to_owned(), manifest, sealed, whole: Arc::default() })
    }

    /// Whether the manifest was changed after stscan wrote it, as far as that can be told.
    pub(crate) fn is_edited(&self) -> bool {
        self.sealed == Some(false)
    }

    /// Refuses a dataset that is not whole: hash, length, rows, ordinals and identity of every part, and the manifest's seal.
    ///
    /// # Errors
    /// The first fault, with its file.
    pub(crate) fn require_whole(&self) -> Result<(), DatasetError> {
        if self.is_edited() {
            return Err(DatasetError::damaged(&self.dir.join(MANIFEST), whole::EDITED));
        }
        self.manifest.parts.par_iter().try_for_each(|part| {
            whole::part(&self.dir, &self.manifest, part, false).map_err(|problem| problem.into_error(&self.dir))?;
            self.note_whole(part);
            Ok(())
        })
    }

    fn note_whole(&self, part: &Part) {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner).insert(part.file.clone());
    }

    /// The footer of a part that was found whole, now or before.
    pub(super) fn checked(&self, part: &Part) -> Result<(PathBuf, ArrowReaderMetadata), DatasetError> {
        let path = folder::part_path(&self.dir, part)?;
        let known = self.whole.lock().unwrap_or_else(PoisonError::into_inner).contains(&part.file);
        let refuse = |problem: Problem| problem.into_error(&self.dir);
        if !known {
            whole::bytes(&self.dir, &self.manifest, part).map_err(refuse)?;
        }
        let footer = whole::footer(&path)?;
        if !known {
            whole::identity(&self.manifest, part, &footer).map_err(refuse)?;
            self.note_whole(part);
        }
        Ok((path, footer))
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
    /// If the part cannot be opened or is not what the manifest says.
    pub fn part(&self, part: &Part, columns: Option<&[&str]>) -> Result<PartBatches, DatasetError> {
        self.part_in_batches(part, columns, BATCH_ROWS)
    }

    /// As [`Self::part`], `batch_rows` rows at once.
    ///
    /// # Errors
    /// As [`Self::part`].
    pub fn part_in_batches(&self, part: &Part, columns: Option<&[&str]>, batch_rows: usize) -> Result<PartBatches, DatasetError> {
        let (path, footer) = self.checked(part)?;
        let file = File::open(&path).map_err(DatasetError::io("open", &path))?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer);
        if let Some(columns) = columns {
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            builder = builder.with_projection(mask);
        }
        PartBatches::build(path, builder.with_batch_size(batch_rows))
    }
}

/// Iterator over the batches of a part.
#[derive(Debug)]
pub struct PartBatches {
    path: PathBuf,
    /// `None` once a batch could not be had.
    batches: Option<ParquetRecordBatchReader>,
}

impl PartBatches {
    pub(super) fn build(path: PathBuf, builder: ParquetRecordBatchReaderBuilder<File>) -> Result<Self, DatasetError> {
        let batches = contained(&path, || builder.build())?.map_err(|error| DatasetError::damaged(&path, error))?;
        Ok(Self { path, batches: Some(batches) })
    }
}

impl Iterator for PartBatches {
    type Item = Result<RecordBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batches = self.batches.as_mut()?;
        let batch = match contained(&self.path, || batches.next()) {
            Ok(batch) => batch?.map_err(|error| DatasetError::damaged(&self.path, error)),
            Err(broken) => Err(broken),
        };
        if batch.is_err() {
            self.batches = None;
        }
        Some(batch)
    }
}
