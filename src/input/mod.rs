//! From lists to targets: a stream in bounded memory, every line accounted for.
//!
//! A list consists of lines; each one ends as a row, rejected, a duplicate, excluded, not selected, or blank: see [`Accounting`].
//! The steps and their order are those of [`InputOptions`]; the formats are detected from the content:
//!
//! * names, one per line, or `rank,name` (Tranco, Umbrella), the separator a comma, semicolon or tab;
//! * tables with a header that has a column for names (CrUX, Majestic, Cloudflare Radar), or with the column named by the user;
//! * DNS master files: the owners of NS records of class IN, but not the zone's apex nor the root;
//! * each of them plain, gz, zst or zip (all members in their order, each with a format of its own; neither folders nor what macOS leaves
//!   behind).
//!
//! A name may be written as a person would write it: any case, U-labels, trailing dot, quotes, URL, e-mail address, wildcard. The
//! service labels `_mta-sts.` and `_smtp._tls.` stand for the domain below them. `#` begins a comment, at the beginning of a line or
//! after white space, `;` at the beginning of a line that it does not separate; in a zone file anywhere. What stands above a header, and the
//! line `sep=;` of spreadsheets, is no part of a list. A list that yields no name is an error.

mod archive;
mod beginning;
mod csv;
mod decode;
mod distinct;
mod download;
mod error;
mod field;
mod format;
mod known_list;
mod lines;
mod options;
mod preparation;
mod reader;
mod reject;
mod selection;
mod source;
mod spool;
mod targets;
#[cfg(test)]
mod tests;
mod zone;

pub use self::known_list::{KnownList, Told, bucket};

pub(crate) use self::error::{InputError, disk_advice, is_full_disk};
pub(crate) use self::field::Carried;
pub use self::options::{Column, InputOptions};
pub(crate) use self::options::{Sample, Shard};
pub(crate) use self::preparation::Preparation;
pub(crate) use self::reject::{Duplicate, LinesCsv, ListLine, Rejected, tame};
pub use self::source::{Source, list_name};
pub use self::targets::{Accounting, Input, Target};
