//! The gate of `diff`: which changes a domain may not have.

use super::change::{Change, Kind};
use super::difference::Diff;
use crate::analyse::gate::{CodePattern, Gate, Matches, severity};
use crate::classify::{Severity, Status};

/// What may not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeCondition {
    /// In this way.
    Kind(Kind),
    /// In this way, by a finding of this severity or of a worse one.
    Rated(Kind, Severity),
    /// A finding that is new with one of these codes, or another change that is such a finding.
    Codes(CodePattern),
}

/// Kinds that have a severity.
const RATED: [Kind; 3] = [Kind::FindingNew, Kind::FindingGone, Kind::CertExpiring];

impl ChangeCondition {
    /// The meaning of a word.
    fn read(word: &str) -> Result<Self, String> {
        if let Some(kind) = Kind::from_word(word) {
            return Ok(Self::Kind(kind));
        }
        if let Some(severity) = severity(word) {
            return Ok(Self::Rated(Kind::FindingNew, severity));
        }
        if let Some((kind, after)) = word.split_once(':') {
            let kind = Kind::from_word(kind).filter(|kind| RATED.contains(kind));
            return match (kind, severity(after)) {
                (Some(kind), Some(severity)) => Ok(Self::Rated(kind, severity)),
                _ => Err(format!(
                    "a severity stands behind finding-new, finding-gone and cert-expiring only, as finding-new:medium; {}",
                    known()
                )),
            };
        }
        let statuses = [Status::Active, Status::Diff, Status::Expectation];
        CodePattern::of_word(word, &statuses, "no command", &known()).map(Self::Codes)
    }

    /// Whether only expectations can make a change meet it.
    pub fn is_of_expectations(&self) -> bool {
        matches!(self, Self::Codes(pattern) if pattern.is_of_expectations())
    }

    fn is_met(&self, change: &Change) -> bool {
        match self {
            Self::Kind(kind) => change.kind == *kind,
            Self::Rated(kind, severity) => change.kind == *kind && change.severity.is_some_and(|of| of <= *severity),
            Self::Codes(pattern) => change.kind != Kind::FindingGone && change.code.is_some_and(|code| pattern.contains(code)),
        }
    }
}

/// The words that are known.
fn known() -> String {
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    format!(
        "one of {}; a severity (high, medium, low: of a finding that is new), or a finding code such as sts-fetch-cert-*",
        kinds.join(", ")
    )
}

/// The gate of changes.
///
/// # Errors
/// A sentence about a word that is not known.
pub fn change_gate(words: &[String]) -> Result<Gate<ChangeCondition>, String> {
    Gate::read(words, ChangeCondition::read)
}

/// Which changes meet the words of a gate.
pub fn matched_changes(diff: &Diff, gate: &Gate<ChangeCondition>) -> Matches {
    let mut matches = gate.matches();
    for domain in &diff.domains {
        let is_unknown = domain.changes.iter().any(|change| change.kind == Kind::Unknown);
        let meets = |_: usize, condition: &ChangeCondition| domain.changes.iter().any(|change| condition.is_met(change));
        gate.judge(&domain.domain, is_unknown, meets, &mut matches);
    }
    matches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::codes;

    fn met(word: &str, kind: Kind, code: crate::classify::Code, severity: Severity) -> bool {
        let change = Change { kind, before: String::new(), after: String::new(), code: Some(code), severity: Some(severity) };
        ChangeCondition::read(word).unwrap().is_met(&change)
    }

    #[test]
    fn what_gets_worse_is_met_by_kind_severity_and_code() {
        let new = |word| met(word, Kind::FindingNew, codes::STS_FETCH_REDIRECT, Severity::Medium);
        for word in ["finding-new", "finding-new:medium", "finding-new:low", "medium", "low", "sts-fetch-*", "sts-fetch-redirect"] {
            assert!(new(word), "{word}");
        }
        for word in ["finding-new:high", "high", "finding-gone", "finding-gone:low", "newly-broken", "mx-*"] {
            assert!(!new(word), "{word}");
        }
        let gone = |word| met(word, Kind::FindingGone, codes::STS_FETCH_REDIRECT, Severity::High);
        assert!(gone("finding-gone") && gone("finding-gone:high") && !gone("high") && !gone("sts-fetch-*"));
        let expiring = |word| met(word, Kind::CertExpiring, codes::MX_CERT_EXPIRING, Severity::Low);
        assert!(
            expiring("cert-expiring") && expiring("cert-expiring:low") && !expiring("cert-expiring:high") && expiring("mx-cert-expiring")
        );
        assert!(met("sts-removed-abruptly", Kind::DroppedAbruptly, codes::STS_REMOVED_ABRUPTLY, Severity::Medium));
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        for (word, said) in [
            ("broken", "one of newly-broken, newly-refused"),
            ("info", "one of newly-broken"),
            ("newly-broken:high", "finding-new, finding-gone and cert-expiring only"),
            ("finding-new:info", "finding-new, finding-gone and cert-expiring only"),
            ("sts-fetch-redirekt", "did you mean sts-fetch-redirect?"),
            ("sts-policy-shared", "no command reports this code"),
        ] {
            let refused = ChangeCondition::read(word).unwrap_err();
            assert!(refused.contains(said), "{word}: {refused}");
        }
    }
}
