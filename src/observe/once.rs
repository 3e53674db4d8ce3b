//! Questions that many domains have in common, asked once: answers are kept, and who asks while a question is under way waits for it.

use std::collections::HashMap;
use std::hash::Hasher as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use xxhash_rust::xxh3::Xxh3Default;

use crate::evidence::{Connection, Lookup};

/// Independently locked parts, so that worker threads rarely wait for each other.
const SHARDS: usize = 16;

/// An answer that may settle its question.
pub(super) trait Answer: Clone {
    /// Whether nobody has to ask again.
    fn is_conclusive(&self) -> bool;
}

impl<R: Clone> Answer for Lookup<R> {
    fn is_conclusive(&self) -> bool {
        self.outcome.is_conclusive()
    }
}

impl Answer for Connection {
    fn is_conclusive(&self) -> bool {
        self.is_conclusive()
    }
}

/// Answers of one kind by name, for all worker threads of a scan.
///
/// Only what settles something is kept: those who waited for a question that failed share its failure, whoever comes later asks again.
/// Nothing grows old: within one scan a host is the same for all domains that name it.
#[derive(Debug)]
pub(super) struct Once<A> {
    shards: Vec<Mutex<Shard<A>>>,
}

/// Two generations: when the young are many enough, they become the old, and the old that nobody asked for since are forgotten.
#[derive(Debug)]
struct Shard<A> {
    young: HashMap<Box<str>, Slot<A>>,
    old: HashMap<Box<str>, Slot<A>>,
    /// The most that one generation holds.
    limit: usize,
}

#[derive(Clone, Debug)]
enum Slot<A> {
    Settled(A),
    UnderWay(Waiting<A>),
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
    pub(super) fn new(capacity: usize) -> Self {
        let limit = (capacity / SHARDS / 2).max(1);
        let shard = || Mutex::new(Shard { young: HashMap::new(), old: HashMap::new(), limit });
        Self { shards: std::iter::repeat_with(shard).take(SHARDS).collect() }
    }

    /// The answer for a name: known, waited for, or made by `ask`.
    pub(super) async fn get(&self, name: &str, ask: impl AsyncFn() -> A) -> A {
        loop {
            match self.turn(name) {
                Turn::Known(answer) => return answer,
                Turn::Ask(asking) => return asking.settle(ask().await),
                Turn::Wait(mut waiting) => {
                    let answered = waiting.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
                    match answered {
                        Some(answer) => return answer,
                        None => continue, // The one who asked has gone without an answer; somebody else's turn.
                    }
                }
            }
        }
    }

    fn turn<'a>(&'a self, name: &'a str) -> Turn<'a, A> {
        let mut shard = self.shard(name);
        match shard.find(name) {
            Some(Slot::Settled(answer)) => Turn::Known(answer),
            // A closed channel is what a probe that was given up has left.
            Some(Slot::UnderWay(waiting)) if waiting.has_changed().is_ok() || waiting.borrow().is_some() => Turn::Wait(waiting),
            _ => {
                let (waiting, answer) = watch::channel(None);
                shard.insert(name, Slot::UnderWay(answer));
                Turn::Ask(Asking { once: self, name, waiting })
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
    name: &'a str,
    waiting: watch::Sender<Option<A>>,
}

impl<A: Answer> Asking<'_, A> {
    fn settle(self, answer: A) -> A {
        let mut shard = self.once.shard(self.name);
        match answer.is_conclusive() {
            true => shard.insert(self.name, Slot::Settled(answer.clone())),
            false => shard.remove(self.name),
        }
        drop(shard);
        self.waiting.send_replace(Some(answer.clone()));
        answer
    }
}

impl<A: Clone> Shard<A> {
    fn find(&mut self, name: &str) -> Option<Slot<A>> {
        if let Some(slot) = self.young.get(name) {
            return Some(slot.clone());
        }
        let (name, slot) = self.old.remove_entry(name)?;
        self.insert(&name, slot.clone());
        Some(slot)
    }

    fn insert(&mut self, name: &str, slot: Slot<A>) {
        if self.young.len() >= self.limit && !self.young.contains_key(name) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(name.into(), slot);
    }

    fn remove(&mut self, name: &str) {
        self.young.remove(name);
        self.old.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::Ipv4Addr;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use futures_util::poll;

    use super::*;
    use crate::evidence::Outcome;

    fn lookup(outcome: Outcome) -> Lookup<Ipv4Addr> {
        Lookup::unsent("mx.example".to_owned(), outcome)
    }

    impl<R> Once<R> {
        fn len(&self) -> usize {
            self.shards.iter().map(|shard| shard.lock().unwrap()).map(|shard| shard.young.len() + shard.old.len()).sum()
        }
    }

    #[tokio::test]
    async fn who_comes_while_a_question_is_under_way_waits_for_it() {
        let (once, asked) = (Once::new(100), Cell::new(0));
        let ask = async || {
            asked.set(asked.get() + 1);
            tokio::task::yield_now().await;
            lookup(Outcome::Nodata)
        };
        let all = join_all((0..1000).map(|_| once.get("mx.example", ask))).await;
        assert!(all.iter().all(|lookup| lookup.outcome == Outcome::Nodata));
        once.get("mx.example", ask).await;
        assert_eq!(asked.get(), 1);
        once.get("other.example", ask).await;
        assert_eq!(asked.get(), 2);
    }

    #[test]
    fn threads_ask_once_together() {
        let (once, asked) = (Arc::new(Once::new(100)), Arc::new(AtomicUsize::new(0)));
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
                        join_all((0..100).map(|_| once.get("mx.example", ask))).await.len()
                    })
                })
            })
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 100));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_is_shared_with_those_who_waited_and_then_forgotten() {
        let (once, asked) = (Once::new(100), Cell::new(0));
        let ask = async || {
            asked.set(asked.get() + 1);
            tokio::task::yield_now().await;
            lookup(if asked.get() == 1 { Outcome::Servfail } else { Outcome::Noerror })
        };
        let first = join_all((0..10).map(|_| once.get("mx.example", ask))).await;
        assert!(first.iter().all(|lookup| lookup.outcome == Outcome::Servfail) && asked.get() == 1);
        assert_eq!(once.get("mx.example", ask).await.outcome, Outcome::Noerror);
        assert_eq!((once.get("mx.example", ask).await.outcome, asked.get()), (Outcome::Noerror, 2));
    }

    #[tokio::test]
    async fn who_gives_up_leaves_the_question_to_others() {
        let once = Once::new(100);
        let never = async || std::future::pending().await;
        let answer = async || lookup(Outcome::Nxdomain);
        let mut abandoned = Box::pin(once.get("mx.example", never));
        let mut waiting = pin!(once.get("mx.example", answer));
        assert!(poll!(abandoned.as_mut()).is_pending() && poll!(waiting.as_mut()).is_pending());
        drop(abandoned);
        assert_eq!(waiting.await.outcome, Outcome::Nxdomain);
        assert_eq!(once.get("mx.example", answer).await.outcome, Outcome::Nxdomain);
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_what_is_asked_for_often_stays() {
        let (once, asked) = (Once::new(320), Cell::new(0));
        for number in 0..5000 {
            once.get(&format!("mx{number}.example"), async || lookup(Outcome::Noerror)).await;
            once.get("popular.example", async || {
                asked.set(asked.get() + 1);
                lookup(Outcome::Noerror)
            })
            .await;
        }
        assert!(once.len() <= 320, "{}", once.len());
        assert_eq!(asked.get(), 1);
    }
}
