//! Where findings are gathered: safe to print, bounded in number, in the catalogue's order.

use serde::Serialize;

use crate::parse::{Fault, Parsed};

use super::rule::{Code, Severity};

/// One judgement with a stable code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Code of the catalogue.
    pub code: Code,
    /// Severity in this case; some depend on the mode of the policy.
    pub severity: Severity,
    /// What it is about: a host, a field, an owner name; empty where it is the domain itself.
    pub subject: String,
    /// The particulars, in words; text from the network is quoted and escaped. Of several places the first.
    pub detail: String,
    /// In how many places it was found: of one code about one text, or about one host, there is one finding.
    #[serde(skip_serializing_if = "is_one")]
    pub count: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_one(count: &u32) -> bool {
    *count == 1
}

impl Finding {
    /// Whether it leaves open what the domain does: what was seen may pass, or was not seen. Such a finding is no verdict.
    pub fn leaves_open(&self) -> bool {
        let rule = self.code.rule();
        rule.leaves_open || (self.severity == Severity::Info && rule.severity != Severity::Info)
    }
}

/// The subject of what nearly every domain has: the domain itself, which the row names already. It keeps such rows small.
pub(super) const THE_DOMAIN: &str = "";
/// A hostile answer can name thousands of hosts; more than this many tell nothing new.
const MAX_PER_CODE: usize = 32;
/// Most characters of a subject. A domain name has 253 at most.
const SUBJECT_LIMIT: usize = 260;
/// Most characters of a detail.
const DETAIL_LIMIT: usize = 400;
/// Most bytes of one text from the network that a detail quotes.
const QUOTE_LIMIT: usize = 200;

/// The findings of one domain so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Entry>,
    /// Of how many subjects each code was found; few are, so a search costs less than a hash.
    subjects: Vec<(Code, usize)>,
}

/// A finding that may be found again.
#[derive(Debug)]
struct Entry {
    finding: Finding,
    /// Whether of several places only the first is told; else what is said of a subject stands side by side.
    first_only: bool,
}

impl Entry {
    fn is(&self, code: Code, subject: &str) -> bool {
        self.finding.code == code && self.finding.subject == subject
    }

    /// Counts more places, of which nothing is said.
    fn count(&mut self, more: usize) {
        self.first_only = true;
        self.finding.count = self.finding.count.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
    }

    /// Adds what else is said of the subject.
    fn extend(&mut self, severity: Severity, detail: &str) {
        self.finding.severity = self.finding.severity.min(severity);
        self.finding.count = self.finding.count.saturating_add(1);
        if self.finding.detail.len() + detail.len() < DETAIL_LIMIT {
            self.finding.detail.push_str("; ");
            self.finding.detail.push_str(detail);
        } else {
            self.first_only = true;
        }
    }

    fn finish(mut self) -> Finding {
        if self.first_only {
            let separator = if self.finding.detail.is_empty() { "" } else { ", " };
            self.finding.detail.push_str(&format!("{separator}the first of {}", self.finding.count));
        }
        self.finding
    }
}

impl Findings {
    /// Adds a finding with the catalogue's severity; of one code about one subject there is one.
    pub(super) fn add(&mut self, code: Code, subject: &str, detail: impl AsRef<str>) {
        self.push(code, code.rule().severity, subject, detail.as_ref());
    }

    /// Adds a finding whose severity is another in this case.
    pub(super) fn add_rated(&mut self, code: Code, severity: Severity, subject: &str, detail: impl AsRef<str>) {
        self.push(code, severity, subject, detail.as_ref());
    }

    /// Adds what is to be said of a part of the one text that the code is about: there is one finding, whose subject is the first part.
    pub(super) fn add_part(&mut self, code: Code, part: &str, detail: impl AsRef<str>) {
        match self.list.iter_mut().find(|entry| entry.finding.code == code) {
            Some(entry) => entry.count(1),
            None => self.add(code, part, detail),
        }
    }

    /// Adds a finding that says what kept something from being determined, where the same code is a verdict in other cases.
    pub(super) fn add_open(&mut self, code: Code, subject: &str, detail: impl AsRef<str>) {
        self.push(code, Severity::Info, subject, detail.as_ref());
    }

    /// Adds what a parser said of a text; `place` says where a fault is and is put in front of its detail.
    pub(super) fn add_faults<T>(&mut self, parsed: &Parsed<T>, subject: &str, place: impl Fn(&Fault) -> String) {
        for fault in &parsed.faults {
            self.add_fault(fault, subject, || place(fault));
        }
        for (kind, more) in &parsed.omitted {
            if let Some(entry) = self.find((*kind).into(), subject) {
                entry.count(*more);
            }
        }
    }

    /// Adds one thing that a parser said of a text.
    pub(super) fn add_fault(&mut self, fault: &Fault, subject: &str, place: impl FnOnce() -> String) {
        let code = Code::from(fault.kind);
        if let Some(entry) = self.find(code, subject) {
            entry.count(1);
            return;
        }
        let place = place();
        let separator = if place.is_empty() || fault.detail.is_empty() { "" } else { ": " };
        self.add(code, subject, format!("{place}{separator}{}", fault.detail));
    }

    fn push(&mut self, code: Code, severity: Severity, subject: &str, detail: &str) {
        let (subject, detail) = (printable(subject, SUBJECT_LIMIT), printable(detail, DETAIL_LIMIT));
        if let Some(entry) = self.find(code, &subject) {
            entry.extend(severity, &detail);
        } else if self.count_subject(code) <= MAX_PER_CODE {
            let finding = Finding { code, severity, subject, detail, count: 1 };
            self.list.push(Entry { finding, first_only: false });
        }
    }

    fn find(&mut self, code: Code, subject: &str) -> Option<&mut Entry> {
        self.list.iter_mut().find(|entry| entry.is(code, subject))
    }

    /// Counts a subject of a code; says how many it has now.
    fn count_subject(&mut self, code: Code) -> usize {
        match self.subjects.iter_mut().find(|(known, _)| *known == code) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.subjects.push((code, 1));
                1
            }
        }
    }

    /// All findings in the catalogue's order, those of one code in the order in which they were added.
    pub(super) fn finish(self) -> Vec<Finding> {
        let mut list: Vec<Finding> = self.list.into_iter().map(Entry::finish).collect();
        list.sort_by_key(|finding| finding.code);
        for (code, count) in self.subjects.into_iter().filter(|(_, count)| *count > MAX_PER_CODE) {
            if let Some(last) = list.iter_mut().rfind(|finding| finding.code == code) {
                last.detail.push_str(&format!(" (and {} more of the kind)", count - MAX_PER_CODE));
            }
        }
        list
    }
}

/// A text from the network between quotation marks: control characters and bytes outside ASCII escaped, long text cut.
pub(super) fn quoted(text: impl AsRef<[u8]>) -> String {
    let text = text.as_ref();
    match text.get(..QUOTE_LIMIT) {
        Some(start) if text.len() > QUOTE_LIMIT => format!("\"{}\" ({} bytes in all)", start.escape_ascii(), text.len()),
        _ => format!("\"{}\"", text.escape_ascii()),
    }
}

/// The first few of a list, quoted.
pub(super) fn quoted_list<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> String {
    const SHOWN: usize = 5;
    let mut shown = Vec::new();
    let mut count = 0_usize;
    for item in items {
        if count < SHOWN {
            shown.push(quoted(item));
        }
        count += 1;
    }
    match count.saturating_sub(SHOWN) {
        0 => shown.join(", "),
        rest => format!("{} and {rest} more", shown.join(", ")),
    }
}

/// Printable ASCII of at most `limit` characters, whatever the text was.
fn printable(text: &str, limit: usize) -> String {
    if text.len() <= limit && text.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        return text.to_owned(); // As all texts but hostile ones are.
    }
    let is_plain = |c: char| matches!(c, ' '..='~');
    let mut safe = String::with_capacity(text.len().min(limit));
    for c in text.chars() {
        if is_plain(c) {
            safe.push(c)
        } else {
            safe.extend(c.escape_default())
        }
        if safe.len() > limit {
            safe.truncate(limit.saturating_sub(3)); // All ASCII, so every index is a character boundary.
            safe.push_str("...");
            break;
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::codes::{STS_MX_STALE_PATTERN, STS_MX_UNCOVERED, STS_RECORD_ABSENT, TLSRPT_ABSENT};
    use super::*;
    use crate::parse::FaultKind;

    #[test]
    fn findings_come_in_the_catalogues_order_and_in_bounded_number() {
        let mut findings = Findings::default();
        findings.add(TLSRPT_ABSENT, "b", "");
        for host in 0..100 {
            findings.add(STS_MX_UNCOVERED, &host.to_string(), "x");
        }
        findings.add_rated(STS_RECORD_ABSENT, Severity::High, "a", "");
        let list = findings.finish();
        assert_eq!(list.len(), 34);
        assert_eq!(list.first().map(|f| (f.code, f.severity)), Some((STS_RECORD_ABSENT, Severity::High)));
        assert_eq!(list.last().map(|f| f.code), Some(TLSRPT_ABSENT));
        assert_eq!(list[32].detail, "x (and 68 more of the kind)");
    }

    #[test]
    fn of_one_code_about_one_subject_there_is_one_finding() {
        let mut findings = Findings::default();
        let kind = FaultKind::StsPolicyTrailingSpace;
        let faults = (0..32).map(|at| Fault { kind, span: at..at + 1, detail: "x".to_owned() }).collect();
        let parsed = Parsed { value: (), valid: true, faults, omitted: vec![(kind, 17)] };
        findings.add_faults(&parsed, "mta-sts.example.com", |fault| format!("line {}", fault.span.start + 1));
        for pattern in ["a.example", "b.example", "c.example"] {
            findings.add_part(STS_MX_STALE_PATTERN, pattern, "");
        }
        findings.add(STS_MX_UNCOVERED, "mx1.example.com", "one thing");
        findings.add_rated(STS_MX_UNCOVERED, Severity::Low, "mx1.example.com", "and another");
        findings.add(STS_MX_UNCOVERED, "mx2.example.com", "x".repeat(399));
        findings.add(STS_MX_UNCOVERED, "mx2.example.com", "y");
        let list: Vec<(String, String, u32)> = findings.finish().into_iter().map(|f| (f.subject, f.detail, f.count)).collect();
        let expected = [
            ("mta-sts.example.com", "line 1: x, the first of 49".to_owned(), 49),
            ("mx1.example.com", "one thing; and another".to_owned(), 2),
            ("mx2.example.com", format!("{}, the first of 2", "x".repeat(399)), 2),
            ("a.example", "the first of 3".to_owned(), 3),
        ];
        assert_eq!(list, expected.map(|(subject, detail, count)| (subject.to_owned(), detail, count)));
    }

    #[test]
    fn hostile_text_is_quoted() {
        assert_eq!(quoted("a\"\u{1b}[2J\u{e4}"), r#""a\"\x1b[2J\xc3\xa4""#);
        assert_eq!(quoted_list(["a", "b", "c", "d", "e", "f", "g"]), r#""a", "b", "c", "d", "e" and 2 more"#);
        assert!(quoted(vec![b'x'; 201]).ends_with("(201 bytes in all)"));
    }

    proptest! {
        #[test]
        fn any_text_becomes_printable_and_short(text in ".{0,500}") {
            let safe = printable(&text, 100);
            prop_assert!(safe.len() <= 100 && safe.bytes().all(|b| (b' '..=b'~').contains(&b)));
        }
    }
}
