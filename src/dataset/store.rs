//! A dataset that is being written: created or resumed, filled part by part, finished.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;

use super::lock::Lock;
use super::manifest::{AccountingEntry, Activity, List, Manifest, Part, RunDescription};
use super::{DatasetError, folder, part, resume};

/// Targets in a part by default: small enough to lose little in a crash, large enough for Parquet to pack well.
pub const SHARD_ROWS: u64 = 50_000;

/// A dataset that this process alone may write.
#[derive(Debug)]
pub struct Dataset {
    dir: PathBuf,
    manifest: Manifest,
    /// What earlier sessions of the run sent.
    earlier: Activity,
    /// Held as long as the dataset is open.
    _lock: Lock,
}

impl Dataset {
    /// Begins a dataset in an empty or missing folder, or goes on with the unfinished scan of the same configuration that is there.
    ///
    /// # Errors
    /// A refusal if the folder holds anything else or another scan is writing it; an IO error if it cannot be written.
    pub fn create_or_resume(dir: &Path, run: &RunDescription) -> Result<Self, DatasetError> {
        if run.shard_rows == 0 {
            return Err(DatasetError::Inconsistent("a shard of no rows".to_owned()));
        }
        resume::survey(dir, run)?; // Before anything is written, so that a refused folder stays as it is.
        let domains = dir.join(folder::DOMAINS);
        fs::create_dir_all(&domains).map_err(DatasetError::io("create", &domains))?;
        let lock = Lock::take(dir)?;
        // Again under the lock: another process may have been here since.
        let manifest = match resume::survey(dir, run)? {
            Some(unfinished) => unfinished.resumed(run),
            None => Manifest::begun(run),
        };
        resume::remove_leftovers(dir, &manifest)?;
        folder::write_manifest(dir, &manifest)?;
        Ok(Self { dir: dir.to_owned(), earlier: manifest.activity, manifest, _lock: lock })
    }

    /// The manifest as it is on disk.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The dataset's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the rows of a shard are there already.
    pub fn is_committed(&self, shard: u64) -> bool {
        self.position(shard).is_ok()
    }

    /// Writes the rows of a whole shard, in any order, and lists them: after this returns they survive a crash.
    /// `activity` is what this session has sent so far.
    ///
    /// # Errors
    /// If the disk fails; if the shard is there already, or a row is not of it or occurs twice.
    pub fn commit_part(&mut self, shard: u64, batches: &[RecordBatch], activity: &Activity) -> Result<&Part, DatasetError> {
        let Err(position) = self.position(shard) else {
            return Err(DatasetError::Inconsistent(format!("shard {shard} is there already")));
        };
        let part = part::write(&self.dir, shard, &self.manifest, batches)?;
        let mut manifest = self.manifest.clone();
        manifest.counts.add(&part.counts);
        manifest.parts.insert(position, part);
        manifest.set_activity(self.earlier.plus(activity));
        folder::write_manifest(&self.dir, &manifest)?;
        self.manifest = manifest;
        self.manifest.parts.get(position).ok_or_else(|| DatasetError::Inconsistent(format!("shard {shard} was lost")))
    }

    /// Ends the run. `list` may say more than at the beginning: its lines and hash are known by now.
    ///
    /// # Errors
    /// If the rows and lines do not add up, which is a mistake of the program; if the disk fails.
    pub fn finish(mut self, accounting: AccountingEntry, list: List, activity: &Activity) -> Result<Manifest, DatasetError> {
        accounting.check(self.manifest.counts.rows)?;
        self.manifest.set_activity(self.earlier.plus(activity));
        self.manifest.end(accounting, list);
        folder::write_manifest(&self.dir, &self.manifest)?;
        Ok(self.manifest)
    }

    fn position(&self, shard: u64) -> Result<usize, usize> {
        self.manifest.parts.binary_search_by_key(&shard, |part| part.shard)
    }
}
