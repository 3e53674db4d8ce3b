//! Where the Location header of a response leads (RFC 9110 section 10.2.2): the host alone, since nobody follows it (RFC 8461 section 3.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::name::Domain;

/// Where a Location leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// To a host: a name in lower case without a trailing dot, A-labels, or an address.
    Host(String),
    /// To the host that answered: a reference without an authority.
    Same,
    /// To nothing that HTTP can ask for.
    Nowhere,
}

/// Reads the value of the header as browsers do: whatever stands behind the authority does not matter.
pub fn location(value: &[u8]) -> Location {
    let text = String::from_utf8_lossy(value);
    let text = text.trim();
    let scheme_end = text.find(':').filter(|end| text.find(['/', '?', '#']).is_none_or(|path| *end < path));
    let (scheme, rest) = scheme_end.and_then(|end| text.split_at_checked(end)).unwrap_or(("", text));
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    if !scheme.is_empty() && !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Location::Nowhere;
    }
    match rest.strip_prefix("//") {
        Some(rest) => host(rest.split(['/', '?', '#', '\\']).next().unwrap_or_default()).map_or(Location::Nowhere, Location::Host),
        None if scheme.is_empty() => Location::Same,
        None => Location::Nowhere,
    }
}

/// `[userinfo@]host[:port]`.
fn host(authority: &str) -> Option<String> {
    let text = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(literal) = text.strip_prefix('[') {
        return literal.split_once(']')?.0.parse::<Ipv6Addr>().ok().map(|address| address.to_string());
    }
    let name = text.split_once(':').map_or(text, |(name, _)| name);
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return Some(address.to_string());
    }
    Domain::from_input(name).ok().map(|name| name.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_alone() {
        let host = |host: &str| Location::Host(host.to_owned());
        for (value, expected) in [
            ("https://www.example.com/", host("www.example.com")),
            ("HTTP://WWW.Example.COM.:8080/a b?c#d", host("www.example.com")),
            ("https://user:pw@sts.example", host("sts.example")),
            ("//cdn.example.net/x", host("cdn.example.net")),
            ("https://192.0.2.1:8443/", host("192.0.2.1")),
            ("https://[2001:DB8::1]/", host("2001:db8::1")),
            ("https://b\u{fc}cher.example/", host("xn--bcher-kva.example")),
            ("https://a_b.example/", host("a_b.example")),
            ("/elsewhere", Location::Same),
            ("elsewhere?x=https://a.example/", Location::Same),
            ("", Location::Same),
            ("https://", Location::Nowhere),
            ("https:/a", Location::Nowhere),
            ("mailto:a@example.com", Location::Nowhere),
            ("javascript:alert(1)", Location::Nowhere),
            ("https://a b.example/", Location::Nowhere),
            ("https://[::g]/", Location::Nowhere),
        ] {
            assert_eq!(location(value.as_bytes()), expected, "{value}");
        }
        assert_eq!(location(b"https://\xff.example/"), Location::Nowhere);
    }
}
