//! A policy written as it should be.

use super::value::{MAX_AGE_MAXIMUM, Mode, Policy, VERSION};
use crate::name::Domain;
use crate::parse::domain_grammar::is_pattern;

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
