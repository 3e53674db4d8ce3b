//! A resolver that answers for some names itself, as one that validates does, and passes every other question to another resolver.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Octets of an answer over UDP at most.
const MAX_DATAGRAM: usize = 1232;

/// Types of records.
pub const A: u16 = 1;
pub const MX: u16 = 15;
pub const TLSA: u16 = 52;

/// The data of the records of a name and type; `None` if the name is somebody else's.
pub type Records = dyn Fn(&str, u16) -> Option<Vec<Vec<u8>>> + Send + Sync;

/// Starts a resolver, over UDP and TCP on one port; it ends with the test.
pub fn start(other: SocketAddr, records: Arc<Records>) -> SocketAddr {
    let (listener, socket) = loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
            break (listener, socket);
        }
    };
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(8 << 20);
    let address = listener.local_addr().unwrap();
    let streams = Arc::clone(&records);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let records = Arc::clone(&streams);
            thread::spawn(move || while serve_stream(&stream, other, &*records).is_ok() {});
        }
    });
    thread::spawn(move || {
        let behind = UdpSocket::bind("127.0.0.1:0").unwrap();
        behind.connect(other).unwrap();
        behind.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut buffer = [0; 4096];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let question = &buffer[..length];
            let reply = match answer(question, &*records) {
                Some(answer) if answer.len() > MAX_DATAGRAM => cut(question),
                Some(answer) => answer,
                None => match passed_on(&behind, question) {
                    Some(reply) => reply,
                    None => continue,
                },
            };
            let _ = socket.send_to(&reply, client);
        }
    });
    address
}

/// The other resolver's reply to a question; those to earlier questions may still be on their way.
fn passed_on(behind: &UdpSocket, question: &[u8]) -> Option<Vec<u8>> {
    behind.send(question).ok()?;
    let mut buffer = vec![0; 4096];
    loop {
        let length = behind.recv(&mut buffer).ok()?;
        if buffer[..2] == question[..2] {
            buffer.truncate(length);
            return Some(buffer);
        }
    }
}

/// One question over TCP.
fn serve_stream(mut client: &TcpStream, other: SocketAddr, records: &Records) -> io::Result<()> {
    let question = read_message(client)?;
    let answer = match answer(&question, records) {
        Some(answer) => answer,
        None => {
            let mut other = TcpStream::connect(other)?;
            other.write_all(&framed(&question))?;
            read_message(&other)?
        }
    };
    client.write_all(&framed(&answer))
}

fn read_message(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok(message)
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

/// The name, the type and the end of the question.
fn question(message: &[u8]) -> Option<(String, u16, usize)> {
    let (mut name, mut at) = (String::new(), 12);
    loop {
        let length = usize::from(*message.get(at)?);
        let label = message.get(at + 1..at + 1 + length)?;
        at += 1 + length;
        if length == 0 {
            break;
        }
        name += &format!("{}{}", if name.is_empty() { "" } else { "." }, String::from_utf8_lossy(label).to_lowercase());
    }
    let kind = u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?);
    Some((name, kind, at + 4))
}

/// What is ours to answer: no error, validated (RFC 4035 section 3.2.3), and no records where there are none.
fn answer(message: &[u8], records: &Records) -> Option<Vec<u8>> {
    let (name, kind, end) = question(message)?;
    let records = records(&name, kind)?;
    let mut reply = message.get(..end)?.to_vec();
    reply[2..4].copy_from_slice(&[0x81, 0xA0]);
    reply[6..8].copy_from_slice(&u16::try_from(records.len()).ok()?.to_be_bytes());
    reply[8..12].fill(0);
    for data in records {
        reply.extend([0xC0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1, 0, 0, 1, 0]);
        reply.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        reply.extend(data);
    }
    Some(reply)
}

/// The answer that says that there is more than fits.
fn cut(message: &[u8]) -> Vec<u8> {
    let end = question(message).map_or(12, |(.., end)| end);
    let mut reply = message[..end].to_vec();
    reply[2..12].copy_from_slice(&[0x83, 0xA0, 0, 1, 0, 0, 0, 0, 0, 0]);
    reply
}

/// A name as it stands in a message.
pub fn name(text: &str) -> Vec<u8> {
    let mut octets: Vec<u8> = text.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
    octets.push(0);
    octets
}
