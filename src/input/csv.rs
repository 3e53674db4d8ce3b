//! Tables: which column holds the name, and that field of a line.
//!
//! A line is a record; where a quoted field is left open at the end of a line (RFC 4180 allows line breaks in it), the record goes on.

use super::field;
use super::options::Column;
use super::parsed::Parsed;
use super::reject::Reason;

/// What fields are separated by; the first one wins where several are equally frequent.
pub(super) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Header words of the column that holds the name, the best one first.
const NAME_WORDS: [&str; 16] = [
    "domain", "domains", "domain_name", "domain name", "domainname", "root domain", "root_domain", "fqdn", "hostname", "host name", "origin", "host",
    "url", "website", "site", "name",
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
}

#[derive(Clone, Copy, Debug)]
struct OpenField {
    column: usize,
    lines: u64,
}

impl Table {
    /// The table that begins with the line, by the option `column`. `Err` lists the columns where it is not among them.
    pub(super) fn with_column(line: &[u8], column: &Column) -> Result<Self, Vec<String>> {
        let delimiter = delimiter(line);
        let words = words(line, delimiter);
        let rank_column = position(&words, &RANK_WORDS);
        let (name_column, header) = match column {
            Column::Name(name) => match words.iter().position(|word| *word == name.trim().to_lowercase()) {
                Some(index) => (index, true),
                None => return Err(fields(line, delimiter).map(|field| printable(field.inner)).collect()),
            },
            Column::Number(number) => match number.checked_sub(1).filter(|index| *index < words.len()) {
                Some(index) => (index, words.len() > 1 && NAME_WORDS.contains(&words[index].as_str()) || is_lone_header(&words[index..=index])),
                None => return Err(fields(line, delimiter).map(|field| printable(field.inner)).collect()),
            },
        };
        let rank_column = rank_column.filter(|_| header);
        Ok(Self { delimiter, name_column, rank_column, header: header.then(|| line.to_vec()), open: None })
    }

    /// The table that begins with the line, if the line is a header with a column for names, or its only name is in the first column.
    pub(super) fn found_out(line: &[u8]) -> Option<Self> {
        let delimiter = delimiter(line);
        let words = words(line, delimiter);
        let dotted = |word: &String| word.contains('.') && field::domain(word.as_bytes()).is_ok();
        let names = words.iter().filter(|word| dotted(word)).count();
        if names == 0 && (words.len() > 1 && !words.iter().any(|word| is_number(word)) || is_lone_header(&words)) {
            let name_column = position(&words, &NAME_WORDS)?;
            let rank_column = position(&words, &RANK_WORDS);
            return Some(Self { delimiter, name_column, rank_column, header: Some(line.to_vec()), open: None });
        }
        let first = words.len() > 1 && names == 1 && words.first().is_some_and(dotted);
        first.then_some(Self { delimiter, name_column: 0, rank_column: None, header: None, open: None })
    }

    /// Reads a line.
    pub(super) fn parse(&mut self, line: &[u8]) -> Parsed {
        let continued = self.open.take().filter(|open| open.lines < MAX_OPEN_LINES);
        if continued.is_none() {
            let text = line.trim_ascii();
            if text.is_empty() || text.starts_with(b"#") || self.header.as_deref() == Some(line) {
                return Parsed::Blank;
            }
        }
        let first = continued.map_or(0, |open| open.column);
        let mut fields = Fields { rest: Some(line), delimiter: self.delimiter, inside_quotes: continued.is_some() };
        let (mut name, mut rank, mut open) = (None, None, None);
        for (index, field) in (first..).zip(&mut fields) {
            if index == self.name_column && !(continued.is_some() && index == first) {
                name = Some(field.inner);
            } else if Some(index) == self.rank_column {
                rank = number(field.inner);
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

/// Reads a line that may begin with a rank: `name`, `rank,name`, `rank;name;more`.
pub(super) fn parse_plain(line: &[u8]) -> Parsed {
    let text = field::without_comment(line);
    if text.is_empty() {
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
            match text.windows(3).any(|window| window == b"://") {
                true => Parsed::from_field(text, None), // A URL may have commas and semicolons in it.
                false => Parsed::Rejected(Reason::SeveralFields),
            }
        }
        _ => Parsed::from_field(first, None),
    }
}

struct Field<'a> {
    /// Without the quotes around it; doubled quotes inside stay doubled, as no name has any.
    inner: &'a [u8],
    /// Whether the line ends inside the quotes.
    open: bool,
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
        let quoted = match std::mem::take(&mut self.inside_quotes) {
            true => Some(rest),
            false => begin.strip_prefix(b"\""),
        };
        let Some(inner) = quoted else {
            let end = rest.iter().position(|&byte| byte == self.delimiter);
            self.rest = end.map(|end| &rest[end + 1..]);
            return Some(Field { inner: &rest[..end.unwrap_or(rest.len())], open: false });
        };
        let Some(closing) = closing_quote(inner) else { return Some(Field { inner, open: true }) };
        let after = &inner[closing + 1..];
        self.rest = after.iter().position(|&byte| byte == self.delimiter).map(|end| &after[end + 1..]);
        Some(Field { inner: &inner[..closing], open: false })
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
    fields(line, delimiter).map(|field| printable(field::without_comment(field.inner)).to_lowercase()).collect()
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
