//! A DNS server whose every reply is given by a closure.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// A query as the server sees it.
pub(super) struct Asked {
    pub(super) octets: Vec<u8>,
    pub(super) name: String,
    pub(super) edns: bool,
    pub(super) tcp: bool,
    /// Where it came from.
    pub(super) from: SocketAddr,
}

impl Asked {
    fn question_end(&self) -> usize {
        // The root has no labels.
        12 + self.name.len() + if self.name.is_empty() { 1 } else { 2 } + 4
    }

    /// A reply with these flags and an answer section of so many records, octet for octet.
    pub(super) fn reply(&self, flags: u16, count: u16, section: &[u8]) -> Vec<u8> {
        let mut reply = self.octets[..self.question_end()].to_vec();
        reply[2..4].copy_from_slice(&flags.to_be_bytes());
        reply[6..8].copy_from_slice(&count.to_be_bytes());
        reply[10..12].copy_from_slice(&[0, 0]);
        reply.extend_from_slice(section);
        reply
    }

    /// A reply without records.
    pub(super) fn rcode(&self, rcode: u16) -> Vec<u8> {
        self.reply(0x8180 | rcode, 0, &[])
    }

    /// A reply with one TXT record at the name itself.
    pub(super) fn text(&self, text: &str) -> Vec<u8> {
        self.reply(0x8180, 1, &record(&[0xc0, 0x0c], 16, 300, &[&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()))
    }
}

/// A resource record.
pub(super) fn record(owner: &[u8], record_type: u16, ttl: u32, rdata: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rdata.len()).unwrap();
    [owner, &record_type.to_be_bytes(), &[0, 1], &ttl.to_be_bytes(), &length.to_be_bytes(), rdata].concat()
}

/// A name in wire form.
pub(super) fn wire(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        octets.push(u8::try_from(label.len()).unwrap());
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    octets
}

/// What a server does with a query: the messages to send back, one after another.
type Script = Rc<dyn Fn(&Asked) -> Vec<Vec<u8>>>;

/// A running server; it stops when this is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// Names asked for, in order; with whether over TCP.
    pub(super) asked: Rc<RefCell<Vec<(String, bool)>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Starts a server on one port for UDP and TCP.
    pub(super) async fn start(script: impl Fn(&Asked) -> Vec<Vec<u8>> + 'static) -> Self {
        let (listener, socket) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()).await {
                break (listener, socket);
            }
        };
        Self::spawn(Rc::new(script), socket, Some(listener))
    }

    /// Starts a server that refuses TCP connections.
    pub(super) async fn start_without_tcp(script: impl Fn(&Asked) -> Vec<Vec<u8>> + 'static) -> Self {
        Self::spawn(Rc::new(script), UdpSocket::bind("127.0.0.1:0").await.unwrap(), None)
    }

    fn spawn(script: Script, socket: UdpSocket, listener: Option<TcpListener>) -> Self {
        let asked = Rc::new(RefCell::new(Vec::new()));
        let address = socket.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn_local(serve_udp(socket, Rc::clone(&script), Rc::clone(&asked)));
        if let Some(listener) = listener {
            tasks.spawn_local(serve_tcp(listener, script, Rc::clone(&asked)));
        }
        Self { address, asked, _tasks: tasks }
    }

    /// How many queries came.
    pub(super) fn count(&self) -> usize {
        self.asked.borrow().len()
    }
}

/// An address at which nobody listens.
pub(super) async fn closed_port() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn serve_udp(socket: UdpSocket, script: Script, asked: Rc<RefCell<Vec<(String, bool)>>>) {
    let mut buffer = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        for reply in play(&script, &asked, &buffer[..length], from, false) {
            socket.send_to(&reply, from).await.unwrap();
        }
    }
}

async fn serve_tcp(listener: TcpListener, script: Script, asked: Rc<RefCell<Vec<(String, bool)>>>) {
    while let Ok((stream, from)) = listener.accept().await {
        tokio::task::spawn_local(serve_connection(stream, from, Rc::clone(&script), Rc::clone(&asked)));
    }
}

async fn serve_connection(mut stream: TcpStream, from: SocketAddr, script: Script, asked: Rc<RefCell<Vec<(String, bool)>>>) {
    while let Ok(length) = stream.read_u16().await {
        let mut query = vec![0; usize::from(length)];
        stream.read_exact(&mut query).await.unwrap();
        for reply in play(&script, &asked, &query, from, true) {
            let prefix = u16::try_from(reply.len()).unwrap().to_be_bytes();
            stream.write_all(&[&prefix[..], &reply].concat()).await.unwrap();
        }
    }
}

fn play(script: &Script, log: &RefCell<Vec<(String, bool)>>, query: &[u8], from: SocketAddr, tcp: bool) -> Vec<Vec<u8>> {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8(query[at + 1..end].to_vec()).unwrap());
        at = end;
    }
    let name = labels.join(".");
    log.borrow_mut().push((name.clone(), tcp));
    script(&Asked { octets: query.to_vec(), name, edns: query[11] == 1, tcp, from })
}
