//! The fields of the policy: version, mode, max_age, unknown ones (RFC 8461 section 3.2).

use super::super::case::{Case, case};
use super::policy_text::{LINES, crlf};
use crate::classify::codes::{self, Code};

fn keys() -> Vec<Case> {
    vec![
        case("unknown-field", "Fields that the RFC does not define.")
            .body(crlf(&[LINES, &["max_version: TLSv1.2", "more: ext e  ns ion"]].concat()))
            .code(codes::STS_POLICY_UNKNOWN_FIELD),
        case("duplicate-mode", "A second mode; the first counts.")
            .body(changed("mode: enforce", "mode: enforce\r\nmode: none"))
            .code(codes::STS_POLICY_DUPLICATE_FIELD)
            .lenient_differs(),
        case("duplicate-version", "A second version; the first counts.")
            .body(changed("version: STSv1", "version: STSv1\r\nversion: STSv2"))
            .code(codes::STS_POLICY_DUPLICATE_FIELD)
            .lenient_differs(),
        bad("key-case", "max_age in capitals.", "max_age", "MAX_AGE", &[codes::STS_POLICY_KEY_CASE, codes::STS_POLICY_MAX_AGE_MISSING]),
        bad("key-typo", "max-age with a hyphen.", "max_age", "max-age", &[codes::STS_POLICY_KEY_TYPO, codes::STS_POLICY_MAX_AGE_MISSING]),
    ]
}

fn version_and_mode() -> Vec<Case> {
    vec![
        bad("version-missing", "No version.", "version: STSv1\r\n", "", &[codes::STS_POLICY_VERSION_MISSING]),
        bad("version-invalid", "A version that does not exist.", "STSv1", "STSv2", &[codes::STS_POLICY_VERSION_INVALID]),
        bad("policy-version-case", "The version in capitals.", "STSv1", "STSV1", &[codes::STS_POLICY_VERSION_CASE]),
        bad("mode-missing", "No mode.", "mode: enforce\r\n", "", &[codes::STS_POLICY_MODE_MISSING]),
        bad("mode-invalid", "A mode that does not exist.", "enforce", "enforced", &[codes::STS_POLICY_MODE_INVALID]),
        bad("mode-case", "The mode with a capital letter.", "enforce", "Enforce", &[codes::STS_POLICY_MODE_CASE]),
        bad("mode-report", "The mode report of an early draft.", "enforce", "report", &[codes::STS_POLICY_MODE_LEGACY_REPORT]),
        case("mode-none-without-mx", "Mode none needs no mx.").mode("none").patterns(&[]).no_comparison(),
        case("testing-short", "Mode testing with a max_age of a day.")
            .mode("testing")
            .max_age("86400")
            .code(codes::STS_POLICY_MAX_AGE_SHORT),
    ]
}

fn max_age() -> Vec<Case> {
    vec![
        case("max-age-at-maximum", "The greatest max_age.").max_age("31557600"),
        case("max-age-over-maximum", "A max_age one second over the maximum.")
            .max_age("31557601")
            .code(codes::STS_POLICY_MAX_AGE_OVER_MAXIMUM)
            .lenient_differs(),
        case("max-age-10-digits", "A max_age of ten digits.")
            .max_age("9999999999")
            .code(codes::STS_POLICY_MAX_AGE_OVER_MAXIMUM)
            .lenient_differs(),
        case("max-age-one-week", "The least max_age that is not short.").max_age("604800"),
        case("max-age-under-a-week", "A max_age one second below a week.").max_age("604799").code(codes::STS_POLICY_MAX_AGE_SHORT),
        case("max-age-one-day", "A max_age of a day: short, but not very.").max_age("86400").code(codes::STS_POLICY_MAX_AGE_SHORT),
        case("max-age-under-a-day", "A max_age one second below a day.").max_age("86399").code(codes::STS_POLICY_MAX_AGE_VERY_SHORT),
        case("max-age-zero", "A max_age of zero.").max_age("0").code(codes::STS_POLICY_MAX_AGE_ZERO).lenient_differs(),
        case("max-age-leading-zero", "A max_age that begins with a zero.").max_age("02592000").code(codes::STS_POLICY_MAX_AGE_LEADING_ZERO),
        bad("max-age-missing", "No max_age.", "max_age: 2592000\r\n", "", &[codes::STS_POLICY_MAX_AGE_MISSING]),
        bad("max-age-11-digits", "A max_age of eleven digits.", "2592000", "99999999999", &[codes::STS_POLICY_MAX_AGE_INVALID]),
        bad("max-age-plus", "A max_age with a sign.", "2592000", "+2592000", &[codes::STS_POLICY_MAX_AGE_INVALID]),
        bad("max-age-unit", "A max_age with a unit.", "2592000", "30d", &[codes::STS_POLICY_MAX_AGE_INVALID]),
        bad("max-age-empty", "A max_age without a value.", "2592000", "", &[codes::STS_POLICY_MAX_AGE_INVALID]),
    ]
}

/// The policy with one part replaced.
fn changed(from: &str, to: &str) -> String {
    crlf(LINES).replace(from, to)
}

fn bad(name: &'static str, about: &'static str, from: &str, to: &str, codes: &[Code]) -> Case {
    case(name, about).body(changed(from, to)).bad_policy().codes(codes)
}

pub(super) fn cases() -> Vec<Case> {
    [keys(), version_and_mode(), max_age()].concat()
}
