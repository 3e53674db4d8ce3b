//! Encrypted resolvers as they are written: `tls://ADDR[:PORT][#NAME]` and `https://ADDR[:PORT][/PATH][#NAME]`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::ServerName;

use super::error::DnsError;

/// Port of DNS over TLS (RFC 7858 section 3.1).
const TLS_PORT: u16 = 853;
const HTTPS_PORT: u16 = 443;
/// The path that most services use; RFC 8484 leaves it open.
const PATH: &str = "/dns-query";

/// A resolver that is asked over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedResolver {
    /// Where it listens.
    pub address: SocketAddr,
    /// The name, or the address, that its certificate has to be for.
    pub name: String,
    /// How questions travel inside TLS.
    pub transport: Transport,
}

/// How questions travel inside TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// DNS over TLS (RFC 7858).
    Tls,
    /// DNS over HTTP/2 (RFC 8484), POST to this path.
    Https(String),
}

impl fmt::Display for EncryptedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transport {
            Transport::Tls => write!(f, "tls://{}#{}", self.address, self.name),
            Transport::Https(path) => write!(f, "https://{}{path}#{}", self.address, self.name),
        }
    }
}

/// Whether a text is meant to be an encrypted resolver.
pub fn is_encrypted_resolver(text: &str) -> bool {
    text.contains("://")
}

/// Reads an encrypted resolver. Without a name the certificate has to be for the address.
///
/// # Errors
/// [`DnsError::EncryptedAddress`] says what is wrong with the text.
pub fn parse_encrypted_resolver(text: &str) -> Result<EncryptedResolver, DnsError> {
    parse(text).map_err(|reason| DnsError::EncryptedAddress { text: text.to_owned(), reason })
}

fn parse(text: &str) -> Result<EncryptedResolver, &'static str> {
    let (scheme, rest) = text.split_once("://").ok_or("no tls:// or https:// before the address")?;
    let (rest, name) = rest.split_once('#').map_or((rest, None), |(rest, name)| (rest, Some(name)));
    let (authority, path) = rest.find('/').and_then(|slash| rest.split_at_checked(slash)).unwrap_or((rest, ""));
    let (transport, port) = match scheme {
        "tls" if path.is_empty() => (Transport::Tls, TLS_PORT),
        "tls" => return Err("tls:// has no path"),
        "https" => (Transport::Https(checked_path(path)?), HTTPS_PORT),
        _ => return Err("tls:// and https:// are possible"),
    };
    let address = address(authority, port)?;
    let name = match name {
        Some(name) => name.to_owned(),
        None if address.is_ipv6() && scheme == "https" => return Err("#NAME is needed behind an IPv6 address"),
        None => address.ip().to_string(),
    };
    if ServerName::try_from(name.as_str()).is_err() {
        return Err("what stands behind # is no host name");
    }
    Ok(EncryptedResolver { address, name, transport })
}

fn checked_path(path: &str) -> Result<String, &'static str> {
    let visible = |octet: u8| octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&octet);
    match path {
        "" | "/" => Ok(PATH.to_owned()),
        path if path.bytes().all(visible) => Ok(path.to_owned()),
        _ => Err("the path has characters that cannot stand in one"),
    }
}

fn address(authority: &str, port: u16) -> Result<SocketAddr, &'static str> {
    let bare = authority.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(authority);
    let address = match (authority.parse::<SocketAddr>(), bare.parse::<IpAddr>()) {
        (Ok(address), _) => address,
        (_, Ok(ip)) => SocketAddr::new(ip, port),
        _ => return Err("an IP address is needed, the host name goes behind #"),
    };
    let usable = address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast();
    if usable { Ok(address) } else { Err("not the address and port of one host") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, expected) in [
            ("tls://192.0.2.1", "tls://192.0.2.1:853#192.0.2.1"),
            ("tls://192.0.2.1:8853#dns.example", "tls://192.0.2.1:8853#dns.example"),
            ("tls://[2001:db8::1]#dns.example", "tls://[2001:db8::1]:853#dns.example"),
            ("tls://2001:db8::1", "tls://[2001:db8::1]:853#2001:db8::1"),
            ("https://192.0.2.1", "https://192.0.2.1:443/dns-query#192.0.2.1"),
            ("https://192.0.2.1:4443/q#dns.example", "https://192.0.2.1:4443/q#dns.example"),
        ] {
            assert_eq!(parse_encrypted_resolver(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn other_texts_say_what_is_wrong() {
        for (text, word) in [
            ("https://dns.example/dns-query", "IP address"),
            ("tls://192.0.2.1/x", "path"),
            ("quic://192.0.2.1", "tls:// and https://"),
            ("tls://192.0.2.1:0", "one host"),
            ("tls://192.0.2.1#a b", "host name"),
            ("tls://192.0.2.1#", "host name"),
            ("https://[2001:db8::1]/", "#NAME"),
            ("https://192.0.2.1/a b", "path"),
            ("tls://", "IP address"),
        ] {
            let sentence = parse_encrypted_resolver(text).unwrap_err().to_string();
            assert!(sentence.contains(word), "{text}: {sentence}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "(tls|https)://[0-9.:\\[\\]a-f/#é]{0,30}") {
            if let Ok(resolver) = parse_encrypted_resolver(&text) {
                prop_assert_eq!(parse_encrypted_resolver(&resolver.to_string()).unwrap(), resolver);
            }
        }
    }
}
