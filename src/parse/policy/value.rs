//! What a policy says: the values, strictly and forgivingly read.

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

/// The version that a policy must name.
pub(super) const VERSION: &str = "STSv1";
/// Longest max_age in seconds, about a year (RFC 8461 section 3.2).
pub(super) const MAX_AGE_MAXIMUM: u64 = 31_557_600;

/// A policy as read, best effort also from an invalid text. Of fields other than mx the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct LenientPolicy {
    /// What they do.
    pub mode: Mode,
    /// How long, in seconds, they keep it.
    pub max_age: u64,
    /// Patterns, also such as match nothing; see [`crate::parse::mx_pattern::matches_lenient`].
    pub mx: Vec<String>,
}

/// One or more digits as a number; `None` for anything else, a sign included, and for what 64 bits cannot hold.
pub(super) fn digits(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
