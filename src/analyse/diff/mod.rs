//! What changed between two scans, per domain and in sum, joined by the domain's name.
//!
//! The lists may differ, and their order. Of every row a hash of eight bytes is kept, of a domain that has a record in either scan, or
//! of which that is unknown, its state (400 bytes or so). Where the scans have more than 33 million rows together, the names are compared
//! in several shares, one after the other, so that memory does not grow with the lists but with what has changed.

mod change;
mod compare;
mod conditions;
mod difference;
mod findings;
mod gate;
mod reading;
mod side;
mod state;

pub use self::change::{Change, Kind};
pub use self::conditions::Condition;
pub use self::difference::{Changed, Diff, diff, diff_by_shares};
pub use self::gate::{ChangeCondition, change_gate, matched_changes};
