//! Where findings are gathered: safe to print, bounded in number, in the catalogue's order.

use serde::Serialize;

use crate::parse::Fault;

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
    /// The particulars, in words; text from the network is quoted and escaped.
    pub detail: String,
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
/// A hostile policy or answer can have thousands of faults of one kind; more than this many tell nothing new.
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
    list: Vec<Finding>,
    /// How often each code was found; few are, so a search costs less than a hash.
    counts: Vec<(Code, usize)>,
}

impl Findings {
    /// Adds a finding with the catalogue's severity.
    pub(super) fn add(&mut self, code: Code, subject: &str, detail: impl AsRef<str>) {
        self.push(code, None, subject, detail.as_ref());
    }

    /// Adds a finding whose severity is another in this case.
    pub(super) fn add_rated(&mut self, code: Code, severity: Severity, subject: &str, detail: impl AsRef<str>) {
        self.push(code, Some(severity), subject, detail.as_ref());
    }

    /// Adds a finding that says what kept something from being determined, where the same code is a verdict in other cases.
    pub(super) fn add_open(&mut self, code: Code, subject: &str, detail: impl AsRef<str>) {
        self.push(code, Some(Severity::Info), subject, detail.as_ref());
    }

    /// Adds what a parser said of a text; `place` is put in front of its detail.
    pub(super) fn add_fault(&mut self, fault: &Fault, subject: &str, place: &str) {
        let separator = if place.is_empty() || fault.detail.is_empty() { "" } else { ": " };
        self.add(fault.kind.into(), subject, format!("{place}{separator}{}", fault.detail));
    }

    fn push(&mut self, code: Code, severity: Option<Severity>, subject: &str, detail: &str) {
        if self.count(code) <= MAX_PER_CODE {
            let severity = severity.unwrap_or(code.rule().severity);
            let (subject, detail) = (printable(subject, SUBJECT_LIMIT), printable(detail, DETAIL_LIMIT));
            self.list.push(Finding { code, severity, subject, detail });
        }
    }

    /// Counts a finding of a code; says how many there are of it now.
    fn count(&mut self, code: Code) -> usize {
        match self.counts.iter_mut().find(|(known, _)| *known == code) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.counts.push((code, 1));
                1
            }
        }
    }

    /// All findings in the catalogue's order, those of one code in the order in which they were added.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| finding.code);
        for (code, count) in self.counts.into_iter().filter(|(_, count)| *count > MAX_PER_CODE) {
            if let Some(last) = self.list.iter_mut().rfind(|finding| finding.code == code) {
                last.detail.push_str(&format!(" (and {} more of the kind)", count - MAX_PER_CODE));
            }
        }
        self.list
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

    use super::super::codes::{STS_MX_UNCOVERED, STS_RECORD_ABSENT, TLSRPT_ABSENT};
    use super::*;

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
