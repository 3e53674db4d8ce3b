//! The loopback addresses of the lab and who is at home there. Every policy host uses the same port number.

use std::net::Ipv4Addr;

use xxhash_rust::xxh3::xxh3_64;

/// Nobody listens here: connections are refused.
pub(super) const REFUSED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Somebody listens, but the queue of connections is full for ever: no answer to a SYN.
pub(super) const FULL: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Addresses of domains that host their own policy: enough of them that a limit for each address is not a limit for all.
const OWN: u8 = 32;
/// Addresses of providers of hosted policies.
const PROVIDERS: u8 = 16;

/// The address of a domain that hosts its own policy.
pub(super) fn own(domain: &str) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, 1 + (xxh3_64(domain.as_bytes()) % u64::from(OWN)) as u8)
}

/// The address of a provider, counted from 0.
pub(super) const fn provider(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 2, 1 + number % PROVIDERS)
}

/// Every address at which policies are served.
pub(super) fn all() -> impl Iterator<Item = Ipv4Addr> {
    let own = (0..OWN).map(|number| Ipv4Addr::new(127, 0, 1, 1 + number));
    own.chain((0..PROVIDERS).map(provider))
}
