//! The catalogue is complete, well written, and its examples show what they say.

use std::collections::HashSet;

use crate::parse::FaultKind;

use super::super::codes::{self, Code, StoredCode};
use super::super::{Example, Severity, Status, catalogue};
use super::Scene;

/// How the codes of those families begin that are part of a larger one; the longest prefix counts. The others are named after the first
/// word of their codes.
const SUBFAMILIES: &[&str] =
    &["sts-record-", "sts-host-", "sts-fetch-", "sts-policy-", "sts-policy-mx-", "sts-mode-", "sts-mx-", "mx-cert-", "tlsrpt-rua-"];

fn family(code: Code) -> &'static str {
    let word = code.as_str();
    let part = SUBFAMILIES.iter().copied().filter(|prefix| word.starts_with(prefix)).max_by_key(|prefix| prefix.len());
    part.or_else(|| word.split_inclusive('-').next()).unwrap()
}

#[test]
fn every_code_is_there_once() {
    let words: HashSet<&str> = catalogue().iter().map(|code| code.as_str()).collect();
    assert_eq!(words.len(), catalogue().len(), "a code stands twice");
    assert!(catalogue().is_sorted());
    assert!(catalogue().iter().all(|code| Code::from_word(code.as_str()) == Some(*code)));
    assert_eq!(Code::from_word("sts-no-such-code"), None);
}

#[test]
fn a_code_of_a_newer_version_keeps_its_word() {
    let (known, newer) = (StoredCode::of("mx-null"), StoredCode::of("sts-of-tomorrow"));
    assert!(known == codes::MX_NULL && newer != codes::MX_NULL);
    assert_eq!((known.as_str(), newer.as_str(), newer.known()), ("mx-null", "sts-of-tomorrow", None));
}

#[test]
fn codes_of_one_family_stand_together() {
    let mut families: Vec<&str> = catalogue().iter().map(|code| family(*code)).collect();
    families.dedup();
    assert!(families.iter().enumerate().all(|(at, family)| !families[..at].contains(family)), "{families:?}");
    assert!(SUBFAMILIES.iter().all(|family| families.contains(family)), "{families:?}");
}

#[test]
fn every_text_is_a_sentence() {
    for code in catalogue() {
        let rule = code.rule();
        for text in [rule.summary, rule.effect, rule.remedy] {
            assert!(text.len() > 10 && text.ends_with('.'), "{code}: {text:?}");
            assert!(text.starts_with(|c: char| c.is_uppercase()) && !text.contains("  ") && text.is_ascii(), "{code}: {text:?}");
        }
        assert!(rule.summary.ends_with('.') && !rule.summary.contains(". "), "{code}: one sentence: {:?}", rule.summary);
        assert!(rule.clause.starts_with("RFC "), "{code}: {:?}", rule.clause);
    }
}

#[test]
fn every_fault_of_a_parser_has_an_active_rule() {
    for kind in FaultKind::ALL {
        assert_eq!(Code::from(*kind).rule().status, Status::Active, "{kind:?}");
    }
}

/// Faults that no short text of ours can show: sets of records, long texts, bytes that are no UTF-8, a header that is not there.
const WITHOUT_EXAMPLE: &[Code] = &[
    codes::STS_FETCH_CONTENT_TYPE_MISSING,
    codes::STS_FETCH_TOO_LARGE,
    codes::STS_POLICY_LARGE,
    codes::STS_POLICY_MX_MANY,
    codes::STS_POLICY_NOT_UTF8,
    codes::STS_RECORD_MULTIPLE,
    codes::STS_RECORD_SPLIT_STRINGS,
    codes::TLSRPT_MULTIPLE,
];

/// Remedies are shown behind `Fix:`, `If it persists:` or `How to fix it`.
#[test]
fn no_remedy_repeats_what_introduces_it() {
    for code in catalogue() {
        let remedy = code.rule().remedy;
        assert!(!["Fix", "If it persists", "How to"].iter().any(|words| remedy.starts_with(words)), "{code}: {remedy}");
        assert!(code.rule().severity == Severity::Info || !remedy.starts_with("Nothing to fix"), "{code}: {remedy}");
    }
}

#[test]
fn every_text_fault_has_an_example() {
    for kind in FaultKind::ALL {
        let code = Code::from(*kind);
        let has_example = matches!(code.rule().example, Some(Example::Text(..)));
        assert_ne!(has_example, WITHOUT_EXAMPLE.contains(&code), "{code}");
    }
}

#[test]
fn every_active_code_has_an_example() {
    for code in catalogue() {
        let rule = code.rule();
        assert!(rule.status != Status::Active || rule.example.is_some(), "{code}");
        if let Some(Example::Seen(with, without)) = rule.example {
            assert!(with != without && !with.is_empty() && without.is_ascii(), "{code}");
        }
    }
}

#[test]
fn examples_show_what_they_say() {
    let codes = |code: Code, text: &str| match family(code) {
        "sts-record-" => Scene::new().sts(&[text]).codes(),
        "tlsrpt-" | "tlsrpt-rua-" => Scene::new().tlsrpt(&[text]).codes(),
        "sts-fetch-" => Scene::new().content_type(text).codes(),
        "sts-policy-" | "sts-policy-mx-" | "sts-mode-" => Scene::new().body(text).codes(),
        other => panic!("no example is expected in {other}"),
    };
    let mut wrong = Vec::new();
    for code in catalogue() {
        if let Some(Example::Text(bad, good)) = code.rule().example {
            if !codes(*code, bad).contains(code) {
                wrong.push(format!("{code}: {bad:?} gives {:?}", codes(*code, bad)));
            }
            if codes(*code, good).contains(code) {
                wrong.push(format!("{code}: {good:?} has the fault"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
