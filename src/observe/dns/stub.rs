//! Stub resolvers on this machine: they pass every query on, so what looks like a resolver of one's own is the load of somebody else's.
//! They are told by well-known addresses and by what they call themselves (`version.bind`, class CHAOS).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::exchange::{Channel, is_reply, question_end};
use super::wire_name::{WireName, read_u16};

/// Addresses at which a stub listens by the defaults of whoever sets it up.
const WELL_KNOWN: [(Ipv4Addr, &str); 5] = [
    (Ipv4Addr::new(127, 0, 0, 53), "the stub resolver of systemd-resolved"),
    (Ipv4Addr::new(127, 0, 0, 54), "the proxy of systemd-resolved"),
    (Ipv4Addr::new(127, 0, 0, 11), "the stub resolver of Docker"),
    (Ipv4Addr::new(127, 0, 1, 1), "the dnsmasq of NetworkManager"),
    (Ipv4Addr::new(10, 255, 255, 254), "the stub resolver of WSL"),
];
/// How the resolvers that resolve by themselves, and are set up to pass queries on only by who wants it, begin their version.
const RECURSIVE: [&str; 5] = ["unbound", "powerdns recursor", "knot resolver", "bind", "9."];
/// The resolvers to which systemd-resolved passes queries on.
const RESOLVED_UPSTREAM: &str = "/run/systemd/resolve/resolv.conf";
/// How long the version is waited for: it comes from this machine.
const PATIENCE: Duration = Duration::from_millis(500);
/// `version.bind. CH TXT`, RD not set, behind an id.
const VERSION_QUERY: &[u8] = b"\0\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03";
/// What is shown of a version.
const MAX_VERSION: usize = 64;

/// A sentence for each resolver that is a stub by its address; none is asked.
pub fn well_known_stubs(resolvers: &[SocketAddr]) -> Vec<String> {
    resolvers.iter().filter_map(|resolver| Some(sentence(*resolver, well_known(resolver.ip())?))).collect()
}

/// The same, and a sentence for each other resolver on a loopback address that is not known to resolve by itself: these are asked what they
/// are.
pub async fn loopback_stubs(resolvers: &[SocketAddr]) -> Vec<String> {
    let sentences = resolvers.iter().map(async |&resolver| match well_known(resolver.ip()) {
        Some(name) => Some(sentence(resolver, name)),
        None if resolver.ip().is_loopback() => by_version(resolver, version(resolver).await.as_deref()),
        None => None,
    });
    join_all(sentences).await.into_iter().flatten().collect()
}

fn well_known(address: IpAddr) -> Option<&'static str> {
    WELL_KNOWN.iter().find(|(known, _)| address.to_canonical() == *known).map(|(_, name)| *name)
}

/// What is to be said of a resolver on this machine that calls itself so.
fn by_version(resolver: SocketAddr, version: Option<&str>) -> Option<String> {
    let lower = version.map(str::to_ascii_lowercase);
    let begins = |prefix: &str| lower.as_deref().is_some_and(|version| version.starts_with(prefix));
    if RECURSIVE.iter().any(|prefix| begins(prefix)) {
        return None;
    }
    Some(match version {
        Some(version) if begins("dnsmasq") => sentence(resolver, &format!("{version}, a stub resolver")),
        Some(version) => format!("resolver {resolver} is on this machine ({version:?}); {ELSE}"),
        None => format!("resolver {resolver} is on this machine and does not say what it is; {ELSE}"),
    })
}

const ELSE: &str = "if it only passes queries on, its upstream bears all of them";

fn sentence(resolver: SocketAddr, name: &str) -> String {
    let upstream = if name.ends_with("systemd-resolved") { upstream(Path::new(RESOLVED_UPSTREAM)) } else { None };
    let upstream =
        upstream.map_or_else(|| "its upstream, which bears all of them".to_owned(), |hosts| format!("{hosts} ({RESOLVED_UPSTREAM})"));
    format!("resolver {resolver} is {name}: it passes every query on to {upstream}; for many names run a resolver of your own")
}

/// Whom systemd-resolved asks, as far as it says so.
fn upstream(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let hosts = text.lines().filter_map(|line| line.strip_prefix("nameserver ")?.split_ascii_whitespace().next());
    let hosts: Vec<&str> = hosts.filter(|host| host.bytes().all(|octet| octet.is_ascii_graphic())).take(4).collect();
    if hosts.is_empty() { None } else { Some(hosts.join(", ")) }
}

/// What a resolver calls itself, if it says so.
async fn version(resolver: SocketAddr) -> Option<String> {
    let query = [&rand::random::<[u8; 2]>(), VERSION_QUERY].concat();
    let accept = |reply: &[u8]| is_reply(reply, &query).then(|| reply.to_vec());
    let reply = timeout(PATIENCE, Channel::Udp.ask(resolver, &query, || (), accept)).await.ok()?.ok()?;
    first_string(&reply)
}

/// The first character-string of the first answer record, without what would act on a terminal.
fn first_string(reply: &[u8]) -> Option<String> {
    read_u16(reply, 6).filter(|answers| *answers > 0)?;
    let owner = WireName::read(reply, question_end(reply)?)?;
    let data = owner.end + 10;
    let length = usize::from(*reply.get(data)?);
    let octets = reply.get(data + 1..data + 1 + length)?.get(..length.min(MAX_VERSION))?;
    let text: String = octets.iter().filter(|octet| matches!(octet, b' '..=b'~')).copied().map(char::from).collect();
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn stubs_are_named_by_their_addresses() {
        let resolvers = ["127.0.0.53:53", "127.0.0.1:53", "192.0.2.53:53", "[::ffff:127.0.0.11]:53"].map(at);
        let sentences = well_known_stubs(&resolvers);
        assert_eq!(sentences.len(), 2, "{sentences:?}");
        assert!(sentences[0].starts_with("resolver 127.0.0.53:53 is the stub resolver of systemd-resolved: it passes every query on to"));
        assert!(sentences[1].contains("Docker"));
    }

    #[test]
    fn the_upstream_of_systemd_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# made by systemd\nnameserver 192.0.2.1\nnameserver 2001:db8::1%2\nsearch .\n").unwrap();
        assert_eq!(upstream(file.path()).as_deref(), Some("192.0.2.1, 2001:db8::1%2"));
        std::fs::write(file.path(), "search .\n").unwrap();
        assert_eq!((upstream(file.path()), upstream(Path::new("/nonexistent"))), (None, None));
    }

    #[test]
    fn what_a_resolver_calls_itself_says_whether_it_resolves() {
        let said = |version| by_version(at("127.0.0.1:53"), version);
        for recursive in ["unbound 1.19.2", "PowerDNS Recursor 5.0.3", "9.18.28-1~deb12u2-Debian", "BIND 9.20", "Knot Resolver 6"] {
            assert_eq!(said(Some(recursive)), None, "{recursive}");
        }
        assert!(said(Some("dnsmasq-2.90")).unwrap().contains("is dnsmasq-2.90, a stub resolver: it passes every query on"));
        assert!(said(Some("something")).unwrap().contains("(\"something\"); if it only passes queries on"));
        assert!(said(None).unwrap().contains("does not say what it is"));
    }

    /// A reply to `query` by a server that has this to say.
    fn reply(query: &[u8], text: &[u8]) -> Vec<u8> {
        let mut reply = query.to_vec();
        reply[2] = 0x84;
        reply[7] = 1;
        let length = u8::try_from(text.len()).unwrap();
        reply.extend_from_slice(b"\xc0\x0c\0\x10\0\x03\0\0\0\0\0");
        reply.extend_from_slice(&[length + 1, length]);
        reply.extend_from_slice(text);
        reply
    }

    #[test]
    fn a_version_is_read_without_what_would_act_on_a_terminal() {
        let query = [b"\0\x07", VERSION_QUERY].concat();
        assert_eq!(first_string(&reply(&query, b"dns\x1b[2Jmasq\n")).as_deref(), Some("dns[2Jmasq"));
        assert_eq!(first_string(&reply(&query, b"")), None);
        assert_eq!(first_string(&reply(&query, &[b'x'; 200])).map(|text| text.len()), Some(MAX_VERSION));
        let whole = reply(&query, b"unbound");
        assert!((0..whole.len()).all(|length| first_string(&whole[..length]).is_none()));
    }

    #[tokio::test]
    async fn a_resolver_on_loopback_is_asked_what_it_is() {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let server = async {
            let mut buffer = [0; 512];
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            socket.send_to(&reply(&buffer[..length], b"dnsmasq-2.90"), from).await.unwrap();
        };
        let resolvers = [address, at("192.0.2.53:53")];
        let (sentences, ()) = tokio::join!(loopback_stubs(&resolvers), server);
        assert_eq!(sentences.len(), 1);
        assert!(sentences[0].contains("is dnsmasq-2.90, a stub resolver"), "{sentences:?}");
    }
}
