//! The text of the policy as a whole: line ends, lines, encoding (RFC 8461 section 3.2).

use super::super::case::{Case, case};
use super::lines::{LINES, crlf, joined};

fn valid() -> Vec<Case> {
    vec![
        case("eol-lf", "Lines end with LF.").body(joined(LINES, "\n")).code("sts-policy-eol-lf"),
        case("eol-mixed", "Some lines end with CR LF, some with LF.")
            .body("version: STSv1\r\nmode: enforce\nmx: mx1.{d}\r\nmx: mx2.{d}\nmax_age: 2592000\r\n")
            .code("sts-policy-eol-mixed"),
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
            .code("sts-policy-trailing-space"),
        case("version-last", "The version on the last line.")
            .body(crlf(&["mode: enforce", "mx: mx1.{d}", "mx: mx2.{d}", "max_age: 2592000", "version: STSv1"]))
            .code("sts-policy-version-not-first"),
        case("policy-large", "A policy of more than 4 KB.")
            .body(crlf(&[LINES, &[&format!("note: {}", "x".repeat(5000))]].concat()))
            .codes(&["sts-policy-large", "sts-policy-unknown-field"]),
        case("policy-64-kb", "A policy of exactly 65,536 octets.")
            .mx(&["mail.relay-company.example"])
            .body(policy_of(65_536))
            .codes(&["sts-policy-large", "sts-policy-unknown-field"]),
        case("policy-over-64-kb", "A policy of 65,537 octets.")
            .mx(&["mail.relay-company.example"])
            .body(policy_of(65_537))
            .no_policy("http")
            .code("sts-fetch-too-large"),
    ]
}

/// A policy of so many octets: without placeholders, so that they are as many for every domain.
pub(super) fn policy_of(octets: usize) -> String {
    let head = "version: STSv1\r\nmode: enforce\r\nmx: mail.relay-company.example\r\nmax_age: 2592000\r\nnote: ";
    format!("{head}{}", "x".repeat(octets - head.len()))
}

fn lines() -> Vec<Case> {
    vec![
        bad("bare-cr", "Lines end with CR alone.", joined(LINES, "\r"), "sts-policy-bare-cr"),
        bad("cr-cr-lf", "Lines end with CR CR LF.", joined(LINES, "\r\r\n"), "sts-policy-bare-cr"),
        bad("line-separator", "Lines end with U+2028.", joined(LINES, "\u{2028}"), "sts-policy-line-separator"),
        bad("escaped-newline", "Line ends are written as backslash and n.", LINES.join("\\n"), "sts-policy-escaped-newline"),
        bad("single-line", "All fields on one line.", LINES.join(" "), "sts-policy-single-line"),
        readable("blank-line", "A blank line between fields.", crlf(&[&LINES[..2], &[""], &LINES[2..]].concat()), "sts-policy-blank-line"),
        readable("trailing-blank-line", "A blank line at the end.", crlf(&[LINES, &[""]].concat()), "sts-policy-trailing-blank-line"),
        readable(
            "leading-space",
            "White space at the beginning of lines.",
            joined(&LINES.iter().map(|line| format!(" {line}")).collect::<Vec<_>>(), "\r\n"),
            "sts-policy-leading-space",
        ),
        readable("space-before-colon", "White space before the colons.", crlf(LINES).replace(": ", " : "), "sts-policy-space-before-colon"),
        bad("comment", "A comment.", crlf(&[LINES, &["# managed by a robot"]].concat()), "sts-policy-comment"),
        bad("junk-line", "A line without a colon.", crlf(&[LINES, &["foo"]].concat()), "sts-policy-line-syntax"),
        bad("record-as-body", "The record in place of the policy.", "v=STSv1; id=1;".to_owned(), "sts-policy-line-syntax").codes(&[
            "sts-policy-max-age-missing",
            "sts-policy-mode-missing",
            "sts-policy-mx-missing",
            "sts-policy-version-missing",
        ]),
        bad("control-char", "A control character in a value.", crlf(&[LINES, &["note: a\u{1f}b"]].concat()), "sts-policy-control-char"),
        bad("nbsp", "A no-break space behind the mode.", crlf(LINES).replace("enforce", "enforce\u{a0}"), "sts-policy-nbsp"),
        bad("bom", "A byte order mark at the beginning.", format!("\u{feff}{}", crlf(LINES)), "sts-policy-bom"),
        case("not-utf8", "A byte that is no UTF-8.")
            .body([crlf(LINES).as_bytes(), b"note: caf\xe9\r\n"].concat())
            .bad_policy()
            .code("sts-policy-not-utf8"),
        case("unknown-utf8", "An unknown field in UTF-8.")
            .body(crlf(&[LINES, &["comment: caf\u{e9}"]].concat()))
            .code("sts-policy-unknown-field"),
    ]
}

fn no_policies() -> Vec<Case> {
    vec![
        bad("empty-body", "Nothing.", String::new(), "sts-policy-empty"),
        bad("blank-body", "Nothing but white space.", "   \r\n".to_owned(), "sts-policy-empty"),
        bad("html-body", "A web page.", "<!DOCTYPE html>\n<html><body>Not found</body></html>\n".to_owned(), "sts-policy-html-body"),
        bad(
            "json-body",
            "The policy in JSON.",
            "{\"version\": \"STSv1\", \"mode\": \"enforce\", \"mx\": [\"mx1.{d}\"], \"max_age\": 2592000}\n".to_owned(),
            "sts-policy-json-body",
        ),
    ]
}

fn bad(name: &'static str, about: &'static str, body: String, code: &'static str) -> Case {
    case(name, about).body(body).bad_policy().code(code)
}

/// Not valid, but read by forgiving senders, which trim and skip.
fn readable(name: &'static str, about: &'static str, body: String, code: &'static str) -> Case {
    case(name, about).body(body).bad_policy_read_by_some().code(code)
}

pub(super) fn cases() -> Vec<Case> {
    [valid(), lines(), no_policies()].concat()
}
