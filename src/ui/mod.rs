//! What a person or a program sees: the progress of a scan as a bar or JSON lines, tables of figures, safe text.

pub mod changes;
pub mod facts;
pub mod mail_servers;
pub mod manual;
pub mod metrics;
mod progress;
pub(crate) mod provenance;
pub mod report;
pub mod tables;
pub mod text;
pub mod waived;

pub use self::progress::{FileProgress, Progress, ProgressKind};
