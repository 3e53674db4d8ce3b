//! Reports: one page of HTML that needs nothing but itself, and the same for programs as CSV, JSON, SARIF and JUnit.
//!
//! The page is written in one go: its head, the most urgent domains, figures and explanations as HTML that needs no script; then the
//! other domains, packed, which the script unpacks as they are asked for. A content security policy lets nothing run but that script,
//! known by its hash, and nothing be loaded from anywhere.

mod adoption;
mod codes;
mod csv;
mod domain;
mod error;
mod escape;
mod evidence;
mod json;
mod junit;
mod list;
mod method;
mod packed;
mod page;
mod plots;
mod portfolio;
mod sarif;
mod tables;

pub use self::csv::csv;
pub use self::error::ReportError;
pub use self::json::json;
pub use self::junit::junit;
pub use self::page::html;
pub use self::sarif::sarif;

/// Appends to a text; that cannot fail.
macro_rules! put {
    ($out:expr, $($argument:tt)*) => {{
        let _ = std::fmt::Write::write_fmt($out, format_args!($($argument)*));
    }};
}
use put;
