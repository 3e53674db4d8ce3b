//! Why an analysis could not be made, in one sentence that says what to do.

use std::fmt;

use crate::dataset::DatasetError;

/// A failure of ours, of the disk, or of what was asked for; never a fact about a domain.
#[derive(Debug)]
pub enum AnalyseError {
    /// A dataset cannot be read.
    Dataset(DatasetError),
    /// What was asked for cannot be had. The text says why and what to do.
    Request(String),
}

impl fmt::Display for AnalyseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dataset(error) => error.fmt(f),
            Self::Request(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for AnalyseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Dataset(error) => Some(error),
            Self::Request(_) => None,
        }
    }
}

impl From<DatasetError> for AnalyseError {
    fn from(error: DatasetError) -> Self {
        Self::Dataset(error)
    }
}
