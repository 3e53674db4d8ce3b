//! How many queries a second all workers together may send, in all and to each resolver.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// Query rates shared by all workers.
///
/// Over any stretch of time no more than rate × time + rate/100 queries leave in all. The limit of one resolver may be
/// passed by a further rate/100 for each worker, because tokens already taken may have to wait for the limit of all.
#[derive(Debug)]
pub struct DnsLimits {
    total: Option<Limiter<MonotonicClock>>,
    resolvers: Vec<Option<Limiter<MonotonicClock>>>,
}

impl DnsLimits {
    /// Limits in queries a second: for all together, and for each resolver in the order of the configuration; 0 is no limit.
    pub fn new(total: u32, resolvers: &[u32]) -> Self {
        let limiter = |rate: u32| NonZeroU32::new(rate).map(|rate| Limiter::new(rate, MonotonicClock));
        Self { total: limiter(total), resolvers: resolvers.iter().map(|&rate| limiter(rate)).collect() }
    }

    /// No limit at all.
    pub fn unlimited() -> Self {
        Self { total: None, resolvers: Vec::new() }
    }

    /// Waits until at least one query may go to the resolver; says how many may go now, at most `wanted` (at least 1).
    pub(super) async fn acquire(&self, resolver: usize, wanted: usize) -> usize {
        let one = self.resolvers.get(resolver).and_then(Option::as_ref);
        let mut granted = u32::try_from(wanted).unwrap_or(u32::MAX).max(1);
        for limiter in [one, self.total.as_ref()].into_iter().flatten() {
            granted = granted.min(limiter.burst);
        }
        // The limit of all comes last, so that it is exact.
        for limiter in [one, self.total.as_ref()].into_iter().flatten() {
            while let Err(wait) = limiter.take(granted) {
                tokio::time::sleep(wait).await;
            }
        }
        usize::try_from(granted).unwrap_or(wanted)
    }
}

/// A token bucket that a hundredth of a second fills.
#[derive(Debug)]
struct Limiter<C: Clock> {
    bucket: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    burst: u32,
}

impl<C: Clock + Clone> Limiter<C> {
    fn new(rate: NonZeroU32, clock: C) -> Self {
        let burst = NonZeroU32::new(rate.get() / 100).unwrap_or(NonZeroU32::MIN);
        let bucket = RateLimiter::direct_with_clock(Quota::per_second(rate).allow_burst(burst), clock.clone());
        Self { bucket, clock, burst: burst.get() }
    }

    /// Takes so many tokens, or says how long to wait for them.
    fn take(&self, tokens: u32) -> Result<(), Duration> {
        let tokens = NonZeroU32::new(tokens.min(self.burst)).unwrap_or(NonZeroU32::MIN);
        match self.bucket.check_n(tokens) {
            Ok(Err(wait)) => Err(wait.wait_time_from(self.clock.now())),
            // More than the bucket holds is never asked for.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    /// Moments (in microseconds) at which queries left when a greedy sender sleeps in whole milliseconds.
    fn departures(rate: u32, batch: u32, seconds: u64) -> Vec<u64> {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::new(NonZeroU32::new(rate).unwrap(), clock.clone());
        let (mut now, mut departures) = (0, Vec::new());
        while now < seconds * 1_000_000 {
            let tokens = batch.min(limiter.burst);
            match limiter.take(tokens) {
                Ok(()) => departures.extend((0..tokens).map(|_| now)),
                Err(wait) => {
                    let sleep = wait.as_micros().div_ceil(1000).max(1) * 1000;
                    clock.advance(Duration::from_micros(u64::try_from(sleep).unwrap()));
                    now += u64::try_from(sleep).unwrap();
                }
            }
        }
        departures
    }

    #[test]
    fn no_second_holds_more_than_the_rate_and_a_small_burst() {
        for (rate, batch) in [(1, 64), (7, 3), (100, 64), (1000, 64), (1000, 1), (20_000, 64)] {
            let departures = departures(rate, batch, 4);
            let most = usize::try_from(rate + (rate / 100).max(1)).unwrap();
            for (first, beyond) in departures.iter().zip(departures.iter().skip(most)) {
                assert!(beyond - first >= 1_000_000, "more than {most} queries in a second at rate {rate}, batches of {batch}");
            }
            assert!(departures.len() >= usize::try_from(4 * rate).unwrap() * 9 / 10, "rate {rate} was not reached: {}", departures.len());
        }
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
