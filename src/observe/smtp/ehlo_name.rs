//! The name behind EHLO: what a mail server wants to know of who is calling.
//!
//! It should be a name that leads to the address that calls, and back (RFC 5321 section 4.1.4, forward-confirmed reverse DNS): many
//! servers refuse others.

use std::net::{IpAddr, SocketAddr};

use crate::name::normalise_host;
use crate::observe::address::own_address;
use crate::observe::dns::Resolving;

/// Octets of a name at most (RFC 5321 section 4.5.3.1.2).
const MAX_NAME: usize = 255;
/// Names of the own address that are tried at most.
const MAX_REVERSE: usize = 4;
/// Somewhere in the Internet, so that the routing table tells which address calls. Nothing is sent there.
const ELSEWHERE: [IpAddr; 2] =
    [IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];

/// A name, and what the user should know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EhloName {
    /// What stands behind EHLO.
    pub name: String,
    /// What is wrong with it, a sentence.
    pub warning: Option<String>,
}

/// Whether a text can stand behind EHLO: a domain or an address in brackets, without blanks or control characters.
///
/// # Errors
/// What is wrong with it.
pub fn check(name: &str) -> Result<(), &'static str> {
    let literal = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if name.is_empty() {
        Err("it is empty")
    } else if name.len() > MAX_NAME {
        Err("it is longer than 255 characters")
    } else if !name.bytes().all(|octet| octet.is_ascii_graphic()) {
        Err("it has a blank, a control character or a letter beyond ASCII (write the A-label)")
    } else if literal.map_or_else(|| is_domain(name), is_literal) {
        Ok(())
    } else {
        Err("it is no domain name, nor an address in brackets")
    }
}

fn is_literal(inner: &str) -> bool {
    let v6 = inner.get(..5).filter(|tag| tag.eq_ignore_ascii_case("ipv6:")).and_then(|_| inner.get(5..));
    v6.map_or_else(|| inner.parse::<std::net::Ipv4Addr>().is_ok(), |v6| v6.parse::<std::net::Ipv6Addr>().is_ok())
}

fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.strip_suffix('.').unwrap_or(name).split('.').all(is_label)
}

/// The name behind EHLO: the given one, else the reverse name of the own address if that leads back, else the name of this machine, else
/// the address.
pub(crate) async fn find(given: Option<&str>, machine: Option<String>, dns: &Resolving) -> EhloName {
    let own: Vec<IpAddr> = ELSEWHERE.iter().filter_map(|address| own_address(SocketAddr::new(*address, 25)).ok()).collect();
    if let Some(name) = given {
        return EhloName { name: name.to_owned(), warning: doubt("--ehlo ", name, &own, dns).await };
    }
    for address in &own {
        for name in reverse_names(*address, dns).await {
            if check(&name).is_ok() && leads_to(&name, *address, dns).await {
                return EhloName { name, warning: None };
            }
        }
    }
    let machine = machine.map(|name| normalise_host(&name)).filter(|name| check(name).is_ok());
    match (machine, own.first()) {
        (Some(name), _) => EhloName { warning: doubt("the name of this machine, ", &name, &own, dns).await, name },
        (None, Some(address)) => {
            let name = if address.is_ipv6() { format!("[IPv6:{address}]") } else { format!("[{address}]") };
            let warning = format!("mail servers are greeted with the address {name}, which many refuse; give a name of yours with --ehlo");
            EhloName { name, warning: Some(warning) }
        }
        (None, None) => EhloName { name: "localhost".to_owned(), warning: Some(format!("{NO_NAME}; give one with --ehlo")) },
    }
}

const NO_NAME: &str = "this machine has no name with which mail servers could be greeted";

/// What is wrong with a name, a sentence.
async fn doubt(what: &str, name: &str, own: &[IpAddr], dns: &Resolving) -> Option<String> {
    let owes = "many mail servers refuse such a caller; give a name that leads to the address of this machine and back with --ehlo";
    if name.starts_with('[') {
        return Some(format!("mail servers are greeted with {what}{name}, an address and no name: {owes}"));
    }
    if !name.trim_end_matches('.').contains('.') {
        return Some(format!("mail servers are greeted with {what}{name}, which is no fully qualified name: {owes}"));
    }
    let mut back = false;
    for address in own {
        let is_own_name = |reverse: &String| normalise_host(reverse) == normalise_host(name);
        back |= leads_to(name, *address, dns).await && reverse_names(*address, dns).await.iter().any(is_own_name);
    }
    (!back)
        .then(|| format!("mail servers are greeted with {what}{name}, which does not lead to the address of this machine and back: {owes}"))
}

async fn leads_to(name: &str, address: IpAddr, dns: &Resolving) -> bool {
    match address {
        IpAddr::V4(address) => dns.lookup::<std::net::Ipv4Addr>(name).await.records.contains(&address),
        IpAddr::V6(address) => dns.lookup::<std::net::Ipv6Addr>(name).await.records.contains(&address),
    }
}

async fn reverse_names(address: IpAddr, dns: &Resolving) -> Vec<String> {
    dns.names_of(address).await.into_iter().take(MAX_REVERSE).map(|name| normalise_host(&name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_stand_behind_ehlo() {
        for right in ["scanner.example.org", "scanner.example.org.", "localhost", "[192.0.2.1]", "[IPv6:2001:db8::1]", "a_b.example"] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        let long = format!("{}example", "a.".repeat(130));
        for wrong in
            ["", "a b", "a\r\nRCPT TO:<x>", "a\0b", "über.example", "[999.0.2.1]", "[192.0.2.1", "a..b", "-a.example", "a;b", long.as_str()]
        {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }
}
