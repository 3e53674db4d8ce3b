//! Which resolvers are alive, so that a silent resolver is distinguished from a silent zone, and an outage is waited for instead of recorded.
//!
//! A silence is held against a name only if its resolver has lately answered something. If it has not, it is asked for the root's name
//! servers, which every resolver has at hand. One that does not answer that either is benched: nobody asks it, but to see if it answers
//! again.

use std::ops::Deref;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use super::counters::{Bench, DnsCounters, Pause};

/// Questions to a suspect before it is benched: one may be lost.
const LAST_CHANCES: u32 = 2;
/// The longest pause between questions to a benched resolver.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The resolvers of one worker, or of all who share them, as far as they have shown signs of life.
#[derive(Debug)]
pub(super) struct Health<W> {
    begun: Instant,
    members: Vec<W>,
    /// Told when a suspect is cleared or benched, and when a benched resolver is back.
    decided: Notify,
    /// While there is nobody to ask. Held while a resolver is benched or comes back.
    paused: Mutex<Option<Pause>>,
}

/// A server whose answers are watched for.
pub(super) trait Watched {
    /// What is known of its life.
    fn liveness(&self) -> &Liveness;
}

/// The signs of life of one resolver.
#[derive(Debug)]
pub(super) struct Liveness {
    /// Nanoseconds from the beginning to the last answer, and one; 0 before there is any.
    answered: AtomicU64,
    /// The same to when it came back last.
    back: AtomicU64,
    up: AtomicBool,
    benched: Mutex<Option<Bench>>,
    /// Told to ask for a sign of life.
    suspected: Notify,
}

impl Default for Liveness {
    fn default() -> Self {
        Self {
            answered: AtomicU64::new(0),
            back: AtomicU64::new(0),
            up: AtomicBool::new(true),
            benched: Mutex::new(None),
            suspected: Notify::new(),
        }
    }
}

impl Liveness {
    /// Whether the resolver is thought to be alive.
    pub(super) fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }
}

impl Watched for Liveness {
    fn liveness(&self) -> &Liveness {
        self
    }
}

impl<W: Deref<Target: Watched>> Health<W> {
    /// All of them are thought to be alive.
    pub(super) fn new(members: Vec<W>) -> Self {
        Self { begun: Instant::now(), members, decided: Notify::new(), paused: Mutex::new(None) }
    }

    /// All resolvers, alive or not.
    pub(super) fn members(&self) -> &[W] {
        &self.members
    }

    /// A resolver has answered. Called for each batch of answers.
    pub(super) fn answered(&self, liveness: &Liveness, now: Instant) {
        liveness.answered.store(self.moment(now), Relaxed);
        if !liveness.is_up() {
            let mut paused = self.paused();
            liveness.back.store(self.moment(now), Relaxed);
            liveness.up.store(true, Relaxed);
            *liveness.benched.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
    pub(super) fn was_benched_since(&self, liveness: &Liveness, since: Instant) -> bool {
        !liveness.is_up() || liveness.back.load(Relaxed) >= self.moment(since)
    }

    /// The resolver to ask, the one whose turn it is or the next one behind it that is up.
    pub(super) fn choose(&self, turn: usize) -> Option<&W> {
        let (before, from) = self.members.split_at_checked(turn.checked_rem(self.members.len())?)?;
        from.iter().chain(before).find(|member| member.liveness().is_up())
    }

    /// The resolver to ask, waiting until one is up; `None` if none is in the time given (no limit where there is none).
    pub(super) async fn wait(&self, turn: usize, patience: Option<Duration>) -> Option<&W> {
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            let decided = self.decided.notified();
            if let Some(member) = self.choose(turn) {
                return Some(member);
            }
            match until {
                None => decided.await,
                Some(until) => timeout_at(until, decided).await.ok()?,
            }
        }
    }

    /// Whether a resolver that left a question unanswered is alive all the same; waits for the verdict. Signs of life from `since` on
    /// count.
    pub(super) async fn is_alive(&self, liveness: &Liveness, since: Instant) -> bool {
        let since = self.moment(since);
        loop {
            let decided = self.decided.notified();
            if !liveness.is_up() {
                return false;
            }
            if liveness.answered.load(Relaxed) >= since {
                return true;
            }
            liveness.suspected.notify_one();
            decided.await;
        }
    }

    /// Looks after one resolver until it is dropped: asks it for a sign of life when it is suspected, benches it if there is none, and asks again and
    /// again until there is one. `pause` is how long to wait before that, a second at most.
    pub(super) async fn look_after<F: Future<Output = bool>>(
        &self,
        liveness: &Liveness,
        counters: &Arc<DnsCounters>,
        pause: Duration,
        is_answering: impl Fn() -> F,
    ) {
        loop {
            liveness.suspected.notified().await;
            let mut failures = 0_u32;
            while !is_answering().await {
                failures = failures.saturating_add(1);
                if failures == LAST_CHANCES {
                    self.bench(liveness, counters);
                }
                if failures >= LAST_CHANCES {
                    sleep(pause.min(LOOK_EVERY)).await;
                }
            }
            self.answered(liveness, Instant::now());
            self.decided.notify_waiters();
        }
    }

    /// A suspect has not answered.
    fn bench(&self, liveness: &Liveness, counters: &Arc<DnsCounters>) {
        let mut paused = self.paused();
        *liveness.benched.lock().unwrap_or_else(PoisonError::into_inner) = Some(counters.bench());
        liveness.up.store(false, Relaxed);
        if self.choose(0).is_none() {
            *paused = Some(counters.pause());
        }
        drop(paused);
        self.decided.notify_waiters();
    }
}
