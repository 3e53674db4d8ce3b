//! Does a TXT record begin with the version, was it meant to, or is it something else?

use std::ops::Range;

use super::collector::{Collector, is_control, is_wsp, quote, runs};
use super::record_kind::{RecordKind, Words};

/// What the beginning of a text makes of it.
#[derive(Debug, PartialEq)]
pub(super) enum Standing {
    /// The exact version, then a delimiter, white space or the end; the fields begin at the offset.
    Record(usize),
    /// Meant as a record.
    NearMiss(Attempt),
    /// Another kind of text.
    Unrelated,
}

/// A version that is none.
#[derive(Debug, PartialEq)]
pub(super) struct Attempt {
    /// Where the version word (`STSv1`, or what was written for it) stands.
    word: Range<usize>,
    /// Where the version field begins: at its `v`, or at the word where there is none.
    start: usize,
}

/// Looks at the beginning of a text.
pub(super) fn standing(kind: RecordKind, text: &[u8]) -> Standing {
    let words = kind.words();
    if let Some(rest) = text.strip_prefix(words.version.as_bytes())
        && rest.first().is_none_or(|&byte| byte == b';' || is_wsp(byte))
    {
        return Standing::Record(words.version.len());
    }
    let lower = text.to_ascii_lowercase();
    match find_word(words, &lower).or_else(|| find_attempt(words, &lower)) {
        Some(word) => Standing::NearMiss(Attempt { start: field_start(&lower, word.start), word }),
        None => Standing::Unrelated,
    }
}

/// `stsv1`, any digit, anywhere, not within another word.
fn find_word(words: &Words, lower: &[u8]) -> Option<Range<usize>> {
    let stem = words.stem.to_ascii_lowercase();
    let start = lower.windows(stem.len() + 1).enumerate().position(|(at, window)| {
        let own_word = at.checked_sub(1).and_then(|before| lower.get(before)).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        own_word && window.starts_with(stem.as_bytes()) && window.last().is_some_and(u8::is_ascii_digit)
    })?;
    Some(start..word_end(lower, start))
}

/// `v=`, then something that begins like the version (`sts1`, `TLSRPT1`), at the start of the text.
fn find_attempt(words: &Words, lower: &[u8]) -> Option<Range<usize>> {
    let is_junk = |byte: &u8| is_wsp(*byte) || matches!(byte, b'"' | b'\'' | b'\r' | b'\n') || !byte.is_ascii();
    let skip_junk = |text: &mut &[u8]| {
        while let Some(rest) = text.split_first().filter(|(first, _)| is_junk(first)).map(|(_, rest)| rest) {
            *text = rest;
        }
    };
    let mut rest = lower;
    skip_junk(&mut rest);
    rest = rest.strip_prefix(b"v")?;
    skip_junk(&mut rest);
    rest = rest.strip_prefix(b"=").or_else(|| rest.strip_prefix(b":"))?;
    skip_junk(&mut rest);
    let start = lower.len() - rest.len();
    words.attempts.iter().any(|attempt| rest.starts_with(attempt.as_bytes())).then(|| start..word_end(lower, start))
}

fn word_end(lower: &[u8], start: usize) -> usize {
    let length = lower.iter().skip(start).take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')).count();
    start + length
}

/// Back from the version word over `=` or `:` and quotes to a `v`, if there is one.
fn field_start(lower: &[u8], word: usize) -> usize {
    let before = lower.get(..word).unwrap_or_default();
    let back = |text: &[u8]| text.iter().rposition(|&byte| !is_wsp(byte) && byte != b'"').map_or(0, |at| at + 1);
    let key_end = before
        .get(..back(before))
        .and_then(|text| text.strip_suffix(b"=").or_else(|| text.strip_suffix(b":")))
        .map(|text| text.get(..back(text)).unwrap_or_default());
    match key_end.and_then(|text| text.strip_suffix(b"v").or_else(|| text.strip_suffix(b"version"))) {
        Some(rest) if rest.last().is_none_or(|byte| !byte.is_ascii_alphanumeric()) => rest.len(),
        _ => word,
    }
}

impl Attempt {
    /// Notes how the text misses and says which part of it holds the fields, if that is clear.
    pub(super) fn report(&self, kind: RecordKind, text: &[u8], faults: &mut Collector) -> Option<Range<usize>> {
        let words = kind.words();
        let part = |range: Range<usize>| text.get(range).unwrap_or_default();
        let (prefix, rest) = (part(0..self.start), part(self.word.end..text.len()));
        let field = self.start..self.word.end;
        let unknown = self.is_unknown_version(words, text);
        if unknown {
            faults.fatal(words.unknown_version, field.clone(), quote(part(field.clone())));
        }
        if !unknown || self.start != 0 || !part(field.clone()).starts_with(b"v=") {
            faults.fatal(words.near_miss, field.clone(), quote(part(field.clone())));
        }
        if let Some(kind) = words.version_case.filter(|_| self.is_wrong_case(words, text)) {
            faults.fatal(kind, field.clone(), quote(part(field.clone())));
        }
        if let Some(kind) = words.policy_keys.filter(|_| part(field.clone()).to_ascii_lowercase().starts_with(b"version")) {
            faults.remark(kind, field.clone(), quote(part(field)));
        }
        self.report_prefix(words, prefix, faults);
        let quoted = is_quoted(prefix, text);
        if quoted {
            faults.fatal(words.literal_quotes, self.start.saturating_sub(1)..self.start, "");
        }
        let delimiter = rest.iter().take_while(|&&byte| is_wsp(byte)).count();
        if let Some(kind) = words.escaped_semicolon.filter(|_| rest.get(delimiter..).unwrap_or_default().starts_with(b"\\;")) {
            let at = self.word.end + delimiter;
            faults.fatal(kind, at..at + 2, "");
            return Some(at + 1..text.len());
        }
        let separated = rest.first().is_none_or(|&byte| byte == b';' || is_wsp(byte));
        let first = !prefix.contains(&b';');
        (separated && first).then(|| self.word.end..text.len() - usize::from(quoted && text.ends_with(b"\"")))
    }

    fn report_prefix(&self, words: &Words, prefix: &[u8], faults: &mut Collector) {
        let spaces = prefix.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if spaces > 0 {
            faults.fatal(words.leading_space, 0..spaces, "");
        }
        if prefix.contains(&b';') || prefix.contains(&b'=') {
            faults.fatal(words.version_not_first, 0..self.start, quote(prefix));
        }
    }

    /// Written like the version, with another number.
    fn is_unknown_version(&self, words: &Words, text: &[u8]) -> bool {
        let word = text.get(self.word.clone()).unwrap_or_default();
        let number = word.get(words.stem.len()..).unwrap_or_default();
        let is_stem = word.get(..words.stem.len()).is_some_and(|stem| stem.eq_ignore_ascii_case(words.stem.as_bytes()));
        is_stem && number != b"1" && !number.is_empty() && number.iter().all(|&byte| byte.is_ascii_digit() || byte == b'.')
    }

    fn is_wrong_case(&self, words: &Words, text: &[u8]) -> bool {
        let stem = text.get(self.word.start..self.word.start.saturating_add(words.stem.len())).unwrap_or_default();
        let wrong_stem = stem.eq_ignore_ascii_case(words.stem.as_bytes()) && stem != words.stem.as_bytes();
        wrong_stem || text.get(self.start) == Some(&b'V')
    }
}

/// Whether a quotation mark stands directly before the version field, or begins and ends the text.
fn is_quoted(prefix: &[u8], text: &[u8]) -> bool {
    prefix.ends_with(b"\"") || prefix.ends_with(b"'") || (text.len() > 1 && text.starts_with(b"\"") && text.ends_with(b"\""))
}

/// Notes bytes that no record may hold (RFC 8461 section 3.1: US-ASCII; control characters are in no rule of the grammar).
pub(super) fn report_bytes(kind: RecordKind, text: &[u8], faults: &mut Collector) {
    for run in runs(text, |byte| !byte.is_ascii()) {
        faults.fatal(kind.words().non_ascii, run.clone(), quote(text.get(run).unwrap_or_default()));
    }
    for run in runs(text, is_control) {
        faults.fatal(kind.words().control_char, run.clone(), format!("control character {}", quote(text.get(run).unwrap_or_default())));
    }
}
