//! What changed between two scans, per domain and in sum, joined by the domain's name.
//!
//! The lists may differ, and their order. Of every row a hash of eight bytes is kept, of a domain that has a record in either scan, or
//! of which that is unknown, its state (400 bytes or so). Where the scans have more than 33 million rows together, the names are compared
//! in several shares, one after the other, so that memory does not grow with the lists but with what has changed.

mod compare;
mod difference;
mod reading;
mod state;

pub(crate) use self::compare::Change;
pub use self::compare::Kind;
pub(crate) use self::difference::Changed;
pub use self::difference::{Diff, diff, diff_by_shares};
