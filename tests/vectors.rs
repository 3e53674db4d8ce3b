//! The parsers against the published vectors and against policies as real owners wrote them.
//!
//! Verdicts and values must agree exactly. Of the findings, every one that a text can show must be reported; a finding that the vector
//! does not list may be reported only if `LEFT_OUT` or `may_be_extra` says why.

#![allow(clippy::unwrap_used)] // Helpers of tests; clippy.toml covers only the tests themselves.

mod vector_file;

use std::collections::BTreeSet;

use serde_json::Value;
use stscan::classify::codes::{self, Code};
use stscan::parse::mx_pattern::{PatternMatch, matches};
use stscan::parse::record_set::{Choice, RecordKind, select};
use stscan::parse::{Fault, FaultKind, media_type, policy, sts_record, tlsrpt_record};
use vector_file::{body, of_kind, records, strings, vectors};

/// Findings that need more than the text: DNS, the domain's own name, its MX.
const NEED_CONTEXT: &[Code] = &[
    codes::MX_IP_LITERAL,
    codes::MX_NULL,
    codes::MX_U_LABEL,
    codes::STS_MX_TYPO,
    codes::STS_MX_UNCOVERED,
    codes::STS_MX_UNCOVERED_DEPTH,
    codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN,
    codes::STS_RECORD_ABSENT,
    codes::STS_RECORD_CNAME,
    codes::STS_RECORD_DNS_ERROR,
    codes::TLSRPT_ABSENT,
    codes::TLSRPT_CNAME,
    codes::TLSRPT_RUA_EXTERNAL,
];

/// Findings that single vectors leave out: true of the text, and not the point of the vector.
const LEFT_OUT: &[(&str, Code)] = &[
    ("policy-014", codes::STS_POLICY_EOL_MIXED),      // one of its lines does end with LF alone
    ("policy-016", codes::STS_POLICY_TRAILING_SPACE), // after the version
    ("sts_txt-012", codes::STS_RECORD_UNKNOWN_FIELD), // ext=1
    ("sts_txt-060", codes::STS_RECORD_FIELD_SYNTAX),  // id:20240101, behind a version that misses in the same way
    ("tlsrpt_txt-090", codes::TLSRPT_RUA_NO_SCHEME),  // the semicolon leaves rua=mailto
];

/// Why a finding may be reported that the vector does not list.
fn may_be_extra(code: Code, listed: &BTreeSet<Code>) -> bool {
    // A line or key that cannot be read leaves its field missing; the vectors list the cause alone.
    const MISSING: [Code; 4] = [
        codes::STS_POLICY_VERSION_MISSING,
        codes::STS_POLICY_MODE_MISSING,
        codes::STS_POLICY_MAX_AGE_MISSING,
        codes::STS_POLICY_MX_MISSING,
    ];
    let cause = [codes::STS_POLICY_LINE_SYNTAX, codes::STS_POLICY_KEY_CASE].iter().any(|cause| listed.contains(cause));
    // The vectors note line ends only where that is their point, and nearly all of them use LF.
    code == codes::STS_POLICY_EOL_LF || (MISSING.contains(&code) && cause)
}

fn codes_of<'f>(faults: impl IntoIterator<Item = &'f Fault>) -> BTreeSet<Code> {
    faults.into_iter().map(|fault| Code::from(fault.kind)).collect()
}

/// The findings that a vector lists.
fn listed(vector: &Value) -> BTreeSet<Code> {
    let words = strings(&vector["detail"]["findings"]).into_iter();
    words.map(|word| Code::from_word(&word).unwrap_or_else(|| panic!("{}: {word} is no code", vector["id"]))).collect()
}

/// Compares findings and adds what is wrong to the list of failures.
fn compare_findings(vector: &Value, reported: &BTreeSet<Code>, failures: &mut Vec<String>) {
    let listed = listed(vector);
    for code in listed.iter().filter(|code| !NEED_CONTEXT.contains(code) && !reported.contains(*code)) {
        failures.push(format!("{}: {code} is not reported", vector["id"]));
    }
    for code in reported.iter().filter(|code| !listed.contains(*code) && !may_be_extra(**code, &listed)) {
        if !LEFT_OUT.iter().any(|(id, left_out)| vector["id"] == *id && left_out == code) {
            failures.push(format!("{}: {code} is reported and not listed", vector["id"]));
        }
    }
}

fn compare(vector: &Value, what: &str, found: impl std::fmt::Debug + PartialEq<Value>, expected: &Value, failures: &mut Vec<String>) {
    if found != *expected {
        failures.push(format!("{}: {what} is {found:?}, not {expected}", vector["id"]));
    }
}

fn assert_none(failures: &[String]) {
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn sts_records() {
    let mut failures = Vec::new();
    for vector in of_kind("sts_txt").iter().filter(|vector| vector["expect"] != "temp_error") {
        let records = records(vector);
        let selection = select(RecordKind::Sts, &records);
        let parsed = selection.index().map(|index| sts_record::parse(&records[index].joined()));
        let verdict = match (&selection.choice, &parsed) {
            (Choice::Multiple(_), _) => "multiple",
            (Choice::Unique(_), Some(parsed)) => {
                if parsed.valid {
                    "valid"
                } else {
                    "invalid"
                }
            }
            _ => "absent",
        };
        compare(vector, "verdict", verdict, &vector["expect"], &mut failures);
        let faults = selection.faults.iter().map(|(_, fault)| fault).chain(parsed.iter().flat_map(|parsed| &parsed.faults));
        compare_findings(vector, &codes_of(faults), &mut failures);
        if let Some(id) = vector["detail"].get("id") {
            compare(vector, "id", parsed.and_then(|parsed| parsed.value.id).unwrap_or_default(), id, &mut failures);
        }
    }
    assert_none(&failures);
}

#[test]
fn tlsrpt_records() {
    let mut failures = Vec::new();
    for vector in of_kind("tlsrpt_txt") {
        let records = records(&vector);
        let selection = select(RecordKind::Tlsrpt, &records);
        let parsed = selection.index().map(|index| tlsrpt_record::parse(&records[index].joined()));
        let verdict = match (&selection.choice, &parsed) {
            (Choice::Multiple(_), _) => "multiple",
            (Choice::Unique(_), Some(parsed)) if !parsed.valid => "invalid",
            (Choice::Unique(_), Some(parsed)) => {
                if parsed.value.usable {
                    "valid"
                } else {
                    "unusable"
                }
            }
            _ => "absent",
        };
        compare(&vector, "verdict", verdict, &vector["expect"], &mut failures);
        let faults = selection.faults.iter().map(|(_, fault)| fault).chain(parsed.iter().flat_map(|parsed| &parsed.faults));
        compare_findings(&vector, &codes_of(faults), &mut failures);
        if let Some(rua) = vector["detail"].get("rua") {
            let found: Vec<Value> = parsed.into_iter().flat_map(|parsed| parsed.value.rua).map(|report| report.uri.into()).collect();
            compare(&vector, "rua", Value::from(found), rua, &mut failures);
        }
    }
    assert_none(&failures);
}

#[test]
fn policies() {
    let mut failures = Vec::new();
    for vector in of_kind("policy") {
        let parsed = policy::parse(&body(&vector["input"]));
        // Disputed: an address as pattern, and a max_age over the maximum. By the grammar both are valid; the finding must be there.
        let expected = if vector["expect"] == "disputed" { Value::from("valid") } else { vector["expect"].clone() };
        compare(&vector, "verdict", if parsed.valid { "valid" } else { "invalid" }, &expected, &mut failures);
        compare_findings(&vector, &codes_of(&parsed.faults), &mut failures);
        let detail = &vector["detail"];
        if let Some(mode) = detail.get("mode") {
            compare(&vector, "mode", parsed.value.mode.unwrap_or_default(), mode, &mut failures);
            compare(&vector, "max_age", parsed.value.max_age.unwrap_or(u64::MAX), &detail["max_age"], &mut failures);
            compare(&vector, "mx", Value::from(parsed.value.mx), &detail["mx"], &mut failures);
        }
    }
    assert_none(&failures);
}

#[test]
fn patterns() {
    let mut failures = Vec::new();
    for vector in of_kind("mx_match") {
        let text = |name: &str| vector["input"][name].as_str().unwrap();
        let (verdict, code) = match matches(text("pattern"), text("host")) {
            PatternMatch::Match => ("match", None),
            PatternMatch::NoMatch => ("no-match", None),
            PatternMatch::NoMatchDepth => ("no-match", Some(codes::STS_MX_UNCOVERED_DEPTH)),
            PatternMatch::InvalidPattern(kind) => ("invalid-pattern", Some(Code::from(kind))),
        };
        compare(&vector, "verdict", verdict, &vector["expect"], &mut failures);
        let listed = listed(&vector);
        if let Some(code) = code.filter(|code| !listed.contains(code)) {
            failures.push(format!("{}: {code} is reported and not listed", vector["id"]));
        }
        if code != Some(codes::STS_MX_UNCOVERED_DEPTH) && listed.contains(&codes::STS_MX_UNCOVERED_DEPTH) {
            failures.push(format!("{}: the depth is not noticed", vector["id"]));
        }
    }
    assert_none(&failures);
}

#[test]
fn media_types() {
    let mut failures = Vec::new();
    for vector in of_kind("policy_http").iter().filter(|vector| vector["input"]["status"] == 200) {
        let parsed = media_type::parse(vector["input"]["headers"]["content-type"].as_str().map(str::as_bytes));
        let listed: BTreeSet<Code> =
            listed(vector).into_iter().filter(|code| code.as_str().starts_with("sts-fetch-content-type-")).collect();
        if codes_of(&parsed.faults) != listed {
            failures.push(format!("{}: {:?}, not {listed:?}", vector["id"], codes_of(&parsed.faults)));
        }
        let expected = if vector["expect"] == "disputed" { Some(false) } else { (vector["expect"] == "ok").then_some(true) };
        if expected.is_some_and(|valid| valid != parsed.valid) {
            failures.push(format!("{}: text/plain is {}", vector["id"], parsed.valid));
        }
    }
    assert_none(&failures);
}

/// The fault that stands for a problem of the real policies; none where several could.
fn fault_of_problem(problem: &str) -> Option<FaultKind> {
    Some(match problem {
        "trailing-blank-line" => FaultKind::StsPolicyTrailingBlankLine,
        "leading-blank-line" | "blank-line" => FaultKind::StsPolicyBlankLine,
        "line-without-colon" | "bad-field-name" => FaultKind::StsPolicyLineSyntax,
        "mode-bad" => FaultKind::StsPolicyModeInvalid,
        "max_age-bad" => FaultKind::StsPolicyMaxAgeInvalid,
        "missing-version" => FaultKind::StsPolicyVersionMissing,
        "missing-mode" => FaultKind::StsPolicyModeMissing,
        "missing-max_age" => FaultKind::StsPolicyMaxAgeMissing,
        "missing-mx" => FaultKind::StsPolicyMxMissing,
        "mx-trailing-dot" => FaultKind::StsPolicyMxTrailingDot,
        _ => return None,
    })
}

#[test]
fn real_policies() {
    let mut failures = Vec::new();
    let policies = vectors("real-shapes.jsonl");
    assert!(policies.len() > 100);
    for vector in &policies {
        let (text, expect) = (vector["text"].as_str().unwrap(), &vector["expect"]);
        let parsed = policy::parse(text.as_bytes());
        compare(vector, "valid", parsed.valid, &expect["rfc_valid"], &mut failures);
        compare(vector, "mode", Value::from(parsed.value.mode.clone()), &expect["mode"], &mut failures);
        compare(vector, "max_age", Value::from(parsed.value.max_age), &expect["max_age"], &mut failures);
        for kind in strings(&expect["problems"]).iter().filter_map(|problem| fault_of_problem(problem)) {
            if !parsed.has(kind) {
                failures.push(format!("{}: {} is not reported", vector["id"], Code::from(kind)));
            }
        }
        let eol = if parsed.has(FaultKind::StsPolicyEolMixed) {
            "mixed"
        } else if parsed.has(FaultKind::StsPolicyEolLf) {
            "lf"
        } else {
            "crlf"
        };
        compare(vector, "line ending", eol, &expect["line_ending"], &mut failures);
        let lenient = policy::parse_lenient(text.as_bytes());
        compare(vector, "lenient usable", lenient.is_some(), &expect["lenient"]["usable"], &mut failures);
        // Where forgiving senders find no policy, what is known of it is what the strict reader makes of it.
        let (mode, max_age) = match lenient {
            Some(policy) => (Some(policy.mode.to_string()), Some(policy.max_age)),
            None => (parsed.value.mode, parsed.value.max_age),
        };
        compare(vector, "lenient mode", Value::from(mode), &expect["lenient"]["mode"], &mut failures);
        compare(vector, "lenient max_age", Value::from(max_age), &expect["lenient"]["max_age"], &mut failures);
    }
    assert_none(&failures);
}
