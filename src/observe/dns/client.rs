//! One lookup from question to outcome: attempts on one resolver after another, TCP after truncation, the best result kept.

use std::cell::Cell;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::answer::{self, Answer, ResourceRecord};
use super::counters::{DnsCounters, add};
use super::drivers;
use super::engine::{Engine, Ticket};
use super::error::DnsError;
use super::header::{BADVERS, FORMERR, Header, NOERROR, NOTIMP, NXDOMAIN, REFUSED, SERVFAIL};
use super::limits::DnsLimits;
use super::message::Message;
use super::question::Question;
use super::slots::Reply;
use super::tcp::{self, TcpFault};
use crate::evidence::{Lookup, Mx, Outcome, Txt};

/// Sockets of one worker, unless there are more resolvers than that.
const MAX_SOCKETS: usize = 256;
/// TCP connections of one worker at a time.
const MAX_CONNECTIONS: usize = 64;
/// The longest wait for an answer.
const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// How the engine asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsConfig {
    /// Resolvers to ask, in turn; at least one.
    pub resolvers: Vec<SocketAddr>,
    /// How long an attempt waits for its answer, from the moment its query leaves; TCP after truncation waits as long again. At most
    /// an hour.
    pub timeout: Duration,
    /// Attempts a lookup has before it fails, each on another resolver where there is one; at least 1.
    pub tries: u16,
    /// UDP sockets, each with its own random port, towards each resolver, for each worker; at least 1. Fewer are opened where that
    /// would make more than 256 in all.
    pub sockets_per_resolver: usize,
    /// Octets of receive buffer to ask the kernel for, for each socket; the kernel may grant less.
    pub receive_buffer: usize,
}

impl DnsConfig {
    /// The defaults (2 s, 3 tries, 4 sockets, 4 MiB) for these resolvers.
    pub fn new(resolvers: Vec<SocketAddr>) -> Self {
        Self { resolvers, timeout: Duration::from_secs(2), tries: 3, sockets_per_resolver: 4, receive_buffer: 4 << 20 }
    }
}

/// The DNS engine of one worker thread; clones share it. Its drivers stop when the last clone is gone.
#[derive(Clone)]
pub struct Dns(Rc<Shared>);

struct Shared {
    engine: Rc<Engine>,
    timeout: Duration,
    tries: u16,
    /// The resolver that the next lookup begins with.
    turn: Cell<usize>,
    connections: Semaphore,
    receive_buffer: usize,
    /// Dropped with the last clone, which ends the drivers.
    _drivers: JoinSet<()>,
}

impl Dns {
    /// Opens the sockets and starts the drivers. Must be called within a tokio `LocalSet` of a runtime with IO and time.
    ///
    /// # Errors
    /// [`DnsError::NoResolvers`], or [`DnsError::Socket`] where no socket towards a resolver can be opened.
    pub fn new(config: &DnsConfig, limits: Arc<DnsLimits>, counters: Arc<DnsCounters>) -> Result<Self, DnsError> {
        let resolvers = &config.resolvers;
        if resolvers.is_empty() {
            return Err(DnsError::NoResolvers);
        }
        let sockets = config.sockets_per_resolver.min(MAX_SOCKETS / resolvers.len()).max(1);
        let timeout = config.timeout.min(MAX_TIMEOUT);
        let (engine, receive_buffer) = Engine::open(resolvers, sockets, config.receive_buffer, timeout, limits, counters)
            .map_err(|(resolver, source)| DnsError::Socket { resolver, source })?;
        let engine = Rc::new(engine);
        Ok(Self(Rc::new(Shared {
            _drivers: drivers::spawn(&engine),
            engine,
            timeout,
            tries: config.tries.max(1),
            turn: Cell::new(rand::random_range(0..resolvers.len())),
            connections: Semaphore::new(MAX_CONNECTIONS),
            receive_buffer,
        })))
    }

    /// The least receive buffer that the kernel granted to a socket, in octets as the kernel counts them.
    pub fn receive_buffer(&self) -> usize {
        self.0.receive_buffer
    }

    #[cfg(test)]
    pub(super) fn engine(&self) -> &Rc<Engine> {
        &self.0.engine
    }

    /// MX records.
    pub async fn lookup_mx(&self, name: &str) -> Lookup<Mx> {
        self.lookup(name).await
    }

    /// TXT records.
    pub async fn lookup_txt(&self, name: &str) -> Lookup<Txt> {
        self.lookup(name).await
    }

    /// A records.
    pub async fn lookup_a(&self, name: &str) -> Lookup<Ipv4Addr> {
        self.lookup(name).await
    }

    /// AAAA records.
    pub async fn lookup_aaaa(&self, name: &str) -> Lookup<Ipv6Addr> {
        self.lookup(name).await
    }

    /// Asks for records at a name (A-labels, underscores allowed; `.` is the root). Never fails: whatever happens is an outcome.
    ///
    /// Positive and negative answers are final. Anything else is tried again on the next resolver; if no attempt brings an answer,
    /// the last response code is kept before an unreadable answer, that before a fault of this machine, and that before silence.
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let asked = if name == "." { name } else { name.strip_suffix('.').unwrap_or(name) };
        let mut best = Lookup::unsent(asked.to_owned(), Outcome::LocalError);
        let shared = &*self.0;
        let ticket = match Ticket::claim(&shared.engine, name, R::TYPE) {
            Ok(ticket) => ticket,
            Err(reason) => {
                best.detail = Some(reason.to_owned());
                return best;
            }
        };
        let resolvers = shared.engine.resolvers.len();
        let first = shared.turn.get();
        shared.turn.set((first + 1) % resolvers);
        let mut sent = 0;
        for number in 0..shared.tries {
            let resolver = (first + usize::from(number)) % resolvers;
            let result: Attempt<R> = shared.attempt(&ticket, resolver, &mut sent).await;
            let conclusive = result.outcome.is_conclusive();
            if number == 0 || result.weight() >= weight(best.outcome) {
                result.fill(&mut best, shared.engine.resolvers.get(resolver).map(|resolver| resolver.address));
            }
            if conclusive {
                break;
            }
            add(&shared.engine.counters.retries, usize::from(number + 1 < shared.tries));
        }
        best.attempts = sent;
        best
    }
}

impl Shared {
    /// Asks one resolver: over UDP, without EDNS if it does not know that, over TCP if the answer is truncated.
    async fn attempt<R: ResourceRecord>(&self, ticket: &Ticket, resolver: usize, sent: &mut u16) -> Attempt<R> {
        let mut plain = false;
        loop {
            let reply = ticket.ask(resolver, plain).await;
            *sent = sent.saturating_add(u16::from(!matches!(reply, Reply::Local(_))));
            let message = match reply {
                Reply::Message(message) => message,
                Reply::Silence => return Attempt::failed(Outcome::Timeout, None),
                Reply::Unreachable(text) => return Attempt::failed(Outcome::Timeout, Some(text)),
                Reply::Local(text) => return Attempt::failed(Outcome::LocalError, Some(text)),
            };
            if !plain && matches!(message.rcode, FORMERR | NOTIMP | BADVERS) {
                plain = true;
                continue;
            }
            let cut = message.header.is_truncated() && matches!(message.rcode, NOERROR | NXDOMAIN);
            let attempt = if cut {
                // Rare and large: apart, so that every other lookup is spared its room.
                Box::pin(self.attempt_tcp(ticket.question(), plain, resolver, sent)).await
            } else {
                judge(&message, false)
            };
            add(&self.engine.counters.malformed, usize::from(attempt.outcome == Outcome::Malformed));
            return attempt;
        }
    }

    async fn attempt_tcp<R: ResourceRecord>(&self, question: Question, plain: bool, resolver: usize, sent: &mut u16) -> Attempt<R> {
        let counters = &self.engine.counters;
        let Some(address) = self.engine.resolvers.get(resolver).map(|resolver| resolver.address) else {
            return Attempt::failed(Outcome::Timeout, None);
        };
        // The semaphore is never closed.
        let _permit = self.connections.acquire().await;
        self.engine.limits.acquire(resolver, 1).await;
        let result = tcp::ask(address, &question, plain, self.timeout).await;
        if let Err(TcpFault::Local(text)) = result {
            add(&counters.local_errors, 1);
            return Attempt::failed(Outcome::LocalError, Some(text));
        }
        *sent = sent.saturating_add(1);
        counters.count_sent(resolver, 1);
        add(&counters.tcp, 1);
        match result {
            Ok(message) => {
                counters.count_answers(resolver, 1);
                judge(&message, true)
            }
            Err(TcpFault::Remote(text) | TcpFault::Local(text)) => {
                add(&counters.timeouts, 1);
                Attempt::failed(Outcome::Timeout, Some(format!("truncated answer, and then over TCP: {text}")))
            }
        }
    }
}

/// What one resolver brought.
struct Attempt<R> {
    outcome: Outcome,
    detail: Option<String>,
    rcode: Option<u16>,
    authenticated: bool,
    tcp: bool,
    rtt: Option<Duration>,
    answer: Option<Answer<R>>,
}

impl<R> Attempt<R> {
    fn failed(outcome: Outcome, detail: Option<String>) -> Self {
        Self { outcome, detail, rcode: None, authenticated: false, tcp: false, rtt: None, answer: None }
    }

    fn weight(&self) -> u8 {
        weight(self.outcome)
    }

    fn fill(self, lookup: &mut Lookup<R>, resolver: Option<SocketAddr>) {
        lookup.outcome = self.outcome;
        lookup.detail = self.detail;
        lookup.rcode = self.rcode;
        lookup.authenticated = self.authenticated;
        lookup.tcp = self.tcp;
        lookup.rtt_us = self.rtt.map(|rtt| u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX));
        lookup.resolver = resolver;
        if let Some(answer) = self.answer {
            (lookup.cname_chain, lookup.records, lookup.ttl) = (answer.chain, answer.records, answer.ttl);
        }
    }
}

/// Which of two outcomes says more.
pub(super) fn weight(outcome: Outcome) -> u8 {
    match outcome {
        outcome if outcome.is_conclusive() => 4,
        Outcome::Servfail | Outcome::Refused | Outcome::OtherRcode => 3,
        Outcome::Malformed => 2,
        Outcome::LocalError => 1,
        _ => 0,
    }
}

/// What a reply says. Negative answers without records are not decoded further.
fn judge<R: ResourceRecord>(message: &Message, tcp: bool) -> Attempt<R> {
    let mut attempt = Attempt {
        outcome: Outcome::Malformed,
        detail: None,
        rcode: Some(message.rcode),
        authenticated: message.header.is_authenticated(),
        tcp,
        rtt: Some(message.rtt),
        answer: None,
    };
    attempt.outcome = match message.rcode {
        NOERROR | NXDOMAIN => {
            match records(message) {
                Ok(answer) => attempt.answer = answer,
                Err(fault) => {
                    attempt.detail = Some(fault.to_owned());
                    return attempt;
                }
            }
            let found = attempt.answer.as_ref().is_some_and(|answer| !answer.records.is_empty());
            match (message.rcode, found) {
                (NXDOMAIN, _) => Outcome::Nxdomain,
                (_, true) => Outcome::Noerror,
                (_, false) => Outcome::Nodata,
            }
        }
        SERVFAIL => Outcome::Servfail,
        REFUSED => Outcome::Refused,
        _ => Outcome::OtherRcode,
    };
    attempt
}

/// The answer section of a success or an NXDOMAIN; the latter may hold the CNAMEs that led there, but no record.
fn records<R: ResourceRecord>(message: &Message) -> Result<Option<Answer<R>>, &'static str> {
    if message.header.is_truncated() {
        return Err("truncated answer over TCP");
    }
    if message.referral {
        return Err("referral instead of an answer: the server does not resolve recursively");
    }
    if message.header.answers == 0 {
        return Ok(None);
    }
    let mut answer = answer::read(&message.octets, message.question_end, message.header.answers)?;
    if message.rcode == NXDOMAIN {
        answer.records = Vec::new();
    }
    Ok(Some(answer))
}

/// What a lookup makes of a message as the reply to its question, without any network; `None` where it answers something else.
/// For the fuzzer.
#[doc(hidden)]
pub fn read_reply<R: ResourceRecord>(name: &str, octets: &[u8], tcp: bool) -> Option<Lookup<R>> {
    let question = Question::new(name, R::TYPE).ok()?;
    let message = Message::accept(Header::read(octets)?, octets, &question, Duration::ZERO)?;
    let mut lookup = Lookup::unsent(name.to_owned(), Outcome::Malformed);
    judge(&message, tcp).fill(&mut lookup, None);
    Some(lookup)
}
