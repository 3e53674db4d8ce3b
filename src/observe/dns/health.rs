//! Which resolvers are alive, so that a silent resolver is told from a silent zone and an outage is waited for instead of recorded.
//!
//! A silence is held against a name only if its resolver has lately answered something. If it has not, it is asked for the root's name
//! servers, which every resolver has at hand. One that does not answer that either is benched: nobody asks it, but to see if it answers
//! again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::{sleep, timeout_at};

use super::counters::{Bench, DnsCounters, Pause};

/// Questions to a suspect before it is benched: one may be lost.
const LAST_CHANCES: u32 = 2;
/// The longest pause between questions to a benched resolver.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The resolvers of one worker, or of all who share them, as far as they have shown signs of life.
#[derive(Debug)]
pub(super) struct Health {
    begun: Instant,
    resolvers: Vec<Pulse>,
    /// Told when a suspect is cleared or benched, and when a benched resolver is back.
    decided: Notify,
    /// While there is nobody to ask. Held while a resolver is benched or comes back.
    paused: Mutex<Option<Pause>>,
}

#[derive(Debug)]
struct Pulse {
    /// Nanoseconds from the beginning to the last answer, and one; 0 before there is any.
    answered: AtomicU64,
    /// The same to when it came back last.
    back: AtomicU64,
    up: AtomicBool,
    benched: Mutex<Option<Bench>>,
    /// Told to ask for a sign of life.
    suspected: Notify,
}

impl Health {
    pub(super) fn new(resolvers: usize) -> Self {
        let pulse = || Pulse {
            answered: AtomicU64::new(0),
            back: AtomicU64::new(0),
            up: AtomicBool::new(true),
            benched: Mutex::new(None),
            suspected: Notify::new(),
        };
        let resolvers = std::iter::repeat_with(pulse).take(resolvers).collect();
        Self { begun: Instant::now(), resolvers, decided: Notify::new(), paused: Mutex::new(None) }
    }

    /// A resolver has answered. Called for each batch of answers.
    pub(super) fn answered(&self, resolver: usize, now: Instant) {
        let Some(pulse) = self.resolvers.get(resolver) else { return };
        pulse.answered.store(self.moment(now), Relaxed);
        if !pulse.up.load(Relaxed) {
            let mut paused = self.paused();
            pulse.back.store(self.moment(now), Relaxed);
            pulse.up.store(true, Relaxed);
            *pulse.benched.lock().unwrap_or_else(PoisonError::into_inner) = None;
            *paused = None;
            self.decided.notify_waiters();
        }
    }

    fn moment(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.begun).as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn paused(&self) -> MutexGuard<'_, Option<Pause>> {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a resolver was benched at any time from `since` on.
    pub(super) fn was_benched_since(&self, resolver: usize, since: Instant) -> bool {
        let since = self.moment(since);
        self.resolvers.get(resolver).is_some_and(|pulse| !pulse.up.load(Relaxed) || pulse.back.load(Relaxed) >= since)
    }

    /// Whether a resolver is thought to be alive.
    pub(super) fn is_up(&self, resolver: usize) -> bool {
        self.resolvers.get(resolver).is_some_and(|pulse| pulse.up.load(Relaxed))
    }

    /// The resolver to ask, `wanted` or the next one behind it that is up.
    pub(super) fn choose(&self, wanted: usize) -> Option<usize> {
        let count = self.resolvers.len();
        (wanted..wanted + count).map(|index| index % count).find(|index| self.is_up(*index))
    }

    /// The resolver to ask, waiting until one is up; `None` if none is in the time given (no limit where there is none).
    pub(super) async fn wait(&self, wanted: usize, patience: Option<Duration>) -> Option<usize> {
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            let decided = self.decided.notified();
            if let Some(resolver) = self.choose(wanted) {
                return Some(resolver);
            }
            match until {
                None => decided.await,
                Some(until) => timeout_at(until.into(), decided).await.ok()?,
            }
        }
    }

    /// Whether a resolver that left a question unanswered is alive all the same; waits for the verdict. Signs of life from `since` on
    /// count.
    pub(super) async fn is_alive(&self, resolver: usize, since: Instant) -> bool {
        let Some(pulse) = self.resolvers.get(resolver) else { return false };
        let since = self.moment(since);
        loop {
            let decided = self.decided.notified();
            if !pulse.up.load(Relaxed) {
                return false;
            }
            if pulse.answered.load(Relaxed) >= since {
                return true;
            }
            pulse.suspected.notify_one();
            decided.await;
        }
    }

    /// Looks after one resolver for ever: asks it for a sign of life when it is suspected, benches it if there is none, and asks again and
    /// again until there is one. `pause` is how long to wait before that, a second at most.
    pub(super) async fn look_after<F: Future<Output = bool>>(
        &self,
        resolver: usize,
        counters: &Arc<DnsCounters>,
        pause: Duration,
        is_answering: impl Fn() -> F,
    ) {
        let Some(pulse) = self.resolvers.get(resolver) else { return };
        loop {
            pulse.suspected.notified().await;
            let mut failures = 0_u32;
            while !is_answering().await {
                failures = failures.saturating_add(1);
                if failures == LAST_CHANCES {
                    self.bench(resolver, pulse, counters);
                }
                if failures >= LAST_CHANCES {
                    sleep(pause.min(LOOK_EVERY)).await;
                }
            }
            self.answered(resolver, Instant::now());
            self.decided.notify_waiters();
        }
    }

    /// A suspect has not answered.
    fn bench(&self, resolver: usize, pulse: &Pulse, counters: &Arc<DnsCounters>) {
        let mut paused = self.paused();
        *pulse.benched.lock().unwrap_or_else(PoisonError::into_inner) = Some(counters.bench());
        pulse.up.store(false, Relaxed);
        if self.choose(resolver).is_none() {
            *paused = Some(counters.pause());
        }
        drop(paused);
        self.decided.notify_waiters();
    }
}
