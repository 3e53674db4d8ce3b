//! Names of MX hosts held against patterns, as each implementation does it.

use super::quirks::{Matching, RootDot};
use crate::parse::domain_grammar::{has_pattern_syntax, is_ipv4_like};

/// Whether the pattern covers the host.
pub(super) fn covers(matching: Matching, pattern: &str, host: &str) -> bool {
    if matching.grammar && !is_usable(pattern) {
        return false;
    }
    let host = if matching.trims { host.trim() } else { host };
    let pattern = bare(matching.pattern_dot, pattern).to_ascii_lowercase();
    let host = bare(matching.host_dot, host).to_ascii_lowercase();
    let Some(base) = pattern.strip_prefix("*.") else { return pattern == host };
    match host.strip_suffix(base).and_then(|labels| labels.strip_suffix('.')) {
        Some(labels) => matching.any_depth || !labels.contains('.'),
        None => false,
    }
}

/// Whether a text is a pattern by the grammar of RFC 8461 section 3.2, which sets no lengths, and no address.
pub(super) fn is_usable(pattern: &str) -> bool {
    has_pattern_syntax(pattern) && !is_ipv4_like(pattern.strip_prefix("*.").unwrap_or(pattern))
}

fn bare(dot: RootDot, name: &str) -> &str {
    match dot {
        RootDot::Ignored => name.strip_suffix('.').unwrap_or(name),
        RootDot::Kept => name,
    }
}
