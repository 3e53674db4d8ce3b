//! `v=...; name=value; ...`: the list of fields that both records are (RFC 8461 section 3.1, RFC 8460 section 3).

use std::ops::Range;

use super::collector::{Collector, is_control, is_wsp, quote, trim_wsp};
use super::record_kind::RecordKind;
use super::version::{Standing, report_bytes, standing};

/// One field, without the white space round it.
pub(super) struct Field<'t> {
    /// Where it begins in the record.
    pub(super) start: usize,
    /// Its text.
    pub(super) text: &'t [u8],
    /// Whether it is spoilt already (a byte that no record may hold, no semicolon before it), so that nothing more is to be said of it.
    pub(super) spoilt: bool,
}

impl<'t> Field<'t> {
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// What stands before the first `=`, exactly; `None` without one.
    pub(super) fn name(&self) -> Option<&'t [u8]> {
        self.text.iter().position(|&byte| byte == b'=').and_then(|at| self.text.get(..at))
    }

    /// What stands after the first `=`, and where.
    pub(super) fn value(&self) -> (usize, &'t [u8]) {
        let at = self.name().map_or(self.text.len(), |name| name.len() + 1);
        (self.start + at, self.text.get(at..).unwrap_or_default())
    }

    /// The name as it was probably meant (`id` of `ID : 1`): lower case, up to `=`, `:` or white space.
    pub(super) fn meant_name(&self) -> Vec<u8> {
        let end = self.text.iter().position(|&byte| is_wsp(byte) || matches!(byte, b'=' | b':')).unwrap_or(self.text.len());
        self.text.get(..end).unwrap_or_default().to_ascii_lowercase()
    }

    /// What follows the name as it was probably meant, trimmed.
    pub(super) fn meant_value(&self) -> (usize, &'t [u8]) {
        let after = self.meant_name().len();
        let rest = self.text.get(after..).unwrap_or_default();
        let skipped = rest.iter().take_while(|&&byte| is_wsp(byte) || matches!(byte, b'=' | b':')).count();
        (self.start + after + skipped, rest.get(skipped..).unwrap_or_default().trim_ascii_end())
    }

    /// `sts-extension` and `tlsrpt-extension`: also what a field that has to be ignored must be.
    pub(super) fn is_extension(&self) -> bool {
        let is_value_byte = |byte: &u8| byte.is_ascii_graphic() && *byte != b'=' && *byte != b';';
        let value = self.value().1;
        self.name().is_some_and(is_extension_name) && !value.is_empty() && value.iter().all(is_value_byte)
    }
}

/// `(ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")`, the same in records and policies.
pub(super) fn is_extension_name(name: &[u8]) -> bool {
    name.len() <= 32
        && name.first().is_some_and(u8::is_ascii_alphanumeric)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The fields of a record.
pub(super) struct TagList<'t> {
    /// Whether the text begins with the exact version, so that a missing field is worth a word.
    pub(super) is_record: bool,
    /// In order; none where a near miss leaves open where they are.
    pub(super) fields: Vec<Field<'t>>,
}

/// Cuts a record into fields and notes every fault of its frame: version, delimiters, bytes.
pub(super) fn read<'t>(kind: RecordKind, text: &'t [u8], faults: &mut Collector) -> TagList<'t> {
    report_bytes(kind, text, faults);
    let standing = standing(kind, text);
    let is_record = matches!(standing, Standing::Record(_));
    let range = match standing {
        Standing::Record(start) => {
            let spaces = text.iter().skip(start).take_while(|&&byte| is_wsp(byte)).count();
            if spaces > 0 && text.get(start + spaces) == Some(&b';') {
                faults.remark(kind.words().version_space, start..start + spaces, "");
            }
            Some(start..text.len())
        }
        Standing::NearMiss(attempt) => attempt.report(kind, text, faults),
        Standing::Unrelated => {
            faults.fatal(kind.words().unrelated_txt, 0..text.len(), quote(text));
            None
        }
    };
    TagList { is_record, fields: range.map(|range| split(kind, text, range, faults)).unwrap_or_default() }
}

fn split<'t>(kind: RecordKind, text: &'t [u8], range: Range<usize>, faults: &mut Collector) -> Vec<Field<'t>> {
    let words = kind.words();
    let body = text.get(range.clone()).unwrap_or_default();
    let last = body.split(|&byte| byte == b';').count().saturating_sub(1);
    let (mut fields, mut at) = (Vec::new(), range.start);
    for (index, segment) in body.split(|&byte| byte == b';').enumerate() {
        let (skipped, trimmed) = trim_wsp(segment);
        let (start, end) = (at + skipped, at + segment.len());
        at = end + 1;
        let missing_semicolon = index == 0 && !trimmed.is_empty();
        if missing_semicolon {
            faults.fatal(words.field_syntax, range.start..start, "no semicolon after the version");
        }
        if index == last && segment.last().is_some_and(|&byte| is_wsp(byte)) && (index == 0 || !trimmed.is_empty()) {
            faults.fatal(words.trailing_space, start + trimmed.len()..end, "");
        }
        if trimmed.is_empty() {
            if index != 0 && index != last {
                faults.fatal(words.empty_field, at.saturating_sub(2 + segment.len())..at, "");
            }
            continue;
        }
        if let Some(kind) = words.escaped_semicolon.filter(|_| index != last && trimmed.ends_with(b"\\")) {
            faults.remark(kind, end.saturating_sub(1)..at, "");
        }
        let spoilt = missing_semicolon || trimmed.iter().any(|&byte| !byte.is_ascii() || is_control(byte));
        fields.push(Field { start, text: trimmed, spoilt });
    }
    fields
}
