//! How a file begins: whether that is the beginning of a list at all, and its first lines for a message.

use super::reject::Reason;
use crate::escape::safe_bytes;

/// Lines that a message shows, and how much of each, in characters.
const SHOWN_LINES: usize = 3;
const SHOWN: usize = 76;
/// One octet in so many is a control character in what is no text.
const CONTROLS: usize = 20;

/// What a text is that is no list, whatever its lines hold: pages and pictures have lines that look like names.
pub(super) fn foreign(head: &[u8]) -> Option<&'static str> {
    let text = head.trim_ascii_start();
    if text.starts_with(b"<") {
        return markup(text);
    }
    if head.starts_with(b"%PDF-") {
        return Some("a PDF document");
    }
    let halves = |parity: usize| head.iter().skip(parity).step_by(2).filter(|octet| **octet == 0).count();
    let (even, odd) = (halves(0), halves(1));
    if even.max(odd) * 10 > head.len() * 3 && even.min(odd) * 20 < head.len() {
        return Some("UTF-16 text (save it as UTF-8)");
    }
    let is_control = |octet: &&u8| octet.is_ascii_control() && !b"\t\n\r\x0c".contains(octet);
    (head.iter().filter(is_control).count() * CONTROLS > head.len()).then_some("a binary file")
}

/// Markup begins with a tag; `<someone@example.com>` is none.
fn markup(text: &[u8]) -> Option<&'static str> {
    let name: Vec<u8> = text.iter().skip(1).take(64).take_while(|octet| !b" \t\r\n>".contains(octet)).map(u8::to_ascii_lowercase).collect();
    match name.first()? {
        _ if name.iter().any(|octet| b"@.".contains(octet)) => None,
        b'!' | b'a'..=b'z' if name.starts_with(b"!doctype") || name.starts_with(b"html") || contains_html(text) => Some("an HTML page"),
        b'!' | b'?' | b'/' | b'a'..=b'z' => Some("an XML or HTML document"),
        _ => None,
    }
}

fn contains_html(text: &[u8]) -> bool {
    let beginning = text.get(..1024).unwrap_or(text).to_ascii_lowercase();
    [&b"<html"[..], b"<head", b"<body", b"<!doctype html"].iter().any(|tag| beginning.windows(tag.len()).any(|window| window == *tag))
}

/// The first lines that are not blank, safe to look at.
pub(super) fn shown(head: &[u8], terminator: u8) -> String {
    let lines = (1..).zip(head.split(|octet| *octet == terminator)).filter(|(_, line)| !line.trim_ascii().is_empty());
    let shown: Vec<String> = lines.take(SHOWN_LINES).map(|(number, line)| format!("  {number}: {}", cut(line.trim_ascii_end()))).collect();
    if shown.is_empty() { "  (nothing but blank lines)".to_owned() } else { shown.join("\n") }
}

fn cut(line: &[u8]) -> String {
    let text = safe_bytes(line.get(..4 * SHOWN).unwrap_or(line));
    let short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() || line.len() > 4 * SHOWN { short + "..." } else { short }
}

/// Lines that hold no name, by what they are.
#[derive(Debug, Default)]
pub(super) struct Nameless {
    lines: u64,
    rejected: u64,
    first: Option<(u64, Reason)>,
    not_utf8: u64,
    several_fields: u64,
}

impl Nameless {
    /// Counts a line that names nothing.
    pub(super) fn blank(&mut self) {
        self.lines += 1;
    }

    /// Counts a line that is no name.
    pub(super) fn rejected(&mut self, line: u64, reason: Reason) {
        self.lines += 1;
        self.rejected += 1;
        self.not_utf8 += u64::from(reason == Reason::NotUtf8);
        self.several_fields += u64::from(reason == Reason::SeveralFields);
        self.first.get_or_insert((line, reason));
    }

    /// Whether there was anything that could have been meant as a name.
    pub(super) fn has_rejected(&self) -> bool {
        self.rejected > 0
    }

    /// Adds what another file of the same source has.
    pub(super) fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.rejected += other.rejected;
        self.not_utf8 += other.not_utf8;
        self.several_fields += other.several_fields;
        self.first = self.first.take().or(other.first);
    }

    /// What the lines are, and what to do where that can be told.
    pub(super) fn describe(&self, head: &[u8]) -> String {
        let Some((line, reason)) = &self.first else {
            return match self.lines {
                0 => "it is empty".to_owned(),
                lines => format!("its {lines} lines are blank, comments, headers, or records of a zone file that delegate nothing"),
            };
        };
        let all = format!("{} of its {} lines are no names (line {line}: {reason})", self.rejected, self.lines);
        let is_json = matches!(head.trim_ascii_start().first(), Some(b'{' | b'['));
        match self {
            _ if is_json => format!("{all}; it looks like JSON, of which only the names are to be written, one per line"),
            counts if counts.not_utf8 * 2 > counts.rejected => {
                format!("{all}; it looks like Latin-1 or another 8-bit encoding: save it as UTF-8")
            }
            counts if counts.several_fields * 2 > counts.rejected => format!("{all}; name the column that holds the names with --column"),
            _ => all,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_no_list_is_is_told_by_its_beginning() {
        for (head, expected) in [
            (&b"\n <!DOCTYPE html>\n<html>\nHome\nexample.com\n"[..], Some("an HTML page")),
            (b"<HTML><head>", Some("an HTML page")),
            (b"<!-- made by --><body>", Some("an HTML page")),
            (b"<?xml version=\"1.0\"?><Error>", Some("an XML or HTML document")),
            (b"<urlset>\n<url>", Some("an XML or HTML document")),
            (b"<someone@example.com>\n", None),
            (b"%PDF-1.7\n", Some("a PDF document")),
            (b"e\0x\0a\0m\0p\0l\0e\0", Some("UTF-16 text (save it as UTF-8)")),
            (b"\0e\0x\0a\0m\0p\0l\0e", Some("UTF-16 text (save it as UTF-8)")),
            (&[0; 100], Some("a binary file")),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0", Some("a binary file")),
            (b"example.com\n1,example.org\r\n\tx\n", None),
            (b"b\xfccher.example\n\xe4.example\n", None),
            (b"{\"domain\": \"example.com\"}\n", None),
            (b"", None),
        ] {
            assert_eq!(foreign(head), expected, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn first_lines_are_shown_without_what_acts_on_a_terminal() {
        assert_eq!(shown(b"\n\x1b[31ma\r\n\xff\nb\nc", b'\n'), "  2: \\u{1b}[31ma\n  3: \\xff\n  4: b");
        assert_eq!(shown(&[b'a'; 1000], b'\n'), format!("  1: {}...", "a".repeat(SHOWN)));
        assert_eq!(shown(b"\n\n", b'\n'), "  (nothing but blank lines)");
    }

    proptest! {
        #[test]
        fn any_beginning_is_safe(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let text = shown(&bytes, b'\n');
            prop_assert!(text.lines().count() <= SHOWN_LINES && !text.chars().any(|c| c.is_control() && c != '\n'));
            let _ = foreign(&bytes);
        }
    }
}
