//! Replies that are forged, lost or invented.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering::SeqCst;

use super::census;
use super::harness::{self, Row, rows, stderr};

#[test]
fn forged_replies_change_no_row() {
    let scene = census(4000);
    let truth = scene.truth();
    scene.relay.way.forgeries.store(20, SeqCst);
    // A flood may cost an answer, which another round brings.
    for (out, options) in [("plain", &["--retry-rounds", "200ms"][..]), ("mixed", &["--retry-rounds", "200ms", "--0x20"])] {
        let (before, elsewhere) = (scene.relay.way.forged.load(SeqCst), scene.relay.way.forged_elsewhere.load(SeqCst));
        scene.start(out, options).finish(0);
        let forged = scene.relay.way.forged.load(SeqCst) - before;
        let strangers = scene.relay.way.forged_elsewhere.load(SeqCst) - elsewhere;
        let dns = scene.manifest(out).activity.dns;
        println!("{out}: {forged} forged replies, {strangers} more from elsewhere; {dns:?}");
        assert!(forged + strangers >= 100_000, "{forged} and {strangers}");
        assert!(dns.unexpected + dns.kernel_drops >= forged * 99 / 100, "each is counted: {dns:?}");
        assert_eq!(dns.malformed, scene.manifest("truth").activity.dns.malformed, "none was accepted, be it as a bad answer");
        assert_eq!(rows(&scene.path(out)), truth);
    }
}

#[test]
fn lost_datagrams_cost_time_and_nothing_else() {
    let scene = census(8000);
    let truth = scene.truth();
    scene.relay.way.loss.store(200, SeqCst);
    scene.start("lossy", &["--dns-timeout", "0.5", "--retry-rounds", "300ms,600ms"]).finish(0);
    let activity = scene.manifest("lossy").activity;
    let lookups = activity.dns_queries - activity.dns_retries;
    let found = rows(&scene.path("lossy"));
    let different: Vec<(&Row, &Row)> = truth.iter().zip(&found).filter(|(expected, found)| expected != found).collect();
    println!("{lookups} lookups, {} datagrams lost, {} rows differ; {activity:?}", scene.relay.way.lost.load(SeqCst), different.len());
    assert!(scene.relay.way.lost.load(SeqCst) > 300 && activity.dns.timeouts > 300, "nothing was lost");
    assert!(different.len() as u64 * 10_000 <= lookups, "more than one in 10,000: {different:?}");
    for (expected, found) in different {
        let columns = expected.columns.iter().zip(&found.columns).filter(|(expected, found)| expected != found);
        for (_, (name, value)) in columns {
            assert!(value.as_deref().is_none_or(|value| value == "unknown"), "{}: a false {name}: {value:?}", found.domain);
        }
    }
}

#[test]
fn a_resolver_that_invents_answers_is_refused() {
    let liar = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = liar.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, client)) = liar.recv_from(&mut query) {
            let end = 12 + query[12..length].iter().position(|octet| *octet == 0).unwrap() + 5;
            let mut reply = query[..end].to_vec();
            reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
            reply.extend_from_slice(&[0xc0, 0x0c]);
            reply.extend_from_slice(&query[end - 4..end - 2]);
            reply.extend_from_slice(&[0, 1, 0, 0, 0, 9, 0, 4, 127, 0, 0, 1]);
            liar.send_to(&reply, client).unwrap();
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.txt");
    fs::write(&list, "example.com\n").unwrap();
    let out = dir.path().join("out");
    let arguments = ["scan", list.to_str().unwrap(), "-o", out.to_str().unwrap(), "--resolver", &address];
    let refused = harness::expect(8, &arguments);
    assert!(stderr(&refused).contains("invents answers for names that do not exist"), "{}", stderr(&refused));
    assert!(!Path::new(&out).exists());
    harness::expect(0, &[&arguments[..], &["--trust-resolvers", "--retry-rounds", "none"]].concat());
}
