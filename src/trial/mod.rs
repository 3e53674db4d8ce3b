//! A scan of the lab held against what is true of it: the only place that knows both the scan and the lab.
//!
//! The lab is started, the plan of a scan is pointed at it by overrides that it would take for any other network, and the dataset that
//! comes out is compared with the truth.

mod confusion;
mod setting;

pub(crate) use self::confusion::{Confusion, Difference, Tally};
pub use self::setting::overrides;
pub(crate) use self::setting::own_list;
