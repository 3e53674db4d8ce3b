//! How many queries a second all workers together may send, in all and to each resolver.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// By how much a pace may lag and still be caught up with: longer than a busy machine oversleeps, too short to make a burst.
const SLACK: Duration = Duration::from_millis(40);
/// What a grant is worth at most, so that queries leave a few at a time.
const BURST: Duration = Duration::from_millis(10);

/// Query rates shared by all workers.
///
/// Over any stretch of time no more than rate × (time + 50 ms) queries leave in all. The limit of one resolver may be passed by a further
/// 10 ms for each worker, because queries granted by it may have to wait for the limit of all.
#[derive(Debug)]
pub struct DnsLimits {
    total: Option<Pace>,
    resolvers: Vec<Option<Pace>>,
}

impl DnsLimits {
    /// Limits in queries a second: for all together, and for each resolver in the order of the configuration; 0 is no limit.
    pub fn new(total: u32, resolvers: &[u32]) -> Self {
        Self { total: Pace::new(total), resolvers: resolvers.iter().map(|&rate| Pace::new(rate)).collect() }
    }

    /// No limit at all.
    pub fn unlimited() -> Self {
        Self { total: None, resolvers: Vec::new() }
    }

    /// Waits until at least one query may go to the resolver; says how many may go now, at most `wanted` (at least 1).
    pub(super) async fn acquire(&self, resolver: usize, wanted: usize) -> usize {
        let one = self.resolvers.get(resolver).and_then(Option::as_ref);
        // The limit of all comes last, so that it is exact.
        let paces = || [one, self.total.as_ref()].into_iter().flatten();
        let granted = paces().map(|pace| pace.burst).fold(wanted.max(1), usize::min);
        for pace in paces() {
            let wait = pace.reserve(granted);
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
        }
        granted
    }
}

/// A row of evenly spaced moments, each for one query, given out in order. Who oversleeps delays nobody behind, and so the rate is
/// reached as well as kept; a bucket of tokens overflows meanwhile.
#[derive(Debug)]
struct Pace {
    begun: Instant,
    rate: u64,
    burst: usize,
    /// The first moment that is free, in nanoseconds since `begun`.
    next: AtomicU64,
}

impl Pace {
    fn new(rate: u32) -> Option<Self> {
        let burst = (f64::from(rate) * BURST.as_secs_f64()) as usize;
        let pace = || Self { begun: Instant::now(), rate: u64::from(rate), burst: burst.max(1), next: AtomicU64::new(0) };
        (rate > 0).then(pace)
    }

    /// Takes so many moments; says how long to wait for the first.
    fn reserve(&self, queries: usize) -> Duration {
        self.reserve_at(self.begun.elapsed(), queries)
    }

    fn reserve_at(&self, now: Duration, queries: usize) -> Duration {
        let now = nanoseconds(now);
        let length = (queries as u64).saturating_mul(1_000_000_000).div_ceil(self.rate);
        let mut first = 0;
        let take = |next: u64| {
            first = next.max(now.saturating_sub(nanoseconds(SLACK)));
            Some(first.saturating_add(length))
        };
        // The closure always has an answer.
        let _ = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        Duration::from_nanos(first.saturating_sub(now))
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments (in microseconds) at which queries left when a greedy sender sleeps in whole milliseconds, and now and then too long.
    fn departures(rate: u32, batch: usize, seconds: u64) -> Vec<u64> {
        let pace = Pace::new(rate).unwrap();
        let (mut now, mut departures) = (0, Vec::new());
        for turn in 1_u64.. {
            let queries = batch.min(pace.burst);
            let wait = pace.reserve_at(Duration::from_micros(now), queries);
            if !wait.is_zero() {
                let oversleep = if turn.is_multiple_of(7) { 30 } else { 1 };
                now += (u64::try_from(wait.as_micros()).unwrap().div_ceil(1000) + oversleep) * 1000;
            }
            if now > seconds * 1_000_000 {
                break;
            }
            departures.extend((0..queries).map(|_| now));
        }
        departures
    }

    #[test]
    fn the_rate_is_kept_over_any_second_and_reached_in_all() {
        for (rate, batch) in [(1, 64), (7, 3), (100, 64), (1000, 64), (1000, 1), (20_000, 64)] {
            let departures = departures(rate, batch, 6);
            let most = f64::from(rate) * 1.05 + 2.0;
            for (first, beyond) in departures.iter().zip(departures.iter().skip(most as usize)) {
                assert!(beyond - first >= 1_000_000, "more than {most} queries in a second at rate {rate}, batches of {batch}");
            }
            let least = f64::from(rate) * 6.0 * 0.98 - 1.0;
            assert!(departures.len() as f64 >= least, "rate {rate} was not reached: {}", departures.len());
        }
    }

    #[test]
    fn what_was_missed_while_nothing_was_asked_is_not_caught_up_with() {
        let pace = Pace::new(1000).unwrap();
        let now = Duration::from_secs(60);
        let at_once = (0..1000).take_while(|_| pace.reserve_at(now, 1).is_zero()).count();
        assert_eq!(at_once, 41, "the slack and the moment itself");
    }

    #[tokio::test]
    async fn without_limits_nothing_waits() {
        let limits = DnsLimits::unlimited();
        assert_eq!(limits.acquire(3, 64).await, 64);
        assert_eq!(DnsLimits::new(0, &[0]).acquire(0, 5).await, 5);
    }

    #[tokio::test]
    async fn the_smaller_burst_bounds_a_grant() {
        let limits = DnsLimits::new(100_000, &[500]);
        assert_eq!(limits.acquire(0, 64).await, 5);
        assert_eq!(limits.acquire(1, 64).await, 64);
    }
}
