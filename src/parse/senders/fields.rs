//! Fields of a policy, as each implementation cuts them out, and the ABNF of unknown ones (RFC 8461 section 3.2).

use super::quirks::{KeyStart, Keys, Lines, Misfit, Policy, White};

/// Key and value of every field in order, the value without white space around it; `None` where something spoils the policy.
pub(super) fn fields<'t>(policy: &Policy, white: White, text: &'t str) -> Option<Vec<(&'t str, &'t str)>> {
    if policy.lines == Lines::FeedAfterColon {
        return Some(over_lines(text).map(|(key, value)| (white.trim(key), white.trim(value))).collect());
    }
    let mut fields = Vec::new();
    for line in lines(policy.lines, text) {
        let without_colon = if line.is_empty() { policy.empty_line } else { policy.lone };
        let (key, value) = match (line.split_once(':'), without_colon) {
            (Some((_, value)), _) if value.contains(':') && !policy.second_colon => return None,
            (Some((key, value)), _) => (key, white.trim(value)),
            (None, Misfit::Skipped) => continue,
            (None, Misfit::Refused) => return None,
            (None, Misfit::Empty) => (line.trim_end_matches(|c| white.has(c)), ""),
        };
        match policy.keys {
            Keys::Grammar(start) if !is_field(key, value, start) => return None,
            Keys::Grammar(_) | Keys::Exact => fields.push((key, value)),
            Keys::Trimmed | Keys::AnyCase => fields.push((white.trim(key), value)),
        }
    }
    Some(fields)
}

fn lines(lines: Lines, text: &str) -> Box<dyn Iterator<Item = &str> + '_> {
    let is_end = |c| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    match lines {
        // CR LF is an empty line more than Python sees, and empty lines are nothing to it.
        Lines::Python => Box::new(text.split(is_end)),
        Lines::Feed | Lines::FeedAfterColon => Box::new(text.lines()),
    }
}

/// Keys that reach to the next colon wherever it stands, values that reach to the end of the line.
fn over_lines(mut text: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let (key, rest) = text.split_once(':')?;
        let (value, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        text = rest;
        Some((key, value))
    })
}

/// `sts-policy-ext-name ":" *WSP sts-policy-ext-value`, or a known key, whose value is judged elsewhere.
fn is_field(key: &str, value: &str, start: KeyStart) -> bool {
    let known = matches!(key, "version" | "mode" | "max_age" | "mx");
    known || (is_extension_name(key, start) && !value.is_empty() && !value.contains(|c: char| c.is_ascii_control()))
}

/// `(ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")`, or the same with another start.
pub(super) fn is_extension_name(name: &str, start: KeyStart) -> bool {
    let fits = |(at, byte): (usize, u8)| match byte {
        b'-' | b'.' => at > 0 || start == KeyStart::Punctuation,
        b'_' => at > 0,
        _ => byte.is_ascii_alphanumeric(),
    };
    (1..=32).contains(&name.len()) && name.bytes().enumerate().all(fits)
}
