//! The command that began a scan, kept beside the rows so that a repair can scan what is damaged again.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::DatasetError;
use super::folder::COMMAND;
use crate::place;

/// A command as it was typed. It stays in the folder: no manifest and no copy of the dataset has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanCommand {
    /// The folder in which it was given.
    pub folder: PathBuf,
    /// The arguments, the program's name first.
    pub arguments: Vec<String>,
}

impl ScanCommand {
    /// Keeps the command. Nothing but a repair needs it.
    ///
    /// # Errors
    /// If the disk fails.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), DatasetError> {
        let path = dir.join(COMMAND);
        let text = serde_json::to_vec_pretty(self).map_err(|error| DatasetError::Encoding(error.to_string()))?;
        place::write(&path, &text).map_err(DatasetError::io("write", &path))
    }

    /// The command that was kept; `None` where there is none that this version understands.
    ///
    /// # Errors
    /// If the disk fails.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>, DatasetError> {
        let path = dir.join(COMMAND);
        match place::read(&path) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DatasetError::io("read", &path)(error)),
        }
    }
}
