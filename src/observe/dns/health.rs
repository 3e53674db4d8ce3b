//! Which resolvers are alive, so that a silent resolver is told from a silent zone and an outage is waited for instead of recorded.
//!
//! A silence is held against a name only if its resolver has lately answered something. If it has not, it is asked for the root's name
//! servers, which every resolver has at hand. One that does not answer that either is benched: nobody asks it but `watch`, once in a
//! while, until it answers.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::timeout_at;

use super::counters::{Bench, DnsCounters, Pause};

/// The resolvers of one worker as far as they have shown signs of life.
pub(super) struct Health {
    resolvers: Vec<Pulse>,
    /// Told when a suspect is cleared or benched, and when a benched resolver is back.
    decided: Notify,
    /// While there is nobody to ask.
    paused: Cell<Option<Pause>>,
}

struct Pulse {
    answered: Cell<Option<Instant>>,
    up: Cell<bool>,
    benched: Cell<Option<Bench>>,
    /// Told to ask for a sign of life.
    suspected: Notify,
}

impl Health {
    pub(super) fn new(resolvers: usize) -> Self {
        let pulse = || Pulse { answered: Cell::new(None), up: Cell::new(true), benched: Cell::new(None), suspected: Notify::new() };
        Self { resolvers: std::iter::repeat_with(pulse).take(resolvers).collect(), decided: Notify::new(), paused: Cell::new(None) }
    }

    /// A resolver has answered. Called for each batch of answers.
    pub(super) fn answered(&self, resolver: usize, now: Instant) {
        let Some(pulse) = self.resolvers.get(resolver) else { return };
        pulse.answered.set(Some(now));
        if !pulse.up.replace(true) {
            pulse.benched.set(None);
            self.paused.set(None);
            self.decided.notify_waiters();
        }
    }

    /// Whether a resolver is thought to be alive.
    pub(super) fn is_up(&self, resolver: usize) -> bool {
        self.resolvers.get(resolver).is_some_and(|pulse| pulse.up.get())
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
        loop {
            let decided = self.decided.notified();
            if !pulse.up.get() {
                return false;
            }
            if pulse.answered.get().is_some_and(|answered| answered >= since) {
                return true;
            }
            pulse.suspected.notify_one();
            decided.await;
        }
    }

    /// Waits until a resolver is suspected.
    pub(super) async fn suspicion(&self, resolver: usize) {
        match self.resolvers.get(resolver) {
            Some(pulse) => pulse.suspected.notified().await,
            None => std::future::pending().await,
        }
    }

    /// A suspect has answered.
    pub(super) fn clear(&self, resolver: usize) {
        self.answered(resolver, Instant::now());
        self.decided.notify_waiters();
    }

    /// A suspect has not answered.
    pub(super) fn bench(&self, resolver: usize, counters: &Arc<DnsCounters>) {
        let Some(pulse) = self.resolvers.get(resolver) else { return };
        pulse.benched.set(Some(counters.bench()));
        pulse.up.set(false);
        if self.choose(resolver).is_none() {
            self.paused.set(Some(counters.pause()));
        }
        self.decided.notify_waiters();
    }
}
