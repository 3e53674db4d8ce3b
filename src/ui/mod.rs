//! What a person or a program sees: the progress of a scan as a bar or JSON lines, tables of figures, safe text.

mod bar;
pub mod changes;
pub mod facts;
mod json;
mod progress;
mod rates;
pub mod report;
pub mod tables;
pub mod text;

pub use self::progress::{Progress, ProgressKind};
