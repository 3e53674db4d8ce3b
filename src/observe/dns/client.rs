//! One lookup from question to outcome: attempts on one resolver after another, TCP after truncation, the best result kept.

use std::cell::Cell;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::answer::{self, Answer, ResourceRecord};
use super::config::{DnsConfig, MAX_TIMEOUT};
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

/// Attempts of one lookup that do not count because their resolver had died: a bound where resolvers come and go without end.
pub(super) const MOST_IN_VAIN: u32 = 50;
/// How often, and how long each time, a TCP connection waits for what this machine lacks.
const LOCAL_WAITS: (u32, Duration) = (20, Duration::from_millis(250));

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
    patience: Option<Duration>,
    /// Dropped with the last clone, which ends the drivers.
    _drivers: JoinSet<()>,
}

impl Dns {
    /// Opens the sockets and starts the drivers. Must be called within a tokio `LocalSet` of a runtime with IO and time.
    ///
    /// # Errors
    /// [`DnsError::NoResolvers`], or [`DnsError::Socket`] where no socket towards a resolver can be opened.
    pub fn new(config: &DnsConfig, limits: Arc<DnsLimits>, counters: Arc<DnsCounters>) -> Result<Self, DnsError> {
        if config.resolvers.is_empty() {
            return Err(DnsError::NoResolvers);
        }
        let timeout = config.timeout.min(MAX_TIMEOUT);
        let engine = Engine::open(config, timeout, limits, counters).map_err(|(resolver, source)| DnsError::Socket { resolver, source })?;
        let engine = Rc::new(engine);
        Ok(Self(Rc::new(Shared {
            _drivers: drivers::spawn(&engine, timeout),
            engine,
            timeout,
            tries: config.tries.max(1),
            turn: Cell::new(rand::random_range(0..config.resolvers.len())),
            connections: Semaphore::new(config.connections.max(1)),
            patience: config.patience,
        })))
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
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let mut lookup = Lookup::unsent(name.to_owned(), Outcome::LocalError);
        self.fill(&mut lookup).await;
        lookup
    }

    /// Asks the question that an unsent lookup names and notes what became of it.
    ///
    /// Positive and negative answers are final. Anything else is tried again on the next resolver; if no attempt brings an answer,
    /// the last response code is kept before an unreadable answer, that before a fault of this machine, and that before silence. An attempt
    /// on a resolver that has died does not count: it is made again on another, or when one is back.
    pub async fn fill<R: ResourceRecord>(&self, lookup: &mut Lookup<R>) {
        if lookup.name.len() > 1 && lookup.name.ends_with('.') {
            lookup.name.pop();
        }
        let shared = &*self.0;
        let ticket = match Ticket::claim(&shared.engine, &lookup.name, R::TYPE) {
            Ok(ticket) => ticket,
            Err(reason) => {
                lookup.detail = Some(reason.to_owned());
                return;
            }
        };
        let first = shared.next_turn();
        let mut begun = None;
        if let Some(resolver) = shared.engine.health.choose(first) {
            let reply = ticket.ask(resolver, false).await;
            if shared.settle(&reply, resolver, lookup) {
                return;
            }
            begun = Some((resolver, reply));
        }
        // Rare and large: apart, so that the others are spared its room.
        Box::pin(shared.insist(&ticket, first, begun, lookup)).await;
    }
}

impl Shared {
    /// The resolver that a lookup begins with, each in turn.
    fn next_turn(&self) -> usize {
        let turn = self.turn.get();
        self.turn.set((turn + 1) % self.engine.resolvers.len().max(1));
        turn
    }

    /// Notes a first reply that settles the question, as nearly every one does.
    fn settle<R: ResourceRecord>(&self, reply: &Reply, resolver: usize, lookup: &mut Lookup<R>) -> bool {
        let Reply::Message(message) = reply else { return false };
        if message.header.is_truncated() || !matches!(message.rcode, NOERROR | NXDOMAIN) {
            return false;
        }
        let attempt = judge(message, false);
        let settled = attempt.outcome.is_conclusive();
        if settled {
            attempt.fill(lookup, self.address(resolver));
            lookup.attempts = 1;
        }
        settled
    }

    fn address(&self, resolver: usize) -> Option<SocketAddr> {
        self.engine.resolvers.get(resolver).map(|resolver| resolver.address)
    }

    /// Goes on with a lookup that has been begun, or could not be, until it is settled or has had all its attempts.
    async fn insist<R: ResourceRecord>(&self, ticket: &Ticket, first: usize, mut begun: Option<(usize, Reply)>, lookup: &mut Lookup<R>) {
        let (mut sent, mut number, mut in_vain, mut asked_anybody) = (0, 0, 0, false);
        while number < self.tries {
            let wanted = first + usize::from(number);
            let (resolver, reply) = match begun.take().map(|(resolver, reply)| (resolver, Some(reply))) {
                Some(begun) => begun,
                None => match self.resolver(wanted).await {
                    Some(resolver) => (resolver, None),
                    None if asked_anybody => break,
                    None => {
                        lookup.outcome = Outcome::Timeout;
                        lookup.detail = Some("no resolver answers".to_owned());
                        break;
                    }
                },
            };
            let result: Attempt<R> = self.attempt(ticket, resolver, reply, &mut sent).await;
            let conclusive = result.outcome.is_conclusive();
            let counts = conclusive || in_vain == MOST_IN_VAIN || self.counts(&result, resolver).await;
            if !asked_anybody || result.weight() >= weight(lookup.outcome) {
                result.fill(lookup, self.address(resolver));
            }
            asked_anybody = true;
            if conclusive {
                break;
            }
            (number, in_vain) = if counts { (number + 1, in_vain) } else { (number, in_vain + 1) };
            add(&self.engine.counters.retries, usize::from(number < self.tries));
        }
        lookup.attempts = sent;
    }

    /// The resolver to ask; waits for one if none answers, `None` if that is in vain.
    async fn resolver(&self, wanted: usize) -> Option<usize> {
        match self.engine.health.choose(wanted) {
            Some(resolver) => Some(resolver),
            None => self.engine.health.wait(wanted, self.patience).await,
        }
    }

    /// Whether an attempt that settled nothing says something about the name: not if its resolver is dead.
    async fn counts<R>(&self, attempt: &Attempt<R>, resolver: usize) -> bool {
        let now = Instant::now();
        let since = match (attempt.outcome, &attempt.detail) {
            _ if self.patience == Some(Duration::ZERO) => return true,
            // Signs of life from the later half of the wait: earlier ones may be from before the resolver died.
            (Outcome::Timeout, None) => now.checked_sub(self.timeout / 2).unwrap_or(now),
            (Outcome::Timeout | Outcome::LocalError, _) => now,
            _ => return true,
        };
        self.engine.health.is_alive(resolver, since).await
    }

    /// Asks one resolver, or goes on with its `reply`: over UDP, without EDNS if it does not know that, over TCP if the answer is truncated.
    async fn attempt<R: ResourceRecord>(&self, ticket: &Ticket, resolver: usize, mut reply: Option<Reply>, sent: &mut u16) -> Attempt<R> {
        let mut plain = false;
        loop {
            let reply = if let Some(reply) = reply.take() { reply } else { ticket.ask(resolver, plain).await };
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
            let attempt = if cut { self.attempt_tcp(ticket.question(), plain, resolver, sent).await } else { judge(&message, false) };
            add(&self.engine.counters.malformed, usize::from(attempt.outcome == Outcome::Malformed));
            return attempt;
        }
    }

    async fn attempt_tcp<R: ResourceRecord>(&self, question: Question, plain: bool, resolver: usize, sent: &mut u16) -> Attempt<R> {
        let counters = &self.engine.counters;
        let Some(address) = self.address(resolver) else { return Attempt::failed(Outcome::Timeout, None) };
        // The semaphore is never closed.
        let _permit = self.connections.acquire().await;
        self.engine.limits.acquire(resolver, 1).await;
        let mut result = tcp::ask(address, &question, plain, self.timeout).await;
        for _ in 0..LOCAL_WAITS.0 {
            let Err(TcpFault::Local(_)) = result else { break };
            tokio::time::sleep(LOCAL_WAITS.1).await;
            result = tcp::ask(address, &question, plain, self.timeout).await;
        }
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
    let mut answer = None;
    if message.header.answers > 0 {
        answer = Some(answer::read(&message.octets, message.question_end, message.header.answers)?);
    }
    if !message.whole {
        return Err("message that is cut or goes on behind its last record");
    }
    if let Some(answer) = answer.as_mut().filter(|_| message.rcode == NXDOMAIN) {
        answer.records = Vec::new();
    }
    Ok(answer)
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
