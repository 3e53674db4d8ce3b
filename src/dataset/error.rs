//! Why a dataset could not be written or read, in one sentence that says what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::input::{disk_advice, is_full_disk};
use crate::place::is_passing;

/// A failure of ours or of this machine's disk; never a fact about a domain.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The folder is not one that this scan may write to or read from. The text says why and what to do.
    #[error("{dir}: {reason}")]
    Refused {
        /// The folder.
        dir: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The operating system failed us.
    #[error("cannot {doing} {path}: {source}{}", advice(source))]
    Io {
        /// What was being done, as in "cannot ...".
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the dataset is not what the program writes.
    #[error("{path}: {reason}; `stscan verify` tells all that is wrong with the dataset, and with --repair scans damaged parts again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A column is missing, or has another type than this version writes.
    #[error("column {0} is missing or has another type than stscan writes; read a dataset that stscan wrote, with all its columns")]
    Column(String),
    /// A column holds a value that this version does not know.
    #[error("column {column} holds {value:?}, which this version does not know; read the dataset with the version that wrote it")]
    Value {
        /// Path of the column.
        column: String,
        /// The value.
        value: String,
    },
    /// The rows do not add up, or a shard was given twice: a mistake of the program.
    #[error("the rows do not add up: {0}; this is a mistake in stscan, please report it")]
    Inconsistent(String),
    /// Arrow or Parquet refused the rows: a mistake of the program.
    #[error("the rows cannot be encoded: {0}; this is a mistake in stscan, please report it")]
    Encoding(String),
}

impl DatasetError {
    /// Whether the folder itself was refused (exit status 4), as against a failure on the way.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    pub(crate) fn refused(dir: &Path, reason: impl Into<String>) -> Self {
        Self::Refused { dir: dir.to_owned(), reason: reason.into() }
    }

    pub(super) fn damaged(path: &Path, reason: impl fmt::Display) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }

    /// Whether the disk had no room: what was written before stays, and the same command goes on once there is some.
    pub fn is_full_disk(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_full_disk(source))
    }

    /// Whether a store failed in a way that may pass: what was written before stays, and the same command goes on later.
    pub fn is_store_away(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_passing(source))
    }

    /// Whether nobody reads the stream any more.
    pub fn is_closed_stream(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What the system said, for those who tell the rest themselves.
    pub(crate) fn into_io(self) -> io::Error {
        match self {
            Self::Io { source, .. } => source,
            other => io::Error::other(other.to_string()),
        }
    }

    /// For `map_err`: the path and the action go with the system's own words.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

/// What a person can do about a failure of the disk, as the end of a sentence.
fn advice(error: &io::Error) -> String {
    let advice = disk_advice(error.kind());
    let goes_on =
        if is_full_disk(error) { ": a scan into a folder continues from its finished parts, anything else starts again" } else { "" };
    format!("{advice}{goes_on}")
}

impl From<arrow::error::ArrowError> for DatasetError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Encoding(error.to_string())
    }
}
