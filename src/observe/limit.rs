//! Rate limits: one rate with one line of waiters, and the limits of each address; DNS and fetches keep theirs by these.
//!
//! The rates are governor's (GCRA). Its own way to wait would wake every waiter for every turn, so here only the first of a line has a
//! timer, however long the line grows, and nobody is overtaken.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

/// What a pause saves up for: longer than a busy machine oversleeps, so that a late timer loses nothing, and too short to make a burst.
const BURST: Duration = Duration::from_millis(40);
/// What leaves together at most, so that packets leave a few at a time.
const BATCH: Duration = Duration::from_millis(10);
/// Cells that one event counts for at a low rate. A burst is a whole number of cells: with one cell an event, there would be nothing to
/// catch up with below 25 a second.
const SHARES: u32 = 64;
/// The rate from which one cell an event is exact enough.
const HIGH_RATE: f64 = 1000.0;
/// The longest time between two events; governor counts nanoseconds in 64 bits.
const MAX_PERIOD: Duration = Duration::from_secs(86_400);
/// Addresses that are looked up between two sweeps of those that nobody needs any more.
const SWEEP_EVERY: usize = 1024;

/// A rate that several threads keep together. Over any stretch of time no more than rate × (time + 40 ms) events pass, or one.
#[derive(Debug)]
pub(super) struct Limiter {
    cell: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Moment>>,
    /// Cells that an event counts for.
    shares: NonZeroU32,
    /// Cells that a pause saves up at most.
    burst: NonZeroU32,
    /// Events that may pass together at most.
    batch: u32,
    waiting: AtomicUsize,
    /// Whoever holds it is the first of the line.
    head: tokio::sync::Mutex<()>,
}

impl Limiter {
    /// A limiter for so many events a second; `None` for no limit, which 0 stands for.
    pub(super) fn new(rate: f64) -> Option<Self> {
        let period = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(MAX_PERIOD).min(MAX_PERIOD);
        let shares = if rate < HIGH_RATE { SHARES } else { 1 };
        let quota = Quota::with_period(period.checked_div(shares)?).filter(|_| rate > 0.0)?;
        let saved = (BURST.as_secs_f64() * rate * f64::from(shares)) as u32;
        // At a low rate one event can pass at once, but the next one need not wait the whole period.
        let burst = NonZeroU32::new(saved.max(shares.saturating_add(saved.min(shares - 1))))?;
        let batch = ((BATCH.as_secs_f64() * rate) as u32).max(1);
        Some(Self {
            cell: RateLimiter::direct_with_clock(quota.allow_burst(burst), TokioClock),
            shares: NonZeroU32::new(shares)?,
            burst,
            batch,
            waiting: AtomicUsize::new(0),
            head: tokio::sync::Mutex::new(()),
        })
    }

    /// How many events may pass together, of so many that are wanted; at least 1.
    pub(super) fn batch(&self, wanted: usize) -> usize {
        wanted.clamp(1, self.batch as usize)
    }

    /// Waits for the turn of one event.
    pub(super) async fn turn(&self) {
        self.turns(1).await;
    }

    /// Waits until so many events may pass, at most a [batch](Self::batch).
    pub(super) async fn turns(&self, events: usize) {
        let cells = u32::try_from(events).unwrap_or(u32::MAX).clamp(1, self.batch);
        let cells = self.shares.saturating_mul(NonZeroU32::new(cells).unwrap_or(NonZeroU32::MIN));
        // The usual case of a rate that is not reached: no lock, which the threads would wait for in turn.
        if self.waiting.load(Ordering::Relaxed) == 0 && self.pass(cells).is_ok() {
            return;
        }
        let _waiting = Waiting::new(&self.waiting);
        let _head = self.head.lock().await;
        while let Err(moment) = self.pass(cells) {
            sleep_until(moment).await;
        }
    }

    /// Lets so many cells pass, or says when they may.
    fn pass(&self, cells: NonZeroU32) -> Result<(), Instant> {
        match self.cell.check_n(cells) {
            Ok(Err(not_until)) => Err(not_until.earliest_possible().0),
            // A batch is never more than the burst.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Whether as much has been saved up as can be, so that a new limiter would do as well. If so, it is spent.
    fn is_rested(&self) -> bool {
        self.cell.check_n(self.burst).is_ok_and(|passed| passed.is_ok())
    }
}

/// Somebody in the line, also if the wait is given up.
struct Waiting<'l>(&'l AtomicUsize);

impl<'l> Waiting<'l> {
    fn new(waiting: &'l AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The limits of many addresses, all alike.
pub(super) type AddressLimits = EachLimits<IpAddr>;

/// The limits of many servers, all alike, told apart by a key. Only those of keys that are in use, or were just now, take memory.
pub(super) struct EachLimits<K> {
    at_once: usize,
    rate: f64,
    known: Mutex<Known<K>>,
}

struct Known<K> {
    limits: HashMap<K, Arc<AddressLimit>>,
    since_sweep: usize,
}

/// The limits of one key.
pub(super) struct AddressLimit {
    /// So many at once; given out in order.
    pub(super) permits: Semaphore,
    /// So many a second.
    limiter: Option<Limiter>,
}

impl<K: Hash + Eq> EachLimits<K> {
    /// So many at once (at least 1) and so many a second (0 for no limit) for each key.
    pub(super) fn new(at_once: usize, rate: f64) -> Self {
        Self {
            at_once: at_once.clamp(1, Semaphore::MAX_PERMITS),
            rate,
            known: Mutex::new(Known { limits: HashMap::new(), since_sweep: 0 }),
        }
    }

    /// The limits of a key.
    pub(super) fn of(&self, key: K) -> Arc<AddressLimit> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.since_sweep += 1;
        if known.since_sweep >= SWEEP_EVERY {
            known.since_sweep = 0;
            known.limits.retain(|_, limit| Arc::strong_count(limit) > 1 || !limit.limiter.as_ref().is_none_or(Limiter::is_rested));
        }
        let new = || Arc::new(AddressLimit { permits: Semaphore::new(self.at_once), limiter: Limiter::new(self.rate) });
        Arc::clone(known.limits.entry(key).or_insert_with(new))
    }
}

impl AddressLimit {
    /// Waits for the turn of one event.
    pub(super) async fn turn(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.turn().await;
        }
    }
}

/// Tokio's clock, which a test can stop.
#[derive(Clone, Copy, Debug)]
struct TokioClock;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(Instant);

impl Clock for TokioClock {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(Instant::now())
    }
}

impl Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, time: Nanos) -> Self {
        Self(self.0 + Duration::from_nanos(time.as_u64()))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }

    fn saturating_sub(&self, time: Nanos) -> Self {
        Self(self.0.checked_sub(Duration::from_nanos(time.as_u64())).unwrap_or(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;
    use tokio::time::{advance, sleep};

    use super::*;

    const FIVE_SECONDS: Duration = Duration::from_secs(5);

    /// Runs with a clock that moves only when everybody waits.
    fn paused<T>(run: impl AsyncFnOnce() -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(run())
    }

    /// When events passed in so many seconds: greedy senders share the rate, and now and then every timer is late by up to so much.
    fn departures(rate: f64, senders: usize, wanted: usize, late: Duration, seconds: u64) -> Vec<Duration> {
        paused(async || {
            let (limiter, passed) = (Limiter::new(rate).unwrap(), RefCell::new(Vec::new()));
            let begun = Instant::now();
            let send = async || loop {
                let events = limiter.batch(wanted);
                limiter.turns(events).await;
                passed.borrow_mut().extend(std::iter::repeat_n(begun.elapsed(), events));
            };
            let oversleep = async || loop {
                sleep(late * 3 + Duration::from_micros(300)).await;
                advance(late).await;
            };
            let senders = futures_util::future::join_all((0..senders).map(|_| send()));
            tokio::select! {
                _ = senders => {}
                () = oversleep(), if !late.is_zero() => {}
                () = sleep(Duration::from_secs(seconds)) => {}
            }
            passed.into_inner()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn a_rate_stays_within_two_percent_over_any_five_seconds(
            rate in prop_oneof![0.2..30.0, 30.0..1000.0, 1000.0..20_000.0],
            senders in 1_usize..5,
            wanted in prop_oneof![Just(1_usize), 2..64_usize],
            late_ms in 0_u64..20,
        ) {
            let departures = departures(rate, senders, wanted, Duration::from_millis(late_ms), 12);
            let allowed = (rate * 5.0 * 1.02) as usize + 1;
            for (first, beyond) in departures.iter().zip(departures.iter().skip(allowed)) {
                prop_assert!(*beyond - *first >= FIVE_SECONDS, "more than {allowed} in five seconds at {rate} a second");
            }
            // What is owed: whole turns of one sender.
            let least = rate * 5.0 * 0.98 - 1.0 - rate * 0.01;
            let from = departures.partition_point(|moment| *moment < Duration::from_secs(3));
            for (place, first) in departures.iter().enumerate().skip(from).filter(|(_, first)| **first < Duration::from_secs(6)) {
                let passed = departures[place..].partition_point(|moment| *moment < *first + FIVE_SECONDS);
                prop_assert!(passed as f64 >= least, "{passed} in five seconds at {rate} a second");
            }
        }
    }

    #[test]
    fn after_a_pause_no_more_leaves_at_once_than_40_ms_bring() {
        for (rate, at_once) in [(0.5, 1), (10.0, 1), (25.0, 1), (30.0, 1), (60.0, 2), (200.0, 8), (1000.0, 40), (50_000.0, 2000)] {
            let passed = paused(async || {
                let limiter = Limiter::new(rate).unwrap();
                sleep(Duration::from_secs(3600)).await;
                let begun = Instant::now();
                let mut passed = 0;
                while limiter.pass(limiter.shares).is_ok() {
                    passed += 1;
                }
                assert!(begun.elapsed().is_zero());
                passed
            });
            assert_eq!(passed, at_once, "at {rate} a second");
        }
    }

    #[test]
    fn rates_that_are_none_limit_nothing() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e12] {
            assert!(Limiter::new(rate).is_none(), "{rate}");
        }
        assert!(Limiter::new(1e-12).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_overtaken_and_who_gives_up_leaves_the_line() {
        let limiter = Limiter::new(1.0).unwrap();
        let order = RefCell::new(Vec::new());
        limiter.turn().await;
        let wait = async |name: u32| {
            limiter.turn().await;
            order.borrow_mut().push(name);
        };
        let impatient = tokio::time::timeout(Duration::from_millis(1500), wait(9));
        let ((), _, (), (), _) = tokio::join!(wait(1), impatient, wait(2), wait(3), async {
            sleep(Duration::from_millis(2500)).await;
            wait(4).await;
        });
        assert_eq!(order.into_inner(), [1, 2, 3, 4]);
        assert_eq!(limiter.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_nobody_needs_are_forgotten_and_others_are_not() {
        let limits = AddressLimits::new(1, 0.5);
        let busy = IpAddr::from([192, 0, 2, 1]);
        for number in 0..10 * SWEEP_EVERY as u32 {
            limits.of(IpAddr::from(number.to_be_bytes())).turn().await;
            sleep(Duration::from_millis(10)).await;
            if number % 100 == 0 {
                limits.of(busy).turn().await;
            }
        }
        let known = limits.known.lock().unwrap().limits.len();
        assert!((1..=2 * SWEEP_EVERY).contains(&known), "{known}");
        let begun = Instant::now();
        limits.of(busy).turn().await;
        assert!(!begun.elapsed().is_zero(), "who was busy is still known");
    }
}
