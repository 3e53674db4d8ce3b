//! The zoo: every case by family, each with its hand-written truth.

mod answers;
mod hosts;
mod patterns;
mod policy_fields;
mod policy_text;
mod records;
mod responses;
mod tlsrpt;

use super::case::Case;

/// A policy where all is right, by lines.
const LINES: &[&str] = &["version: STSv1", "mode: enforce", "mx: mx1.{d}", "mx: mx2.{d}", "max_age: 2592000"];

/// All cases, by family.
pub(super) fn cases() -> Vec<Case> {
    [
        answers::cases(),
        records::cases(),
        tlsrpt::cases(),
        hosts::cases(),
        responses::cases(),
        policy_text::cases(),
        policy_fields::cases(),
        patterns::cases(),
    ]
    .concat()
}

/// Lines, each with its end.
fn joined<L: AsRef<str>>(lines: &[L], end: &str) -> String {
    lines.iter().flat_map(|line| [line.as_ref(), end]).collect()
}

fn crlf(lines: &[&str]) -> String {
    joined(lines, "\r\n")
}
