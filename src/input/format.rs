//! What kind of list a file is, by its content, and one line of it.

use super::csv::{self, Table};
use super::field::Parsed;
use super::options::Column;
use super::zone::{self, Zone};

/// Lines that may stand above a header.
const MAX_ABOVE: usize = 200;

/// The format of a list.
#[derive(Clone, Debug)]
pub(super) struct Format {
    kind: Kind,
    /// Lines that are still to come and stand above the list: a title above a header, `sep=;`. None of them holds a name.
    above: usize,
}

/// The kind of a list.
#[derive(Clone, Debug)]
enum Kind {
    /// Names, with or without a rank before them.
    Plain,
    /// A table with a column for names.
    Table(Table),
    /// A DNS master file.
    Zone(Zone),
}

/// The beginning of a list, by its whole lines.
struct Beginning<'a> {
    /// Lines with their places, those left out that are blank or comments.
    lines: Vec<(usize, &'a [u8])>,
    /// What the line `sep=;` says, which spreadsheets write.
    delimiter: Option<u8>,
    /// Lines up to that one.
    above: usize,
}

impl Format {
    /// Decides by the first line that holds a domain or names columns; what stands above a header is no part of the list.
    ///
    /// `beginning` is the beginning of the list, `whole` whether it is all of it.
    ///
    /// # Errors
    /// The columns that there are, where `column` is not among them.
    pub(super) fn find_out(beginning: &[u8], whole: bool, terminator: u8, column: Option<&Column>) -> Result<Self, Vec<String>> {
        let begin = Beginning::new(beginning, whole, terminator);
        let plain = Self { kind: Kind::Plain, above: begin.above };
        if let Some(column) = column {
            // Nothing but comments: there is no name that could be missed.
            return if whole && begin.lines.is_empty() { Ok(plain) } else { begin.with_column(column) };
        }
        match begin.lines.first() {
            Some((_, line)) if begin.delimiter.is_none() && zone::is_zone_line(line) => {
                Ok(Self { kind: Kind::Zone(Zone::new()), above: 0 })
            }
            _ => Ok(begin.found_out().unwrap_or(plain)),
        }
    }

    /// Carries columns along. `Err`: the column that is missing, and those that there are.
    pub(super) fn carry(&mut self, names: &[String]) -> Result<(), (String, Vec<String>)> {
        match (&mut self.kind, names) {
            (_, []) => Ok(()),
            (Kind::Table(table), names) => table.carry(names),
            (Kind::Plain | Kind::Zone(_), [name, ..]) => Err((name.clone(), Vec::new())),
        }
    }

    /// What the carried columns held on the line of the last name.
    pub(super) fn carried(&self) -> impl Iterator<Item = Option<&str>> {
        let table = if let Kind::Table(table) = &self.kind { Some(table) } else { None };
        table.into_iter().flat_map(Table::carried)
    }

    /// Passes over a line that is too long to be read.
    pub(super) fn pass(&mut self) {
        self.above = self.above.saturating_sub(1);
    }

    /// Reads a line.
    pub(super) fn parse(&mut self, line: &[u8]) -> Parsed {
        if self.above > 0 {
            self.above -= 1;
            return Parsed::Blank;
        }
        match &mut self.kind {
            Kind::Plain => csv::parse_plain(line),
            Kind::Table(table) => table.parse(line),
            Kind::Zone(zone) => zone.parse(line),
        }
    }
}

impl<'a> Beginning<'a> {
    fn new(beginning: &'a [u8], whole: bool, terminator: u8) -> Self {
        let end = if whole { Some(beginning.len()) } else { beginning.iter().rposition(|&byte| byte == terminator) };
        let complete = end.and_then(|end| beginning.get(..end)).unwrap_or_default();
        let lines = complete.split(|&byte| byte == terminator).map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let mut begin = Self { lines: Vec::new(), delimiter: None, above: 0 };
        for (place, line) in lines.enumerate() {
            match line.trim_ascii().first() {
                None | Some(b'#') => {}
                Some(b';') if begin.delimiter != Some(b';') => {}
                Some(_) if begin.lines.is_empty() && begin.delimiter.is_none() && csv::separator(line).is_some() => {
                    (begin.delimiter, begin.above) = (csv::separator(line), place + 1);
                }
                Some(_) => begin.lines.push((place, line)),
            }
            if begin.lines.len() >= MAX_ABOVE {
                break;
            }
        }
        begin
    }

    /// The lines up to the first one that holds a domain: above that, or on it, a header has to stand.
    fn upper(&self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let holding = self.lines.iter().position(|(_, line)| csv::holds_domain(line, self.delimiter));
        self.lines.iter().take(holding.map_or(usize::MAX, |place| place + 1)).copied()
    }

    /// The table that there is without being told of it: with a header, or with its only names in the first column.
    fn found_out(&self) -> Option<Format> {
        let mut names_above = false;
        for (place, line) in self.upper() {
            if let Some(table) = Table::with_header(line, self.delimiter) {
                // A lone word is a header only where nothing above could be a name itself.
                let is_header = table.has_columns() || !names_above;
                return is_header.then_some(Format { kind: Kind::Table(table), above: place });
            }
            if let Some(table) = Table::names_first(line, self.delimiter) {
                return Some(Format { kind: Kind::Table(table), above: self.above });
            }
            names_above |= matches!(csv::parse_plain(line), Parsed::Name(..));
        }
        None
    }

    fn with_column(&self, column: &Column) -> Result<Format, Vec<String>> {
        let mut first = None;
        for (place, line) in self.upper() {
            match Table::with_column(line, column, self.delimiter) {
                Ok(table) => {
                    let above = if table.has_header() { place } else { self.above };
                    return Ok(Format { kind: Kind::Table(table), above });
                }
                Err(columns) => drop(first.get_or_insert(columns)),
            }
        }
        Err(first.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, column: Option<Column>) -> Vec<String> {
        let mut format = Format::find_out(text.as_bytes(), true, b'\n', column.as_ref()).unwrap();
        let shown = |parsed| match parsed {
            Parsed::Blank => "-".to_owned(),
            Parsed::Name(domain, None) => domain.to_string(),
            Parsed::Name(domain, Some(rank)) => format!("{rank}:{domain}"),
            Parsed::Rejected(reason) => format!("!{reason}"),
        };
        text.lines().map(|line| shown(format.parse(line.as_bytes()))).collect()
    }

    #[test]
    fn semicolons_begin_comments_where_they_do_not_separate() {
        assert_eq!(read("; ours\nexample.com\n  ; no longer\n;example.org\n", None), ["-", "example.com", "-", "-"]);
        assert_eq!(read("; ours\nrank,domain\n; first\n1,example.com\n", None), ["-", "-", "-", "1:example.com"]);
        assert_eq!(read("owner;domain\n;example.com\nAcme;example.org\n", None), ["-", "example.com", "example.org"]);
    }

    #[test]
    fn a_header_may_stand_further_down() {
        let text = "Portfolio\nExported 2026-11-28 by sales\n\nRank,Domain\n1,example.com\n";
        assert_eq!(read(text, None), ["-", "-", "-", "-", "1:example.com"]);
        let named = "Our sites\nOwner;Web\nAcme;example.com\n";
        assert_eq!(read(named, Some(Column::Name("web".to_owned()))), ["-", "-", "example.com"]);
        assert_eq!(read(named, Some(Column::Number(2))).last().unwrap(), "example.com");
    }

    #[test]
    fn no_name_is_taken_for_a_title() {
        // What looks like a header below names is none.
        assert_eq!(read("example.org\nrank,domain\n1,example.com\n", None)[0], "example.org");
        assert_eq!(read("com\nnet\nhostname\nexample.com\n", None), ["com", "net", "hostname", "example.com"]);
        assert_eq!(read("1,example.org\nrank,domain\n", None)[0], "1:example.org");
    }

    #[test]
    fn spreadsheets_name_their_separator() {
        for sep in ["sep=;", "SEP=;", "\"sep=;\""] {
            assert_eq!(read(&format!("{sep}\nRank;Domain\n1;example.com\n"), None), ["-", "-", "1:example.com"]);
        }
        assert_eq!(read("sep=:\ndomain:owner, unit, place\nexample.com:a, b, c\n", None), ["-", "-", "example.com"]);
        assert_eq!(read("sep=,\nexample.com\n", None), ["-", "example.com"]);
        assert_eq!(read("sep=;\nexample.com;Acme\n;nobody\n", None), ["-", "example.com", "!no name"]);
        assert_eq!(read("example.com\nsep=;\n", None)[0], "example.com");
    }
}
