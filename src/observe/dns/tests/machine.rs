//! Faults of this machine: never a fact about a name, waited for where they pass, and no reason to go on with a broken socket.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use nix::errno::Errno;
use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::super::engine::SendBatch;
use super::super::socket::{Outgoing, Sent, send};
use super::super::{DnsConfig, DnsLimits, RetryConfig};
use super::outages::until;
use super::server::Server;
use super::{run, sending, watchful_config};
use crate::evidence::{Outcome, Txt};

const LASTING: [Errno; 4] = [Errno::ENETUNREACH, Errno::EPERM, Errno::ENETDOWN, Errno::ENOBUFS];

/// A way to send that fails as long as the cell says how.
fn failing() -> (SendBatch, Rc<Cell<Option<Errno>>>) {
    let fault = Rc::new(Cell::new(None::<Errno>));
    let set = Rc::clone(&fault);
    let leave = move |socket: &UdpSocket, outgoing: &mut Outgoing| match set.get() {
        Some(fault) => Sent { count: 0, fault: Some(fault.into()) },
        None => send(socket, outgoing),
    };
    (Box::new(leave), fault)
}

/// Two attempts of at most 10 s by two sockets.
fn patient_config(server: &Server) -> DnsConfig {
    let retry = RetryConfig { timeout: Duration::from_secs(10), tries: 2, patience: Some(Duration::ZERO) };
    DnsConfig { retry, sockets_per_resolver: 2, ..DnsConfig::new(vec![server.address]) }
}

#[test]
fn a_fault_of_this_machine_is_no_silence() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        for fault in LASTING {
            let (send, set) = failing();
            let (dns, counters) = sending(send, &patient_config(&server), DnsLimits::default());
            set.set(Some(fault));
            let lookup = dns.lookup::<Txt>("a.test").await;
            assert_eq!((lookup.outcome, lookup.attempts, lookup.rcode), (Outcome::LocalError, 0, None), "{fault}");
            assert_eq!(lookup.detail, Some(crate::words::system(&std::io::Error::from(fault))));
            assert_eq!((server.count(), counters.totals().activity.local_errors, counters.totals().sent), (0, 2, 0), "{fault}");
        }
    });
}

#[test]
fn a_fault_of_this_machine_is_waited_for() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        for fault in LASTING {
            let (send, set) = failing();
            let (dns, counters) = sending(send, &watchful_config(&[server.address], None), DnsLimits::default());
            set.set(Some(fault));
            let lookups = (0..20).map(|index| {
                let dns = dns.clone();
                tokio::task::spawn_local(async move { dns.lookup::<Txt>(&format!("n{index}.test")).await })
            });
            let lookups: Vec<_> = lookups.collect();
            until(|| counters.totals().paused).await;
            assert!(lookups.iter().all(|lookup| !lookup.is_finished()), "{fault}");
            set.set(None);
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
        let (send, set) = failing();
        let (dns, counters) = sending(send, &patient_config(&server), DnsLimits::default());
        set.set(Some(Errno::ENOBUFS));
        let passes = async {
            sleep(Duration::from_millis(30)).await;
            set.set(None);
        };
        let (lookup, ()) = tokio::join!(dns.lookup::<Txt>("a.test"), passes);
        assert_eq!((lookup.outcome, lookup.attempts, counters.totals().activity.local_errors), (Outcome::Nxdomain, 1, 0));
    });
}

#[test]
fn a_broken_socket_is_opened_again() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        let [used, to_break] = [(); 2].map(|()| Rc::new(RefCell::new(BTreeSet::new())));
        let (its_used, breaks) = (Rc::clone(&used), Rc::clone(&to_break));
        let leave = move |socket: &UdpSocket, outgoing: &mut Outgoing| {
            let port = socket.local_addr().unwrap().port();
            if breaks.borrow_mut().remove(&port) {
                socket2::SockRef::from(socket).shutdown(std::net::Shutdown::Write).unwrap();
            }
            its_used.borrow_mut().insert(port);
            send(socket, outgoing)
        };
        let (dns, counters) = sending(Box::new(leave), &patient_config(&server), DnsLimits::default());
        for index in 0..2 {
            assert_eq!(dns.lookup::<Txt>(&format!("before-{index}.test")).await.outcome, Outcome::Nxdomain);
        }
        let broken = used.borrow().clone();
        *to_break.borrow_mut() = broken.clone();
        for round in 0..4 {
            let lookups = join_all((0..5).map(|index| {
                let dns = dns.clone();
                async move { dns.lookup::<Txt>(&format!("n{index}.r{round}.test")).await }
            }));
            for lookup in lookups.await {
                assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Nxdomain, 1));
            }
        }
        assert!(broken.len() == 2 && to_break.borrow().is_empty());
        used.borrow_mut().clear();
        for index in 0..4 {
            assert_eq!(dns.lookup::<Txt>(&format!("m{index}.test")).await.outcome, Outcome::Nxdomain, "by each of the sockets");
        }
        assert!(used.borrow().is_disjoint(&broken), "{used:?} {broken:?}");
        assert_eq!(counters.totals().activity.local_errors, 0);
    });
}

#[test]
fn a_benched_resolver_is_asked_through_new_sockets() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        let elsewhere = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (astray, first) = (elsewhere.local_addr().unwrap(), Cell::new(true));
        // Nothing fails, but whatever is sent goes astray, as when the network has given us another address.
        let leave = move |socket: &UdpSocket, outgoing: &mut Outgoing| {
            if first.replace(false) {
                socket2::SockRef::from(socket).connect(&astray.into()).unwrap();
            }
            send(socket, outgoing)
        };
        let (dns, counters) = sending(Box::new(leave), &watchful_config(&[server.address], None), DnsLimits::default());
        let lookup = dns.lookup::<Txt>("a.test").await;
        assert_eq!(lookup.outcome, Outcome::Nxdomain);
        assert_eq!((counters.totals().activity.pauses, counters.totals().paused), (1, false));
    });
}
