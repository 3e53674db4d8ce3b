//! Resolvers that die and come back.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::super::{Dns, DnsConfig, DnsCounters, DnsLimits};
use super::server::Server;
use super::{run, watchful};
use crate::evidence::{Outcome, Txt};

/// A server that says nothing while the cell says so.
async fn mortal() -> (Server, Rc<Cell<bool>>) {
    let dead = Rc::new(Cell::new(true));
    let state = Rc::clone(&dead);
    let server = Server::start(move |asked| if state.get() { Vec::new() } else { vec![asked.rcode(3)] }).await;
    (server, dead)
}

pub(super) async fn until(there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain");
        sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn a_dead_resolver_is_benched_and_comes_back() {
    run(async {
        let (other, dead) = mortal().await;
        let good = Server::start(|asked| vec![asked.rcode(3)]).await;
        let (dns, counters) = watchful(&[other.address, good.address], None);
        for index in 0..2 {
            assert_eq!(dns.lookup::<Txt>(&format!("n{index}.test")).await.outcome, Outcome::Nxdomain);
        }
        until(|| counters.totals().benched == 1).await;
        let asked = |server: &Server| server.asked.borrow().iter().filter(|(name, _)| name.starts_with('m')).count();
        for index in 0..20 {
            let lookup = dns.lookup::<Txt>(&format!("m{index}.test")).await;
            assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Nxdomain, 1));
        }
        assert_eq!((asked(&other), counters.totals().paused), (0, false));
        dead.set(false);
        until(|| counters.totals().benched == 0).await;
        for index in 0..20 {
            assert_eq!(dns.lookup::<Txt>(&format!("m{index}.test")).await.outcome, Outcome::Nxdomain);
        }
        assert_eq!(asked(&other), 10);
    });
}

#[test]
fn when_all_are_dead_lookups_wait_and_lose_no_attempt() {
    run(async {
        let (first, first_dead) = mortal().await;
        let (second, _) = mortal().await;
        let (dns, counters) = watchful(&[first.address, second.address], None);
        let lookups = (0..50).map(|index| {
            let dns = dns.clone();
            tokio::task::spawn_local(async move { dns.lookup::<Txt>(&format!("n{index}.test")).await })
        });
        let lookups: Vec<_> = lookups.collect();
        until(|| counters.totals().paused).await;
        // Longer than all attempts together would last.
        sleep(Duration::from_millis(900)).await;
        assert!(lookups.iter().all(|lookup| !lookup.is_finished()));
        let sent = counters.totals().sent;
        assert!(sent < 50 * 4 + 40, "nobody asks the dead but the watch: {sent}");
        first_dead.set(false);
        for lookup in join_all(lookups).await {
            assert_eq!(lookup.unwrap().outcome, Outcome::Nxdomain);
        }
        let totals = counters.totals();
        assert!(!totals.paused && totals.activity.pauses == 1 && totals.activity.paused_seconds >= 0.9, "{totals:?}");
    });
}

#[test]
fn the_silence_of_a_zone_is_not_held_against_its_resolver() {
    run(async {
        let server = Server::start(|asked| if asked.name.ends_with("silent.test") { Vec::new() } else { vec![asked.rcode(3)] }).await;
        let (dns, counters) = watchful(&[server.address], None);
        let lookups = join_all((0..10).map(|index| {
            let dns = dns.clone();
            async move { dns.lookup::<Txt>(&format!("n{index}.silent.test")).await }
        }));
        for lookup in lookups.await {
            assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Timeout, 2));
        }
        let totals = counters.totals();
        assert_eq!((totals.benched, totals.activity.pauses), (0, 0));
    });
}

#[test]
fn an_answer_in_another_case_is_none_where_the_case_was_chosen_by_chance() {
    run(async {
        let name = "_mta-sts.a-name-of-many-letters.test";
        let lower = |asked: &super::server::Asked| {
            let mut reply = asked.text("forged");
            reply[12..12 + name.len()].make_ascii_lowercase();
            reply
        };
        let server = Server::start(move |asked| vec![lower(asked), asked.text("true")]).await;
        let resolvers = vec![server.address];
        let config = DnsConfig { mix_case: true, ..DnsConfig::new(resolvers.clone()) };
        let counters = Arc::new(DnsCounters::new(&resolvers));
        let dns = Dns::new(&config, Arc::new(DnsLimits::default()), Arc::clone(&counters)).unwrap();
        let lookup = dns.lookup::<Txt>(name).await;
        assert_eq!((lookup.name.as_str(), lookup.records[0].joined()), (name, b"true".to_vec()));
        assert_eq!(counters.totals().activity.unexpected, 1);
    });
}
