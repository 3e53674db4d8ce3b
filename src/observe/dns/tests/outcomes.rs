//! Each outcome, from the answer that makes it.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::server::{Server, record, wire};
use super::{patient, run};
use crate::evidence::{Mx, Outcome, Txt};

const SELF: [u8; 2] = [0xc0, 0x0c];

#[test]
fn a_negative_answer_is_final() {
    run(async {
        let server =
            Server::start(|asked| vec![if asked.name.starts_with("no-") { asked.rcode(3) } else { asked.reply(0x81a0, 0, &[]) }]).await;
        let (dns, counters) = patient(&[server.address]);
        let absent = dns.lookup::<Txt>("no-name.test.").await;
        assert_eq!((absent.outcome, absent.rcode, absent.attempts), (Outcome::Nxdomain, Some(3), 1));
        assert_eq!((absent.name.as_str(), absent.resolver, absent.tcp), ("no-name.test", Some(server.address), false));
        assert!(absent.rtt_us.is_some() && absent.authenticated == Some(false) && absent.ttl.is_none());
        let empty = dns.lookup::<Mx>("name.test").await;
        assert_eq!((empty.outcome, empty.rcode, empty.authenticated), (Outcome::Nodata, Some(0), Some(true)));
        assert_eq!(server.count(), 2);
        let totals = counters.totals();
        assert_eq!((totals.sent, totals.answers, totals.retries, totals.activity.unexpected), (2, 2, 0, 0));
        assert_eq!((totals.resolvers[0].sent, totals.resolvers[0].answered), (2, 2));
    });
}

#[test]
fn records_of_each_kind_are_read() {
    run(async {
        let server = Server::start(|asked| {
            let (kind, data) = match asked.name.as_str() {
                "mx.test" => (15, [&[0, 10][..], &wire("Mail.Test")].concat()),
                "txt.test" => (16, b"\x03v=a\x00\x01b".to_vec()),
                "a.test" => (1, vec![192, 0, 2, 1]),
                _ => (28, Ipv6Addr::LOCALHOST.octets().to_vec()),
            };
            vec![asked.reply(0x8180, 1, &record(&SELF, kind, 77, &data))]
        })
        .await;
        let (dns, _) = patient(&[server.address]);
        let mx = dns.lookup::<Mx>("mx.test").await;
        assert_eq!(mx.records, [Mx { preference: 10, exchange: "mail.test".to_owned() }]);
        assert_eq!((mx.outcome, mx.ttl), (Outcome::Noerror, Some(77)));
        assert_eq!(dns.lookup::<Txt>("txt.test").await.records, [Txt(vec![b"v=a".to_vec(), vec![], b"b".to_vec()])]);
        assert_eq!(dns.lookup::<Ipv4Addr>("a.test").await.records, [Ipv4Addr::new(192, 0, 2, 1)]);
        assert_eq!(dns.lookup::<Ipv6Addr>("aaaa.test").await.records, [Ipv6Addr::LOCALHOST]);
    });
}

#[test]
fn a_chain_is_kept_whatever_is_at_its_end() {
    run(async {
        let server = Server::start(|asked| {
            let chain = [record(&SELF, 5, 60, &wire("b.test")), record(&wire("B.test"), 5, 30, &wire("C.Test"))].concat();
            let text = record(&wire("c.test"), 16, 300, b"\x01x");
            let soa = record(&wire("test"), 6, 60, &[wire("ns.test"), wire("h.test"), vec![0; 20]].concat());
            let mut reply = match asked.name.as_str() {
                "found.test" => asked.reply(0x8180, 3, &[chain, text].concat()),
                "empty.test" => asked.reply(0x8180, 2, &[chain, soa].concat()),
                _ => asked.reply(0x8183, 2, &chain),
            };
            reply[9] = u8::from(asked.name == "empty.test");
            vec![reply]
        })
        .await;
        let (dns, _) = patient(&[server.address]);
        for (name, outcome, records) in
            [("found.test", Outcome::Noerror, 1), ("empty.test", Outcome::Nodata, 0), ("gone.test", Outcome::Nxdomain, 0)]
        {
            let lookup = dns.lookup::<Txt>(name).await;
            assert_eq!((lookup.outcome, lookup.records.len()), (outcome, records), "{name}");
            assert_eq!(lookup.cname_chain, ["b.test", "c.test"], "{name}");
            assert_eq!(lookup.ttl, Some(30), "{name}");
        }
    });
}

#[test]
fn an_answer_that_cannot_be_read_is_asked_for_elsewhere_and_never_taken_for_none() {
    run(async {
        let bad = Server::start(|asked| {
            vec![match asked.name.as_str() {
                "loop.test" => asked.reply(0x8180, 1, &record(&SELF, 5, 60, &wire("LOOP.test"))),
                "cut.test" => asked.reply(0x8180, 2, &record(&SELF, 16, 60, b"\x01x")),
                "behind.test" => [asked.text("x"), vec![0]].concat(),
                "negative.test" => [asked.rcode(3), vec![0]].concat(),
                "other.test" => asked.reply(0x8180, 1, &record(&wire("another.test"), 16, 60, b"\x01x")),
                "type.test" => asked.reply(0x8180, 1, &record(&SELF, 15, 60, &[&[0, 10][..], &wire("mx.test")].concat())),
                "deaf.test" => asked.reply(0x8100, 0, &[]),
                "nowhere.test" => asked.reply(0x8103, 0, &[]),
                "referral.test" | "resolver.test" => {
                    let flags = if asked.name == "resolver.test" { 0x8180 } else { 0x8100 };
                    let mut reply = asked.reply(flags, 0, &record(&wire("test"), 2, 60, &wire("ns.test")));
                    reply[9] = 1;
                    reply
                }
                _ => asked.reply(0x8180, 1, &record(&SELF, 16, 60, b"\x09x")),
            }]
        })
        .await;
        let good = Server::start(|asked| vec![asked.text("fine")]).await;
        let (both, counters) = patient(&[bad.address, good.address]);
        let (alone, _) = patient(&[bad.address]);
        for (name, word) in [
            ("loop.test", "loop"),
            ("cut.test", "answer section"),
            ("long.test", "record data"),
            ("behind.test", "behind its last record"),
            ("negative.test", "behind its last record"),
            ("other.test", "another owner"),
            ("referral.test", "referral"),
            ("resolver.test", "referral"),
            ("type.test", "another type"),
            ("deaf.test", "does not resolve recursively"),
            ("nowhere.test", "does not resolve recursively"),
        ] {
            let lookup = alone.lookup::<Txt>(name).await;
            assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Malformed, 2), "{name}");
            assert!(lookup.detail.unwrap().contains(word), "{name}");
            // Whichever resolver comes first.
            for _ in 0..2 {
                assert_eq!(both.lookup::<Txt>(name).await.outcome, Outcome::Noerror, "{name}");
            }
        }
        assert_eq!(counters.totals().activity.malformed, 11);
    });
}

#[test]
fn an_alias_alone_says_who_is_to_be_asked_next() {
    run(async {
        let server = Server::start(|asked| {
            let soa = [wire("ns.test"), wire("h.test"), vec![0; 20]].concat();
            let alias = record(&SELF, 5, 60, &wire("end.test"));
            let mut reply = match asked.name.as_str() {
                "denied.test" => asked.reply(0x8180, 1, &[alias, record(&wire("test"), 6, 60, &soa)].concat()),
                "missing.test" => asked.reply(0x8183, 1, &alias),
                _ => asked.reply(0x8180, 1, &alias),
            };
            reply[9] = u8::from(asked.name == "denied.test");
            vec![reply]
        })
        .await;
        let (dns, counters) = patient(&[server.address, server.address]);
        let alone = dns.lookup::<Mx>("alone.test").await;
        assert_eq!((alone.outcome, alone.alias_alone(), alone.attempts), (Outcome::Malformed, Some("end.test"), 1), "{:?}", alone.detail);
        let denied = dns.lookup::<Mx>("denied.test").await;
        assert_eq!((denied.outcome, denied.alias_alone(), denied.cname_chain.len()), (Outcome::Nodata, None, 1));
        assert_eq!(dns.lookup::<Mx>("missing.test").await.outcome, Outcome::Nxdomain);
        assert_eq!((counters.totals().activity.malformed, server.count()), (0, 3));
    });
}

#[test]
fn a_truncated_answer_is_fetched_over_tcp() {
    run(async {
        let server = Server::start(|asked| {
            let long = vec![b'x'; 250];
            let data = [&[250][..], &long].concat().repeat(20);
            vec![if asked.tcp { asked.reply(0x8180, 1, &record(&SELF, 16, 60, &data)) } else { asked.reply(0x8380, 0, &[]) }]
        })
        .await;
        let (dns, counters) = patient(&[server.address]);
        let lookup = dns.lookup::<Txt>("long.test").await;
        assert_eq!((lookup.outcome, lookup.tcp, lookup.attempts), (Outcome::Noerror, true, 2));
        assert_eq!(lookup.records[0].joined().len(), 5000);
        assert_eq!(*server.asked.borrow(), [("long.test".to_owned(), false), ("long.test".to_owned(), true)]);
        let totals = counters.totals();
        assert_eq!((totals.sent, totals.answers, totals.activity.tcp, totals.retries), (2, 2, 1, 0));
    });
}

#[test]
fn a_truncated_answer_without_tcp_is_no_answer() {
    run(async {
        let server = Server::start_without_tcp(|asked| vec![asked.reply(0x8380, 0, &[])]).await;
        let (dns, counters) = patient(&[server.address]);
        let lookup = dns.lookup::<Txt>("long.test").await;
        assert_eq!((lookup.outcome, lookup.tcp, lookup.attempts, lookup.rcode), (Outcome::Timeout, false, 4, None));
        assert!(lookup.detail.unwrap().starts_with("truncated answer"));
        assert_eq!(counters.totals().activity.tcp, 2);
    });
}

#[test]
fn truncation_over_tcp_is_malformed() {
    run(async {
        let server = Server::start(|asked| vec![asked.reply(0x8380, 0, &[])]).await;
        let (dns, _) = patient(&[server.address]);
        assert_eq!(dns.lookup::<Txt>("long.test").await.outcome, Outcome::Malformed);
    });
}

#[test]
fn a_server_without_edns_is_asked_without_it() {
    run(async {
        let server = Server::start(|asked| {
            vec![match asked.name.as_str() {
                _ if !asked.edns => asked.text("plain"),
                "bare.test" => [&asked.octets[..2], &[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0]].concat(),
                "notimp.test" => asked.rcode(4),
                _ => asked.rcode(1),
            }]
        })
        .await;
        let (dns, _) = patient(&[server.address]);
        for name in ["bare.test", "notimp.test", "formerr.test"] {
            let lookup = dns.lookup::<Txt>(name).await;
            assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Noerror, 2), "{name}");
        }
    });
}

#[test]
fn names_that_cannot_be_asked_for_are_not_sent() {
    run(async {
        let server = Server::start(|asked| vec![asked.rcode(3)]).await;
        let (dns, counters) = patient(&[server.address]);
        let long = vec!["a".repeat(60); 5].join(".");
        let lookup = dns.lookup::<Txt>(&long).await;
        assert_eq!((lookup.outcome, lookup.attempts, lookup.resolver), (Outcome::LocalError, 0, None));
        assert!(lookup.detail.unwrap().starts_with("name too long"));
        assert_eq!(counters.totals().sent, 0);
        assert_eq!(dns.lookup::<Txt>(".").await.outcome, Outcome::Nxdomain);
        assert_eq!(server.count(), 1);
    });
}
