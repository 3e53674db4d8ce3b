//! Which resolvers to ask: the system's, those of an option, those of a file.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::error::DnsError;

/// Port of DNS (RFC 1035 section 4.2).
const PORT: u16 = 53;

/// The resolvers of the system's configuration (`/etc/resolv.conf`), in its order.
///
/// # Errors
/// [`DnsError::SystemResolvers`] if the configuration cannot be read or names none.
pub fn system_resolvers() -> Result<Vec<SocketAddr>, DnsError> {
    let (config, _) =
        hickory_resolver::system_conf::read_system_conf().map_err(|error| DnsError::SystemResolvers { reason: error.to_string() })?;
    let address = |ip: IpAddr| SocketAddr::new(ip, PORT);
    let found: Vec<SocketAddr> = without_repeats(config.name_servers().iter().map(|server| address(server.ip)));
    if found.is_empty() { Err(DnsError::SystemResolvers { reason: "it names no resolver".to_owned() }) } else { Ok(found) }
}

/// Reads `ADDR`, `ADDR:PORT`, `[V6]` or `[V6]:PORT`; the port is 53 if none is given.
///
/// # Errors
/// [`DnsError::Address`] says what is wrong with the text.
pub fn parse_resolver(text: &str) -> Result<SocketAddr, DnsError> {
    address(text).map_err(|reason| DnsError::Address { text: text.to_owned(), reason })
}

/// Reads a file with one resolver a line; `#` begins a comment. An address that comes again is read once.
///
/// # Errors
/// [`DnsError::File`] if the file cannot be read, [`DnsError::Line`] for the first line that is no resolver,
/// [`DnsError::NoResolvers`] if there is none at all.
pub fn read_resolvers(path: &Path) -> Result<Vec<SocketAddr>, DnsError> {
    let text = std::fs::read_to_string(path).map_err(|source| DnsError::File { path: path.to_owned(), source })?;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let entry = line.split('#').next().unwrap_or_default().trim();
        if !entry.is_empty() {
            let fault = |reason| DnsError::Line { path: path.to_owned(), line: index + 1, text: entry.to_owned(), reason };
            found.push(address(entry).map_err(fault)?);
        }
    }
    if found.is_empty() { Err(DnsError::NoResolvers) } else { Ok(without_repeats(found.into_iter())) }
}

fn without_repeats(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut seen = HashSet::new();
    addresses.filter(|address| seen.insert(*address)).collect()
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let address = if let Ok(address) = text.parse::<SocketAddr>() {
        address
    } else {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|inner| inner.contains(':')).unwrap_or(text);
        SocketAddr::new(bare.parse::<IpAddr>().map_err(|_| reason(text))?, PORT)
    };
    if address.port() == 0 {
        return Err("port 0 cannot be asked");
    }
    if address.ip().is_unspecified() || address.ip().is_multicast() {
        return Err("not the address of one host");
    }
    Ok(address)
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

    #[test]
    fn addresses_with_and_without_port() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1:53"),
            ("192.0.2.1:5353", "192.0.2.1:5353"),
            ("2001:db8::1", "[2001:db8::1]:53"),
            ("[2001:db8::1]", "[2001:db8::1]:53"),
            ("[2001:db8::1]:5353", "[2001:db8::1]:5353"),
        ] {
            assert_eq!(parse_resolver(text).unwrap(), expected.parse().unwrap());
        }
    }

    #[test]
    fn other_texts_say_what_is_wrong() {
        for (text, word) in [
            ("dns.example", "host name"),
            ("192.0.2.1:dns", "port"),
            ("192.0.2.1:70000", "port"),
            ("192.0.2.1:0", "port 0"),
            ("[2001:db8::1]:x", "brackets"),
            ("[192.0.2.1]", "not an IP address"),
            ("192.0.2.256", "not an IP address"),
            ("0.0.0.0", "one host"),
            ("", "not an IP address"),
        ] {
            let sentence = parse_resolver(text).unwrap_err().to_string();
            assert!(sentence.contains(word), "{text}: {sentence}");
        }
    }

    #[test]
    fn a_file_names_one_resolver_a_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# ours\n192.0.2.1 # first\n\n  [2001:db8::1]:54\r\n192.0.2.1:53\n").unwrap();
        let expected: Vec<SocketAddr> = vec!["192.0.2.1:53".parse().unwrap(), "[2001:db8::1]:54".parse().unwrap()];
        assert_eq!(read_resolvers(file.path()).unwrap(), expected);

        std::fs::write(file.path(), "192.0.2.1\nresolver\n").unwrap();
        let sentence = read_resolvers(file.path()).unwrap_err().to_string();
        assert!(sentence.contains(":2: \"resolver\""), "{sentence}");

        std::fs::write(file.path(), "# none\n").unwrap();
        assert!(matches!(read_resolvers(file.path()), Err(DnsError::NoResolvers)));
        assert!(matches!(read_resolvers(Path::new("/nonexistent/file")), Err(DnsError::File { .. })));
    }
}
