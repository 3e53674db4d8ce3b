//! Lookups by resolvers that are asked over TLS or HTTPS: the same attempts and outcomes as over UDP, nothing readable on the way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use rustls::{ClientConfig, RootCertStore};

use super::answer::ResourceRecord;
use super::background::Background;
use super::check::{denies, invented_name};
use super::client::{MOST_IN_VAIN, read_reply, weight};
use super::counters::{DnsCounters, add};
use super::encrypted_address::EncryptedResolver;
use super::encrypted_connection::Connection;
use super::error::DnsError;
use super::header::{Header, NOERROR, NXDOMAIN};
use super::health::Health;
use super::limits::DnsLimits;
use super::trail::Failure;
use crate::evidence::{Lookup, Outcome};

/// How encrypted resolvers are asked.
#[derive(Clone, Debug)]
pub struct EncryptedConfig {
    /// Resolvers to ask, in turn; at least one.
    pub resolvers: Vec<EncryptedResolver>,
    /// How long to wait for a connection, and then for an answer.
    pub timeout: Duration,
    /// Attempts a lookup has before it fails, each on another resolver where there is one; at least 1.
    pub tries: u16,
    /// How long to wait for a resolver when none answers: `None` is for ever.
    pub patience: Option<Duration>,
    /// Who may have issued the resolvers' certificates.
    pub roots: RootCertStore,
}

/// Asks encrypted resolvers for all workers of a scan; one connection to each.
pub struct Encrypted {
    shared: Arc<Shared>,
    background: Background,
}

/// What the lookups and those who look after the resolvers have in common.
struct Shared {
    servers: Vec<(SocketAddr, Connection)>,
    health: Health,
    limits: Arc<DnsLimits>,
    counters: Arc<DnsCounters>,
    timeout: Duration,
    tries: u16,
    patience: Option<Duration>,
    turn: AtomicUsize,
}

impl Encrypted {
    /// Starts the thread that holds the connections; none is opened yet.
    ///
    /// # Errors
    /// [`DnsError::NoResolvers`], or [`DnsError::Threads`] if no thread is to be had.
    pub fn new(config: EncryptedConfig, limits: Arc<DnsLimits>, counters: Arc<DnsCounters>) -> Result<Self, DnsError> {
        if config.resolvers.is_empty() {
            return Err(DnsError::NoResolvers);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = tls.map_err(|error| DnsError::Threads(std::io::Error::other(error)))?;
        let tls = Arc::new(tls.with_root_certificates(config.roots).with_no_client_auth());
        let connect = |resolver: EncryptedResolver| {
            (resolver.address, Connection::new(resolver, Arc::clone(&tls), config.timeout, Arc::clone(&counters)))
        };
        let servers: Vec<_> = config.resolvers.into_iter().map(connect).collect();
        let shared = Arc::new(Shared {
            health: Health::new(servers.len()),
            servers,
            limits,
            counters,
            timeout: config.timeout,
            tries: config.tries.max(1),
            patience: config.patience,
            turn: AtomicUsize::new(0),
        });
        let background = Background::start(1).map_err(DnsError::Threads)?;
        for index in 0..shared.servers.len() {
            let shared = Arc::clone(&shared);
            background.spawn(async move {
                shared.health.look_after(index, &shared.counters, shared.timeout, || shared.is_answering(index)).await;
            });
        }
        Ok(Self { shared, background })
    }

    /// Asks each resolver for the name servers of the root, where connection, certificate and answer have to be right, and for a name that
    /// cannot exist, which it has to deny. In the order of the configuration, with what is wrong.
    pub async fn check(&self) -> Vec<Result<(), String>> {
        join_all((0..self.shared.servers.len()).map(|index| self.examine(index))).await
    }

    async fn examine(&self, index: usize) -> Result<(), String> {
        let header = self.header(index, root()).await?;
        if !matches!(header.plain_rcode(), NOERROR | NXDOMAIN) {
            return Err(Failure::Rcode(header.plain_rcode()).to_string());
        }
        let mut invented = Name::from_ascii(invented_name()).map_err(|error| error.to_string())?;
        invented.set_fqdn(true);
        let header = self.header(index, Query::query(invented, RecordType::A)).await?;
        denies(header.plain_rcode(), header.answers)
    }

    async fn header(&self, index: usize, query: Query) -> Result<Header, String> {
        match self.ask(index, query).await {
            None => Err("no answer".to_owned()),
            Some(Err(failure)) => Err(failure.to_string()),
            Some(Ok((octets, _))) => Header::read(&octets).ok_or_else(|| "answer is cut".to_owned()),
        }
    }

    /// Asks for records at a name, as [`super::client::Dns::lookup`] does. Never fails: whatever happens is an outcome.
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let asked = if name == "." { name } else { name.strip_suffix('.').unwrap_or(name) };
        let mut best = Lookup::unsent(asked.to_owned(), Outcome::LocalError);
        let query = match Name::from_ascii(asked) {
            Ok(mut absolute) => {
                absolute.set_fqdn(true);
                Query::query(absolute, RecordType::from(R::TYPE))
            }
            Err(error) => {
                best.detail = Some(error.to_string());
                return best;
            }
        };
        let shared = &*self.shared;
        let first = shared.turn.fetch_add(1, Ordering::Relaxed) % shared.servers.len().max(1);
        let (mut sent, mut number, mut in_vain, mut asked_anybody) = (0_u16, 0, 0, false);
        while number < shared.tries {
            let Some(index) = shared.health.wait(first + usize::from(number), shared.patience).await else {
                if !asked_anybody {
                    (best.outcome, best.detail) = (Outcome::Timeout, Some("no resolver answers".to_owned()));
                }
                break;
            };
            let begun = Instant::now();
            let Some(result) = self.ask(index, query.clone()).await else {
                // It died before this question's turn; the next time round there may be another one, or nobody to ask.
                continue;
            };
            sent = sent.saturating_add(u16::from(!matches!(result, Err(Failure::Local(_)))));
            let lookup = shared.judge(asked, index, result);
            let conclusive = lookup.outcome.is_conclusive();
            let counts = conclusive || in_vain == MOST_IN_VAIN || shared.counts(lookup.outcome, index, begun).await;
            if !asked_anybody || weight(lookup.outcome) >= weight(best.outcome) {
                best = lookup;
            }
            asked_anybody = true;
            if conclusive {
                break;
            }
            (number, in_vain) = if counts { (number + 1, in_vain) } else { (number, in_vain + 1) };
            add(&shared.counters.retries, usize::from(number < shared.tries));
        }
        best.attempts = sent;
        best
    }

    /// Asks one resolver, on the thread that holds the connections.
    async fn ask(&self, index: usize, query: Query) -> Option<Result<(Vec<u8>, Duration), Failure>> {
        let shared = Arc::clone(&self.shared);
        let ended = |why: String| Some(Err(Failure::Local(why)));
        match self.background.spawn(async move { shared.ask(index, query).await }) {
            Some(asking) => asking.await.unwrap_or_else(|error| ended(format!("the connection's task broke: {error}"))),
            None => ended("the resolver's thread has ended".to_owned()),
        }
    }
}

/// What every resolver has at hand.
fn root() -> Query {
    Query::query(Name::root(), RecordType::NS)
}

impl Shared {
    fn judge<R: ResourceRecord>(&self, asked: &str, index: usize, result: Result<(Vec<u8>, Duration), Failure>) -> Lookup<R> {
        let mut lookup = Lookup::unsent(asked.to_owned(), Outcome::Malformed);
        match result {
            Ok((octets, rtt)) => {
                match read_reply(asked, &octets, true) {
                    Some(known) => lookup = known,
                    None => lookup.detail = Some("answer to another question".to_owned()),
                }
                lookup.rtt_us = Some(u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX));
            }
            Err(failure) => (lookup.outcome, lookup.rcode, lookup.detail) = failure.outcome(),
        }
        add(&self.counters.malformed, usize::from(lookup.outcome == Outcome::Malformed));
        lookup.resolver = self.servers.get(index).map(|(address, _)| *address);
        lookup
    }

    /// Whether an attempt that settled nothing says something about the name: not if its resolver is dead. Signs of life from the later half
    /// of the attempt count.
    async fn counts(&self, outcome: Outcome, index: usize, begun: Instant) -> bool {
        if !matches!(outcome, Outcome::Timeout | Outcome::LocalError) {
            return true;
        }
        let now = Instant::now();
        let half = begun.elapsed().min(self.timeout) / 2;
        self.health.is_alive(index, now.checked_sub(half).unwrap_or(now)).await && !self.health.was_benched_since(index, begun)
    }

    /// Whatever it says, it lives. It is asked past those who wait for their turn, which would be long if it is dead.
    async fn is_answering(&self, index: usize) -> bool {
        match self.servers.get(index) {
            Some((_, connection)) => self.send(index, connection, root()).await.is_ok(),
            None => false,
        }
    }

    /// Asks one resolver; `None` if it has died by the time that it is this question's turn.
    async fn ask(&self, index: usize, query: Query) -> Option<Result<(Vec<u8>, Duration), Failure>> {
        let (_, connection) = self.servers.get(index)?;
        let _permit = connection.permit().await;
        if self.health.is_up(index) { Some(self.send(index, connection, query).await) } else { None }
    }

    async fn send(&self, index: usize, connection: &Connection, query: Query) -> Result<(Vec<u8>, Duration), Failure> {
        self.limits.acquire(index, 1).await;
        let result = connection.ask(query).await;
        match &result {
            Err(Failure::Local(_)) => add(&self.counters.local_errors, 1),
            result => {
                self.counters.count_sent(index, 1);
                self.counters.count_answers(index, usize::from(result.is_ok()));
                add(&self.counters.tcp, 1);
                add(&self.counters.timeouts, usize::from(matches!(result, Err(Failure::Silence(_)))));
            }
        }
        if result.is_ok() {
            self.health.answered(index, Instant::now());
        }
        result
    }
}
