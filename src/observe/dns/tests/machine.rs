//! Faults of this machine: never a fact about a name, waited for where they pass, and no reason to go on with a broken socket.

use std::time::Duration;

use futures_util::future::join_all;
use nix::errno::Errno;
use tokio::time::sleep;

use super::outages::{until, watchful};
use super::server::Server;
use super::{patient, run};
use crate::evidence::Outcome;

const LASTING: [Errno; 4] = [Errno::ENETUNREACH, Errno::EPERM, Errno::ENETDOWN, Errno::ENOBUFS];

#[test]
fn a_fault_of_this_machine_is_no_silence() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        for fault in LASTING {
            let (dns, counters) = patient(&[server.address]);
            dns.engine().fault.set(Some(fault));
            let lookup = dns.lookup_txt("a.test").await;
            assert_eq!((lookup.outcome, lookup.attempts, lookup.rcode), (Outcome::LocalError, 0, None), "{fault}");
            assert_eq!(lookup.detail, Some(std::io::Error::from(fault).to_string()));
            assert_eq!((server.count(), counters.totals().local_errors, counters.totals().sent), (0, 2, 0), "{fault}");
        }
    });
}

#[test]
fn a_fault_of_this_machine_is_waited_for() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        for fault in LASTING {
            let (dns, counters) = watchful(&[server.address], None);
            dns.engine().fault.set(Some(fault));
            let lookups = (0..20).map(|index| {
                let dns = dns.clone();
                tokio::task::spawn_local(async move { dns.lookup_txt(&format!("n{index}.test")).await })
            });
            let lookups: Vec<_> = lookups.collect();
            until(|| counters.totals().paused).await;
            assert!(lookups.iter().all(|lookup| !lookup.is_finished()), "{fault}");
            dns.engine().fault.set(None);
            for lookup in join_all(lookups).await {
                let lookup = lookup.unwrap();
                assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Nxdomain, 1), "{fault}");
            }
        }
    });
}

#[test]
fn a_full_device_costs_no_attempt() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        let (dns, counters) = patient(&[server.address]);
        dns.engine().fault.set(Some(Errno::ENOBUFS));
        let passes = async {
            sleep(Duration::from_millis(30)).await;
            dns.engine().fault.set(None);
        };
        let (lookup, ()) = tokio::join!(dns.lookup_txt("a.test"), passes);
        assert_eq!((lookup.outcome, lookup.attempts, counters.totals().local_errors), (Outcome::Nxdomain, 1, 0));
    });
}

#[test]
fn a_broken_socket_is_opened_anew() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        let (dns, counters) = patient(&[server.address]);
        let sockets = || dns.engine().resolvers.iter().flat_map(|resolver| &resolver.sockets).map(|line| line.socket());
        let ports = || sockets().map(|socket| socket.local_addr().unwrap().port()).collect::<Vec<_>>();
        assert_eq!(dns.lookup_txt("before.test").await.outcome, Outcome::Nxdomain);
        let before = ports();
        for socket in sockets() {
            socket2::SockRef::from(&*socket).shutdown(std::net::Shutdown::Write).unwrap();
        }
        let lookups = join_all((0..20).map(|index| {
            let dns = dns.clone();
            async move { dns.lookup_txt(&format!("n{index}.test")).await }
        }));
        for lookup in lookups.await {
            assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Nxdomain, 1));
        }
        for index in 0..4 {
            assert_eq!(dns.lookup_txt(&format!("m{index}.test")).await.outcome, Outcome::Nxdomain, "by each of the sockets");
        }
        assert!(ports().iter().all(|port| !before.contains(port)), "{before:?} {:?}", ports());
        assert_eq!(counters.totals().local_errors, 0);
    });
}

#[test]
fn a_benched_resolver_is_asked_through_new_sockets() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        let (dns, counters) = watchful(&[server.address], None);
        // Nothing fails, but whatever is sent goes astray, as when the network has given us another address.
        let astray = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for line in &dns.engine().resolvers[0].sockets {
            line.socket().connect(astray.local_addr().unwrap()).await.unwrap();
        }
        let lookup = dns.lookup_txt("a.test").await;
        assert_eq!(lookup.outcome, Outcome::Nxdomain);
        assert_eq!((counters.totals().pauses, counters.totals().paused), (1, false));
    });
}
