//! The text of the policy as a whole: line ends, lines, encoding (RFC 8461 section 3.2).

use super::super::case::{Case, case};
use crate::classify::codes::{self, Code};

/// A policy where all is right, by lines.
pub(super) const LINES: &[&str] = &["version: STSv1", "mode: enforce", "mx: mx1.{d}", "mx: mx2.{d}", "max_age: 2592000"];

/// Lines, each with its end.
pub(super) fn joined<L: AsRef<str>>(lines: &[L], end: &str) -> String {
    lines.iter().flat_map(|line| [line.as_ref(), end]).collect()
}

/// Lines that end as the prose of RFC 8461 section 3.2 says.
pub(super) fn crlf(lines: &[&str]) -> String {
    joined(lines, "\r\n")
}

fn valid() -> Vec<Case> {
    vec![
        case("eol-lf", "Lines end with LF.").body(joined(LINES, "\n")).code(codes::STS_POLICY_EOL_LF),
        case("eol-mixed", "Some lines end with CR LF, some with LF.")
            .body("version: STSv1\r\nmode: enforce\nmx: mx1.{d}\r\nmx: mx2.{d}\nmax_age: 2592000\r\n")
            .code(codes::STS_POLICY_EOL_MIXED),
        case("no-final-newline", "The last line has no end.").body(LINES.join("\r\n")),
        case("no-space-after-colon", "No white space after the colons, and much of it.").body(crlf(&[
            "version:STSv1",
            "mode:\tenforce",
            "mx:  \t mx1.{d}",
            "mx:mx2.{d}",
            "max_age: 2592000",
        ])),
        case("trailing-space", "White space at the end of a line.")
            .body(crlf(&["version: STSv1", "mode: enforce \t", "mx: mx1.{d}", "mx: mx2.{d}", "max_age: 2592000"]))
            .code(codes::STS_POLICY_TRAILING_SPACE),
        case("version-last", "The version on the last line.")
            .body(crlf(&["mode: enforce", "mx: mx1.{d}", "mx: mx2.{d}", "max_age: 2592000", "version: STSv1"]))
            .code(codes::STS_POLICY_VERSION_NOT_FIRST),
        case("policy-large", "A policy of more than 4 KB.")
            .body(crlf(&[LINES, &[&format!("note: {}", "x".repeat(5000))]].concat()))
            .codes(&[codes::STS_POLICY_LARGE, codes::STS_POLICY_UNKNOWN_FIELD]),
        case("policy-64-kb", "A policy of exactly 65,536 octets.")
            .mx(&["mail.relay-company.example"])
            .body(policy_of(65_536))
            .codes(&[codes::STS_POLICY_LARGE, codes::STS_POLICY_UNKNOWN_FIELD]),
        case("policy-over-64-kb", "A policy of 65,537 octets.")
            .mx(&["mail.relay-company.example"])
            .body(policy_of(65_537))
            .no_policy("http")
            .code(codes::STS_FETCH_TOO_LARGE),
    ]
}

/// A policy of so many octets: without placeholders, so that they are as many for every domain.
pub(super) fn policy_of(octets: usize) -> String {
    let head = "version: STSv1\r\nmode: enforce\r\nmx: mail.relay-company.example\r\nmax_age: 2592000\r\nnote: ";
    format!("{head}{}", "x".repeat(octets - head.len()))
}

fn lines() -> Vec<Case> {
    vec![
        bad("bare-cr", "Lines end with CR alone.", joined(LINES, "\r"), codes::STS_POLICY_BARE_CR),
        bad("cr-cr-lf", "Lines end with CR CR LF.", joined(LINES, "\r\r\n"), codes::STS_POLICY_BARE_CR),
        bad("line-separator", "Lines end with U+2028.", joined(LINES, "\u{2028}"), codes::STS_POLICY_LINE_SEPARATOR),
        bad("escaped-newline", "Line ends are written as backslash and n.", LINES.join("\\n"), codes::STS_POLICY_ESCAPED_NEWLINE),
        bad("single-line", "All fields on one line.", LINES.join(" "), codes::STS_POLICY_SINGLE_LINE),
        readable(
            "blank-line",
            "A blank line between fields.",
            crlf(&[&LINES[..2], &[""], &LINES[2..]].concat()),
            codes::STS_POLICY_BLANK_LINE,
        ),
        readable("trailing-blank-line", "A blank line at the end.", crlf(&[LINES, &[""]].concat()), codes::STS_POLICY_TRAILING_BLANK_LINE),
        readable(
            "leading-space",
            "White space at the beginning of lines.",
            joined(&LINES.iter().map(|line| format!(" {line}")).collect::<Vec<_>>(), "\r\n"),
            codes::STS_POLICY_LEADING_SPACE,
        ),
        readable(
            "space-before-colon",
            "White space before the colons.",
            crlf(LINES).replace(": ", " : "),
            codes::STS_POLICY_SPACE_BEFORE_COLON,
        ),
        bad("comment", "A comment.", crlf(&[LINES, &["# managed by a robot"]].concat()), codes::STS_POLICY_COMMENT),
        bad("junk-line", "A line without a colon.", crlf(&[LINES, &["foo"]].concat()), codes::STS_POLICY_LINE_SYNTAX),
        bad("record-as-body", "The record in place of the policy.", "v=STSv1; id=1;".to_owned(), codes::STS_POLICY_LINE_SYNTAX).codes(&[
            codes::STS_POLICY_MAX_AGE_MISSING,
            codes::STS_POLICY_MODE_MISSING,
            codes::STS_POLICY_MX_MISSING,
            codes::STS_POLICY_VERSION_MISSING,
        ]),
        bad(
            "control-char",
            "A control character in a value.",
            crlf(&[LINES, &["note: a\u{1f}b"]].concat()),
            codes::STS_POLICY_CONTROL_CHAR,
        ),
        bad("nbsp", "A no-break space behind the mode.", crlf(LINES).replace("enforce", "enforce\u{a0}"), codes::STS_POLICY_NBSP),
        bad("bom", "A byte order mark at the beginning.", format!("\u{feff}{}", crlf(LINES)), codes::STS_POLICY_BOM),
        case("not-utf8", "A byte that is no UTF-8.")
            .body([crlf(LINES).as_bytes(), b"note: caf\xe9\r\n"].concat())
            .bad_policy()
            .code(codes::STS_POLICY_NOT_UTF8),
        case("unknown-utf8", "An unknown field in UTF-8.")
            .body(crlf(&[LINES, &["comment: caf\u{e9}"]].concat()))
            .code(codes::STS_POLICY_UNKNOWN_FIELD),
    ]
}

fn no_policies() -> Vec<Case> {
    vec![
        bad("empty-body", "Nothing.", String::new(), codes::STS_POLICY_EMPTY),
        bad("blank-body", "Nothing but white space.", "   \r\n".to_owned(), codes::STS_POLICY_EMPTY),
        bad("html-body", "A web page.", "<!DOCTYPE html>\n<html><body>Not found</body></html>\n".to_owned(), codes::STS_POLICY_HTML_BODY),
        bad(
            "json-body",
            "The policy in JSON.",
            "{\"version\": \"STSv1\", \"mode\": \"enforce\", \"mx\": [\"mx1.{d}\"], \"max_age\": 2592000}\n".to_owned(),
            codes::STS_POLICY_JSON_BODY,
        ),
    ]
}

fn bad(name: &'static str, about: &'static str, body: String, code: Code) -> Case {
    case(name, about).body(body).bad_policy().code(code)
}

/// Not valid, but read by forgiving senders, which trim and skip.
fn readable(name: &'static str, about: &'static str, body: String, code: Code) -> Case {
    case(name, about).body(body).bad_policy_read_by_some().code(code)
}

pub(super) fn cases() -> Vec<Case> {
    [valid(), lines(), no_policies()].concat()
}
