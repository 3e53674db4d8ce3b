//! Why an analysis could not be made, in one sentence that says what to do.

use thiserror::Error;

use crate::dataset::DatasetError;

/// A failure of ours, of the disk, or of what was asked for; never a fact about a domain.
#[derive(Debug, Error)]
pub enum AnalyseError {
    /// A dataset cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// What was asked for cannot be had. The text says why and what to do.
    #[error("{0}")]
    Request(String),
}
