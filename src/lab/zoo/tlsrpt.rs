//! The TLSRPT record (RFC 8460 section 3).

use super::super::case::{Case, case};

fn valid() -> Vec<Case> {
    vec![
        case("tlsrpt-https", "Reports by HTTPS.").tlsrpt("v=TLSRPTv1; rua=https://reports.{d}/v1/tlsrpt"),
        case("tlsrpt-https-capitals", "A scheme in capitals is the same scheme.").tlsrpt("v=TLSRPTv1; rua=HTTPS://reports.{d}/v1/tlsrpt;"),
        case("tlsrpt-split", "A record in two character-strings.")
            .tlsrpt_set(vec![vec!["v=TLSRPTv1; rua=mai".into(), "lto:tls@{d}".into()]]),
        case("tlsrpt-encoded", "An exclamation mark, encoded as it must be.").tlsrpt("v=TLSRPTv1; rua=mailto:a%21b@{d}"),
        case("rua-two", "Two destinations.")
            .tlsrpt("v=TLSRPTv1; rua=mailto:a@{d} , https://reports.{d}/tlsrpt")
            .code("tlsrpt-rua-multiple"),
        case("rua-external", "Reports go to somebody else.")
            .tlsrpt("v=TLSRPTv1; rua=mailto:tls@reports.example")
            .code("tlsrpt-rua-external"),
        case("rua-subdomain", "Reports go to a subdomain, which is nobody else.").tlsrpt("v=TLSRPTv1; rua=mailto:tls@reports.{d}"),
        case("rua-port", "A port other than 443.").tlsrpt("v=TLSRPTv1; rua=https://reports.{d}:8443/t").code("tlsrpt-rua-nonstandard-port"),
        case("rua-userinfo", "Credentials in the address.")
            .tlsrpt("v=TLSRPTv1; rua=https://user:pw@reports.{d}/t")
            .code("tlsrpt-rua-userinfo"),
        case("tlsrpt-unknown-field", "A field that the RFC does not define.")
            .tlsrpt("v=TLSRPTv1; ext=yes; rua=mailto:tls@{d}")
            .code("tlsrpt-unknown-field"),
        case("tlsrpt-dmarc-tags", "Tags of DMARC.").tlsrpt("v=TLSRPTv1; rua=mailto:a@{d}; p=none").code("tlsrpt-dmarc-tags"),
        case("tlsrpt-unrelated-txt", "Another TXT record beside the right one.")
            .tlsrpt_set(vec![vec!["v=TLSRPTv1; rua=mailto:tls@{d}".into()], vec!["v=spf1 -all".into()]])
            .code("tlsrpt-unrelated-txt"),
        case("tlsrpt-only-unrelated", "Only another TXT record.").tlsrpt("v=spf1 -all").no_tlsrpt_record().code("tlsrpt-unrelated-txt"),
        case("tlsrpt-absent", "No TLSRPT record.").no_tlsrpt(),
        case("tlsrpt-two-records", "Two records count as none.")
            .tlsrpt_set(vec![vec!["v=TLSRPTv1; rua=mailto:a@{d}".into()], vec!["v=TLSRPTv1; rua=mailto:b@{d}".into()]])
            .code("tlsrpt-multiple")
            .tlsrpt_state("multiple"),
    ]
}

fn near_misses() -> Vec<Case> {
    vec![
        bad("tlsrpt-version-case", "The version in small letters.", "v=tlsrptv1; rua=mailto:a@{d}", &["tlsrpt-near-miss"]),
        bad("tlsrpt-version-typo", "The version without its v.", "v=TLSRPT1; rua=mailto:a@{d}", &["tlsrpt-near-miss"]),
        bad("tlsrpt-version-0", "A version that does not exist.", "v=TLSRPTv0; rua=mailto:a@{d}", &["tlsrpt-unknown-version"]),
        bad("tlsrpt-version-comma", "A comma in place of the semicolon.", "v=TLSRPTv1, rua=mailto:a@{d}", &["tlsrpt-near-miss"]),
        bad(
            "tlsrpt-quotes",
            "Quotation marks as part of the text.",
            "\"v=TLSRPTv1; rua=mailto:a@{d}\"",
            &["tlsrpt-near-miss", "tlsrpt-literal-quotes"],
        ),
        bad(
            "tlsrpt-leading-space",
            "White space before the version.",
            " v=TLSRPTv1; rua=mailto:a@{d}",
            &["tlsrpt-near-miss", "tlsrpt-leading-space"],
        ),
        bad(
            "tlsrpt-version-not-first",
            "The rua before the version.",
            "rua=mailto:a@{d}; v=TLSRPTv1",
            &["tlsrpt-near-miss", "tlsrpt-version-not-first"],
        ),
    ]
}

fn broken() -> Vec<Case> {
    vec![
        bad("rua-missing", "No rua.", "v=TLSRPTv1;", &["tlsrpt-rua-missing"]),
        bad("rua-empty", "A rua without a value.", "v=TLSRPTv1; rua=", &["tlsrpt-rua-empty"]),
        bad("rua-no-scheme", "An address without mailto:.", "v=TLSRPTv1; rua=tls@{d}", &["tlsrpt-rua-no-scheme"]),
        bad("rua-second-no-scheme", "A second address without mailto:.", "v=TLSRPTv1; rua=mailto:a@{d},b@{d}", &["tlsrpt-rua-no-scheme"]),
        bad("rua-http", "Plain HTTP.", "v=TLSRPTv1; rua=http://reports.{d}/tls", &["tlsrpt-rua-scheme"]),
        bad("rua-mailto-empty", "mailto: without an address.", "v=TLSRPTv1; rua=mailto:", &["tlsrpt-rua-mailto-syntax"]),
        bad("rua-https-empty", "https: without a host.", "v=TLSRPTv1; rua=https:///t", &["tlsrpt-rua-https-syntax"]),
        bad("rua-space", "White space before the address.", "v=TLSRPTv1; rua= mailto:tls@{d}", &["tlsrpt-rua-uri-syntax"]),
        bad("rua-obfuscated", "An address hidden from robots.", "v=TLSRPTv1; rua=mailto:[email protected]", &["tlsrpt-rua-obfuscated"]),
        bad("rua-capitals", "RUA in capitals.", "v=TLSRPTv1; RUA=mailto:a@{d}", &["tlsrpt-rua-missing", "tlsrpt-key-case"]),
        bad("tlsrpt-empty-field", "Two semicolons in a row.", "v=TLSRPTv1; rua=mailto:a@{d};;", &["tlsrpt-empty-field"]),
        bad("tlsrpt-field-syntax", "A field without a value.", "v=TLSRPTv1; rua=mailto:a@{d}; more=", &["tlsrpt-field-syntax"]),
        bad("tlsrpt-trailing-space", "White space at the end.", "v=TLSRPTv1; rua=mailto:a@{d}  ", &["tlsrpt-record-trailing-space"]),
    ]
}

fn bad(name: &'static str, about: &'static str, record: &'static str, codes: &[&'static str]) -> Case {
    case(name, about).tlsrpt(record).tlsrpt_state("invalid").codes(codes)
}

pub(super) fn cases() -> Vec<Case> {
    [valid(), near_misses(), broken()].concat()
}
