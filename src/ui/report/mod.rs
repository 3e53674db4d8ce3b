//! Reports: one page of HTML that needs nothing but itself, and the same for programs as CSV, JSON, SARIF and JUnit.

mod csv;
mod error;
mod html;
mod json;
mod junit;
mod sarif;

pub use self::csv::csv;
pub use self::error::ReportError;
pub use self::html::html;
pub use self::json::json;
pub use self::junit::junit;
pub use self::sarif::sarif;
