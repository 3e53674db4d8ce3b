//! Which resolvers are alive, so that a silent resolver is told from a silent zone and an outage is waited for instead of recorded.
//!
//! A silence is held against a name only if its resolver has lately answered something. If it has not, it is asked for the root's name
//! servers, which every resolver has at hand. One that does not answer that either is benched: nobody asks it but this file, once in a
//! while, until it answers.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::{sleep, timeout_at};

use super::counters::{Bench, DnsCounters, Pause};
use super::engine::{Engine, Ticket};
use super::slots::Reply;

/// Type NS (RFC 1035 section 3.2.2).
const TYPE_NS: u16 = 2;
/// Questions to a suspect before it is benched: one may be lost.
const LAST_CHANCES: u32 = 2;
/// The longest pause between questions to a benched resolver.
const LOOK_EVERY: Duration = Duration::from_secs(1);

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

    fn bench(&self, resolver: usize, counters: &Arc<DnsCounters>) {
        let Some(pulse) = self.resolvers.get(resolver) else { return };
        pulse.benched.set(Some(counters.bench()));
        pulse.up.set(false);
        if self.choose(resolver).is_none() {
            self.paused.set(Some(counters.pause()));
        }
        self.decided.notify_waiters();
    }
}

/// Asks a resolver for a sign of life when it is suspected, and again and again while it is benched.
pub(super) async fn watch(engine: Rc<Engine>, resolver: usize, timeout: Duration) {
    let Some(pulse) = engine.health.resolvers.get(resolver) else { return };
    loop {
        pulse.suspected.notified().await;
        let mut failures = 0;
        while !is_answering(&engine, resolver).await {
            failures += 1;
            if failures == LAST_CHANCES {
                engine.health.bench(resolver, &engine.counters);
            }
            if failures >= LAST_CHANCES {
                sleep(timeout.min(LOOK_EVERY)).await;
            }
        }
        engine.health.answered(resolver, Instant::now());
        engine.health.decided.notify_waiters();
    }
}

/// Whatever it says, it lives.
async fn is_answering(engine: &Rc<Engine>, resolver: usize) -> bool {
    let Ok(ticket) = Ticket::claim(engine, ".", TYPE_NS) else { return true };
    matches!(ticket.ask(resolver, false).await, Reply::Message(_))
}
