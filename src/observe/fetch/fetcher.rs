//! The exchange, step by step: choose an address, connect, handshake, ask.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use super::config::{FetchConfig, FetchConfigError};
use super::counters::FetchCounters;
use super::http;
use super::limits::Limits;
use crate::evidence::{Connection, Fetch, FetchError, FetchFault, FetchStage, SecondHello};
use crate::exclusion::Exclusion;
use crate::observe::address::{self, own_lack_of_route};
use crate::observe::clock::Clock;
use crate::observe::tls::{self, Answer, Handshaker, Session};
use crate::observe::wire::Metered;
use crate::observe::{certificate, fault, source};

/// Where every policy is (RFC 8461 section 3.2).
pub(in crate::observe) const POLICY_PATH: &str = "/.well-known/mta-sts.txt";

/// What a wide hello offers by ALPN: a server that insists on HTTP/2 has it.
const WIDE_ALPN: &[&str] = &["h2", "http/1.1"];

/// What is asked of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// GET of a path over HTTPS.
    Tls(&'static str),
    /// GET of a path over plain HTTP, which no sender would make.
    Plain(&'static str),
    /// A TLS handshake, and no request.
    Handshake,
}

impl RequestKind {
    /// The URL of the kind at a host, whatever port the configuration puts in place of the usual one.
    fn url(self, host: &str) -> String {
        match self {
            Self::Tls(path) => format!("https://{host}{path}"),
            Self::Plain(path) => format!("http://{host}{path}"),
            Self::Handshake => format!("https://{host}"),
        }
    }
}

/// Fetches policies; one for a scan, shared by its worker threads.
pub struct Fetcher {
    config: FetchConfig,
    user_agent: String,
    tls: Handshaker,
    roots: RootCertStore,
    exclusion: Arc<Exclusion>,
    limits: Limits,
    counters: Arc<FetchCounters>,
}

impl Fetcher {
    /// Prepares fetching with the trusted roots of [`built_in_roots`](super::config::built_in_roots) and [`add_roots`](super::config::add_roots).
    ///
    /// # Errors
    /// Where a setting is out of its range.
    pub fn new(config: FetchConfig, roots: RootCertStore, exclusion: Arc<Exclusion>) -> Result<Self, FetchConfigError> {
        config.check()?;
        Ok(Self {
            user_agent: config.user_agent(),
            tls: Handshaker::new(&["http/1.1"]).map_err(FetchConfigError::Tls)?,
            limits: Limits::new(config.fetch_concurrency, config.fetch_rate.into(), config.host_rate.into()),
            counters: Arc::default(),
            config,
            roots,
            exclusion,
        })
    }

    /// Running totals.
    pub fn counters(&self) -> &Arc<FetchCounters> {
        &self.counters
    }

    /// One GET of `https://HOST/.well-known/mta-sts.txt` from one of the addresses, and everything that was seen of it.
    ///
    /// `host` is lower-case A-labels without a trailing dot. Waits for the limits first, which the timings do not count.
    pub async fn fetch(&self, host: &str, addresses: Vec<IpAddr>) -> Box<Fetch> {
        self.run(host, RequestKind::Tls(POLICY_PATH), addresses).await
    }

    /// Any other kind at one of the addresses, under the same limits; in short.
    pub async fn connection(&self, host: &str, kind: RequestKind, addresses: Vec<IpAddr>) -> Connection {
        Connection::new(kind.url(host), *self.run(host, kind, addresses).await)
    }

    async fn run(&self, host: &str, kind: RequestKind, addresses: Vec<IpAddr>) -> Box<Fetch> {
        let mut fetch = Box::new(Fetch::new(address::in_order(addresses)));
        let mut clock = Clock::start(self.config.total_timeout);
        let _in_flight = self.counters.start();
        fetch.error = self.exchange(host, kind, &mut fetch, &mut clock).await.err();
        if !matches!(kind, RequestKind::Plain(_)) {
            // Rare and large: apart, so that those who wait for the limits are spared its room.
            fetch.second_hello = Box::pin(self.second_hello(host, &fetch, &mut clock)).await;
        }
        fetch.timings.total_ms = clock.elapsed_ms();
        self.counters.record(&fetch);
        fetch
    }

    async fn exchange(&self, host: &str, kind: RequestKind, fetch: &mut Fetch, clock: &mut Clock) -> Result<(), FetchError> {
        let chosen = address::choose(&fetch.addresses, self.config.allow_private, &self.exclusion)?;
        let (port, usual) = match kind {
            RequestKind::Plain(_) => (self.config.http_port, 80),
            RequestKind::Tls(_) | RequestKind::Handshake => (self.config.https_port, 443),
        };
        let authority = if port == usual { host.to_owned() } else { format!("{host}:{port}") };
        let (tcp, _permit) = self.connect(&chosen, port, fetch, clock).await?;
        // Apart: thousands may wait for the limits, and few are connected.
        Box::pin(self.talk((host, &authority), kind, Metered::new(tcp), fetch, clock)).await
    }

    async fn talk(
        &self,
        (host, authority): (&str, &str),
        kind: RequestKind,
        tcp: Metered<TcpStream>,
        fetch: &mut Fetch,
        clock: &Clock,
    ) -> Result<(), FetchError> {
        match kind {
            RequestKind::Plain(path) => http::get(&http::request(authority, path, &self.user_agent), tcp, fetch, clock).await,
            RequestKind::Tls(path) => {
                let tls = self.handshake(host, tcp, fetch, clock).await?;
                http::get(&http::request(authority, path, &self.user_agent), tls, fetch, clock).await
            }
            RequestKind::Handshake => self.handshake(host, tcp, fetch, clock).await.map(drop),
        }
    }

    /// Where a handshake failed in a way that may be due to our library, asks the same address again with a wide hello; under the same
    /// limits and the same deadline.
    async fn second_hello(&self, host: &str, fetch: &Fetch, clock: &mut Clock) -> Option<SecondHello> {
        let asks = |error: &FetchError| tls::leaves_a_question(error, fetch.certificate.is_some());
        let address = fetch.address.filter(|_| fetch.error.as_ref().is_some_and(asks))?;
        let waiting = Instant::now();
        let _permit = self.limits.admit(address).await;
        clock.pause(waiting.elapsed());
        let (mut answer, begun) = (Answer::default(), Instant::now());
        let peer = SocketAddr::new(address, self.config.https_port);
        let (connected, _) = clock.time(FetchStage::Connect, Some(self.config.connect_timeout), source::tcp(peer)).await;
        let error = match connected {
            Ok(tcp) => {
                let mut tcp = Metered::new(tcp);
                clock.time(FetchStage::Tls, None, tls::wide_hello(&mut tcp, host, WIDE_ALPN, &mut answer)).await.0.err()
            }
            Err(error) => Some(error),
        };
        Some(tls::second_hello(answer, host, &self.roots, begun, error))
    }

    /// The next address is tried only where there is no connection to the one before.
    async fn connect(
        &self,
        chosen: &[IpAddr],
        port: u16,
        fetch: &mut Fetch,
        clock: &mut Clock,
    ) -> Result<(TcpStream, Option<SemaphorePermit<'_>>), FetchError> {
        let mut failure: Option<FetchError> = None;
        for &address in chosen {
            let waiting = Instant::now();
            let permit = self.limits.admit(address).await;
            clock.pause(waiting.elapsed());
            let peer = SocketAddr::new(address, port);
            fetch.tried.push(address);
            let (result, took) = clock.time(FetchStage::Connect, Some(self.config.connect_timeout), source::tcp(peer)).await;
            fetch.timings.connect_ms = Some(took);
            match result {
                Ok(tcp) => {
                    fetch.address = Some(address);
                    return Ok((tcp, permit));
                }
                Err(error) => failure = Some(more_telling(failure, own_lack_of_route(error, peer))),
            }
            if clock.is_over() {
                break;
            }
        }
        Err(failure.unwrap_or_else(|| fault::timeout(FetchStage::Connect)))
    }

    async fn handshake(
        &self,
        host: &str,
        tcp: Metered<TcpStream>,
        fetch: &mut Fetch,
        clock: &Clock,
    ) -> Result<TlsStream<Metered<TcpStream>>, FetchError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| fault::of(FetchStage::Tls, &error))?;
        let (connecting, shown) = self.tls.begin(name.clone(), tcp);
        let (result, took) = clock.time(FetchStage::Tls, None, connecting).await;
        fetch.timings.tls_ms = Some(took);
        fetch.certificate = shown.presented().and_then(|seen| certificate::examine(&seen.chain, &name, &self.roots, seen.at));
        let tls = result.map_err(|error| tls::unsupported(error, &shown))?;
        let session = Session::of(tls.get_ref().1);
        (fetch.tls_version, fetch.tls_cipher, fetch.alpn) = (session.version, session.cipher, session.alpn);
        Ok(tls)
    }
}

/// Of several failed connections the last is reported, but a fault of the host rather than one of ours.
fn more_telling(before: Option<FetchError>, after: FetchError) -> FetchError {
    match before {
        Some(before) if after.fault == FetchFault::Local => before,
        _ => after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(fault: FetchFault) -> FetchError {
        FetchError::new(FetchStage::Connect, fault, fault.as_str())
    }

    #[test]
    fn our_own_faults_do_not_hide_the_hosts() {
        let told = |before: Option<FetchFault>, after| more_telling(before.map(failure), failure(after)).fault;
        assert_eq!(told(Some(FetchFault::Refused), FetchFault::Timeout), FetchFault::Timeout);
        assert_eq!(told(Some(FetchFault::Refused), FetchFault::Local), FetchFault::Refused);
        assert_eq!(told(Some(FetchFault::Local), FetchFault::Refused), FetchFault::Refused);
        assert_eq!(told(None, FetchFault::Local), FetchFault::Local);
    }
}
