//! What the fetches of a scan add up to, readable while they run.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::evidence::{Fetch, FetchStage};

/// Running totals of all fetches; shared by the worker threads, read by whoever shows progress.
#[derive(Debug, Default)]
pub struct FetchCounters {
    started: AtomicU64,
    ended: AtomicU64,
    done: AtomicU64,
    bytes: AtomicU64,
    failed: [AtomicU64; FetchStage::ALL.len()],
}

impl FetchCounters {
    /// Exchanges begun; those that wait for a permit or a limit are not yet.
    pub fn started(&self) -> u64 {
        self.started.load(Relaxed)
    }

    /// Exchanges that ended, with or without a failure.
    pub fn done(&self) -> u64 {
        self.done.load(Relaxed)
    }

    /// Exchanges under way.
    pub fn in_flight(&self) -> u64 {
        let ended = self.ended.load(Relaxed);
        self.started().saturating_sub(ended)
    }

    /// Exchanges that failed at the stage.
    pub fn failed(&self, stage: FetchStage) -> u64 {
        self.failed_at(stage).map_or(0, |count| count.load(Relaxed))
    }

    /// Octets of body kept.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Counts an exchange as begun, and as ended when the guard goes (also if it is abandoned midway).
    pub(super) fn start(&self) -> InFlight<'_> {
        self.started.fetch_add(1, Relaxed);
        InFlight(self)
    }

    /// Counts the result of an exchange.
    pub(super) fn record(&self, fetch: &Fetch) {
        self.done.fetch_add(1, Relaxed);
        self.bytes.fetch_add(fetch.body.as_ref().map_or(0, |body| body.len() as u64), Relaxed);
        if let Some(count) = fetch.error.as_ref().and_then(|error| self.failed_at(error.stage)) {
            count.fetch_add(1, Relaxed);
        }
    }

    fn failed_at(&self, stage: FetchStage) -> Option<&AtomicU64> {
        FetchStage::ALL.iter().zip(&self.failed).find(|(listed, _)| **listed == stage).map(|(_, count)| count)
    }
}

/// An exchange under way.
pub(super) struct InFlight<'a>(&'a FetchCounters);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{FetchError, FetchFault};

    #[test]
    fn totals_add_up() {
        let counters = FetchCounters::default();
        let abandoned = counters.start();
        let guard = counters.start();
        let mut fetch = Fetch::new(Vec::new());
        fetch.body = Some(vec![0; 7]);
        fetch.error = Some(FetchError { stage: FetchStage::Body, fault: FetchFault::Truncated, text: String::new() });
        counters.record(&fetch);
        drop(guard);
        assert_eq!((counters.started(), counters.done(), counters.in_flight(), counters.bytes()), (2, 1, 1, 7));
        assert_eq!((counters.failed(FetchStage::Body), counters.failed(FetchStage::Tls)), (1, 0));
        drop(abandoned);
        assert_eq!((counters.done(), counters.in_flight()), (1, 0));
    }
}
