//! Lookups from the root down, without a resolver: hickory's recursor, its cache shared by all workers and bounded.
//!
//! For some ten thousand names where there is no resolver to ask. A lookup costs several queries (see the chapter `resolving` of the manual), most of them to
//! find out where zones begin; what is above a domain is asked once and kept as long as its TTL says.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::recursor::{DnssecPolicy, QNameMinimization, Recursor, RecursorError, RecursorOptions};
use tokio::time::Instant;

use super::answer::ResourceRecord;
use super::attempt::{Failure, MAX_IN_VAIN, RetryConfig, read_reply};
use super::counters::DnsCounters;
use super::flow::{DnsLimits, InFlight};
use super::hickory::{Background, Notes, Resolution, Trace, alias_at, negative, presentation, read, traced};
use super::name_server::{NameServerConfig, NameServers, Network};
use super::resolvers::{DnsError, built_in_root_hints};
use crate::evidence::{Lookup, Outcome};
use crate::exclusion::Exclusion;
use crate::observe::source;

/// Zones whose servers are kept, and answers: enough for some ten thousand domains.
const CACHED_ZONES: usize = 16_384;
const CACHED_ANSWERS: u64 = 65_536;
/// Lookups under way at most, those that wait for the same answer included.
const MAX_LOOKUPS: usize = 256;
/// And at least, however many questions are lost.
const MIN_LOOKUPS: usize = 16;
/// Questions that wait for one server at most.
const SERVER_IN_FLIGHT: usize = 16;
/// How often a lookup that ran out of time without a failure is retried.
const MAX_LATE: u32 = 5;
/// Aliases followed when a chain has to be gone through again.
const MAX_CHAIN: usize = 16;

/// How names are resolved from the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IterativeConfig {
    /// Addresses of root servers; at least one.
    pub roots: Vec<IpAddr>,
    /// Port of all name servers: delegations carry addresses and no ports.
    pub port: u16,
    /// How often a lookup is tried, and how long one name server is waited for.
    pub retry: RetryConfig,
    /// Queries a second in all, 0 for no limit; only to fit the lookups under way to it.
    pub rate: u32,
    /// Queries a second to one name server, 0 for no limit.
    pub server_rate: u32,
    /// Whether name servers at special-use addresses may be asked.
    pub allow_private: bool,
}

/// Resolves from the root for all workers of a scan.
pub struct Iterative {
    recursor: Arc<Recursor<NameServers>>,
    background: Background,
    lookups: Arc<InFlight>,
    network: Arc<Network>,
    counters: Arc<DnsCounters>,
    retry: RetryConfig,
}

impl Iterative {
    /// Starts the threads that resolve. `limits` bounds all queries together; who is in `exclusion` by address is not asked.
    ///
    /// # Errors
    /// [`DnsError::NoRoot`] if no root server may or can be asked, [`DnsError::Threads`] if no threads can be started.
    pub fn new(
        config: &IterativeConfig,
        limits: Arc<DnsLimits>,
        counters: Arc<DnsCounters>,
        exclusion: Arc<Exclusion>,
    ) -> Result<Self, DnsError> {
        let ipv6 = config.roots.iter().chain(&built_in_root_hints()).any(|root| root.is_ipv6() && has_way_to(*root));
        let roots: Vec<IpAddr> = config.roots.iter().copied().filter(|root| root.is_ipv4() || ipv6).collect();
        if roots.is_empty() {
            return Err(DnsError::NoRoot { reason: "there is no root hint that this machine has a way to".to_owned() });
        }
        let (port, timeout, allow_private) = (config.port, config.retry.timeout, config.allow_private);
        let (in_flight, rate) = (SERVER_IN_FLIGHT, config.server_rate);
        let most = lookups_at_once(config.rate);
        let lookups = Arc::new(InFlight::new(MIN_LOOKUPS.min(most), most, timeout, Arc::clone(&counters)));
        let network = Arc::new(Network::new());
        let (its_network, its_lookups) = (Arc::clone(&network), Arc::clone(&lookups));
        let servers =
            NameServerConfig { port, timeout, rate, in_flight, allow_private, ipv6, exclusion, network: its_network, lookups: its_lookups };
        let servers = NameServers::new(servers, limits, Arc::clone(&counters));
        let recursor = Recursor::new(&roots, DnssecPolicy::default(), None, options(), servers.clone())
            .map_err(|_| DnsError::NoRoot { reason: "the resolver inside cannot be set up".to_owned() })?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let background = Background::start(threads).map_err(DnsError::Threads)?;
        let (watched, its_counters) = (Arc::clone(&network), Arc::clone(&counters));
        background.spawn(async move {
            watched.watch(&servers, &roots, &its_counters, timeout).await;
        });
        Ok(Self {
            recursor: Arc::new(recursor),
            background,
            lookups,
            network,
            counters,
            retry: RetryConfig { tries: config.retry.tries.max(1), ..config.retry },
        })
    }

    /// Asks the root servers for themselves.
    ///
    /// # Errors
    /// [`DnsError::NoRoot`] if none answers.
    pub async fn check(&self) -> Result<(), DnsError> {
        let reason = match self.resolve(Name::root(), RecordType::NS).await {
            (Resolution::Message(_), _) => return Ok(()),
            (Resolution::Negative { .. }, _) => "they do not know the root zone".to_owned(),
            (Resolution::Failed(failure), _) => failure.to_string(),
        };
        Err(DnsError::NoRoot { reason })
    }

    /// Asks for records at a name, as [`super::client::Dns::lookup`] does. Never fails: whatever happens is an outcome.
    ///
    /// `resolver` is the name server whose answer was the last that was needed; it is `None`, and there are no `attempts`, where
    /// everything was known. Where no server could be found or reached the outcome is what a resolver would say or do: SERVFAIL
    /// without a response code, or nothing in time.
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let asked = if name == "." { name } else { name.strip_suffix('.').unwrap_or(name) };
        let mut lookup = Lookup::unsent(asked.to_owned(), Outcome::LocalError);
        let absolute = match absolute(asked) {
            Ok(absolute) => absolute,
            Err(reason) => {
                lookup.detail = Some(reason);
                return lookup;
            }
        };
        let (resolution, notes) = self.resolve_while_alive(&absolute, RecordType::from(R::TYPE)).await;
        match resolution {
            Resolution::Message(octets) => match read_reply::<R>(asked, &octets, notes.tcp) {
                Some(known) => lookup = known,
                None => (lookup.outcome, lookup.detail) = (Outcome::Malformed, Some("answer to another question".to_owned())),
            },
            Resolution::Negative { nxdomain, end } => {
                let (outcome, rcode) = negative(nxdomain);
                (lookup.outcome, lookup.rcode) = (outcome, Some(rcode));
                if end != absolute {
                    lookup.cname_chain = self.chain(absolute, end).await;
                }
            }
            Resolution::Failed(failure) => {
                (lookup.outcome, lookup.rcode, lookup.detail) = failure.outcome();
                lookup.extended_error = notes.extended_error.filter(|_| lookup.rcode.is_some());
            }
        }
        self.counters.malformed.add(usize::from(lookup.outcome == Outcome::Malformed));
        (lookup.attempts, lookup.tcp, lookup.resolver) = (notes.queries, notes.tcp, notes.server);
        lookup.rtt_us = notes.rtt.map(|rtt| u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX));
        lookup
    }

    /// Resolves. What fails while no name server answers at all, not even the root's, is no failure of the zone's: it is resolved again when
    /// the network is back.
    async fn resolve_while_alive(&self, name: &Name, kind: RecordType) -> (Resolution, Notes) {
        let (mut queries, mut in_vain, mut late) = (0_u16, 0, 0);
        let mut last = (Resolution::Failed(Failure::Silence("no name server answers".to_owned())), Notes::default());
        while self.network.wait(self.retry.patience).await {
            let begun = Instant::now();
            last = self.resolve(name.clone(), kind).await;
            queries = queries.saturating_add(last.1.queries);
            match &last.0 {
                // Nothing failed: other lookups had asked, and waited for our own limits.
                Resolution::Failed(Failure::Silence(_)) if last.1.failure.is_none() && late < MAX_LATE => late += 1,
                Resolution::Failed(failure) if *failure != Failure::Excluded && in_vain < MAX_IN_VAIN => {
                    // What was asked shortly before the network came back fails afterwards.
                    if self.was_alive(failure, begun).await {
                        break;
                    }
                    in_vain += 1;
                }
                _ => break,
            }
        }
        last.1.queries = queries;
        last
    }

    /// Whether any name server has answered in the later half of a wait, or the root's servers do when they are asked. That a lookup has sent
    /// no query says nothing: another one may have asked for it. What this machine cannot send is no wait.
    async fn was_alive(&self, failure: &Failure, begun: Instant) -> bool {
        let now = Instant::now();
        let half = if matches!(failure, Failure::Local(_)) { Duration::ZERO } else { self.retry.timeout / 2 };
        self.network.was_alive(now.checked_sub(half).unwrap_or(now), begun).await
    }

    /// How long the tries of one lookup may take together.
    fn deadline(&self) -> Duration {
        self.retry.timeout.saturating_mul(2 * u32::from(self.retry.tries))
    }

    /// Resolves, several times if need be, within the deadline.
    async fn resolve(&self, name: Name, kind: RecordType) -> (Resolution, Notes) {
        let trace = Trace::default();
        let (recursor, lookups, counters) = (Arc::clone(&self.recursor), Arc::clone(&self.lookups), Arc::clone(&self.counters));
        let (tries, deadline, notes) = (self.retry.tries, self.deadline(), Arc::clone(&trace));
        let attempts = async move {
            let _permit = lookups.acquire().await;
            let attempts = resolve_again(&recursor, &counters, name, kind, tries, &notes);
            tokio::select! {
                resolution = attempts => resolution,
                () = pass(deadline, &notes) => {
                    let late = || Failure::Silence(format!("not resolved in {} ms", deadline.as_millis()));
                    Resolution::Failed(read(&notes).failure.unwrap_or_else(late))
                }
            }
        };
        let resolution = self.background.run(traced(Arc::clone(&trace), attempts)).await;
        (resolution, read(&trace))
    }

    /// The CNAME chain from a name to its end, which hickory leaves out where nothing is found there; at least the end itself.
    async fn chain(&self, mut here: Name, end: Name) -> Vec<String> {
        let mut chain = Vec::new();
        while here != end && chain.len() < MAX_CHAIN {
            let target = match self.resolve(here.clone(), RecordType::CNAME).await.0 {
                Resolution::Message(octets) => Message::from_vec(&octets).ok().and_then(|message| alias_at(&message, &here).cloned()),
                Resolution::Negative { .. } | Resolution::Failed(_) => None,
            };
            here = target.unwrap_or_else(|| end.clone());
            chain.push(presentation(&here));
        }
        chain
    }
}

/// Waits until a lookup has had so much time, that in the queues of our own limits left out.
async fn pass(deadline: Duration, trace: &Trace) {
    let begun = Instant::now();
    while let Some(left) = (deadline + read(trace).waited).checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        tokio::time::sleep(left).await;
    }
}

/// Attempts at one question until there is an answer. What an attempt found on its way the next one knows.
async fn resolve_again(
    recursor: &Recursor<NameServers>,
    counters: &DnsCounters,
    name: Name,
    kind: RecordType,
    tries: u16,
    trace: &Trace,
) -> Resolution {
    let mut number = 1;
    loop {
        let result: Result<Message, RecursorError> =
            recursor.resolve(Query::query(name.clone(), kind), Instant::now().into_std(), false).await;
        let resolution = Resolution::of(result, read(trace).failure);
        if number >= tries || !matches!(resolution, Resolution::Failed(_)) {
            return resolution;
        }
        number += 1;
        counters.retries.add(1);
    }
}

fn options() -> RecursorOptions {
    RecursorOptions {
        ns_cache_size: CACHED_ZONES,
        response_cache_size: CACHED_ANSWERS,
        // What may be asked is decided where it is asked.
        deny_server: Vec::new(),
        // Servers that say NXDOMAIN for a name that only has names below it are common (RFC 9156 section 2.3).
        qname_minimization: QNameMinimization::Relaxed,
        ..RecursorOptions::default()
    }
}

/// Lookups under way at a rate of queries: no more than half a second of it, or they would time out while they wait for their turn.
fn lookups_at_once(rate: u32) -> usize {
    match rate {
        0 => MAX_LOOKUPS,
        rate => (rate as usize / 2).clamp(1, MAX_LOOKUPS),
    }
}

/// The name with the root at its end, so that no search list applies.
fn absolute(name: &str) -> Result<Name, String> {
    let mut absolute = Name::from_ascii(name).map_err(|_| "no name of DNS".to_owned())?;
    absolute.set_fqdn(true);
    Ok(absolute)
}

/// Whether this machine has a route to an address. Nothing is sent.
fn has_way_to(address: IpAddr) -> bool {
    source::udp((address, 53).into()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_under_way_fit_the_rate() {
        assert_eq!([0, 1, 10, 100, 100_000].map(lookups_at_once), [256, 1, 5, 50, 256]);
    }

    #[test]
    fn names_are_absolute_and_taken_as_they_are() {
        for text in ["_mta-sts.Example.com", "_x_.y_z.test", "."] {
            let name = absolute(text).unwrap();
            assert!(name.is_fqdn(), "{text}");
            assert_eq!(presentation(&name), text.to_ascii_lowercase());
        }
        for text in ["a..b", &"a".repeat(64), "b\u{fc}cher.example"] {
            assert!(absolute(text).is_err(), "{text}");
        }
    }

    #[test]
    fn without_a_root_nothing_begins() {
        let config = IterativeConfig {
            roots: Vec::new(),
            port: 53,
            retry: RetryConfig { timeout: Duration::from_secs(1), tries: 1, patience: None },
            rate: 0,
            server_rate: 0,
            allow_private: false,
        };
        let started = Iterative::new(&config, Arc::new(DnsLimits::default()), Arc::default(), Arc::default());
        assert!(matches!(started.err(), Some(DnsError::NoRoot { .. })));
    }
}
