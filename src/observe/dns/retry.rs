//! How often a question is asked before its lookup fails: one loop for the resolvers of the bulk engine and for the encrypted ones.

use std::ops::Deref;
use std::time::Duration;

use tokio::time::Instant;

use super::attempt::Attempt;
use super::counters::DnsCounters;
use super::health::{Health, Watched};
use crate::evidence::{Lookup, Outcome};

/// Attempts of one lookup that do not count because their resolver had died: a bound where resolvers come and go without end.
pub(super) const MAX_IN_VAIN: u32 = 50;

/// How often and how long is asked before a lookup fails; the same for all three ways of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryConfig {
    /// How long an attempt waits for its answer, from the moment its query leaves; TCP after truncation waits as long again. Encrypted
    /// resolvers have as long for their connection, too. From the root it is the wait for one name server, and a lookup may take twice as
    /// long for each of its tries, and what our own limits make it wait besides.
    pub timeout: Duration,
    /// Attempts a lookup has before it fails, each on another resolver where there is one, or from what is known by then; at least 1.
    pub tries: u16,
    /// How long to wait when nobody answers at all: `None` is for ever. Zero is not to ask whether a silent resolver is alive: every
    /// silence counts against the name.
    pub patience: Option<Duration>,
}

impl Default for RetryConfig {
    /// 2 s, 3 tries, for ever.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(2), tries: 3, patience: None }
    }
}

/// The attempts of one lookup.
pub(super) struct Retry<'a, W> {
    /// Whom to ask.
    pub(super) health: &'a Health<W>,
    pub(super) counters: &'a DnsCounters,
    pub(super) config: RetryConfig,
    /// Whose turn it is to be asked first.
    pub(super) turn: usize,
}

impl<W: Deref<Target: Watched>> Retry<'_, W> {
    /// Asks resolvers by `ask`, beginning with `first` if it has been chosen already, until the question is settled or has had all its
    /// attempts.
    ///
    /// Positive and negative answers are final. Anything else is tried again on the next resolver; if no attempt brings an answer,
    /// the last response code is kept before an unreadable answer, that before a fault of this machine, and that before silence. An attempt
    /// on a resolver that has died does not count, and neither does one that `ask` gives up without a result: it is made again on another
    /// one, or when one is back.
    pub(super) async fn run<R>(&self, lookup: &mut Lookup<R>, mut first: Option<&W>, mut ask: impl AsyncFnMut(&W) -> Option<Attempt<R>>) {
        let (mut sent, mut number, mut in_vain, mut weight) = (0_u16, 0_u16, 0, None);
        while number < self.config.tries.max(1) {
            let next = match first.take() {
                Some(first) => Some(first),
                None => self.health.wait(self.turn.wrapping_add(number.into()), self.config.patience).await,
            };
            let Some(resolver) = next else {
                if weight.is_none() {
                    (lookup.outcome, lookup.detail) = (Outcome::Timeout, Some("no resolver answers".to_owned()));
                }
                break;
            };
            let begun = Instant::now();
            let Some(attempt) = ask(resolver).await else { continue };
            sent = sent.saturating_add(attempt.sent);
            self.counters.malformed.add(usize::from(attempt.outcome == Outcome::Malformed));
            let conclusive = attempt.outcome.is_conclusive();
            let counts = conclusive || in_vain == MAX_IN_VAIN || self.counts(&attempt, resolver, begun).await;
            if weight <= Some(attempt.weight()) {
                weight = Some(attempt.weight());
                attempt.fill(lookup);
            }
            if conclusive {
                break;
            }
            (number, in_vain) = if counts { (number + 1, in_vain) } else { (number, in_vain + 1) };
            self.counters.retries.add(usize::from(number < self.config.tries));
        }
        lookup.attempts = sent;
    }

    /// Whether an attempt that settled nothing says something about the name: not if its resolver is dead, or was while it was asked. Signs
    /// of life from the later half of the wait count: earlier ones may be from before it died.
    async fn counts<R>(&self, attempt: &Attempt<R>, resolver: &W, begun: Instant) -> bool {
        let undecided = matches!(attempt.outcome, Outcome::Timeout | Outcome::LocalError);
        if !undecided || self.config.patience == Some(Duration::ZERO) {
            return true;
        }
        let now = Instant::now();
        let since = now.checked_sub(attempt.waited / 2).unwrap_or(now);
        self.health.is_alive(resolver.liveness(), since).await && !self.health.was_benched_since(resolver.liveness(), begun)
    }
}
