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

use super::engine::SendBatch;
use super::socket::send;
use super::{Dns, DnsConfig, DnsCounters, DnsLimits, RetryConfig};

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
    let retry = RetryConfig { timeout, tries: 2, patience: Some(Duration::ZERO) };
    let config = DnsConfig { retry, sockets_per_resolver: 2, ..DnsConfig::new(resolvers.to_vec()) };
    sending(Box::new(send), &config, limits)
}

/// An engine with two attempts of at most 150 ms that watches its resolvers.
fn watchful(resolvers: &[SocketAddr], patience: Option<Duration>) -> (Dns, Arc<DnsCounters>) {
    sending(Box::new(send), &watchful_config(resolvers, patience), DnsLimits::default())
}

fn watchful_config(resolvers: &[SocketAddr], patience: Option<Duration>) -> DnsConfig {
    let retry = RetryConfig { timeout: Duration::from_millis(150), tries: 2, patience };
    DnsConfig { retry, sockets_per_resolver: 1, ..DnsConfig::new(resolvers.to_vec()) }
}

/// An engine whose batches leave as `send` has it.
fn sending(send: SendBatch, config: &DnsConfig, limits: DnsLimits) -> (Dns, Arc<DnsCounters>) {
    let counters = Arc::new(DnsCounters::new(&config.resolvers));
    (Dns::sending_by(send, config, Arc::new(limits), Arc::clone(&counters)).unwrap(), counters)
}
