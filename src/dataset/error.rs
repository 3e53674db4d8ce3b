//! Why a dataset could not be written or read, in one sentence that says what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A failure of ours or of this machine's disk; never a fact about a domain.
#[derive(Debug)]
pub enum DatasetError {
    /// The folder is not one that this scan may write to or read from. The text says why and what to do.
    Refused {
        /// The folder.
        dir: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The operating system failed us.
    Io {
        /// What was being done, as in "cannot ...".
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the dataset is not what the program writes.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A column is missing, or has another type than this version writes.
    Column(String),
    /// A column holds a value that this version does not know.
    Value {
        /// Path of the column.
        column: String,
        /// The value.
        value: String,
    },
    /// The rows do not add up, or a shard was given twice: a mistake of the program.
    Inconsistent(String),
    /// Arrow or Parquet refused the rows: a mistake of the program.
    Encoding(String),
}

impl DatasetError {
    /// Whether the folder itself was refused (exit status 4), as against a failure on the way.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    pub(super) fn refused(dir: &Path, reason: impl Into<String>) -> Self {
        Self::Refused { dir: dir.to_owned(), reason: reason.into() }
    }

    pub(super) fn damaged(path: &Path, reason: impl fmt::Display) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }

    /// For `map_err`: the path and the action go with the system's own words.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { dir, reason } => write!(f, "{}: {reason}", dir.display()),
            Self::Io { doing, path, source } => {
                write!(f, "cannot {doing} {}: {source}", path.display())?;
                advice(source.kind()).map_or(Ok(()), |advice| write!(f, "; {advice}"))
            }
            Self::Damaged { path, reason } => {
                write!(
                    f,
                    "{}: {reason}; the file is damaged or was not written by stscan, restore it or scan into another folder",
                    path.display()
                )
            }
            Self::Column(column) => {
                write!(
                    f,
                    "column {column} is missing or has another type than stscan writes; read a dataset that stscan wrote, with all its columns"
                )
            }
            Self::Value { column, value } => {
                write!(
                    f,
                    "column {column} holds {value:?}, which this version does not know; read the dataset with the version that wrote it"
                )
            }
            Self::Inconsistent(what) => write!(f, "the rows do not add up: {what}; this is a mistake in stscan, please report it"),
            Self::Encoding(what) => write!(f, "the rows cannot be encoded: {what}; this is a mistake in stscan, please report it"),
        }
    }
}

/// What a person can do about a failure of the disk.
fn advice(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match kind {
        StorageFull | QuotaExceeded => Some("free some space and run the same command again, the finished parts are kept"),
        PermissionDenied => Some("choose a folder that you may write to, or change its permissions"),
        ReadOnlyFilesystem => Some("choose a folder on a disk that can be written to"),
        _ => None,
    }
}

impl std::error::Error for DatasetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<arrow::error::ArrowError> for DatasetError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Encoding(error.to_string())
    }
}
