//! A file of a dataset while it is written: under another name, or, of a store, on this machine; it has its place once it is whole.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::error::DatasetError;
use super::folder;
use crate::place;

/// A file that has no place yet. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    path: PathBuf,
    /// Where it is written: beside its place, or, for a store, in the folder of this machine for what is temporary.
    new: PathBuf,
    is_in_place: bool,
}

impl Draft {
    /// Begins a file that is to have this place.
    ///
    /// # Errors
    /// If the disk fails.
    pub(crate) fn begin(path: &Path) -> Result<Self, DatasetError> {
        let is_far = place::is_far(path);
        let new = if is_far { std::env::temp_dir() } else { folder::temporary(path) };
        let file = if is_far { tempfile::tempfile() } else { open(&new) }.map_err(DatasetError::io("create", &new))?;
        Ok(Self { file, path: path.to_owned(), new, is_in_place: false })
    }

    /// The file itself.
    #[cfg(test)]
    pub(super) fn of(path: &Path) -> Result<Self, DatasetError> {
        let file = open(path).map_err(DatasetError::io("create", path))?;
        Ok(Self { file, path: path.to_owned(), new: path.to_owned(), is_in_place: true })
    }

    /// The file, to be written from its beginning.
    ///
    /// # Errors
    /// If the system has no descriptor left.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Where it is written, for errors to tell.
    pub(super) fn written_as(&self) -> &Path {
        &self.new
    }

    /// Puts the file in its place, durably; its content has been synced.
    ///
    /// # Errors
    /// If the disk or the store fails.
    pub(crate) fn put_in_place(mut self) -> Result<(), DatasetError> {
        if place::is_far(&self.path) {
            place::put(&self.path, &mut self.file).map_err(DatasetError::io("write", &self.path))?;
        } else {
            folder::put_in_place(&self.new, &self.path)?;
        }
        self.is_in_place = true;
        Ok(())
    }
}

/// An empty file, to be written and looked at.
fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(true).open(path)
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_in_place && !place::is_far(&self.path) {
            let _ = std::fs::remove_file(&self.new); // The error that led here is the one to report.
        }
    }
}
