//! Questions that many domains have in common, asked once: answers are kept as long as their TTL says, and who asks while a question is
//! under way waits for it.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;

use super::sharing::{SharedFor, SharingCounters};
use crate::evidence::{Connection, Lookup, Outcome};

/// Records are kept at least so long: with a TTL of zero each of a thousand customers of a host would ask for it again.
const MIN_LIFETIME: Duration = Duration::from_secs(60);
/// And at most a day, as resolvers do.
const MAX_LIFETIME: Duration = Duration::from_secs(86_400);
/// How long it is believed that there is nothing. What the zone says of that (RFC 2308 section 5) stands in a record that is not read;
/// zones usually say more.
const NEGATIVE_LIFETIME: Duration = Duration::from_secs(900);

/// An answer that may settle its question.
pub(super) trait Answer: Clone + Send + Sync + 'static {
    /// Whether nobody has to ask again.
    fn is_conclusive(&self) -> bool;
    /// How long nobody has to.
    fn lifetime(&self) -> Duration;
    /// The answer as evidence of somebody who did not ask.
    fn for_another(self) -> Self;
}

impl<R: Clone + Send + Sync + 'static> Answer for Lookup<R> {
    fn is_conclusive(&self) -> bool {
        self.outcome.is_conclusive()
    }

    fn lifetime(&self) -> Duration {
        match (self.outcome, self.ttl) {
            (Outcome::Noerror, Some(ttl)) => Duration::from_secs(ttl.into()).clamp(MIN_LIFETIME, MAX_LIFETIME),
            _ => NEGATIVE_LIFETIME,
        }
    }

    fn for_another(self) -> Self {
        Self { attempts: 0, ..self }
    }
}

impl Answer for Connection {
    fn is_conclusive(&self) -> bool {
        self.is_conclusive()
    }

    fn lifetime(&self) -> Duration {
        MAX_LIFETIME
    }

    fn for_another(self) -> Self {
        self
    }
}

/// Answers of one kind by name, for all worker threads of a scan.
///
/// Only what settles something is kept: those who waited for a question that failed share its failure, whoever comes later asks again.
/// Where whoever asked goes without an answer, the question is another's who waits.
#[derive(Debug)]
pub(super) struct SingleFlight<A: Answer> {
    answers: Cache<String, Kept<A>>,
    counters: Arc<SharingCounters>,
}

#[derive(Clone, Debug)]
struct Kept<A> {
    answer: A,
    /// What it was asked for.
    asked_for: SharedFor,
}

/// Every answer has its own lifetime.
struct Lifetime;

impl<A: Answer> Expiry<String, Kept<A>> for Lifetime {
    fn expire_after_create(&self, _name: &String, kept: &Kept<A>, _now: Instant) -> Option<Duration> {
        Some(kept.answer.lifetime())
    }

    fn expire_after_update(&self, _name: &String, kept: &Kept<A>, _now: Instant, _left: Option<Duration>) -> Option<Duration> {
        Some(kept.answer.lifetime())
    }
}

impl<A: Answer> SingleFlight<A> {
    /// Room for so many answers; those that nobody has asked for longest make room.
    pub(super) fn new(capacity: u64, counters: &Arc<SharingCounters>) -> Self {
        let dropped = Arc::clone(counters);
        let answers = Cache::builder()
            .max_capacity(capacity)
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(Lifetime)
            .eviction_listener(move |_, kept: Kept<A>, cause| match cause {
                // Only what has expired is replaced: who finds an answer does not ask.
                RemovalCause::Expired | RemovalCause::Replaced => dropped.expire(kept.asked_for),
                RemovalCause::Size => dropped.evict(kept.asked_for),
                RemovalCause::Explicit => dropped.forget(kept.asked_for),
            })
            .build();
        Self { answers, counters: Arc::clone(counters) }
    }

    /// The answer for a name: known, waited for, or made by `ask`.
    pub(super) async fn get(&self, wanted_for: SharedFor, name: &str, ask: impl AsyncFnOnce() -> A) -> A {
        let asked = Cell::new(false);
        let ask = async {
            asked.set(true);
            self.counters.miss(wanted_for);
            let answer = ask().await;
            if !answer.is_conclusive() {
                return Err(answer);
            }
            self.counters.keep(wanted_for);
            Ok(Kept { answer, asked_for: wanted_for })
        };
        // Apart: whoever waits for something else afterwards is spared its 4 KB.
        let answer = match Box::pin(self.answers.try_get_with_by_ref(name, ask)).await {
            Ok(kept) => kept.answer,
            Err(failed) => Arc::unwrap_or_clone(failed),
        };
        if asked.get() {
            return answer;
        }
        self.counters.hit(wanted_for);
        answer.for_another()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use futures_util::poll;

    use super::*;

    const BY: SharedFor = SharedFor::MxHosts;

    fn lookup(outcome: Outcome) -> Lookup<Ipv4Addr> {
        Lookup { attempts: 1, ..Lookup::unsent("mx.example".to_owned(), outcome) }
    }

    fn new<A: Answer>(capacity: u64) -> SingleFlight<A> {
        SingleFlight::new(capacity, &Arc::default())
    }

    impl<A: Answer> SingleFlight<A> {
        /// How many answers are kept, everything that is due done.
        async fn len(&self) -> u64 {
            self.answers.run_pending_tasks().await;
            self.answers.entry_count()
        }
    }

    #[tokio::test]
    async fn who_comes_while_a_question_is_under_way_waits_for_it() {
        let (shared, asked) = (new(100), Cell::new(0));
        let ask = async || {
            asked.set(asked.get() + 1);
            tokio::task::yield_now().await;
            lookup(Outcome::Nodata)
        };
        let all = join_all((0..1000).map(|_| shared.get(BY, "mx.example", ask))).await;
        assert!(all.iter().all(|lookup| lookup.outcome == Outcome::Nodata));
        assert_eq!(all.iter().map(|lookup| lookup.attempts).sum::<u16>(), 1, "only who asked has asked");
        shared.get(BY, "mx.example", ask).await;
        assert_eq!(asked.get(), 1);
        shared.get(SharedFor::PolicyTargets, "other.example", ask).await;
        assert_eq!(asked.get(), 2);
        let totals = shared.counters.totals();
        assert_eq!((totals.mx_hosts.hits, totals.mx_hosts.misses, totals.mx_hosts.entries), (1000, 1, 1));
        assert_eq!((totals.policy_targets.hits, totals.policy_targets.misses, totals.policy_targets.entries), (0, 1, 1));
    }

    #[test]
    fn threads_ask_once_together() {
        let (shared, asked) = (Arc::new(new(100)), Arc::new(AtomicUsize::new(0)));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (shared, asked) = (Arc::clone(&shared), Arc::clone(&asked));
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(async {
                        let ask = async || {
                            asked.fetch_add(1, Ordering::SeqCst);
                            tokio::task::yield_now().await;
                            lookup(Outcome::Noerror)
                        };
                        join_all((0..100).map(|_| shared.get(BY, "mx.example", ask))).await.len()
                    })
                })
            })
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 100));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_is_shared_with_those_who_waited_and_then_forgotten() {
        let (shared, asked) = (new(100), Cell::new(0));
        let ask = async || {
            asked.set(asked.get() + 1);
            tokio::task::yield_now().await;
            lookup(if asked.get() == 1 { Outcome::Servfail } else { Outcome::Noerror })
        };
        let first = join_all((0..10).map(|_| shared.get(BY, "mx.example", ask))).await;
        assert!(first.iter().all(|lookup| lookup.outcome == Outcome::Servfail) && asked.get() == 1);
        assert_eq!(shared.counters.totals().mx_hosts.entries, 0);
        assert_eq!(shared.get(BY, "mx.example", ask).await.outcome, Outcome::Noerror);
        assert_eq!((shared.get(BY, "mx.example", ask).await.outcome, asked.get()), (Outcome::Noerror, 2));
    }

    #[tokio::test]
    async fn who_gives_up_leaves_the_question_to_others() {
        let shared = new(100);
        let never = async || std::future::pending().await;
        let answer = async || lookup(Outcome::Nxdomain);
        let mut abandoned = Box::pin(shared.get(BY, "mx.example", never));
        let mut waiting = pin!(shared.get(BY, "mx.example", answer));
        assert!(poll!(abandoned.as_mut()).is_pending() && poll!(waiting.as_mut()).is_pending());
        drop(abandoned);
        assert_eq!(waiting.await.outcome, Outcome::Nxdomain);
        assert_eq!(shared.get(BY, "mx.example", answer).await.outcome, Outcome::Nxdomain);
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_what_is_asked_for_often_stays() {
        let (shared, asked) = (new(320), Cell::new(0));
        for number in 0..5000 {
            shared.get(BY, &format!("mx{number}.example"), async || lookup(Outcome::Noerror)).await;
            shared
                .get(SharedFor::ReportReceivers, "popular.example", async || {
                    asked.set(asked.get() + 1);
                    lookup(Outcome::Noerror)
                })
                .await;
        }
        assert!(shared.len().await <= 320, "{}", shared.len().await);
        assert_eq!(asked.get(), 1);
        let totals = shared.counters.totals();
        assert_eq!(totals.mx_hosts.entries + totals.report_receivers.entries, shared.len().await);
        assert_eq!(totals.mx_hosts.entries + totals.mx_hosts.evicted, 5000);
        assert_eq!((totals.report_receivers.entries, totals.report_receivers.hits), (1, 4999));
    }

    /// An answer that is too old at once.
    #[derive(Clone)]
    struct Fleeting;

    impl Answer for Fleeting {
        fn is_conclusive(&self) -> bool {
            true
        }
        fn lifetime(&self) -> Duration {
            Duration::ZERO
        }
        fn for_another(self) -> Self {
            self
        }
    }

    #[tokio::test]
    async fn what_is_too_old_is_asked_again() {
        let (shared, asked) = (new(100), Cell::new(0));
        for _ in 0..3 {
            shared
                .get(BY, "mx.example", async || {
                    asked.set(asked.get() + 1);
                    Fleeting
                })
                .await;
        }
        let found = shared.counters.totals().mx_hosts;
        assert_eq!((asked.get(), found.expired, found.misses, found.hits, found.entries), (3, 2, 3, 0, 1));
    }

    #[test]
    fn answers_are_kept_as_long_as_they_say_within_bounds() {
        let of = |outcome, ttl| Lookup { ttl, ..lookup(outcome) }.lifetime().as_secs();
        assert_eq!([0, 300, 999_999].map(|ttl| of(Outcome::Noerror, Some(ttl))), [60, 300, 86_400]);
        assert_eq!(of(Outcome::Nxdomain, None), 900);
        assert_eq!(of(Outcome::Nodata, Some(5)), 900, "a TTL of the aliases on the way says nothing of the end");
    }
}
