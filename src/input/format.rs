//! What kind of list a file is, by its content, and one line of it.

use super::csv::{self, Table};
use super::field::Parsed;
use super::options::Column;
use super::zone::{self, Zone};

/// The kind of a list.
#[derive(Clone, Debug)]
pub(super) enum Format {
    /// Names, with or without a rank before them.
    Plain,
    /// A table with a column for names.
    Table(Table),
    /// A DNS master file.
    Zone(Zone),
}

impl Format {
    /// Decides by the first line that is neither blank nor a comment.
    ///
    /// `beginning` is the beginning of the list, `whole` whether it is all of it.
    ///
    /// # Errors
    /// The columns that there are, where `column` is not among them.
    pub(super) fn find_out(beginning: &[u8], whole: bool, terminator: u8, column: Option<&Column>) -> Result<Self, Vec<String>> {
        let first = first_line(beginning, whole, terminator, b"#");
        if let Some(column) = column {
            return match first {
                Some(line) => Table::with_column(line, column).map(Self::Table),
                None if whole => Ok(Self::Plain), // Nothing but comments: there is no name that could be missed.
                None => Err(Vec::new()),
            };
        }
        if first_line(beginning, whole, terminator, b"#;").is_some_and(zone::is_zone_line) {
            return Ok(Self::Zone(Zone::new()));
        }
        Ok(first.and_then(Table::found_out).map_or(Self::Plain, Self::Table))
    }

    /// Carries columns along. `Err`: the column that is missing, and those that there are.
    pub(super) fn carry(&mut self, names: &[String]) -> Result<(), (String, Vec<String>)> {
        match (self, names) {
            (_, []) => Ok(()),
            (Self::Table(table), names) => table.carry(names),
            (Self::Plain | Self::Zone(_), [name, ..]) => Err((name.clone(), Vec::new())),
        }
    }

    /// What the carried columns held on the line of the last name.
    pub(super) fn carried(&self) -> impl Iterator<Item = Option<&str>> {
        let table = if let Self::Table(table) = self { Some(table) } else { None };
        table.into_iter().flat_map(Table::carried)
    }

    /// Reads a line.
    pub(super) fn parse(&mut self, line: &[u8]) -> Parsed {
        match self {
            Self::Plain => csv::parse_plain(line),
            Self::Table(table) => table.parse(line),
            Self::Zone(zone) => zone.parse(line),
        }
    }
}

fn first_line<'a>(beginning: &'a [u8], whole: bool, terminator: u8, comment: &[u8]) -> Option<&'a [u8]> {
    let complete = if whole { beginning } else { &beginning[..beginning.iter().rposition(|&byte| byte == terminator)?] };
    let lines = complete.split(|&byte| byte == terminator).map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.into_iter().find(|line| line.trim_ascii().first().is_some_and(|byte| !comment.contains(byte)))
}
