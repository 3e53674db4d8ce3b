//! The connection to one encrypted resolver: opened when it is needed, shared, opened again when it is dead.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hickory_resolver::net::NetError;
use hickory_resolver::net::h2::HttpsClientStream;
use hickory_resolver::net::runtime::{RuntimeProvider as _, Spawn as _, TokioRuntimeProvider};
use hickory_resolver::net::tls::tls_client_connect;
use hickory_resolver::net::xfer::{DnsExchange, DnsHandle as _, DnsMultiplexer, FirstAnswer as _};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, Query};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::attempt::Failure;
use super::counters::DnsCounters;
use super::exchange::is_local;
use super::resolvers::{EncryptedResolver, Transport};
use super::window::{InFlight, Permit};

/// Questions under way on one connection at most: as many as hickory's queue takes without refusing some, but for one that asks for a sign
/// of life.
const IN_FLIGHT: usize = 31;
/// And at least, however many stay without an answer.
const LEAST_IN_FLIGHT: usize = 4;
/// How long a connection that failed is not tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// Text of other people that is kept.
const MAX_TEXT: usize = 200;

type Exchange = DnsExchange<TokioRuntimeProvider>;

/// A resolver and the way to it. Lives on one runtime.
pub(super) struct Connection {
    resolver: EncryptedResolver,
    tls: Arc<ClientConfig>,
    timeout: Duration,
    state: Mutex<State>,
    in_flight: InFlight,
    /// Holds the tasks that drive the connections.
    provider: TokioRuntimeProvider,
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
        Self { resolver, tls, timeout, state: Mutex::new(State::Closed), in_flight, provider: TokioRuntimeProvider::new() }
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
    pub(super) async fn ask(&self, query: Query) -> Result<(Vec<u8>, Duration), Failure> {
        let (stream, fresh) = self.stream().await?;
        match self.exchange(&stream, query.clone()).await {
            Err(Failure::Silence(_)) if !fresh && stream.is_broken() => {
                let (stream, _) = self.stream().await?;
                self.exchange(&stream, query).await
            }
            result => result,
        }
    }

    async fn exchange(&self, stream: &Stream, query: Query) -> Result<(Vec<u8>, Duration), Failure> {
        let mut options = DnsRequestOptions::default();
        (options.recursion_desired, options.use_edns) = (true, true);
        let mut request = DnsRequest::from_query(query, options);
        // So that the resolver says whether it validated (RFC 6840 section 5.7).
        request.metadata.authentic_data = true;
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
                let name = ServerName::try_from(name.clone()).map_err(|error| NetError::from(error.to_string()))?;
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
    let text = |error: &dyn std::fmt::Display| error.to_string().chars().take(MAX_TEXT).collect::<String>();
    match error {
        NetError::Io(error) if is_local(error) => Failure::Local(error.to_string()),
        NetError::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(why)) => Failure::Silence(format!("its certificate is not accepted: {why}")),
            Some(why) => Failure::Silence(format!("no TLS with it: {why}")),
            None => Failure::Silence(error.to_string()),
        },
        NetError::Timeout => Failure::Silence("no answer in time".to_owned()),
        NetError::Proto(why) => Failure::Unusable(format!("answer cannot be read: {}", text(why))),
        NetError::Msg(why) => Failure::Unusable(text(why)),
        error => Failure::Silence(text(error)),
    }
}
