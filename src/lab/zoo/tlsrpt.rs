//! The TLSRPT record (RFC 8460 section 3).

use crate::classify::codes::{self, Code};

use super::super::case::{Case, case};

fn valid() -> Vec<Case> {
    vec![
        case("tlsrpt-https", "Reports by HTTPS.").tlsrpt("v=TLSRPTv1; rua=https://reports.{d}/v1/tlsrpt"),
        case("tlsrpt-https-capitals", "A scheme in capitals is the same scheme.").tlsrpt("v=TLSRPTv1; rua=HTTPS://reports.{d}/v1/tlsrpt;"),
        case("tlsrpt-split", "A record in two character-strings.")
            .tlsrpt_set(vec![vec!["v=TLSRPTv1; rua=mai".into(), "lto:tls@{d}".into()]]),
        case("tlsrpt-encoded", "An exclamation mark, encoded as it must be.").tlsrpt("v=TLSRPTv1; rua=mailto:a%21b@{d}"),
        case("rua-two-dots", "A local part with two dots in a row, which is no dot-string.")
            .tlsrpt("v=TLSRPTv1; rua=mailto:a..b@{d}")
            .code(codes::TLSRPT_RUA_MAILTO_SYNTAX),
        case("rua-quoted", "The same as a quoted string, which may hold any dots.").tlsrpt("v=TLSRPTv1; rua=mailto:%22a..b%22@{d}"),
        case("rua-two", "Two destinations.")
            .tlsrpt("v=TLSRPTv1; rua=mailto:a@{d} , https://reports.{d}/tlsrpt")
            .code(codes::TLSRPT_RUA_MULTIPLE),
        case("rua-duplicate", "The same destination twice.")
            .tlsrpt("v=TLSRPTv1; rua=mailto:a@{d},mailto:a@{d}")
            .code(codes::TLSRPT_RUA_DUPLICATE),
        case("rua-twice", "The field rua twice.")
            .tlsrpt("v=TLSRPTv1; rua=mailto:a@{d}; rua=mailto:b@{d}")
            .codes(&[codes::TLSRPT_RUA_MULTIPLE, codes::TLSRPT_RUA_REPEATED_FIELD]),
        case("rua-address", "A host by its address.").tlsrpt("v=TLSRPTv1; rua=https://192.0.2.1/t").code(codes::TLSRPT_RUA_IP_LITERAL),
        case("rua-single-label", "A host without a dot.")
            .tlsrpt("v=TLSRPTv1; rua=https://collector/t")
            .code(codes::TLSRPT_RUA_SINGLE_LABEL),
        case("tlsrpt-version-space", "A space before the first semicolon.")
            .tlsrpt("v=TLSRPTv1 ; rua=mailto:tls@{d}")
            .code(codes::TLSRPT_VERSION_SPACE),
        case("rua-external", "Reports go to somebody else.")
            .tlsrpt("v=TLSRPTv1; rua=mailto:tls@reports.example")
            .code(codes::TLSRPT_RUA_EXTERNAL),
        case("rua-subdomain", "Reports go to a subdomain, which is nobody else.").tlsrpt("v=TLSRPTv1; rua=mailto:tls@reports.{d}"),
        case("rua-port", "A port other than 443.")
            .tlsrpt("v=TLSRPTv1; rua=https://reports.{d}:8443/t")
            .code(codes::TLSRPT_RUA_NONSTANDARD_PORT),
        case("rua-userinfo", "Credentials in the address.")
            .tlsrpt("v=TLSRPTv1; rua=https://user:pw@reports.{d}/t")
            .code(codes::TLSRPT_RUA_USERINFO),
        case("tlsrpt-unknown-field", "A field that the RFC does not define.")
            .tlsrpt("v=TLSRPTv1; ext=yes; rua=mailto:tls@{d}")
            .code(codes::TLSRPT_UNKNOWN_FIELD),
        case("tlsrpt-dmarc-tags", "Tags of DMARC.").tlsrpt("v=TLSRPTv1; rua=mailto:a@{d}; p=none").code(codes::TLSRPT_DMARC_TAGS),
        case("tlsrpt-unrelated-txt", "Another TXT record beside the right one.")
            .tlsrpt_set(vec![vec!["v=TLSRPTv1; rua=mailto:tls@{d}".into()], vec!["v=spf1 -all".into()]])
            .code(codes::TLSRPT_UNRELATED_TXT),
        case("tlsrpt-only-unrelated", "Only another TXT record.")
            .tlsrpt("v=spf1 -all")
            .no_tlsrpt_record()
            .code(codes::TLSRPT_UNRELATED_TXT),
        case("tlsrpt-absent", "No TLSRPT record.").no_tlsrpt(),
        case("tlsrpt-two-records", "Two records count as none.")
            .tlsrpt_set(vec![vec!["v=TLSRPTv1; rua=mailto:a@{d}".into()], vec!["v=TLSRPTv1; rua=mailto:b@{d}".into()]])
            .code(codes::TLSRPT_MULTIPLE)
            .tlsrpt_state("multiple"),
    ]
}

fn near_misses() -> Vec<Case> {
    vec![
        bad("tlsrpt-version-case", "The version in small letters.", "v=tlsrptv1; rua=mailto:a@{d}", &[codes::TLSRPT_NEAR_MISS]),
        bad("tlsrpt-version-typo", "The version without its v.", "v=TLSRPT1; rua=mailto:a@{d}", &[codes::TLSRPT_NEAR_MISS]),
        bad("tlsrpt-version-0", "A version that does not exist.", "v=TLSRPTv0; rua=mailto:a@{d}", &[codes::TLSRPT_UNKNOWN_VERSION]),
        bad("tlsrpt-version-comma", "A comma in place of the semicolon.", "v=TLSRPTv1, rua=mailto:a@{d}", &[codes::TLSRPT_NEAR_MISS]),
        bad(
            "tlsrpt-quotes",
            "Quotation marks as part of the text.",
            "\"v=TLSRPTv1; rua=mailto:a@{d}\"",
            &[codes::TLSRPT_NEAR_MISS, codes::TLSRPT_LITERAL_QUOTES],
        ),
        bad(
            "tlsrpt-leading-space",
            "White space before the version.",
            " v=TLSRPTv1; rua=mailto:a@{d}",
            &[codes::TLSRPT_NEAR_MISS, codes::TLSRPT_LEADING_SPACE],
        ),
        bad(
            "tlsrpt-version-not-first",
            "The rua before the version.",
            "rua=mailto:a@{d}; v=TLSRPTv1",
            &[codes::TLSRPT_NEAR_MISS, codes::TLSRPT_VERSION_NOT_FIRST],
        ),
    ]
}

fn broken() -> Vec<Case> {
    vec![
        bad("rua-missing", "No rua.", "v=TLSRPTv1;", &[codes::TLSRPT_RUA_MISSING]),
        bad("rua-empty", "A rua without a value.", "v=TLSRPTv1; rua=", &[codes::TLSRPT_RUA_EMPTY]),
        bad("rua-no-scheme", "An address without mailto:.", "v=TLSRPTv1; rua=tls@{d}", &[codes::TLSRPT_RUA_NO_SCHEME]),
        bad(
            "rua-second-no-scheme",
            "A second address without mailto:.",
            "v=TLSRPTv1; rua=mailto:a@{d},b@{d}",
            &[codes::TLSRPT_RUA_NO_SCHEME],
        ),
        bad("rua-http", "Plain HTTP.", "v=TLSRPTv1; rua=http://reports.{d}/tls", &[codes::TLSRPT_RUA_SCHEME]),
        bad("rua-mailto-empty", "mailto: without an address.", "v=TLSRPTv1; rua=mailto:", &[codes::TLSRPT_RUA_MAILTO_SYNTAX]),
        bad("rua-https-empty", "https: without a host.", "v=TLSRPTv1; rua=https:///t", &[codes::TLSRPT_RUA_HTTPS_SYNTAX]),
        bad("rua-space", "White space before the address.", "v=TLSRPTv1; rua= mailto:tls@{d}", &[codes::TLSRPT_RUA_URI_SYNTAX]),
        bad(
            "rua-obfuscated",
            "An address hidden from robots.",
            "v=TLSRPTv1; rua=mailto:[email protected]",
            &[codes::TLSRPT_RUA_OBFUSCATED],
        ),
        bad("rua-size", "A size limit as DMARC has it.", "v=TLSRPTv1; rua=mailto:a@{d}!10m", &[codes::TLSRPT_RUA_SIZE_SUFFIX]),
        bad("tlsrpt-accent", "A letter outside US-ASCII.", "v=TLSRPTv1; rua=mailto:a@{d}; note=caf\u{e9}", &[codes::TLSRPT_NON_ASCII]),
        bad("rua-capitals", "RUA in capitals.", "v=TLSRPTv1; RUA=mailto:a@{d}", &[codes::TLSRPT_RUA_MISSING, codes::TLSRPT_KEY_CASE]),
        bad("tlsrpt-empty-field", "Two semicolons in a row.", "v=TLSRPTv1; rua=mailto:a@{d};;", &[codes::TLSRPT_EMPTY_FIELD]),
        bad("tlsrpt-field-syntax", "A field without a value.", "v=TLSRPTv1; rua=mailto:a@{d}; more=", &[codes::TLSRPT_FIELD_SYNTAX]),
        bad("tlsrpt-trailing-space", "White space at the end.", "v=TLSRPTv1; rua=mailto:a@{d}  ", &[codes::TLSRPT_RECORD_TRAILING_SPACE]),
    ]
}

fn bad(name: &'static str, about: &'static str, record: &'static str, codes: &[Code]) -> Case {
    case(name, about).tlsrpt(record).tlsrpt_state("invalid").codes(codes)
}

pub(super) fn cases() -> Vec<Case> {
    [valid(), near_misses(), broken()].concat()
}
