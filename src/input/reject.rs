//! Lines that are no domain name: why, and the file that lists them.

use std::fmt;
use std::io::{self, Write};

use super::lines::MAX_LINE;
use crate::name::NameError;

/// How much of a rejected line is kept, in characters.
pub const MAX_TEXT: usize = 1000;

/// Why a line gives no target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The text is no domain name.
    Name(NameError),
    /// The last label is a number: no top-level domain is one (RFC 3696 section 2).
    NumericTld,
    /// Longer than 64 KiB.
    LineTooLong,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// Several fields, and nothing says which one holds the name.
    SeveralFields,
    /// The line has fewer fields than the number of the column, from 1.
    NoColumn(usize),
    /// The line continues a quoted field that an earlier line leaves open, and does not reach the column.
    OpenQuote,
    /// Folding was asked for and the name is itself a public suffix.
    PublicSuffix,
    /// Zone file: a relative name, and no `$ORIGIN` or no earlier owner to complete it.
    NoOrigin,
    /// Zone file: a record without a type.
    NoType,
    /// Zone file: `$INCLUDE` and `$GENERATE` are not followed.
    Directive,
    /// Zone file: a parenthesis stays open for too many lines.
    OpenParenthesis,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(fault) => fault.fmt(f),
            Self::NumericTld => f.write_str("the last label is a number, which no top-level domain is"),
            Self::LineTooLong => write!(f, "the line is longer than {MAX_LINE} bytes"),
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::SeveralFields => f.write_str("several fields: say which column holds the name (--column)"),
            Self::NoColumn(number) => write!(f, "the line has no column {number}"),
            Self::OpenQuote => f.write_str("inside a quoted field that an earlier line leaves open"),
            Self::PublicSuffix => f.write_str("a public suffix, which has no registrable domain"),
            Self::NoOrigin => f.write_str("zone file: a relative name without an $ORIGIN or an earlier owner"),
            Self::NoType => f.write_str("zone file: a record without a type"),
            Self::Directive => f.write_str("zone file: this directive is not followed"),
            Self::OpenParenthesis => f.write_str("zone file: a parenthesis is not closed"),
        }
    }
}

/// A line that gives no target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected<'a> {
    /// The source as the user named it.
    pub source: &'a str,
    /// Line number within the source, from 1.
    pub line: u64,
    /// The line, at most [`MAX_TEXT`] characters, as it was; `rejected.csv` has a form that is safe to look at.
    pub text: String,
    /// Why.
    pub reason: Reason,
}

/// The beginning of a line, for [`Rejected::text`]; bytes that are not UTF-8 as U+FFFD.
pub(super) fn cut(line: &[u8]) -> String {
    let line = &line[..line.len().min(MAX_TEXT * 4)];
    String::from_utf8_lossy(line).chars().take(MAX_TEXT).collect()
}

/// A line whose name an earlier line has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate<'a> {
    /// The source as the user named it.
    pub source: &'a str,
    /// Line number within the source, from 1.
    pub line: u64,
    /// The line, at most [`MAX_TEXT`] characters, as it was.
    pub text: String,
    /// The name that it came to, folded where names are.
    pub domain: &'a str,
}

/// A line that gives no row of its own, as a file beside the rows tells of it.
pub(crate) trait ListLine {
    /// What the last of the columns `source,line,text,...` is called.
    const LAST: &'static str;

    /// Source, number, text and what is told of it, as they are.
    fn cells(&self) -> [String; 4];
}

impl ListLine for Rejected<'_> {
    const LAST: &'static str = "reason";

    fn cells(&self) -> [String; 4] {
        [self.source.to_owned(), self.line.to_string(), self.text.clone(), self.reason.to_string()]
    }
}

impl ListLine for Duplicate<'_> {
    const LAST: &'static str = "domain";

    fn cells(&self) -> [String; 4] {
        [self.source.to_owned(), self.line.to_string(), self.text.clone(), self.domain.to_owned()]
    }
}

/// Writes lines of one kind, as `rejected.csv` and `duplicates.csv` have them: quoted by RFC 4180.
///
/// So that the file does no harm in a terminal or a spreadsheet, control characters, line and paragraph separators and the marks that
/// change the direction of writing are written as `\u{1b}`, a backslash as `\\`, and a cell whose first visible character is one of
/// `= + - @` gets an apostrophe in front.
pub(crate) struct LinesCsv<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> LinesCsv<W> {
    /// Writes the header line, with the name of the last column.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn new(writer: W, last: &str) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(["source", "line", "text", last])?;
        Ok(Self { writer })
    }

    /// Writes a line.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn write(&mut self, line: &impl ListLine) -> io::Result<()> {
        Ok(self.writer.write_record(line.cells().map(|cell| tame(&cell)))?)
    }

    /// Writes what is still buffered.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// A cell of CSV that does no harm; see [`LinesCsv`].
pub(crate) fn tame(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@']);
    let mut tamed = String::with_capacity(text.len() + 1);
    if formula {
        tamed.push('\'');
    }
    for c in text.chars() {
        match c {
            '\\' => tamed.push_str("\\\\"),
            c if c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') =>
            {
                tamed.extend(c.escape_unicode());
            }
            c => tamed.push(c),
        }
    }
    tamed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut csv = LinesCsv::new(&mut bytes, Rejected::LAST).unwrap();
        csv.write(&Rejected { source: "a.csv", line: 7, text: text.to_owned(), reason: Reason::NotUtf8 }).unwrap();
        csv.finish().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_cell_does_no_harm() {
        for (text, cell) in [
            ("a b", "a b"),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            (" @SUM(1)", "' @SUM(1)"),
            ("\x1b]0;x\x07", "\\u{1b}]0;x\\u{7}"),
            ("a\\b", "a\\\\b"),
            ("\u{202e}moc", "\\u{202e}moc"),
        ] {
            assert_eq!(written(text), format!("source,line,text,reason\na.csv,7,{cell},not UTF-8\n"), "{text:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        assert_eq!(cut("ü".repeat(5000).as_bytes()), "ü".repeat(1000));
        assert_eq!(cut(b"\xff\xfea"), "\u{fffd}\u{fffd}a");
    }

    proptest! {
        #[test]
        fn any_text_is_one_record(text in any::<String>()) {
            let file = written(&text);
            let mut reader = csv::Reader::from_reader(file.as_bytes());
            let records: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(records.len(), 1);
            prop_assert_eq!(file.lines().count(), 2);
            prop_assert!(!file.contains(|c: char| c.is_control() && c != '\n'));
        }
    }
}
