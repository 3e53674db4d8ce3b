//! Lookups that are submitted and collected: they come to what they come to as futures, and each comes back once.

use std::future::poll_fn;
use std::task::{Context, Waker};

use super::server::{Server, record, wire};
use super::{hasty, run};
use crate::evidence::{Lookup, Outcome, Txt};
use crate::observe::dns::Collector;

/// Names, and whether the first reply settles the lookup.
const NAMES: [(&str, bool); 8] = [
    ("none.test", true),
    ("empty.test", true),
    ("text.test", true),
    ("alias.test", true),
    ("refused.test", false),
    ("cut.test", false),
    ("unreadable.test", false),
    ("mute.test", false),
];

fn unsent(name: &str) -> Lookup<Txt> {
    Lookup::unsent(name.to_owned(), Outcome::LocalError)
}

#[test]
fn what_is_collected_is_what_a_future_brings() {
    run(async {
        let server = Server::start(|asked| match asked.name.as_str() {
            "none.test" => vec![asked.rcode(3)],
            "empty.test" => vec![asked.rcode(0)],
            "alias.test" => vec![asked.reply(0x8180, 1, &record(&[0xc0, 0x0c], 5, 60, &wire("end.test")))],
            "refused.test" => vec![asked.rcode(5)],
            "cut.test" if !asked.tcp => vec![asked.reply(0x8380, 0, &[])],
            "unreadable.test" => vec![[asked.text("x"), vec![0]].concat()],
            "mute.test" => Vec::new(),
            _ => vec![asked.text("x")],
        })
        .await;
        let (dns, _) = hasty(&[server.address]);
        let collector = Collector::new(dns.clone());
        let mut lookups = NAMES.map(|(name, _)| unsent(name));
        assert!(lookups.iter().enumerate().all(|(tag, lookup)| collector.submit(lookup, tag)));
        let mut settled = NAMES.map(|_| None);
        for _ in NAMES {
            let ended = poll_fn(|context| collector.poll(context)).await;
            let tag = ended.tag();
            let unsettled = collector.settle(ended, &mut lookups[tag]);
            assert_eq!(settled[tag].replace(unsettled.is_none()), None, "each comes back once");
            if let Some(unsettled) = unsettled {
                unsettled.go_on(&mut lookups[tag]).await;
            }
        }
        assert_eq!(settled, NAMES.map(|(_, settled)| Some(settled)));
        for lookup in lookups {
            let mut future = dns.lookup(&lookup.name).await;
            assert_eq!(future.rtt_us.is_some(), lookup.rtt_us.is_some());
            future.rtt_us = lookup.rtt_us;
            assert_eq!(lookup, future);
        }
        assert!(!collector.submit(&unsent("not..asked.test"), 0));
        assert!(collector.poll(&Context::from_waker(Waker::noop())).is_pending());
    });
}

/// Whoever looks last is woken.
#[test]
fn a_waker_that_was_left_in_vain_is_replaced() {
    run(async {
        let server = Server::start(|asked| vec![asked.text("x")]).await;
        let (dns, _) = hasty(&[server.address]);
        let collector = Collector::new(dns);
        assert!(collector.poll(&Context::from_waker(Waker::noop())).is_pending());
        assert!(collector.submit(&unsent("a.test"), 7));
        assert_eq!(poll_fn(|context| collector.poll(context)).await.tag(), 7);
    });
}
