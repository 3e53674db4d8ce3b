//! Politeness towards mail servers: one connection at a time to an address, so many a second to it, to its provider and in all.

use std::net::IpAddr;

use tokio::sync::Semaphore;

use crate::observe::limit::{AddressLimit, AddressLimits, EachLimits, Limiter};

/// Connections a second to one address, unless the user says otherwise.
const DEFAULT_RATE: f64 = 0.5;
/// How many times the rate of an address a provider gets.
const PROVIDER_SHARE: f64 = 4.0;
/// Addresses of a provider that are talked to at a time at most, where there is no rate.
const MAX_OF_PROVIDER: usize = 64;

/// The limits that all conversations of a scan share.
pub(super) struct Limits {
    in_flight: Semaphore,
    all: Option<Limiter>,
    addresses: AddressLimits,
    providers: EachLimits<String>,
    /// Whether the rates of addresses and providers are those of the user, and hold on loopback, too.
    given: bool,
}

/// Whoever talks to an address.
pub(super) struct Turn<'l> {
    limits: &'l Limits,
    address: &'l AddressLimit,
    provider: &'l AddressLimit,
    rated: bool,
}

impl Limits {
    /// So many at once and so many a second in all, so many a second to each address; 0 a second for no limit.
    pub(super) fn new(concurrency: usize, rate: f64, address_rate: Option<f64>) -> Self {
        let each = address_rate.unwrap_or(DEFAULT_RATE);
        Self {
            in_flight: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            all: Limiter::new(rate),
            addresses: AddressLimits::new(1, each),
            providers: EachLimits::new(MAX_OF_PROVIDER, each * PROVIDER_SHARE),
            given: address_rate.is_some(),
        }
    }

    /// Talks to an address once it is its turn: nobody else talks to it meanwhile, and until then nobody is held up who wants another. Not
    /// at all where it is `settled` by then.
    pub(super) async fn hold<T>(
        &self,
        address: IpAddr,
        provider: &str,
        on_loopback: bool,
        settled: impl Fn() -> Option<T>,
        talk: impl AsyncFnOnce(&Turn<'_>) -> T,
    ) -> T {
        let (address, provider) = (self.addresses.of(address), self.providers.of(provider.to_owned()));
        // The semaphores are never closed, so there is always a permit.
        let _only = address.permits.acquire().await;
        if let Some(settled) = settled() {
            return settled;
        }
        let _of_provider = provider.permits.acquire().await;
        let turn = Turn { limits: self, address: &address, provider: &provider, rated: self.given || !on_loopback };
        turn.wait_for_server().await;
        let _in_flight = self.in_flight.acquire().await;
        turn.wait_among_all().await;
        talk(&turn).await
    }
}

impl Turn<'_> {
    /// Waits until another connection may be opened to the same address.
    pub(super) async fn again(&self) {
        self.wait_for_server().await;
        self.wait_among_all().await;
    }

    async fn wait_for_server(&self) {
        if self.rated {
            self.address.turn().await;
            self.provider.turn().await;
        }
    }

    async fn wait_among_all(&self) {
        if let Some(all) = &self.limits.all {
            all.turn().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;
    use tokio::time::{Instant, sleep};

    use super::*;

    fn host(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// When each conversation of a second begins, and how many connections it makes.
    async fn begun(limits: &Limits, asked: &[(u8, &str, bool)], connections: usize) -> Vec<f64> {
        let start = Instant::now();
        let talks = asked.iter().map(async |&(last, provider, on_loopback)| {
            let talk = async |turn: &Turn<'_>| {
                let begun = start.elapsed();
                for _ in 1..connections {
                    turn.again().await;
                }
                sleep(Duration::from_secs(1)).await;
                begun
            };
            limits.hold(host(last), provider, on_loopback, || None, talk).await.as_secs_f64()
        });
        join_all(talks).await.into_iter().map(|seconds| (seconds * 10.0).round() / 10.0).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_is_talked_to_every_two_seconds_by_one_at_a_time() {
        let limits = Limits::new(100, 0.0, None);
        assert_eq!(begun(&limits, &[(1, "a", false); 4], 1).await, [0.0, 2.0, 4.0, 6.0]);
        let limits = Limits::new(100, 0.0, None);
        assert_eq!(begun(&limits, &[(1, "a", false); 3], 2).await, [0.0, 4.0, 8.0], "a second connection takes a turn, too");
        let limits = Limits::new(100, 0.0, Some(0.0));
        assert_eq!(begun(&limits, &[(1, "a", false); 3], 1).await, [0.0, 1.0, 2.0], "one at a time, whatever the rate");
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_gets_four_times_as_many() {
        let limits = Limits::new(100, 0.0, None);
        let asked: Vec<(u8, &str, bool)> = (0..8).map(|last| (last, "big", false)).collect();
        assert_eq!(begun(&limits, &asked, 1).await, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]);
        let limits = Limits::new(100, 0.0, None);
        let asked: Vec<(u8, String, bool)> = (0..8).map(|last| (last, format!("p{last}"), false)).collect();
        let asked: Vec<(u8, &str, bool)> = asked.iter().map(|(last, provider, loopback)| (*last, provider.as_str(), *loopback)).collect();
        assert_eq!(begun(&limits, &asked, 1).await, [0.0; 8]);
    }

    #[tokio::test(start_paused = true)]
    async fn on_loopback_a_rate_holds_only_if_it_is_given() {
        assert_eq!(begun(&Limits::new(100, 0.0, None), &[(1, "a", true); 3], 1).await, [0.0, 1.0, 2.0]);
        assert_eq!(begun(&Limits::new(100, 0.0, Some(0.25)), &[(1, "a", true); 3], 1).await, [0.0, 4.0, 8.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_in_all_and_a_number_at_once_hold_over_addresses() {
        let asked: Vec<(u8, String, bool)> = (0..40).map(|last| (last, format!("p{last}"), false)).collect();
        let asked: Vec<(u8, &str, bool)> = asked.iter().map(|(last, provider, loopback)| (*last, provider.as_str(), *loopback)).collect();
        let last = begun(&Limits::new(100, 20.0, None), &asked, 1).await.into_iter().fold(0.0, f64::max);
        assert!((1.9..=2.0).contains(&last), "{last}");
        let last = begun(&Limits::new(10, 0.0, None), &asked, 1).await.into_iter().fold(0.0, f64::max);
        assert_eq!(last, 3.0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_settled_meanwhile_takes_no_turn() {
        let (limits, settled) = (Limits::new(100, 0.0, None), std::cell::Cell::new(false));
        let start = Instant::now();
        let talks = (0..50).map(async |_| {
            let talk = async |_: &Turn<'_>| {
                sleep(Duration::from_secs(1)).await;
                settled.set(true);
            };
            limits.hold(host(1), "a", false, || settled.get().then_some(()), talk).await;
        });
        join_all(talks).await;
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}
