//! Why a scan cannot begin or go on: failures of ours, never facts about a domain.

use std::fmt;
use std::io;

use crate::dataset::DatasetError;
use crate::input::InputError;

/// A failure that ends a scan. What was committed before stays.
#[derive(Debug)]
pub enum ScanError {
    /// The list cannot be read.
    Input(InputError),
    /// The dataset cannot be written.
    Dataset(DatasetError),
    /// An option cannot be used as given, or no resolver answers: one sentence that says which and what to do.
    Setup(String),
    /// This machine cannot do what is needed (threads, sockets), or a thread of ours broke.
    Machine(String),
    /// Standard output cannot be written.
    Output(io::Error),
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Dataset(error) => error.fmt(f),
            Self::Setup(text) | Self::Machine(text) => f.write_str(text),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl std::error::Error for ScanError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Input(error) => Some(error),
            Self::Dataset(error) => Some(error),
            Self::Output(error) => Some(error),
            Self::Setup(_) | Self::Machine(_) => None,
        }
    }
}

impl From<InputError> for ScanError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl From<DatasetError> for ScanError {
    fn from(error: DatasetError) -> Self {
        Self::Dataset(error)
    }
}
