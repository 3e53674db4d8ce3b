//! Addresses: what is one where a name belongs, and which are not of the public Internet (RFC 6890 and the IANA registries).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Whether a text is an IP address where a host name belongs, in brackets or not (RFC 5321 section 4.1.3).
pub fn is_address(name: &str) -> bool {
    let inner = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    // Few names end so, and to try each would take longer.
    (inner.ends_with(|last: char| last.is_ascii_digit()) || inner.contains(':'))
        && inner.strip_prefix("ipv6:").unwrap_or(inner).parse::<IpAddr>().is_ok()
}

/// The block of an address that means another host, or none, in every other network; `None` for all other addresses.
///
/// These are the private (RFC 1918, RFC 4193), carrier-grade NAT (RFC 6598), link-local and loopback blocks.
pub fn private_use(address: IpAddr) -> Option<&'static str> {
    let address = address.to_canonical();
    special_use(address).filter(|block| ["private", "unique-local", "carrier-grade NAT", "link-local", "loopback"].contains(block))
}

/// The special-use block of the address; `None` for an ordinary address of the public Internet.
///
/// IPv6 addresses that carry an IPv4 address (NAT64, 6to4, Teredo) lead to it, so they are judged by it.
pub fn special_use(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => V4_BLOCKS.iter().find(|(block, _)| block.contains(&v4)).map(|(_, name)| *name),
        IpAddr::V6(v6) => match carried_v4(v6) {
            Some(v4) => special_use(v4.into()),
            None => V6_BLOCKS.iter().find(|(block, _)| block.contains(&v6)).map(|(_, name)| *name),
        },
    }
}

/// The IPv4 address to which packets for a NAT64 (RFC 6052), 6to4 (RFC 3056) or Teredo (RFC 4380) address are carried.
pub fn carried_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => Some(v4(g, h)),
        (0x2002, _) => Some(v4(b, c)),
        (0x2001, 0) => Some(v4(!g, !h)), // The client's address is stored inverted, section 4.
        _ => None,
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, d: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), length)
}

/// IANA IPv4 special-purpose registry, as far as it is not globally reachable, and multicast.
const V4_BLOCKS: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "this-network"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "carrier-grade NAT"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "protocol-assignment"),
    (v4(192, 0, 2, 0, 24), "documentation"),
    (v4(192, 88, 99, 0, 24), "6to4-relay"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "benchmarking"),
    (v4(198, 51, 100, 0, 24), "documentation"),
    (v4(203, 0, 113, 0, 24), "documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// IANA IPv6 special-purpose registry, likewise. Global unicast is 2000::/3, so what is left outside of it is reserved.
const V6_BLOCKS: &[(Ipv6Net, &str)] = &[
    (v6(0x2001, 0x2, 0, 0, 48), "benchmarking"),
    (v6(0x2001, 0xdb8, 0, 0, 32), "documentation"),
    (v6(0x2001, 0, 0, 0, 23), "protocol-assignment"),
    (v6(0x3fff, 0, 0, 0, 20), "documentation"),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "loopback"),
    (Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128), "unspecified"),
    (Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), "IPv4-mapped"),
    (v6(0x64, 0xff9b, 1, 0, 48), "local-translation"),
    (v6(0x100, 0, 0, 0, 64), "discard-only"),
    (v6(0xfc00, 0, 0, 0, 7), "unique-local"),
    (v6(0xfe80, 0, 0, 0, 10), "link-local"),
    (v6(0xfec0, 0, 0, 0, 10), "site-local"),
    (v6(0xff00, 0, 0, 0, 8), "multicast"),
    (v6(0, 0, 0, 0, 3), "reserved"),
    (v6(0x4000, 0, 0, 0, 2), "reserved"),
    (v6(0x8000, 0, 0, 0, 1), "reserved"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_told_from_names() {
        assert!(is_address("192.0.2.1") && is_address("[192.0.2.1]") && is_address("[ipv6:2001:db8::1]") && is_address("2001:db8::1"));
        assert!(!is_address("1.example.com") && !is_address("mail") && !is_address(""));
    }

    #[test]
    fn private_addresses_are_those_that_mean_something_else_elsewhere() {
        for (text, expected) in [
            ("10.1.2.3", Some("private")),
            ("fd00::1", Some("unique-local")),
            ("100.64.0.1", Some("carrier-grade NAT")),
            ("169.254.0.1", Some("link-local")),
            ("::1", Some("loopback")),
            ("::ffff:192.168.0.1", Some("private")),
            ("192.0.2.1", None),
            ("224.0.0.1", None),
            ("8.8.8.8", None),
            ("2a00::1", None),
        ] {
            assert_eq!(private_use(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn special_use_blocks_are_told_by_name() {
        for (text, expected) in [
            ("0.1.2.3", "this-network"),
            ("10.255.255.255", "private"),
            ("100.64.0.1", "carrier-grade NAT"),
            ("100.127.255.255", "carrier-grade NAT"),
            ("127.0.0.1", "loopback"),
            ("169.254.169.254", "link-local"),
            ("172.31.255.255", "private"),
            ("192.0.0.8", "protocol-assignment"),
            ("192.0.2.1", "documentation"),
            ("192.168.1.1", "private"),
            ("198.19.255.255", "benchmarking"),
            ("224.0.0.1", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::7f00:1", "reserved"),
            ("::ffff:8.8.8.8", "IPv4-mapped"),
            ("64:ff9b::10.0.0.1", "private"),
            ("64:ff9b::127.0.0.1", "loopback"),
            ("64:ff9b:1::1", "local-translation"),
            ("100::1", "discard-only"),
            ("2001:0:1:2:3:4:80ff:fffe", "loopback"),
            ("2001:2::1", "benchmarking"),
            ("2001:10::1", "protocol-assignment"),
            ("2001:db8::1", "documentation"),
            ("2002:c0a8:101::1", "private"),
            ("3fff:fff::1", "documentation"),
            ("5f00::1", "reserved"),
            ("fd00::1", "unique-local"),
            ("fe80::1", "link-local"),
            ("fec0::1", "site-local"),
            ("ff02::1", "multicast"),
        ] {
            assert_eq!(special_use(text.parse().unwrap()), Some(expected), "{text}");
        }
    }

    #[test]
    fn neighbours_of_the_blocks_are_ordinary() {
        for text in [
            "1.0.0.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "64:ff9b::8.8.8.8",
            "2001:0:1:2:3:4:f7f7:f7f7",
            "2001:200::1",
            "2001:db7::1",
            "2002:808:808::1",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert_eq!(special_use(text.parse().unwrap()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn only_global_unicast_is_ordinary(bits: u128) {
            let v6 = Ipv6Addr::from(bits);
            if special_use(v6.into()).is_none() {
                prop_assert!(bits >> 125 == 1 || carried_v4(v6).is_some());
            }
        }
    }
}
