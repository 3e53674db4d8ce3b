//! Whether resolvers can be relied on, asked once before a scan: a dead one would turn it into a million time-outs, a lying one into a
//! million inventions.

use std::io;
use std::net::SocketAddr;

use futures_util::stream::{self, StreamExt as _};
use rand::RngExt as _;

use super::error::DnsError;
use super::exchange::Channel;
use super::message::{Message, NOERROR, NXDOMAIN, REFUSED, SERVFAIL};
use super::question::Question;
use super::retry::RetryConfig;

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
        other => return Err(format!("answers {} when asked for the root", rcode(other))),
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
        Ok(message) => Err(format!("answers {}", rcode(message.rcode))),
        Err(reason) => Err(reason),
    })
}

/// Whether a resolver denies a name that does not exist, by response code and number of answers; else what it does.
pub(super) fn denies(code: u16, answers: u16) -> Result<(), String> {
    match code {
        NXDOMAIN => Ok(()),
        NOERROR if answers > 0 => Err("lies: it invents answers for names that do not exist".to_owned()),
        NOERROR => Err("lies: it says that a name exists which does not".to_owned()),
        other => Err(format!("answers {} when asked for a name that does not exist", rcode(other))),
    }
}

async fn ask(retry: RetryConfig, channel: Channel, resolver: SocketAddr, question: &Question) -> Result<Message, String> {
    let mut last = String::new();
    for _ in 0..retry.tries.max(1) {
        last = match channel.ask_within(retry.timeout, resolver, question, false).await {
            Ok(message) if message.rcode == SERVFAIL => "answers SERVFAIL".to_owned(),
            Ok(message) => return Ok(message),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => format!("no answer in {} ms", retry.timeout.as_millis()),
            Err(error) => error.to_string(),
        };
    }
    Err(last)
}

fn rcode(code: u16) -> String {
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
