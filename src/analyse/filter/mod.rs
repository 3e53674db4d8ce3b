//! Which domains of a dataset are looked at: the conditions of `--where`.
//!
//! A condition is `COLUMN OPERATOR VALUE`, as `posture=enforce`. All conditions of a filter have to hold.
//! - Columns are the flat ones of the schema, `finding` (the codes of a domain's findings) and `carried.NAME`.
//! - `=` and `!=` take alternatives, separated by commas, in which `*` stands for any text; an empty one stands for no value. A list fits
//!   where any of its elements does. Case does not matter.
//! - `<`, `<=`, `>` and `>=` compare numbers, times (a day, or RFC 3339) and severities (none, info, low, medium, high).
//! - A backslash takes its meaning from the character after it.

mod condition;
mod field;
mod pattern;

pub use self::condition::{Filter, FilterError, GRAMMAR};
pub(super) use self::condition::{exact_text, unknown_carried};
pub(super) use self::pattern::alternatives;
