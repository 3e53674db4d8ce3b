//! Expectations: what the reader of a scan demands of its domains, and which findings are waived until a day.
//!
//! They stand in a file of their own and are judged when a dataset is read, so that the dataset stays as it is: deviations are findings with
//! codes of their own ([`crate::classify::Demand`]), waived findings leave the findings and are shown apart.

mod file;
mod judged;

pub use self::file::{Expectations, ExpectationsError};
pub use self::judged::{SeenBatch, Waived};
