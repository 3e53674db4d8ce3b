//! The way back: the parts of a dataset as batches, in their order, or taken apart by row groups, so that several threads can read one, each
//! only the columns and rows that it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection};
use rayon::prelude::*;
use tempfile::TempDir;

use crate::dataset::columns;
use crate::dataset::contain::contained;
use crate::dataset::error::DatasetError;
use crate::dataset::folder::{self, MANIFEST, Stored};
use crate::dataset::manifest::{Manifest, Part};
use crate::dataset::tree;
use crate::dataset::whole::{self, Problem};
use crate::place::{self, Opened};

/// Rows that are decoded at once: bodies of 64 KB in every row still fit into 128 MB.
const BATCH_ROWS: usize = 2048;
/// Memory that footers of parts in a store take at most.
const FOOTERS: usize = 64 << 20;

/// A dataset to be read, finished or not: what the manifest lists is whole in either case.
///
/// What it hands out is what was written: each part is checked against the hash of the manifest before the first of its rows is read,
/// which takes a small part of the time that decoding it takes, and finds every bit that was flipped. Of a part in a store only what is
/// asked for is fetched, and its length, run and number of rows are checked; its hash, where all of it is (`fetched`).
#[derive(Clone, Debug)]
pub struct Reader {
    dir: PathBuf,
    manifest: Manifest,
    sealed: Option<bool>,
    known: Arc<Mutex<Known>>,
}

/// What has been found out about the parts.
#[derive(Debug, Default)]
struct Known {
    /// Those that were found whole.
    whole: BTreeSet<String>,
    /// Footers of those in a store, which would be fetched again for each table.
    footers: BTreeMap<String, ArrowReaderMetadata>,
    /// The memory that these take.
    octets: usize,
}

impl Known {
    /// Keeps a footer, as long as there is room.
    fn keep(&mut self, part: &Part, footer: &ArrowReaderMetadata) {
        let octets = footer.metadata().memory_size();
        if self.octets + octets <= FOOTERS && self.footers.insert(part.file.clone(), footer.clone()).is_none() {
            self.octets += octets;
        }
    }
}

impl Reader {
    /// Opens a dataset by its manifest.
    ///
    /// # Errors
    /// If the folder holds no dataset, or one of a newer schema version, or a manifest that contradicts itself.
    pub fn open(dir: &Path) -> Result<Self, DatasetError> {
        let Stored { manifest, sealed } = folder::read_sealed_manifest(dir)?.ok_or_else(|| {
            if tree::is_tree(dir) {
                return DatasetError::refused(
                    dir,
                    "a tree of scans, not one; name the folder of one (list=NAME/date=YYYY-MM-DD), or use `stscan stats --series`",
                );
            }
            DatasetError::refused(dir, format!("no {MANIFEST} here, so this is no dataset; name the folder given to `stscan scan -o`"))
        })?;
        if let Some(wrong) = whole::contradictions(&manifest).into_iter().next() {
            return Err(DatasetError::damaged(&folder::manifest_path(dir), wrong));
        }
        Ok(Self { dir: dir.to_owned(), manifest, sealed, known: Arc::default() })
    }

    /// A dataset that was just written and whose manifest is not in its place yet.
    pub(crate) fn over(dir: &Path, manifest: &Manifest) -> Self {
        let whole = manifest.parts.iter().map(|part| part.file.clone()).collect();
        Self {
            dir: dir.to_owned(),
            manifest: manifest.clone(),
            sealed: None,
            known: Arc::new(Mutex::new(Known { whole, ..Known::default() })),
        }
    }

    /// Whether the manifest was changed after stscan wrote it, as far as that can be told.
    pub(crate) fn is_edited(&self) -> bool {
        self.sealed == Some(false)
    }

    /// Refuses an unfinished scan.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) fn require_finished(&self) -> Result<(), DatasetError> {
        if self.manifest.finished_at.is_some() {
            return Ok(());
        }
        Err(DatasetError::refused(&self.dir, "holds an unfinished scan; let it come to its end first, by giving its command again"))
    }

    /// Refuses a dataset that is not whole: hash, length, rows, ordinals and identity of every part, and the manifest's seal.
    ///
    /// # Errors
    /// The first fault, with its file.
    pub(crate) fn require_whole(&self) -> Result<(), DatasetError> {
        self.require_unedited()?;
        self.manifest.parts.par_iter().try_for_each(|part| {
            whole::part(&self.dir, &self.manifest, part, false).map_err(|problem| problem.into_error(&self.dir))?;
            self.note_whole(part);
            Ok(())
        })
    }

    fn require_unedited(&self) -> Result<(), DatasetError> {
        if self.is_edited() {
            return Err(DatasetError::damaged(&folder::manifest_path(&self.dir), whole::EDITED));
        }
        Ok(())
    }

    /// As [`Self::require_whole`], before all of each part is read; those of a store are fetched then, and checked as they come: see [`Self::fetched`].
    ///
    /// # Errors
    /// As [`Self::require_whole`].
    pub(crate) fn require_whole_or_fetched(&self) -> Result<(), DatasetError> {
        if place::is_far(&self.dir) { self.require_unedited() } else { self.require_whole() }
    }

    /// A part of which all will be read. One in a store is fetched to this machine, once, and is whole by all that the manifest says before any
    /// of it is used.
    ///
    /// # Errors
    /// If it cannot be fetched or is not what the manifest says.
    pub(crate) fn fetched(&self, part: &Part) -> Result<Fetched<'_>, DatasetError> {
        if !place::is_far(&self.dir) {
            return Ok(Fetched::Near(self));
        }
        let from = folder::part_path(&self.dir, part)?;
        let here = TempDir::new().map_err(DatasetError::io("create", &std::env::temp_dir()))?;
        let to = folder::part_path(here.path(), part)?;
        let copy = || -> io::Result<()> {
            fs::create_dir_all(to.parent().unwrap_or(here.path()))?;
            io::copy(&mut place::open(&from)?, &mut File::create(&to)?).map(drop)
        };
        copy().map_err(DatasetError::io("fetch", &from))?;
        whole::part(here.path(), &self.manifest, part, false).map_err(|problem| problem.into_error(&self.dir))?;
        let known = Known { whole: BTreeSet::from([part.file.clone()]), ..Known::default() };
        let reader =
            Self { dir: here.path().to_owned(), manifest: self.manifest.clone(), sealed: self.sealed, known: Arc::new(Mutex::new(known)) };
        Ok(Fetched::Far(Box::new(reader), here))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_whole(&self, part: &Part) {
        self.known().whole.insert(part.file.clone());
    }

    /// The footer of a part that was found whole, now or before.
    fn checked(&self, part: &Part) -> Result<(PathBuf, ArrowReaderMetadata), DatasetError> {
        let path = folder::part_path(&self.dir, part)?;
        if let Some(footer) = self.known().footers.get(&part.file) {
            return Ok((path, footer.clone()));
        }
        let known = self.known().whole.contains(&part.file);
        let refuse = |problem: Problem| problem.into_error(&self.dir);
        if !known {
            whole::bytes_before_reading(&self.dir, &self.manifest, part).map_err(refuse)?;
        }
        let footer = whole::footer(&path, part.bytes)?;
        if !known {
            whole::identity(&self.manifest, part, &footer).map_err(refuse)?;
            self.note_whole(part);
        }
        if place::is_far(&path) {
            self.known().keep(part, &footer);
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
        let mask =
            columns.map_or_else(ProjectionMask::all, |columns| ProjectionMask::columns(footer.parquet_schema(), columns.iter().copied()));
        let file = columns::open(&path, part.bytes, &footer, &mask, None)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer).with_projection(mask);
        PartBatches::build(path, builder.with_batch_size(batch_rows))
    }
}

/// A dataset of which one part is on this machine, whole.
pub(crate) enum Fetched<'r> {
    /// As all of them are.
    Near(&'r Reader),
    /// Of a store; the copy goes with this.
    Far(Box<Reader>, #[expect(dead_code, reason = "the folder is removed when it is dropped")] TempDir),
}

impl Deref for Fetched<'_> {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        match self {
            Self::Near(reader) => reader,
            Self::Far(reader, _) => reader,
        }
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
    fn build(path: PathBuf, builder: ParquetRecordBatchReaderBuilder<Opened>) -> Result<Self, DatasetError> {
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

/// A part whose footer has been read. It may be shared by threads: every reading opens the file again.
#[derive(Debug)]
pub struct PartFile {
    path: PathBuf,
    bytes: u64,
    metadata: ArrowReaderMetadata,
}

impl Reader {
    /// Opens a part and reads its footer.
    ///
    /// # Errors
    /// If the part cannot be opened or is not what the manifest says.
    pub(crate) fn part_file(&self, part: &Part) -> Result<PartFile, DatasetError> {
        let (path, metadata) = self.checked(part)?;
        Ok(PartFile { path, bytes: part.bytes, metadata })
    }
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
        let mask = ProjectionMask::columns(self.metadata.parquet_schema(), columns.iter().copied());
        let file = columns::open(&self.path, self.bytes, &self.metadata, &mask, Some(row_group))?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        if let Some(rows) = rows {
            let all = usize::try_from(self.metadata.metadata().row_group(row_group).num_rows()).unwrap_or_default();
            let selection = RowSelection::from_consecutive_ranges(rows.iter().cloned(), all);
            builder = builder.with_row_selection(selection);
        }
        let builder = builder.with_projection(mask).with_row_groups(vec![row_group]).with_batch_size(batch_rows);
        PartBatches::build(self.path.clone(), builder)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, StructArray};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use proptest::prelude::*;

    use crate::classify::Judgement;
    use crate::dataset::manifest::Manifest;
    use crate::dataset::{
        ColumnGroup, DatasetError, EvidenceColumns, JudgementColumns, Record, TargetColumns, encoding, record_batch, samples, schema, text,
        whole,
    };

    fn through_parquet(batch: &RecordBatch) -> RecordBatch {
        let file: File = tempfile::tempfile().unwrap();
        let filled = encoding::Filled::of(batch);
        let mut writer = encoding::writer(file.try_clone().unwrap(), &Manifest::begun(&samples::run()), Some(&filled)).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
        let footer = whole::metadata(&file).unwrap();
        let mut batches = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer).build().unwrap();
        let read = batches.next().unwrap().unwrap();
        assert!(batches.next().is_none());
        read
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_survive_parquet(records in proptest::collection::vec(samples::record(), 1..6)) {
            let batch = through_parquet(&record_batch(&records).unwrap());
            prop_assert!(batch.schema().fields() == schema().fields());
            let (targets, evidence) = (TargetColumns::of(&batch).unwrap(), EvidenceColumns::of(&batch).unwrap());
            let judgements = JudgementColumns::of(&batch).unwrap();
            let tld: StringArray = ColumnGroup::table(&batch).column("tld").unwrap();
            for (row, Record { target, evidence: seen, assessment }) in records.iter().enumerate() {
                prop_assert_eq!(&targets.row(row).unwrap(), target);
                prop_assert_eq!(&evidence.row(row).unwrap(), seen);
                let judgement = judgements.row(row);
                prop_assert_eq!(&judgement, &Judgement::of(assessment));
                prop_assert_eq!(&judgement.assessment(), assessment);
                prop_assert_eq!(text(&tld, row), Some(target.domain.tld()));
            }
        }
    }

    #[test]
    fn a_nul_does_not_reach_a_text_column() {
        let mut record = samples::absent(0, "example.com");
        record.evidence.mx.detail = Some("a\0b".to_owned());
        record.assessment.sts_id = Some("\0".to_owned());
        let batch = record_batch(&[record]).unwrap();
        assert_eq!(EvidenceColumns::of(&batch).unwrap().row(0).unwrap().mx.detail.as_deref(), Some("a\u{fffd}b"));
        assert_eq!(JudgementColumns::of(&batch).unwrap().row(0).sts_id, Some("\u{fffd}"));
    }

    #[test]
    fn columns_that_are_missing_or_hold_unknown_words_are_named() {
        let batch = record_batch(&[samples::absent(0, "example.com")]).unwrap();
        let error = EvidenceColumns::of(&batch.project(&[0, 1, 7, 8]).unwrap()).unwrap_err();
        assert!(matches!(&error, DatasetError::Column(column) if column == "evidence"), "{error}");
        let flat = batch.project(&(0..batch.num_columns() - 1).collect::<Vec<_>>()).unwrap();
        assert_eq!(JudgementColumns::of(&flat).unwrap().row(0).posture, Some("absent"));
        assert_eq!(TargetColumns::of(&flat).unwrap().row(0).unwrap().domain.as_str(), "example.com");
    }

    #[test]
    fn a_dataset_without_the_columns_that_came_later_is_read() {
        let batch = record_batch(&[samples::absent(0, "example.com")]).unwrap();
        let evidence = batch.column_by_name("evidence").unwrap().as_struct();
        let columns = evidence.fields().iter().cloned().zip(evidence.columns().iter().cloned());
        let first: Vec<_> = columns.filter(|(field, _)| !["mx_hosts", "rua_hosts", "around"].contains(&field.name().as_str())).collect();
        let columns = ["domain", "scanned_at", "elapsed_ms"].map(|name| (name, batch.column_by_name(name).unwrap().clone()));
        let evidence: ArrayRef = Arc::new(StructArray::from(first));
        let old = RecordBatch::try_from_iter(columns.into_iter().chain([("evidence", evidence)])).unwrap();
        let read = EvidenceColumns::of(&old).unwrap().row(0).unwrap();
        assert_eq!(read, EvidenceColumns::of(&batch).unwrap().row(0).unwrap());
    }

    #[test]
    fn a_batch_that_could_overflow_is_refused() {
        let records: Vec<Record> = (0..=4096).map(|ordinal| samples::absent(ordinal, "example.com")).collect();
        assert!(matches!(record_batch(&records), Err(DatasetError::Encoding(_))));
        assert_eq!(record_batch(&[]).unwrap().num_rows(), 0);
    }
}
