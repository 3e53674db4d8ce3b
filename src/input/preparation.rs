//! What is done before the first target comes, for those who wait: which step, how far it is, and whether it is to stop.

use std::ops::ControlFlow;

use super::error::InputError;
use crate::vocabulary::vocabulary;

/// So many lines pass from one call of the watcher to the next.
pub(super) const LINES_BETWEEN_CALLS: u64 = 1 << 14;

vocabulary! {
    /// What is being done with a source before it can be read.
    pub enum Step {
        /// A URL is fetched.
        Download = "download",
        /// Standard input or a pipe is copied.
        Copy = "copy",
        /// The SHA-256 of the source is computed.
        Checksum = "checksum",
        /// The lists are read for a first time, to find the sample and the best ranks. Bytes are those of all sources.
        Survey = "survey",
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preparation<'a> {
    /// The source as the user named it; empty where the step is about all of them.
    pub source: &'a str,
    /// What is being done.
    pub step: Step,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, where that is known.
    pub total: Option<u64>,
}

/// Called with the progress of the preparation, about every 64 KiB or more; `Break` ends it with [`InputError::Stopped`].
pub type Watch<'a> = dyn FnMut(&Preparation<'_>) -> ControlFlow<()> + Send + 'a;

/// Tells the watcher.
pub(super) fn tell(watch: &mut Watch<'_>, source: &str, step: Step, done: u64, total: Option<u64>) -> Result<(), InputError> {
    match watch(&Preparation { source, step, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(InputError::Stopped),
    }
}
