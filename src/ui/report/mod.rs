//! Reports: one page of HTML that needs nothing but itself, and the same for programs as CSV, JSON, SARIF and JUnit.

mod data;
mod html;
mod junit;
mod sarif;

pub use self::data::{ReportError, csv, json};
pub(crate) use self::html::{Handout, index, index_csv};
pub use self::html::{html, manual};
pub use self::junit::junit;
pub use self::sarif::sarif;
