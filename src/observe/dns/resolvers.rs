//! Whom to ask, as it is written, and why a scan cannot start with that: resolvers of an option or of a file, encrypted
//! ones (`tls://ADDR[:PORT][#NAME]` and `https://ADDR[:PORT][/PATH][#NAME]`), and the root servers where iteration begins.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::{fmt, io};

use rustls::pki_types::ServerName;
use thiserror::Error;

use super::scoped_address;
use crate::whole_file;

/// Port of DNS (RFC 1035 section 4.2).
const PORT: u16 = 53;
/// Port of DNS over TLS (RFC 7858 section 3.1).
const TLS_PORT: u16 = 853;
const HTTPS_PORT: u16 = 443;
/// The path that most services use; RFC 8484 leaves it open.
const PATH: &str = "/dns-query";
/// IANA's `named.root`; says itself of when it is.
pub const ROOT_HINTS: &str = include_str!("../../../data/root.hints");

/// Reads `ADDR`, `ADDR:PORT`, `[V6]` or `[V6]:PORT`, a link-local one with `%INTERFACE`; the port is 53 if none is given.
///
/// # Errors
/// [`DnsError::Address`] says what is wrong with the text.
pub fn parse_resolver(text: &str) -> Result<SocketAddr, DnsError> {
    address(text).map_err(|reason| DnsError::Address { text: text.to_owned(), reason })
}

/// The resolvers of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ResolverFile {
    /// Those that are asked in the clear.
    pub plain: Vec<SocketAddr>,
    /// Those that are asked over TLS.
    pub encrypted: Vec<EncryptedResolver>,
}

/// Reads a file with one resolver per line, plain or encrypted; `#` begins a comment where it stands first or behind white space, so that
/// the `#NAME` of an encrypted resolver is none. A resolver that comes again is read once.
///
/// # Errors
/// [`DnsError::File`] if the file cannot be read, [`DnsError::Line`] for the first line that is no resolver,
/// [`DnsError::NoneInFile`] if there is none at all.
pub fn read_resolvers(path: &Path) -> Result<ResolverFile, DnsError> {
    let text = read_text(path)?;
    let (mut plain, mut encrypted) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let entry = without_comment(line);
        let fault = |reason| DnsError::Line { path: path.to_owned(), line: index + 1, text: entry.to_owned(), reason };
        match entry {
            "" => {}
            entry if is_encrypted_resolver(entry) => encrypted.push(self::encrypted(entry).map_err(fault)?),
            entry => plain.push(address(entry).map_err(fault)?),
        }
    }
    if plain.is_empty() && encrypted.is_empty() {
        return Err(DnsError::NoneInFile(path.to_owned()));
    }
    Ok(ResolverFile { plain: without_repeats(plain.into_iter()), encrypted: without_repeats(encrypted.into_iter()) })
}

/// The text of a file; one that is not UTF-8 cannot be read, as none of its lines would be right.
fn read_text(path: &Path) -> Result<String, DnsError> {
    let failed = |source| DnsError::File { path: path.to_owned(), source };
    let text = String::from_utf8(whole_file::read(path).map_err(failed)?);
    let text = text.map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8")))?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// A line without white space around it and without a comment.
fn without_comment(line: &str) -> &str {
    let begins = |(at, _): &(usize, &str)| line.get(..*at).is_none_or(|before| before.is_empty() || before.ends_with(char::is_whitespace));
    let end = line.match_indices('#').find(begins).map_or(line.len(), |(at, _)| at);
    line.get(..end).unwrap_or_default().trim()
}

fn without_repeats<T: Clone + Eq + Hash>(resolvers: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    resolvers.filter(|resolver| seen.insert(resolver.clone())).collect()
}

fn address(text: &str) -> Result<SocketAddr, Cow<'static, str>> {
    scoped_address::read(text, PORT)
}

/// A resolver that is asked over TLS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EncryptedResolver {
    /// Where it listens.
    pub address: SocketAddr,
    /// The name, or the address, that its certificate has to be for.
    pub name: String,
    /// How questions travel inside TLS.
    pub transport: Transport,
}

/// How questions travel inside TLS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    encrypted(text).map_err(|reason| DnsError::EncryptedAddress { text: text.to_owned(), reason })
}

fn encrypted(text: &str) -> Result<EncryptedResolver, Cow<'static, str>> {
    let (scheme, rest) = text.split_once("://").ok_or("no tls:// or https:// before the address")?;
    let (rest, name) = rest.split_once('#').map_or((rest, None), |(rest, name)| (rest, Some(name)));
    let (authority, path) = rest.find('/').and_then(|slash| rest.split_at_checked(slash)).unwrap_or((rest, ""));
    let (transport, port) = match scheme {
        "tls" if path.is_empty() => (Transport::Tls, TLS_PORT),
        "tls" => return Err("tls:// has no path".into()),
        "https" => (Transport::Https(checked_path(path)?), HTTPS_PORT),
        _ => return Err("tls:// and https:// are possible".into()),
    };
    let address = encrypted_address(authority, port)?;
    let name = match name {
        Some(name) => name.to_owned(),
        None if address.is_ipv6() && scheme == "https" => return Err("#NAME is needed behind an IPv6 address".into()),
        None => address.ip().to_string(),
    };
    if ServerName::try_from(name.as_str()).is_err() {
        return Err("what stands behind # is no host name".into());
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

fn encrypted_address(authority: &str, port: u16) -> Result<SocketAddr, Cow<'static, str>> {
    scoped_address::read(authority, port).map_err(|reason| format!("{reason}; a host name goes behind #").into())
}

/// The root servers as IANA lists them (`data/root.hints`).
pub fn built_in_root_hints() -> Vec<IpAddr> {
    // Checked by a test: every line of the file can be read.
    root_hints(ROOT_HINTS).unwrap_or_default()
}

/// Reads root hints: a zone file's A and AAAA records, whatever their owners, or bare addresses, one per line; `;` and `#` begin comments.
///
/// # Errors
/// [`DnsError::File`] if the file cannot be read, [`DnsError::RootHints`] at the first line that is neither, or if there is no address.
pub fn read_root_hints(path: &Path) -> Result<Vec<IpAddr>, DnsError> {
    let text = read_text(path)?;
    let found = root_hints(&text).map_err(|(line, text)| DnsError::RootHints { path: path.to_owned(), at: Some((line, text)) })?;
    if found.is_empty() { Err(DnsError::RootHints { path: path.to_owned(), at: None }) } else { Ok(found) }
}

/// The addresses, or number and text of the first line that cannot be read.
fn root_hints(text: &str) -> Result<Vec<IpAddr>, (usize, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let entry = line.split([';', '#']).next().unwrap_or_default().trim();
        let fault = || (index + 1, entry.to_owned());
        let words: Vec<&str> = entry.split_ascii_whitespace().collect();
        let kind = words.iter().rev().nth(1).copied().unwrap_or_default();
        match words.last() {
            None => {}
            Some(_) if kind.eq_ignore_ascii_case("NS") => {}
            Some(address) if words.len() == 1 || kind.eq_ignore_ascii_case("A") || kind.eq_ignore_ascii_case("AAAA") => {
                let address = address.parse().map_err(|_| fault())?;
                if !found.contains(&address) {
                    found.push(address);
                }
            }
            Some(_) => return Err(fault()),
        }
    }
    Ok(found)
}

/// Why no scan can start with these resolvers. What the network does later is an outcome, never an error.
#[derive(Debug, Error)]
pub enum DnsError {
    /// The system's resolver configuration cannot be read, or names no resolver that can be asked.
    #[error("the system's resolver configuration {path} cannot be used ({reason}); name resolvers with --resolver ADDR")]
    SystemResolvers {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A text that is no resolver address.
    #[error("{text:?} is no resolver address ({reason}); write it as 192.0.2.1, 192.0.2.1:53, 2001:db8::1 or [2001:db8::1]:53")]
    Address {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// A text that is no encrypted resolver.
    #[error(
        "{text:?} is no encrypted resolver ({reason}); write it as tls://192.0.2.1#dns.example or https://192.0.2.1/dns-query#dns.example"
    )]
    EncryptedAddress {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// A file of resolvers or root hints that cannot be read.
    #[error("cannot read the file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A line of a resolvers file that is no resolver.
    #[error("{path}:{line}: {text:?} is no resolver ({reason}); write one per line, as for --resolver")]
    Line {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// The text of the line.
        text: String,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// A file of root hints that cannot be used.
    #[error("{}", no_root_hint(path, at.as_ref()))]
    RootHints {
        /// The file.
        path: PathBuf,
        /// Number and text of the line that cannot be read; `None` if there is no address at all.
        at: Option<(usize, String)>,
    },
    /// Not one root server answers as a root server does.
    #[error(
        "no root server answers ({reason}); check that queries to name servers are let out of this network, or use a resolver (--resolver ADDR)"
    )]
    NoRoot {
        /// What became of asking them.
        reason: String,
    },
    /// No threads for resolving could be started.
    #[error("threads for resolving cannot be started: {0}")]
    Threads(#[source] io::Error),
    /// There is no resolver to ask.
    #[error("there is no resolver to ask; name one with --resolver ADDR")]
    NoResolvers,
    /// A file of resolvers that has none.
    #[error("the file {0} names no resolver; write one per line, as for --resolver")]
    NoneInFile(PathBuf),
    /// No socket towards a resolver could be opened.
    #[error("cannot open a UDP socket towards resolver {resolver} ({source}); drop this resolver or raise the limit of open files")]
    Socket {
        /// The resolver.
        resolver: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Not one resolver can be relied on.
    #[error(
        "no resolver can be used{}; check the network, name others with --resolver ADDR, or take them as they are with --trust-resolvers",
        listed(failed)
    )]
    NoneUsable {
        /// Each resolver and what is wrong with it.
        failed: Vec<(SocketAddr, String)>,
    },
}

fn no_root_hint(path: &Path, at: Option<&(usize, String)>) -> String {
    let path = path.display();
    match at {
        Some((line, text)) => format!("{path}:{line}: {text:?} is no root hint; write A and AAAA records, or one address per line"),
        None => format!("the root hints {path} have no address; write one per line"),
    }
}

/// The first resolvers and what is wrong with each, in parentheses.
fn listed(failed: &[(SocketAddr, String)]) -> String {
    const MAX_SHOWN: usize = 5;
    let mut shown: Vec<_> = failed.iter().take(MAX_SHOWN).map(|(resolver, reason)| format!("{resolver}: {reason}")).collect();
    if failed.len() > MAX_SHOWN {
        shown.push(format!("and {} more", failed.len() - MAX_SHOWN));
    }
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join("; ")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            ("fe80::1", "network interface"),
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
        std::fs::write(file.path(), "\u{feff}# ours\n192.0.2.1 # first\n\n  [2001:db8::1]:54\r\n192.0.2.1:53\n").unwrap();
        let plain: Vec<SocketAddr> = vec!["192.0.2.1:53".parse().unwrap(), "[2001:db8::1]:54".parse().unwrap()];
        assert_eq!(read_resolvers(file.path()).unwrap(), ResolverFile { plain, encrypted: Vec::new() });

        std::fs::write(file.path(), "tls://192.0.2.1#dns.example # theirs\n\t#no\nhttps://192.0.2.1/q#dns.example\n").unwrap();
        let shown: Vec<String> = read_resolvers(file.path()).unwrap().encrypted.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["tls://192.0.2.1:853#dns.example", "https://192.0.2.1:443/q#dns.example"]);

        for (text, said) in [
            ("192.0.2.1\nresolver\n", ":2: \"resolver\""),
            ("tls://dns.example#x\n", ":1: \"tls://dns.example#x\""),
            ("192.0.2.1#5353\n", ":1: \"192.0.2.1#5353\""),
            ("# none\n", "names no resolver"),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let sentence = read_resolvers(file.path()).unwrap_err().to_string();
            assert!(sentence.contains(said) && sentence.contains(file.path().to_str().unwrap()), "{sentence}");
        }
        assert!(matches!(read_resolvers(Path::new("/nonexistent/file")), Err(DnsError::File { .. })));
    }

    #[test]
    fn encrypted_resolvers_are_read() {
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
    fn what_is_no_encrypted_resolver_says_what_is_wrong() {
        for (text, word) in [
            ("https://dns.example/dns-query", "goes behind #"),
            ("tls://192.0.2.1/x", "path"),
            ("quic://192.0.2.1", "tls:// and https://"),
            ("tls://192.0.2.1:0", "port 0"),
            ("tls://[fe80::1%nosuch0]#dns.example", "no network interface"),
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

    #[test]
    fn thirteen_servers_are_built_in() {
        let hints = root_hints(ROOT_HINTS).unwrap();
        assert_eq!(built_in_root_hints(), hints);
        assert_eq!((hints.iter().filter(|hint| hint.is_ipv4()).count(), hints.iter().filter(|hint| hint.is_ipv6()).count()), (13, 13));
        assert!(hints.contains(&"198.41.0.4".parse().unwrap()) && hints.contains(&"2001:dc3::35".parse().unwrap()));
    }

    #[test]
    fn a_file_holds_records_or_addresses() {
        let text = "; hints\n. 3600 IN NS a.\na. 3600 IN A 127.0.0.1\na.\tAAAA ::1 # six\n\n127.0.0.2\n127.0.0.1\n";
        let expected: Vec<IpAddr> = ["127.0.0.1", "::1", "127.0.0.2"].map(|address| address.parse().unwrap()).into();
        assert_eq!(root_hints(text).unwrap(), expected);
        for (text, line) in [("127.0.0.1\nroot", 2), ("a. A 1.2.3", 1), ("a. TXT x", 1), ("a. SOA a b 1 2 3 4 5", 1)] {
            assert_eq!(root_hints(text).unwrap_err().0, line, "{text}");
        }
    }

    #[test]
    fn a_file_without_addresses_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "; nothing\n. NS a.\n").unwrap();
        let sentence = read_root_hints(file.path()).unwrap_err().to_string();
        assert!(sentence.contains(file.path().to_str().unwrap()) && sentence.contains("no address"), "{sentence}");
    }
}
