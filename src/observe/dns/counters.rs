//! Running totals of the DNS traffic of all workers, for progress and the manifest.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Totals that all workers add to. Nothing is ordered by them: each is exact, together they are a moment's view.
#[derive(Debug, Default)]
pub struct DnsCounters {
    pub(super) sent: AtomicU64,
    pub(super) answers: AtomicU64,
    pub(super) timeouts: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) tcp: AtomicU64,
    pub(super) unexpected: AtomicU64,
    pub(super) malformed: AtomicU64,
    pub(super) local_errors: AtomicU64,
    resolvers: Vec<ResolverCounters>,
}

#[derive(Debug)]
struct ResolverCounters {
    address: SocketAddr,
    sent: AtomicU64,
    answered: AtomicU64,
}

/// The totals at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsTotals {
    /// Queries sent, over UDP and TCP together, retries included.
    pub sent: u64,
    /// Answers accepted, whatever their response code.
    pub answers: u64,
    /// Queries that got no answer in time, or that a resolver's host refused.
    pub timeouts: u64,
    /// Queries after the first of their lookup (other than TCP after truncation).
    pub retries: u64,
    /// Queries sent over TCP.
    pub tcp: u64,
    /// Datagrams dropped because they answer nothing that was asked.
    pub unexpected: u64,
    /// Accepted answers that could not be read.
    pub malformed: u64,
    /// Queries that this machine failed to send.
    pub local_errors: u64,
    /// The same for each resolver, in the order of the configuration.
    pub resolvers: Vec<ResolverTotals>,
}

/// What one resolver was asked and how much of it it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverTotals {
    /// The resolver.
    pub address: SocketAddr,
    /// Queries sent to it.
    pub sent: u64,
    /// Answers accepted from it.
    pub answered: u64,
}

impl DnsCounters {
    /// Totals of zero for these resolvers.
    pub fn new(resolvers: &[SocketAddr]) -> Self {
        let zero = |&address: &SocketAddr| ResolverCounters { address, sent: AtomicU64::new(0), answered: AtomicU64::new(0) };
        Self { resolvers: resolvers.iter().map(zero).collect(), ..Self::default() }
    }

    /// The totals now.
    pub fn totals(&self) -> DnsTotals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DnsTotals {
            sent: read(&self.sent),
            answers: read(&self.answers),
            timeouts: read(&self.timeouts),
            retries: read(&self.retries),
            tcp: read(&self.tcp),
            unexpected: read(&self.unexpected),
            malformed: read(&self.malformed),
            local_errors: read(&self.local_errors),
            resolvers: self
                .resolvers
                .iter()
                .map(|one| ResolverTotals { address: one.address, sent: read(&one.sent), answered: read(&one.answered) })
                .collect(),
        }
    }

    /// Counts queries sent to a resolver (index in the configuration).
    pub(super) fn count_sent(&self, resolver: usize, queries: usize) {
        add(&self.sent, queries);
        if let Some(one) = self.resolvers.get(resolver) {
            add(&one.sent, queries);
        }
    }

    /// Counts answers accepted from a resolver (index in the configuration).
    pub(super) fn count_answers(&self, resolver: usize, answers: usize) {
        add(&self.answers, answers);
        if let Some(one) = self.resolvers.get(resolver) {
            add(&one.answered, answers);
        }
    }
}

/// Adds to a total; nothing where there is nothing to add, so that a shared cache line is left alone.
pub(super) fn add(counter: &AtomicU64, amount: usize) {
    if amount > 0 {
        counter.fetch_add(amount as u64, Ordering::Relaxed);
    }
}
