//! One question to one server over a socket of its own: the datagram or the stream, and the reply that answers it.

use std::cell::Cell;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use nix::errno::Errno;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout};

use super::message::{FORMERR, Header, Message};
use super::question::{MAX_QUERY_OCTETS, Question};
use super::wire_name::{HEADER_OCTETS, WireName, read_u16};

/// Octets of a datagram that are read; more than any query of ours says it can take.
const DATAGRAM_OCTETS: usize = 4096;
/// Messages that answer something else are passed over; so many over one connection are too many.
const MAX_UNEXPECTED: usize = 16;

/// How a question travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// In a datagram.
    Udp,
    /// Over a connection of its own (RFC 7766).
    Tcp,
}

impl Channel {
    /// Sends a query and waits, for ever, for the first message that `accept` takes. Says when the query has left.
    pub(super) async fn ask<T>(
        self,
        server: SocketAddr,
        query: &[u8],
        left: impl FnOnce(),
        accept: impl Fn(&[u8]) -> Option<T>,
    ) -> io::Result<T> {
        match self {
            Self::Udp => datagram(server, query, left, accept).await,
            Self::Tcp => stream(server, query, left, accept).await,
        }
    }

    /// Asks a question, without EDNS if `plain`; everything together takes at most `within`.
    ///
    /// # Errors
    /// What the system says, or [`io::ErrorKind::TimedOut`].
    pub(super) async fn ask_within(self, within: Duration, server: SocketAddr, question: &Question, plain: bool) -> io::Result<Message> {
        let id = rand::random();
        let mut query = Vec::with_capacity(MAX_QUERY_OCTETS);
        question.write_query(id, plain, &mut query);
        let departed = Cell::new(Instant::now());
        let accept = |octets: &[u8]| {
            let header = Header::read(octets).filter(|header| header.id == id)?;
            Message::accept(header, octets, question, departed.get().elapsed())
        };
        let asking = self.ask(server, &query, || departed.set(Instant::now()), accept);
        timeout(within, asking).await.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")))
    }
}

async fn datagram<T>(server: SocketAddr, query: &[u8], left: impl FnOnce(), accept: impl Fn(&[u8]) -> Option<T>) -> io::Result<T> {
    let any = if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)) };
    // The system chooses the port at random.
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(query).await?;
    left();
    let mut buffer = vec![0; DATAGRAM_OCTETS];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(accepted) = buffer.get(..length).and_then(&accept) {
            return Ok(accepted);
        }
    }
}

async fn stream<T>(server: SocketAddr, query: &[u8], left: impl FnOnce(), accept: impl Fn(&[u8]) -> Option<T>) -> io::Result<T> {
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    stream.write_all(&[&length.to_be_bytes(), query].concat()).await?;
    left();
    for _ in 0..MAX_UNEXPECTED {
        let length = stream.read_u16().await?;
        let mut octets = vec![0; usize::from(length)];
        stream.read_exact(&mut octets).await?;
        if let Some(accepted) = accept(&octets) {
            return Ok(accepted);
        }
    }
    Err(io::Error::other("only messages that answer something else"))
}

/// Whether a message answers a query: id, QR, opcode and question, letter case aside. FORMERR may come without the question.
pub(super) fn is_reply(reply: &[u8], query: &[u8]) -> bool {
    let Some(header) = Header::read(reply) else { return false };
    let bare_refusal = header.questions == 0 && header.answers == 0 && header.plain_rcode() == FORMERR;
    Some(header.id) == read_u16(query, 0) && header.is_reply() && (bare_refusal || header.questions == 1 && repeats(reply, query))
}

fn repeats(reply: &[u8], query: &[u8]) -> bool {
    question(query).is_some_and(|asked| {
        reply.get(HEADER_OCTETS..HEADER_OCTETS + asked.len()).is_some_and(|repeated| repeated.eq_ignore_ascii_case(asked))
    })
}

/// Name, type and class of the first question of a message; `None` if it has none that can be read.
fn question(message: &[u8]) -> Option<&[u8]> {
    message.get(HEADER_OCTETS..question_end(message)?)
}

/// Where the first question of a message ends; `None` if there is none that can be read.
pub(super) fn question_end(message: &[u8]) -> Option<usize> {
    WireName::read(message, HEADER_OCTETS).map(|name| name.end + 4).filter(|end| *end <= message.len())
}

/// Whether an error is about this machine: no descriptor, port, buffer, permission or network.
pub(super) fn is_local(error: &io::Error) -> bool {
    use Errno::{EACCES, EADDRNOTAVAIL, EMFILE, ENETDOWN, ENETUNREACH, ENFILE, ENOBUFS, ENOMEM, EPERM};
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(EACCES | EADDRNOTAVAIL | EMFILE | ENETDOWN | ENETUNREACH | ENFILE | ENOBUFS | ENOMEM | EPERM))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUERY: &[u8] = b"\0\x07\0\0\0\x01\0\0\0\0\0\0\x01a\x04test\0\0\x10\0\x01";

    fn reply(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut octets = QUERY.to_vec();
        octets[2] = 0x84;
        change(&mut octets);
        octets
    }

    #[test]
    fn only_the_reply_to_the_query_is_taken() {
        assert!(is_reply(&reply(|_| ()), QUERY));
        assert!(is_reply(&reply(|octets| octets.make_ascii_uppercase()), QUERY), "letter case is not ours to insist on");
        assert!(!is_reply(QUERY, QUERY), "a query");
        assert!(!is_reply(&reply(|octets| octets[1] = 8), QUERY), "another id");
        assert!(!is_reply(&reply(|octets| octets[13] = b'b'), QUERY), "another name");
        assert!(!is_reply(&reply(|octets| octets[21] = 15), QUERY), "another type");
        assert!(!is_reply(&reply(|octets| octets.truncate(20)), QUERY), "half a question");
        let bare = |rcode: u8| reply(|octets| octets.splice(3.., [rcode, 0, 0, 0, 0, 0, 0, 0, 0]).for_each(drop));
        assert!(is_reply(&bare(1), QUERY) && !is_reply(&bare(3), QUERY), "only FORMERR may leave the question out");
    }

    proptest! {
        #[test]
        fn any_octets_are_judged_without_a_panic(reply in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = is_reply(&reply, QUERY);
            let _ = question_end(&reply);
        }
    }
}
