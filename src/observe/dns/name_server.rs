//! The way from hickory's recursor to authoritative servers: our sockets, our limits, and answers that it would misread turned into failures.
//!
//! hickory's own UDP resends after 333 ms at the earliest, gives a whole set of servers five seconds, stops at the first server that
//! answers REFUSED or SERVFAIL, and knows neither rates nor a limit of questions to one server. What leaves this machine is therefore
//! sent here: one datagram a question, the next server at once after a failure.

use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, FuturesUnordered, Stream, StreamExt as _};
use hickory_resolver::config::{ConnectionConfig, ProtocolConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::DnsHandle;
use hickory_resolver::proto::op::{DnsRequest, DnsResponse};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{ConnectionProvider, PoolContext};
use tokio::time::Instant;

use super::attempt::Failure;
use super::counters::DnsCounters;
use super::exchange::{Channel, is_local, is_reply, question_end};
use super::extended_error;
use super::flow::{DnsLimits, InFlight};
use super::health::{Health, Liveness};
use super::hickory::{note, note_failure, presentation};
use super::message::{BADVERS, FORMERR, Header, NOERROR, NOTIMP, NXDOMAIN, Question};
use crate::exclusion::Exclusion;
use crate::name::address::special_use;
use crate::observe::limit::{AddressLimit, AddressLimits};
use crate::words;

/// Root servers that are asked together for a sign of life.
const ASKED_FOR_LIFE: usize = 3;

/// Whether the network is alive: one liveness for all name servers, which every answer of any of them keeps up.
pub(super) struct Network {
    liveness: Arc<Liveness>,
    health: Health<Arc<Liveness>>,
}

impl Network {
    /// A network that is thought to be alive.
    pub(super) fn new() -> Self {
        let liveness = Arc::<Liveness>::default();
        Self { health: Health::new(vec![Arc::clone(&liveness)]), liveness }
    }

    /// Waits until the network is alive; `false` if it is not in the time given.
    pub(super) async fn wait(&self, patience: Option<Duration>) -> bool {
        self.health.wait(0, patience).await.is_some()
    }

    /// Whether it is alive, by signs of life from `since` on, and has been all the time from `begun` on.
    pub(super) async fn was_alive(&self, since: Instant, begun: Instant) -> bool {
        self.health.is_alive(&self.liveness, since).await && !self.health.was_benched_since(&self.liveness, begun)
    }

    /// Watches, until it is dropped, whether one of the root servers answers.
    pub(super) async fn watch(&self, servers: &NameServers, roots: &[IpAddr], counters: &Arc<DnsCounters>, pause: Duration) {
        self.health.look_after(&self.liveness, counters, pause, || servers.is_root_answering(roots)).await;
    }

    fn answered(&self) {
        self.health.answered(&self.liveness, Instant::now());
    }
}

/// How name servers are asked.
pub(super) struct NameServerConfig {
    /// Port of all name servers.
    pub(super) port: u16,
    /// How long to wait for one answer.
    pub(super) timeout: Duration,
    /// Queries a second to one server, 0 for no limit.
    pub(super) rate: u32,
    /// Questions that may wait for one server.
    pub(super) in_flight: usize,
    /// Whether special-use addresses may be asked.
    pub(super) allow_private: bool,
    /// Whether this machine has a way to IPv6 addresses.
    pub(super) ipv6: bool,
    /// Who is never contacted.
    pub(super) exclusion: Arc<Exclusion>,
    /// Whether the network is alive.
    pub(super) network: Arc<Network>,
    /// Lookups under way; fewer while questions are lost.
    pub(super) lookups: Arc<InFlight>,
}

/// All name servers there are; clones share limits and totals.
#[derive(Clone)]
pub(super) struct NameServers(Arc<Servers>);

struct Servers {
    config: NameServerConfig,
    limits: Arc<DnsLimits>,
    /// What bounds the questions to one server.
    each: AddressLimits,
    counters: Arc<DnsCounters>,
    runtime: TokioRuntimeProvider,
}

impl NameServers {
    /// Servers that are asked as `config` says, within `limits`, counted in `counters`.
    pub(super) fn new(config: NameServerConfig, limits: Arc<DnsLimits>, counters: Arc<DnsCounters>) -> Self {
        let each = AddressLimits::new(config.in_flight, config.rate.into());
        Self(Arc::new(Servers { config, limits, each, counters, runtime: TokioRuntimeProvider::new() }))
    }

    /// Why an address is not asked.
    fn refusal(&self, address: IpAddr) -> Option<Failure> {
        let config = &self.0.config;
        if config.exclusion.covers_address(address) {
            return Some(Failure::Excluded);
        }
        if address.is_ipv6() && !config.ipv6 {
            return Some(Failure::Silence("name server has only IPv6 addresses, and this machine has no way to them".to_owned()));
        }
        let block = special_use(address).filter(|_| !config.allow_private)?;
        Some(Failure::Unusable(format!("name server {address} is a {block} address")))
    }

    /// Whether one of some root servers answers, whatever it says. They are asked from a place by chance on, so that over time all are.
    pub(super) async fn is_root_answering(&self, roots: &[IpAddr]) -> bool {
        let Ok(question) = Question::new(".", u16::from(RecordType::NS)) else { return false };
        let mut query = Vec::new();
        question.write_query(rand::random(), false, &mut query);
        let begin = rand::random_range(0..roots.len().max(1));
        let asked = roots.iter().cycle().skip(begin).take(roots.len().min(ASKED_FOR_LIFE));
        let asked = asked.filter(|root| self.refusal(**root).is_none()).map(|&root| {
            let address = SocketAddr::new(root, self.0.config.port);
            let server = NameServer { address, channel: Channel::Udp, limit: self.0.each.of(root), servers: self.clone() };
            let query = &query;
            async move { server.exchange(query, Channel::Udp).await.is_ok() }
        });
        let mut asked: FuturesUnordered<_> = asked.collect();
        while let Some(answered) = asked.next().await {
            if answered {
                return true;
            }
        }
        false
    }
}

impl ConnectionProvider for NameServers {
    type Conn = NameServer;
    type FutureConn = Ready<Result<NameServer, NetError>>;
    type RuntimeProvider = TokioRuntimeProvider;

    fn new_connection(&self, ip: IpAddr, config: &ConnectionConfig, _: &PoolContext) -> Result<Self::FutureConn, NetError> {
        if let Some(failure) = self.refusal(ip) {
            return Ok(ready(Err(failed(failure))));
        }
        let channel = if matches!(config.protocol, ProtocolConfig::Tcp) { Channel::Tcp } else { Channel::Udp };
        let address = SocketAddr::new(ip, self.0.config.port);
        Ok(ready(Ok(NameServer { address, channel, limit: self.0.each.of(ip), servers: self.clone() })))
    }

    fn runtime_provider(&self) -> &TokioRuntimeProvider {
        &self.0.runtime
    }
}

/// The failure as hickory is to see it: what is no time-out makes it ask the next server of the zone.
fn failed(failure: Failure) -> NetError {
    note_failure(&failure);
    match failure {
        Failure::Silence(_) => NetError::Timeout,
        other => NetError::Io(Arc::new(io::Error::other(other))),
    }
}

/// One authoritative server.
#[derive(Clone)]
pub(super) struct NameServer {
    address: SocketAddr,
    channel: Channel,
    limit: Arc<AddressLimit>,
    servers: NameServers,
}

impl DnsHandle for NameServer {
    type Response = Pin<Box<dyn Stream<Item = Result<DnsResponse, NetError>> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> Self::Response {
        let server = self.clone();
        Box::pin(stream::once(async move { server.ask(request).await.map_err(failed) }))
    }
}

impl NameServer {
    /// Asks: over UDP, without EDNS if the server does not know that, over TCP if the answer is truncated.
    async fn ask(&self, request: DnsRequest) -> Result<DnsResponse, Failure> {
        let exclusion = &self.servers.0.config.exclusion;
        // An alias can lead to somebody who asked not to be contacted.
        if request.queries.first().is_some_and(|query| exclusion.covers_name(&presentation(query.name()))) {
            return Err(Failure::Excluded);
        }
        let queued = Instant::now();
        // The semaphore is never closed.
        let _permit = self.limit.permits.acquire().await;
        note_wait(queued);
        let (mut message, _) = request.into_parts();
        loop {
            message.metadata.id = rand::random();
            let query = message.to_vec().map_err(|_| Failure::Unusable("question cannot be written".to_owned()))?;
            let mut reply = self.exchange(&query, self.channel).await?;
            let header = Header::read(&reply).ok_or_else(cut)?;
            let rcode = header.rcode(&reply, question_end(&reply).unwrap_or(reply.len()));
            if message.edns.is_some() && matches!(rcode, FORMERR | NOTIMP | BADVERS) {
                message.edns = None;
                continue;
            }
            if !matches!(rcode, NOERROR | NXDOMAIN) {
                let error = question_end(&reply).and_then(|end| extended_error::read(&reply, end, header.records()));
                note(|notes| notes.extended_error = error);
                return Err(Failure::Rcode(rcode));
            }
            if header.is_truncated() && self.channel == Channel::Udp {
                reply = self.exchange(&query, Channel::Tcp).await?;
            }
            return interpret(reply);
        }
    }

    /// Sends one query and waits for its reply.
    async fn exchange(&self, query: &[u8], channel: Channel) -> Result<Vec<u8>, Failure> {
        let Servers { config, limits, counters, .. } = &*self.servers.0;
        let queued = Instant::now();
        self.limit.turn().await;
        limits.acquire(None, 1).await;
        note_wait(queued);
        let tcp = channel == Channel::Tcp;
        note(|notes| (notes.server, notes.rtt, notes.tcp) = (Some(self.address), None, tcp));
        let departed = Instant::now();
        let left = || {
            counters.count_sent(None, 1);
            counters.tcp.add(usize::from(tcp));
            note(|notes| notes.queries = notes.queries.saturating_add(1));
        };
        let accept = |octets: &[u8]| is_reply(octets, query).then(|| octets.to_vec());
        let reply = channel.ask(self.address, query, left, accept);
        match tokio::time::timeout(config.timeout, reply).await {
            Ok(Ok(reply)) => {
                counters.count_answers(None, 1);
                config.network.answered();
                config.lookups.ended(true);
                note(|notes| notes.rtt = Some(departed.elapsed()));
                Ok(reply)
            }
            Ok(Err(error)) if is_local(&error) => {
                counters.local_errors.add(1);
                Err(Failure::Local(words::system(&error)))
            }
            Ok(Err(error)) => {
                counters.timeouts.add(1);
                Err(Failure::Silence(format!("name server {}: {}", self.address, words::system(&error))))
            }
            Err(_) => {
                counters.timeouts.add(1);
                config.lookups.ended(false);
                Err(Failure::Silence(format!("name server {} does not answer in {} ms", self.address, config.timeout.as_millis())))
            }
        }
    }
}

/// Time spent waiting for our own limits is no server's fault, and no reason to give up.
fn note_wait(since: Instant) {
    note(|notes| notes.waited += since.elapsed());
}

/// An answer that breaks the grammar of DNS messages; in what way, only the library knows.
pub(super) fn unreadable() -> Failure {
    Failure::Unusable("answer cannot be read".to_owned())
}

fn cut() -> Failure {
    Failure::Unusable("answer is cut".to_owned())
}

/// An answer, a referral further down, or "no such record" by a server that knows the zone. Anything else would pass for the last of
/// these: a server that was delegated a zone and does not serve it says so in many ways.
fn interpret(octets: Vec<u8>) -> Result<DnsResponse, Failure> {
    let header = Header::read(&octets).ok_or_else(cut)?;
    if header.is_truncated() {
        return Err(Failure::Unusable("truncated answer over TCP".to_owned()));
    }
    let mut response = DnsResponse::from_buffer(octets).map_err(|_| unreadable())?;
    let Some(query) = response.queries.first() else { return Err(Failure::Unusable("answer without its question".to_owned())) };
    let lame = |why: &str| Err(Failure::Unusable(format!("lame name server: {why}")));
    if !response.answers.is_empty() {
        // hickory takes others for "no such record".
        let belongs = |kind: RecordType| kind == query.query_type() || matches!(kind, RecordType::CNAME | RecordType::DNAME);
        let belongs = response.answers.iter().any(|record| belongs(record.record_type()));
        return if belongs { Ok(response) } else { lame("records of another type in place of an answer") };
    }
    if response.metadata.authoritative {
        // Some servers name themselves in a negative answer, too; hickory would take that for a referral.
        if query.query_type() != RecordType::NS {
            response.authorities.retain(|record| record.record_type() != RecordType::NS);
        }
        return Ok(response);
    }
    let mut delegations = response.authorities.iter().filter(|record| record.record_type() == RecordType::NS).map(|record| &record.name);
    match delegations.next() {
        None => lame("a negative answer without authority"),
        Some(zone) if leads_down(zone, query.name()) => Ok(response),
        Some(_) => lame("a referral that does not lead to the name"),
    }
}

/// Whether a delegation of the zone is on the way to the name. No server delegates the root.
fn leads_down(zone: &Name, name: &Name) -> bool {
    !zone.is_root() && zone.zone_of(name)
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::{Message, OpCode, Query};
    use hickory_resolver::proto::rr::rdata::{A, NS, SOA};
    use hickory_resolver::proto::rr::{RData, Record};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    /// A reply to `www.example.test. TYPE` with these records in its authority section.
    fn reply(kind: RecordType, authoritative: bool, authorities: &[(&str, RData)]) -> Message {
        let mut message = Message::response(7, OpCode::Query);
        message.metadata.authoritative = authoritative;
        message.add_query(Query::query(name("www.example.test."), kind));
        for (owner, data) in authorities {
            message.add_authority(Record::from_rdata(name(owner), 60, data.clone()));
        }
        message
    }

    fn ns() -> RData {
        RData::NS(NS(name("ns.example.test.")))
    }

    fn verdict(message: &Message) -> Result<usize, Failure> {
        interpret(message.to_vec().unwrap()).map(|response| response.authorities.len())
    }

    #[test]
    fn only_a_server_that_knows_the_zone_can_say_that_there_is_nothing() {
        let soa = || RData::SOA(SOA::new(name("ns.example.test."), name("h.example.test."), 1, 2, 3, 4, 5));
        assert_eq!(verdict(&reply(RecordType::TXT, true, &[("example.test.", soa())])), Ok(1));
        assert_eq!(verdict(&reply(RecordType::TXT, true, &[])), Ok(0), "without SOA");
        assert_eq!(verdict(&reply(RecordType::TXT, true, &[("example.test.", soa()), ("example.test.", ns())])), Ok(1), "no referral");
        for lame in [&[][..], &[("example.test.", soa())]] {
            assert!(matches!(verdict(&reply(RecordType::TXT, false, lame)), Err(Failure::Unusable(_))));
        }
    }

    #[test]
    fn a_referral_leads_down() {
        for zone in ["test.", "example.test.", "www.example.test."] {
            assert_eq!(verdict(&reply(RecordType::NS, false, &[(zone, ns())])), Ok(1), "{zone}");
        }
        for zone in [".", "other.test.", "a.www.example.test."] {
            assert!(matches!(verdict(&reply(RecordType::NS, false, &[(zone, ns())])), Err(Failure::Unusable(_))), "{zone}");
        }
    }

    #[test]
    fn answers_count_and_damaged_ones_do_not() {
        let mut message = reply(RecordType::A, false, &[]);
        message.add_answer(Record::from_rdata(name("www.example.test."), 60, RData::A(A::new(192, 0, 2, 1))));
        assert!(matches!(verdict(&message), Ok(0)));
        let mut others = reply(RecordType::TXT, true, &[]);
        others.add_answer(Record::from_rdata(name("www.example.test."), 60, RData::A(A::new(192, 0, 2, 1))));
        assert!(matches!(verdict(&others), Err(Failure::Unusable(_))), "of another type");
        let octets = message.to_vec().unwrap();
        assert_eq!(interpret(octets.clone()).unwrap().answers.len(), 1);
        for length in 0..octets.len() {
            assert!(matches!(interpret(octets[..length].to_vec()), Err(Failure::Unusable(_))), "{length}");
        }
    }

    #[test]
    fn addresses_that_may_not_be_asked_are_refused() {
        let servers = |allow_private, ipv6| {
            let exclusion = Arc::new(Exclusion::parse("198.41.0.0/24").unwrap());
            let timeout = Duration::from_secs(1);
            let (network, lookups) = (Arc::new(Network::new()), Arc::new(InFlight::new(1, 1, timeout, Arc::default())));
            let config = NameServerConfig { port: 53, timeout, rate: 0, in_flight: 1, allow_private, ipv6, exclusion, network, lookups };
            NameServers::new(config, Arc::new(DnsLimits::default()), Arc::default())
        };
        let refusal = |servers: &NameServers, address: &str| servers.refusal(address.parse().unwrap());
        let public = servers(false, false);
        assert_eq!(refusal(&public, "198.41.0.4"), Some(Failure::Excluded));
        assert!(matches!(refusal(&public, "127.0.0.1"), Some(Failure::Unusable(_))));
        assert!(matches!(refusal(&public, "2001:dc3::35"), Some(Failure::Silence(_))));
        assert_eq!(refusal(&public, "192.33.4.12"), None);
        let private = servers(true, true);
        assert_eq!((refusal(&private, "127.0.0.1"), refusal(&private, "2001:dc3::35")), (None, None));
        let limit = |servers: &NameServers| servers.0.each.of(IpAddr::from([127, 0, 0, 1]));
        assert!(Arc::ptr_eq(&limit(&private), &limit(&private.clone())));
    }
}
