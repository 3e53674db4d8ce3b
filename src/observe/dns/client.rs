//! Lookups as a probe makes them: by the bulk engine, which asks one resolver after another over UDP and over TCP after truncation, or in one
//! of the two other ways, from the root or by encrypted resolvers.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::answer::{Pointer, ResourceRecord};
use super::attempt::{Attempt, Retry, RetryConfig, interpret, note_denial};
use super::counters::DnsCounters;
use super::drivers;
use super::encrypted::Encrypted;
use super::engine::{Engine, EngineConfig, Resolver, SendBatch, Ticket};
use super::exchange::{Channel, is_local};
use super::flow::DnsLimits;
use super::iterative::Iterative;
use super::message::{BADVERS, FORMERR, NOERROR, NOTIMP, NXDOMAIN, Question};
use super::resolvers::DnsError;
use super::slots::{Completion, Completions, Reply};
use super::socket::send;
use crate::evidence::{Lookup, Outcome};
use crate::words;

/// Sockets of one worker, unless there are more resolvers than that.
const MAX_SOCKETS: usize = 256;
/// The longest wait for an answer.
const MAX_TIMEOUT: Duration = Duration::from_secs(3600);
/// How often, and how long each time, a TCP connection waits for what this machine lacks.
const LOCAL_WAITS: (u32, Duration) = (20, Duration::from_millis(250));

/// How the bulk engine asks: resolvers, patience and what it may take of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsConfig {
    /// Resolvers to ask, in turn; at least one.
    pub resolvers: Vec<SocketAddr>,
    /// How often and how long; a time-out of at most an hour.
    pub retry: RetryConfig,
    /// UDP sockets, each with its own random port, towards each resolver, for each worker; at least 1. Fewer are opened where that
    /// would make more than 256 in all.
    pub sockets_per_resolver: usize,
    /// Octets of receive buffer to ask the kernel for, for each socket; the kernel may grant less.
    pub receive_buffer: usize,
    /// Queries in flight at most towards each resolver, for each worker; fewer while answers are lost.
    pub in_flight: usize,
    /// TCP connections at a time, for each worker; at least 1.
    pub connections: usize,
    /// Whether letters are asked for in random case, which a reply then has to repeat (draft-vixie-dnsext-dns0x20).
    pub mix_case: bool,
}

impl DnsConfig {
    /// The defaults (2 s, 3 tries, no limit; 4 sockets, 4 MiB, 4,096 queries, 64 connections) for these resolvers.
    pub fn new(resolvers: Vec<SocketAddr>) -> Self {
        Self {
            resolvers,
            retry: RetryConfig::default(),
            sockets_per_resolver: 4,
            receive_buffer: 4 << 20,
            in_flight: 4096,
            connections: 64,
            mix_case: false,
        }
    }

    /// Sockets towards each resolver.
    fn sockets(&self) -> usize {
        self.sockets_per_resolver.min(MAX_SOCKETS / self.resolvers.len().max(1)).max(1)
    }
}

/// The DNS engine of one worker thread; clones share it. Its drivers stop when the last clone is gone.
#[derive(Clone)]
pub struct Dns(Rc<Client>);

struct Client {
    engine: Rc<Engine>,
    retry: RetryConfig,
    /// The resolver that the next lookup begins with.
    turn: Cell<usize>,
    connections: Semaphore,
    /// Dropped with the last clone, which ends the drivers.
    _drivers: JoinSet<()>,
}

impl Dns {
    /// Opens the sockets and starts the drivers. Must be called within a tokio `LocalSet` of a runtime with IO and time.
    ///
    /// # Errors
    /// [`DnsError::NoResolvers`], or [`DnsError::Socket`] where no socket towards a resolver can be opened.
    pub fn new(config: &DnsConfig, limits: Arc<DnsLimits>, counters: Arc<DnsCounters>) -> Result<Self, DnsError> {
        Self::sending_by(Box::new(send), config, limits, counters)
    }

    /// The same with another way for batches to leave.
    pub(super) fn sending_by(
        send: SendBatch,
        config: &DnsConfig,
        limits: Arc<DnsLimits>,
        counters: Arc<DnsCounters>,
    ) -> Result<Self, DnsError> {
        if config.resolvers.is_empty() {
            return Err(DnsError::NoResolvers);
        }
        let timeout = config.retry.timeout.min(MAX_TIMEOUT);
        let engine = EngineConfig {
            resolvers: &config.resolvers,
            timeout,
            sockets: config.sockets(),
            receive_buffer: config.receive_buffer,
            in_flight: config.in_flight,
            mix_case: config.mix_case,
        };
        let engine = Engine::open(&engine, limits, counters, send).map_err(|(resolver, source)| DnsError::Socket { resolver, source })?;
        let engine = Rc::new(engine);
        Ok(Self(Rc::new(Client {
            _drivers: drivers::spawn(&engine, timeout),
            engine,
            retry: RetryConfig { timeout, ..config.retry },
            turn: Cell::new(rand::random_range(0..config.resolvers.len())),
            connections: Semaphore::new(config.connections.max(1)),
        })))
    }

    /// Asks for records at a name (A-labels, underscores allowed; `.` is the root). Never fails: whatever happens is an outcome.
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let mut lookup = Lookup::unsent(name.to_owned(), Outcome::LocalError);
        self.fill(&mut lookup, false).await;
        lookup
    }

    /// Asks the question that an unsent lookup names and notes what became of it; `is_doubtful` says that an earlier lookup of the same failed, so
    /// that silence is no sign of loss.
    pub async fn fill<R: ResourceRecord>(&self, lookup: &mut Lookup<R>, is_doubtful: bool) {
        if lookup.name.len() > 1 && lookup.name.ends_with('.') {
            lookup.name.pop();
        }
        let client = &*self.0;
        let ticket = match Ticket::claim(&client.engine, &lookup.name, R::TYPE) {
            Ok(ticket) => ticket,
            Err(reason) => {
                lookup.detail = Some(reason.to_owned());
                return;
            }
        };
        if is_doubtful {
            ticket.doubt();
        }
        let turn = client.next_turn();
        let mut begun = None;
        if let Some(resolver) = client.engine.health().choose(turn) {
            let reply = ticket.ask(resolver, false).await;
            if settle(&reply, resolver, lookup) {
                return;
            }
            begun = Some((resolver, reply));
        }
        // Rare and large: apart, so that the others are spared its room.
        Box::pin(client.persist(&ticket, turn, begun, lookup)).await;
    }

    /// Asks the question that an unsent lookup names, once, without waiting for the reply: it goes to a collector under this tag. `false` where nobody
    /// can be asked now, or not by this name.
    pub(super) fn submit<R: ResourceRecord>(&self, lookup: &Lookup<R>, completions: &Rc<Completions>, tag: usize) -> bool {
        self.0.engine.submit((&lookup.name, R::TYPE), self.0.next_turn(), completions, tag)
    }

    /// Notes the reply to a lookup that was submitted; `false` where it does not settle it.
    pub(super) fn settle<R: ResourceRecord>(&self, Completion { submission, reply, .. }: &Completion, lookup: &mut Lookup<R>) -> bool {
        let resolver = self.0.engine.health().members().get(submission.resolver);
        resolver.is_some_and(|resolver| settle(reply, resolver, lookup))
    }

    /// Nothing more is asked for a lookup that was submitted.
    pub(super) fn release(&self, completion: &Completion) {
        self.0.engine.release(&completion.slot);
    }

    /// Goes on with a lookup whose first reply did not settle it.
    pub(super) async fn resume<R: ResourceRecord>(&self, completion: Completion, lookup: &mut Lookup<R>) {
        let Completion { submission, slot, reply } = completion;
        let client = &*self.0;
        let begun = client.engine.health().members().get(submission.resolver).map(|resolver| (resolver, reply));
        client.persist(&Ticket::of_submitted(&client.engine, slot), submission.turn, begun, lookup).await;
    }

    /// The same question to resolvers that are asked not to validate (CD bit, RFC 4035 section 3.2.2).
    pub async fn lookup_unchecked<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let mut lookup = Lookup::unsent(name.to_owned(), Outcome::LocalError);
        let client = &*self.0;
        match Ticket::claim(&client.engine, name, R::TYPE) {
            Ok(ticket) => {
                ticket.disable_checking();
                client.persist(&ticket, client.next_turn(), None, &mut lookup).await;
            }
            Err(reason) => lookup.detail = Some(reason.to_owned()),
        }
        lookup
    }
}

/// Notes a first reply that settles the question, as nearly every one does.
fn settle<R: ResourceRecord>(reply: &Reply, resolver: &Resolver, lookup: &mut Lookup<R>) -> bool {
    let Reply::Message(message) = reply else { return false };
    if note_denial(message, resolver.address(), lookup) {
        return true;
    }
    if message.header.is_truncated() || !matches!(message.rcode, NOERROR | NXDOMAIN) {
        return false;
    }
    let mut attempt = interpret(message, false);
    let settled = attempt.is_final();
    if settled {
        attempt.resolver = Some(resolver.address());
        attempt.fill(lookup);
        lookup.attempts = 1;
    }
    settled
}

impl Client {
    /// Whose turn it is that a lookup begins with.
    fn next_turn(&self) -> usize {
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        turn
    }

    /// Goes on with a lookup that has been begun, or could not be.
    async fn persist<R: ResourceRecord>(
        &self,
        ticket: &Ticket<'_>,
        turn: usize,
        begun: Option<(&Rc<Resolver>, Reply)>,
        lookup: &mut Lookup<R>,
    ) {
        let (first, reply) = begun.unzip();
        let reply = RefCell::new(reply);
        let (health, counters, config) = (self.engine.health(), &**self.engine.counters(), self.retry);
        let ask = async |resolver: &Rc<Resolver>| {
            let begun = reply.take();
            Some(self.attempt(ticket, resolver, begun).await)
        };
        Retry { health, counters, config, turn }.run(lookup, first, ask).await;
    }

    /// Asks one resolver, or goes on with its `reply`: over UDP, without EDNS if it does not know that, over TCP if the answer is truncated.
    async fn attempt<R: ResourceRecord>(&self, ticket: &Ticket<'_>, resolver: &Resolver, mut reply: Option<Reply>) -> Attempt<R> {
        let (mut plain, mut sent) = (false, 0_u16);
        let mut attempt: Attempt<R> = loop {
            let reply = if let Some(reply) = reply.take() { reply } else { ticket.ask(resolver, plain).await };
            sent = sent.saturating_add(u16::from(!matches!(reply, Reply::Local(_))));
            let message = match reply {
                Reply::Message(message) => message,
                Reply::Silence => {
                    ticket.doubt();
                    let mut silent = Attempt::failed(Outcome::Timeout, None, None);
                    silent.waited = self.retry.timeout;
                    break silent;
                }
                Reply::Unreachable(text) => break Attempt::failed(Outcome::Timeout, None, Some(text)),
                Reply::Local(text) => break Attempt::failed(Outcome::LocalError, None, Some(text)),
            };
            if !plain && matches!(message.rcode, FORMERR | NOTIMP | BADVERS) {
                plain = true;
                continue;
            }
            let cut = message.header.is_truncated() && matches!(message.rcode, NOERROR | NXDOMAIN);
            break if cut { self.attempt_tcp(ticket.question(), plain, resolver).await } else { interpret(&message, false) };
        };
        attempt.sent = attempt.sent.saturating_add(sent);
        attempt.resolver = Some(resolver.address());
        attempt
    }

    async fn attempt_tcp<R: ResourceRecord>(&self, question: Question, plain: bool, resolver: &Resolver) -> Attempt<R> {
        let counters = self.engine.counters();
        // The semaphore is never closed.
        let _permit = self.connections.acquire().await;
        self.engine.acquire(resolver, 1).await;
        let ask = || Channel::Tcp.ask_within(self.retry.timeout, resolver.address(), &question, plain);
        let mut result = ask().await;
        for _ in 0..LOCAL_WAITS.0 {
            if !result.as_ref().is_err_and(is_local) {
                break;
            }
            sleep(LOCAL_WAITS.1).await;
            result = ask().await;
        }
        if let Err(error) = &result
            && is_local(error)
        {
            counters.local_errors.add(1);
            return Attempt::failed(Outcome::LocalError, None, Some(words::system(error)));
        }
        counters.count_sent(resolver.counters(), 1);
        counters.tcp.add(1);
        let mut attempt = match result {
            Ok(message) => {
                counters.count_answers(resolver.counters(), 1);
                interpret(&message, true)
            }
            Err(error) => {
                counters.timeouts.add(1);
                Attempt::failed(Outcome::Timeout, None, Some(format!("truncated answer, and then over TCP: {}", words::system(&error))))
            }
        };
        attempt.sent = 1;
        attempt
    }
}

/// How lookups are made. Clones share whatever is behind them.
#[derive(Clone)]
pub enum Resolving {
    /// The bulk engine of one worker thread.
    Bulk(Dns),
    /// Hickory's recursor, shared by all workers.
    Iterative(Arc<Iterative>),
    /// Resolvers over TLS or HTTPS, shared by all workers.
    Encrypted(Arc<Encrypted>),
}

impl From<Dns> for Resolving {
    fn from(dns: Dns) -> Self {
        Self::Bulk(dns)
    }
}

impl Resolving {
    /// Asks for records at a name (A-labels, underscores allowed). Never fails: whatever happens is an outcome.
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let mut lookup = Lookup::unsent(name.to_owned(), Outcome::LocalError);
        self.fill(&mut lookup, false).await;
        lookup
    }

    /// The names of an address, as its PTR records have them; none where there is no answer.
    pub async fn names_of(&self, address: IpAddr) -> Vec<String> {
        let lookup: Lookup<Pointer> = self.lookup(&reverse(address)).await;
        lookup.records.into_iter().map(|Pointer(name)| name).collect()
    }

    /// The same question without validation (CD bit); `None` where nobody is asked who validates. What is found so is no data: it may
    /// be forged.
    pub async fn lookup_unchecked<R: ResourceRecord>(&self, name: &str) -> Option<Lookup<R>> {
        match self {
            Self::Bulk(dns) => Some(dns.lookup_unchecked(name).await),
            Self::Iterative(_) => None,
            Self::Encrypted(encrypted) => Some(encrypted.lookup_unchecked(name).await),
        }
    }

    /// Asks the question that a lookup names and notes what became of it, in place: lookups are large, and there are many. `is_doubtful` says that an
    /// earlier lookup of the same failed, so that silence is no sign of loss to the bulk engine.
    pub async fn fill<R: ResourceRecord>(&self, lookup: &mut Lookup<R>, is_doubtful: bool) {
        match self {
            Self::Bulk(dns) => dns.fill(lookup, is_doubtful).await,
            // Apart, so that a lookup of the bulk engine is spared their room.
            Self::Iterative(iterative) => *lookup = Box::pin(iterative.lookup(&lookup.name)).await,
            Self::Encrypted(encrypted) => *lookup = Box::pin(encrypted.lookup(&lookup.name)).await,
        }
    }
}

/// Where the names of an address stand (RFC 1035 section 3.5, RFC 3596 section 2.5).
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().rev().flat_map(|octet| [octet & 0xF, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_names_of_an_address_stand() {
        assert_eq!(reverse([192, 0, 2, 7].into()), "7.2.0.192.in-addr.arpa");
        let v6 = reverse("2001:db8::5".parse().unwrap());
        assert_eq!(v6, "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    }
}
