//! A dataset that is being written: created or resumed, filled part by part, finished.

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;

use super::manifest::{AccountingEntry, Activity, Manifest, RunDescription};
use super::{DatasetError, lock};

/// Targets in a part by default: small enough to lose little in a crash, large enough for Parquet to pack well.
pub const SHARD_ROWS: u64 = 50_000;

/// A dataset that this process alone may write.
#[derive(Debug)]
pub struct Dataset {
    dir: PathBuf,
    manifest: Manifest,
    /// What earlier sessions of the run sent.
    earlier: Activity,
    /// Kept for its lock, which ends with it.
    _lock: lock::Lock,
}
impl Dataset {
    /// TODO
    pub fn create_or_resume(dir: &Path, run: &RunDescription) -> Result<Self, DatasetError>;
    /// TODO
    pub fn is_committed(&self, shard: u64) -> bool;
    /// TODO
    pub fn commit_part(&mut self, shard: u64, batches: &[RecordBatch], activity: &Activity) -> Result<&Part, DatasetError>;
    /// TODO
    pub fn finish(self, accounting: AccountingEntry, list: List, activity: &Activity) -> Result<Manifest, DatasetError>;
    /// TODO
    pub fn manifest(&self) -> &Manifest;
}
