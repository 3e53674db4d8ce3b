//! The grammar of domain names in mail: `Domain` of RFC 5321 section 4.1.2. Lengths are not part of it.

use std::net::Ipv4Addr;

/// `Domain = sub-domain *("." sub-domain)`: labels of letters, digits and inner hyphens.
pub(super) fn is_domain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// `["*."] Domain`, the value of `mx` (RFC 8461 section 3.2).
pub(super) fn is_pattern(text: &str) -> bool {
    is_domain(text.strip_prefix("*.").unwrap_or(text))
}

/// Digits and dots that no host can be called, since no top-level domain is a number.
pub(super) fn is_ipv4_like(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok() || (text.split('.').count() == 4 && text.split('.').all(is_number))
}

/// One or more digits.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_and_patterns() {
        for good in ["a", "mail.example.com", "a--b.example", "1.example", "192.0.2.1", "xn--bcher-kva.example"] {
            assert!(is_domain(good) && is_pattern(good) && is_pattern(&format!("*.{good}")), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "-a.b", "a-.b", "a_b", "a b", "*", "*.", "*.*.a", "a.*.b", "*a.b", "bücher"] {
            assert!(!is_domain(bad) && !is_pattern(bad), "{bad}");
        }
    }

    #[test]
    fn addresses() {
        assert!(is_ipv4_like("192.0.2.1") && is_ipv4_like("999.0.2.001"));
        assert!(!is_ipv4_like("1.example.com") && !is_ipv4_like("1.2.3"));
    }
}
