//! Patterns of MX hosts: `["*."] Domain` (RFC 8461 sections 3.2 and 4.1, RFC 5321 section 4.1.2).

use super::FaultKind;

/// What comes of holding a host against a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternMatch {
    /// The host is covered.
    Match,
    /// The host is not covered.
    NoMatch,
    /// Not covered only because the wildcard stands for exactly one label and the host has more.
    NoMatchDepth,
    /// The pattern is none; the kind says why.
    InvalidPattern(FaultKind),
}

/// Whether a pattern covers a host, as RFC 8461 section 4.1 says. Case does not matter; one root dot of the host is ignored.
pub fn matches(_pattern: &str, _host: &str) -> PatternMatch {
    PatternMatch::NoMatch
}

/// The same as a forgiving sender does it: strings are compared and no grammar is asked, so that `mail_1.example` covers itself
/// and `*`, `mail.example.` or a list cover nothing.
pub fn matches_lenient(_pattern: &str, _host: &str) -> bool {
    false
}
