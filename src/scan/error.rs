//! Why a scan cannot begin or go on: failures of ours, never facts about a domain.

use std::io;

use thiserror::Error;

use crate::dataset::DatasetError;
use crate::input::InputError;

/// A failure that ends a scan. What was committed before stays.
#[derive(Debug, Error)]
pub enum ScanError {
    /// The list cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The dataset cannot be written.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// An option cannot be used as given, or no resolver answers: one sentence that says which and what to do.
    #[error("{0}")]
    Setup(String),
    /// This machine cannot do what is needed (threads, sockets), or a thread of ours broke.
    #[error("{0}")]
    Machine(String),
    /// A stream went out as far as it got.
    #[error("{cause}; {rows} rows went out, and the stream has no end mark")]
    CutStream {
        /// What ended it.
        cause: Box<ScanError>,
        /// Rows that went out.
        rows: u64,
    },
    /// Standard output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[source] io::Error),
}
