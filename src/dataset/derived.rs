//! A dataset made from another one: the same run, shards, parts and ordinals, other columns. Whole or not at all.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;

use super::draft::Draft;
use super::error::DatasetError;
use super::folder::{self, Lock};
use super::manifest::{Manifest, Options, Part, RunDescription, Timestamp, Tool, check_accounting};
use super::read::Reader;
use super::{part, resume};
use crate::place;

/// By what the rows of a derived dataset are judged, where it is not what judged the origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judge {
    /// The program.
    pub tool: Tool,
    /// Version of the catalogue of findings.
    pub catalogue_version: String,
    /// Version of the public suffix list.
    pub public_suffix_list: String,
}

/// A dataset that is being made from another, by this process alone. Its manifest lists no part until it is finished; what is left of
/// an interrupted derivation is restarted.
#[derive(Debug)]
pub struct DerivedDataset {
    dir: PathBuf,
    manifest: Manifest,
    finished_at: Option<Timestamp>,
    _lock: Lock,
}

impl DerivedDataset {
    /// Begins a dataset in an empty or missing folder, or in one that holds what the same command began and did not finish.
    ///
    /// # Errors
    /// A refusal if the folder holds anything else, or if the origin is unfinished or not what its manifest says; an IO error if it cannot be written.
    pub fn begin(dir: &Path, origin: &Reader, made_by: &str, options: Options, judge: Option<Judge>) -> Result<Self, DatasetError> {
        let of = origin.manifest();
        origin.require_finished()?;
        origin.require_whole_or_fetched()?;
        let mut manifest = of.derived(made_by, options);
        if let Some(Judge { tool, catalogue_version, public_suffix_list }) = judge {
            manifest.run = RunDescription { tool, catalogue_version, public_suffix_list, ..manifest.run };
        }
        resume::refuse_unless_derivable(dir, &manifest)?;
        let domains = folder::parts_folder(dir);
        place::create_dir_all(&domains).map_err(DatasetError::io("create", &domains))?;
        let lock = Lock::take(dir)?;
        resume::refuse_unless_derivable(dir, &manifest)?; // Another process may have been here since.
        folder::write_manifest(dir, &manifest)?;
        resume::remove_leftovers(dir, &manifest)?;
        Ok(Self { dir: dir.to_owned(), manifest, finished_at: of.finished_at.clone(), _lock: lock })
    }

    /// The manifest so far; what is changed in it is written when the dataset is finished.
    pub fn manifest_mut(&mut self) -> &mut Manifest {
        &mut self.manifest
    }

    /// Writes the rows derived from a part of `origin`, whole rows in the same order; `unchanged` are columns that are the same in both, and are
    /// taken over as they are packed where the origin has the columns of this version. Several threads may do so at once, each with
    /// another part.
    ///
    /// # Errors
    /// If a batch cannot be read, the rows are not as many as the part's, or the disk fails.
    pub fn write_part(
        &self,
        origin: &Reader,
        of: &Part,
        unchanged: &[&str],
        batches: impl Iterator<Item = Result<RecordBatch, DatasetError>>,
    ) -> Result<Part, DatasetError> {
        part::write_derived(&self.dir, &self.manifest, (origin.dir(), of), unchanged, batches)
    }

    /// Copies the rejected lines of the origin and those of duplicates, each as `line` makes it; a line has its end.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn copy_lines(&self, origin: &Reader, line: impl Fn(&[u8]) -> Vec<u8>) -> Result<(), DatasetError> {
        for path in [folder::rejected_path, folder::duplicates_path] {
            self.copy_file(&path(origin.dir()), &path(&self.dir), &line)?;
        }
        Ok(())
    }

    fn copy_file(&self, from: &Path, to: &Path, line: &impl Fn(&[u8]) -> Vec<u8>) -> Result<(), DatasetError> {
        if !place::exists(from).map_err(DatasetError::io("find", from))? {
            return Ok(());
        }
        let draft = Draft::begin(to)?;
        let copy = || -> io::Result<()> {
            let mut lines = BufReader::new(place::open(from)?);
            let mut file = BufWriter::new(draft.file()?);
            let mut text = Vec::new();
            while lines.read_until(b'\n', &mut text)? > 0 {
                file.write_all(&line(&text))?;
                text.clear();
            }
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
        };
        copy().map_err(DatasetError::io("copy", from))?;
        draft.put_in_place()
    }

    /// Lists the parts and ends the dataset.
    ///
    /// # Errors
    /// If the disk fails, or the rows and lines do not add up.
    pub fn finish(self, parts: Vec<Part>) -> Result<Manifest, DatasetError> {
        self.finish_with(parts, |_, _| Ok(()))
    }

    /// As [`Self::finish`], with further files: `write_beside` is given the manifest and its text before that is in its place, so that a
    /// dataset that is finished has all of them, and one that is not is written again.
    ///
    /// # Errors
    /// As [`Self::finish`]; those of `write_beside`.
    pub fn finish_with<E: From<DatasetError>>(
        mut self,
        parts: Vec<Part>,
        write_beside: impl FnOnce(&Manifest, &[u8]) -> Result<(), E>,
    ) -> Result<Manifest, E> {
        let activity = self.manifest.activity;
        for part in parts {
            self.manifest.list(part, activity);
        }
        if let Some(accounting) = self.manifest.accounting {
            check_accounting(&accounting, self.manifest.counts.rows)?;
        }
        self.manifest.rejected = folder::attachment(&folder::rejected_path(&self.dir))?;
        self.manifest.duplicates = folder::attachment(&folder::duplicates_path(&self.dir))?;
        self.manifest.fingerprint = self.manifest.run.fingerprint();
        self.manifest.finished_at = self.finished_at.take();
        let text = folder::manifest_text(&self.manifest)?;
        write_beside(&self.manifest, &text)?;
        folder::replace_manifest(&self.dir, &text)?;
        Ok(self.manifest)
    }
}
