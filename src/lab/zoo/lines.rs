//! The text of a policy from its lines.

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
