//! Lookups by resolvers that are asked over TLS or HTTPS: the same attempts and outcomes as over UDP, nothing readable on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;

use super::answer::ResourceRecord;
use super::attempt::{self, Attempt, Failure};
use super::background::Background;
use super::check::{denies, invented_name};
use super::counters::{DnsCounters, ResolverCounters};
use super::encrypted_connection::Connection;
use super::error::DnsError;
use super::health::{Health, Liveness, Watched};
use super::limits::DnsLimits;
use super::message::{Header, NOERROR, NXDOMAIN};
use super::resolvers::EncryptedResolver;
use super::retry::{Retry, RetryConfig};
use crate::evidence::{Lookup, Outcome};

/// How encrypted resolvers are asked.
#[derive(Clone, Debug)]
pub struct EncryptedConfig {
    /// Resolvers to ask, in turn; at least one.
    pub resolvers: Vec<EncryptedResolver>,
    /// How often and how long.
    pub retry: RetryConfig,
    /// Who may have issued the resolvers' certificates.
    pub roots: RootCertStore,
}

/// Asks encrypted resolvers for all workers of a scan; one connection to each.
pub struct Encrypted {
    asking: Arc<Asking>,
    retry: RetryConfig,
    turn: AtomicUsize,
    background: Background,
}

/// What the lookups and those who look after the resolvers have in common.
struct Asking {
    health: Health<Arc<Server>>,
    limits: Arc<DnsLimits>,
    counters: Arc<DnsCounters>,
}

/// A resolver.
struct Server {
    connection: Connection,
    /// Its place in the configuration, by which limits know it.
    place: usize,
    liveness: Liveness,
    counters: Option<Arc<ResolverCounters>>,
}

impl Watched for Server {
    fn liveness(&self) -> &Liveness {
        &self.liveness
    }
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
        let timeout = config.retry.timeout;
        let server = |(place, resolver): (usize, EncryptedResolver)| {
            let connection = Connection::new(resolver, Arc::clone(&tls), timeout, Arc::clone(&counters));
            Arc::new(Server { connection, place, liveness: Liveness::default(), counters: counters.resolver(place) })
        };
        let health = Health::new(config.resolvers.into_iter().enumerate().map(server).collect());
        let asking = Arc::new(Asking { health, limits, counters });
        let background = Background::start(1).map_err(DnsError::Threads)?;
        for server in asking.health.members() {
            let (asking, server) = (Arc::clone(&asking), Arc::clone(server));
            background.spawn(async move {
                let is_answering = || asking.is_answering(&server);
                asking.health.look_after(&server.liveness, &asking.counters, timeout, is_answering).await;
            });
        }
        Ok(Self { asking, retry: config.retry, turn: AtomicUsize::new(0), background })
    }

    /// Asks each resolver for the name servers of the root, where connection, certificate and answer have to be right, and for a name that
    /// cannot exist, which it has to deny. In the order of the configuration, with what is wrong.
    pub async fn check(&self) -> Vec<Result<(), String>> {
        join_all(self.asking.health.members().iter().map(|server| self.examine(server))).await
    }

    async fn examine(&self, server: &Arc<Server>) -> Result<(), String> {
        let header = self.header(server, root()).await?;
        if !matches!(header.plain_rcode(), NOERROR | NXDOMAIN) {
            return Err(Failure::Rcode(header.plain_rcode()).to_string());
        }
        let mut invented = Name::from_ascii(invented_name()).map_err(|error| error.to_string())?;
        invented.set_fqdn(true);
        let header = self.header(server, Query::query(invented, RecordType::A)).await?;
        denies(header.plain_rcode(), header.answers)
    }

    async fn header(&self, server: &Arc<Server>, query: Query) -> Result<Header, String> {
        match self.ask(server, query).await {
            None => Err("no answer".to_owned()),
            Some(Err(failure)) => Err(failure.to_string()),
            Some(Ok((octets, _))) => Header::read(&octets).ok_or_else(|| "answer is cut".to_owned()),
        }
    }

    /// Asks for records at a name, as [`super::client::Dns::lookup`] does. Never fails: whatever happens is an outcome.
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let asked = if name == "." { name } else { name.strip_suffix('.').unwrap_or(name) };
        let mut lookup = Lookup::unsent(asked.to_owned(), Outcome::LocalError);
        let query = match Name::from_ascii(asked) {
            Ok(mut absolute) => {
                absolute.set_fqdn(true);
                Query::query(absolute, RecordType::from(R::TYPE))
            }
            Err(error) => {
                lookup.detail = Some(error.to_string());
                return lookup;
            }
        };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let ask = async |server: &Arc<Server>| {
            let begun = Instant::now();
            // If it died before this question's turn, there may be another one, or nobody to ask.
            let result = self.ask(server, query.clone()).await?;
            let mut attempt = interpret(asked, result);
            attempt.resolver = Some(server.connection.address());
            attempt.waited = begun.elapsed().min(self.retry.timeout);
            Some(attempt)
        };
        let Asking { health, counters, .. } = &*self.asking;
        Retry { health, counters, config: self.retry, turn }.run(&mut lookup, None, ask).await;
        lookup
    }

    /// Asks one resolver, on the thread that holds the connections; `None` if it has died by the time that it is this question's turn.
    async fn ask(&self, server: &Arc<Server>, query: Query) -> Option<Result<(Vec<u8>, Duration), Failure>> {
        let (asking, server) = (Arc::clone(&self.asking), Arc::clone(server));
        self.background.run(async move { asking.ask(&server, query).await }).await
    }
}

/// What the octets of a reply, and how long it took, or a failure are for a lookup.
fn interpret<R: ResourceRecord>(asked: &str, result: Result<(Vec<u8>, Duration), Failure>) -> Attempt<R> {
    let sent = u16::from(!matches!(result, Err(Failure::Local(_))));
    let mut attempt = match result {
        Ok((octets, rtt)) => attempt::read(asked, &octets, true, rtt).unwrap_or_else(|| {
            let mut other = Attempt::failed(Outcome::Malformed, None, Some("answer to another question".to_owned()));
            other.rtt = Some(rtt);
            other
        }),
        Err(failure) => failure.into(),
    };
    attempt.sent = sent;
    attempt
}

/// What every resolver has at hand.
fn root() -> Query {
    Query::query(Name::root(), RecordType::NS)
}

impl Asking {
    /// Whatever it says, it lives. It is asked past those who wait for their turn, which would be long if it is dead.
    async fn is_answering(&self, server: &Server) -> bool {
        self.send(server, root()).await.is_ok()
    }

    /// Asks one resolver; `None` if it has died by the time that it is this question's turn.
    async fn ask(&self, server: &Server, query: Query) -> Option<Result<(Vec<u8>, Duration), Failure>> {
        let _permit = server.connection.permit().await;
        if server.liveness.is_up() { Some(self.send(server, query).await) } else { None }
    }

    async fn send(&self, server: &Server, query: Query) -> Result<(Vec<u8>, Duration), Failure> {
        self.limits.acquire(Some(server.place), 1).await;
        let result = server.connection.ask(query).await;
        match &result {
            Err(Failure::Local(_)) => self.counters.local_errors.add(1),
            result => {
                self.counters.count_sent(server.counters.as_deref(), 1);
                self.counters.count_answers(server.counters.as_deref(), usize::from(result.is_ok()));
                self.counters.tcp.add(1);
                self.counters.timeouts.add(usize::from(matches!(result, Err(Failure::Silence(_)))));
            }
        }
        if result.is_ok() {
            self.health.answered(&server.liveness, Instant::now());
        }
        result
    }
}
