//! One conversation with a mail server, step by step: greeting, EHLO, STARTTLS, handshake, EHLO, QUIT (RFC 3207); and the second, wide
//! hello where the handshake leaves a question.
//!
//! What it never does: speak before the greeting has ended, send two commands at once, or anything but EHLO, STARTTLS and QUIT.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::line::Line;
use crate::evidence::{Conversation, FetchError, FetchFault, FetchStage, SecondHello, Tlsa};
use crate::observe::address::own_lack_of_route;
use crate::observe::clock::Clock;
use crate::observe::tls::{self, Answer, Handshaker, Session};
use crate::observe::wire::Metered;
use crate::observe::{certificate, fault, source};
use crate::parse::smtp_reply::Reply;

/// Limit for EHLO and for STARTTLS.
const COMMAND: Duration = Duration::from_secs(30);
/// Limit for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(20);

/// What all conversations of a scan have in common.
pub(super) struct Speaker {
    pub(super) tls: Handshaker,
    pub(super) roots: Arc<RootCertStore>,
    /// What stands behind EHLO.
    pub(super) name: String,
    pub(super) connect_timeout: Duration,
    pub(super) greeting_timeout: Duration,
}

/// Whom one conversation is with.
pub(super) struct Partner<'p> {
    /// Where the server is.
    pub(super) peer: SocketAddr,
    /// The MX host.
    pub(super) host: &'p str,
    /// Its TLSA records.
    pub(super) tlsa: &'p [&'p Tlsa],
}

/// A conversation and the certificates that it was shown.
pub(super) struct Held {
    pub(super) conversation: Box<Conversation>,
    pub(super) chain: Arc<Vec<CertificateDer<'static>>>,
}

type Tcp = Metered<TcpStream>;

impl Speaker {
    /// Holds a conversation; `again` waits for the turn of another connection, or says that there is none.
    pub(super) async fn converse(&self, partner: &Partner<'_>, mut seen: Box<Conversation>, again: impl AsyncFnOnce() -> bool) -> Held {
        let mut clock = self.clock();
        let (result, mut chain) = self.exchange(partner, &mut seen, &clock).await;
        seen.error = result.err();
        let asks = |error: &FetchError| tls::leaves_a_question(error, seen.certificate.is_some());
        if seen.error.as_ref().is_some_and(asks) {
            // Rare and large: apart, so that the others in flight are spared its room.
            Box::pin(async {
                let waiting = Instant::now();
                if again().await {
                    clock.pause(waiting.elapsed());
                    seen.connections = seen.connections.saturating_add(1);
                    let (hello, presented) = self.second_hello(partner, &clock).await;
                    seen.second_hello = Some(hello);
                    chain = Arc::new(presented);
                    describe_chain(&mut seen, &chain, partner.tlsa, UnixTime::now());
                } else {
                    clock.pause(waiting.elapsed());
                }
            })
            .await;
        }
        seen.timings.total_ms = clock.elapsed_ms();
        Held { conversation: seen, chain }
    }

    /// Each step has a limit of its own, and two connections may take all of them.
    fn clock(&self) -> Clock {
        Clock::start((self.connect_timeout + self.greeting_timeout + COMMAND * 3 + HANDSHAKE) * 2)
    }

    async fn exchange(
        &self,
        partner: &Partner<'_>,
        seen: &mut Conversation,
        clock: &Clock,
    ) -> (Result<(), FetchError>, Arc<Vec<CertificateDer<'static>>>) {
        let tcp = match self.until_tls(partner.peer, seen, clock).await {
            Ok(Some(tcp)) => tcp,
            Ok(None) => return (Ok(()), Arc::default()),
            Err(error) => return (Err(error), Arc::default()),
        };
        let name = match ServerName::try_from(partner.host.to_owned()) {
            Ok(name) => name,
            Err(error) => return (Err(fault::of(FetchStage::Tls, &error)), Arc::default()),
        };
        let (connecting, shown) = self.tls.begin(name.clone(), tcp);
        // On the heap, as is the stream that comes of it: both are large, and a future has a copy for every step of their way.
        let (result, took) = clock.time(FetchStage::Tls, Some(HANDSHAKE), Box::pin(connecting)).await;
        seen.timings.tls_ms = Some(took);
        let mut chain = Arc::default();
        if let Some(presented) = shown.presented() {
            chain = Arc::clone(&presented.chain);
            seen.certificate = certificate::examine(&chain, &name, &self.roots, presented.at);
            describe_chain(seen, &chain, partner.tlsa, presented.at);
        }
        let result = match result {
            Ok(tls) => {
                let session = Session::of(tls.get_ref().1);
                (seen.tls_version, seen.tls_cipher, seen.key_exchange) = (session.version, session.cipher, session.key_exchange);
                self.within_tls(Line::new(Box::new(tls)), seen, clock).await
            }
            Err(error) => Err(tls::unsupported(error, &shown)),
        };
        seen.client_auth = shown.client_auth();
        (result, chain)
    }

    /// Everything before the handshake; the connection where the server is ready for it, `None` where it does not offer STARTTLS.
    async fn until_tls(&self, peer: SocketAddr, seen: &mut Conversation, clock: &Clock) -> Result<Option<Tcp>, FetchError> {
        let (tcp, took) = clock.time(FetchStage::Connect, Some(self.connect_timeout), source::tcp(peer)).await;
        seen.timings.connect_ms = Some(took);
        let mut line = Line::new(Metered::new(tcp.map_err(|error| own_lack_of_route(error, peer))?));
        match self.in_the_clear(&mut line, seen, clock).await {
            Ok(true) => {
                let (tcp, surplus) = line.into_stream().await.map_err(|error| fault::of(FetchStage::Starttls, &error))?;
                let Some(surplus) = surplus else { return Ok(Some(tcp)) };
                if let Some(alert) = alert_in(&surplus) {
                    return Err(fault::of(FetchStage::Tls, &rustls::Error::AlertReceived(alert.into())));
                }
                seen.surplus = Some(surplus);
                Err(protocol(FetchStage::Starttls, "it sends unencrypted data behind its go-ahead for TLS"))
            }
            Ok(false) => {
                line.quit().await;
                Ok(None)
            }
            Err(error) => {
                // Who refuses still listens; to whom sends something else, or nothing, there is nothing to say.
                if error.fault == FetchFault::SmtpRefused {
                    line.quit().await;
                }
                Err(error)
            }
        }
    }

    /// Greeting, EHLO and, where it is offered, STARTTLS; whether the server is ready for a handshake.
    async fn in_the_clear(&self, line: &mut Line<Tcp>, seen: &mut Conversation, clock: &Clock) -> Result<bool, FetchError> {
        let (greeting, took) = clock.time(FetchStage::Greeting, Some(self.greeting_timeout), line.reply()).await;
        (seen.timings.greeting_ms, seen.greeting) = (Some(took), line.take());
        agreed(FetchStage::Greeting, &or_tarpit(greeting, line)?)?;
        let (ehlo, took) = self.ehlo(line, FetchStage::Ehlo, clock).await;
        (seen.timings.ehlo_ms, seen.ehlo) = (Some(took), line.take());
        let ehlo = or_tarpit(ehlo, line)?;
        agreed(FetchStage::Ehlo, &ehlo)?;
        if !ehlo.keywords().any(|keyword| keyword.is("STARTTLS")) {
            // A tarpit offers nothing; that says nothing of the mail server behind it.
            return if line.drips() { Err(tarpit(FetchStage::Ehlo)) } else { Ok(false) };
        }
        unasked(line, FetchStage::Starttls)?;
        let (starttls, took) = clock.time(FetchStage::Starttls, Some(COMMAND), line.ask("STARTTLS\r\n")).await;
        (seen.timings.starttls_ms, seen.starttls) = (Some(took), Some(line.take().unwrap_or_default()));
        let starttls = or_tarpit(starttls, line)?;
        agreed(FetchStage::Starttls, &starttls)?;
        if seen.starttls == seen.ehlo {
            return Err(protocol(FetchStage::Starttls, "it sends its reply to EHLO twice"));
        }
        Ok(true)
    }

    async fn ehlo<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        line: &mut Line<S>,
        stage: FetchStage,
        clock: &Clock,
    ) -> (Result<Reply, FetchError>, u32) {
        if line.has_more() {
            // What stands behind the greeting is a change of mind (421, say), or no SMTP.
            let (reply, took) = clock.time(stage, Some(COMMAND), line.reply()).await;
            let refused = reply.and_then(|reply| agreed(stage, &reply).map(|()| reply));
            return (refused.and_then(|_| Err(protocol(stage, UNASKED))), took);
        }
        clock.time(stage, Some(COMMAND), line.ask(&format!("EHLO {}\r\n", self.name))).await
    }

    /// EHLO within TLS. Who insists on a certificate of ours refuses only now, in TLS 1.3.
    async fn within_tls<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut line: Line<S>,
        seen: &mut Conversation,
        clock: &Clock,
    ) -> Result<(), FetchError> {
        let (ehlo, _) = self.ehlo(&mut line, FetchStage::EhloInTls, clock).await;
        seen.ehlo_in_tls = line.take();
        let result = or_tarpit(ehlo, &line).and_then(|ehlo| agreed(FetchStage::EhloInTls, &ehlo));
        if result.as_ref().err().is_none_or(|error| error.fault == FetchFault::SmtpRefused) {
            line.quit().await;
        }
        result
    }

    /// Asks the same address once more, with a hello that offers everything; what is said before is as above.
    async fn second_hello(&self, partner: &Partner<'_>, clock: &Clock) -> (SecondHello, Vec<CertificateDer<'static>>) {
        let (mut answer, begun) = (Answer::default(), Instant::now());
        let mut before = Conversation::new(partner.peer.ip());
        let error = match self.until_tls(partner.peer, &mut before, clock).await {
            Ok(Some(mut tcp)) => {
                let hello = tls::wide_hello(&mut tcp, partner.host, &[], &mut answer);
                clock.time(FetchStage::Tls, Some(HANDSHAKE), hello).await.0.err()
            }
            Ok(None) => Some(protocol(FetchStage::Ehlo, "it offers STARTTLS no longer")),
            Err(error) => Some(error),
        };
        let chain = answer.chain.clone();
        (tls::second_hello(answer, partner.host, &self.roots, begun, error), chain)
    }
}

/// Records the hashes of a chain, and where it leads if TLSA records ask.
pub(super) fn describe_chain(seen: &mut Conversation, chain: &[CertificateDer<'_>], tlsa: &[&Tlsa], now: UnixTime) {
    seen.chain = certificate::described(chain, certificate::asks_for_paths(tlsa.iter().copied()), now);
    seen.given_anchors = certificate::given_anchors(chain, tlsa.iter().copied(), now);
}

/// The alert of a server that ends TLS before it has read a hello, as one does whose library has none of the versions that it is to speak.
fn alert_in(octets: &[u8]) -> Option<u8> {
    match octets {
        [21, 3, _, 0, 2, 1 | 2, alert] => Some(*alert),
        _ => None,
    }
}

const UNASKED: &str = "it sends a reply that nobody has asked for";

fn protocol(stage: FetchStage, text: &str) -> FetchError {
    FetchError::new(stage, FetchFault::SmtpProtocol, text)
}

fn tarpit(stage: FetchStage) -> FetchError {
    FetchError::new(stage, FetchFault::Tarpit, "it sends a few octets at a time, with a pause before each")
}

/// A reply without end that drips on is one that is not to end.
fn or_tarpit<S: AsyncRead + AsyncWrite + Unpin>(reply: Result<Reply, FetchError>, line: &Line<S>) -> Result<Reply, FetchError> {
    reply.map_err(|error| match error.fault {
        FetchFault::Timeout if line.drips() => tarpit(error.stage),
        _ => error,
    })
}

/// The server has to agree: to EHLO with 250 alone (RFC 5321 section 4.3.2), to all else with any 2yz.
fn agreed(stage: FetchStage, reply: &Reply) -> Result<(), FetchError> {
    let ehlo = matches!(stage, FetchStage::Ehlo | FetchStage::EhloInTls);
    match reply.code {
        250 => Ok(()),
        200..=299 if !ehlo => Ok(()),
        code @ 400..=599 => Err(FetchError::new(stage, FetchFault::SmtpRefused, format!("it replies with the code {code}"))),
        code => Err(protocol(stage, &format!("it replies with the code {code:03}, which is none of this place"))),
    }
}

/// Whether a reply was followed by another before anything was asked.
fn unasked<S: AsyncRead + AsyncWrite + Unpin>(line: &Line<S>, stage: FetchStage) -> Result<(), FetchError> {
    if line.has_more() { Err(protocol(stage, UNASKED)) } else { Ok(()) }
}
