//! The loopback addresses of the lab and who is at home there. Every policy host uses the same port number.

use std::net::{Ipv4Addr, Ipv6Addr};

use xxhash_rust::xxh3::xxh3_64;

/// An opt-out list of everything that is not loopback. A scan that looks around connects to web servers of domains and of receivers
/// of reports, and the lab's mail servers have addresses of the public Internet, where nobody is to be bothered by a lab.
pub const BEYOND_LOOPBACK: &str = "\
0.0.0.0/2
64.0.0.0/3
96.0.0.0/4
112.0.0.0/5
120.0.0.0/6
124.0.0.0/7
126.0.0.0/8
128.0.0.0/1
64::/16
2000::/3
4000::/2
8000::/1
";

/// Nobody listens here for HTTPS: connections are refused.
pub(crate) const REFUSED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Somebody listens, but the queue of connections stays full: no answer to a SYN.
pub(crate) const FULL: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Addresses of domains that host their own policy: enough of them that a limit for each address is not a limit for all.
const OWN: u8 = 32;
/// Addresses of providers of hosted policies.
const PROVIDERS: u8 = 16;

/// The address of a domain that hosts its own policy.
pub(crate) fn own(domain: &str) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, 1 + (xxh3_64(domain.as_bytes()) % u64::from(OWN)) as u8)
}

/// The address of a provider, counted from 0.
pub(crate) const fn provider(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 2, 1 + number % PROVIDERS)
}

/// Every address at which policies are served.
pub(crate) fn all() -> impl Iterator<Item = Ipv4Addr> {
    let own = (0..OWN).map(|number| Ipv4Addr::new(127, 0, 1, 1 + number));
    own.chain((0..PROVIDERS).map(provider))
}

/// The address of a mail server: one of the public Internet that depends on the name. Nobody ever connects to it.
///
/// 44.0.0.0/9 belongs to the radio amateurs' research network.
pub(crate) fn mail_a(host: &str) -> Ipv4Addr {
    let [.., b, c, d] = xxh3_64(host.as_bytes()).to_be_bytes();
    Ipv4Addr::new(44, b & 0x7F, c, d)
}

/// The IPv6 address of a mail server; every other one has none.
pub(crate) fn mail_aaaa(host: &str) -> Option<Ipv6Addr> {
    let [b, c, d, e, ..] = xxh3_64(host.as_bytes()).to_be_bytes();
    b.is_multiple_of(2).then(|| Ipv6Addr::new(0x2a10, u16::from_be_bytes([c, d]), e.into(), 0, 0, 0, 0, 0x25))
}
