//! Why a report could not be written.

use std::io;

use thiserror::Error;

use crate::analyse::AnalyseError;

/// A failure of ours or of the disk, never a fact about a domain.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The dataset cannot be read.
    #[error(transparent)]
    Analyse(#[from] AnalyseError),
    /// The report cannot be written.
    #[error("the report cannot be written: {0}")]
    Write(#[from] io::Error),
    /// A chart cannot be drawn.
    #[error("a chart of the report cannot be drawn: {0}")]
    Chart(String),
}
