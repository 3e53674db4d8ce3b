//! The dataset of TLS reports: one row per report and policy, its failures nested, in Parquet parts of its own.
//!
//! On disk:
//! ```text
//! DIR/.lock                        held while the folder is written
//! DIR/manifest.json                the run; a part that it does not list does not exist
//! DIR/reports/part-00000.parquet   rows in the order in which the reports were found
//! DIR/rejected.csv                 what gave no report: file, where in it, why
//! ```
//! The manifest lists nothing until the run has come to its end: what a run leaves that was interrupted is written anew.

mod columns;
mod manifest;
mod reader;
mod row;
mod writer;

pub(crate) use self::columns::{schema as reports_schema, words};
pub(in crate::dataset) use self::manifest::REPORTS_SCHEMA_VERSION;
pub use self::manifest::{ReportsManifest, ReportsOrigin, ReportsPart};
pub use self::reader::{ReportsReader, is_reports, verify};
pub use self::row::{FailureRow, ReportRow};
pub use self::writer::ReportsWriter;

#[cfg(test)]
mod tests;
