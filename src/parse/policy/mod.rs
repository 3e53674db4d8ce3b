//! The policy body: RFC 8461 section 3.2.

use super::Parsed;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a policy asks of senders (RFC 8461 section 5).
    pub enum Mode {
        /// Do not deliver to hosts that fail validation.
        Enforce = "enforce",
        /// Report failures, deliver all the same.
        Testing = "testing",
        /// As if there were no policy.
        None = "none",
    }
}

/// A policy as read, best effort also from an invalid text. Of fields other than mx the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The value of `version` as written.
    pub version: Option<String>,
    /// The value of `mode` as written; [`Policy::known_mode`] for its meaning.
    pub mode: Option<String>,
    /// `max_age` in seconds; `None` where it is missing or not 1 to 10 digits.
    pub max_age: Option<u64>,
    /// The patterns as written, empty ones left out.
    pub mx: Vec<String>,
}

impl Policy {
    /// The mode, if it is exactly one of the three words.
    pub fn known_mode(&self) -> Option<Mode> {
        self.mode.as_deref().and_then(Mode::from_word)
    }
}

/// A policy as the forgiving senders act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LenientPolicy {
    /// What they do.
    pub mode: Mode,
    /// How long, in seconds, they keep it.
    pub max_age: u64,
    /// Patterns, also such as match nothing; see [`super::mx_pattern::matches_lenient`].
    pub mx: Vec<String>,
}

/// Reads a policy body by the grammar and finds all faults.
pub fn parse(_body: &[u8]) -> Parsed<Policy> {
    Parsed { value: Policy::default(), valid: false, faults: Vec::new() }
}

/// Reads a policy body as forgiving senders do; `None` where even they find no policy.
pub fn parse_lenient(_body: &[u8]) -> Option<LenientPolicy> {
    None
}

/// Writes the policy as it should be, lines ended by CRLF; `None` where the values do not suffice for a valid policy.
pub fn canonical(_policy: &Policy) -> Option<String> {
    None
}
