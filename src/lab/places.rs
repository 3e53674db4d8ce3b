//! The loopback addresses of the lab and who is at home there. Every policy host uses the same port number.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

/// Addresses at which mail servers are that depend on the name.
const MAIL: u16 = 64;
/// The most addresses of mail servers that are told apart before TLS.
const NUMBERED: u16 = 4096;

/// The address of a mail server: one of the public Internet that depends on the name. Nobody ever connects to it; see [`mail_server`].
///
/// 44.0.0.0/9 belongs to the radio amateurs' research network. Its first 4,096 addresses are numbered.
pub(crate) fn mail_a(host: &str) -> Ipv4Addr {
    let [.., b, c, d] = xxh3_64(host.as_bytes()).to_be_bytes();
    Ipv4Addr::new(44, (b & 0x7F).max(1), c, d)
}

/// The IPv6 address of a mail server; every other one has none.
pub(crate) fn mail_aaaa(host: &str) -> Option<Ipv6Addr> {
    let [b, c, d, e, ..] = xxh3_64(host.as_bytes()).to_be_bytes();
    b.is_multiple_of(2).then(|| Ipv6Addr::new(0x2a10, u16::from_be_bytes([c, d]), u16::from(e).max(1), 0, 0, 0, 0, 0x25))
}

/// The address by number of a mail server that is told apart before TLS.
pub(crate) const fn numbered_mail_a(number: u16) -> Ipv4Addr {
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(44, 0, high, low)
}

/// The same over IPv6.
pub(crate) const fn numbered_mail_aaaa(number: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2a10, number, 0, 0, 0, 0, 0, 0x25)
}

/// The number of the first of 256 addresses at which connections are refused.
pub(crate) const MAIL_REFUSING: u16 = 0xFE00;
/// An address of a mail server at which connections are refused, and one at which no SYN is answered.
pub(crate) const MAIL_REFUSED: Ipv4Addr = Ipv4Addr::new(44, 0, 255, 1);
pub(crate) const MAIL_FULL: Ipv4Addr = Ipv4Addr::new(44, 0, 255, 2);
/// One to which there is no route.
pub(crate) const MAIL_NO_ROUTE: Ipv6Addr = Ipv6Addr::new(0x2a10, 0xffff, 0, 0, 0, 0, 0, 0x25);
/// The broadcast address of loopback, to which no stream can be: Linux says that the network is unreachable.
const NO_ROUTE: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);

/// Where a mail server is that DNS says is at an address of the public Internet: on loopback, also those of IPv6. Whatever is no address of
/// a mail server of the lab stays as it is.
pub fn mail_server(address: IpAddr) -> IpAddr {
    let there = match address {
        IpAddr::V4(MAIL_REFUSED) => REFUSED,
        IpAddr::V4(MAIL_FULL) => FULL,
        IpAddr::V6(MAIL_NO_ROUTE) => NO_ROUTE,
        IpAddr::V4(address) => match address.octets() {
            // As many at which connections are refused as a world wants.
            [44, 0, 254, _] => REFUSED,
            [44, 0, high, low] => Ipv4Addr::new(127, 4, high, low),
            [44, b @ 1..0x80, c, d] => named(u32::from_be_bytes([0, b, c, d])),
            _ => return address.into(),
        },
        IpAddr::V6(address) => match address.segments() {
            [0x2a10, number, 0, ..] => {
                let [high, low] = number.to_be_bytes();
                Ipv4Addr::new(127, 4, high, low)
            }
            [0x2a10, high, low, ..] => named(u32::from(high) << 16 | u32::from(low)),
            _ => return address.into(),
        },
    };
    there.into()
}

fn named(number: u32) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 4, 1 + (number % u32::from(MAIL)) as u8)
}

/// The number of an address on loopback at which a mail server is that is told apart before TLS.
pub(crate) fn number(address: Ipv4Addr) -> Option<u16> {
    match address.octets() {
        [127, 4, high, low] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}

/// Every address on loopback at which mail servers are, so many of them told apart before TLS.
pub(crate) fn mail_servers(numbered: u16) -> impl Iterator<Item = Ipv4Addr> {
    let numbered = (0..numbered.min(NUMBERED)).map(|number| {
        let [high, low] = number.to_be_bytes();
        Ipv4Addr::new(127, 4, high, low)
    });
    (0..u32::from(MAIL)).map(named).chain(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mail_server_of_the_public_internet_is_somewhere_on_loopback() {
        for (public, there) in [
            (numbered_mail_a(0x0102).into(), "127.4.1.2"),
            (numbered_mail_aaaa(0x0102).into(), "127.4.1.2"),
            (MAIL_REFUSED.into(), "127.0.0.2"),
            (MAIL_FULL.into(), "127.0.0.3"),
            (MAIL_NO_ROUTE.into(), "127.255.255.255"),
            (IpAddr::from([44, 1, 2, 3]), "127.0.4.4"),
            (IpAddr::from([44, 128, 2, 3]), "44.128.2.3"),
            (IpAddr::from([10, 1, 2, 3]), "10.1.2.3"),
        ] {
            assert_eq!(mail_server(public).to_string(), there, "{public}");
        }
        let served: Vec<Ipv4Addr> = mail_servers(3).collect();
        assert!(served.len() == 67 && served.iter().filter_map(|address| number(*address)).eq(0..3));
        for host in (0..1000).map(|number| format!("mx{number}.example")) {
            let addresses = mail_aaaa(&host).map(IpAddr::from).into_iter().chain([mail_a(&host).into()]);
            for address in addresses.map(mail_server) {
                assert!(served.contains(&address.to_string().parse().unwrap()), "{host}: {address}");
            }
        }
    }

    #[test]
    fn no_stream_leads_to_where_there_is_no_route() {
        let there = std::net::SocketAddr::new(mail_server(MAIL_NO_ROUTE.into()), 25);
        let error = std::net::TcpStream::connect_timeout(&there, std::time::Duration::from_secs(5)).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NetworkUnreachable);
    }
}
