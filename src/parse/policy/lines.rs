//! From body to lines: terminators, blank lines, and the places where a line was meant to end and does not.

use std::ops::Range;

use super::key::Key;
use crate::parse::collector::{Collector, is_wsp, quote, trim_wsp};
use crate::parse::fault::FaultKind;

/// One line without its terminator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    /// Where it begins in the body.
    pub(super) start: usize,
    /// Its bytes.
    pub(super) text: &'t [u8],
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.text.iter().all(|&byte| is_wsp(byte))
    }
}

/// The lines that hold something. `sts-policy-term` is LF or CRLF, decided line by line; a CR elsewhere ends a line only here, so that
/// one lost LF does not hide all other faults.
pub(super) fn split<'t>(body: &'t [u8], from: usize, faults: &mut Collector) -> Vec<Line<'t>> {
    let mut lines = Vec::new();
    let mut terminators = Terminators::default();
    let mut start = from;
    for piece in body.get(from..).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
        let text = match piece.strip_suffix(b"\n") {
            None => piece,
            Some(text) => {
                let stripped = text.strip_suffix(b"\r");
                terminators.count(stripped.is_some(), start + text.len());
                stripped.unwrap_or(text)
            }
        };
        split_at_cr(Line { start, text }, &mut lines, faults);
        start += piece.len();
    }
    terminators.report(faults);
    report_blank(&lines, body.len(), faults);
    lines.retain(|line| !line.is_blank());
    lines
}

/// How lines end.
#[derive(Default)]
struct Terminators {
    first_lf: Option<usize>,
    first_crlf: Option<usize>,
}

impl Terminators {
    fn count(&mut self, crlf: bool, at: usize) {
        let first = if crlf { &mut self.first_crlf } else { &mut self.first_lf };
        first.get_or_insert(at);
    }

    fn report(&self, faults: &mut Collector) {
        match (self.first_lf, self.first_crlf) {
            (Some(lf), None) => faults.remark(FaultKind::StsPolicyEolLf, lf..lf + 1, ""),
            (Some(lf), Some(crlf)) => faults.remark(FaultKind::StsPolicyEolMixed, lf.max(crlf)..lf.max(crlf) + 1, ""),
            (None, _) => {}
        }
    }
}

fn split_at_cr<'t>(line: Line<'t>, lines: &mut Vec<Line<'t>>, faults: &mut Collector) {
    let mut start = line.start;
    let mut pieces = line.text.split(|&byte| byte == b'\r').peekable();
    let whole = !line.text.contains(&b'\r');
    while let Some(text) = pieces.next() {
        if whole || !text.is_empty() {
            lines.push(Line { start, text });
        }
        start += text.len();
        if pieces.peek().is_some() {
            faults.fatal(FaultKind::StsPolicyBareCr, start..start + 1, "");
            start += 1;
        }
    }
}

fn report_blank(lines: &[Line<'_>], end: usize, faults: &mut Collector) {
    let content = lines.iter().rposition(|line| !line.text.is_empty()).map_or(0, |at| at + 1);
    let (before, trailing) = lines.split_at_checked(content).unwrap_or((lines, &[]));
    for line in before.iter().filter(|line| line.is_blank()) {
        faults.fatal(FaultKind::StsPolicyBlankLine, line.start..line.start + line.text.len(), "");
    }
    if let Some(first) = trailing.first() {
        faults.fatal(FaultKind::StsPolicyTrailingBlankLine, first.start..end, "");
    }
}

/// Cuts a line of a known key where its author believed that it ends; each such place is a fault.
pub(super) fn cut<'t>(line: Line<'t>, pieces: &mut Vec<Line<'t>>, faults: &mut Collector) {
    let mut rest = line;
    if Key::at_start(trim_wsp(rest.text).1).is_some() {
        while let Some((kind, at)) = missed_end(rest.text) {
            faults.fatal(kind, rest.start + at.start..rest.start + at.end, quote(rest.text.get(at.clone()).unwrap_or_default()));
            pieces.push(Line { start: rest.start, text: rest.text.get(..at.start).unwrap_or_default() });
            rest = Line { start: rest.start + at.end, text: rest.text.get(at.end..).unwrap_or_default() };
        }
    }
    pieces.push(rest);
}

/// The first place in a line where something stands for a line's end: written-out escapes, vertical tab and form feed,
/// the separators of Unicode, or just the next field.
fn missed_end(text: &[u8]) -> Option<(FaultKind, Range<usize>)> {
    const MARKS: &[(&[u8], FaultKind)] = &[
        (b"\\r\\n", FaultKind::StsPolicyEscapedNewline),
        (b"\\n", FaultKind::StsPolicyEscapedNewline),
        (b"\x0b", FaultKind::StsPolicyControlChar),
        (b"\x0c", FaultKind::StsPolicyControlChar),
        ("\u{85}".as_bytes(), FaultKind::StsPolicyLineSeparator),
        ("\u{2028}".as_bytes(), FaultKind::StsPolicyLineSeparator),
        ("\u{2029}".as_bytes(), FaultKind::StsPolicyLineSeparator),
    ];
    (0..text.len()).find_map(|at| {
        let (before, rest) = text.split_at_checked(at)?;
        let marked = MARKS.iter().find(|(mark, _)| rest.starts_with(mark)).map(|(mark, kind)| (*kind, at..at + mark.len()));
        marked.or_else(|| next_field(before, rest).map(|length| (FaultKind::StsPolicySingleLine, at..at + length)))
    })
}

/// Length of the white space, comma or semicolon between a value and a further `key:` of the policy.
fn next_field(before: &[u8], text: &[u8]) -> Option<usize> {
    let separates = |byte: &u8| is_wsp(*byte) || matches!(byte, b',' | b';');
    // Only from the first of several separators on, so that a long run of them is not walked again from each.
    if before.last().is_none_or(|byte| separates(byte) || *byte == b':') {
        return None;
    }
    let length = text.iter().take_while(|byte| separates(byte)).count();
    let rest = text.get(length..).unwrap_or_default();
    (length > 0 && Key::at_start(rest).is_some_and(|(_, after)| rest.get(after) == Some(&b':'))).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &[u8]) -> (Vec<&[u8]>, Vec<FaultKind>) {
        let mut faults = Collector::new();
        let mut pieces = Vec::new();
        for line in split(body, 0, &mut faults) {
            assert_eq!(body.get(line.start..line.start + line.text.len()), Some(line.text));
            cut(line, &mut pieces, &mut faults);
        }
        let parsed = faults.into_parsed(());
        (pieces.into_iter().map(|line| line.text).collect(), parsed.faults.iter().map(|fault| fault.kind).collect())
    }

    #[test]
    fn where_lines_end() {
        use FaultKind::*;
        let (a, b): (&[u8], &[u8]) = (b"mode: a", b"x");
        for (body, kinds) in [
            (b"mode: a\nx".as_slice(), vec![StsPolicyEolLf]),
            (b"mode: a\r\nx", vec![]),
            (b"mode: a\r\nx\n", vec![StsPolicyEolMixed]),
            (b"mode: a\rx\r\n", vec![StsPolicyBareCr]),
            (b"mode: a\r\r\nx", vec![StsPolicyBareCr]),
            (b"mode: a\r\nx\r", vec![StsPolicyBareCr]),
            (b"\r\nmode: a\r\n\r\nx\r\n", vec![StsPolicyBlankLine, StsPolicyBlankLine]),
            (b"mode: a\r\nx\r\n\r\n\r\n", vec![StsPolicyTrailingBlankLine]),
            (b"mode: a\r\nx\r\n ", vec![StsPolicyBlankLine]),
            (b"mode: a\\nx", vec![StsPolicyEscapedNewline]),
            (b"mode: a\x0bx", vec![StsPolicyControlChar]),
            ("mode: a\u{2028}x".as_bytes(), vec![StsPolicyLineSeparator]),
        ] {
            assert_eq!(texts(body), (vec![a, b], kinds), "{:?}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn fields_in_one_line() {
        let (pieces, kinds) = texts(b"version: STSv1; mode: none,max_age: 1 mx:a");
        assert_eq!(pieces, [b"version: STSv1".as_slice(), b"mode: none", b"max_age: 1", b"mx:a"]);
        assert_eq!(kinds, [FaultKind::StsPolicySingleLine; 3]);
        assert_eq!(texts(b"mx: mx: a").1, []);
        assert_eq!(texts(b"note: see mode: x").1, []);
    }
}
