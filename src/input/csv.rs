//! Tables: which column holds the name, and that field of a line.
//!
//! A line is a record; where a quoted field is left open at the end of a line (RFC 4180 allows line breaks in it), the record goes on.
//!
//! By hand and not by `csv-core`, whose state machine takes what lists have otherwise: white space before a quote is not part of the
//! field here, what follows a closing quote is ignored, a stray quote swallows 100 lines at most, every line has its own number and
//! outcome, and a field is a slice of its line, without a copy.

use super::field::{self, Parsed, carried_cell};
use super::options::Column;
use super::reject::Reason;
use crate::name::Domain;

/// What fields are separated by; the first one wins where several are equally frequent.
pub(super) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Header words of the column that holds the name, the best one first.
const NAME_WORDS: [&str; 16] = [
    "domain",
    "domains",
    "domain_name",
    "domain name",
    "domainname",
    "root domain",
    "root_domain",
    "fqdn",
    "hostname",
    "host name",
    "origin",
    "host",
    "url",
    "website",
    "site",
    "name",
];
/// Header words that are no top-level domain, so that a line that is nothing else is a header.
const LONE_WORDS: [&str; 7] = ["domain", "domains", "domain_name", "domain name", "domainname", "fqdn", "hostname"];
const RANK_WORDS: [&str; 5] = ["rank", "globalrank", "global_rank", "global rank", "position"];
/// So many lines may pass until an open quote is taken for a stray one.
const MAX_OPEN_LINES: u64 = 100;

/// The layout of a table, and the quoted field that is open.
#[derive(Clone, Debug)]
pub(super) struct Table {
    delimiter: u8,
    /// From 0.
    name_column: usize,
    rank_column: Option<usize>,
    /// The header line, which may come again where files were put together.
    header: Option<Vec<u8>>,
    open: Option<OpenField>,
    /// Columns to be carried, and what they hold on the last line.
    carry: Vec<(usize, Option<String>)>,
}

#[derive(Clone, Copy, Debug)]
struct OpenField {
    column: usize,
    lines: u64,
}

impl Table {
    /// The table that begins with the line, by the option `column`. `Err` lists the columns where it is not among them.
    pub(super) fn with_column(line: &[u8], column: &Column, separator: Option<u8>) -> Result<Self, Vec<String>> {
        let delimiter = separator.unwrap_or_else(|| delimiter(line));
        let words = words(line, delimiter);
        let rank_column = position(&words, &RANK_WORDS);
        let (name_column, header) = match column {
            Column::Name(name) => match words.iter().position(|word| *word == name.trim().to_lowercase()) {
                Some(index) => (index, true),
                None => return Err(headings(line, delimiter)),
            },
            Column::Number(number) => match number.checked_sub(1).filter(|index| *index < words.len()) {
                Some(index) => {
                    (index, words.len() > 1 && NAME_WORDS.contains(&words[index].as_str()) || is_lone_header(&words[index..=index]))
                }
                None => return Err(headings(line, delimiter)),
            },
        };
        let rank_column = rank_column.filter(|_| header);
        Ok(Self { delimiter, name_column, rank_column, header: header.then(|| line.to_vec()), open: None, carry: Vec::new() })
    }

    /// The table that begins with the line, if the line is a header with a column for names.
    pub(super) fn with_header(line: &[u8], separator: Option<u8>) -> Option<Self> {
        let delimiter = separator.unwrap_or_else(|| delimiter(line));
        let words = words(line, delimiter);
        let is_header = words.len() > 1 && !words.iter().any(|word| is_number(word)) || is_lone_header(&words);
        if !is_header || words.iter().any(is_dotted) {
            return None;
        }
        let name_column = position(&words, &NAME_WORDS)?;
        let rank_column = position(&words, &RANK_WORDS);
        Some(Self { delimiter, name_column, rank_column, header: Some(line.to_vec()), open: None, carry: Vec::new() })
    }

    /// The table without a header that begins with the line, if the only name on it is in the first column.
    pub(super) fn names_first(line: &[u8], separator: Option<u8>) -> Option<Self> {
        let delimiter = separator.unwrap_or_else(|| delimiter(line));
        let words = words(line, delimiter);
        let names = words.iter().filter(|word| is_dotted(word)).count();
        let first = words.len() > 1 && names == 1 && words.first().is_some_and(is_dotted);
        first.then_some(Self { delimiter, name_column: 0, rank_column: None, header: None, open: None, carry: Vec::new() })
    }

    /// Whether the table was found by its header.
    pub(super) fn has_header(&self) -> bool {
        self.header.is_some()
    }

    /// Whether it has a header of several columns.
    pub(super) fn has_columns(&self) -> bool {
        self.header.as_deref().is_some_and(|header| fields(header, self.delimiter).count() > 1)
    }

    /// Carries columns along, by their names in the header. `Err` lists the columns that there are, none where there is no header.
    pub(super) fn carry(&mut self, names: &[String]) -> Result<(), (String, Vec<String>)> {
        let header = self.header.as_deref().unwrap_or_default();
        let words = words(header, self.delimiter);
        for name in names {
            match words.iter().position(|word| *word == name.trim().to_lowercase()) {
                Some(index) => self.carry.push((index, None)),
                None if self.header.is_none() => return Err((name.clone(), Vec::new())),
                None => return Err((name.clone(), headings(header, self.delimiter))),
            }
        }
        Ok(())
    }

    /// What the carried columns held on the line of the last name, in the order in which they were asked for.
    pub(super) fn carried(&self) -> impl Iterator<Item = Option<&str>> {
        self.carry.iter().map(|(_, value)| value.as_deref())
    }

    /// Reads a line.
    pub(super) fn parse(&mut self, line: &[u8]) -> Parsed {
        let continued = self.open.take().filter(|open| open.lines < MAX_OPEN_LINES);
        if continued.is_none() {
            let text = line.trim_ascii();
            let is_comment = text.starts_with(b"#") || text.starts_with(b";") && self.delimiter != b';';
            if text.is_empty() || is_comment || self.header.as_deref() == Some(line) {
                return Parsed::Blank;
            }
        }
        let first = continued.map_or(0, |open| open.column);
        let mut fields = Fields { rest: Some(line), delimiter: self.delimiter, inside_quotes: continued.is_some() };
        let (mut name, mut rank, mut open) = (None, None, None);
        self.carry.iter_mut().for_each(|(_, value)| *value = None);
        for (index, field) in (first..).zip(&mut fields) {
            if index == self.name_column && !(continued.is_some() && index == first) {
                name = Some(field.inner);
            } else if Some(index) == self.rank_column {
                rank = number(field.inner);
            }
            for (_, value) in self.carry.iter_mut().filter(|(carried, _)| *carried == index) {
                *value = carried_cell(field.inner);
            }
            open = field.open.then(|| OpenField { column: index, lines: continued.map_or(0, |open| open.lines) + 1 });
        }
        self.open = open;
        match name {
            Some(name) => Parsed::from_field(name, rank),
            None if continued.is_some() => Parsed::Rejected(Reason::OpenQuote),
            None => Parsed::Rejected(Reason::NoColumn(self.name_column + 1)),
        }
    }
}

/// The separator that a first line `sep=;` names, as spreadsheets write it.
pub(super) fn separator(line: &[u8]) -> Option<u8> {
    let text = line.trim_ascii();
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let (word, rest) = text.split_at_checked(4)?;
    match rest {
        [separator] if word.eq_ignore_ascii_case(b"sep=") => Some(*separator),
        [] if word.eq_ignore_ascii_case(b"sep=") && line.ends_with(b"\t") => Some(b'\t'),
        _ => None,
    }
}

/// Whether a domain of several labels stands in any field of the line, however its fields are separated.
pub(super) fn holds_domain(line: &[u8], separator: Option<u8>) -> bool {
    words(line, separator.unwrap_or_else(|| delimiter(line))).iter().any(is_dotted)
}

fn is_dotted(word: &String) -> bool {
    word.contains('.') && field::domain(word.as_bytes()).is_ok()
}

/// Reads a line that may begin with a rank: `name`, `rank,name`, `rank;name;more`.
pub(super) fn parse_plain(line: &[u8]) -> Parsed {
    if let Some(domain) = Domain::from_plain(line) {
        return Parsed::Name(domain, None);
    }
    let text = field::without_comment(line);
    if text.is_empty() || text.starts_with(b";") {
        return Parsed::Blank;
    }
    let Some(delimiter) = text.iter().copied().find(|byte| matches!(byte, b',' | b';' | b'\t')) else {
        return Parsed::from_field(text, None);
    };
    let mut fields = fields(text, delimiter).map(|field| field.inner);
    let first = fields.next().unwrap_or_default();
    match fields.next() {
        Some(name) if is_number(&printable(first)) => Parsed::from_field(name, number(first)),
        Some(second) if !second.trim_ascii().is_empty() || fields.any(|field| !field.trim_ascii().is_empty()) => {
            if text.windows(3).any(|window| window == b"://") {
                Parsed::from_field(text, None)
            } else {
                Parsed::Rejected(Reason::SeveralFields)
            }
        }
        _ => Parsed::from_field(first, None),
    }
}

struct Field<'a> {
    /// Without the quotes around it; doubled quotes inside stay doubled, as no name has any.
    inner: &'a [u8],
    /// Whether there are quotes around it.
    quoted: bool,
    /// Whether the line ends inside the quotes.
    open: bool,
}

impl Field<'_> {
    /// What it says as the heading of a column: quotes inside quotes are doubled, and a comment stands outside of them.
    fn heading(&self) -> String {
        if self.quoted { printable(self.inner).replace("\"\"", "\"") } else { printable(field::without_comment(self.inner)) }
    }
}

struct Fields<'a> {
    rest: Option<&'a [u8]>,
    delimiter: u8,
    inside_quotes: bool,
}

fn fields(line: &[u8], delimiter: u8) -> Fields<'_> {
    Fields { rest: Some(line), delimiter, inside_quotes: false }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let rest = self.rest.take()?;
        let begin = rest.trim_ascii_start();
        let quoted = if std::mem::take(&mut self.inside_quotes) { Some(rest) } else { begin.strip_prefix(b"\"") };
        let Some(inner) = quoted else {
            let end = rest.iter().position(|&byte| byte == self.delimiter);
            self.rest = end.map(|end| &rest[end + 1..]);
            return Some(Field { inner: &rest[..end.unwrap_or(rest.len())], quoted: false, open: false });
        };
        let Some(closing) = closing_quote(inner) else { return Some(Field { inner, quoted: true, open: true }) };
        let after = &inner[closing + 1..];
        self.rest = after.iter().position(|&byte| byte == self.delimiter).map(|end| &after[end + 1..]);
        Some(Field { inner: &inner[..closing], quoted: true, open: false })
    }
}

/// Position of the first quote that is not doubled.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|&byte| byte == b'"')?;
        if text.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

fn delimiter(line: &[u8]) -> u8 {
    let count = |delimiter: u8| fields(line, delimiter).count();
    DELIMITERS.into_iter().rev().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

/// The fields of a line in lower case, without white space and comments.
fn words(line: &[u8], delimiter: u8) -> Vec<String> {
    fields(line, delimiter).map(|field| field.heading().to_lowercase()).collect()
}

/// The fields of a header as they are written.
fn headings(line: &[u8], delimiter: u8) -> Vec<String> {
    fields(line, delimiter).map(|field| field.heading()).collect()
}

fn printable(field: &[u8]) -> String {
    String::from_utf8_lossy(field.trim_ascii()).into_owned()
}

fn is_lone_header(words: &[String]) -> bool {
    matches!(words, [word] if LONE_WORDS.contains(&word.as_str()))
}

fn position(words: &[String], wanted: &[&str]) -> Option<usize> {
    wanted.iter().find_map(|wanted| words.iter().position(|word| word == wanted))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(field: &[u8]) -> Option<i32> {
    std::str::from_utf8(field.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str], column: Option<Column>) -> Vec<String> {
        let first = lines[0].as_bytes();
        let mut table = match column {
            Some(column) => Table::with_column(first, &column, None).unwrap(),
            None => found_out(first).unwrap(),
        };
        lines.iter().map(|line| shown(table.parse(line.as_bytes()))).collect()
    }

    fn found_out(line: &[u8]) -> Option<Table> {
        Table::with_header(line, None).or_else(|| Table::names_first(line, None))
    }

    fn shown(parsed: Parsed) -> String {
        match parsed {
            Parsed::Blank => "-".to_owned(),
            Parsed::Name(domain, None) => domain.to_string(),
            Parsed::Name(domain, Some(rank)) => format!("{rank}:{domain}"),
            Parsed::Rejected(reason) => format!("!{reason}"),
        }
    }

    fn plain(line: &str) -> String {
        shown(parse_plain(line.as_bytes()))
    }

    #[test]
    fn headers_tell_the_columns() {
        let crux = ["origin,rank", "https://www.google.com,1000", "http://example.com:8080,5000", "origin,rank", "", "# note"];
        assert_eq!(read(&crux, None), ["-", "1000:www.google.com", "5000:example.com", "-", "-", "-"]);
        let majestic = [
            "GlobalRank,TldRank,Domain,TLD,RefSubNets,RefIPs,IDN_Domain,IDN_TLD,PrevGlobalRank,PrevTldRank,PrevRefSubNets,PrevRefIPs",
            "1,1,google.com,com,489234,2375437,google.com,com,1,1,488934,2370613",
            "7,1,xn--bcher-kva.de,de,1,1,b\u{fc}cher.de,de,7,1,1,1",
        ];
        assert_eq!(read(&majestic, None), ["-", "1:google.com", "7:xn--bcher-kva.de"]);
        assert_eq!(read(&["domain", "google.com"], None), ["-", "google.com"]);
        assert_eq!(read(&["rank,domain,categories", "1,google.com,\"Search; \"\"x\"\"\""], None), ["-", "1:google.com"]);
        assert_eq!(read(&["Company;Domain Name", "\"Acme; Inc\"; \"Example.COM\" # main"], None), ["-", "example.com"]);
        assert_eq!(read(&["example.com,Acme Ltd", "example.org,\"b.com, Inc\""], None), ["example.com", "example.org"]);
    }

    #[test]
    fn a_line_that_names_no_column_is_no_table() {
        for line in
            ["example.com", "1,example.com", "com", "name", "site", "a.com,b.com", "", "Acme Ltd,example.com,x", "https://a.com/x#y"]
        {
            assert!(found_out(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn the_column_can_be_named() {
        let lines = ["Owner\tSite\tRank", "Acme\texample.com\t3", "Acme"];
        let expected = ["-", "3:example.com", "!the line has no column 2"];
        assert_eq!(read(&lines, Some(Column::Name("site".to_owned()))), expected);
        assert_eq!(read(&lines, Some(Column::Number(2))), expected);
        assert_eq!(read(&["Acme,example.com", ",,"], Some(Column::Number(2))), ["example.com", "!no name"]);
        let missing = Table::with_column(b"Owner,\"Web site\"", &Column::Name("domain".to_owned()), None).unwrap_err();
        assert_eq!(missing, ["Owner", "Web site"]);
        assert!(Table::with_column(b"a,b", &Column::Number(3), None).is_err());
    }

    #[test]
    fn headings_are_read_as_cells_are() {
        let header = br#"domain,"a ""b""","Unit #2","x, y",z # note"#;
        let mut table = found_out(header).unwrap();
        table.carry(&["A \"B\"", "unit #2", "x, y", "z"].map(str::to_owned)).unwrap();
        assert_eq!(shown(table.parse(br#"example.com,1,"2 ""q""",3,4"#)), "example.com");
        assert_eq!(table.carried().map(Option::unwrap).collect::<Vec<_>>(), ["1", "2 \"q\"", "3", "4"]);
        let (wanted, known) = found_out(header).unwrap().carry(&["a b".to_owned()]).unwrap_err();
        assert_eq!((wanted.as_str(), known), ("a b", ["domain", "a \"b\"", "Unit #2", "x, y", "z"].map(str::to_owned).to_vec()));
        let quoted = Table::with_column(br#""the ""domain""",x"#, &Column::Name("the \"domain\"".to_owned()), None);
        assert_eq!(quoted.unwrap().name_column, 0);
    }

    #[test]
    fn a_quoted_field_may_go_on() {
        let lines = ["owner,address,domain", "Acme,\"12 High St", "London\",example.com", "B,\"x\ny\",example.org", "C,\"open,example.net"];
        let expected = ["-", "!the line has no column 3", "example.com", "example.org", "!the line has no column 3"];
        assert_eq!(read(&lines, None), expected);
        let first = ["domain,address", "example.com,\"12 High St", "London\"", "example.org,x"];
        assert_eq!(read(&first, None), ["-", "example.com", "!inside a quoted field that an earlier line leaves open", "example.org"]);
    }

    #[test]
    fn a_stray_quote_does_not_swallow_the_table() {
        let mut table = found_out(b"domain,x").unwrap();
        let taken = (0..300).filter(|index| {
            let line = if *index == 0 { "example.com,\"stray" } else { "example.com,x" };
            matches!(table.parse(line.as_bytes()), Parsed::Name(..))
        });
        assert_eq!(taken.count(), 1 + 300 - 100);
    }

    #[test]
    fn plain_lines_may_have_a_rank() {
        for (line, expected) in [
            ("1,google.com", "1:google.com"),
            ("\"2\",\"google.com\"", "2:google.com"),
            ("3;google.com;more", "3:google.com"),
            ("4\tgoogle.com", "4:google.com"),
            ("99999999999,google.com", "google.com"),
            ("1,com", "1:com"),
            ("  google.com  # a, b", "google.com"),
            ("google.com,", "google.com"),
            ("https://google.com/a,b;c", "google.com"),
            ("", "-"),
            (" \t", "-"),
            ("# comment", "-"),
            ("a.com,b.com", "!several fields: say which column holds the name (--column)"),
            ("1,", "!no name"),
            (",", "!no name"),
            ("12345", "!the last label is a number, which no top-level domain is"),
        ] {
            assert_eq!(plain(line), expected, "{line:?}");
        }
    }
}
