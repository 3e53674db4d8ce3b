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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use tokio::time::sleep;

    use super::super::health::Liveness;
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(2);

    /// A resolver that does not ask anybody.
    struct Resolver {
        number: usize,
        liveness: Liveness,
    }

    impl Watched for Resolver {
        fn liveness(&self) -> &Liveness {
            &self.liveness
        }
    }

    fn health(resolvers: usize) -> Health<Arc<Resolver>> {
        Health::new((0..resolvers).map(|number| Arc::new(Resolver { number, liveness: Liveness::default() })).collect())
    }

    fn config(tries: u16, patience: Option<Duration>) -> RetryConfig {
        RetryConfig { timeout: TIMEOUT, tries, patience }
    }

    fn said(outcome: Outcome) -> Attempt<Ipv4Addr> {
        let mut attempt = Attempt::failed(outcome, None, Some(outcome.to_string()));
        attempt.sent = 1;
        attempt
    }

    async fn silence() -> Attempt<Ipv4Addr> {
        sleep(TIMEOUT).await;
        let mut attempt = said(Outcome::Timeout);
        attempt.waited = TIMEOUT;
        attempt
    }

    fn unsent() -> Lookup<Ipv4Addr> {
        Lookup::unsent("a.test".to_owned(), Outcome::LocalError)
    }

    #[tokio::test(start_paused = true)]
    async fn each_try_goes_to_the_next_resolver_and_the_best_result_is_kept() {
        let (health, counters, asked) = (health(3), DnsCounters::default(), RefCell::new(Vec::new()));
        let retry = Retry { health: &health, counters: &counters, config: config(4, Some(Duration::ZERO)), turn: 1 };
        let mut lookup = unsent();
        let ask = async |resolver: &Arc<Resolver>| {
            asked.borrow_mut().push(resolver.number);
            let outcomes = [Outcome::Malformed, Outcome::Servfail, Outcome::Timeout, Outcome::LocalError];
            outcomes.get(asked.borrow().len() - 1).copied().map(said)
        };
        retry.run(&mut lookup, None, ask).await;
        assert_eq!(asked.take(), [1, 2, 0, 1]);
        assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Servfail, 4));
        assert_eq!((counters.totals().retries, counters.totals().activity.malformed), (3, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_final_and_a_resolver_that_was_chosen_is_asked_first() {
        let (health, counters) = (health(2), DnsCounters::default());
        let retry = Retry { health: &health, counters: &counters, config: config(3, None), turn: 0 };
        let mut lookup = unsent();
        let ask = async |resolver: &Arc<Resolver>| Some(said(if resolver.number == 1 { Outcome::Nxdomain } else { Outcome::Servfail }));
        retry.run(&mut lookup, health.members().last(), ask).await;
        assert_eq!((lookup.outcome, lookup.attempts, counters.totals().retries), (Outcome::Nxdomain, 1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_on_a_dead_resolver_do_not_count_and_its_return_is_waited_for() {
        let (health, counters) = (health(1), Arc::new(DnsCounters::default()));
        let begun = Instant::now();
        let dead_until = begun + Duration::from_secs(3600);
        let retry = Retry { health: &health, counters: &counters, config: config(2, None), turn: 0 };
        let mut lookup = unsent();
        let ask = async |_: &Arc<Resolver>| Some(if Instant::now() < dead_until { silence().await } else { said(Outcome::Nodata) });
        let liveness = health.members()[0].liveness();
        tokio::select! {
            () = retry.run(&mut lookup, None, ask) => {}
            () = health.look_after(liveness, &counters, TIMEOUT, async || Instant::now() >= dead_until) => {}
        }
        assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Nodata, 2));
        let totals = counters.totals();
        assert_eq!((totals.activity.pauses, totals.paused, totals.benched), (1, false, 0));
        assert!(begun.elapsed() >= Duration::from_secs(3600) && totals.activity.paused_seconds > 3500.0, "{totals:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_silence_of_a_zone_counts_where_its_resolver_lives() {
        let (health, counters) = (health(1), Arc::new(DnsCounters::default()));
        let retry = Retry { health: &health, counters: &counters, config: config(3, None), turn: 0 };
        let (mut lookup, begun) = (unsent(), Instant::now());
        tokio::select! {
            () = retry.run(&mut lookup, None, async |_: &Arc<Resolver>| Some(silence().await)) => {}
            () = health.look_after(health.members()[0].liveness(), &counters, TIMEOUT, async || true) => {}
        }
        assert_eq!((lookup.outcome, lookup.attempts, begun.elapsed()), (Outcome::Timeout, 3, 3 * TIMEOUT));
        assert_eq!(counters.totals().activity.pauses, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_has_an_end_where_it_is_given_one() {
        let (health, counters) = (health(1), Arc::new(DnsCounters::default()));
        let patience = Duration::from_secs(10);
        let retry = Retry { health: &health, counters: &counters, config: config(3, Some(patience)), turn: 0 };
        let (mut first, mut second) = (unsent(), unsent());
        let look = health.look_after(health.members()[0].liveness(), &counters, TIMEOUT, async || false);
        let lookups = async {
            retry.run(&mut first, None, async |_: &Arc<Resolver>| Some(silence().await)).await;
            let begun = Instant::now();
            retry.run(&mut second, None, async |_: &Arc<Resolver>| Some(silence().await)).await;
            begun.elapsed()
        };
        let waited = tokio::select! {
            waited = lookups => waited,
            () = look => Duration::ZERO,
        };
        assert_eq!(waited, patience);
        assert_eq!((first.outcome, first.detail.as_deref()), (Outcome::Timeout, Some("timeout")));
        assert_eq!((second.outcome, second.detail.as_deref(), second.attempts), (Outcome::Timeout, Some("no resolver answers"), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn resolvers_that_come_and_go_do_not_hold_a_lookup_up_for_ever() {
        let (health, counters) = (health(1), Arc::new(DnsCounters::default()));
        let retry = Retry { health: &health, counters: &counters, config: config(2, None), turn: 0 };
        let mut lookup = unsent();
        let asked = std::cell::Cell::new(0_u32);
        // It answers nothing but every third question whether it lives.
        let is_answering = async || {
            asked.set(asked.get() + 1);
            asked.get().is_multiple_of(3)
        };
        tokio::select! {
            () = retry.run(&mut lookup, None, async |_: &Arc<Resolver>| Some(silence().await)) => {}
            () = health.look_after(health.members()[0].liveness(), &counters, TIMEOUT, is_answering) => {}
        }
        assert_eq!((lookup.outcome, u32::from(lookup.attempts)), (Outcome::Timeout, MAX_IN_VAIN + 2));
    }
}
