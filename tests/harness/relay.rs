//! A relay between a scan and a resolver that makes the way bad: it loses datagrams, forges replies, dies and comes back.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// How the relay is at present.
#[derive(Default)]
pub struct Way {
    /// Of 10,000 datagrams so many are lost, each way.
    pub loss: AtomicU64,
    /// Forged replies before each true one.
    pub forgeries: AtomicU64,
    /// Nothing goes through, and nothing is said.
    pub silent: AtomicBool,
    /// Every answer is said to be too long for UDP.
    pub truncating: AtomicBool,
    /// Nobody listens: the sender is told (ICMP).
    pub closed: AtomicBool,
    /// Forged replies sent so far: from the address that was asked, and from another.
    pub forged: AtomicU64,
    pub forged_elsewhere: AtomicU64,
    /// Datagrams lost so far.
    pub lost: AtomicU64,
    ended: AtomicBool,
    chance: AtomicU64,
}

/// A running relay; it ends when this is dropped.
pub struct Relay {
    pub address: SocketAddr,
    pub way: Arc<Way>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.way.ended.store(true, SeqCst);
    }
}

type Front = Arc<Mutex<Option<Arc<UdpSocket>>>>;

impl Relay {
    /// A relay to a resolver, over UDP and TCP on one port.
    pub fn start(resolver: SocketAddr) -> Self {
        let (listener, socket) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            if let Ok(socket) = bind(listener.local_addr().unwrap()) {
                break (listener, socket);
            }
        };
        let (address, way) = (listener.local_addr().unwrap(), Arc::new(Way { chance: AtomicU64::new(1), ..Way::default() }));
        let relay = Self { address, way: Arc::clone(&way) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || pass_stream(&stream, resolver));
            }
        });
        thread::spawn(move || serve(&Arc::new(Mutex::new(Some(Arc::new(socket)))), address, resolver, &way));
        relay
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    let _ = SockRef::from(&socket).set_recv_buffer_size(8 << 20);
    socket.set_read_timeout(Some(Duration::from_millis(10)))?;
    Ok(socket)
}

fn serve(front: &Front, address: SocketAddr, resolver: SocketAddr, way: &Arc<Way>) {
    let mut clients: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut buffer = [0; 4096];
    while !way.ended.load(SeqCst) {
        if way.closed.load(SeqCst) {
            *front.lock().unwrap() = None;
            thread::sleep(Duration::from_millis(5));
            continue;
        }
        let socket = {
            let mut place = front.lock().unwrap();
            Arc::clone(place.get_or_insert_with(|| Arc::new(bind(address).unwrap())))
        };
        let Ok((length, client)) = socket.recv_from(&mut buffer) else { continue };
        if way.silent.load(SeqCst) || way.loses() {
            continue;
        }
        if way.truncating.load(SeqCst) {
            if let Some(reply) = truncated(&buffer[..length]) {
                let _ = socket.send_to(&reply, client);
            }
            continue;
        }
        for number in 0..way.forgeries.load(SeqCst) {
            way.forge(&buffer[..length], number, &socket, &stranger, client);
        }
        let back = clients.entry(client).or_insert_with(|| {
            let back = Arc::new(bind("127.0.0.1:0".parse().unwrap()).unwrap());
            back.connect(resolver).unwrap();
            let (replies, front, way) = (Arc::clone(&back), Arc::clone(front), Arc::clone(way));
            thread::spawn(move || return_replies(&replies, &front, &way, client));
            back
        });
        let _ = back.send(&buffer[..length]);
    }
}

fn return_replies(back: &UdpSocket, front: &Front, way: &Way, client: SocketAddr) {
    let mut buffer = [0; 4096];
    while !way.ended.load(SeqCst) {
        let Ok(length) = back.recv(&mut buffer) else { continue };
        let socket = front.lock().unwrap().clone();
        if let Some(socket) = socket.filter(|_| !way.silent.load(SeqCst) && !way.loses()) {
            let _ = socket.send_to(&buffer[..length], client);
        }
    }
}

/// Forwards a TCP connection both ways.
fn pass_stream(client: &TcpStream, resolver: SocketAddr) {
    let Ok(server) = TcpStream::connect(resolver) else { return };
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let _ = io::copy(&mut &server, &mut &*client);
}

impl Way {
    /// Whether the next datagram is lost; by a generator of fixed seed (splitmix64).
    fn loses(&self) -> bool {
        let mut z = self.chance.fetch_add(0x9e37_79b9_7f4a_7c15, SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let lost = (z ^ (z >> 31)) % 10_000 < self.loss.load(SeqCst);
        self.lost.fetch_add(u64::from(lost), SeqCst);
        lost
    }

    /// Sends a reply to the client that would do harm if it were believed, and that only somebody who did not see the question would send.
    fn forge(&self, query: &[u8], number: u64, socket: &UdpSocket, stranger: &UdpSocket, client: SocketAddr) {
        let Some(mut reply) = poison(query) else { return };
        let name_end = 12 + query[12..].iter().position(|octet| *octet == 0).unwrap_or(0);
        match number % 10 {
            0 => reply[1] ^= 1,
            1 => reply[0] ^= 0x80,
            2 => reply[13] ^= 1,
            3 => reply[name_end + 2] ^= 3,
            4 => reply[name_end + 4] = 3,
            5 => reply[2] &= 0x7f,
            6 => reply[2] |= 0x28,
            7 => reply[5] = 2,
            8 => reply.truncate(14),
            _ => {
                let _ = stranger.send_to(&reply, client);
                self.forged_elsewhere.fetch_add(1, SeqCst);
                return;
            }
        }
        if socket.send_to(&reply, client).is_ok() {
            self.forged.fetch_add(1, SeqCst);
        }
    }
}

/// A reply that says nothing but that there is more than fits.
fn truncated(query: &[u8]) -> Option<Vec<u8>> {
    let name_end = 12 + query.get(12..)?.iter().position(|octet| *octet == 0)?;
    let mut reply = query.get(..name_end + 5)?.to_vec();
    reply[2..12].copy_from_slice(&[0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
    Some(reply)
}

/// A reply that gives the name what nobody published.
fn poison(query: &[u8]) -> Option<Vec<u8>> {
    let name_end = 12 + query.get(12..)?.iter().position(|octet| *octet == 0)?;
    let kind = query.get(name_end + 1..name_end + 3)?;
    let data: &[u8] = match kind {
        [0, 16] => b"\x13v=STSv1; id=forged;",
        [0, 15] => b"\0\0\x06forged\x07example\0",
        [0, 28] => &[0xfe; 16],
        _ => &[127, 0, 0, 66],
    };
    let mut reply = query.get(..name_end + 5)?.to_vec();
    reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    reply.extend_from_slice(&[0xc0, 0x0c]);
    reply.extend_from_slice(kind);
    reply.extend_from_slice(&[0, 1, 0, 0, 1, 0, 0, u8::try_from(data.len()).ok()?]);
    reply.extend_from_slice(data);
    Some(reply)
}
