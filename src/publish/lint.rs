//! What `lint` would say of a text that is to be published, by the rules that it says it by.

use super::text;
use crate::classify::{Code, Severity, codes};
use crate::evidence::Txt;
use crate::parse::mx_pattern::{PatternMatch, matches};
use crate::parse::record_set::{Choice, RecordKind, select};
use crate::parse::{Fault, policy, sts_record, tlsrpt_record};

/// The worst that is to be said of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Objection {
    pub(super) severity: Severity,
    pub(super) code: Code,
}

impl Objection {
    /// Whether a text of which this is said may not be proposed.
    pub(super) fn forbids(self) -> bool {
        self.severity <= Severity::Medium
    }
}

fn worst<'f>(faults: impl IntoIterator<Item = &'f Fault>) -> Option<Objection> {
    let objection = |fault: &Fault| {
        let code = Code::from(fault.kind);
        Objection { severity: code.rule().severity, code }
    };
    faults.into_iter().map(objection).min()
}

/// Of a policy's body. That its mode is testing is what is meant.
pub(super) fn policy(body: &[u8]) -> Option<Objection> {
    let faults = policy::parse(body).faults;
    worst(faults.iter().filter(|fault| Code::from(fault.kind) != codes::STS_MODE_TESTING))
}

/// Of the text of a record of its kind.
pub(super) fn record(kind: RecordKind, text: &str) -> Option<Objection> {
    let selection = select(kind, &[Txt(vec![text.as_bytes().to_vec()])]);
    debug_assert!(matches!(selection.choice, Choice::Unique(_)), "{text}");
    let faults = match kind {
        RecordKind::Sts => sts_record::parse(text.as_bytes()).faults,
        RecordKind::Tlsrpt => tlsrpt_record::parse(text.as_bytes()).faults,
    };
    worst(selection.faults.iter().map(|(_, fault)| fault).chain(&faults))
}

/// Whatever is said of a policy that names this pattern alone, and would not be said without it. What is no pattern is seen first, as it
/// could be more than one line.
pub(super) fn pattern(pattern: &str) -> Option<Objection> {
    if let PatternMatch::InvalidPattern(kind) = matches(pattern, "host.invalid") {
        return Some(Objection { severity: Severity::High, code: Code::from(kind) });
    }
    policy(text::policy(policy::Mode::Testing, &[pattern.to_owned()], text::WEEK).as_bytes())
}
