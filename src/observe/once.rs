//! Questions that many domains have in common, asked once: answers are kept as long as their TTL says, and who asks while a question is
//! under way waits for it.

use std::collections::HashMap;
use std::hash::Hasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use xxhash_rust::xxh3::Xxh3Default;

use super::sharing::{SharedFor, SharingCounters};
use crate::evidence::{Connection, Lookup, Outcome};

/// Independently locked parts, so that worker threads rarely wait for each other.
const SHARDS: usize = 16;
/// Records are kept at least so long: with a TTL of zero each of a thousand customers of a host would ask for it again.
const LEAST_LIFETIME: Duration = Duration::from_secs(60);
/// And at most a day, as resolvers do.
const MOST_LIFETIME: Duration = Duration::from_secs(86_400);
/// How long it is believed that there is nothing. What the zone says of that (RFC 2308 section 5) stands in a record that is not read;
/// zones usually say more.
const NEGATIVE_LIFETIME: Duration = Duration::from_secs(900);

/// An answer that may settle its question.
pub(super) trait Answer: Clone {
    /// Whether nobody has to ask again.
    fn is_conclusive(&self) -> bool;
    /// How long nobody has to.
    fn lifetime(&self) -> Duration;
    /// The answer as evidence of somebody who did not ask.
    fn for_another(self) -> Self;
}

impl<R: Clone> Answer for Lookup<R> {
    fn is_conclusive(&self) -> bool {
        self.outcome.is_conclusive()
    }

    fn lifetime(&self) -> Duration {
        match (self.outcome, self.ttl) {
            (Outcome::Noerror, Some(ttl)) => Duration::from_secs(ttl.into()).clamp(LEAST_LIFETIME, MOST_LIFETIME),
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
        MOST_LIFETIME
    }

    fn for_another(self) -> Self {
        self
    }
}

/// Answers of one kind by name, for all worker threads of a scan.
///
/// Only what settles something is kept: those who waited for a question that failed share its failure, whoever comes later asks again.
#[derive(Debug)]
pub(super) struct Once<A> {
    shards: Vec<Mutex<Shard<A>>>,
    counters: Arc<SharingCounters>,
}

/// Two generations: when the young are many enough, they become the old, and the old that nobody asked for since are forgotten.
#[derive(Debug)]
struct Shard<A> {
    young: HashMap<Box<str>, Slot<A>>,
    old: HashMap<Box<str>, Slot<A>>,
    /// The most that one generation holds.
    limit: usize,
    counters: Arc<SharingCounters>,
}

#[derive(Clone, Debug)]
enum Slot<A> {
    Settled(Settled<A>),
    UnderWay(Waiting<A>),
}

#[derive(Clone, Debug)]
struct Settled<A> {
    answer: A,
    /// When it is too old.
    until: Instant,
    /// On whose behalf it was asked.
    by: SharedFor,
}

type Waiting<A> = watch::Receiver<Option<A>>;

/// What there is to do for somebody who asks.
enum Turn<'a, A> {
    Known(A),
    Wait(Waiting<A>),
    Ask(Asking<'a, A>),
}

impl<A: Answer> Once<A> {
    /// Room for so many answers in all.
    pub(super) fn new(capacity: usize, counters: &Arc<SharingCounters>) -> Self {
        let limit = (capacity / SHARDS / 2).max(1);
        let shard = || Mutex::new(Shard { young: HashMap::new(), old: HashMap::new(), limit, counters: Arc::clone(counters) });
        Self { shards: std::iter::repeat_with(shard).take(SHARDS).collect(), counters: Arc::clone(counters) }
    }

    /// The answer for a name: known, waited for, or made by `ask`.
    pub(super) async fn get(&self, by: SharedFor, name: &str, ask: impl AsyncFn() -> A) -> A {
        loop {
            match self.turn(by, name, Instant::now()) {
                Turn::Known(answer) => {
                    self.counters.hit(by);
                    return answer.for_another();
                }
                Turn::Ask(asking) => {
                    self.counters.miss(by);
                    return asking.settle(ask().await);
                }
                Turn::Wait(mut waiting) => {
                    let answered = waiting.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
                    match answered {
                        Some(answer) => {
                            self.counters.hit(by);
                            return answer.for_another();
                        }
                        None => continue, // The one who asked has gone without an answer; somebody else's turn.
                    }
                }
            }
        }
    }

    fn turn<'a>(&'a self, by: SharedFor, name: &'a str, now: Instant) -> Turn<'a, A> {
        let mut shard = self.shard(name);
        match shard.find(name, now) {
            Some(Slot::Settled(settled)) => Turn::Known(settled.answer),
            // A closed channel is what a probe that was given up has left.
            Some(Slot::UnderWay(waiting)) if waiting.has_changed().is_ok() || waiting.borrow().is_some() => Turn::Wait(waiting),
            _ => {
                let (waiting, answer) = watch::channel(None);
                shard.insert(name, Slot::UnderWay(answer));
                Turn::Ask(Asking { once: self, by, name, waiting })
            }
        }
    }

    fn shard(&self, name: &str) -> MutexGuard<'_, Shard<A>> {
        let mut hasher = Xxh3Default::new();
        hasher.write(name.as_bytes());
        let place = hasher.finish() % SHARDS as u64;
        let shard = self.shards.get(place as usize).unwrap_or(&self.shards[0]);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duty to answer for a name that others may be waiting for.
struct Asking<'a, A> {
    once: &'a Once<A>,
    by: SharedFor,
    name: &'a str,
    waiting: watch::Sender<Option<A>>,
}

impl<A: Answer> Asking<'_, A> {
    fn settle(self, answer: A) -> A {
        let mut shard = self.once.shard(self.name);
        match answer.is_conclusive() {
            true => {
                let now = Instant::now();
                let until = now.checked_add(answer.lifetime()).unwrap_or(now);
                shard.insert(self.name, Slot::Settled(Settled { answer: answer.clone(), until, by: self.by }));
            }
            false => shard.remove(self.name),
        }
        drop(shard);
        self.waiting.send_replace(Some(answer.clone()));
        answer
    }
}

impl<A: Clone> Shard<A> {
    fn find(&mut self, name: &str, now: Instant) -> Option<Slot<A>> {
        let is_young = self.young.contains_key(name);
        let slot = if is_young { self.young.get(name) } else { self.old.get(name) }?.clone();
        if let Slot::Settled(settled) = &slot
            && settled.until <= now
        {
            self.counters.expire(settled.by);
            self.remove(name);
            return None;
        }
        if !is_young && let Some((name, slot)) = self.old.remove_entry(name) {
            self.counters.forget(slot.by());
            self.insert(&name, slot);
        }
        Some(slot)
    }

    fn insert(&mut self, name: &str, slot: Slot<A>) {
        if self.young.len() >= self.limit && !self.young.contains_key(name) {
            let evicted = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            evicted.values().filter_map(Slot::by).for_each(|by| self.counters.evict(by));
        }
        self.counters.keep(slot.by());
        let replaced = self.young.insert(name.into(), slot);
        self.counters.forget(replaced.as_ref().and_then(Slot::by));
    }

    fn remove(&mut self, name: &str) {
        for removed in [self.young.remove(name), self.old.remove(name)].into_iter().flatten() {
            self.counters.forget(removed.by());
        }
    }
}

impl<A> Slot<A> {
    /// On whose behalf the answer was asked; `None` where there is none yet.
    fn by(&self) -> Option<SharedFor> {
        match self {
            Self::Settled(settled) => Some(settled.by),
            Self::UnderWay(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
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

    fn new<A: Answer>(capacity: usize) -> Once<A> {
        Once::new(capacity, &Arc::default())
    }

    impl<A> Once<A> {
        fn len(&self) -> usize {
            self.shards.iter().map(|shard| shard.lock().unwrap()).map(|shard| shard.young.len() + shard.old.len()).sum()
        }
    }

    #[tokio::test]
    async fn who_comes_while_a_question_is_under_way_waits_for_it() {
        let (once, asked) = (new(100), Cell::new(0));
        let ask = async || {
            asked.set(asked.get() + 1);
            tokio::task::yield_now().await;
            lookup(Outcome::Nodata)
        };
        let all = join_all((0..1000).map(|_| once.get(BY, "mx.example", ask))).await;
        assert!(all.iter().all(|lookup| lookup.outcome == Outcome::Nodata));
        assert_eq!(all.iter().map(|lookup| lookup.attempts).sum::<u16>(), 1, "only who asked has asked");
        once.get(BY, "mx.example", ask).await;
        assert_eq!(asked.get(), 1);
        once.get(SharedFor::PolicyTargets, "other.example", ask).await;
        assert_eq!(asked.get(), 2);
        let totals = once.counters.totals();
        assert_eq!((totals.mx_hosts.hits, totals.mx_hosts.misses, totals.mx_hosts.entries), (1000, 1, 1));
        assert_eq!((totals.policy_targets.hits, totals.policy_targets.misses, totals.policy_targets.entries), (0, 1, 1));
    }

    #[test]
    fn threads_ask_once_together() {
        let (once, asked) = (Arc::new(new(100)), Arc::new(AtomicUsize::new(0)));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (once, asked) = (Arc::clone(&once), Arc::clone(&asked));
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(async {
                        let ask = async || {
                            asked.fetch_add(1, Ordering::SeqCst);
                            tokio::task::yield_now().await;
                            lookup(Outcome::Noerror)
                        };
                        join_all((0..100).map(|_| once.get(BY, "mx.example", ask))).await.len()
                    })
                })
            })
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 100));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_is_shared_with_those_who_waited_and_then_forgotten() {
        let (once, asked) = (new(100), Cell::new(0));
        let ask = async || {
            asked.set(asked.get() + 1);
            tokio::task::yield_now().await;
            lookup(if asked.get() == 1 { Outcome::Servfail } else { Outcome::Noerror })
        };
        let first = join_all((0..10).map(|_| once.get(BY, "mx.example", ask))).await;
        assert!(first.iter().all(|lookup| lookup.outcome == Outcome::Servfail) && asked.get() == 1);
        assert_eq!(once.counters.totals().mx_hosts.entries, 0);
        assert_eq!(once.get(BY, "mx.example", ask).await.outcome, Outcome::Noerror);
        assert_eq!((once.get(BY, "mx.example", ask).await.outcome, asked.get()), (Outcome::Noerror, 2));
    }

    #[tokio::test]
    async fn who_gives_up_leaves_the_question_to_others() {
        let once = new(100);
        let never = async || std::future::pending().await;
        let answer = async || lookup(Outcome::Nxdomain);
        let mut abandoned = Box::pin(once.get(BY, "mx.example", never));
        let mut waiting = pin!(once.get(BY, "mx.example", answer));
        assert!(poll!(abandoned.as_mut()).is_pending() && poll!(waiting.as_mut()).is_pending());
        drop(abandoned);
        assert_eq!(waiting.await.outcome, Outcome::Nxdomain);
        assert_eq!(once.get(BY, "mx.example", answer).await.outcome, Outcome::Nxdomain);
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_what_is_asked_for_often_stays() {
        let (once, asked) = (new(320), Cell::new(0));
        for number in 0..5000 {
            once.get(BY, &format!("mx{number}.example"), async || lookup(Outcome::Noerror)).await;
            once.get(SharedFor::ReportReceivers, "popular.example", async || {
                asked.set(asked.get() + 1);
                lookup(Outcome::Noerror)
            })
            .await;
        }
        assert!(once.len() <= 320, "{}", once.len());
        assert_eq!(asked.get(), 1);
        let totals = once.counters.totals();
        assert_eq!((totals.mx_hosts.entries + totals.report_receivers.entries) as usize, once.len());
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
        let (once, asked) = (new(100), Cell::new(0));
        for _ in 0..3 {
            once.get(BY, "mx.example", async || {
                asked.set(asked.get() + 1);
                Fleeting
            })
            .await;
        }
        let found = once.counters.totals().mx_hosts;
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
