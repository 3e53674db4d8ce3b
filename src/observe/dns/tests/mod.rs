//! The engine against scripted servers on loopback.

mod faults;
mod load;
mod machine;
mod outages;
mod outcomes;
mod server;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::LocalSet;

use super::{Dns, DnsConfig, DnsCounters, DnsLimits};

/// Runs a test as a worker thread would run.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// An engine with two attempts of at most 10 s for a lookup that is to succeed.
fn patient(resolvers: &[SocketAddr]) -> (Dns, Arc<DnsCounters>) {
    engine(resolvers, Duration::from_secs(10), DnsLimits::default())
}

/// An engine with two short attempts for a lookup that is to meet silence.
fn hasty(resolvers: &[SocketAddr]) -> (Dns, Arc<DnsCounters>) {
    engine(resolvers, Duration::from_millis(300), DnsLimits::default())
}

fn engine(resolvers: &[SocketAddr], timeout: Duration, limits: DnsLimits) -> (Dns, Arc<DnsCounters>) {
    let config =
        DnsConfig { timeout, tries: 2, sockets_per_resolver: 2, patience: Some(Duration::ZERO), ..DnsConfig::new(resolvers.to_vec()) };
    let counters = Arc::new(DnsCounters::new(resolvers));
    (Dns::new(&config, Arc::new(limits), Arc::clone(&counters)).unwrap(), counters)
}
