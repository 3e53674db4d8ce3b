//! The way back: the rows of a dataset of TLS reports, each part checked against the manifest before it is read.

use std::io;
use std::path::{Path, PathBuf};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;

use crate::dataset::contain::contained;
use crate::dataset::error::DatasetError;
use crate::dataset::folder::{self, MANIFEST, REJECTED};
use crate::dataset::manifest::Attachment;
use crate::dataset::whole::{self, Damage, Problem};
use crate::place;

use super::columns;
use super::manifest::{REPORTS, REPORTS_SCHEMA_VERSION, ReportsManifest, TABLE};
use super::row::ReportRow;

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 2048;

/// What every manifest says of itself.
#[derive(Deserialize)]
struct Kind {
    schema_version: u32,
    #[serde(default)]
    table: Option<String>,
}

fn text(dir: &Path) -> Result<Option<Vec<u8>>, DatasetError> {
    let path = dir.join(MANIFEST);
    match place::read(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(folder::no_folder(dir)),
        Err(error) => Err(DatasetError::io("read", &path)(error)),
    }
}

/// Whether a folder holds a dataset of TLS reports.
///
/// # Errors
/// If its manifest cannot be read.
pub fn is_reports(dir: &Path) -> Result<bool, DatasetError> {
    let Some(text) = text(dir)? else { return Ok(false) };
    Ok(serde_json::from_slice::<Kind>(&text).is_ok_and(|kind| kind.table.as_deref() == Some(TABLE)))
}

/// The manifest; `None` where there is none.
pub(super) fn read_manifest(dir: &Path) -> Result<Option<ReportsManifest>, DatasetError> {
    let Some(text) = text(dir)? else { return Ok(None) };
    let damaged = |error| DatasetError::damaged(&dir.join(MANIFEST), error);
    let Kind { schema_version, table } = serde_json::from_slice(&text).map_err(damaged)?;
    if table.as_deref() != Some(TABLE) {
        return Err(DatasetError::refused(dir, "a dataset of a scan, not of TLS reports; name the folder given to `stscan tlsrpt -o`"));
    }
    if schema_version > REPORTS_SCHEMA_VERSION {
        let reason = format!(
            "TLS reports of schema version {schema_version}, and this program reads version {REPORTS_SCHEMA_VERSION}; use a newer stscan"
        );
        return Err(DatasetError::refused(dir, reason));
    }
    serde_json::from_slice(&text).map(Some).map_err(damaged)
}

fn required_manifest(dir: &Path) -> Result<ReportsManifest, DatasetError> {
    let missing = || {
        let reason = format!("no {MANIFEST} here, so these are no TLS reports; name the folder given to `stscan tlsrpt -o`");
        DatasetError::refused(dir, reason)
    };
    read_manifest(dir)?.ok_or_else(missing)
}

/// A dataset of TLS reports to be read.
#[derive(Clone, Debug)]
pub struct ReportsReader {
    dir: PathBuf,
    manifest: ReportsManifest,
}

impl ReportsReader {
    /// Opens a dataset by its manifest.
    ///
    /// # Errors
    /// If the folder holds none, an unfinished one, or one of a newer version.
    pub fn open(dir: &Path) -> Result<Self, DatasetError> {
        let manifest = required_manifest(dir)?;
        if manifest.finished_at.is_none() {
            return Err(DatasetError::refused(dir, "unfinished; give the command `stscan tlsrpt` again, which reads all anew"));
        }
        Ok(Self { dir: dir.to_owned(), manifest })
    }

    /// The manifest.
    pub fn manifest(&self) -> &ReportsManifest {
        &self.manifest
    }

    /// Gives every row to `each`, in the order in which the reports were found.
    ///
    /// # Errors
    /// If a part is not what the manifest says; those of `each`.
    pub fn for_each(&self, mut each: impl FnMut(ReportRow)) -> Result<(), DatasetError> {
        for part in &self.manifest.parts {
            let wanted = Attachment { bytes: part.bytes, sha256: part.sha256.clone() };
            let is_ours = folder::is_within(&part.file).then_some(());
            is_ours.ok_or_else(|| DatasetError::damaged(&self.dir.join(MANIFEST), format_args!("it lists {:?}", part.file)))?;
            whole::attachment(&self.dir, &part.file, &wanted).map_err(|problem| problem.into_error(&self.dir))?;
            let path = self.dir.join(&part.file);
            let file = place::open(&path).map_err(DatasetError::io("open", &path))?;
            let damaged = |error: &dyn std::fmt::Display| DatasetError::damaged(&path, error);
            let builder = contained(&path, || ParquetRecordBatchReaderBuilder::try_new(file))?.map_err(|error| damaged(&error))?;
            let mut batches = contained(&path, || builder.with_batch_size(BATCH_ROWS).build())?.map_err(|error| damaged(&error))?;
            while let Some(batch) = contained(&path, || batches.next())? {
                columns::rows(&batch.map_err(|error| damaged(&error))?)?.into_iter().for_each(&mut each);
            }
        }
        Ok(())
    }
}

impl ReportsReader {
    /// Gives the rows of every report to `each`, in the order in which the reports were found.
    ///
    /// # Errors
    /// As [`Self::for_each`].
    pub fn for_each_report(&self, mut each: impl FnMut(Vec<ReportRow>) -> Result<(), DatasetError>) -> Result<(), DatasetError> {
        let (mut rows, mut failed): (Vec<ReportRow>, Option<DatasetError>) = (Vec::new(), None);
        self.for_each(|row| {
            let is_next = rows.first().is_some_and(|first| first.report_index != row.report_index);
            if is_next && failed.is_none() {
                failed = each(std::mem::take(&mut rows)).err();
            }
            if failed.is_none() {
                rows.push(row);
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None if rows.is_empty() => Ok(()),
            None => each(rows),
        }
    }

    /// Gives every line of what gave no report to `each`: file, where in it, why.
    ///
    /// # Errors
    /// If the file is not what the manifest says; those of `each`.
    pub fn for_each_rejected(&self, mut each: impl FnMut([&str; 3]) -> Result<(), DatasetError>) -> Result<(), DatasetError> {
        let Some(wanted) = &self.manifest.rejected else { return Ok(()) };
        whole::attachment(&self.dir, REJECTED, wanted).map_err(|problem| problem.into_error(&self.dir))?;
        let path = self.dir.join(REJECTED);
        let damaged = |error: csv::Error| DatasetError::damaged(&path, error);
        let file = place::open(&path).map_err(DatasetError::io("open", &path))?;
        for line in csv::Reader::from_reader(file).records() {
            let line = line.map_err(damaged)?;
            let cell = |place: usize| line.get(place).unwrap_or_default();
            each([cell(0), cell(1), cell(2)])?;
        }
        Ok(())
    }
}

/// Everything that is wrong with a dataset of TLS reports: the seal and sums of its manifest, hash, length and rows of its files, files that
/// are none of it.
///
/// # Errors
/// If the folder holds no dataset, or its manifest cannot be read.
pub fn verify(dir: &Path) -> Result<(ReportsManifest, Vec<Problem>), DatasetError> {
    let manifest = required_manifest(dir)?;
    let mut problems = Vec::new();
    if text(dir)?.and_then(|text| folder::is_sealed(&text)) == Some(false) {
        problems.push(Problem::new(MANIFEST, Damage::Edited, whole::EDITED));
    }
    let tally = manifest.accounting;
    if manifest.finished_at.is_some()
        && let Err(error) = manifest.check(tally.refused + tally.without_report)
    {
        problems.push(Problem::new(MANIFEST, Damage::Contradiction, error));
    }
    for part in &manifest.parts {
        if !folder::is_within(&part.file) {
            problems.push(Problem::new(MANIFEST, Damage::Contradiction, format_args!("it lists {:?}", part.file)));
            continue;
        }
        let wanted = Attachment { bytes: part.bytes, sha256: part.sha256.clone() };
        problems.extend(whole::attachment(dir, &part.file, &wanted).err());
    }
    if let Some(rejected) = &manifest.rejected {
        problems.extend(whole::attachment(dir, REJECTED, rejected).err());
    }
    for name in folder::names(&dir.join(REPORTS))? {
        let file = format!("{REPORTS}/{name}");
        if manifest.finished_at.is_some() && manifest.parts.iter().all(|part| part.file != file) {
            let detail = "it is no part of the dataset; who reads every file of the folder counts its rows";
            problems.push(Problem::new(file, Damage::Foreign, detail));
        }
    }
    Ok((manifest, problems))
}
