//! Patterns of MX hosts: `["*."] Domain` (RFC 8461 sections 3.2 and 4.1, RFC 5321 section 4.1.2).

use super::fault::FaultKind;
use super::mx_fault::why_no_pattern;

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
pub fn matches(pattern: &str, host: &str) -> PatternMatch {
    match why_no_pattern(pattern) {
        Some(kind) => PatternMatch::InvalidPattern(kind),
        None => compare(pattern, host),
    }
}

/// The same as a forgiving sender does it: strings are compared and no grammar is asked, so that `mail_1.example` covers itself
/// and `*`, `mail.example.` or a list cover nothing.
pub fn matches_lenient(pattern: &str, host: &str) -> bool {
    compare(pattern, host) == PatternMatch::Match
}

fn compare(pattern: &str, host: &str) -> PatternMatch {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(base) = pattern.strip_prefix("*.") else {
        return if !host.is_empty() && pattern.eq_ignore_ascii_case(host) { PatternMatch::Match } else { PatternMatch::NoMatch };
    };
    let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    match host.strip_suffix(&base).and_then(|labels| labels.strip_suffix('.')) {
        None | Some("") => PatternMatch::NoMatch,
        Some(labels) if labels.split('.').any(str::is_empty) => PatternMatch::NoMatch,
        Some(labels) if labels.contains('.') => PatternMatch::NoMatchDepth,
        Some(_) if base.is_empty() => PatternMatch::NoMatch,
        Some(_) => PatternMatch::Match,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wildcard_is_one_label() {
        assert_eq!(matches("*.example.com", "mail.example.com"), PatternMatch::Match);
        assert_eq!(matches("*.example.com", "a.mail.example.com"), PatternMatch::NoMatchDepth);
        assert_eq!(matches("*.example.com", "example.com"), PatternMatch::NoMatch);
        assert_eq!(matches("*.example.com", "a..example.com"), PatternMatch::NoMatch);
        assert_eq!(matches("mail.example.com", "mail.example.com.."), PatternMatch::NoMatch);
        assert_eq!(matches("*", "mail"), PatternMatch::InvalidPattern(FaultKind::StsPolicyMxBareWildcard));
    }

    #[test]
    fn forgiving_senders_compare_strings() {
        assert!(matches_lenient("mail_1.example", "MAIL_1.example."));
        assert!(matches_lenient("*.ex_ample", "a.ex_ample"));
        for pattern in ["*", "", "*.", "mail.example.", "a.example mail.example", "10 mail.example", "*.*.example"] {
            assert!(!matches_lenient(pattern, "mail.example"), "{pattern}");
        }
        assert!(!matches_lenient("", ".") && !matches_lenient("*.", "a."));
    }

    proptest! {
        #[test]
        fn a_host_covers_itself_and_its_parent_covers_it(host in "[a-z0-9]{1,9}(\\.[a-z][a-z0-9]{0,8}){1,4}", label in "[a-z]{1,5}") {
            prop_assert_eq!(matches(&host, &host.to_uppercase()), PatternMatch::Match);
            let wildcard = format!("*.{host}");
            let child = format!("{label}.{host}");
            let grandchild = format!("{label}.{child}");
            prop_assert_eq!(matches(&wildcard, &child), PatternMatch::Match);
            prop_assert_eq!(matches(&wildcard, &host), PatternMatch::NoMatch);
            prop_assert_eq!(matches(&wildcard, &grandchild), PatternMatch::NoMatchDepth);
        }

        #[test]
        fn who_is_strict_is_lenient(pattern in "(\\*\\.)?[a-z.*-]{0,12}", host in "[a-z.*-]{0,12}") {
            if matches(&pattern, &host) == PatternMatch::Match {
                prop_assert!(matches_lenient(&pattern, &host));
            }
        }
    }
}
