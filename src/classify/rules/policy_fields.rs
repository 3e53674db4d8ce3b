//! `sts-policy-*`, second half: keys, version, mode and max_age (RFC 8461 section 3.2).

use super::super::Severity::{High, Info, Low, Medium};
use super::super::rule::{ResultType, Rule};

/// A body of CRLF lines.
macro_rules! policy {
    ($($line:literal),+ $(,)?) => { concat!($($line, "\r\n"),+) };
}
pub(super) use policy;

/// A policy without fault.
pub(super) const GOOD: &str = policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800"];

pub(super) const FINE: &str = "None: the policy is valid all the same.";

/// The policy is invalid.
pub(super) const POLICY: Rule = Rule {
    severity: High,
    clause: "RFC 8461 section 3.2",
    effect: "Senders that follow the RFC must not use the policy: without a cached one they send without MTA-STS. Forgiving senders may still apply it.",
    tlsrpt_result: Some(ResultType::StsPolicyInvalid),
    ..Rule::BASE
};

/// The policy is valid.
const VALID: Rule = Rule { severity: Low, effect: FINE, tlsrpt_result: None, ..POLICY };

/// How long senders keep the policy.
const AGE: Rule = Rule {
    severity: Medium,
    remedy: "Set max_age to 604800 (one week) at least; several weeks once mode is enforce and all is well.",
    ..VALID
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "sts-policy-key-case",
        summary: "The name of a field is not in small letters.",
        effect: "Senders that follow the RFC take it for an unknown field, so the field is missing and the policy invalid.",
        remedy: "Write version, mode, mx and max_age in small letters.",
        example: Some((policy!["version: STSv1", "Mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-key-typo",
        severity: Medium,
        summary: "The name of a field is almost, but not quite, that of a known field.",
        effect: "Senders ignore the field as one that they do not know; if it was a required one, the policy is invalid.",
        remedy: "Correct the name: the fields are version, mode, mx and max_age, with an underscore in the last.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max-age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-duplicate-field",
        severity: Medium,
        summary: "A field other than mx stands more than once in the policy.",
        effect: "The first one counts, yet some senders take the last and others refuse the policy.",
        remedy: "Keep the one that is meant and remove the others.",
        example: Some((policy!["version: STSv1", "mode: testing", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        tlsrpt_result: None,
        ..POLICY
    },
    Rule {
        code: "sts-policy-unknown-field",
        summary: "The policy has a field that RFC 8461 does not define.",
        effect: "None: senders ignore fields that they do not know, though a few refuse the policy.",
        remedy: "Remove the field unless you know what reads it.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800", "contact: tls"], GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-version-missing",
        summary: "The policy has no version.",
        remedy: "Add the line version: STSv1.",
        example: Some((policy!["mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-version-invalid",
        summary: "The version of the policy is not STSv1.",
        remedy: "Write version: STSv1; this is the only version there is.",
        example: Some((policy!["version: STSv2", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-version-case",
        summary: "The version of the policy is not written as STSv1 in exactly this case.",
        remedy: "Write version: STSv1.",
        example: Some((policy!["version: STSV1", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-version-not-first",
        severity: Info,
        summary: "The version is not on the first line of the policy.",
        effect: "None: RFC 8461 prescribes no order, though some checkers expect the version first.",
        remedy: "Nothing urgent. Move version: STSv1 to the first line to satisfy every reader.",
        example: Some((policy!["mode: enforce", "version: STSv1", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-mode-missing",
        summary: "The policy has no mode.",
        remedy: "Add the line mode: testing, and change it to mode: enforce once TLS reports show no failures.",
        example: Some((policy!["version: STSv1", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-mode-invalid",
        summary: "The mode of the policy is none of enforce, testing and none.",
        remedy: "Write mode: testing or mode: enforce; or mode: none to withdraw from MTA-STS.",
        example: Some((policy!["version: STSv1", "mode: enforced", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-mode-case",
        summary: "The mode of the policy is not in small letters.",
        remedy: "Write the mode in small letters: enforce, testing or none.",
        example: Some((policy!["version: STSv1", "mode: Enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-mode-legacy-report",
        summary: "The mode of the policy is report, the word of an early draft for testing.",
        remedy: "Write mode: testing.",
        example: Some((policy!["version: STSv1", "mode: report", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-max-age-missing",
        summary: "The policy has no max_age.",
        remedy: "Add the line max_age: 604800.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-max-age-invalid",
        summary: "The max_age is not a number of 1 to 10 digits.",
        remedy: "Write max_age as a plain number of seconds, with no unit, sign, point or separator: max_age: 604800.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 7d"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-max-age-leading-zero",
        summary: "The max_age begins with a zero.",
        remedy: "Nothing urgent; write the number without leading zeros.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 0604800"], GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-max-age-over-maximum",
        summary: "The max_age is above the maximum of 31557600 seconds (one year).",
        effect: "Senders disagree: some refuse the policy, some use the maximum, some take the number as it is.",
        remedy: "Set max_age to 31557600 or less.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 63072000"], GOOD)),
        ..AGE
    },
    Rule {
        code: "sts-policy-max-age-short",
        severity: Low,
        clause: "RFC 8461 section 10.2",
        summary: "The max_age is below one week.",
        effect: "An attacker who can block the retrieval of the policy for that long undoes the protection.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 86400"], GOOD)),
        ..AGE
    },
    Rule {
        code: "sts-policy-max-age-very-short",
        clause: "RFC 8461 section 10.2",
        summary: "The max_age is below one day.",
        effect: "Cached policies expire between messages, so an attacker who blocks the retrieval for hours undoes the protection.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 3600"], GOOD)),
        ..AGE
    },
    Rule {
        code: "sts-policy-max-age-zero",
        clause: "RFC 8461 section 10.2",
        summary: "The max_age is zero.",
        effect: "Senders cannot cache the policy, so whoever blocks its retrieval undoes the protection; some senders refuse such a policy.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 0"], GOOD)),
        ..AGE
    },
    Rule {
        code: "sts-policy-enforced-by-lenient",
        summary: "The policy is invalid, yet forgiving senders enforce it and find no MX host that it allows.",
        effect: "Senders that follow the RFC ignore the policy and deliver; the forgiving ones refuse every MX host, so their mail is delayed and then returned.",
        remedy: "Give every MX host a line mx: HOST of its own, with nothing but its name or a wildcard such as *.example.com; until that is served, set mode to testing.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: *", "max_age: 604800"], GOOD)),
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..POLICY
    },
];
