//! One writer a folder: an advisory lock that the system drops with the process, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::error::DatasetError;
use super::folder::LOCK;

/// The lock, held until it is dropped. The file stays: to remove it would let two processes lock two files of one name.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a folder or says who is in the way.
    pub(super) fn take(dir: &Path) -> Result<Self, DatasetError> {
        let path = dir.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(DatasetError::io("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(DatasetError::refused(dir, "another scan is writing this folder; wait until it has ended or choose another folder"))
            }
            Err(TryLockError::Error(error)) => Err(DatasetError::io("lock", &path)(error)),
        }
    }
}
