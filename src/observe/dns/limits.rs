//! How many queries a second all workers together may send, in all and to each resolver.

use crate::observe::limit::Limiter;

/// Query rates shared by all workers; [`DnsLimits::default`] is no limit at all.
///
/// Over any stretch of time no more than rate × (time + 40 ms) queries leave in all. The limit of one resolver may be passed by a further
/// 10 ms for each worker, because queries granted by it may have to wait for the limit of all.
#[derive(Debug, Default)]
pub struct DnsLimits {
    total: Option<Limiter>,
    resolvers: Vec<Option<Limiter>>,
}

impl DnsLimits {
    /// Limits in queries a second: for all together, and for each resolver in the order of the configuration; 0 is no limit.
    pub fn new(total: u32, resolvers: &[u32]) -> Self {
        Self { total: Limiter::new(total.into()), resolvers: resolvers.iter().map(|&rate| Limiter::new(rate.into())).collect() }
    }

    /// Waits until at least one query may go to the resolver at a place of the configuration, or to a server that is none of them; says how
    /// many may go now, at most `wanted` (at least 1).
    pub(super) async fn acquire(&self, resolver: Option<usize>, wanted: usize) -> usize {
        let one = resolver.and_then(|place| self.resolvers.get(place)).and_then(Option::as_ref);
        // The limit of all comes last, so that it is exact.
        let limiters = [one, self.total.as_ref()].into_iter().flatten();
        let granted = limiters.clone().fold(wanted.max(1), |granted, limiter| limiter.batch(granted));
        for limiter in limiters {
            limiter.turns(granted).await;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn without_limits_nothing_waits() {
        let begun = tokio::time::Instant::now();
        assert_eq!(DnsLimits::default().acquire(Some(3), 64).await, 64);
        assert_eq!(DnsLimits::new(0, &[0]).acquire(Some(0), 5).await, 5);
        assert!(begun.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn the_smaller_batch_bounds_a_grant() {
        let limits = DnsLimits::new(100_000, &[500]);
        assert_eq!(limits.acquire(Some(0), 64).await, 5);
        assert_eq!(limits.acquire(Some(1), 64).await, 64);
    }
}
