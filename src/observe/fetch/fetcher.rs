//! The fetcher: what all exchanges of a scan share.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::RootCertStore;

use super::config::{FetchConfig, FetchConfigError};
use super::counters::FetchCounters;
use crate::evidence::Fetch;
use crate::exclusion::Exclusion;

/// Fetches policies; one for a scan, shared by its worker threads.
pub struct Fetcher {
    config: FetchConfig,
    roots: RootCertStore,
    exclusion: Arc<Exclusion>,
    counters: Arc<FetchCounters>,
}

impl Fetcher {
    /// Prepares fetching with the trusted roots of [`load_roots`](super::load_roots).
    ///
    /// # Errors
    /// Where a setting is out of its range.
    pub fn new(config: FetchConfig, roots: RootCertStore, exclusion: Arc<Exclusion>) -> Result<Self, FetchConfigError> {
        config.check()?;
        Ok(Self { config, roots, exclusion, counters: Arc::default() })
    }

    /// Running totals.
    pub fn counters(&self) -> &Arc<FetchCounters> {
        &self.counters
    }

    /// One GET of `https://HOST/.well-known/mta-sts.txt` from one of the addresses.
    pub async fn fetch(&self, host: &str, addresses: Vec<IpAddr>) -> Fetch {
        let _ = (host, &self.config, &self.roots, &self.exclusion);
        Fetch::new(addresses)
    }
}
