//! From datasets to answers: figures, differences, audits. Nothing here sends a packet.
//!
//! [`Scan::open_all`] opens datasets; what is read from them goes into a [`Table`], whose cells are addressed by name. Tables know
//! nothing of terminals or files: `ui` prints them.

pub mod diff;
mod error;
pub(crate) mod export;
mod interval;
mod reclassify;
pub(crate) mod report;
mod scans;
pub mod stats;
mod table;

pub(crate) use self::error::AnalyseError;
pub(crate) use self::interval::Interval;
pub use self::reclassify::reclassify;
pub(crate) use self::reclassify::{Changes, CodeChange};
pub use self::scans::Scan;
pub use self::table::{Cell, Column, Row, Table};
