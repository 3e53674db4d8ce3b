//! Politeness: how many exchanges run at once, and how fast they begin, in all and for each address.

use std::net::IpAddr;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::observe::limit::{AddressLimits, Limiter};

/// The limits that all exchanges of a scan share.
pub(super) struct Limits {
    in_flight: Semaphore,
    all: Option<Limiter>,
    /// One at a time for each address, from its turn until it has been admitted.
    hosts: Option<AddressLimits>,
}

impl Limits {
    /// So many at once, and so many a second in all and for each address; 0 a second for no limit.
    pub(super) fn new(concurrency: usize, rate: f64, host_rate: f64) -> Self {
        Self {
            in_flight: Semaphore::new(concurrency),
            all: Limiter::new(rate),
            hosts: (host_rate > 0.0).then(|| AddressLimits::new(1, host_rate)),
        }
    }

    /// Waits until one more connection to the address may be opened; the permit counts as in flight until it is dropped.
    ///
    /// Whoever is first for an address stays first until the permit and the turn among all are there, too, so turns never pile up.
    pub(super) async fn admit(&self, address: IpAddr) -> Option<SemaphorePermit<'_>> {
        let host = self.hosts.as_ref().map(|hosts| hosts.of(address));
        let mut first = None;
        if let Some(host) = &host {
            first = host.permits.acquire().await.ok();
            host.turn().await;
        }
        let permit = self.in_flight.acquire().await.ok(); // Never closed, so always a permit.
        if let Some(all) = &self.all {
            all.turn().await;
        }
        drop(first);
        permit
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;
    use tokio::time::Instant;

    use super::*;

    fn host(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    async fn admit_all(limits: &Limits, addresses: impl IntoIterator<Item = IpAddr>) -> Vec<Duration> {
        let begun = Instant::now();
        let admitted = addresses.into_iter().map(async |address| {
            drop(limits.admit(address).await);
            begun.elapsed()
        });
        join_all(admitted).await
    }

    #[tokio::test(start_paused = true)]
    async fn connections_to_one_address_keep_their_distance() {
        let admitted = admit_all(&Limits::new(100, 0.0, 0.5), [host(1); 4]).await;
        let seconds: Vec<f64> = admitted.iter().map(|moment| moment.as_secs_f64().round()).collect();
        assert_eq!(seconds, [0.0, 2.0, 4.0, 6.0], "{admitted:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn other_addresses_do_not_wait_behind_a_busy_one() {
        let limits = Limits::new(1, 0.0, 1.0);
        let admitted = admit_all(&limits, [host(1), host(1)].into_iter().chain((2..40).map(host))).await;
        let late: Vec<usize> = (0..admitted.len()).filter(|place| !admitted[*place].is_zero()).collect();
        assert_eq!(late, [1], "only the second connection to an address has to wait: {admitted:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_in_all_holds_over_addresses() {
        let admitted = admit_all(&Limits::new(100, 200.0, 0.0), (0..20).map(host)).await;
        let last = admitted.iter().max().unwrap();
        assert!((60..=70).contains(&last.as_millis()), "8 at once, and then one each 5 ms: {last:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_run_at_once() {
        let limits = Limits::new(2, 0.0, 0.0);
        let held = (limits.admit(host(1)).await, limits.admit(host(1)).await);
        let third = tokio::time::timeout(Duration::from_secs(20), limits.admit(host(1)));
        assert!(third.await.is_err());
        drop(held);
        assert!(limits.admit(host(1)).await.is_some());
    }
}
