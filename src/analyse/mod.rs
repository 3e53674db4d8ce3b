//! From datasets to answers: figures, differences, audits. Nothing here sends a packet.
//!
//! [`Scan::open_all`] opens datasets; what is read from them goes into a [`Table`], whose cells are addressed by name. Tables know
//! nothing of terminals or files: `ui` prints them.

pub mod diff;
mod error;
pub mod export;
mod interval;
mod reclassify;
pub mod report;
mod scans;
pub mod stats;
mod table;

pub use self::error::AnalyseError;
pub use self::interval::{Interval, wilson};
pub use self::reclassify::{Changes, CodeChange, reclassify};
pub use self::scans::Scan;
pub use self::table::{Cell, Column, Row, Table};
