//! Lookups by resolvers that are asked over TLS or HTTPS: the same attempts and outcomes as over UDP, nothing readable on the way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use rustls::{ClientConfig, RootCertStore};

use super::answer::ResourceRecord;
use super::background::Background;
use super::client::{read_reply, weight};
use super::counters::{DnsCounters, add};
use super::encrypted_address::EncryptedResolver;
use super::encrypted_connection::Connection;
use super::error::DnsError;
use super::header::{FORMERR, Header, NOERROR, NXDOMAIN};
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
    /// Who may have issued the resolvers' certificates.
    pub roots: RootCertStore,
}

/// Asks encrypted resolvers for all workers of a scan; one connection to each.
pub struct Encrypted {
    servers: Vec<(SocketAddr, Arc<Connection>)>,
    background: Background,
    limits: Arc<DnsLimits>,
    counters: Arc<DnsCounters>,
    tries: u16,
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
        let connect =
            |resolver: EncryptedResolver| (resolver.address, Arc::new(Connection::new(resolver, Arc::clone(&tls), config.timeout)));
        Ok(Self {
            servers: config.resolvers.into_iter().map(connect).collect(),
            background: Background::start(1).map_err(DnsError::Threads)?,
            limits,
            counters,
            tries: config.tries.max(1),
            turn: AtomicUsize::new(0),
        })
    }

    /// Asks each resolver for the name servers of the root: connection, certificate and answer have to be right. In the order of the
    /// configuration, with what is wrong.
    pub async fn check(&self) -> Vec<Result<(), String>> {
        let asked = (0..self.servers.len()).map(|index| self.ask(index, Query::query(Name::root(), RecordType::NS)));
        let verdict = |result: Result<(Vec<u8>, Duration), Failure>| match result {
            Ok((octets, _)) => match Header::read(&octets).map_or(FORMERR, Header::plain_rcode) {
                NOERROR | NXDOMAIN => Ok(()),
                rcode => Err(Failure::Rcode(rcode).to_string()),
            },
            Err(failure) => Err(failure.to_string()),
        };
        join_all(asked).await.into_iter().map(verdict).collect()
    }

    /// Asks for records at a name, as [`super::Dns::lookup`] does. Never fails: whatever happens is an outcome.
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
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut sent = 0;
        for number in 0..self.tries {
            let index = first.wrapping_add(usize::from(number)) % self.servers.len().max(1);
            let result = self.ask(index, query.clone()).await;
            sent += u16::from(!matches!(result, Err(Failure::Local(_))));
            let lookup = self.judge(asked, index, result);
            let conclusive = lookup.outcome.is_conclusive();
            if number == 0 || weight(lookup.outcome) >= weight(best.outcome) {
                best = lookup;
            }
            if conclusive {
                break;
            }
            add(&self.counters.retries, usize::from(number + 1 < self.tries));
        }
        best.attempts = sent;
        best
    }

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

    /// Asks one resolver, on the thread that holds the connections.
    async fn ask(&self, index: usize, query: Query) -> Result<(Vec<u8>, Duration), Failure> {
        let Some((_, connection)) = self.servers.get(index) else { return Err(Failure::Silence("no such resolver".to_owned())) };
        self.limits.acquire(index, 1).await;
        let connection = Arc::clone(connection);
        let asking = self.background.spawn(async move { connection.ask(query).await });
        let ended = |why: String| Err(Failure::Local(why));
        let result = match asking {
            Some(asking) => asking.await.unwrap_or_else(|error| ended(format!("the connection's task broke: {error}"))),
            None => ended("the resolver's thread has ended".to_owned()),
        };
        match &result {
            Err(Failure::Local(_)) => add(&self.counters.local_errors, 1),
            result => {
                self.counters.count_sent(index, 1);
                self.counters.count_answers(index, usize::from(result.is_ok()));
                add(&self.counters.tcp, 1);
                add(&self.counters.timeouts, usize::from(matches!(result, Err(Failure::Silence(_)))));
            }
        }
        result
    }
}
