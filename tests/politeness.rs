//! What a scan asks of others, counted by the lab: hosts that many domains share are asked once.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;

use stscan::lab::{Counts, Lab, LabConfig, World};

/// Scans names of the zoo against a lab of our own and gives what the lab was asked.
fn asked(names: impl Iterator<Item = String>, options: &[&str]) -> Counts {
    let dir = tempfile::tempdir().unwrap();
    let lab = Lab::start(LabConfig { world: World::Zoo, names: None, seed: 1 }).unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (list, authority, out) = (path("list.txt"), path("ca.pem"), path("out"));
    fs::write(&list, names.map(|name| name + "\n").collect::<String>()).unwrap();
    fs::write(&authority, lab.ca_pem()).unwrap();
    let (resolver, port) = (lab.dns_addr().to_string(), lab.https_port().to_string());
    let network = ["--resolver", &resolver, "--trust-resolvers", "--https-port", &port, "--ca-file", &authority, "--allow-private"];
    let pace = ["--host-rate", "0", "--fetch-rate", "0", "--retry-rounds", "none"];
    let arguments = [&["scan", &list, "-o", &out][..], &network, &pace, options].concat();
    harness::expect(0, &arguments);
    let rows = harness::rows(dir.path().join("out").as_path());
    assert!(rows.iter().all(|row| row.column("posture") == Some("enforce")), "a scan without failures");
    lab.journal().counts()
}

#[test]
fn the_hosts_of_a_provider_are_asked_once() {
    let counts = asked((0..200).map(|number| format!("mx-google-{number:06}.test")), &[]);
    assert_eq!((counts.a, counts.aaaa), (200 + 3, 200 + 3), "each policy host, and the provider's three MX hosts");
    assert_eq!((counts.mx, counts.txt), (200, 400), "reports stay at home, whose MX is known");
}

#[test]
fn a_receiver_of_many_reports_is_asked_once() {
    let counts = asked((0..100).map(|number| format!("rua-external-{number:06}.test")), &[]);
    assert_eq!(counts.mx, 100 + 1);
}

#[test]
fn looking_around_is_asked_for() {
    let names = || (0..10).map(|number| format!("enforce-{number:06}.test"));
    assert_eq!(asked(names(), &[]).txt, 20);
    assert_eq!(asked(names(), &["--look-around"]).txt, 20 + 60);
}
