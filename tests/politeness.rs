//! What a scan asks of others, counted by the lab: hosts that many domains share are asked once.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;

use stscan::dataset::{EvidenceColumns, Manifest, Reader};
use stscan::evidence::Evidence;
use stscan::lab::{Counts, Internet, Lab};
use stscan::observe::sharing::SharedActivity;

/// Scans names of the zoo against a lab of our own and gives what the lab was asked.
fn asked(names: impl Iterator<Item = String>, options: &[&str]) -> Counts {
    asked_and_shared(names, options).0
}

/// The same, and what the manifest says of answers that were shared.
fn asked_and_shared(names: impl Iterator<Item = String>, options: &[&str]) -> (Counts, SharedActivity) {
    let lab = Lab::start(Internet::zoo()).unwrap();
    let Scanned { rows, manifest, .. } = scan_whole(&lab, names, options);
    assert!(rows.iter().all(|row| row.column("posture") == Some("enforce")), "a scan without failures");
    (lab.journal().counts(), manifest.activity.shared)
}

/// Scans names against a lab.
fn scan(lab: &Lab, names: impl Iterator<Item = String>, options: &[&str]) -> Vec<harness::Row> {
    scan_whole(lab, names, options).rows
}

/// What a scan has come to.
struct Scanned {
    rows: Vec<harness::Row>,
    evidence: Vec<Evidence>,
    manifest: Manifest,
}

fn scan_whole(lab: &Lab, names: impl Iterator<Item = String>, options: &[&str]) -> Scanned {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (list, authority, out) = (path("list.txt"), path("ca.pem"), path("out"));
    fs::write(&list, names.map(|name| name + "\n").collect::<String>()).unwrap();
    fs::write(&authority, lab.ca_pem()).unwrap();
    let (resolver, port) = (lab.dns_addr().to_string(), lab.https_port().to_string());
    let network = ["--resolver", &resolver, "--trust-resolvers", "--https-port", &port, "--ca-file", &authority, "--allow-private"];
    let rounds: &[&str] = if options.contains(&"--retry-rounds") { &[] } else { &["--retry-rounds", "none"] };
    let pace = ["--host-rate", "0", "--fetch-rate", "0"];
    let rate: &[&str] = if options.contains(&"--rate") { &[] } else { &["--rate", "0"] };
    let arguments = [&["scan", &list, "-o", &out][..], &network, &pace, rate, rounds, options].concat();
    harness::expect(0, &arguments);
    let out = dir.path().join("out");
    let reader = Reader::open(&out).unwrap();
    let evidence = reader.batches(None).flat_map(|batch| {
        let batch = batch.unwrap();
        let columns = EvidenceColumns::of(&batch).unwrap();
        (0..batch.num_rows()).map(|row| columns.row(row).unwrap()).collect::<Vec<_>>()
    });
    Scanned { rows: harness::rows(&out), evidence: evidence.collect(), manifest: reader.manifest().clone() }
}

/// Questions that were sent for a row.
fn questions(evidence: &Evidence) -> u64 {
    let Evidence { mx, sts_txt, tlsrpt_txt, host_a, host_aaaa, mx_hosts, rua_hosts, .. } = evidence;
    let records = [mx.attempts, sts_txt.attempts, tlsrpt_txt.attempts];
    let host = host_a.iter().map(|lookup| lookup.attempts).chain(host_aaaa.iter().map(|lookup| lookup.attempts));
    let mx_hosts = mx_hosts.iter().flat_map(|host| {
        let alias = host.alias.iter().map(|lookup| lookup.attempts);
        [host.a.attempts, host.aaaa.attempts].into_iter().chain(alias).chain(host.tlsa.iter().map(|lookup| lookup.attempts))
    });
    let receivers = rua_hosts.iter().flat_map(|receiver| {
        let mx = receiver.mx.as_ref().map(|lookup| lookup.attempts);
        [mx, receiver.a.as_ref().map(|lookup| lookup.attempts), receiver.aaaa.as_ref().map(|lookup| lookup.attempts)]
    });
    records.into_iter().chain(host).chain(mx_hosts).chain(receivers.flatten()).map(u64::from).sum()
}

#[test]
fn every_question_is_in_the_evidence_of_one_row() {
    let lab = Lab::start(Internet::census(1)).unwrap();
    let Scanned { evidence, manifest, .. } = scan_whole(&lab, (0..4000).map(|number| format!("name-{number}.example")), &[]);
    assert!(manifest.activity.shared.mx_hosts.hits > 0 && manifest.activity.shared.policy_targets.hits > 0, "something was shared");
    assert_eq!(evidence.iter().map(questions).sum::<u64>(), manifest.activity.dns_queries);
    let with_dane = scan_whole(&lab, (0..1000).map(|number| format!("name-{number}.example")), &["--dane", "all"]);
    assert!(with_dane.manifest.activity.shared.dane.misses > 0 && with_dane.manifest.activity.shared.dane.hits > 0, "something was shared");
    assert_eq!(with_dane.evidence.iter().map(questions).sum::<u64>(), with_dane.manifest.activity.dns_queries);
}

/// The least and the most queries that arrived in any five seconds (500 hundredths), as a share of what the rate allows.
fn five_seconds(arrivals: &[(u64, u64)], rate: u64) -> (f64, f64) {
    let last = arrivals.last().unwrap().0;
    assert!(last >= 520, "the scan took {last} hundredths of a second: too short to tell");
    let mut by_tick = vec![0; usize::try_from(last).unwrap() + 1];
    arrivals.iter().for_each(|(tick, count)| by_tick[usize::try_from(*tick).unwrap()] = *count);
    // The last hundredth is not whole.
    by_tick.pop();
    let shares = by_tick.windows(500).map(|window| window.iter().sum::<u64>() as f64 / (5 * rate) as f64);
    shares.fold((f64::MAX, 0.0), |(least, most), share| (least.min(share), most.max(share)))
}

#[test]
fn rates_are_kept_and_reached() {
    let mut reached = Vec::new();
    for option in ["--rate", "--resolver-rate"] {
        // Other work on the machine may hold a scan up, but nothing may make it hurry.
        let held = (0..3).any(|_| {
            let lab = Lab::start(Internet::zoo()).unwrap();
            scan(&lab, (0..3700).map(|number| format!("nothing-{number:06}.test")), &[option, "2000"]);
            let (least, most) = five_seconds(&lab.journal().arrivals(), 2000);
            println!("{option} 2000: {least:.4} to {most:.4} of it in any five seconds");
            assert!(most <= 1.02, "{option}: {most}");
            least >= 0.98
        });
        reached.push(held);
    }
    assert_eq!(reached, [true, true]);
}

#[test]
fn the_hosts_of_a_provider_are_asked_once() {
    let (counts, shared) = asked_and_shared((0..200).map(|number| format!("mx-google-{number:06}.test")), &[]);
    assert_eq!((counts.a, counts.aaaa), (200 + 3, 200 + 3), "each policy host, and the provider's three MX hosts");
    assert_eq!((counts.mx, counts.txt), (200, 400), "reports stay at home, whose MX is known");
    let mx_hosts = shared.mx_hosts;
    assert_eq!((mx_hosts.misses, mx_hosts.hits, mx_hosts.entries), (6, 200 * 6 - 6, 6));
    assert_eq!((mx_hosts.expired, mx_hosts.evicted, shared.policy_targets.misses), (0, 0, 0));
}

#[test]
fn the_end_of_an_alias_that_policy_hosts_share_is_asked_once() {
    let (counts, shared) = asked_and_shared((0..100).map(|number| format!("cname-fine-{number:06}.test")), &[]);
    assert_eq!((counts.a, counts.aaaa), (100 * 3, 100 * 2 + 1), "each policy host and two MX hosts each, and AAAA of the alias");
    assert_eq!((shared.policy_targets.misses, shared.policy_targets.hits, shared.policy_targets.entries), (1, 99, 1));
}

#[test]
fn a_receiver_of_many_reports_is_asked_once() {
    let (counts, shared) = asked_and_shared((0..100).map(|number| format!("rua-external-{number:06}.test")), &[]);
    assert_eq!(counts.mx, 100 + 1);
    assert_eq!((shared.report_receivers.misses, shared.report_receivers.hits), (1, 99));
}

#[test]
fn looking_around_is_asked_for() {
    let names = || (0..10).map(|number| format!("enforce-{number:06}.test"));
    assert_eq!(asked(names(), &[]).txt, 20);
    assert_eq!(asked(names(), &["--look-around"]).txt, 20 + 60);
}

#[test]
fn later_rounds_ask_only_what_has_failed() {
    let lab = Lab::start(Internet::zoo()).unwrap();
    let rounds = ["--dns-tries", "1", "--retry-rounds", "50ms,50ms"];
    let rows = scan(&lab, (0..20).map(|number| format!("record-servfail-{number:06}.test")), &rounds);
    assert!(rows.len() == 20 && rows.iter().all(|row| row.column("sts_state") == Some("unknown")));
    let counts = lab.journal().counts();
    assert_eq!((counts.mx, counts.txt), (20, 20 * (1 + 3)), "the TLSRPT record once, the MTA-STS record in each round");
}
