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

    /// Talks to an address once it is its turn: nobody else talks to it meanwhile, and until then nobody is held up who wants another.
    pub(super) async fn hold<T>(&self, address: IpAddr, provider: &str, on_loopback: bool, talk: impl AsyncFnOnce(&Turn<'_>) -> T) -> T {
        let (address, provider) = (self.addresses.of(address), self.providers.of(provider.to_owned()));
        // The semaphores are never closed, so there is always a permit.
        let _only = address.permits.acquire().await;
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
