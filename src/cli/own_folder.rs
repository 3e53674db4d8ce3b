//! A folder that a command writes and refreshes: what lies in it and is not ours stays, and keeps us away.

use std::fs;
use std::io;
use std::path::Path;

use super::exit::{Exit, Failure};
use super::values::shown;

/// Takes a folder, or makes it where there is none.
pub(super) fn take(dir: &Path) -> Result<(), Failure> {
    if dir.symlink_metadata().is_ok() && !dir.is_dir() {
        return Err(refused(dir, "is no folder"));
    }
    fs::create_dir_all(dir).map_err(|error| unwritable(dir, &error))
}

/// Removes a file, if it is there.
pub(super) fn remove_file(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(path, &error)),
        _ => Ok(()),
    }
}

/// Keeps us away.
pub(super) fn refused(path: &Path, why: &str) -> Failure {
    Failure::new(Exit::Dataset, format!("{} {why}; choose another folder for -o, or move it away", shown(path)))
}

/// As [`refused`], of what cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    refused(path, &format!("cannot be read: {error}"))
}

/// What the system says of a place that is to be written.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::unwritable(shown(path), Exit::Dataset, error)
}
