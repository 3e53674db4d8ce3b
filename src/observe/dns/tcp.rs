//! One question over TCP, for answers that do not fit a datagram (RFC 7766).

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::header::Header;
use super::message::Message;
use super::question::{MAX_QUERY_OCTETS, Question};

/// Messages that answer something else are passed over; so many are too many.
const MAX_UNEXPECTED: usize = 16;

/// Why no answer came.
#[derive(Debug)]
pub(super) enum TcpFault {
    /// This machine could not ask.
    Local(String),
    /// The resolver did not answer.
    Remote(String),
}

/// Asks a resolver over a connection of its own; everything together takes at most `timeout`.
pub(super) async fn ask(resolver: SocketAddr, question: &Question, plain: bool, timeout: Duration) -> Result<Message, TcpFault> {
    match tokio::time::timeout(timeout, exchange(resolver, question, plain)).await {
        Ok(Ok(message)) => Ok(message),
        Ok(Err(error)) if is_local(&error) => Err(TcpFault::Local(error.to_string())),
        Ok(Err(error)) => Err(TcpFault::Remote(error.to_string())),
        Err(_) => Err(TcpFault::Remote("no answer in time".to_owned())),
    }
}

async fn exchange(resolver: SocketAddr, question: &Question, plain: bool) -> io::Result<Message> {
    let id = rand::random();
    let mut query = Vec::with_capacity(2 + MAX_QUERY_OCTETS);
    query.extend_from_slice(&[0, 0]);
    question.write_query(id, plain, &mut query);
    let length = u16::try_from(query.len() - 2).map_err(io::Error::other)?;
    if let Some(prefix) = query.first_chunk_mut() {
        *prefix = length.to_be_bytes();
    }
    let mut stream = TcpStream::connect(resolver).await?;
    stream.set_nodelay(true)?;
    let departed = Instant::now();
    stream.write_all(&query).await?;
    for _ in 0..MAX_UNEXPECTED {
        let length = stream.read_u16().await?;
        let mut octets = vec![0; usize::from(length)];
        stream.read_exact(&mut octets).await?;
        let header = Header::read(&octets).filter(|header| header.id == id);
        if let Some(message) = header.and_then(|header| Message::accept(header, &octets, question, departed.elapsed())) {
            return Ok(message);
        }
    }
    Err(io::Error::other("only messages that answer something else"))
}

/// Whether an error is about this machine: no descriptor, port, buffer, permission or network.
pub(super) fn is_local(error: &io::Error) -> bool {
    use Errno::{EACCES, EADDRNOTAVAIL, EMFILE, ENETDOWN, ENETUNREACH, ENFILE, ENOBUFS, ENOMEM, EPERM};
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(EACCES | EADDRNOTAVAIL | EMFILE | ENETDOWN | ENETUNREACH | ENFILE | ENOBUFS | ENOMEM | EPERM))
}
