//! Sockets, threads and their end.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::oneshot;

use super::certificate::Authority;
use super::https::PolicyHosts;
use super::internet::Internet;
use super::journal::Journal;
use super::smtp::MailServers;
use super::{places, transport};
use crate::system::Errno;

/// How often a port is sought that is free for everything that has to share its number.
const PORT_ATTEMPTS: u32 = 50;
/// How often the DNS responder looks up from its socket to see if it is to stop.
const LOOK_UP: Duration = Duration::from_millis(100);
/// Receive and send buffers of the DNS responder, in octets; a scanner sends in bursts.
const SOCKET_BUFFER: usize = 8 << 20;

/// Running servers; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Servers {
    pub(super) dns: SocketAddr,
    pub(super) https_port: u16,
    pub(super) http_port: u16,
    pub(super) smtp_port: u16,
    stop: Arc<AtomicBool>,
    end: Option<oneshot::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    /// Holds the connections that keep a queue full, and the ports there.
    _full: Vec<Socket>,
}

impl Servers {
    pub(super) fn start(internet: &Arc<Internet>, journal: &Arc<Journal>, authority: &Arc<Authority>) -> io::Result<Self> {
        let (udp, dns_tcp) = retry(bind_dns)?;
        let policy = Listeners::on(&internet.addresses())?;
        let mail = Listeners::on(&internet.mail_addresses())?;
        // One that has nothing to say over HTTPS has something to say over plain HTTP.
        let plain = Listeners::on(&places::all().chain([places::REFUSED]).collect::<Vec<_>>())?;
        let (https_port, smtp_port, http_port) = (policy.port, mail.port, plain.port);
        let mut full = vec![plain.full];
        for (full_place, port) in [(policy.full, https_port), (mail.full, smtp_port)] {
            full.extend(fill_queue(full_place, port)?);
        }
        let dns = udp.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (end, ended) = oneshot::channel();
        let mut servers = Self { dns, https_port, http_port, smtp_port, stop, end: Some(end), threads: Vec::new(), _full: full };

        let (net, log, stop) = (Arc::clone(internet), Arc::clone(journal), Arc::clone(&servers.stop));
        servers
            .threads
            .push(std::thread::Builder::new().name("lab-dns".to_owned()).spawn(move || transport::serve_udp(&udp, &net, &log, &stop))?);

        let hosts = Arc::new(PolicyHosts::new(Arc::clone(internet), Arc::clone(journal), Arc::clone(authority))?);
        let mail_hosts = Arc::new(MailServers::new(Arc::clone(internet), Arc::clone(journal), Arc::clone(authority))?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (net, log) = (Arc::clone(internet), Arc::clone(journal));
        let streams = move || {
            runtime.block_on(async move {
                if let Ok(listener) = tokio::net::TcpListener::from_std(dns_tcp) {
                    tokio::spawn(transport::serve_tcp(listener, net, log));
                }
                let listeners = policy.sockets.into_iter().map(|listener| (listener, true));
                for (listener, tls) in listeners.chain(plain.sockets.into_iter().map(|listener| (listener, false))) {
                    if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                        tokio::spawn(Arc::clone(&hosts).serve(listener, tls));
                    }
                }
                for listener in mail.sockets {
                    if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                        tokio::spawn(Arc::clone(&mail_hosts).serve(listener));
                    }
                }
                // Ends, and every task with it, when the sender is dropped.
                let _ = ended.await;
            });
        };
        servers.threads.push(std::thread::Builder::new().name("lab-streams".to_owned()).spawn(streams)?);
        Ok(servers)
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.end.take();
        // Wakes the responder; without it the end would come with the next time-out.
        if let Ok(socket) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) {
            let _ = socket.send_to(&[0], self.dns);
        }
        for thread in self.threads.drain(..) {
            // A thread that panicked has already said so.
            let _ = thread.join();
        }
    }
}

/// Binds again, to another port, as long as the one that was tried is somebody else's at one of the addresses.
pub(super) fn retry<T>(bind: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let mut result = bind();
    for _ in 1..PORT_ATTEMPTS {
        match result {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => result = bind(),
            done => return done,
        }
    }
    result
}

/// UDP and TCP on the same port.
fn bind_dns() -> io::Result<(UdpSocket, TcpListener)> {
    let udp = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // As much as the system grants.
    let _ = udp.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = udp.set_send_buffer_size(SOCKET_BUFFER);
    udp.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into())?;
    let udp = UdpSocket::from(udp);
    udp.set_read_timeout(Some(LOOK_UP))?;
    let tcp = TcpListener::bind(udp.local_addr()?)?;
    tcp.set_nonblocking(true)?;
    Ok((udp, tcp))
}

/// The servers of a kind: one port number at all their addresses.
struct Listeners {
    port: u16,
    sockets: Vec<TcpListener>,
    /// The same port where queues are full. Every kind of every lab has it, so that no two of them on a machine have the same port: they
    /// would meet where one of them refuses connections.
    full: Socket,
}

impl Listeners {
    fn on(addresses: &[Ipv4Addr]) -> io::Result<Self> {
        retry(|| Self::bind(addresses))
    }

    fn bind(addresses: &[Ipv4Addr]) -> io::Result<Self> {
        let full = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        full.bind(&SocketAddrV4::new(places::FULL, 0).into())?;
        let port = full.local_addr()?.as_socket().map_or(0, |address| address.port());
        let mut sockets = Vec::new();
        for address in addresses {
            sockets.push(TcpListener::bind((*address, port)).map_err(|error| too_few_files(error, addresses.len()))?);
        }
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
            Ok(listener) => sockets.push(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            // This machine has no IPv6.
            Err(_) => {}
        }
        for listener in &sockets {
            listener.set_nonblocking(true)?;
        }
        Ok(Self { port, sockets, full })
    }
}

/// Says what to do where there are more addresses than files may be open.
fn too_few_files(error: io::Error, sockets: usize) -> io::Error {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EMFILE) => {
            io::Error::other(format!("it needs {sockets} sockets, more than files may be open: raise the limit (ulimit -Hn)"))
        }
        _ => error,
    }
}

/// Makes a bound socket a listener with the shortest queue, and enough connections to fill it: Linux then drops every further SYN.
fn fill_queue(listener: Socket, port: u16) -> io::Result<Vec<Socket>> {
    listener.listen(0)?;
    let mut sockets = vec![listener];
    for _ in 0..4 {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        // In progress or refused: either way the queue is as full as it gets.
        let _ = socket.connect(&SocketAddr::from((places::FULL, port)).into());
        sockets.push(socket);
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_full_queue_answers_no_connection() {
        let Listeners { full, port, .. } = Listeners::on(&[]).unwrap();
        let _full = fill_queue(full, port).unwrap();
        let error = TcpStream::connect_timeout(&SocketAddr::from((places::FULL, port)), Duration::from_millis(300)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn servers_of_two_kinds_never_share_a_port_number() {
        let (policy, mail) = (Ipv4Addr::new(127, 0, 1, 1), Ipv4Addr::new(127, 0, 4, 1));
        let kept = Listeners::on(&[policy]).unwrap();
        let place = |address| TcpListener::bind((address, kept.port)).map(drop).map_err(|error| error.kind());
        // Only where queues are full do they meet.
        assert_eq!(place(mail), Ok(()));
        assert_eq!(place(places::FULL), Err(io::ErrorKind::AddrInUse));
    }
}
