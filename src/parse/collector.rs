//! Gathers faults while a text is read, and makes what they quote fit for a terminal.

use std::fmt::Write as _;
use std::ops::Range;

use super::fault::{Fault, FaultKind, MAX_FAULTS_PER_KIND, Parsed};

/// Bytes of a text that a fault quotes at most.
const QUOTED_BYTES: usize = 64;

/// Faults so far, and whether one of them makes the text invalid.
pub(super) struct Collector {
    faults: Vec<Fault>,
    counts: [usize; FaultKind::ALL.len()],
    valid: bool,
}

impl Collector {
    pub(super) fn new() -> Self {
        Self { faults: Vec::new(), counts: [0; FaultKind::ALL.len()], valid: true }
    }

    /// Notes what makes the text invalid.
    pub(super) fn fatal(&mut self, kind: FaultKind, span: Range<usize>, detail: impl Into<String>) {
        self.valid = false;
        self.remark(kind, span, detail);
    }

    /// Notes what leaves the text valid.
    pub(super) fn remark(&mut self, kind: FaultKind, span: Range<usize>, detail: impl Into<String>) {
        let Some(count) = self.counts.get_mut(kind as usize) else { return };
        *count += 1;
        if *count <= MAX_FAULTS_PER_KIND {
            self.faults.push(Fault { kind, span, detail: detail.into() });
        }
    }

    pub(super) fn is_valid(&self) -> bool {
        self.valid
    }

    pub(super) fn into_parsed<T>(mut self, value: T) -> Parsed<T> {
        self.faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
        let beyond = |kind: &FaultKind| Some((*kind, self.counts.get(*kind as usize)?.checked_sub(MAX_FAULTS_PER_KIND)?));
        let omitted = FaultKind::ALL.iter().filter_map(beyond).filter(|(_, count)| *count > 0).collect();
        Parsed { value, valid: self.valid, faults: self.faults, omitted }
    }
}

/// Part of a text in quotation marks: one line, nothing that a terminal would obey, bytes that are no UTF-8 as `\xNN`.
pub(super) fn quote(text: &[u8]) -> String {
    let shown = text.get(..QUOTED_BYTES).unwrap_or(text);
    let mut quoted = String::from("\"");
    for chunk in shown.utf8_chunks() {
        quoted.extend(chunk.valid().escape_debug());
        for byte in chunk.invalid() {
            let _ = write!(quoted, "\\x{byte:02x}"); // Writing to a String cannot fail.
        }
    }
    quoted.push('"');
    if shown.len() < text.len() {
        quoted.push('…');
    }
    quoted
}

/// Runs of neighbouring bytes that satisfy the condition.
pub(super) fn runs(text: &[u8], wanted: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in text.iter().enumerate().filter(|&(_, &byte)| wanted(byte)).map(|(at, _)| at) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// White space of the grammars: WSP of RFC 5234.
pub(super) const fn is_wsp(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A control character other than HTAB.
pub(super) const fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// The text without WSP at both ends, and how much was cut in front.
pub(super) fn trim_wsp(text: &[u8]) -> (usize, &[u8]) {
    let start = text.iter().take_while(|&&byte| is_wsp(byte)).count();
    let end = text.iter().rposition(|&byte| !is_wsp(byte)).map_or(start, |at| at + 1);
    (start, text.get(start..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_disarms() {
        assert_eq!(quote(b"a\x1b[31m\n\"\xff\xc3\xa4"), "\"a\\u{1b}[31m\\n\\\"\\xffä\"");
        assert!(quote(&[b'a'; 100]).ends_with("\"…"));
        assert_eq!(quote("\u{202e}".as_bytes()), "\"\\u{202e}\"");
    }

    #[test]
    fn a_kind_is_capped_but_still_counts_as_invalid() {
        let mut collector = Collector::new();
        for at in (0..100).rev() {
            collector.remark(FaultKind::StsPolicyEmpty, at..at, "");
        }
        collector.fatal(FaultKind::StsPolicyBom, 0..1, "");
        let parsed = collector.into_parsed(());
        assert!(!parsed.valid);
        assert_eq!(parsed.faults.len(), MAX_FAULTS_PER_KIND + 1);
        assert_eq!(parsed.omitted, [(FaultKind::StsPolicyEmpty, 100 - MAX_FAULTS_PER_KIND)]);
        assert!(parsed.faults.is_sorted_by_key(|fault| fault.span.start));
    }

    #[test]
    fn runs_and_trimming() {
        assert_eq!(runs(b"ab12c3", |byte| byte.is_ascii_digit()), [2..4, 5..6]);
        assert_eq!(trim_wsp(b" \ta b\t"), (2, b"a b".as_slice()));
        assert_eq!(trim_wsp(b"  "), (2, b"".as_slice()));
    }
}
