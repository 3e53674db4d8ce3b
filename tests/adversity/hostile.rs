//! Every hostile server and reply that the lab can play, at once and many of each, beside healthy ones: all are judged as was written by
//! hand, and of the healthy none differs.

use std::fs;

use stscan::lab::{Asked, Internet};

use super::Scene;
use super::floods::by_domain;
use super::harness::rows;

/// Of each case so many domains.
const EACH: usize = 4;
/// Domains of which nothing is to differ.
const HEALTHY: usize = 200;

/// Cases that play what attackers and broken servers send.
const CASES: [&str; 57] = [
    // Beyond the scanner's TLS library, or only nearly so.
    "tls-cbc-only",
    "tls-dhe-only",
    "tls-rsa-only",
    "tls-cbc-expired",
    "tls-group-secp521r1",
    "tls-group-ffdhe2048",
    "tls-ccm-only",
    "tls-alert",
    "tls-old",
    "tls-old-hello",
    "cert-1500-names",
    "cert-1500-names-tls12",
    "cert-p521",
    "cert-rsa-16384",
    "cert-chain-8",
    "cert-chain-16",
    "cert-chain-17",
    "cert-chain-constrained",
    "cert-chain-expired",
    "sixteen-addresses",
    "twenty-addresses",
    // Bodies.
    "coding-gzip",
    "coding-gzip-members",
    "coding-deflate",
    "coding-brotli",
    "coding-zstd",
    "coding-two",
    "coding-unknown",
    "coding-cut",
    "coding-damaged",
    "coding-bomb",
    "coding-ten",
    "coding-followed",
    "truncated",
    // Heads.
    "head-folded",
    "head-control",
    "head-delete",
    "head-blank",
    "head-name",
    "head-many",
    "head-nul",
    "head-lengths-differ",
    "interim-two",
    "not-http",
    // Filters against robots.
    "robot-filter",
    "filter-aws",
    "filter-modsecurity",
    "filter-siteground",
    // Replies.
    "record-alias-alone",
    "record-alias-lost",
    "record-other-type",
    "record-referral",
    "record-unresolved",
    "record-twice",
    "mx-other-type",
    "mx-referral",
    "mx-300",
];

#[test]
fn hostile_servers_and_replies_are_judged_as_written_and_change_nothing_else() {
    let healthy: Vec<String> = (0..HEALTHY).map(|number| format!("enforce-{number:06}.test")).collect();
    let scene = Scene::new(Internet::zoo(), healthy.iter().cloned());
    let undisturbed = by_domain(scene.truth());
    let hostile = (0..EACH).flat_map(|number| CASES.map(|case| format!("{case}-{number:06}.test")));
    let list: String = hostile.chain(healthy).map(|name| name + "\n").collect();
    fs::write(scene.path("list.txt"), list).unwrap();
    scene.start("mixed", &["--dns-timeout", "1", "--retry-rounds", "none"]).finish(0);

    let found = by_domain(rows(&scene.path("mixed")));
    assert_eq!(found.len(), EACH * CASES.len() + HEALTHY, "every name has a row");
    let mut wrong = String::new();
    for (domain, row) in &found {
        if let Some(expected) = undisturbed.get(domain) {
            wrong += &if row == expected { String::new() } else { format!("{domain} differs from what it is alone\n") };
            continue;
        }
        let truth = scene.lab.internet().truth_when(domain, Asked::NOTHING).unwrap_or_else(|| panic!("{domain} has no truth"));
        for (column, expected) in truth.columns() {
            if row.column(column) != expected {
                wrong += &format!("{domain}: {column} is {:?}, expected {expected:?}\n", row.column(column));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
