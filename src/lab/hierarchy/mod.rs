//! The lab's own hierarchy of name servers, for scans that resolve from the root: on several loopback addresses, one port.
//!
//! Flat, its root serves the whole world of the lab. Deep, it has a root, two top-level domains, delegations with and without glue, and
//! servers that are lame, slow, failing or dead; what is true of each of its domains is written beside them.

mod reply;
mod zones;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use self::zones::{DEEP, FLAT, Manner, Server, TRUTH, Zone};
use super::answer::{Scratch, Transport};
use super::internet::Internet;
use super::servers::retry;
use super::wire;

/// Octets of a question that are read.
const QUESTION_OCTETS: usize = 600;
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(10);

/// Running name servers; they end when this is dropped.
#[derive(Debug)]
pub struct Hierarchy {
    zones: &'static [Zone],
    port: u16,
    asked: Arc<Vec<(Server, AtomicU64)>>,
    silent: Arc<AtomicBool>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What is true of a domain of the deep hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDomain {
    /// The domain.
    pub name: &'static str,
    /// Column `mx_state`.
    pub mx_state: &'static str,
    /// Column `sts_state`.
    pub sts_state: &'static str,
    /// Column `tlsrpt_state`.
    pub tlsrpt_state: &'static str,
    /// Column `posture`.
    pub posture: &'static str,
}

impl Hierarchy {
    /// A root that serves all of a world.
    pub(super) fn flat(internet: &Arc<Internet>) -> io::Result<Self> {
        Self::start(FLAT, internet)
    }

    /// The hierarchy; the zones of the zoo in it are those of `internet`.
    pub(super) fn deep(internet: &Arc<Internet>) -> io::Result<Self> {
        Self::start(DEEP, internet)
    }

    fn start(zones: &'static [Zone], internet: &Arc<Internet>) -> io::Result<Self> {
        let mut servers: Vec<Server> = zones.iter().flat_map(|zone| zone.servers).copied().collect();
        servers.sort_by_key(|server| server.1);
        servers.dedup_by_key(|server| server.1);
        let (port, sockets) = retry(|| bind(&servers))?;
        let asked = Arc::new(servers.into_iter().map(|server| (server, AtomicU64::new(0))).collect::<Vec<_>>());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel::<()>();
        let (internet, counts, silent) = (Arc::clone(internet), Arc::clone(&asked), Arc::<AtomicBool>::default());
        let said = Arc::clone(&silent);
        let serve = move || {
            runtime.block_on(async move {
                for (place, (udp, tcp)) in sockets.into_iter().enumerate() {
                    let (internet, counts, silent) = (Arc::clone(&internet), Arc::clone(&counts), Arc::clone(&silent));
                    let place = Place { zones, internet, counts, silent, place };
                    let (Ok(udp), Ok(tcp)) = (tokio::net::UdpSocket::from_std(udp), tokio::net::TcpListener::from_std(tcp)) else {
                        continue;
                    };
                    tokio::spawn(place.clone().serve_udp(Arc::new(udp)));
                    tokio::spawn(place.serve_tcp(tcp));
                }
                // Ends, and every task with it, when the sender is dropped.
                let _ = ended.await;
            });
        };
        let thread = std::thread::Builder::new().name("lab-names".to_owned()).spawn(serve)?;
        Ok(Self { zones, port, asked, silent: said, end: Some(end), thread: Some(thread) })
    }

    /// Addresses of the root servers, the silent one included.
    pub fn roots(&self) -> Vec<IpAddr> {
        self.zones.first().map(|root| root.servers.iter().map(|server| server.address().into()).collect()).unwrap_or_default()
    }

    /// Port of all name servers.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Has every server take questions and say nothing, or answer again.
    pub fn fall_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::Relaxed);
    }

    /// What is true of the domains of the deep hierarchy.
    pub fn known() -> Vec<KnownDomain> {
        let known = |&[name, mx_state, sts_state, tlsrpt_state, posture]: &[&'static str; 5]| KnownDomain {
            name,
            mx_state,
            sts_state,
            tlsrpt_state,
            posture,
        };
        TRUTH.iter().map(known).collect()
    }

    /// How many questions came to each name server.
    pub fn asked(&self) -> Vec<(Ipv4Addr, u64)> {
        self.asked.iter().map(|(server, count)| (server.address(), count.load(Ordering::Relaxed))).collect()
    }
}

impl Drop for Hierarchy {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has already said so.
            let _ = thread.join();
        }
    }
}

/// A port that is free over UDP and TCP at every server's address, and the sockets there.
fn bind(servers: &[Server]) -> io::Result<(u16, Vec<(UdpSocket, TcpListener)>)> {
    let (mut port, mut sockets) = (0, Vec::new());
    for server in servers {
        let udp = UdpSocket::bind((server.address(), port))?;
        port = udp.local_addr()?.port();
        let tcp = TcpListener::bind((server.address(), port))?;
        udp.set_nonblocking(true)?;
        tcp.set_nonblocking(true)?;
        sockets.push((udp, tcp));
    }
    Ok((port, sockets))
}

/// One server at work.
#[derive(Clone)]
struct Place {
    zones: &'static [Zone],
    internet: Arc<Internet>,
    counts: Arc<Vec<(Server, AtomicU64)>>,
    silent: Arc<AtomicBool>,
    place: usize,
}

impl Place {
    /// The response to a message, after the time that the server takes.
    async fn respond(&self, message: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let (server, count) = self.counts.get(self.place)?;
        count.fetch_add(1, Ordering::Relaxed);
        let mut out = Vec::new();
        match server.2 {
            Manner::Silent => return None,
            _ if self.silent.load(Ordering::Relaxed) => return None,
            Manner::Refuses => reply::lame(self.zones, message, wire::REFUSED, false, &mut out),
            Manner::Fails => reply::lame(self.zones, message, wire::SERVFAIL, false, &mut out),
            Manner::PointsUp => reply::lame(self.zones, message, 0, true, &mut out),
            Manner::Disowns => reply::lame(self.zones, message, 0, false, &mut out),
            Manner::Serves | Manner::Slow(_) => {
                let send = reply::reply(self.zones, *server, &self.internet, message, transport, &mut Scratch::default(), &mut out);
                if !send {
                    return None;
                }
            }
        }
        if let Manner::Slow(milliseconds) = server.2 {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        Some(out)
    }

    async fn serve_udp(self, socket: Arc<tokio::net::UdpSocket>) {
        let mut question = [0; QUESTION_OCTETS];
        loop {
            let Ok((length, peer)) = socket.recv_from(&mut question).await else { continue };
            let message = question.get(..length).unwrap_or_default().to_vec();
            let (place, socket) = (self.clone(), Arc::clone(&socket));
            tokio::spawn(async move {
                if let Some(response) = place.respond(&message, Transport::Udp).await {
                    // A client that has gone is no fault of the lab.
                    let _ = socket.send_to(&response, peer).await;
                }
            });
        }
    }

    async fn serve_tcp(self, listener: tokio::net::TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let place = self.clone();
                    tokio::spawn(async move { tokio::time::timeout(IDLE, place.converse(stream)).await });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    async fn converse(self, mut stream: TcpStream) -> io::Result<()> {
        loop {
            let length = stream.read_u16().await?;
            let mut message = vec![0; usize::from(length)];
            stream.read_exact(&mut message).await?;
            if let Some(response) = self.respond(&message, Transport::Tcp).await {
                let length = u16::try_from(response.len()).unwrap_or(u16::MAX).to_be_bytes();
                stream.write_all(&[&length, response.as_slice()].concat()).await?;
            }
        }
    }
}

impl Hierarchy {
    /// The first root server.
    pub(super) fn first_root(&self) -> SocketAddr {
        SocketAddr::new(self.roots().first().copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), self.port)
    }
}
