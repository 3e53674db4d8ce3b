//! The grammars of domain names in mail (`Domain` of RFC 5321 section 4.1.2, with the lengths that DNS can hold) and of URIs (RFC 3986).

use std::net::{Ipv4Addr, Ipv6Addr};

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

/// The parts of a URI that a report needs, as written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Uri<'t> {
    pub(super) scheme: &'t str,
    /// What stands between `//` and the path.
    pub(super) authority: Option<Authority<'t>>,
    /// The path, without query and fragment.
    pub(super) path: &'t str,
}

/// `[userinfo@]host[:port]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authority<'t> {
    pub(super) userinfo: Option<&'t str>,
    /// A registered name, an IPv4 address, or an IP literal in brackets; may be empty.
    pub(super) host: &'t str,
    /// Digits, possibly none.
    pub(super) port: Option<&'t str>,
}

/// The scheme, if the text begins with one and its colon.
pub(super) fn uri_scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let wellformed = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    wellformed.then_some(scheme)
}

/// `URI = scheme ":" hier-part ["?" query] ["#" fragment]`; `None` for everything else.
pub(super) fn parse_uri(text: &str) -> Option<Uri<'_>> {
    let scheme = uri_scheme(text)?;
    let rest = text.get(scheme.len() + 1..)?;
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (hierarchy, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match hierarchy.strip_prefix("//") {
        None => (None, hierarchy),
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(end)?;
            (Some(self::authority(authority)?), path)
        }
    };
    let wellformed = consists_of(path, ":@/") && consists_of(query, ":@/?") && consists_of(fragment, ":@/?");
    wellformed.then_some(Uri { scheme, authority, path })
}

fn authority(text: &str) -> Option<Authority<'_>> {
    let (userinfo, rest) = text.rsplit_once('@').map_or((None, text), |(userinfo, rest)| (Some(userinfo), rest));
    let host_end = if rest.starts_with('[') { rest.find(']')? + 1 } else { rest.find(':').unwrap_or(rest.len()) };
    let (host, after) = rest.split_at_checked(host_end)?;
    let port = if after.is_empty() { None } else { Some(after.strip_prefix(':')?) };
    let wellformed = userinfo.is_none_or(|userinfo| consists_of(userinfo, ":"))
        && port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
        && host.strip_prefix('[').map_or(consists_of(host, ""), |literal| is_ip_literal(literal.trim_end_matches(']')));
    wellformed.then_some(Authority { userinfo, host, port })
}

/// `IPv6address / IPvFuture`.
fn is_ip_literal(text: &str) -> bool {
    let is_future = |rest: &str| {
        rest.split_once('.').is_some_and(|(version, address)| {
            !version.is_empty()
                && version.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !address.is_empty()
                && !address.contains('%')
                && consists_of(address, ":")
        })
    };
    text.parse::<Ipv6Addr>().is_ok() || text.strip_prefix(['v', 'V']).is_some_and(is_future)
}

/// `*(unreserved / pct-encoded / sub-delims)` and the further characters given.
fn consists_of(text: &str, further: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let allowed = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => true,
            _ => byte.is_ascii_alphanumeric() || further.as_bytes().contains(&byte),
        };
        if !allowed {
            return false;
        }
    }
    true
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

    #[test]
    fn uris_of_the_rfc_are_uris() {
        for text in [
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "mailto:John.Doe@example.com",
            "tel:+1-816-555-1212",
            "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
            "a:",
            "https://u:p@h:/x%20y?a=/?b#c?d",
            "x://[v1.a:b]",
        ] {
            assert!(parse_uri(text).is_some(), "{text}");
        }
        for text in [
            "",
            "a",
            "1a:b",
            ":a",
            "a:%",
            "a:%4",
            "a:%zz",
            "a:[b]",
            "a:b c",
            "a:b#c#d",
            "a://[::1",
            "a://[::g]",
            "a://h:8x",
            "a:\u{e4}",
            "a:\"",
            "a:<>",
        ] {
            assert!(parse_uri(text).is_none(), "{text}");
        }
    }

    #[test]
    fn parts() {
        let uri = parse_uri("HTTPS://user:pw@[::1]:8443/x?y").unwrap();
        assert_eq!(uri.scheme, "HTTPS");
        assert_eq!(uri.path, "/x");
        assert_eq!(uri.authority, Some(Authority { userinfo: Some("user:pw"), host: "[::1]", port: Some("8443") }));
    }
}
