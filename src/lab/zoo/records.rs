//! The text of the MTA-STS record (RFC 8461 section 3.1).

use crate::classify::codes::{self, Code};

use super::super::case::{Case, case};

/// Valid records, and what may be remarked of them.
fn valid() -> Vec<Case> {
    vec![
        case("record-without-spaces", "No spaces and no final semicolon.").sts("v=STSv1;id=20240101T000000"),
        case("record-much-space", "White space wherever the grammar allows it.")
            .sts("v=STSv1 \t; \t id=20240101T000000 \t; ")
            .code(codes::STS_RECORD_VERSION_SPACE),
        case("id-32-characters", "An id of the greatest length.").sts("v=STSv1; id=0123456789abcdefABCDEF0123456789;"),
        case("id-one-character", "An id of the least length.").sts("v=STSv1; id=0;"),
        case("id-duplicate", "Two ids, of which the first counts.")
            .sts("v=STSv1; id=first; id=second;")
            .code(codes::STS_RECORD_ID_DUPLICATE),
        case("id-duplicate-bad", "A second id that would be no id; the first counts.")
            .sts("v=STSv1; id=1; id=bad-id;")
            .code(codes::STS_RECORD_ID_DUPLICATE),
        case("version-duplicate", "A second version behind the id.")
            .sts("v=STSv1; id=1; v=STSv2;")
            .code(codes::STS_RECORD_VERSION_DUPLICATE),
        case("record-unknown-field", "A field that the RFC does not define.")
            .sts("v=STSv1; id=1; x.y-z_1=ok:/,!@;")
            .code(codes::STS_RECORD_UNKNOWN_FIELD),
        case("record-policy-keys", "Fields of the policy in the record, in its own grammar.")
            .sts("v=STSv1; id=1; mode=enforce; mx=mail.{d}; max_age=604800;")
            .code(codes::STS_RECORD_POLICY_KEYS),
        case("record-split", "The record in two character-strings.")
            .sts_set(vec![vec!["v=STSv1; ".into(), "id=20240101T000000;".into()]])
            .code(codes::STS_RECORD_SPLIT_STRINGS),
        case("unrelated-txt", "Another TXT record beside the right one.")
            .sts_set(vec![vec!["google-site-verification=abc".into()], vec!["v=STSv1; id=1;".into()]])
            .code(codes::STS_RECORD_UNRELATED_TXT),
        case("unrelated-version-alone", "A bare v=STSv1 beside the right one: the discard rule asks for the semicolon.")
            .sts_set(vec![vec!["v=STSv1; id=1;".into()], vec!["v=STSv1".into()]])
            .code(codes::STS_RECORD_UNRELATED_TXT),
        case("two-records", "Two records count as none.")
            .sts_set(vec![vec!["v=STSv1; id=1;".into()], vec!["v=STSv1; id=2;".into()]])
            .multiple_records()
            .code(codes::STS_RECORD_MULTIPLE),
        case("two-records-one-bad", "A record and a broken one: two all the same.")
            .sts_set(vec![vec!["v=STSv1; id=1;".into()], vec!["v=STSv1; garbage".into()]])
            .multiple_records()
            .code(codes::STS_RECORD_MULTIPLE),
        case("only-unrelated-txt", "Only text that has nothing to do with MTA-STS.")
            .sts("v=spf1 -all")
            .no_record()
            .codes(&[codes::STS_RECORD_ABSENT, codes::STS_RECORD_UNRELATED_TXT]),
    ]
}

/// Records whose version is right and whose fields are not.
fn broken_fields() -> Vec<Case> {
    vec![
        bad("id-missing", "No id.", "v=STSv1;", &[codes::STS_RECORD_ID_MISSING]),
        bad(
            "id-hyphens",
            "An id with hyphens and colons, the commonest fault of all.",
            "v=STSv1; id=2024-01-15T10:30:00Z",
            &[codes::STS_RECORD_ID_INVALID],
        ),
        bad("id-underscore", "An id with an underscore.", "v=STSv1; id=policy_1;", &[codes::STS_RECORD_ID_INVALID]),
        bad("id-quoted", "An id in quotation marks.", "v=STSv1; id=\"20240115\"", &[codes::STS_RECORD_ID_INVALID]),
        bad(
            "id-33-characters",
            "An id one character too long.",
            "v=STSv1; id=0123456789abcdefABCDEF01234567890;",
            &[codes::STS_RECORD_ID_TOO_LONG],
        ),
        bad(
            "id-capitals",
            "The field ID in capitals.",
            "v=STSv1; ID=20240115;",
            &[codes::STS_RECORD_KEY_CASE, codes::STS_RECORD_ID_MISSING],
        ),
        bad(
            "record-spaces-around-equals",
            "White space around the equals sign.",
            "v=STSv1; id = 20240115;",
            &[codes::STS_RECORD_FIELD_SYNTAX],
        ),
        bad("record-two-equals", "A value with an equals sign.", "v=STSv1; id=a; x=a=b", &[codes::STS_RECORD_FIELD_SYNTAX]),
        bad("record-empty-field", "Two semicolons in a row.", "v=STSv1;; id=a", &[codes::STS_RECORD_EMPTY_FIELD]),
        bad("record-empty-field-at-end", "Two semicolons at the end.", "v=STSv1; id=a;;", &[codes::STS_RECORD_EMPTY_FIELD]),
        bad(
            "record-trailing-space",
            "White space at the end that no semicolon follows.",
            "v=STSv1; id=a ",
            &[codes::STS_RECORD_TRAILING_SPACE],
        ),
        bad("record-trailing-newline", "A line break at the end.", "v=STSv1; id=1\r\n", &[codes::STS_RECORD_CONTROL_CHAR]),
        bad("record-accent", "A letter outside US-ASCII.", "v=STSv1; id=1; note=caf\u{e9};", &[codes::STS_RECORD_NON_ASCII]),
        bad(
            "record-policy-lines",
            "Lines of the policy pasted behind the id.",
            "v=STSv1; id=1; mx: a.com; mode: testing;",
            &[codes::STS_RECORD_FIELD_SYNTAX, codes::STS_RECORD_POLICY_KEYS],
        ),
    ]
}

/// Text that was meant as a record and does not begin as one.
fn near_misses() -> Vec<Case> {
    vec![
        bad(
            "version-not-first",
            "The id stands before the version.",
            "id=20160831085700Z; v=STSv1;",
            &[codes::STS_RECORD_VERSION_NOT_FIRST, codes::STS_RECORD_NEAR_MISS],
        ),
        bad("version-case", "The version in capitals.", "v=STSV1; id=1;", &[codes::STS_RECORD_VERSION_CASE, codes::STS_RECORD_NEAR_MISS]),
        bad(
            "record-leading-space",
            "White space before the version.",
            " v=STSv1; id=1;",
            &[codes::STS_RECORD_LEADING_SPACE, codes::STS_RECORD_NEAR_MISS],
        ),
        bad("version-spaces", "White space around the equals sign of the version.", "v = STSv1; id=1;", &[codes::STS_RECORD_NEAR_MISS]),
        bad("version-2", "A version that does not exist.", "v=STSv2; id=1;", &[codes::STS_RECORD_UNKNOWN_VERSION]),
        bad("version-colon", "A colon in place of the semicolon.", "v=STSv1: id=20240101", &[codes::STS_RECORD_NEAR_MISS]),
        bad(
            "record-escaped-semicolon",
            "Semicolons with the backslashes of a zone file.",
            "v=STSv1\\; id=1\\;",
            &[codes::STS_RECORD_ESCAPED_SEMICOLON, codes::STS_RECORD_NEAR_MISS, codes::STS_RECORD_ID_INVALID],
        ),
        bad("version-key-missing", "The version without its key.", "STSv1; id=1", &[codes::STS_RECORD_NEAR_MISS]),
        bad(
            "record-quotes",
            "Quotation marks as part of the text.",
            "\"v=STSv1; id=20240101\"",
            &[codes::STS_RECORD_LITERAL_QUOTES, codes::STS_RECORD_NEAR_MISS],
        ),
        bad(
            "record-bom",
            "A byte order mark before the version.",
            "\u{feff}v=STSv1; id=1",
            &[codes::STS_RECORD_NON_ASCII, codes::STS_RECORD_NEAR_MISS],
        ),
        bad(
            "record-as-policy",
            "The first line of a policy.",
            "version: STSv1",
            &[codes::STS_RECORD_NEAR_MISS, codes::STS_RECORD_POLICY_KEYS],
        ),
        case("record-split-joined", "Two character-strings that are joined without a space.")
            .sts_set(vec![vec!["v=STSv1".into(), "id=1".into()]])
            .bad_record()
            .code(codes::STS_RECORD_NEAR_MISS),
        case("version-space-beside-txt", "v=STSv1 with a space before its semicolon, beside another TXT record: discarded.")
            .sts_set(vec![vec!["v=STSv1 ; id=1;".into()], vec!["verification=abc".into()]])
            .bad_record()
            .codes(&[codes::STS_RECORD_VERSION_SPACE, codes::STS_RECORD_UNRELATED_TXT]),
    ]
}

/// One broken record.
/// The code to fix first is the first.
fn bad(name: &'static str, about: &'static str, record: &'static str, codes: &[Code]) -> Case {
    case(name, about).sts(record).bad_record().codes(codes)
}

pub(super) fn cases() -> Vec<Case> {
    [valid(), broken_fields(), near_misses()].concat()
}
