//! From line to field: `key ":" *WSP value *WSP`, and everything that keeps a line from being one.

use std::ops::Range;

use super::key::Key;
use super::lines::Line;
use crate::parse::collector::{Collector, is_control, is_wsp, quote, runs, trim_wsp};
use crate::parse::fault::FaultKind;
use crate::parse::tag_list::is_extension_name;

/// A line that has a key and a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'t> {
    /// Where the key begins in the body.
    pub(super) start: usize,
    /// A name by the grammar.
    pub(super) key: &'t [u8],
    /// Where the value begins in the body.
    pub(super) value_start: usize,
    /// The value without WSP at its ends.
    pub(super) value: &'t [u8],
    /// Whether bytes that no line may hold have spoilt it already.
    pub(super) spoilt: bool,
}

impl Field<'_> {
    pub(super) fn key_span(&self) -> Range<usize> {
        self.start..self.start + self.key.len()
    }

    pub(super) fn value_span(&self) -> Range<usize> {
        self.value_start..self.value_start + self.value.len()
    }
}

/// What a line turned out to be.
pub(super) enum LineContent<'t> {
    /// A field.
    Field(Field<'t>),
    /// No field, but probably meant as one of this key.
    Attempt(Key),
    /// Something else.
    Junk,
}

/// Reads a line and notes what is wrong with its frame; the value is not judged.
pub(super) fn read<'t>(line: Line<'t>, faults: &mut Collector) -> LineContent<'t> {
    let spoilt = report_bytes(line, faults);
    let (start, text) = strip_leading_space(line, faults);
    let end = start + text.len();
    if text.starts_with(b"#") || text.starts_with(b";") || text.starts_with(b"//") {
        faults.fatal(FaultKind::StsPolicyComment, start..end, quote(text));
        return LineContent::Junk;
    }
    let colon = text.iter().position(|&byte| byte == b':');
    let before = colon.and_then(|colon| text.get(..colon)).unwrap_or_default();
    let key = before.trim_ascii_end();
    let Some(colon) = colon.filter(|_| is_extension_name(key)) else {
        if !spoilt {
            faults.fatal(FaultKind::StsPolicyLineSyntax, start..end, quote(text));
        }
        return Key::at_start(text).map_or(LineContent::Junk, |(key, _)| LineContent::Attempt(key));
    };
    if key.len() < before.len() {
        faults.fatal(FaultKind::StsPolicySpaceBeforeColon, start + key.len()..start + before.len(), "");
    }
    let after = text.get(colon + 1..).unwrap_or_default();
    let (skipped, value) = trim_wsp(after);
    let value_start = start + colon + 1 + skipped;
    if value_start + value.len() < end {
        faults.remark(FaultKind::StsPolicyTrailingSpace, value_start + value.len()..end, "");
    }
    LineContent::Field(Field { start, key, value_start, value, spoilt })
}

/// `sts-policy-ext-value`: not empty, UTF-8 without control characters. Notes how the value fails.
pub(super) fn report_extension_value(field: &Field<'_>, faults: &mut Collector) {
    if field.spoilt {
        return;
    }
    if field.value.is_empty() {
        faults.fatal(FaultKind::StsPolicyLineSyntax, field.key_span(), "no value");
    }
    for tab in runs(field.value, |byte| byte == b'\t') {
        faults.fatal(FaultKind::StsPolicyControlChar, field.value_start + tab.start..field.value_start + tab.end, "tab");
    }
}

/// Notes bytes that no line may hold and says whether there are any.
fn report_bytes(line: Line<'_>, faults: &mut Collector) -> bool {
    let mut at = line.start;
    let mut spoilt = false;
    for chunk in line.text.utf8_chunks() {
        at += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            faults.fatal(FaultKind::StsPolicyNotUtf8, at..at + chunk.invalid().len(), quote(chunk.invalid()));
            spoilt = true;
        }
        at += chunk.invalid().len();
    }
    for run in runs(line.text, is_control) {
        let detail = quote(line.text.get(run.clone()).unwrap_or_default());
        faults.fatal(FaultKind::StsPolicyControlChar, line.start + run.start..line.start + run.end, detail);
        spoilt = true;
    }
    spoilt
}

/// The line without white space in front, which is a fault whatever it consists of.
fn strip_leading_space<'t>(line: Line<'t>, faults: &mut Collector) -> (usize, &'t [u8]) {
    let (mut start, mut text) = (line.start, line.text);
    loop {
        let wsp = text.iter().take_while(|&&byte| is_wsp(byte)).count();
        let (kind, length) = match wsp {
            0 => (FaultKind::StsPolicyNbsp, leading_unicode_space(text)),
            _ => (FaultKind::StsPolicyLeadingSpace, wsp),
        };
        if length == 0 {
            return (start, text);
        }
        faults.fatal(kind, start..start + length, "");
        start += length;
        text = text.get(length..).unwrap_or_default();
    }
}

/// Length of the white space outside US-ASCII that a text begins with.
fn leading_unicode_space(text: &[u8]) -> usize {
    let valid = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    valid.len() - valid.trim_start_matches(is_unicode_space).len()
}

/// A space that Unicode knows and WSP does not: no-break space, ideographic space, ...
pub(super) fn is_unicode_space(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii()
}
