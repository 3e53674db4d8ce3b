//! Many lookups at once: each gets its own answer, limits hold, in flight is not bounded by the 16 bits of an id.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::{Dns, DnsConfig, DnsCounters, DnsLimits, RetryConfig};
use super::server::Server;
use super::{engine, run};
use crate::evidence::{Outcome, Txt};

#[test]
fn every_lookup_gets_its_own_answer() {
    run(async {
        let answer =
            |asked: &super::server::Asked| vec![if asked.name.starts_with("n1") { asked.text(&asked.name) } else { asked.rcode(3) }];
        let (first, second) = (Server::start(answer).await, Server::start(answer).await);
        // Paced, so that the servers' small buffers lose nothing.
        let (dns, counters) = engine(&[first.address, second.address], Duration::from_secs(10), DnsLimits::new(10_000, &[]));
        let lookups = join_all((0..2000).map(|index| {
            let dns = dns.clone();
            async move { dns.lookup::<Txt>(&format!("n{index}.test")).await }
        }))
        .await;
        for (index, lookup) in lookups.iter().enumerate() {
            let name = format!("n{index}.test");
            assert_eq!(lookup.name, name);
            if name.starts_with("n1") {
                assert_eq!(lookup.records[0].joined(), name.as_bytes());
            } else {
                assert_eq!(lookup.outcome, Outcome::Nxdomain);
            }
        }
        let totals = counters.totals();
        assert!(totals.sent >= 2000 && totals.activity.unexpected <= totals.sent - 2000);
        // What was sent and not what came in: a starved server loses what its buffer cannot hold.
        assert!(totals.resolvers.iter().all(|resolver| resolver.sent >= 900), "the resolvers share the work: {:?}", totals.resolvers);
    });
}

#[test]
fn the_rate_is_kept_and_waiting_for_it_is_no_time_out() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        for limits in [DnsLimits::new(200, &[]), DnsLimits::new(0, &[200])] {
            let (dns, counters) = engine(&[server.address], Duration::from_millis(200), limits);
            let begin = Instant::now();
            let lookups = join_all((0..100).map(|index| {
                let dns = dns.clone();
                async move { dns.lookup::<Txt>(&format!("n{index}.test")).await }
            }))
            .await;
            // 100 queries at 200 a second, up to 50 ms of which may leave at once.
            let millis = begin.elapsed().as_millis();
            assert!((440..600).contains(&millis), "{millis} ms");
            assert!(lookups.iter().all(|lookup| lookup.outcome == Outcome::Nxdomain));
            assert!(counters.totals().sent >= 100);
        }
    });
}

/// An engine towards a resolver that never answers, and lookups that wait for it.
fn in_flight(silent: &UdpSocket, lookups: usize, sockets: usize, timeout: Duration) -> (Arc<DnsCounters>, JoinSet<Outcome>) {
    let resolvers = vec![silent.local_addr().unwrap()];
    let counters = Arc::new(DnsCounters::new(&resolvers));
    let config = DnsConfig {
        sockets_per_resolver: sockets,
        retry: RetryConfig { timeout, tries: 1, patience: Some(Duration::ZERO) },
        in_flight: 100_000,
        ..DnsConfig::new(resolvers)
    };
    let dns = Dns::new(&config, Arc::new(DnsLimits::default()), Arc::clone(&counters)).unwrap();
    let mut tasks = JoinSet::new();
    for index in 0..lookups {
        let dns = dns.clone();
        tasks.spawn_local(async move { dns.lookup::<Txt>(&format!("n{index}.test")).await.outcome });
    }
    (counters, tasks)
}

#[test]
fn more_are_in_flight_than_one_socket_has_ids() {
    run(async {
        // Its full buffer silently drops what comes.
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (counters, tasks) = in_flight(&silent, 70_000, 4, Duration::from_secs(600));
        while counters.totals().sent < 70_000 {
            tokio::task::yield_now().await;
        }
        let totals = counters.totals();
        assert_eq!((totals.sent, totals.activity.timeouts, tasks.len()), (70_000, 0, 70_000));
    });
}

#[test]
fn lookups_beyond_the_ids_wait_for_a_free_one() {
    run(async {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (counters, mut tasks) = in_flight(&silent, 33_000, 1, Duration::from_millis(300));
        while let Some(outcome) = tasks.join_next().await {
            assert_eq!(outcome.unwrap(), Outcome::Timeout);
        }
        let totals = counters.totals();
        assert_eq!((totals.sent, totals.activity.timeouts), (33_000, 33_000));
    });
}
