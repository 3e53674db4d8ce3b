//! The head of an HTTP/1 response, read as leniently as a user agent may (RFC 9110 section 5.5, RFC 9112 sections 2.2, 4, 5 and 6.3).
//!
//! Mail software that retrieves policies reads HTTP by libraries that read over much: lines that go on in the next one, control
//! characters, blanks where none belong, names that are no tokens. Each such place is noted with its line and its field. Refused is only
//! what their libraries refuse, too: what does not begin as a response, a line without a colon, a NUL, and a length that is no
//! number or several numbers.

use std::fmt;

use super::collector::{quote, trim_wsp};

/// Places that are noted of one head; they are all counted.
const MAX_NOTED: usize = 32;
/// Octets of a name that are quoted.
const MAX_NAME: usize = 64;
/// What every response begins with.
const BEGINNING: &[u8] = b"HTTP/";

/// A head that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// As it was sent, `HTTP/1.1`; servers that put `HTTP/2.0` into a response of HTTP/1 are understood, too.
    pub version: String,
    /// From 100 to 999.
    pub status: u16,
    /// Names in lower case, values without white space around them and in one line, in the order received.
    pub fields: Vec<(String, Vec<u8>)>,
    /// How the body is delimited.
    pub framing: Framing,
    /// What breaks the grammar, by line; at most 32.
    pub deviations: Vec<Deviation>,
    /// How often the grammar is broken.
    pub deviation_count: usize,
}

/// Where the body ends (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    #[default]
    None,
    /// After so many octets.
    Length(u64),
    /// Where its chunks end.
    Chunked,
    /// Where the connection ends.
    ToEnd,
}

/// A place where a head breaks the grammar and can be read nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Line of the head, from 1.
    pub line: usize,
    /// Name of the field, as it was sent; empty where it is about no field.
    pub name: Vec<u8>,
    /// What is wrong.
    pub kind: DeviationKind,
}

/// How a head breaks the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviationKind {
    /// An empty line before the status line.
    EmptyLine,
    /// A status line without the blank behind the status, or with several blanks.
    StatusLine,
    /// Another version than HTTP/1.0 and HTTP/1.1, although the response is one of these.
    Version,
    /// LF alone ends the line; noted once.
    LineFeed,
    /// A value that goes on in the next line (obs-fold).
    Folded,
    /// A line that goes on with a field, where no field has begun.
    FoldedNothing,
    /// A control character in a value or a reason.
    Control(u8),
    /// White space between name and colon.
    BlankBeforeColon,
    /// A name that is no token.
    Name,
    /// A second Content-Length that says the same.
    LengthTwice,
    /// Content-Length beside Transfer-Encoding, which counts.
    LengthAndEncoding,
    /// Transfer-Encoding in HTTP/1.0, which knows none.
    EncodingInHttp10,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.name.is_empty() {
            write!(f, ", {}", quote(self.name.get(..MAX_NAME).unwrap_or(&self.name)))?;
        }
        f.write_str(": ")?;
        match self.kind {
            DeviationKind::EmptyLine => f.write_str("an empty line before the status line"),
            DeviationKind::StatusLine => f.write_str("not one blank on each side of the status"),
            DeviationKind::Version => f.write_str("another version than HTTP/1.1"),
            DeviationKind::LineFeed => f.write_str("LF without CR ends it"),
            DeviationKind::Folded => f.write_str("the value goes on in the next line"),
            DeviationKind::FoldedNothing => f.write_str("white space before the name"),
            DeviationKind::Control(octet) => write!(f, "control character 0x{octet:02x}"),
            DeviationKind::BlankBeforeColon => f.write_str("white space before the colon"),
            DeviationKind::Name => f.write_str("a name that HTTP does not allow"),
            DeviationKind::LengthTwice => f.write_str("the length is given more than once"),
            DeviationKind::LengthAndEncoding => f.write_str("a length beside Transfer-Encoding"),
            DeviationKind::EncodingInHttp10 => f.write_str("HTTP/1.0 has no Transfer-Encoding"),
        }
    }
}

/// Why a head is refused, in words for the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a head, from its first octet to its empty line.
///
/// # Errors
/// Where senders refuse it, too; see the module.
pub fn parse(octets: &[u8]) -> Result<Head, Refusal> {
    let mut reader = HeadReader::default();
    for (line, text) in (1..).zip(octets.split_inclusive(|&octet| octet == b'\n')) {
        reader.line(line, text)?;
    }
    reader.finish()
}

/// Whether what has come so far cannot become a head any more: a server that speaks another protocol may wait for its turn.
pub fn refuse_early(octets: &[u8]) -> Option<Refusal> {
    let begun = octets.iter().position(|octet| !matches!(octet, b'\r' | b'\n')).and_then(|start| octets.get(start..))?;
    (!begun.iter().zip(BEGINNING).all(|(sent, wanted)| sent == wanted)).then(|| not_http(begun))
}

fn not_http(begun: &[u8]) -> Refusal {
    // Length, type SETTINGS, no flags, stream 0 (RFC 9113 section 3.4).
    if begun.len() >= 9 && begun.get(3..9).is_some_and(|frame| frame == [4, 0, 0, 0, 0, 0]) {
        return Refusal("HTTP/2, which was not asked for".to_owned());
    }
    let line = begun.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
    Refusal(format!("no response of HTTP/1; it begins with {}", quote(line.get(..MAX_NAME).unwrap_or(line))))
}

#[derive(Default)]
struct HeadReader {
    head: Head,
    /// Name of the last field as it was sent, and its line.
    name: Vec<u8>,
    seen_status: bool,
    seen_line_feed: bool,
    /// Lines of the fields that frame the body.
    length_line: Option<usize>,
    encoding_line: Option<usize>,
}

impl HeadReader {
    fn line(&mut self, number: usize, sent: &[u8]) -> Result<(), Refusal> {
        let text = sent.strip_suffix(b"\n").unwrap_or(sent);
        let line = text.strip_suffix(b"\r").unwrap_or(text);
        if line.len() == text.len() && !self.seen_line_feed {
            self.seen_line_feed = true;
            self.note(number, b"", DeviationKind::LineFeed);
        }
        match (line, self.seen_status) {
            ([], true) => Ok(()),
            ([], false) => {
                self.note(number, b"", DeviationKind::EmptyLine);
                Ok(())
            }
            (line, false) => self.status_line(number, line),
            ([b' ' | b'\t', ..], true) => self.continuation(number, line),
            (line, true) => self.field(number, line),
        }
    }

    fn status_line(&mut self, number: usize, line: &[u8]) -> Result<(), Refusal> {
        let refused = || not_http(line);
        let after = line.strip_prefix(BEGINNING).ok_or_else(refused)?;
        let (version, after) = after.split_at(after.iter().position(|octet| *octet == b' ').ok_or_else(refused)?);
        match version {
            b"1.0" | b"1.1" => {}
            [b'1', b'.', b'2'..=b'9'] | b"2" | b"2.0" => self.note(number, b"", DeviationKind::Version),
            _ => return Err(refused()),
        }
        let blanks = after.iter().take_while(|octet| **octet == b' ').count();
        let after = after.get(blanks..).ok_or_else(refused)?;
        let (digits, reason) = after.split_at_checked(3).ok_or_else(refused)?;
        let status = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        let status = status.and_then(|digits| digits.parse().ok()).filter(|status| *status >= 100).ok_or_else(refused)?;
        if !matches!(reason, [] | [b' ', ..]) {
            return Err(refused());
        }
        if blanks > 1 || reason.is_empty() {
            self.note(number, b"", DeviationKind::StatusLine);
        }
        (self.head.version, self.head.status) = (format!("HTTP/{}", String::from_utf8_lossy(version)), status);
        self.seen_status = true;
        self.controls(number, b"", reason)
    }

    fn field(&mut self, number: usize, line: &[u8]) -> Result<(), Refusal> {
        let Some(colon) = line.iter().position(|&octet| octet == b':') else {
            let shown = quote(line.get(..MAX_NAME).unwrap_or(line));
            return Err(Refusal(format!("line {number} of the response head has no colon: {shown}")));
        };
        let (sent, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default());
        let name = sent.trim_ascii_end();
        if name.len() < sent.len() {
            self.note(number, name, DeviationKind::BlankBeforeColon);
        }
        if name.is_empty() || !name.iter().all(|&octet| is_token(octet)) {
            self.note(number, sent, DeviationKind::Name);
        }
        self.controls(number, name, value)?;
        let key = String::from_utf8_lossy(name).to_ascii_lowercase();
        match key.as_str() {
            "content-length" => self.length_line = Some(number),
            "transfer-encoding" => self.encoding_line = Some(number),
            _ => {}
        }
        self.name = name.to_vec();
        self.head.fields.push((key, in_one_line(value)));
        Ok(())
    }

    fn continuation(&mut self, number: usize, line: &[u8]) -> Result<(), Refusal> {
        let name = std::mem::take(&mut self.name);
        match self.head.fields.last_mut() {
            Some((_, value)) => {
                let more = in_one_line(line);
                if !value.is_empty() && !more.is_empty() {
                    value.push(b' ');
                }
                value.extend(more);
                self.note(number, &name, DeviationKind::Folded);
            }
            None => self.note(number, trim_wsp(line).1, DeviationKind::FoldedNothing),
        }
        let result = self.controls(number, &name, line);
        self.name = name;
        result
    }

    /// Notes the first control character; a NUL is refused.
    fn controls(&mut self, number: usize, name: &[u8], text: &[u8]) -> Result<(), Refusal> {
        if text.contains(&0) {
            let of = if name.is_empty() { String::new() } else { format!(", {}", quote(name.get(..MAX_NAME).unwrap_or(name))) };
            return Err(Refusal(format!("line {number} of the response head{of}: a NUL octet")));
        }
        if let Some(octet) = text.iter().find(|octet| octet.is_ascii_control() && **octet != b'\t') {
            self.note(number, name, DeviationKind::Control(*octet));
        }
        Ok(())
    }

    fn note(&mut self, line: usize, name: &[u8], kind: DeviationKind) {
        self.head.deviation_count += 1;
        if self.head.deviations.len() < MAX_NOTED {
            self.head.deviations.push(Deviation { line, name: name.to_vec(), kind });
        }
    }

    fn finish(mut self) -> Result<Head, Refusal> {
        if !self.seen_status {
            return Err(Refusal("no response of HTTP/1; it has no status line".to_owned()));
        }
        self.head.framing = self.framing()?;
        self.head.deviations.sort_by_key(|deviation| deviation.line);
        Ok(self.head)
    }

    fn framing(&mut self) -> Result<Framing, Refusal> {
        if matches!(self.head.status, 100..=199 | 204 | 304) {
            return Ok(Framing::None);
        }
        // A coding that changes nothing, which older servers name.
        let mut codings = self.elements("transfer-encoding").into_iter();
        let last = codings.rfind(|coding| !coding.eq_ignore_ascii_case(b"identity"));
        if let (Some(coding), Some(line)) = (last, self.encoding_line) {
            if self.head.version == "HTTP/1.0" {
                self.note(line, b"Transfer-Encoding", DeviationKind::EncodingInHttp10);
            }
            if let Some(line) = self.length_line {
                self.note(line, b"Content-Length", DeviationKind::LengthAndEncoding);
            }
            return Ok(if coding.eq_ignore_ascii_case(b"chunked") { Framing::Chunked } else { Framing::ToEnd });
        }
        let Some(line) = self.length_line else { return Ok(Framing::ToEnd) };
        let lengths = self.elements("content-length");
        let mut numbers = lengths.iter().map(|length| decimal(length).ok_or_else(|| not_a_length(length)));
        let first = numbers.next().unwrap_or_else(|| Err(not_a_length(b"")))?;
        for number in numbers {
            if number? != first {
                return Err(Refusal("Content-Length gives different lengths".to_owned()));
            }
        }
        if lengths.len() > 1 {
            self.note(line, b"Content-Length", DeviationKind::LengthTwice);
        }
        Ok(Framing::Length(first))
    }

    /// The elements of all fields of a name, as of one list (RFC 9110 section 5.3).
    fn elements(&self, name: &str) -> Vec<Vec<u8>> {
        let values = self.head.fields.iter().filter(|(field, _)| field == name);
        values.flat_map(|(_, value)| value.split(|&octet| octet == b',')).map(|element| trim_wsp(element).1.to_vec()).collect()
    }
}

fn not_a_length(length: &[u8]) -> Refusal {
    Refusal(format!("Content-Length is no number: {}", quote(length.get(..MAX_NAME).unwrap_or(length))))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    digits.parse().ok()
}

/// A value without the white space around it; a CR, which another reader may take for the end of the line, becomes a blank.
fn in_one_line(value: &[u8]) -> Vec<u8> {
    trim_wsp(value).1.iter().map(|&octet| if octet == b'\r' { b' ' } else { octet }).collect()
}

/// `tchar` of RFC 9110 section 5.6.2.
fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        parse(text.as_bytes()).unwrap_or_else(|refusal| panic!("{text:?}: {refusal}"))
    }

    fn notes(text: &str) -> Vec<String> {
        head(text).deviations.iter().map(ToString::to_string).collect()
    }

    fn fields(lines: &str) -> String {
        format!("HTTP/1.1 200 OK\r\n{lines}\r\n")
    }

    #[test]
    fn a_proper_head_has_nothing_to_note() {
        let proper = head(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8 \r\nX-\u{fc}: \u{e4}\r\nEmpty:\r\n\r\n"
                .replace("X-\u{fc}", "X-U")
                .as_str(),
        );
        assert_eq!((proper.version.as_str(), proper.status, proper.framing), ("HTTP/1.1", 200, Framing::ToEnd));
        assert_eq!(proper.fields[0], ("content-type".to_owned(), b"text/plain; charset=utf-8".to_vec()));
        assert_eq!(proper.fields[2], ("empty".to_owned(), Vec::new()));
        assert_eq!((proper.deviations, proper.deviation_count), (vec![], 0));
        for line in ["HTTP/1.0 999 x", "HTTP/1.1 404 ", "HTTP/1.1 100 \u{e9}t\u{e9}"] {
            assert_eq!(notes(&format!("{line}\r\n\r\n")), Vec::<String>::new(), "{line}");
        }
        let many: String = (0..5000).map(|n| format!("X-{n}: 1\r\n")).collect();
        assert_eq!((head(&fields(&many)).fields.len(), notes(&fields(&many)).len()), (5000, 0));
    }

    #[test]
    fn what_is_read_over_is_named() {
        for (text, expected) in [
            (fields("Set-Cookie: a=\x7f\r\n"), "line 2, \"Set-Cookie\": control character 0x7f"),
            (fields("A: b\r\nSet-Cookie: a=\x01\r\n"), "line 3, \"Set-Cookie\": control character 0x01"),
            (fields("A: b\rc\r\n"), "line 2, \"A\": control character 0x0d"),
            (fields("A: b\r\n\tc\r\n"), "line 3, \"A\": the value goes on in the next line"),
            (fields("Content-Type : text/plain\r\n"), "line 2, \"Content-Type\": white space before the colon"),
            (fields("X A: 1\r\n"), "line 2, \"X A\": a name that HTTP does not allow"),
            (fields("X(A): 1\r\n"), "line 2, \"X(A)\": a name that HTTP does not allow"),
            (fields(": 1\r\n"), "line 2: a name that HTTP does not allow"),
            (fields(" A: 1\r\n"), "line 2, \"A: 1\": white space before the name"),
            (fields("A: 1\n"), "line 2: LF without CR ends it"),
            (fields("Content-Length: 5\r\nContent-Length: 5\r\n"), "line 3, \"Content-Length\": the length is given more than once"),
            (fields("Content-Length: 5, 5\r\n"), "line 2, \"Content-Length\": the length is given more than once"),
            (
                fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
                "line 2, \"Content-Length\": a length beside Transfer-Encoding",
            ),
            ("HTTP/1.1 200\r\n\r\n".to_owned(), "line 1: not one blank on each side of the status"),
            ("HTTP/2.0 200 OK\r\n\r\n".to_owned(), "line 1: another version than HTTP/1.1"),
            ("HTTP/2 200 OK\r\n\r\n".to_owned(), "line 1: another version than HTTP/1.1"),
            ("HTTP/1.9 200 OK\r\n\r\n".to_owned(), "line 1: another version than HTTP/1.1"),
            ("HTTP/1.1  200 OK\r\n\r\n".to_owned(), "line 1: not one blank on each side of the status"),
            ("HTTP/1.1 200 O\x08K\r\n\r\n".to_owned(), "line 1: control character 0x08"),
            ("\r\nHTTP/1.1 200 OK\r\n\r\n".to_owned(), "line 1: an empty line before the status line"),
            (
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
                "line 2, \"Transfer-Encoding\": HTTP/1.0 has no Transfer-Encoding",
            ),
        ] {
            assert_eq!(notes(&text), [expected], "{text:?}");
        }
    }

    #[test]
    fn what_senders_refuse_is_refused() {
        for (text, expected) in [
            ("220 mail.example ESMTP\r\n\r\n".to_owned(), "no response of HTTP/1; it begins with \"220 mail.example ESMTP\""),
            ("HTTP/3.0 200 OK\r\n\r\n".to_owned(), "no response of HTTP/1"),
            ("HTTP/1.10 200 OK\r\n\r\n".to_owned(), "no response of HTTP/1"),
            ("HTTP/1.1 20 OK\r\n\r\n".to_owned(), "no response of HTTP/1"),
            ("HTTP/1.1 2000 OK\r\n\r\n".to_owned(), "no response of HTTP/1"),
            ("HTTP/1.1 099 OK\r\n\r\n".to_owned(), "no response of HTTP/1"),
            ("HTTP/1.1\r\n\r\n".to_owned(), "no response of HTTP/1"),
            ("\r\n\r\n".to_owned(), "it has no status line"),
            (fields("no colon\r\n"), "line 2 of the response head has no colon: \"no colon\""),
            (fields("A: \0\r\n"), "line 2 of the response head, \"A\": a NUL octet"),
            (fields("Content-Length: x\r\n"), "Content-Length is no number: \"x\""),
            (fields("Content-Length: +5\r\n"), "Content-Length is no number: \"+5\""),
            (fields("Content-Length:\r\n"), "Content-Length is no number: \"\""),
            (fields("Content-Length: 99999999999999999999\r\n"), "Content-Length is no number"),
            (fields("Content-Length: 5\r\nContent-Length: 6\r\n"), "Content-Length gives different lengths"),
        ] {
            let refusal = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(refusal.contains(expected), "{text:?}: {refusal}");
        }
    }

    #[test]
    fn other_protocols_are_refused_as_soon_as_they_show() {
        let early = |octets: &[u8]| refuse_early(octets).map(|refusal| refusal.to_string());
        for waiting in [&b""[..], b"\r\n", b"H", b"HTTP/1.", b"\r\nHTTP/1.1 2", b"HTTP/1.1 200 OK\r\n"] {
            assert_eq!(early(waiting), None);
        }
        assert_eq!(early(b"\0\0\x12\x04\0\0\0\0\0\0\x03").as_deref(), Some("HTTP/2, which was not asked for"));
        assert_eq!(early(b"SSH-2.0-x\r\n").as_deref(), Some("no response of HTTP/1; it begins with \"SSH-2.0-x\""));
        assert!(early(b"2").is_some() && early(b"\r\n\r\n220 x").is_some() && early(b"http/1.1").is_some());
    }

    #[test]
    fn bodies_are_delimited_as_the_rfc_says() {
        let framing = |lines: &str| head(&fields(lines)).framing;
        for (lines, expected) in [
            ("", Framing::ToEnd),
            ("Content-Length: 0\r\n", Framing::Length(0)),
            ("content-length : 12\r\n", Framing::Length(12)),
            ("Transfer-Encoding: Chunked\r\n", Framing::Chunked),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", Framing::Chunked),
            ("Transfer-Encoding: chunked, gzip\r\n", Framing::ToEnd),
            ("Transfer-Encoding: identity\r\nContent-Length: 3\r\n", Framing::Length(3)),
            ("Transfer-Encoding: chunked\r\nContent-Length: x\r\n", Framing::Chunked),
        ] {
            assert_eq!(framing(lines), expected, "{lines}");
        }
        for status in [101, 204, 304] {
            assert_eq!(head(&format!("HTTP/1.1 {status} x\r\nContent-Length: x\r\n\r\n")).framing, Framing::None);
        }
    }

    #[test]
    fn folded_values_are_one_line() {
        let folded = head(&fields("Content-Type: text/plain;\r\n   charset=utf-8\r\n \r\nA:\r\n b\r\n"));
        assert_eq!(folded.fields, [("content-type".to_owned(), b"text/plain; charset=utf-8".to_vec()), ("a".to_owned(), b"b".to_vec())]);
    }

    #[test]
    fn what_is_noted_is_bounded_and_counted() {
        let hostile: String = (0..10_000).map(|_| "X A : \x01\r\n").collect();
        let head = head(&fields(&hostile));
        assert_eq!((head.deviations.len(), head.deviation_count), (MAX_NOTED, 30_000));
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets: Vec<u8>, lines in "(HTTP/1\\.1 200( OK)?\r?\n)?([A-Za-z :\t\r\n\x00-\x08]{0,40}\r\n){0,4}") {
            for octets in [octets.as_slice(), lines.as_bytes()] {
                if let Ok(head) = parse(octets) {
                    proptest::prop_assert!(refuse_early(octets).is_none() && head.deviations.len() <= head.deviation_count);
                }
            }
        }
    }
}
