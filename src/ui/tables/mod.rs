//! Tables of figures as text for a terminal, Markdown, CSV and JSON. Names in them come from the network, so each form is made safe.

pub(super) mod data;
mod figures;
mod markdown;
mod terminal;

pub use self::data::{csv, json};
pub use self::figures::{accounting_line, counted, grouped, unmade};
pub(in crate::ui) use self::figures::{parts, wholes};
pub use self::markdown::markdown;
pub use self::terminal::terminal;
