//! `sts-policy-*`, second half: keys, version, mode and max_age (RFC 8461 section 3.2).

use super::super::families::{DEPLOYMENT, GOOD_POLICY as GOOD, POLICY, VALID_POLICY as VALID, policy};
use super::super::rule::{Rule, Severity, codes};

/// How long senders keep the policy.
const AGE: Rule = Rule {
    severity: Severity::Medium,
    remedy: "Set max_age to 604800 (one week) at least; several weeks once mode is enforce and all is well.",
    ..VALID
};

codes! {
    5010 STS_POLICY_KEY_CASE = "sts-policy-key-case" of StsPolicyKeyCase {
        summary: "The name of a field is not in small letters.",
        effect: "Senders that follow the RFC take it for an unknown field, so the field is missing and the policy invalid.",
        remedy: "Write version, mode, mx and max_age in small letters.",
        example: Some(Text(policy!["version: STSv1", "Mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    5020 STS_POLICY_KEY_TYPO = "sts-policy-key-typo" of StsPolicyKeyTypo {
        severity: Medium,
        summary: "The name of a field is almost, but not quite, that of a known field.",
        effect: "Senders ignore the field as one that they do not know; if it was a required one, the policy is invalid.",
        remedy: "Correct the name: the fields are version, mode, mx and max_age, with an underscore in the last.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max-age: 604800"], GOOD)),
        ..POLICY
    }
    5030 STS_POLICY_DUPLICATE_FIELD = "sts-policy-duplicate-field" of StsPolicyDuplicateField {
        severity: Medium,
        summary: "A field other than mx stands more than once in the policy.",
        effect: "The first one counts, yet some senders take the last and others refuse the policy.",
        remedy: "Keep the one that is meant and remove the others.",
        example: Some(Text(policy!["version: STSv1", "mode: testing", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        tlsrpt_result: None,
        stage: None,
        ..POLICY
    }
    5040 STS_POLICY_UNKNOWN_FIELD = "sts-policy-unknown-field" of StsPolicyUnknownField {
        summary: "The policy has a field that RFC 8461 does not define.",
        effect: "None: senders ignore fields that they do not know, though a few refuse the policy.",
        remedy: "Remove the field unless you know what reads it.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800", "contact: tls"], GOOD)),
        ..VALID
    }
    5050 STS_POLICY_VERSION_MISSING = "sts-policy-version-missing" of StsPolicyVersionMissing {
        summary: "The policy has no version.",
        remedy: "Add the line version: STSv1.",
        example: Some(Text(policy!["mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    5060 STS_POLICY_VERSION_INVALID = "sts-policy-version-invalid" of StsPolicyVersionInvalid {
        summary: "The version of the policy is not STSv1.",
        remedy: "Write version: STSv1; this is the only version there is.",
        example: Some(Text(policy!["version: STSv2", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    5070 STS_POLICY_VERSION_CASE = "sts-policy-version-case" of StsPolicyVersionCase {
        summary: "The version of the policy is not written as STSv1 in exactly this case.",
        remedy: "Write version: STSv1.",
        example: Some(Text(policy!["version: STSV1", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    5080 STS_POLICY_VERSION_NOT_FIRST = "sts-policy-version-not-first" of StsPolicyVersionNotFirst {
        severity: Info,
        summary: "The version is not on the first line of the policy.",
        effect: "None: RFC 8461 prescribes no order, though some checkers expect the version first.",
        remedy: "Nothing urgent. Move version: STSv1 to the first line to satisfy every reader.",
        example: Some(Text(policy!["mode: enforce", "version: STSv1", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..VALID
    }
    5090 STS_POLICY_MODE_MISSING = "sts-policy-mode-missing" of StsPolicyModeMissing {
        summary: "The policy has no mode.",
        remedy: "Add the line mode: testing, and change it to mode: enforce once TLS reports show no failures.",
        example: Some(Text(policy!["version: STSv1", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    5100 STS_POLICY_MODE_INVALID = "sts-policy-mode-invalid" of StsPolicyModeInvalid {
        summary: "The mode of the policy is none of enforce, testing and none.",
        remedy: "Write mode: testing or mode: enforce; or mode: none to withdraw from MTA-STS.",
        example: Some(Text(policy!["version: STSv1", "mode: enforced", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    5110 STS_POLICY_MODE_CASE = "sts-policy-mode-case" of StsPolicyModeCase {
        summary: "The mode of the policy is not in small letters.",
        remedy: "Write the mode in small letters: enforce, testing or none.",
        example: Some(Text(policy!["version: STSv1", "mode: Enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    5120 STS_POLICY_MODE_LEGACY_REPORT = "sts-policy-mode-legacy-report" of StsPolicyModeLegacyReport {
        summary: "The mode of the policy is report, the word of an early draft for testing.",
        remedy: "Write mode: testing.",
        example: Some(Text(policy!["version: STSv1", "mode: report", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    5130 STS_POLICY_MAX_AGE_MISSING = "sts-policy-max-age-missing" of StsPolicyMaxAgeMissing {
        summary: "The policy has no max_age.",
        remedy: "Add the line max_age: 604800.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com"], GOOD)),
        ..POLICY
    }
    5140 STS_POLICY_MAX_AGE_INVALID = "sts-policy-max-age-invalid" of StsPolicyMaxAgeInvalid {
        summary: "The max_age is not a number of 1 to 10 digits.",
        remedy: "Write max_age as a plain number of seconds, with no unit, sign, point or separator: max_age: 604800.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 7d"], GOOD)),
        ..POLICY
    }
    5150 STS_POLICY_MAX_AGE_LEADING_ZERO = "sts-policy-max-age-leading-zero" of StsPolicyMaxAgeLeadingZero {
        summary: "The max_age begins with a zero.",
        remedy: "Nothing urgent; write the number without leading zeros.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 0604800"], GOOD)),
        ..VALID
    }
    5160 STS_POLICY_MAX_AGE_OVER_MAXIMUM = "sts-policy-max-age-over-maximum" of StsPolicyMaxAgeOverMaximum {
        summary: "The max_age is above the maximum of 31557600 seconds (one year).",
        effect: "Senders disagree: some refuse the policy, some use the maximum, some take the number as it is.",
        remedy: "Set max_age to 31557600 or less.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 63072000"], GOOD)),
        ..AGE
    }
    5170 STS_POLICY_MAX_AGE_SHORT = "sts-policy-max-age-short" of StsPolicyMaxAgeShort {
        severity: Low,
        clause: "RFC 8461 section 10.2",
        summary: "The max_age is below one week.",
        effect: "An attacker who can block the retrieval of the policy for that long undoes the protection by MTA-STS.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 86400"], GOOD)),
        ..AGE
    }
    5180 STS_POLICY_MAX_AGE_VERY_SHORT = "sts-policy-max-age-very-short" of StsPolicyMaxAgeVeryShort {
        clause: "RFC 8461 section 10.2",
        summary: "The max_age is below one day.",
        effect: "Cached policies expire between messages, so an attacker who blocks the retrieval for hours undoes the protection by MTA-STS.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 3600"], GOOD)),
        ..AGE
    }
    5190 STS_POLICY_MAX_AGE_ZERO = "sts-policy-max-age-zero" of StsPolicyMaxAgeZero {
        clause: "RFC 8461 section 10.2",
        summary: "The max_age is zero.",
        effect: "Senders cannot cache the policy, so whoever blocks its retrieval undoes the protection by MTA-STS; some senders refuse such a policy.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 0"], GOOD)),
        ..AGE
    }
    7010 STS_MODE_NONE = "sts-mode-none" of StsModeNone {
        severity: Info,
        summary: "The mode of the policy is none.",
        effect: "Senders treat the domain as one without MTA-STS, which is how a deployment is ended in an orderly way.",
        remedy: "Remove record and policy once the former max_age has passed, or set mode: testing to start again.",
        example: Some(Text(policy!["version: STSv1", "mode: none", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..DEPLOYMENT
    }
    7020 STS_MODE_TESTING = "sts-mode-testing" of StsModeTesting {
        summary: "The mode of the policy is testing.",
        effect: "Senders report failures, but deliver all the same, so mail is not protected, unless DANE protects it.",
        remedy: "Read the TLS reports for two to four weeks; when they show no failures of your own, set mode: enforce and change the id of the record.",
        example: Some(Text(policy!["version: STSv1", "mode: testing", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..DEPLOYMENT
    }
}
