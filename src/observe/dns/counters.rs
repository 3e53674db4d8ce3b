//! Running totals of the DNS traffic of all workers, for progress and the manifest.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
    pub(super) kernel_drops: AtomicU64,
    pub(super) retreats: AtomicU64,
    pub(super) receive_buffer: AtomicU64,
    benched: AtomicU64,
    pauses: Mutex<Pauses>,
    resolvers: Vec<ResolverCounters>,
}

/// When there was no resolver to ask.
#[derive(Debug, Default)]
struct Pauses {
    /// Workers that have nobody to ask.
    workers: u64,
    since: Option<Instant>,
    before: Duration,
    count: u64,
}

/// A worker has nobody to ask as long as this lives.
#[derive(Debug)]
pub(super) struct Pause(Arc<DnsCounters>);

/// A resolver is benched by a worker as long as this lives.
#[derive(Debug)]
pub(super) struct Bench(Arc<DnsCounters>);

impl Drop for Pause {
    fn drop(&mut self) {
        let mut pauses = self.0.pauses();
        pauses.workers = pauses.workers.saturating_sub(1);
        if pauses.workers == 0
            && let Some(since) = pauses.since.take()
        {
            pauses.before += since.elapsed();
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.0.benched.fetch_sub(1, Ordering::Relaxed);
    }
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
    /// Datagrams that the kernel dropped because a receive buffer was full, as far as it has said so.
    pub kernel_drops: u64,
    /// How often fewer queries were let into flight because answers were lost.
    pub retreats: u64,
    /// The least receive buffer that the kernel granted to a socket, in octets as the kernel counts them; 0 before there is a socket.
    pub receive_buffer: u64,
    /// Resolvers that do not answer at present, counted once for each worker that asks them.
    pub benched: u64,
    /// Whether a worker has nobody to ask at present.
    pub paused: bool,
    /// How often there was nobody to ask.
    pub pauses: u64,
    /// How long there was nobody to ask, in all.
    pub paused_for: Duration,
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
        let pauses = self.pauses();
        DnsTotals {
            sent: read(&self.sent),
            answers: read(&self.answers),
            timeouts: read(&self.timeouts),
            retries: read(&self.retries),
            tcp: read(&self.tcp),
            unexpected: read(&self.unexpected),
            malformed: read(&self.malformed),
            local_errors: read(&self.local_errors),
            kernel_drops: read(&self.kernel_drops),
            retreats: read(&self.retreats),
            receive_buffer: read(&self.receive_buffer),
            benched: read(&self.benched),
            paused: pauses.since.is_some(),
            pauses: pauses.count,
            paused_for: pauses.before + pauses.since.map_or(Duration::ZERO, |since| since.elapsed()),
            resolvers: self
                .resolvers
                .iter()
                .map(|one| ResolverTotals { address: one.address, sent: read(&one.sent), answered: read(&one.answered) })
                .collect(),
        }
    }

    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a worker as having nobody to ask.
    pub(super) fn pause(self: &Arc<Self>) -> Pause {
        let mut pauses = self.pauses();
        pauses.workers += 1;
        if pauses.since.is_none() {
            pauses.since = Some(Instant::now());
            pauses.count += 1;
        }
        drop(pauses);
        Pause(Arc::clone(self))
    }

    /// Counts a resolver as benched by a worker.
    pub(super) fn bench(self: &Arc<Self>) -> Bench {
        self.benched.fetch_add(1, Ordering::Relaxed);
        Bench(Arc::clone(self))
    }

    /// Notes how large a receive buffer is; the least counts.
    pub(super) fn note_receive_buffer(&self, octets: usize) {
        let octets = octets as u64;
        let least = |known: u64| (known == 0 || octets < known).then_some(octets);
        // Nothing to do where it is not the least.
        let _ = self.receive_buffer.fetch_update(Ordering::Relaxed, Ordering::Relaxed, least);
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
