//! Why a report could not be written.

use std::fmt;
use std::io;

use crate::analyse::AnalyseError;

/// A failure of ours or of the disk, never a fact about a domain.
#[derive(Debug)]
pub enum ReportError {
    /// The dataset cannot be read.
    Analyse(AnalyseError),
    /// The report cannot be written.
    Write(io::Error),
    /// A chart cannot be drawn.
    Chart(String),
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Analyse(error) => error.fmt(f),
            Self::Write(error) => write!(f, "the report cannot be written: {error}"),
            Self::Chart(text) => write!(f, "a chart of the report cannot be drawn: {text}"),
        }
    }
}

impl std::error::Error for ReportError {}

impl From<AnalyseError> for ReportError {
    fn from(error: AnalyseError) -> Self {
        Self::Analyse(error)
    }
}

impl From<io::Error> for ReportError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}
