//! Which addresses may be connected to: special-use blocks and the opt-out list are not, nor is what this machine has no route to.

use std::net::{IpAddr, SocketAddr};

use crate::evidence::{FetchError, FetchFault, FetchStage};
use crate::exclusion::Exclusion;
use crate::name::address::special_use;
use crate::observe::source;

/// Addresses tried at most for one exchange, as far as its deadline allows. Who has more gets no more attention: that some were not tried
/// shows in the evidence.
pub(super) const MAX_TRIED: usize = 16;

/// Each address once, IPv4 before IPv6, otherwise as resolution gave them: the order in which they are tried.
pub(super) fn in_order(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut ordered = addresses;
    let mut seen = std::collections::HashSet::new();
    ordered.retain(|address| seen.insert(*address));
    ordered.sort_by_key(IpAddr::is_ipv6);
    ordered
}

/// The addresses that may be connected to, at most [`MAX_TRIED`].
pub(super) fn choose(addresses: &[IpAddr], allow_private: bool, exclusion: &Exclusion) -> Result<Vec<IpAddr>, FetchError> {
    let fail = |fault, text: String| Err(FetchError::new(FetchStage::Address, fault, text));
    let mut chosen = Vec::new();
    let mut refused = None;
    for &address in addresses {
        match refusal(address, allow_private, exclusion) {
            None => chosen.push(address),
            // The opt-out is the stronger reason: such a host is not judged at all.
            Some(reason @ (FetchFault::Excluded, _)) => refused = Some(reason),
            Some(reason) => drop(refused.get_or_insert(reason)),
        }
    }
    chosen.truncate(MAX_TRIED);
    match (chosen.is_empty(), refused) {
        (false, _) => Ok(chosen),
        (true, Some((fault, text))) => fail(fault, text),
        (true, None) => fail(FetchFault::Other, "no address".to_owned()),
    }
}

/// Why an address may not be connected to; `None` if it may.
pub(super) fn refusal(address: IpAddr, allow_private: bool, exclusion: &Exclusion) -> Option<(FetchFault, String)> {
    if exclusion.covers_address(address) {
        return Some((FetchFault::Excluded, format!("{address} is on the opt-out list")));
    }
    let block = special_use(address).filter(|_| !allow_private)?;
    Some((FetchFault::SpecialUseAddress, format!("{address} is a {block} address")))
}

/// Whether this machine has a route to an address, as far as it knows itself. To connect a UDP socket asks the routing table and sends
/// nothing.
pub(super) fn has_route(peer: SocketAddr) -> bool {
    own_address(peer).is_ok()
}

/// The address from which this machine would reach another.
pub(super) fn own_address(peer: SocketAddr) -> std::io::Result<IpAddr> {
    Ok(source::udp(peer)?.local_addr()?.ip())
}

/// A network that cannot be reached because this machine has no route to it (no IPv6, say) is no fault of the host.
pub(super) fn own_lack_of_route(error: FetchError, peer: SocketAddr) -> FetchError {
    if error.fault != FetchFault::Unreachable || has_route(peer) {
        return error;
    }
    FetchError { fault: FetchFault::Local, text: format!("this machine has no route to {}: {}", peer.ip(), error.text), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn each_address_once_and_ipv4_first() {
        let given = addresses(&["2a00::2", "192.0.2.9", "2a00::1", "192.0.2.1", "192.0.2.9"]);
        assert_eq!(in_order(given), addresses(&["192.0.2.9", "192.0.2.1", "2a00::2", "2a00::1"]));
    }

    #[test]
    fn what_is_left_is_tried_and_what_is_refused_says_why() {
        let exclusion = Exclusion::parse("8.8.8.0/24").unwrap();
        let choose = |texts: &[&str], private| choose(&addresses(texts), private, &exclusion);
        assert_eq!(choose(&["10.0.0.1", "8.8.8.8", "9.9.9.9"], false), Ok(addresses(&["9.9.9.9"])));
        let many: Vec<String> = (0..=MAX_TRIED).map(|last| format!("1.1.1.{last}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(choose(&many, false).unwrap().len(), MAX_TRIED);
        assert_eq!(choose(&["10.0.0.1"], true), Ok(addresses(&["10.0.0.1"])));
        for (given, private, fault) in [
            (&["10.0.0.1", "fe80::1"][..], false, FetchFault::SpecialUseAddress),
            (&["10.0.0.1", "8.8.8.8"], false, FetchFault::Excluded),
            (&["8.8.8.8"], true, FetchFault::Excluded),
            (&["::ffff:8.8.8.8"], true, FetchFault::Excluded),
            (&[], false, FetchFault::Other),
        ] {
            let error = choose(given, private).unwrap_err();
            assert_eq!((error.stage, error.fault), (FetchStage::Address, fault), "{given:?}");
        }
    }

    fn failure(fault: FetchFault) -> FetchError {
        FetchError::new(FetchStage::Connect, fault, fault.as_str())
    }

    #[test]
    fn a_network_without_a_route_from_here_is_no_fault_of_the_host() {
        let judged = |fault, address: [u8; 4]| own_lack_of_route(failure(fault), SocketAddr::from((address, 443))).fault;
        // The kernel refuses broadcast without being asked for it, wherever the default route leads.
        assert_eq!(judged(FetchFault::Unreachable, [255, 255, 255, 255]), FetchFault::Local);
        assert_eq!(judged(FetchFault::Unreachable, [127, 0, 0, 1]), FetchFault::Unreachable);
        assert_eq!(judged(FetchFault::Timeout, [255, 255, 255, 255]), FetchFault::Timeout);
    }
}
