//! Findings that are new or gone, and certificates that expire soon: only where the other scan would have had the finding, too.

use std::collections::BTreeMap;

use super::change::{Change, Kind};
use super::side::{AskedOfAll, Side};
use super::state::{EXPIRING, FaultSeen, Names};
use crate::classify::{Code, Severity, Sight};

/// Findings of one code that differ.
#[derive(Default)]
struct Different {
    /// The severity of the worst.
    worst: Option<Severity>,
    /// The severity of the other scan, where it has all of them, but of a lower one.
    before: Option<Severity>,
    subjects: Vec<Box<str>>,
}

/// What is new in the second scan, what is gone from the first, and which certificates have come to expire soon.
pub(super) fn compare(old: (Side<'_>, AskedOfAll), new: (Side<'_>, AskedOfAll)) -> Vec<Change> {
    let mut changes = Vec::new();
    for (code, different) in differing(new.0, old, |fault, other| fault < other) {
        let before = different.before.map_or_else(String::new, |severity| severity.as_str().to_owned());
        changes.push(change(Kind::FindingNew, code, &different, before));
    }
    // A finding that is rated otherwise is not gone.
    for (code, different) in differing(old.0, new, |_, _| false) {
        changes.push(change(Kind::FindingGone, code, &different, String::new()));
    }
    changes.extend(expiring(old.0, new.0));
    changes
}

fn faults<'s>(side: Side<'s>) -> &'s [FaultSeen] {
    if let Side::Known(state) = side { &state.faults } else { &[] }
}

/// Whether two findings are the same one.
fn is_same(one: &FaultSeen, other: &FaultSeen) -> bool {
    one.code == other.code && (!Sight::of(one.code).is_of_one_host() || one.subject == other.subject)
}

/// The findings of one side that the other has not, though it would have them, or has of a severity that `is_worse` than.
fn differing(
    here: Side<'_>,
    (there, asked): (Side<'_>, AskedOfAll),
    is_worse: fn(Severity, Severity) -> bool,
) -> BTreeMap<Code, Different> {
    let mut found: BTreeMap<Code, Different> = BTreeMap::new();
    for fault in faults(here) {
        let other = faults(there).iter().filter(|other| is_same(fault, other)).map(|other| other.severity).min();
        let differs = match other {
            Some(severity) => is_worse(fault.severity, severity),
            None => there.shows(Sight::of(fault.code), asked),
        };
        if differs {
            let different = found.entry(fault.code).or_default();
            different.before = if different.subjects.is_empty() || different.before.is_some() { other } else { None };
            different.worst = Some(different.worst.map_or(fault.severity, |worst| worst.min(fault.severity)));
            different.subjects.push(fault.subject.clone());
        }
    }
    found
}

fn change(kind: Kind, code: Code, different: &Different, other: String) -> Change {
    let severity = different.worst.unwrap_or(Severity::Info);
    let subjects = different.subjects.iter().filter(|subject| !subject.is_empty()).cloned().collect::<Names>();
    let shown = if subjects.is_empty() { severity.to_string() } else { format!("{severity}: {}", subjects.joined()) };
    let (before, after) = if kind == Kind::FindingGone { (shown, other) } else { (other, shown) };
    Change { kind, before, after, code: Some(code), severity: Some(severity) }
}

/// Certificates that expire soon. It is a fact of the new scan, whatever the old one could see.
fn expiring(old: Side<'_>, new: Side<'_>) -> impl Iterator<Item = Change> {
    EXPIRING.into_iter().filter_map(move |code| {
        let is_known = |fault: &&FaultSeen| faults(old).iter().any(|other| is_same(fault, other));
        let come: Vec<&FaultSeen> = faults(new).iter().filter(|fault| fault.code == code).filter(|fault| !is_known(fault)).collect();
        let severity = come.iter().map(|fault| fault.severity).min()?;
        let after = come.iter().map(|fault| format!("{} {}", fault.subject, fault.detail).into_boxed_str()).collect::<Names>().joined();
        Some(Change { kind: Kind::CertExpiring, before: String::new(), after, code: Some(code), severity: Some(severity) })
    })
}
