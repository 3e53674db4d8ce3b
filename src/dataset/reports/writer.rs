//! Writes a dataset of TLS reports as they are found.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::dataset::column::MAX_BATCH_ROWS;
use crate::dataset::encoding::RUN_ID;
use crate::dataset::error::DatasetError;
use crate::dataset::folder::{self, LOCK, Lock, MANIFEST, REJECTED};
use crate::dataset::hashing::{Digested, Hashing};
use crate::dataset::manifest::{Options, Timestamp};
use crate::dataset::part::from_parquet;
use crate::dataset::schema::SCHEMA_VERSION_KEY;
use crate::input::tame;
use crate::place;
use crate::reports::{Found, Rejected, Sink, Tally};

use super::columns::{self, RowBuilder};
use super::manifest::{REPORTS, REPORTS_SCHEMA_VERSION, ReportsManifest, ReportsPart};
use super::reader::ReportsReader;
use super::row::ReportRow;
/// Rows of a part; one report may add to them.
const PART_ROWS: u64 = 500_000;
/// Rows of a row group, and its bytes before they are packed.
const ROW_GROUP_ROWS: usize = 131_072;
const ROW_GROUP_BYTES: usize = 64 << 20;
/// Weight of the rows of a batch: texts of 1 KB in every field must not pile up.
const BATCH_WEIGHT: usize = 32 << 20;

/// A dataset of TLS reports that this process alone may write.
#[derive(Debug)]
pub struct ReportsWriter {
    dir: PathBuf,
    manifest: ReportsManifest,
    part: Option<OpenPart>,
    batch: RowBuilder,
    batch_rows: usize,
    batch_weight: usize,
    reports: u64,
    rejected: csv::Writer<BufWriter<File>>,
    rejected_lines: u64,
    /// End of the reading of which this is a copy.
    finished_at: Option<Timestamp>,
    _lock: Lock,
}

/// The part that is being written.
struct OpenPart {
    file: String,
    writer: ArrowWriter<Hashing>,
    rows: u64,
    reports: u64,
}

impl std::fmt::Debug for OpenPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenPart({})", self.file)
    }
}

impl ReportsWriter {
    /// Begins a dataset in an empty or missing folder, or in one where a run of the same kind was interrupted; `inputs` are what is read.
    ///
    /// # Errors
    /// A refusal if the folder holds anything else, or another process writes it; an IO error if it cannot be written.
    pub fn begin(dir: &Path, inputs: Vec<String>) -> Result<Self, DatasetError> {
        Self::begin_with(dir, ReportsManifest::begun(inputs))
    }

    /// Begins a copy of another dataset, as [`Self::begin`] begins one; its rows come by [`Self::copy_report`].
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn derive(dir: &Path, origin: &ReportsReader, inputs: Vec<String>, options: Options) -> Result<Self, DatasetError> {
        let mut copy = Self::begin_with(dir, origin.manifest().copy_of(inputs, options))?;
        copy.finished_at.clone_from(&origin.manifest().finished_at);
        Ok(copy)
    }

    fn begin_with(dir: &Path, manifest: ReportsManifest) -> Result<Self, DatasetError> {
        if place::is_far(dir) {
            let reason = "TLS reports are written to a folder of this machine; name one, and copy it to the store afterwards";
            return Err(DatasetError::refused(dir, reason));
        }
        refuse_unless_usable(dir)?;
        let reports = dir.join(REPORTS);
        fs::create_dir_all(&reports).map_err(DatasetError::io("create", &reports))?;
        let lock = Lock::take(dir)?;
        refuse_unless_usable(dir)?; // Another process may have been here since.
        // The manifest first: what it does not list does not exist, whenever this is broken off.
        folder::write_manifest(dir, &manifest)?;
        for name in folder::names(&reports)? {
            let path = reports.join(name);
            fs::remove_file(&path).map_err(DatasetError::io("remove", &path))?;
        }
        let path = folder::temporary(&dir.join(REJECTED));
        let file = File::create(&path).map_err(DatasetError::io("create", &path))?;
        let mut rejected = csv::Writer::from_writer(BufWriter::new(file));
        rejected.write_record(["source", "part", "reason"]).map_err(|error| DatasetError::io("write", &path)(error.into()))?;
        Ok(Self {
            dir: dir.to_owned(),
            manifest,
            part: None,
            batch: RowBuilder::default(),
            batch_rows: 0,
            batch_weight: 0,
            reports: 0,
            rejected,
            rejected_lines: 0,
            finished_at: None,
            _lock: lock,
        })
    }

    /// Ends the run.
    ///
    /// # Errors
    /// If files, reports and rows do not add up, which is a mistake of the program; if the disk fails.
    pub fn finish(self, tally: &Tally) -> Result<ReportsManifest, DatasetError> {
        self.finish_with(tally, |_, _| Ok(()))
    }

    /// As [`Self::finish`], with further files: `write_beside` is given the manifest and its text before that is in its place.
    ///
    /// # Errors
    /// As [`Self::finish`]; those of `write_beside`.
    pub fn finish_with<E: From<DatasetError>>(
        mut self,
        tally: &Tally,
        write_beside: impl FnOnce(&ReportsManifest, &[u8]) -> Result<(), E>,
    ) -> Result<ReportsManifest, E> {
        self.close_part()?;
        let path = self.dir.join(REJECTED);
        let new = folder::temporary(&path);
        let written = self.rejected.into_inner().map_err(|error| io::Error::other(error.to_string()));
        let synced =
            written.and_then(|buffer| buffer.into_inner().map_err(io::IntoInnerError::into_error)).and_then(|file| file.sync_all());
        synced.map_err(DatasetError::io("write", &new))?;
        folder::put_in_place(&new, &path)?;
        self.manifest.rejected = folder::attachment(&path)?;
        self.manifest.accounting = *tally;
        self.manifest.check(self.rejected_lines)?;
        self.manifest.finished_at = Some(self.finished_at.take().unwrap_or_else(Timestamp::now));
        let text = folder::manifest_text(&self.manifest)?;
        write_beside(&self.manifest, &text)?;
        folder::replace_manifest(&self.dir, &text)?;
        Ok(self.manifest)
    }

    /// Adds the rows of a report of another dataset.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn copy_report(&mut self, rows: Vec<ReportRow>) -> Result<(), DatasetError> {
        self.reports += 1;
        self.add(rows)
    }

    /// Adds a line of what gave no report: file, where in it, why.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn copy_rejected(&mut self, line: [&str; 3]) -> Result<(), DatasetError> {
        self.rejected_lines += 1;
        let path = folder::temporary(&self.dir.join(REJECTED));
        self.rejected.write_record(line).map_err(|error| DatasetError::io("write", &path)(error.into()))
    }

    fn add(&mut self, rows: Vec<ReportRow>) -> Result<(), DatasetError> {
        if self.part.as_ref().is_none_or(|part| part.rows >= PART_ROWS) {
            self.close_part()?;
            self.part = Some(self.open_part()?);
        }
        for row in rows {
            self.batch_weight += row.weight();
            self.batch_rows += 1;
            self.batch.add(Some(&row), 1);
            if let Some(part) = &mut self.part {
                part.rows += 1;
            }
            if self.batch_rows == MAX_BATCH_ROWS || self.batch_weight > BATCH_WEIGHT {
                self.write_batch()?;
            }
        }
        if let Some(part) = &mut self.part {
            part.reports += 1;
        }
        Ok(())
    }

    fn write_batch(&mut self) -> Result<(), DatasetError> {
        let (rows, builder) = (std::mem::take(&mut self.batch_rows), std::mem::take(&mut self.batch));
        self.batch_weight = 0;
        let Some(part) = self.part.as_mut().filter(|_| rows > 0) else { return Ok(()) };
        let path = folder::temporary(&self.dir.join(&part.file));
        part.writer.write(&builder.into_batch()?).map_err(|error| from_parquet(error, &path))
    }

    fn open_part(&self) -> Result<OpenPart, DatasetError> {
        let file = format!("{REPORTS}/part-{:05}.parquet", self.manifest.parts.len());
        let path = folder::temporary(&self.dir.join(&file));
        let output = File::create(&path).map_err(DatasetError::io("create", &path))?;
        let writer = ArrowWriter::try_new(Hashing::new(output), columns::schema(), Some(properties(&self.manifest)));
        Ok(OpenPart { file, writer: writer.map_err(|error| from_parquet(error, &path))?, rows: 0, reports: 0 })
    }

    fn close_part(&mut self) -> Result<(), DatasetError> {
        self.write_batch()?;
        let Some(OpenPart { file, writer, rows, reports }) = self.part.take() else { return Ok(()) };
        let path = self.dir.join(&file);
        let new = folder::temporary(&path);
        let mut hashing = writer.into_inner().map_err(|error| from_parquet(error, &new))?;
        let Digested { bytes, sha256 } = hashing.finish().map_err(DatasetError::io("write", &new))?;
        folder::put_in_place(&new, &path)?;
        self.manifest.rows += rows;
        self.manifest.parts.push(ReportsPart { file, rows, reports, bytes, sha256 });
        Ok(())
    }
}

impl Sink for ReportsWriter {
    type Error = DatasetError;

    fn report(&mut self, found: Found) -> Result<(), DatasetError> {
        let index = self.reports;
        self.reports += 1;
        self.add(ReportRow::of(found, index))
    }

    fn rejected(&mut self, rejected: Rejected) -> Result<(), DatasetError> {
        let Rejected { source, part, reason, .. } = rejected;
        self.copy_rejected([&tame(&source), &tame(&part.unwrap_or_default()), &reason.to_string()])
    }
}

/// Refuses a folder that is neither empty nor missing nor what an interrupted run of this kind left.
fn refuse_unless_usable(dir: &Path) -> Result<(), DatasetError> {
    if let Some(manifest) = super::reader::read_manifest(dir)? {
        return match &manifest.finished_at {
            Some(end) => Err(DatasetError::refused(dir, format!("holds TLS reports that were read until {end}; choose another folder"))),
            None => no_strangers(dir),
        };
    }
    let ours = [LOCK, REPORTS, REJECTED, MANIFEST, "lost+found"];
    if let Some(foreign) = folder::names(dir)?.into_iter().find(|name| !ours.contains(&folder::final_name(name))) {
        let reason = format!("not empty (it holds {foreign:?}) and no dataset of TLS reports; choose an empty or new folder");
        return Err(DatasetError::refused(dir, reason));
    }
    match folder::names(&dir.join(REPORTS))?.into_iter().next() {
        Some(foreign) => {
            let reason = format!("holds {REPORTS}/{foreign:?} without {MANIFEST}; choose an empty or new folder, or remove what is there");
            Err(DatasetError::refused(dir, reason))
        }
        None => Ok(()),
    }
}

/// What an interrupted run left is removed, so nothing else may be among it.
fn no_strangers(dir: &Path) -> Result<(), DatasetError> {
    match folder::names(&dir.join(REPORTS))?.into_iter().find(|name| !folder::is_ours(name)) {
        Some(foreign) => Err(DatasetError::refused(dir, format!("holds {REPORTS}/{foreign}, which is no part of it; move it away"))),
        None => Ok(()),
    }
}

fn properties(manifest: &ReportsManifest) -> WriterProperties {
    let pair = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let footer = vec![
        pair(SCHEMA_VERSION_KEY, &REPORTS_SCHEMA_VERSION.to_string()),
        pair("stscan.version", &manifest.tool.version),
        pair(RUN_ID, &manifest.run_id),
    ];
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_key_value_metadata(Some(footer));
    for column in ["report_index", "day", "reporter", "policy_domain"] {
        builder = builder.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Chunk);
    }
    builder.build()
}
