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

/// What [`FetchCounters`] stood at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchTotals {
    /// Exchanges begun, those that wait for a permit included.
    pub started: u64,
    /// Exchanges whose evidence is complete, whatever became of them.
    pub done: u64,
    /// Exchanges under way, those that wait for a permit included.
    pub in_flight: u64,
    /// Octets of body kept.
    pub bytes: u64,
    /// Exchanges that failed at each stage, in the order of [`FetchStage::ALL`].
    pub failed: [u64; FetchStage::ALL.len()],
}

impl FetchTotals {
    /// Exchanges that failed at the stage.
    pub fn failed_at(&self, stage: FetchStage) -> u64 {
        FetchStage::ALL.iter().zip(&self.failed).filter(|(listed, _)| **listed == stage).map(|(_, count)| count).sum()
    }
}

impl FetchCounters {
    /// All of them as they stand; read one after the other while fetches go on.
    pub fn totals(&self) -> FetchTotals {
        // What has ended is read before what has begun, so that there are never more of the former.
        let ended = self.ended.load(Relaxed);
        let started = self.started.load(Relaxed);
        FetchTotals {
            started,
            done: self.done.load(Relaxed),
            in_flight: started.saturating_sub(ended),
            bytes: self.bytes.load(Relaxed),
            failed: self.failed.each_ref().map(|count| count.load(Relaxed)),
        }
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
        if let Some(error) = &fetch.error {
            for (_, count) in FetchStage::ALL.iter().zip(&self.failed).filter(|(stage, _)| **stage == error.stage) {
                count.fetch_add(1, Relaxed);
            }
        }
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
        fetch.error = Some(FetchError::new(FetchStage::Body, FetchFault::Truncated, ""));
        counters.record(&fetch);
        drop(guard);
        let totals = counters.totals();
        assert_eq!((totals.started, totals.done, totals.in_flight, totals.bytes), (2, 1, 1, 7));
        assert_eq!((totals.failed_at(FetchStage::Body), totals.failed_at(FetchStage::Tls)), (1, 0));
        drop(abandoned);
        assert_eq!((counters.totals().done, counters.totals().in_flight), (1, 0));
    }
}
