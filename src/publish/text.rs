//! The texts themselves, written of values that are right: a policy and the two records.

use crate::parse::policy::{self, Mode};

/// Least `max_age` that is proposed, in seconds: one week.
pub(super) const WEEK: u64 = 604_800;
/// That of a policy which takes MTA-STS back (RFC 8461 section 8.3), in seconds.
pub(super) const DAY: u64 = 86_400;
/// Largest `max_age` that RFC 8461 section 3.2 allows, in seconds: one year.
pub(super) const YEAR: u64 = 31_557_600;

/// A policy of these values, lines ended by CRLF.
pub(super) fn policy(mode: Mode, patterns: &[String], max_age: u64) -> String {
    let mx: String = patterns.iter().map(|pattern| format!("mx: {pattern}\r\n")).collect();
    format!("version: STSv1\r\nmode: {mode}\r\n{mx}max_age: {max_age}\r\n")
}

/// The same policy in another mode.
pub(super) fn in_mode(text: &str, mode: Mode) -> Option<String> {
    let mut value = policy::parse(text.as_bytes()).value;
    value.mode = Some(mode.to_string());
    policy::canonical(&value)
}

/// The same lines, ended by CRLF.
pub(super) fn with_crlf(text: &str) -> String {
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    lines.map(|line| format!("{}\r\n", line.strip_suffix('\r').unwrap_or(line))).collect()
}

/// The MTA-STS record of this id.
pub(super) fn sts_record(id: &str) -> String {
    format!("v=STSv1; id={id};")
}

/// The TLSRPT record of these destinations.
pub(super) fn tlsrpt_record(rua: &[String]) -> String {
    format!("v=TLSRPTv1; rua={}", rua.join(","))
}
