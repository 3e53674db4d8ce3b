//! Addresses of resolvers as they are written, with the scope that a link-local one needs (RFC 4007 section 11): `fe80::53%eth0`,
//! `fe80::53%2`, in brackets where a port follows.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::system::{has_interface, interface_index};

/// Reads `ADDR`, `ADDR:PORT`, `[V6]` or `[V6]:PORT`, each IPv6 address with `%INTERFACE` behind it or not; `port` is the one that is meant
/// where none is given.
///
/// # Errors
/// Says what is wrong with the text.
pub(super) fn read(text: &str, port: u16) -> Result<SocketAddr, Cow<'static, str>> {
    let address = if text.contains('%') { scoped(text, port)? } else { plain(text, port)? };
    match address {
        _ if address.port() == 0 => Err("port 0 cannot be asked".into()),
        _ if address.ip().is_unspecified() || address.ip().is_multicast() => Err("not the address of one host".into()),
        SocketAddr::V6(v6) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
            Err(format!("a link-local address needs its network interface behind it, as in {}%eth0", v6.ip()).into())
        }
        address => Ok(address),
    }
}

fn plain(text: &str, port: u16) -> Result<SocketAddr, Cow<'static, str>> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|inner| inner.contains(':')).unwrap_or(text);
    bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port)).map_err(|_| reason(text).into())
}

fn scoped(text: &str, port: u16) -> Result<SocketAddr, Cow<'static, str>> {
    let brackets = "not an IPv6 address in brackets with a port from 1 to 65535";
    let (before, behind) = text.split_once('%').unwrap_or((text, ""));
    let (address, scope, port) = match before.strip_prefix('[') {
        None => (before, behind, port),
        Some(address) => {
            let (scope, rest) = behind.rsplit_once(']').ok_or(brackets)?;
            let port = match rest.strip_prefix(':') {
                Some(port) => port.parse().map_err(|_| brackets)?,
                None if rest.is_empty() => port,
                None => return Err(brackets.into()),
            };
            (address, scope, port)
        }
    };
    let address: Ipv6Addr = address.parse().map_err(|_| "not an IPv6 address before the %")?;
    if !address.is_unicast_link_local() {
        return Err("only a link-local address (fe80::/10) has a network interface behind it".into());
    }
    Ok(SocketAddrV6::new(address, port, 0, scope_id(scope)?).into())
}

/// The index of the network interface that a scope names, by its name or by that index.
fn scope_id(scope: &str) -> Result<u32, Cow<'static, str>> {
    if scope.is_empty() {
        return Err("no network interface behind the %".into());
    }
    if scope.bytes().all(|octet| octet.is_ascii_digit()) {
        let index = scope.parse().ok().filter(|index| has_interface(*index));
        return index.ok_or_else(|| format!("this machine has no network interface number {scope}").into());
    }
    // Control characters would act on the terminal that shows the sentence.
    interface_index(scope).ok_or_else(|| format!("this machine has no network interface {scope:?}").into())
}

fn reason(text: &str) -> &'static str {
    match text.rsplit_once(':') {
        Some((host, _)) if host.parse::<std::net::Ipv4Addr>().is_ok() => "the port must be a number from 1 to 65535",
        Some((host, _)) if host.ends_with(']') => "not an IPv6 address in brackets with a port from 1 to 65535",
        None if text.bytes().any(|octet| octet.is_ascii_alphabetic()) => "a host name cannot be used, only an IP address",
        _ => "not an IP address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The loopback interface of this machine, by name and number.
    fn loopback() -> (&'static str, u32) {
        let name = ["lo", "lo0"].into_iter().find(|name| interface_index(name).is_some()).unwrap();
        (name, interface_index(name).unwrap())
    }

    #[test]
    fn the_scope_is_kept() {
        let (name, index) = loopback();
        let expected = |port| SocketAddr::V6(SocketAddrV6::new("fe80::53".parse().unwrap(), port, 0, index));
        for scope in [name.to_owned(), index.to_string()] {
            assert_eq!(read(&format!("fe80::53%{scope}"), 53), Ok(expected(53)));
            assert_eq!(read(&format!("[fe80::53%{scope}]"), 53), Ok(expected(53)));
            assert_eq!(read(&format!("[fe80::53%{scope}]:5353"), 53), Ok(expected(5353)));
        }
        let written = expected(53).to_string();
        assert_eq!(read(&written, 1), Ok(expected(53)), "what messages and evidence say can be read");
    }

    #[test]
    fn what_is_wrong_with_a_scope_is_said() {
        let (name, _) = loopback();
        for (text, words) in [
            ("fe80::53".to_owned(), "needs its network interface behind it, as in fe80::53%eth0"),
            ("[fe80::53]:53".to_owned(), "needs its network interface"),
            ("fe80::53%".to_owned(), "no network interface behind the %"),
            ("fe80::53%nosuch0".to_owned(), "no network interface \"nosuch0\""),
            ("fe80::53%\u{1b}[2J".to_owned(), "no network interface \"\\u{1b}[2J\""),
            ("fe80::53%0".to_owned(), "no network interface number 0"),
            ("fe80::53%4000000".to_owned(), "no network interface number 4000000"),
            ("fe80::53%99999999999".to_owned(), "no network interface number 99999999999"),
            (format!("2001:db8::1%{name}"), "only a link-local address"),
            (format!("192.0.2.1%{name}"), "not an IPv6 address before the %"),
            (format!("[fe80::53%{name}]:dns"), "in brackets with a port"),
            (format!("[fe80::53%{name}]x"), "in brackets with a port"),
            (format!("[fe80::53%{name}"), "in brackets with a port"),
            (format!("[fe80::53%{name}]:0"), "port 0"),
        ] {
            let sentence = read(&text, 53).unwrap_err();
            assert!(sentence.contains(words), "{text}: {sentence}");
        }
    }
}
