//! What goes wrong between the engine and a resolver.

use std::rc::Rc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::super::socket::send;
use super::super::{Dns, DnsConfig, DnsCounters, DnsError, DnsLimits, RetryConfig, check_resolvers};
use super::server::{Asked, Server, closed_port, record, wire};
use super::{hasty, patient, run, sending};
use crate::evidence::{Lookup, Outcome, Txt};

#[test]
fn a_lost_query_is_sent_to_the_other_resolver() {
    run(async {
        let silent = Server::start(|_| Vec::new()).await;
        let good = Server::start(|asked| vec![asked.text("here")]).await;
        let (dns, counters) = hasty(&[silent.address, good.address]);
        let mut attempts = Vec::new();
        for index in 0..2 {
            let lookup = dns.lookup::<Txt>(&format!("n{index}.test")).await;
            assert_eq!((lookup.outcome, lookup.resolver), (Outcome::Noerror, Some(good.address)));
            attempts.push(lookup.attempts);
        }
        attempts.sort_unstable();
        assert_eq!(attempts, [1, 2], "lookups begin with each resolver in turn");
        let totals = counters.totals();
        assert_eq!((totals.activity.timeouts, totals.retries, totals.sent), (1, 1, 3));
        assert_eq!((totals.resolvers[0].sent, totals.resolvers[0].answered), (1, 0));
    });
}

#[test]
fn silence_is_a_time_out() {
    run(async {
        let silent = Server::start(|_| Vec::new()).await;
        let (dns, _) = hasty(&[silent.address]);
        let begin = Instant::now();
        let lookup = dns.lookup::<Txt>("a.test").await;
        assert_eq!((lookup.outcome, lookup.attempts, lookup.rcode, lookup.rtt_us), (Outcome::Timeout, 2, None, None));
        assert_eq!(lookup.resolver, Some(silent.address));
        let waited = begin.elapsed().as_millis();
        assert!((600..700).contains(&waited), "neither attempt was cut short or went on: {waited}");
        assert_eq!(silent.count(), 2);
    });
}

#[test]
fn replies_to_something_else_do_not_end_the_wait() {
    run(async {
        let server = Server::start(|asked| {
            let good = asked.text("true");
            let forge = |at: usize, octet: u8| {
                let mut reply = asked.text("forged");
                reply[at] ^= octet;
                reply
            };
            let question_end = 12 + asked.name.len() + 2;
            let wrong = vec![
                forge(0, 0x80),
                forge(1, 1),
                forge(2, 0x80),
                forge(2, 0x28),
                forge(5, 3),
                forge(13, 1),
                forge(question_end + 1, 1),
                forge(question_end + 3, 2),
                good[..good.len() - 30].to_vec(),
                vec![1, 2, 3],
                Vec::new(),
            ];
            if asked.name == "never.test" { wrong } else { [wrong, vec![good]].concat() }
        })
        .await;
        let (dns, counters) = hasty(&[server.address]);
        let lookup = dns.lookup::<Txt>("_mta-sts.test").await;
        assert_eq!(lookup.records[0].joined(), b"true");
        assert_eq!((lookup.attempts, counters.totals().activity.unexpected), (1, 11));
        assert_eq!(dns.lookup::<Txt>("never.test").await.outcome, Outcome::Timeout);
        assert_eq!(counters.totals().activity.unexpected, 33);
    });
}

#[test]
fn a_reply_from_another_address_is_not_heard() {
    run(async {
        let stranger = Rc::new(std::net::UdpSocket::bind("127.0.0.1:0").unwrap());
        let server = {
            let stranger = Rc::clone(&stranger);
            Server::start(move |asked| {
                stranger.send_to(&asked.text("forged"), asked.from).unwrap();
                vec![asked.text("true")]
            })
            .await
        };
        let (dns, _) = patient(&[server.address]);
        assert_eq!(dns.lookup::<Txt>("a.test").await.records[0].joined(), b"true");
    });
}

#[test]
fn a_failure_is_tried_elsewhere_and_told_if_all_fail() {
    run(async {
        let good = Server::start(|asked| vec![asked.text("here")]).await;
        let silent = Server::start(|_| Vec::new()).await;
        for (rcode, outcome) in [(2, Outcome::Servfail), (5, Outcome::Refused), (9, Outcome::OtherRcode)] {
            let bad = Server::start(move |asked| vec![asked.rcode(rcode)]).await;
            let (dns, _) = patient(&[bad.address, good.address]);
            for _ in 0..2 {
                assert_eq!(dns.lookup::<Txt>("a.test").await.outcome, Outcome::Noerror);
            }
            let (dns, _) = hasty(&[bad.address, silent.address]);
            for _ in 0..2 {
                let lookup = dns.lookup::<Txt>("a.test").await;
                assert_eq!((lookup.outcome, lookup.rcode, lookup.attempts), (outcome, Some(rcode), 2));
                assert_eq!(lookup.resolver, Some(bad.address), "the answer counts for more than the silence");
            }
        }
    });
}

#[test]
fn a_closed_port_fails_at_once() {
    run(async {
        let closed = closed_port().await;
        let (dns, counters) = patient(&[closed]);
        let begin = Instant::now();
        let lookups = futures_util::future::join_all((0..100).map(|index| {
            let dns = dns.clone();
            async move { dns.lookup::<Txt>(&format!("n{index}.test")).await }
        }))
        .await;
        assert!(begin.elapsed() < Duration::from_secs(2), "no attempt waited for its time-out");
        for lookup in lookups {
            assert_eq!((lookup.outcome, lookup.detail.as_deref()), (Outcome::Timeout, Some("connection refused by resolver")));
        }
        assert_eq!(counters.totals().activity.local_errors, 0);
    });
}

#[test]
fn a_resolver_that_no_socket_can_reach_is_an_error_at_the_start() {
    run(async {
        let start = |resolvers: Vec<std::net::SocketAddr>| {
            let counters = DnsCounters::new(&resolvers);
            Dns::new(&DnsConfig::new(resolvers), DnsLimits::default().into(), counters.into()).err()
        };
        assert!(matches!(start(vec!["255.255.255.255:53".parse().unwrap()]), Some(DnsError::Socket { .. })));
        assert!(matches!(start(Vec::new()), Some(DnsError::NoResolvers)));
    });
}

#[test]
fn a_lookup_that_is_dropped_leaves_nothing_behind() {
    run(async {
        const IN_FLIGHT: usize = 16;
        let late = Server::start(|asked| if asked.name == "dropped.test" { Vec::new() } else { vec![asked.text("here")] }).await;
        let config = DnsConfig { sockets_per_resolver: 1, in_flight: IN_FLIGHT, ..DnsConfig::new(vec![late.address]) };
        let alive = Rc::new(());
        let (kept, engine) = (Rc::clone(&alive), Rc::downgrade(&alive));
        drop(alive);
        let leave = move |socket: &UdpSocket, outgoing: &mut _| {
            let _kept = &kept;
            send(socket, outgoing)
        };
        let (dns, _) = sending(Box::new(leave), &config, DnsLimits::default());
        let asked = async {
            while late.count() < IN_FLIGHT {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = futures_util::future::join_all((0..IN_FLIGHT).map(|_| dns.lookup::<Txt>("dropped.test"))) => unreachable!("no answer"),
            () = asked => {}
        }
        // Did one of them take up its place, none could leave any more.
        let lookup = dns.lookup::<Txt>("next.test").await;
        assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Noerror, 1));

        let clone = dns.clone();
        drop(dns);
        assert!(engine.upgrade().is_some());
        drop(clone);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(engine.upgrade().is_none(), "the drivers ended with the last clone");
    });
}

#[test]
fn resolvers_are_checked_before_a_scan() {
    /// A resolver that knows the root and, but for what `other` says, nothing else.
    fn honest(asked: &Asked, other: impl Fn(&Asked) -> Vec<u8>) -> Vec<Vec<u8>> {
        let root = || asked.reply(0x8180, 1, &record(&[0xc0, 0x0c], 2, 300, &wire("a.root-servers.net")));
        vec![if asked.name.is_empty() { root() } else { other(asked) }]
    }
    run(async {
        let good = Server::start(|asked| honest(asked, |asked| asked.rcode(3))).await;
        let without_tcp = Server::start_without_tcp(|asked| honest(asked, |asked| asked.rcode(3))).await;
        let refusing = Server::start(|asked| vec![asked.rcode(5)]).await;
        let address = |asked: &Asked| asked.reply(0x8180, 1, &record(&[0xc0, 0x0c], 1, 300, &[192, 0, 2, 1]));
        let inventing = Server::start(move |asked| honest(asked, address)).await;
        let vague = Server::start(|asked| honest(asked, |asked| asked.rcode(0))).await;
        let brief =
            Server::start(|asked| if asked.tcp { honest(asked, |asked| asked.rcode(3)) } else { vec![asked.reply(0x8380, 0, &[])] }).await;
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let wait = Duration::from_millis(200);
        let all = [refusing.address, good.address, without_tcp.address, inventing.address, vague.address, silent, brief.address];
        let retry = RetryConfig { timeout: wait, tries: 2, patience: None };
        let check = check_resolvers(&all, retry).await;
        assert_eq!(check.answering, [good.address, without_tcp.address, brief.address], "brief only truncates");
        assert_eq!(check.without_tcp[0].0, without_tcp.address);
        assert_eq!(check.without_tcp.len(), 1);
        let reasons: Vec<_> = check.failed.iter().map(|(resolver, reason)| (*resolver, reason.as_str())).collect();
        assert_eq!(reasons[0], (refusing.address, "answers REFUSED when asked for the root"));
        assert_eq!(reasons[1], (inventing.address, "lies: it invents answers for names that do not exist"));
        assert_eq!(reasons[2], (vague.address, "lies: it says that a name exists which does not"));
        assert_eq!(reasons[3].0, silent);
        assert_eq!(good.asked.borrow()[0], (String::new(), false));
        assert_eq!(good.asked.borrow()[2], (String::new(), true));

        let sentence =
            check_resolvers(&[inventing.address], RetryConfig { tries: 1, ..retry }).await.into_answering().unwrap_err().to_string();
        assert!(sentence.starts_with("no resolver can be used (") && sentence.contains("--trust-resolvers"), "{sentence}");
    });
}

/// Names that have been silent before are so again: that is no sign that too many questions are in flight.
#[test]
fn expected_silence_is_no_loss() {
    run(async {
        let server = Server::start(|asked| if asked.name.starts_with("mute") { Vec::new() } else { vec![asked.text("x")] }).await;
        for (is_doubtful, retreats) in [(true, false), (false, true)] {
            let (dns, counters) = hasty(&[server.address]);
            for _ in 0..4 {
                let silent = futures_util::future::join_all((0..250).map(async |_| {
                    let mut lookup = Lookup::<Txt>::unsent("mute.test".to_owned(), Outcome::LocalError);
                    dns.fill(&mut lookup, is_doubtful).await;
                    lookup.outcome
                }));
                let (silent, heard) = tokio::join!(silent, dns.lookup::<Txt>("heard.test"));
                assert!(silent.iter().all(|outcome| *outcome == Outcome::Timeout) && heard.outcome == Outcome::Noerror);
            }
            assert_eq!(counters.totals().activity.retreats > 0, retreats, "{is_doubtful}");
        }
    });
}
