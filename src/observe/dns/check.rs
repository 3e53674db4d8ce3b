//! Whether resolvers answer at all, asked once before a scan so that it does not turn a dead resolver into a million time-outs.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::net::UdpSocket;

use super::error::DnsError;
use super::header::{Header, NOERROR, NXDOMAIN, REFUSED, SERVFAIL};
use super::message::Message;
use super::question::{MAX_QUERY_OCTETS, Question};

const TYPE_NS: u16 = 2;
/// Resolvers asked at a time.
const AT_ONCE: usize = 100;

/// What became of asking each resolver for the name servers of the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverCheck {
    /// Those that answer, in the order given.
    pub answering: Vec<SocketAddr>,
    /// The others, and why they cannot be used.
    pub failed: Vec<(SocketAddr, String)>,
}

impl ResolverCheck {
    /// The resolvers to go on with.
    ///
    /// # Errors
    /// [`DnsError::NoneAnswers`] if not one answers.
    pub fn into_answering(self) -> Result<Vec<SocketAddr>, DnsError> {
        if self.answering.is_empty() { Err(DnsError::NoneAnswers { failed: self.failed }) } else { Ok(self.answering) }
    }
}

/// Asks each resolver for `. NS`, up to `tries` times, `timeout` each. Runs in any tokio runtime with IO and time.
///
/// A resolver counts as answering if it says NOERROR or NXDOMAIN: one that refuses us or fails at the root resolves nothing for us.
pub async fn check_resolvers(resolvers: &[SocketAddr], timeout: Duration, tries: u16) -> ResolverCheck {
    let mut check = ResolverCheck { answering: Vec::new(), failed: Vec::new() };
    let mut verdicts = stream::iter(resolvers.iter().copied())
        .map(|resolver| async move { (resolver, ask(resolver, timeout, tries).await) })
        .buffered(AT_ONCE);
    while let Some((resolver, verdict)) = verdicts.next().await {
        match verdict {
            Ok(()) => check.answering.push(resolver),
            Err(reason) => check.failed.push((resolver, reason)),
        }
    }
    check
}

async fn ask(resolver: SocketAddr, timeout: Duration, tries: u16) -> Result<(), String> {
    let question = Question::new(".", TYPE_NS)?;
    let mut last = format!("no answer in {} ms", timeout.as_millis());
    for _ in 0..tries.max(1) {
        match tokio::time::timeout(timeout, exchange(resolver, &question)).await {
            Ok(Ok(message)) => match message.rcode {
                NOERROR | NXDOMAIN => return Ok(()),
                SERVFAIL => last = "answers SERVFAIL".to_owned(),
                REFUSED => last = "answers REFUSED".to_owned(),
                other => last = format!("answers response code {other}"),
            },
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => {}
        }
    }
    Err(last)
}

async fn exchange(resolver: SocketAddr, question: &Question) -> io::Result<Message> {
    let any = if resolver.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)) };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(resolver).await?;
    let id = rand::random();
    let mut query = Vec::with_capacity(MAX_QUERY_OCTETS);
    question.write_query(id, false, &mut query);
    socket.send(&query).await?;
    let mut buffer = vec![0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let octets = buffer.get(..length).unwrap_or_default();
        let header = Header::read(octets).filter(|header| header.id == id);
        if let Some(message) = header.and_then(|header| Message::accept(header, octets, question, Duration::ZERO)) {
            return Ok(message);
        }
    }
}
