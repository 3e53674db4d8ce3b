//! Lookups by resolvers that are asked over TLS or HTTPS: the same attempts and outcomes as over UDP, nothing readable on the way.
//!
//! One connection to each resolver: opened when it is needed, shared by all workers, opened again when it is dead.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::net::NetError;
use hickory_resolver::net::h2::HttpsClientStream;
use hickory_resolver::net::runtime::{RuntimeProvider as _, Spawn as _};
use hickory_resolver::net::tls::tls_client_connect;
use hickory_resolver::net::xfer::{DnsExchange, DnsHandle as _, DnsMultiplexer, FirstAnswer as _};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::answer::ResourceRecord;
use super::attempt::{self, Attempt, Failure, Retry, RetryConfig};
use super::counters::{DnsCounters, ResolverCounters};
use super::exchange::{denies, invented_name, is_local};
use super::flow::{DnsLimits, InFlight, Permit};
use super::health::{Health, Liveness, Watched};
use super::hickory::Background;
use super::message::{Header, NOERROR, NXDOMAIN};
use super::resolvers::{DnsError, EncryptedResolver, Transport};
use super::validation::{Said, ValidationTest};
use crate::evidence::{Lookup, Outcome};
use crate::observe::source::Provider;
use crate::words;

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
    /// [`DnsError::NoResolvers`], or [`DnsError::Threads`] if no thread can be started.
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

    /// What shows that a resolver does not validate, for each in the order of the configuration.
    pub async fn validate(&self, test: ValidationTest<'_>) -> Vec<(SocketAddr, Result<(), String>)> {
        join_all(self.asking.health.members().iter().map(async |server| {
            let ask = async |name: &str, record_type: u16| {
                let mut name = Name::from_ascii(name).map_err(|_| "no name of DNS".to_owned())?;
                name.set_fqdn(true);
                let header = self.header(server, Query::query(name, RecordType::from(record_type))).await?;
                Ok(Said { rcode: header.plain_rcode(), authenticated: header.is_authenticated() })
            };
            (server.connection.address(), test.run(ask).await)
        }))
        .await
    }

    async fn examine(&self, server: &Arc<Server>) -> Result<(), String> {
        let header = self.header(server, root()).await?;
        if !matches!(header.plain_rcode(), NOERROR | NXDOMAIN) {
            return Err(Failure::Rcode(header.plain_rcode()).to_string());
        }
        let mut invented = Name::from_ascii(invented_name()).map_err(|_| "no name of DNS".to_owned())?;
        invented.set_fqdn(true);
        let header = self.header(server, Query::query(invented, RecordType::A)).await?;
        denies(header.plain_rcode(), header.answers)
    }

    async fn header(&self, server: &Arc<Server>, query: Query) -> Result<Header, String> {
        match self.ask(server, query, Checking::Enabled).await {
            None => Err("no answer".to_owned()),
            Some(Err(failure)) => Err(failure.to_string()),
            Some(Ok((octets, _))) => Header::read(&octets).ok_or_else(|| "answer is cut".to_owned()),
        }
    }

    /// Asks for records at a name, as [`super::client::Dns::lookup`] does. Never fails: whatever happens is an outcome.
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        self.lookup_as(name, Checking::Enabled).await
    }

    /// The same question to resolvers that are asked not to validate (CD bit, RFC 4035 section 3.2.2).
    pub async fn lookup_unchecked<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        self.lookup_as(name, Checking::Disabled).await
    }

    async fn lookup_as<R: ResourceRecord>(&self, name: &str, checking: Checking) -> Lookup<R> {
        let asked = if name == "." { name } else { name.strip_suffix('.').unwrap_or(name) };
        let mut lookup = Lookup::unsent(asked.to_owned(), Outcome::LocalError);
        let query = match Name::from_ascii(asked) {
            Ok(mut absolute) => {
                absolute.set_fqdn(true);
                Query::query(absolute, RecordType::from(R::TYPE))
            }
            Err(_) => {
                lookup.detail = Some("no name of DNS".to_owned());
                return lookup;
            }
        };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let ask = async |server: &Arc<Server>| {
            let begun = Instant::now();
            // If it died before this question's turn, there may be another one, or nobody to ask.
            let result = self.ask(server, query.clone(), checking).await?;
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
    async fn ask(&self, server: &Arc<Server>, query: Query, checking: Checking) -> Option<Result<(Vec<u8>, Duration), Failure>> {
        let (asking, server) = (Arc::clone(&self.asking), Arc::clone(server));
        self.background.run(async move { asking.ask(&server, query, checking).await }).await
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
    /// Any answer, an error too, shows that the resolver is reachable. It is asked past those who wait for their turn, which would be long if it is dead.
    async fn is_answering(&self, server: &Server) -> bool {
        self.send(server, root(), Checking::Enabled).await.is_ok()
    }

    /// Asks one resolver; `None` if it has died by the time that it is this question's turn.
    async fn ask(&self, server: &Server, query: Query, checking: Checking) -> Option<Result<(Vec<u8>, Duration), Failure>> {
        let _permit = server.connection.permit().await;
        if server.liveness.is_up() { Some(self.send(server, query, checking).await) } else { None }
    }

    async fn send(&self, server: &Server, query: Query, checking: Checking) -> Result<(Vec<u8>, Duration), Failure> {
        self.limits.acquire(Some(server.place), 1).await;
        let result = server.connection.ask(query, checking).await;
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

/// Questions under way on one connection at most: as many as hickory's queue takes without refusing some, but for one that asks for a sign
/// of life.
const IN_FLIGHT: usize = 31;
/// And at least, however many stay without an answer.
const LEAST_IN_FLIGHT: usize = 4;
/// How long a connection that failed is not tried again.
const PAUSE: Duration = Duration::from_secs(1);

type Exchange = DnsExchange<Provider>;

/// Whether a resolver that validates is to do so (CD bit, RFC 4035 section 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checking {
    Enabled,
    Disabled,
}

/// A resolver and the way to it. Lives on one runtime.
pub(super) struct Connection {
    resolver: EncryptedResolver,
    tls: Arc<ClientConfig>,
    timeout: Duration,
    state: Mutex<State>,
    in_flight: InFlight,
    /// Holds the tasks that drive the connections.
    provider: Provider,
}

enum State {
    Closed,
    Open(Arc<Stream>),
    Failed(Instant, Failure),
}

/// An open connection.
struct Stream {
    exchange: Exchange,
    opened: Instant,
    /// Milliseconds from its opening to its last answer.
    last_answer: AtomicU64,
    broken: AtomicBool,
}

impl Connection {
    /// No connection yet.
    pub(super) fn new(resolver: EncryptedResolver, tls: Arc<ClientConfig>, timeout: Duration, counters: Arc<DnsCounters>) -> Self {
        let in_flight = InFlight::new(LEAST_IN_FLIGHT, IN_FLIGHT, timeout, counters);
        Self { resolver, tls, timeout, state: Mutex::new(State::Closed), in_flight, provider: Provider::default() }
    }

    /// Where the resolver listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.resolver.address
    }

    /// Waits until another question may be asked.
    pub(super) async fn permit(&self) -> Permit<'_> {
        self.in_flight.acquire().await
    }

    /// Asks one question and gives the octets of the answer and how long it took. A connection that the resolver has closed meanwhile is
    /// opened again at once.
    pub(super) async fn ask(&self, query: Query, checking: Checking) -> Result<(Vec<u8>, Duration), Failure> {
        let (stream, fresh) = self.stream().await?;
        match self.exchange(&stream, query.clone(), checking).await {
            Err(Failure::Silence(_)) if !fresh && stream.is_broken() => {
                let (stream, _) = self.stream().await?;
                self.exchange(&stream, query, checking).await
            }
            result => result,
        }
    }

    async fn exchange(&self, stream: &Stream, query: Query, checking: Checking) -> Result<(Vec<u8>, Duration), Failure> {
        let mut options = DnsRequestOptions::default();
        (options.recursion_desired, options.use_edns) = (true, true);
        let mut request = DnsRequest::from_query(query, options);
        // So that the resolver says whether it validated (RFC 6840 section 5.7).
        request.metadata.authentic_data = true;
        request.metadata.checking_disabled = checking == Checking::Disabled;
        let departed = Instant::now();
        match tokio::time::timeout(self.timeout, stream.exchange.send(request).first_answer()).await {
            Ok(Ok(response)) => {
                stream.answered();
                self.in_flight.ended(true);
                Ok((response.into_buffer(), departed.elapsed()))
            }
            Ok(Err(NetError::Timeout)) | Err(_) => Err(self.late(stream)),
            Ok(Err(error)) => {
                stream.break_off();
                Err(failure(&error))
            }
        }
    }

    /// One question may be slow; a connection without any answer for twice as long is dead.
    fn late(&self, stream: &Stream) -> Failure {
        self.in_flight.ended(false);
        if stream.silent_for() > 2 * self.timeout {
            stream.break_off();
        }
        Failure::Silence(format!("no answer in {} ms", self.timeout.as_millis()))
    }

    /// The open connection, and whether it was opened for the caller.
    async fn stream(&self) -> Result<(Arc<Stream>, bool), Failure> {
        let mut state = self.state.lock().await;
        match &*state {
            State::Open(stream) if !stream.is_broken() => return Ok((Arc::clone(stream), false)),
            State::Failed(at, failure) if at.elapsed() < PAUSE => return Err(failure.clone()),
            _ => {}
        }
        let opened = match tokio::time::timeout(self.timeout, self.open()).await {
            Ok(result) => result.map_err(|error| failure(&error)),
            Err(_) => Err(Failure::Silence(format!("no connection in {} ms", self.timeout.as_millis()))),
        };
        match opened {
            Ok(exchange) => {
                let (opened, last_answer, broken) = (Instant::now(), AtomicU64::new(0), AtomicBool::new(false));
                let stream = Arc::new(Stream { exchange, opened, last_answer, broken });
                *state = State::Open(Arc::clone(&stream));
                Ok((stream, true))
            }
            Err(failure) => {
                *state = State::Failed(Instant::now(), failure.clone());
                Err(failure)
            }
        }
    }

    async fn open(&self) -> Result<Exchange, NetError> {
        let EncryptedResolver { address, name, transport } = &self.resolver;
        let provider = self.provider.clone();
        let tls = Arc::clone(&self.tls);
        match transport {
            // Not hickory's `tls_exchange`, which leaves the server name out: some resolvers have several certificates.
            Transport::Tls => {
                let name = ServerName::try_from(name.clone()).map_err(|_| NetError::from("its name cannot stand in a TLS handshake"))?;
                let (tls_stream, sender) = tls_client_connect(*address, name, tls, provider.clone());
                let multiplexer = DnsMultiplexer::new(tls_stream.await?, sender).with_timeout(self.timeout);
                let (exchange, background) = Exchange::from_stream(multiplexer);
                provider.create_handle().spawn_bg(background);
                Ok(exchange)
            }
            Transport::Https(path) => {
                let mut builder = HttpsClientStream::builder(tls, provider.clone());
                builder.request_timeout(self.timeout);
                builder.exchange(*address, name.as_str().into(), path.as_str().into()).await
            }
        }
    }
}

impl Stream {
    fn answered(&self) {
        let elapsed = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_answer.store(elapsed, Ordering::Relaxed);
    }

    fn silent_for(&self) -> Duration {
        self.opened.elapsed().saturating_sub(Duration::from_millis(self.last_answer.load(Ordering::Relaxed)))
    }

    fn break_off(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }
}

/// What an error of hickory's says of a resolver.
fn failure(error: &NetError) -> Failure {
    match error {
        NetError::Io(error) if is_local(error) => Failure::Local(words::system(error)),
        NetError::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(why @ rustls::Error::InvalidCertificate(_)) => Failure::Silence(words::tls(why)),
            Some(why) => Failure::Silence(format!("no TLS with it: {}", words::tls(why))),
            None => Failure::Silence(words::system(error)),
        },
        NetError::Timeout => Failure::Silence("no answer in time".to_owned()),
        NetError::Proto(_) | NetError::Decode(_) => Failure::Unusable("answer cannot be read".to_owned()),
        // How the library says that a resolver answers another status than 200, or another media type.
        NetError::Msg(_) | NetError::Message(_) => Failure::Unusable("it does not answer as a resolver does".to_owned()),
        NetError::H2(_) => Failure::Silence("it breaks the rules of HTTP/2, or has closed the connection".to_owned()),
        NetError::RustlsError(why) => Failure::Silence(format!("no TLS with it: {}", words::tls(why))),
        _ => Failure::Silence("the connection to it failed".to_owned()),
    }
}
