//! From where on this machine everything leaves: an address, an interface, or as the routing table says.
//!
//! One for the whole process, as a network namespace is: there is no packet of ours that may leave from elsewhere, and no socket can be
//! forgotten.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

use hickory_resolver::net::runtime::iocompat::AsyncIoTokioAsStd;
use hickory_resolver::net::runtime::{RuntimeProvider, TokioRuntimeProvider};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpSocket, TcpStream};

/// Where everything leaves from, once that is set.
static SOURCE: OnceLock<Source> = OnceLock::new();

/// From where on this machine packets leave. What goes to this machine itself is free to leave as ever, unless the address is one of
/// loopback, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
    interface: Option<String>,
}

impl Source {
    /// Checks that packets can leave from there.
    ///
    /// # Errors
    /// What is wrong, with the option.
    pub fn new(addresses: &[IpAddr], interface: Option<&str>) -> Result<Self, String> {
        let mut source = Self { interface: interface.map(str::to_owned), ..Self::default() };
        for address in addresses {
            let twice = match address {
                IpAddr::V4(address) => source.v4.replace(*address).is_some(),
                IpAddr::V6(address) => source.v6.replace(*address).is_some(),
            };
            if twice {
                return Err("--source-ip: one address of IPv4 and one of IPv6 are possible".to_owned());
            }
            if address.is_unspecified() || address.is_multicast() || UdpSocket::bind((*address, 0)).is_err() {
                return Err(format!("--source-ip {address}: not an address of this machine; `ip addr` shows them"));
            }
        }
        if let Some(name) = interface {
            let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).map_err(|error| error.to_string())?;
            bind_to(&socket, name)
                .map_err(|error| format!("--interface {name:?} cannot be used: {error}; `ip link` shows those of this machine"))?;
        }
        Ok(source)
    }

    /// Whether it says nothing.
    fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// The addresses, and the interface.
    pub fn parts(&self) -> (Vec<IpAddr>, Option<&str>) {
        let addresses = self.v4.map(IpAddr::from).into_iter().chain(self.v6.map(IpAddr::from));
        (addresses.collect(), self.interface.as_deref())
    }

    /// Binds a socket that will talk to `peer`.
    fn bind(&self, socket: &Socket, peer: IpAddr) -> io::Result<()> {
        let own = match peer {
            IpAddr::V4(_) => self.v4.map(IpAddr::from),
            IpAddr::V6(_) => self.v6.map(IpAddr::from),
        };
        if peer.is_loopback() && !own.is_some_and(|own| own.is_loopback()) {
            return Ok(());
        }
        if let Some(interface) = &self.interface {
            bind_to(socket, interface)?;
        }
        match own {
            Some(own) => socket.bind(&SocketAddr::new(own, 0).into()),
            // A family of which there is no address to leave from is one that this machine does not have.
            None if self.v4.is_some() || self.v6.is_some() => Err(io::ErrorKind::NetworkUnreachable.into()),
            None => Ok(()),
        }
    }
}

#[cfg(target_os = "linux")]
fn bind_to(socket: &Socket, interface: &str) -> io::Result<()> {
    socket.bind_device(Some(interface.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn bind_to(_: &Socket, _: &str) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "that works on Linux alone; use --source-ip"))
}

/// Lets everything of this process leave from there, from now on; a second one is not heard.
pub fn leave_from(source: Source) {
    let _ = SOURCE.set(source);
}

/// Binds a socket that will talk to `peer`.
pub(in crate::observe) fn bind(socket: &Socket, peer: SocketAddr) -> io::Result<()> {
    SOURCE.get().map_or(Ok(()), |source| source.bind(socket, peer.ip()))
}

/// A UDP socket that talks to `peer` alone, on a port that the system chooses at random.
pub(in crate::observe) fn udp(peer: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(peer), Type::DGRAM, Some(Protocol::UDP))?;
    bind(&socket, peer)?;
    socket.connect(&peer.into())?;
    Ok(socket.into())
}

/// A TCP connection to `peer`.
pub(in crate::observe) async fn tcp(peer: SocketAddr) -> io::Result<TcpStream> {
    match SOURCE.get() {
        Some(source) if !source.is_open() => tcp_from(source, peer).await,
        _ => TcpStream::connect(peer).await,
    }
}

async fn tcp_from(source: &Source, peer: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(peer), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    source.bind(&socket, peer.ip())?;
    TcpSocket::from_std_stream(socket.into()).connect(peer).await
}

/// The runtime of encrypted resolvers, whose connections leave from there.
#[derive(Clone, Default)]
pub(in crate::observe) struct Provider(TokioRuntimeProvider);

impl RuntimeProvider for Provider {
    type Handle = <TokioRuntimeProvider as RuntimeProvider>::Handle;
    type Timer = <TokioRuntimeProvider as RuntimeProvider>::Timer;
    type Udp = <TokioRuntimeProvider as RuntimeProvider>::Udp;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> Self::Handle {
        self.0.create_handle()
    }

    fn connect_tcp(
        &self,
        peer: SocketAddr,
        _: Option<SocketAddr>,
        limit: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Tcp>>>> {
        const USUAL: Duration = Duration::from_secs(5);
        Box::pin(async move {
            let connected = tokio::time::timeout(limit.unwrap_or(USUAL), tcp(peer)).await;
            let stream = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
            stream.set_nodelay(true)?;
            Ok(AsyncIoTokioAsStd(stream))
        })
    }

    fn bind_udp(&self, own: SocketAddr, peer: SocketAddr) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Udp>>>> {
        // Encrypted resolvers are asked over TCP.
        self.0.bind_udp(own, peer)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_cannot_be_left_from_is_refused() {
        for (addresses, interface, said) in [
            (vec!["192.0.2.1"], None, "--source-ip 192.0.2.1: not an address of this machine"),
            (vec!["0.0.0.0"], None, "not an address"),
            (vec!["224.0.0.1"], None, "not an address"),
            (vec!["127.0.0.1", "127.0.0.2"], None, "one address of IPv4 and one of IPv6"),
            (vec![], Some("no-such-if0"), "--interface \"no-such-if0\" cannot be used"),
        ] {
            let addresses: Vec<IpAddr> = addresses.into_iter().map(ip).collect();
            let refused = Source::new(&addresses, interface).unwrap_err();
            assert!(refused.contains(said), "{refused}");
        }
        assert_eq!(Source::new(&[ip("127.0.0.2")], None).unwrap().parts(), (vec![ip("127.0.0.2")], None));
    }

    #[tokio::test]
    async fn connections_leave_from_the_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let source = Source::new(&[ip("127.0.0.9")], None).unwrap();
        let stream = tcp_from(&source, listener.local_addr().unwrap()).await.unwrap();
        assert_eq!(stream.local_addr().unwrap().ip(), ip("127.0.0.9"));
        assert_eq!(listener.accept().unwrap().1.ip(), ip("127.0.0.9"));
        let socket = Socket::new(Domain::IPV6, Type::DGRAM, None).unwrap();
        let refused = source.bind(&socket, ip("2001:db8::1")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NetworkUnreachable, "no address of that family");
        assert!(source.bind(&socket, ip("::1")).is_ok(), "this machine itself");
    }
}
