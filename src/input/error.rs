//! Why a list cannot be read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::options::Column;
use crate::place::is_passing;

/// So many columns, and so many characters of each name, are shown; a file that is no table may seem to have any number.
const MAX_COLUMNS: usize = 40;
const MAX_NAME: usize = 60;

/// What a list looks like.
const EXPECTED: &str = "Expected is one domain name per line, rank,domain, a CSV file with a column of domains (--column names it), or a DNS \
    zone file; plain, or as gz, zst or zip";

/// Why a list cannot be read; a line that is no name is not an error but is rejected.
#[derive(Debug, Error)]
pub enum InputError {
    /// No source was named, or an option cannot be fulfilled.
    #[error("{0}")]
    Option(String),
    /// There is no such file.
    #[error("list {0:?} does not exist")]
    NotFound(String),
    /// The file is a directory.
    #[error("list {0:?} is a directory; name the files in it")]
    Directory(String),
    /// Opening or reading failed.
    #[error("list {0:?} cannot be read: {1}")]
    Read(String, #[source] io::Error),
    /// The copy of standard input or of a URL cannot be written or read.
    #[error("list {list:?} cannot be copied to {}: {error}; free room there, or name a file that can be read where it lies", place.display())]
    Spool {
        /// The source.
        list: String,
        /// Where the copy is kept.
        place: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// A source that can be read only once has no end, or is larger than its copy may be.
    #[error("list {list:?} has more than {most} bytes, which is as much as its copy in {} may take; name a file that can be read where it lies", place.display())]
    TooLarge {
        /// The source.
        list: String,
        /// Where the copy is kept.
        place: PathBuf,
        /// What it may have.
        most: u64,
    },
    /// A source that can be read only once begins with more than any line has.
    #[error("list {list:?} has no end of line in its first {bytes} bytes. {EXPECTED}")]
    NoLines {
        /// The source.
        list: String,
        /// What was read.
        bytes: u64,
    },
    /// A gz, zst or zip file is damaged or cut.
    #[error("list {list:?} is damaged ({compression}): {detail}")]
    Corrupt {
        /// The file.
        list: String,
        /// `gz`, `zst` or `zip`.
        compression: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// A compressed file unpacks to more than any list does.
    #[error("list {list:?} is refused, as {detail}: an archive bomb, or a few lines repeated without end")]
    Bomb {
        /// The file.
        list: String,
        /// What is wrong.
        detail: String,
    },
    /// A member of a zip archive cannot be read.
    #[error("list {list:?} cannot be read: its member {member:?} {why}")]
    Member {
        /// The archive.
        list: String,
        /// The member.
        member: String,
        /// Why, and what to do.
        why: String,
    },
    /// A zip archive holds no file.
    #[error("zip archive {0:?} holds no file")]
    EmptyZip(String),
    /// The content is of a kind that holds no lines: what it is, and what to do.
    #[error("list {0:?} is {1}")]
    NotAList(String, &'static str),
    /// The text is of a kind that no list is: which, and how it begins.
    #[error("list {list:?} is {what}, not a list of domains. It begins:\n{beginning}\n{EXPECTED}")]
    Foreign {
        /// The file.
        list: String,
        /// What it is, and what to do.
        what: &'static str,
        /// Its first lines, safe to look at.
        beginning: String,
    },
    /// No line holds a domain name.
    #[error("list {list:?} yields no domain name: {why}. It begins:\n{beginning}\n{EXPECTED}")]
    NoName {
        /// The file.
        list: String,
        /// What its lines are, and what to do.
        why: String,
        /// Its first lines, safe to look at.
        beginning: String,
    },
    /// A CSV file does not have the column.
    #[error("list {list:?} has no column {wanted}{}", instead(wanted, present))]
    Column {
        /// The file.
        list: String,
        /// The column that was asked for.
        wanted: Column,
        /// The columns of its first line.
        present: Vec<String>,
    },
    /// A URL cannot be fetched: which, and why.
    #[error("{0} cannot be fetched: {1}")]
    Url(String, String),
    /// A file was changed while it was read, so that what was read is neither the old list nor the new one.
    #[error("list {0:?} was changed while it was read; start again with a copy that stays")]
    Changed(String),
    /// The sink for rejected lines failed.
    #[error("rejected lines cannot be written: {0}")]
    Rejects(#[source] io::Error),
    /// The caller's callback asked to stop.
    #[error("stopped while the list was being read")]
    Stopped,
}

impl InputError {
    /// Whether the store in which the list lies failed in a way that may pass.
    pub fn is_store_away(&self) -> bool {
        matches!(self, Self::Read(_, error) if is_passing(error))
    }

    /// Whether the rejected lines found no room, which the scan goes on from. A copy that finds none is told of the list: nothing has begun.
    pub fn is_full_disk(&self) -> bool {
        matches!(self, Self::Rejects(error) if is_full_disk(error))
    }
}

/// Whether there is no room: on the disk, within a quota, or within what this process may write (`ulimit -f`).
pub fn is_full_disk(error: &io::Error) -> bool {
    let no_room = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge);
    no_room && error.raw_os_error().is_some()
}

/// What a person can do about a failure of the disk, as the end of a sentence.
pub fn disk_advice(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match kind {
        StorageFull | QuotaExceeded => "; free some space and run the same command again",
        FileTooLarge => "; raise the limit of file sizes (ulimit -f) and run the same command again",
        PermissionDenied => "; choose a folder that you may write to, or change its permissions",
        ReadOnlyFilesystem => "; choose a folder on a disk that can be written to",
        _ => "",
    }
}

/// What the list has instead of the column.
fn instead(wanted: &Column, present: &[String]) -> String {
    if present.is_empty() && matches!(wanted, Column::Name(_)) {
        return ", as it has no header line with a column of domains; add one".to_owned();
    }
    let shown: Vec<_> =
        present.iter().take(MAX_COLUMNS).map(|name| format!("{:?}", name.chars().take(MAX_NAME).collect::<String>())).collect();
    let more = if present.len() > MAX_COLUMNS { ", ..." } else { "" };
    format!("; it has {}: {}{more}", present.len(), shown.join(", "))
}
