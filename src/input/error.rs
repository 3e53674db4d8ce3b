//! Why a list cannot be read.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::options::Column;

/// So many columns, and so many characters of each name, are shown; a file that is no table may seem to have any number.
const MAX_COLUMNS: usize = 40;
const MAX_NAME: usize = 60;

/// Why a list cannot be read; a line that is no name is not an error but is rejected.
#[derive(Debug)]
pub enum InputError {
    /// No source was named, or an option cannot be fulfilled.
    Option(String),
    /// There is no such file.
    NotFound(String),
    /// The file is a directory.
    Directory(String),
    /// Opening or reading failed.
    Read(String, io::Error),
    /// The copy of standard input or of a URL cannot be written or read.
    Spool(PathBuf, io::Error),
    /// A gz, zst or zip file is damaged or cut.
    Corrupt {
        /// The file.
        source: String,
        /// `gz`, `zst` or `zip`.
        compression: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// A zip archive holds no file.
    EmptyZip(String),
    /// The content is of a kind that holds no lines: what it is, and what to do.
    NotAList(String, &'static str),
    /// A CSV file does not have the column.
    Column {
        /// The file.
        source: String,
        /// The column that was asked for.
        wanted: Column,
        /// The columns of its first line.
        present: Vec<String>,
    },
    /// A URL cannot be fetched: which, and why.
    Url(String, String),
    /// A file was changed while it was read, so that what was read is neither the old list nor the new one.
    Changed(String),
    /// The sink for rejected lines failed.
    Rejects(io::Error),
    /// The caller's callback asked to stop.
    Stopped,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(detail) => f.write_str(detail),
            Self::NotFound(source) => write!(f, "list {source:?} does not exist"),
            Self::Directory(source) => write!(f, "list {source:?} is a directory; name the files in it"),
            Self::Read(source, error) => write!(f, "list {source:?} cannot be read: {error}"),
            Self::Spool(path, error) => write!(f, "the list cannot be kept in {}: {error}", path.display()),
            Self::Corrupt { source, compression, detail } => write!(f, "list {source:?} is damaged ({compression}): {detail}"),
            Self::EmptyZip(source) => write!(f, "zip archive {source:?} holds no file"),
            Self::NotAList(source, what) => write!(f, "list {source:?} is {what}"),
            Self::Column { source, wanted: wanted @ Column::Name(_), present } if present.is_empty() => {
                write!(f, "list {source:?} has no column {wanted}, as it has no header line with a column of domains; add one")
            }
            Self::Column { source, wanted, present } => {
                let shown = present.iter().take(MAX_COLUMNS).map(|name| format!("{:?}", name.chars().take(MAX_NAME).collect::<String>()));
                let more = if present.len() > MAX_COLUMNS { ", ..." } else { "" };
                write!(
                    f,
                    "list {source:?} has no column {wanted}; it has {}: {}{more}",
                    present.len(),
                    shown.collect::<Vec<_>>().join(", ")
                )
            }
            Self::Url(url, detail) => write!(f, "{url} cannot be fetched: {detail}"),
            Self::Changed(source) => write!(f, "list {source:?} was changed while it was read; start again with a copy that stays"),
            Self::Rejects(error) => write!(f, "rejected lines cannot be written: {error}"),
            Self::Stopped => f.write_str("stopped while the list was being read"),
        }
    }
}

impl std::error::Error for InputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(_, error) | Self::Spool(_, error) | Self::Rejects(error) => Some(error),
            _ => None,
        }
    }
}
