//! From datasets to answers: figures, differences, audits. Nothing here sends a packet.
//!
//! [`Scan::open_all`] opens datasets; what is read from them goes into a [`Table`], whose cells are addressed by name. Tables know
//! nothing of terminals or files: `ui` prints them.

pub mod diff;
pub mod expect;
pub(crate) mod export;
pub mod filter;
pub mod gate;
mod provenance;
mod reclassify;
pub(crate) mod report;
mod rows;
mod scans;
pub mod senders;
mod split;
pub mod stats;
mod table;

pub use self::provenance::Provenance;
pub use self::reclassify::reclassify;
pub(crate) use self::reclassify::{Changes, CodeChange};
pub(crate) use self::scans::AnalyseError;
pub use self::scans::Scan;
pub(crate) use self::split::{Share, Shares};
pub(crate) use self::table::Interval;
pub use self::table::{Cell, Column, Row, Table};
