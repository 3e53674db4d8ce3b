//! From lines to a policy: the first of a kind counts, all mx count, unknown fields are ignored (RFC 8461 section 3.2).

use std::collections::HashSet;
use std::ops::Range;

use super::field::{self, Field, LineContent, is_unicode_space, report_extension_value};
use super::judge;
use super::key::Key;
use super::lines::{Line, cut, split};
use super::value::{Mode, Policy};
use crate::parse::collector::{Collector, quote};
use crate::parse::fault::FaultKind;

/// More patterns than any mail system has hosts for.
const MANY_PATTERNS: usize = 30;

/// Reads the lines of a body from an offset on.
pub(super) fn read(body: &[u8], from: usize, faults: &mut Collector) -> Policy {
    let mut pieces = Vec::new();
    for line in split(body, from, faults) {
        cut(line, &mut pieces, faults);
    }
    let mut reader = Reader::default();
    for line in pieces.into_iter().filter(|line| !line.text.is_empty()) {
        reader.line(line, faults);
    }
    reader.finish(body.len(), faults)
}

#[derive(Default)]
struct Reader<'t> {
    policy: Policy,
    /// Keys that were found or at least attempted.
    seen: Vec<Key>,
    /// Whether a field came before the one being read.
    has_fields: bool,
    /// Where mode and max_age have their values.
    mode_span: Range<usize>,
    max_age_span: Range<usize>,
    /// Patterns in lower case, and how many there were.
    patterns: HashSet<String>,
    pattern_count: usize,
    /// Fields of other names; what to say of them depends on what else there is.
    unknown: Vec<Field<'t>>,
}

impl<'t> Reader<'t> {
    fn line(&mut self, line: Line<'t>, faults: &mut Collector) {
        let field = match field::read(line, faults) {
            LineContent::Field(field) => field,
            LineContent::Attempt(key) => return self.note(key),
            LineContent::Junk => return,
        };
        match Key::exact(field.key) {
            None => {
                report_extension_value(&field, faults);
                self.unknown.push(field);
            }
            Some(key) if key != Key::Mx && self.seen.contains(&key) => {
                faults.remark(FaultKind::StsPolicyDuplicateField, field.key_span(), quote(field.key));
                report_extension_value(&field, faults);
            }
            Some(key) => self.known(key, &field, faults),
        }
        self.has_fields = true;
    }

    fn note(&mut self, key: Key) {
        if !self.seen.contains(&key) {
            self.seen.push(key);
        }
    }

    fn known(&mut self, key: Key, field: &Field<'_>, faults: &mut Collector) {
        self.note(key);
        let written = String::from_utf8_lossy(field.value);
        let text = written.trim_matches(is_unicode_space);
        let has_spaces = text.len() < written.len() || text.contains(is_unicode_space);
        if has_spaces && !field.spoilt {
            faults.fatal(FaultKind::StsPolicyNbsp, field.value_span(), quote(field.value));
        }
        let span = field.value_span();
        match key {
            Key::Version if self.has_fields => faults.remark(FaultKind::StsPolicyVersionNotFirst, field.key_span(), ""),
            Key::Mode => self.mode_span = span.clone(),
            Key::MaxAge => self.max_age_span = span.clone(),
            Key::Version | Key::Mx => {}
        }
        // What is spoilt is said already; its value is still worth having where a reader can make sense of it.
        let mut said = Collector::new();
        let faults = if field.spoilt || text.contains(is_unicode_space) { &mut said } else { faults };
        self.value(key, text, span, faults);
    }

    fn value(&mut self, key: Key, text: &str, span: Range<usize>, faults: &mut Collector) {
        match key {
            Key::Version => {
                judge::version(text, span, faults);
                self.policy.version = Some(text.to_owned());
            }
            Key::Mode => {
                judge::mode(text, span, faults);
                self.policy.mode = Some(text.to_owned());
            }
            Key::MaxAge => self.policy.max_age = judge::max_age(text, span, faults),
            Key::Mx => self.pattern(text, span, faults),
        }
    }

    fn pattern(&mut self, text: &str, span: Range<usize>, faults: &mut Collector) {
        judge::pattern(text, span.clone(), faults);
        if text.is_empty() {
            return;
        }
        self.pattern_count += 1;
        if self.pattern_count == MANY_PATTERNS + 1 {
            faults.remark(FaultKind::StsPolicyMxMany, span.clone(), format!("more than {MANY_PATTERNS}"));
        }
        if !self.patterns.insert(text.to_ascii_lowercase()) {
            faults.remark(FaultKind::StsPolicyMxDuplicate, span, quote(text.as_bytes()));
        }
        self.policy.mx.push(text.to_owned());
    }

    fn finish(mut self, end: usize, faults: &mut Collector) -> Policy {
        self.report_missing(end, faults);
        for field in std::mem::take(&mut self.unknown) {
            self.unknown_field(&field, faults);
        }
        let mode = self.policy.known_mode();
        if let Some(seconds) = self.policy.max_age {
            judge::length(seconds, mode, self.max_age_span, faults);
        }
        match mode.filter(|_| faults.is_valid()) {
            Some(Mode::Testing) => faults.remark(FaultKind::StsModeTesting, self.mode_span, ""),
            Some(Mode::None) => faults.remark(FaultKind::StsModeNone, self.mode_span, ""),
            Some(Mode::Enforce) | None => {}
        }
        self.policy
    }

    fn report_missing(&self, end: usize, faults: &mut Collector) {
        let without_mx = self.policy.mode.as_ref().is_some_and(|mode| mode.eq_ignore_ascii_case(Mode::None.as_str()));
        for key in Key::ALL {
            let kind = match key {
                _ if self.seen.contains(&key) => continue,
                Key::Version => FaultKind::StsPolicyVersionMissing,
                Key::Mode => FaultKind::StsPolicyModeMissing,
                Key::MaxAge => FaultKind::StsPolicyMaxAgeMissing,
                Key::Mx if without_mx => continue,
                Key::Mx => FaultKind::StsPolicyMxMissing,
            };
            faults.fatal(kind, end..end, "");
        }
    }

    /// A field of another name: a known key in the wrong case (read, so that the best effort is one), a typing error, or an extension.
    fn unknown_field(&mut self, field: &Field<'_>, faults: &mut Collector) {
        if let Some(key) = Key::in_any_case(field.key) {
            faults.remark(FaultKind::StsPolicyKeyCase, field.key_span(), quote(field.key));
            let taken = match key {
                Key::Version => self.policy.version.is_some(),
                Key::Mode => self.policy.mode.is_some(),
                Key::MaxAge => self.policy.max_age.is_some(),
                Key::Mx => false,
            };
            if !taken {
                let text = String::from_utf8_lossy(field.value);
                self.value(key, text.trim(), field.value_span(), &mut Collector::new());
            }
            return;
        }
        // A name near a key that is there already is somebody's extension, except mx, of which there are several.
        let typo = Key::mistyped(field.key).filter(|key| *key == Key::Mx || !self.seen.contains(key));
        if let Some(key) = typo {
            faults.remark(FaultKind::StsPolicyKeyTypo, field.key_span(), format!("{}, meant as {}", quote(field.key), key.name()));
        }
        if !field.spoilt && !field.value.is_empty() && typo.is_none_or(|key| self.seen.contains(&key)) {
            faults.remark(FaultKind::StsPolicyUnknownField, field.key_span(), quote(field.key));
        }
    }
}
