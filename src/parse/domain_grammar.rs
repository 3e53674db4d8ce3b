//! The grammar of domain names in mail: `Domain` of RFC 5321 section 4.1.2, with the lengths that DNS can hold.

use std::net::Ipv4Addr;

/// Octets of a label at most (RFC 1035 section 2.3.4).
const MAX_LABEL: usize = 63;
/// Octets of a name as text at most: the 255 of RFC 1035 section 2.3.4 count a length octet per label, and the root.
const MAX_NAME: usize = 253;

/// `Domain = sub-domain *("." sub-domain)`, labels of letters, digits and inner hyphens, and not too long to stand in DNS.
pub(super) fn is_domain(text: &str) -> bool {
    has_domain_syntax(text) && fits_into_dns(text)
}

/// The grammar alone: a name of any length.
fn has_domain_syntax(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn fits_into_dns(name: &str) -> bool {
    name.len() <= MAX_NAME && name.split('.').all(|label| label.len() <= MAX_LABEL)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// `["*."] Domain`, the value of `mx` (RFC 8461 section 3.2), that some name in DNS can match.
pub(super) fn is_pattern(text: &str) -> bool {
    has_pattern_syntax(text) && fits_into_dns(text)
}

/// The same by the grammar alone, which sets no lengths.
pub(super) fn has_pattern_syntax(text: &str) -> bool {
    has_domain_syntax(text.strip_prefix("*.").unwrap_or(text))
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
    fn lengths_are_those_of_dns() {
        let name = |octets: usize| format!("{}{}", "a.".repeat(octets / 2), "a".repeat(octets % 2));
        let label = |octets: usize| format!("{}.example", "a".repeat(octets));
        for (good, bad) in [(label(63), label(64)), (name(253), name(255))] {
            assert!(is_domain(&good) && is_pattern(&good), "{good}");
            assert!(!is_domain(&bad) && !is_pattern(&bad) && has_pattern_syntax(bad.trim_end_matches('.')), "{bad}");
        }
        // The asterisk stands for one label of at least one octet.
        assert!(is_pattern(&format!("*.{}", name(251))) && !is_pattern(&format!("*.{}", name(253))));
    }

    #[test]
    fn addresses() {
        assert!(is_ipv4_like("192.0.2.1") && is_ipv4_like("999.0.2.001"));
        assert!(!is_ipv4_like("1.example.com") && !is_ipv4_like("1.2.3"));
    }
}
