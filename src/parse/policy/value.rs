//! What a policy says: the values, strictly and forgivingly read, and the policy written as it should be.

use crate::name::Domain;
use crate::parse::grammar::is_pattern;
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

/// Writes the policy as it should be, lines ended by CRLF: mode in lower case, max_age within the maximum, patterns as lower-case
/// A-labels without root dot and without repetition. `None` where the values do not suffice; no pattern is ever left out.
pub fn canonical(policy: &Policy) -> Option<String> {
    let mode = Mode::from_word(&policy.mode.as_deref()?.to_ascii_lowercase())?;
    let max_age = policy.max_age?.min(MAX_AGE_MAXIMUM);
    let mut patterns: Vec<String> = Vec::new();
    for pattern in &policy.mx {
        let pattern = canonical_pattern(pattern)?;
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    if patterns.is_empty() && mode != Mode::None {
        return None;
    }
    let mx: String = patterns.iter().map(|pattern| format!("mx: {pattern}\r\n")).collect();
    Some(format!("version: {VERSION}\r\nmode: {mode}\r\n{mx}max_age: {max_age}\r\n"))
}

fn canonical_pattern(text: &str) -> Option<String> {
    let (wildcard, host) = text.strip_prefix("*.").map_or(("", text), |host| ("*.", host));
    let host = if is_pattern(text) { host.to_ascii_lowercase() } else { Domain::from_input(host).ok()?.to_string() };
    let pattern = format!("{wildcard}{host}");
    is_pattern(&pattern).then_some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_slips_are_mended_and_nothing_is_invented() {
        let mut policy = Policy {
            version: None,
            mode: Some("Enforce".to_owned()),
            max_age: Some(9_999_999_999),
            mx: ["MAIL.example.com.", "mail.example.com", "*.bücher.example"].map(str::to_owned).to_vec(),
        };
        let expected = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.xn--bcher-kva.example\r\nmax_age: 31557600\r\n";
        assert_eq!(canonical(&policy).as_deref(), Some(expected));
        policy.mx.push("*".to_owned());
        assert_eq!(canonical(&policy), None);
        policy.mx.clear();
        assert_eq!(canonical(&policy), None);
        policy.mode = Some("none".to_owned());
        assert_eq!(canonical(&policy).as_deref(), Some("version: STSv1\r\nmode: none\r\nmax_age: 31557600\r\n"));
        policy.max_age = None;
        assert_eq!(canonical(&policy), None);
    }
}
