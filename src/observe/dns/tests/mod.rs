//! The engine against scripted servers on loopback.
//!
//! The sockets are real, the clock is not: it is tokio's, paused, and goes on only where nothing is left to do, so that waiting costs
//! no time and a busy machine cannot make an answer late.

mod collected;
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let clock = tokio::task::spawn_local(turn_clock());
        test.await;
        clock.abort();
    });
}

/// Lets time pass while nothing else happens. Each turn looks for datagrams and runs who is woken by them; servers and engine share the
/// thread, so that after some turns everything that was sent has arrived and is answered.
async fn turn_clock() {
    const TURNS: usize = 40;
    loop {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        // The kernel may deliver on a thread of its own.
        std::thread::sleep(Duration::from_micros(100));
        tokio::time::advance(Duration::from_millis(5)).await;
    }
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
