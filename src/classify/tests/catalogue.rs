//! The catalogue is complete, well written, and its examples show what they say.

use std::collections::HashSet;

use crate::parse::FaultKind;

use super::super::{Status, catalogue, rule, scene};
use super::Scene;

/// Every code by its prefix; a code may be added, none may go or change its meaning.
const CODES: &str = "\
dane-: and-sts present
dnssec-: absent bogus
mx-cert-: expired expiring name-mismatch no-san self-signed untrusted
mx-: cname duplicate implicit ip-literal no-address no-starttls none null null-not-alone private-address sni-required starttls-downgrade tls-old tls-weak u-label underscore unreachable
sts-: delegation-partial enforce-without-tlsrpt id-before-body id-changed-body-same id-reused-body-changed on-nonmail-domain provider-stale-policy removed-abruptly subdomain-uncovered without-tlsrpt
sts-fetch-: cache-control-long cert-expired cert-expiring cert-incomplete-chain cert-name-mismatch cert-no-san cert-not-yet-valid cert-revoked cert-self-signed cert-untrusted connect-refused connect-reset connect-timeout content-encoding content-type-charset content-type-malformed content-type-missing content-type-nosniff content-type-wrong http-only http10 not-found rate-limited redirect served-from-cache server-error slow sni-unprovisioned status status-forbidden timeout tls-alert tls-old tls-weak tls12-only too-large truncated ua-filtered wrong-path
sts-host-: address-family-mismatch address-mismatch cname cname-dangling dns-error ipv6-only no-address no-ipv6 nxdomain private-address
sts-mode-: none testing testing-long
sts-mx-: backup-uncovered none-covered stale-pattern tld-mismatch typo uncovered uncovered-depth
sts-policy-: bare-cr blank-line bom comment control-char duplicate-field empty eol-lf eol-mixed escaped-newline html-body json-body key-case key-typo large leading-space line-separator line-syntax max-age-invalid max-age-leading-zero max-age-missing max-age-over-maximum max-age-short max-age-very-short max-age-zero mode-case mode-invalid mode-legacy-report mode-missing nbsp not-utf8 placeholder shared single-line space-before-colon trailing-blank-line trailing-space unknown-field version-case version-invalid version-missing version-not-first without-record
sts-policy-mx-: bare-wildcard duplicate email empty invalid ip-literal is-policy-host leading-dot list-on-one-line many missing port priority removed-too-early single-label trailing-dot u-label uppercase url wildcard-own-domain wildcard-position wildcard-public-suffix
sts-record-: absent cname cname-dangling cname-loop control-char dns-error empty-field escaped-semicolon field-syntax id-duplicate id-invalid id-missing id-too-long key-case leading-space literal-quotes multiple near-miss non-ascii policy-keys split-strings trailing-space ttl-long ttl-short unknown-field unknown-version unrelated-txt version-case version-duplicate version-not-first version-space wildcard-txt without-policy wrong-name
tlsrpt-: absent cname dmarc-tags dns-error empty-field field-syntax https-cert-invalid https-endpoint-error key-case leading-space literal-quotes multiple near-miss non-ascii record-trailing-space ttl-short unknown-field unknown-version unrelated-txt version-not-first version-space without-sts-or-dane
tlsrpt-rua-: domain-no-mx domain-null-mx domain-nxdomain duplicate empty external https-syntax ip-literal mailto-syntax missing multiple no-scheme nonstandard-port obfuscated repeated-field scheme single-label size-suffix uri-syntax userinfo";

/// Codes that came after the first 236.
const ADDED: &[&str] = &["sts-policy-enforced-by-lenient"];

fn family(code: &str) -> &str {
    let prefixes = CODES.lines().filter_map(|line| line.split_once(": ")).map(|(prefix, _)| prefix);
    prefixes.filter(|prefix| code.starts_with(prefix)).max_by_key(|prefix| prefix.len()).unwrap_or_default()
}

#[test]
fn every_code_is_there_once() {
    let split = |line: &'static str| line.split_once(": ").unwrap();
    let words = |(prefix, rest): (&'static str, &'static str)| rest.split(' ').map(move |word| format!("{prefix}{word}"));
    let mut expected: HashSet<String> = CODES.lines().map(split).flat_map(words).collect();
    assert_eq!(expected.len(), 237);
    expected.extend(ADDED.iter().map(|code| (*code).to_owned()));
    let codes: HashSet<String> = catalogue().iter().map(|rule| rule.code.to_owned()).collect();
    assert_eq!(codes.len(), catalogue().len(), "a code stands twice");
    assert_eq!(codes, expected);
    assert!(catalogue().iter().all(|row| rule(row.code) == Some(row)));
    assert_eq!(rule("sts-no-such-code"), None);
}

#[test]
fn codes_of_one_family_stand_together() {
    let mut families: Vec<&str> = catalogue().iter().map(|rule| family(rule.code)).collect();
    families.dedup();
    let distinct: HashSet<&&str> = families.iter().collect();
    assert_eq!(distinct.len(), families.len(), "{families:?}");
}

#[test]
fn every_text_is_a_sentence() {
    for rule in catalogue() {
        for text in [rule.summary, rule.effect, rule.remedy] {
            assert!(text.len() > 10 && text.ends_with('.'), "{}: {text:?}", rule.code);
            assert!(text.starts_with(|c: char| c.is_uppercase()) && !text.contains("  ") && text.is_ascii(), "{}: {text:?}", rule.code);
        }
        assert!(rule.summary.ends_with('.') && !rule.summary.contains(". "), "{}: one sentence: {:?}", rule.code, rule.summary);
        assert!(rule.clause.starts_with("RFC "), "{}: {:?}", rule.code, rule.clause);
    }
}

#[test]
fn every_fault_of_a_parser_has_an_active_rule() {
    for kind in FaultKind::ALL {
        assert_eq!(rule(kind.as_str()).map(|rule| rule.status), Some(Status::Active), "{kind}");
    }
}

/// Faults that no short text of ours can show: sets of records, long texts, bytes that are no UTF-8, a header that is not there.
const WITHOUT_EXAMPLE: &[&str] = &[
    "sts-fetch-content-type-missing",
    "sts-policy-large",
    "sts-policy-mx-many",
    "sts-policy-not-utf8",
    "sts-record-multiple",
    "sts-record-split-strings",
    "tlsrpt-multiple",
];

#[test]
fn every_text_fault_has_an_example() {
    for kind in FaultKind::ALL {
        let has_example = rule(kind.as_str()).is_some_and(|rule| rule.example.is_some());
        assert_ne!(has_example, WITHOUT_EXAMPLE.contains(&kind.as_str()), "{kind}");
    }
}

#[test]
fn every_active_code_has_an_example_or_a_scene() {
    for rule in catalogue() {
        let shown = (rule.example.is_some(), scene(rule.code).is_some());
        assert_ne!(shown, (true, true), "{}: one of them is enough", rule.code);
        assert!(rule.status != Status::Active || shown != (false, false), "{}", rule.code);
        assert!(scene(rule.code).is_none_or(|(with, without)| with != without && !with.is_empty() && without.is_ascii()), "{}", rule.code);
    }
    let known = super::super::rules::SCENES.iter().all(|(code, ..)| rule(code).is_some());
    assert!(known, "a scene of no code");
}

#[test]
fn examples_show_what_they_say() {
    let codes = |code: &str, text: &str| match family(code) {
        "sts-record-" => Scene::new().sts(&[text]).codes(),
        "tlsrpt-" | "tlsrpt-rua-" => Scene::new().tlsrpt(&[text]).codes(),
        "sts-fetch-" => Scene::new().content_type(text).codes(),
        "sts-policy-" | "sts-policy-mx-" | "sts-mode-" => Scene::new().body(text).codes(),
        other => panic!("no example is expected in {other}"),
    };
    let mut wrong = Vec::new();
    for rule in catalogue() {
        if let Some((bad, good)) = rule.example {
            if !codes(rule.code, bad).contains(&rule.code) {
                wrong.push(format!("{}: {bad:?} gives {:?}", rule.code, codes(rule.code, bad)));
            }
            if codes(rule.code, good).contains(&rule.code) {
                wrong.push(format!("{}: {good:?} has the fault", rule.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
