//! Stand-in for the input's target until that module is there.

use std::sync::Arc;

use crate::name::Domain;

/// One name to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Position in the input, from 0.
    pub ordinal: u64,
    /// The name.
    pub domain: Domain,
    /// Rank, if the list has one.
    pub rank: Option<i32>,
    /// Name of the list.
    pub list: Arc<str>,
}
