//! One question to one server over a socket of its own: the datagram or the stream, and the reply that answers it. With such questions
//! resolvers are checked before a scan: a dead one would turn it into a million time-outs, a lying one into a million inventions.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use rand::RngExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use super::attempt::RetryConfig;
use super::message::{FORMERR, Header, MAX_QUERY_OCTETS, Message, NOERROR, NXDOMAIN, Question, REFUSED, SERVFAIL};
use super::resolvers::DnsError;
use super::wire_name::{HEADER_OCTETS, WireName, read_u16};
use crate::observe::source;
use crate::system::Errno;
use crate::words;

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
    /// Sends a query and waits, without limit, for the first message that `accept` takes. Says when the query has left.
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
    let socket = source::udp(server)?;
    socket.set_nonblocking(true)?;
    let socket = UdpSocket::from_std(socket)?;
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
    let mut stream = source::tcp(server).await?;
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

const TYPE_A: u16 = 1;
const TYPE_NS: u16 = 2;
/// Resolvers asked at a time.
const AT_ONCE: usize = 100;
/// Letters of a top-level domain that does not exist: no real one has more than 24.
const INVENTED_LETTERS: usize = 28;

/// What became of checking each resolver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolverCheck {
    /// Those that can be used, in the order given.
    pub answering: Vec<SocketAddr>,
    /// The others, and why they cannot be used.
    pub failed: Vec<(SocketAddr, String)>,
    /// Those of `answering` that do not answer over TCP, and why: answers that do not fit a datagram will be unknown.
    pub without_tcp: Vec<(SocketAddr, String)>,
}

impl ResolverCheck {
    /// The resolvers to go on with.
    ///
    /// # Errors
    /// [`DnsError::NoneUsable`] if not one can be used.
    pub fn into_answering(self) -> Result<Vec<SocketAddr>, DnsError> {
        if self.answering.is_empty() { Err(DnsError::NoneUsable { failed: self.failed }) } else { Ok(self.answering) }
    }
}

/// Asks each resolver for a name that exists (the root's NS), for one that does not (chance letters below a top-level domain of chance
/// letters), and for the first again over TCP; each as often and as long as `retry` says. Runs in any tokio runtime with IO and time.
///
/// A resolver that has no NXDOMAIN for what cannot exist is left out, for it would make a record of every missing one.
pub async fn check_resolvers(resolvers: &[SocketAddr], retry: RetryConfig) -> ResolverCheck {
    let mut check = ResolverCheck::default();
    let mut verdicts =
        stream::iter(resolvers.iter().copied()).map(|resolver| async move { (resolver, examine(retry, resolver).await) }).buffered(AT_ONCE);
    while let Some((resolver, verdict)) = verdicts.next().await {
        match verdict {
            Ok(tcp) => {
                check.answering.push(resolver);
                check.without_tcp.extend(tcp.err().map(|reason| (resolver, reason)));
            }
            Err(reason) => check.failed.push((resolver, reason)),
        }
    }
    check
}

/// What is wrong with a resolver over UDP, or else over TCP.
async fn examine(retry: RetryConfig, resolver: SocketAddr) -> Result<Result<(), String>, String> {
    let root = Question::new(".", TYPE_NS)?;
    let message = ask(retry, Channel::Udp, resolver, &root).await?;
    match message.rcode {
        NOERROR if message.header.answers > 0 || message.header.is_truncated() => {}
        NOERROR => return Err("has no name servers of the root".to_owned()),
        other => return Err(format!("answers {} when asked for the root", rcode_name(other))),
    }
    let invented = Question::new(&invented_name(), TYPE_A)?;
    let mut message = ask(retry, Channel::Udp, resolver, &invented).await?;
    if message.header.is_truncated() {
        // What says nothing, as of a resolver that limits rates, is no lie.
        message = ask(retry, Channel::Tcp, resolver, &invented).await?;
    }
    denies(message.rcode, message.header.answers)?;
    Ok(match ask(retry, Channel::Tcp, resolver, &root).await {
        Ok(message) if message.rcode == NOERROR => Ok(()),
        Ok(message) => Err(format!("answers {}", rcode_name(message.rcode))),
        Err(reason) => Err(reason),
    })
}

/// Whether a resolver denies a name that does not exist, by response code and number of answers; else what it does.
pub(super) fn denies(code: u16, answers: u16) -> Result<(), String> {
    match code {
        NXDOMAIN => Ok(()),
        NOERROR if answers > 0 => Err("lies: it invents answers for names that do not exist".to_owned()),
        NOERROR => Err("lies: it says that a name exists which does not".to_owned()),
        other => Err(format!("answers {} when asked for a name that does not exist", rcode_name(other))),
    }
}

async fn ask(retry: RetryConfig, channel: Channel, resolver: SocketAddr, question: &Question) -> Result<Message, String> {
    let mut last = String::new();
    for _ in 0..retry.tries.max(1) {
        last = match channel.ask_within(retry.timeout, resolver, question, false).await {
            Ok(message) if message.rcode == SERVFAIL => "answers SERVFAIL".to_owned(),
            Ok(message) => return Ok(message),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => format!("no answer in {} ms", retry.timeout.as_millis()),
            Err(error) => words::system(&error),
        };
    }
    Err(last)
}

/// A response code in words.
pub(super) fn rcode_name(code: u16) -> String {
    match code {
        NOERROR => "NOERROR".to_owned(),
        NXDOMAIN => "NXDOMAIN".to_owned(),
        SERVFAIL => "SERVFAIL".to_owned(),
        REFUSED => "REFUSED".to_owned(),
        other => format!("response code {other}"),
    }
}

/// A name that cannot exist.
pub(super) fn invented_name() -> String {
    let mut random = rand::rng();
    let mut letters = |count: usize| -> String { (0..count).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect() };
    format!("{}.{}", letters(12), letters(INVENTED_LETTERS))
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
