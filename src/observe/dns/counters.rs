//! Running totals of the DNS traffic of all workers, for progress and the manifest. A counter is one line of [`counters!`]: where it is
//! added to, read, summed up over the sessions of a scan and written down follows from it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// A total that all workers add to.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Adds to the total; nothing where there is nothing to add, so that a shared cache line is left alone.
    pub(super) fn add(&self, amount: usize) {
        if amount > 0 {
            self.0.fetch_add(amount as u64, Relaxed);
        }
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Declares the counters that are written down under their own names: the totals that all workers add to, and what is read of them.
macro_rules! counters {
    ($($(#[doc = $meaning:literal])+ $name:ident,)+) => {
        /// Totals that all workers add to. Nothing is ordered by them: each is exact, together they are a moment's view.
        #[derive(Debug, Default)]
        pub struct DnsCounters {
            /// Queries sent, over UDP and TCP together, retries included.
            sent: Counter,
            /// Answers accepted, whatever their response code.
            answers: Counter,
            /// Queries after the first of their lookup (other than TCP after truncation).
            pub(super) retries: Counter,
            $($(#[doc = $meaning])+ pub(super) $name: Counter,)+
            receive_buffer: AtomicU64,
            benched: AtomicU64,
            pauses: Mutex<Pauses>,
            resolvers: Vec<Arc<ResolverCounters>>,
        }

        /// What became of the DNS queries, summed over the sessions of the run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        pub struct DnsActivity {
            $($(#[doc = $meaning])+ pub $name: u64,)+
            /// How often no resolver answered and the scan waited.
            pub pauses: u64,
            /// How long it waited so, in seconds.
            #[schemars(range(min = 0))]
            pub paused_seconds: f64,
            /// Octets of receive buffer that the kernel granted to each socket, as last used.
            pub receive_buffer: u64,
        }

        impl DnsActivity {
            /// The sum of two sessions.
            pub fn plus(&self, other: &Self) -> Self {
                Self {
                    $($name: self.$name.saturating_add(other.$name),)+
                    pauses: self.pauses.saturating_add(other.pauses),
                    paused_seconds: self.paused_seconds + other.paused_seconds,
                    receive_buffer: other.receive_buffer,
                }
            }

            /// The counters as entries of the status of a scan, each with `dns_` before its name.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize_status<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                $(map.serialize_entry(concat!("dns_", stringify!($name)), &self.$name)?;)+
                map.serialize_entry("dns_receive_buffer", &self.receive_buffer)?;
                map.end()
            }
        }

        impl DnsCounters {
            fn activity(&self, pauses: &Pauses) -> DnsActivity {
                DnsActivity {
                    $($name: self.$name.get(),)+
                    pauses: pauses.count,
                    paused_seconds: pauses.total().as_secs_f64(),
                    receive_buffer: self.receive_buffer.load(Relaxed),
                }
            }
        }
    };
}

counters! {
    /// Queries that got no answer in time.
    timeouts,
    /// Queries sent over TCP.
    tcp,
    /// Datagrams dropped because they answer nothing that was asked: late, stray or forged.
    unexpected,
    /// Answers that could not be read, or that speak of something else.
    malformed,
    /// Queries that this machine could not send.
    local_errors,
    /// Datagrams that the kernel dropped because a receive buffer was full, as far as it has said so.
    kernel_drops,
    /// How often fewer queries were let into flight because answers were lost.
    retreats,
}

/// The totals at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DnsTotals {
    /// Queries sent, over UDP and TCP together, retries included.
    pub sent: u64,
    /// Answers accepted, whatever their response code.
    pub answers: u64,
    /// Queries after the first of their lookup (other than TCP after truncation).
    pub retries: u64,
    /// What became of the queries.
    pub activity: DnsActivity,
    /// Resolvers that do not answer at present, counted once for each worker that asks them.
    pub benched: u64,
    /// Whether a worker has nobody to ask at present.
    pub paused: bool,
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

/// The totals of one resolver.
#[derive(Debug)]
pub(super) struct ResolverCounters {
    address: SocketAddr,
    sent: Counter,
    answered: Counter,
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

impl Pauses {
    fn total(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
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
        self.0.benched.fetch_sub(1, Relaxed);
    }
}

impl DnsCounters {
    /// Totals of zero for these resolvers; without any, as for name servers, of all together.
    pub fn new(resolvers: &[SocketAddr]) -> Self {
        let zero = |&address| Arc::new(ResolverCounters { address, sent: Counter::default(), answered: Counter::default() });
        Self { resolvers: resolvers.iter().map(zero).collect(), ..Self::default() }
    }

    /// The totals now.
    pub fn totals(&self) -> DnsTotals {
        let pauses = self.pauses();
        let of = |one: &Arc<ResolverCounters>| ResolverTotals { address: one.address, sent: one.sent.get(), answered: one.answered.get() };
        DnsTotals {
            sent: self.sent.get(),
            answers: self.answers.get(),
            retries: self.retries.get(),
            activity: self.activity(&pauses),
            benched: self.benched.load(Relaxed),
            paused: pauses.since.is_some(),
            resolvers: self.resolvers.iter().map(of).collect(),
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
        self.benched.fetch_add(1, Relaxed);
        Bench(Arc::clone(self))
    }

    /// Notes how large a receive buffer is; the least counts.
    pub(super) fn note_receive_buffer(&self, octets: usize) {
        let octets = octets as u64;
        let least = |known: u64| (known == 0 || octets < known).then_some(octets);
        // Nothing to do where it is not the least.
        let _ = self.receive_buffer.fetch_update(Relaxed, Relaxed, least);
    }

    /// Where the totals of the resolver at a place of the configuration are kept; `None` where only those of all together are.
    pub(super) fn resolver(&self, place: usize) -> Option<Arc<ResolverCounters>> {
        self.resolvers.get(place).cloned()
    }

    /// Counts queries sent, and for their resolver where it has totals of its own.
    pub(super) fn count_sent(&self, resolver: Option<&ResolverCounters>, queries: usize) {
        self.sent.add(queries);
        if let Some(one) = resolver {
            one.sent.add(queries);
        }
    }

    /// Counts answers accepted, and for their resolver where it has totals of its own.
    pub(super) fn count_answers(&self, resolver: Option<&ResolverCounters>, answers: usize) {
        self.answers.add(answers);
        if let Some(one) = resolver {
            one.answered.add(answers);
        }
    }
}
