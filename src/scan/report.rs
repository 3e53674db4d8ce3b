//! What a scan came to.

use super::error::ScanError;
use crate::dataset::Manifest;
use crate::input::Accounting;

/// How a scan ended.
#[derive(Debug)]
pub struct Report {
    /// The manifest as it was written last; `None` where the rows went to a stream.
    pub manifest: Option<Manifest>,
    /// What became of the lines of the list that were read.
    pub accounting: Accounting,
    /// Whether the scan was stopped before the end of the list.
    pub stopped: bool,
    /// Names that were taken without knowing whether they are duplicates, as the memory for that was full.
    pub unchecked: u64,
}

/// What reading the list came to.
pub(super) struct Read {
    pub(super) accounting: Accounting,
    pub(super) stopped: bool,
    pub(super) error: Option<ScanError>,
}
