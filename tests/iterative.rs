//! Scans from the root: a hierarchy on loopback whose truth is known, with servers that are lame, slow, failing and dead.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use harness::{expect, rows, stderr, stdout};
use stscan::dataset::Reader;
use stscan::evidence::{Evidence, Outcome};
use stscan::lab::{Hierarchy, Internet, Lab};

/// A lab, its hierarchy, and the files that a scan needs.
struct World {
    dir: tempfile::TempDir,
    lab: Lab,
    hierarchy: Hierarchy,
}

impl World {
    fn start() -> Self {
        let (dir, lab) = (tempfile::tempdir().unwrap(), Lab::start(Internet::zoo()).unwrap());
        let hierarchy = lab.start_hierarchy().unwrap();
        let roots: String = hierarchy.roots().iter().map(|root| format!("{root}\n")).collect();
        fs::write(dir.path().join("root.hints"), roots).unwrap();
        fs::write(dir.path().join("ca.pem"), lab.ca_pem()).unwrap();
        Self { dir, lab, hierarchy }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// Runs a command from the root of the hierarchy.
    fn run(&self, arguments: &[&str]) -> Output {
        let (hints, authority) = (self.path("root.hints"), self.path("ca.pem"));
        let (dns, https) = (self.hierarchy.port().to_string(), self.lab.https_port().to_string());
        let root = ["--iterative", "--root-hints", &hints, "--dns-port", &dns, "--dns-timeout", "0.4", "--dns-tries", "2"];
        let pace = ["--https-port", &https, "--ca-file", &authority, "--host-rate", "0", "--retry-rounds", "none"];
        let unlimited = ["--rate", "0", "--resolver-rate", "0"];
        harness::run(&[arguments, &root, &pace, &unlimited].concat())
    }

    /// What a probe sees of a domain, whatever is said of it.
    fn evidence(&self, domain: &str, options: &[&str]) -> Evidence {
        let output = self.run(&[&["check", domain, "--smtp", "none", "--json", "--allow-private"], options].concat());
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        serde_json::from_value(value["evidence"].clone()).unwrap()
    }
}

#[test]
fn every_domain_of_the_hierarchy_is_seen_as_it_is() {
    let world = World::start();
    let (list, out) = (world.path("list.txt"), world.path("out"));
    fs::write(&list, Hierarchy::known().iter().map(|known| format!("{}\n", known.name)).collect::<String>()).unwrap();
    let output = world.run(&["scan", &list, "-o", &out, "--allow-private"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (rows, known) = (rows(Path::new(&out)), Hierarchy::known());
    assert_eq!(rows.len(), known.len());
    for (row, known) in rows.iter().zip(&known) {
        assert_eq!(row.domain, known.name);
        let seen = ["mx_state", "sts_state", "tlsrpt_state", "posture"].map(|column| row.column(column).unwrap());
        assert_eq!(seen, [known.mx_state, known.sts_state, known.tlsrpt_state, known.posture], "{}", known.name);
    }
    let manifest = Reader::open(Path::new(&out)).unwrap().manifest().clone();
    assert_eq!(manifest.run.configuration["iterative"], true);
    assert_eq!(
        manifest.run.resolvers,
        world.hierarchy.roots().iter().map(|root| format!("{root}:{}", world.hierarchy.port())).collect::<Vec<_>>()
    );
    // A question for a sign of life may still be on its way when the scan has ended.
    let asked = || world.hierarchy.asked().iter().map(|(_, count)| count).sum::<u64>();
    let begun = Instant::now();
    while asked() < manifest.activity.dns_queries && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(manifest.activity.dns_queries, asked(), "every query is counted, and was sent");
}

#[test]
fn lookups_are_the_same_as_by_a_resolver() {
    let world = World::start();
    let seen = world.evidence("enforce.test", &[]);
    assert_eq!((seen.mx.outcome, seen.mx.rcode, seen.mx.records.len(), seen.mx.ttl), (Outcome::Noerror, Some(0), 2, Some(3600)));
    assert_eq!(seen.sts_txt.records[0].0, [b"v=STSv1; id=20240101T000000;"]);
    assert_eq!(seen.mx.resolver.map(|server| server.ip().to_string()).as_deref(), Some("127.0.3.21"), "the server that answered");
    assert!(seen.mx.attempts > 1 && seen.mx.rtt_us.is_some() && seen.mx.authenticated.is_none());

    let alias = world.evidence("alias.test", &[]);
    assert_eq!((alias.sts_txt.outcome, alias.sts_txt.rcode), (Outcome::Nxdomain, Some(3)));
    assert_eq!(alias.sts_txt.cname_chain, ["nobody.hosting.example"], "the chain to nothing, across zones");
    assert_eq!((alias.tlsrpt_txt.outcome, alias.tlsrpt_txt.ttl), (Outcome::Noerror, Some(300)));
    assert_eq!(alias.tlsrpt_txt.cname_chain, ["again.hosting.example", "tlsrpt.hosting.example"]);

    let tcp = world.evidence("record-over-tcp.test", &[]);
    assert!(tcp.sts_txt.tcp && tcp.sts_txt.outcome == Outcome::Noerror && !tcp.mx.tcp);

    let gone = world.evidence("gone.test", &[]);
    assert_eq!((gone.mx.outcome, gone.sts_txt.outcome), (Outcome::Nxdomain, Outcome::Pruned));
}

#[test]
fn servers_that_do_not_answer_for_their_zone_settle_nothing() {
    let world = World::start();
    for (domain, outcome, rcode) in [
        ("dead.test", Outcome::Timeout, None),
        ("refused.test", Outcome::Refused, Some(5)),
        ("failing.test", Outcome::Servfail, Some(2)),
        ("upward.test", Outcome::Malformed, None),
        ("disowned.test", Outcome::Malformed, None),
        ("loop-a.test", Outcome::Servfail, None),
    ] {
        let seen = world.evidence(domain, &[]);
        for (found, code, detail) in [
            (seen.mx.outcome, seen.mx.rcode, &seen.mx.detail),
            (seen.sts_txt.outcome, seen.sts_txt.rcode, &seen.sts_txt.detail),
            (seen.tlsrpt_txt.outcome, seen.tlsrpt_txt.rcode, &seen.tlsrpt_txt.detail),
        ] {
            assert_eq!((found, code), (outcome, rcode), "{domain}: {detail:?}");
        }
    }
    let round = world.evidence("round.test", &[]);
    assert_eq!((round.sts_txt.outcome, round.tlsrpt_txt.outcome), (Outcome::Malformed, Outcome::Nxdomain), "{:?}", round.sts_txt.detail);
}

#[test]
fn name_servers_can_be_left_alone() {
    let world = World::start();
    let optout = world.path("optout.txt");
    fs::write(&optout, "127.0.3.21\n").unwrap();
    let seen = world.evidence("enforce.test", &["--exclude", &optout]);
    assert_eq!((seen.mx.outcome, seen.sts_txt.outcome), (Outcome::Excluded, Outcome::Excluded));
    let asked = world.hierarchy.asked();
    assert!(asked.iter().any(|(address, count)| [11, 12].contains(&address.octets()[3]) && *count > 0), "its top-level domain was asked");
    assert!(asked.iter().all(|(address, count)| address.octets()[3] != 21 || *count == 0), "{asked:?}");

    fs::write(&optout, "hosting.example\n").unwrap();
    let alias = world.evidence("alias.test", &["--exclude", &optout]);
    assert_eq!((alias.mx.outcome, alias.sts_txt.outcome), (Outcome::Noerror, Outcome::Excluded), "an alias of somebody left alone");
    assert!(world.hierarchy.asked().iter().all(|(address, count)| ![22, 13].contains(&address.octets()[3]) || *count == 0));

    let refused = world.run(&["check", "enforce.test", "--smtp", "none"]);
    assert_eq!(refused.status.code(), Some(8));
    assert!(stderr(&refused).contains("no root server answers") && stderr(&refused).contains("loopback"), "{}", stderr(&refused));
}

#[test]
fn what_cannot_be_combined_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let hints = dir.path().join("hints").to_str().unwrap().to_owned();
    fs::write(&hints, "; none\n").unwrap();
    for (arguments, said) in [
        (&["--iterative", "--resolver", "127.0.0.1"][..], "--iterative asks name servers itself"),
        (&["--iterative", "--resolver", "tls://127.0.0.1"], "--iterative asks name servers itself"),
        (&["--root-hints", &hints], "add --iterative"),
        (&["--iterative", "--root-hints", &hints], "no address"),
        (&["--iterative", "--root-hints", "missing"], "missing"),
        (&["--iterative", "--lab=zoo", "--dns-port", "53"], "--lab brings its own root"),
        (&["--resolver", "tls://127.0.0.1", "--resolver", "127.0.0.1"], "cannot be mixed"),
        (&["--resolver", "tls://dns.example"], "IP address"),
        (&["--lab=zoo", "--resolver", "tls://127.0.0.1"], "--lab brings its own resolver"),
    ] {
        let output = expect(2, &[&["check", "example.com"], arguments].concat());
        assert!(stderr(&output).contains(said) && stdout(&output).is_empty(), "{arguments:?} said {:?}", stderr(&output));
        assert_eq!(stderr(&output).trim().lines().count(), 1, "one clear sentence: {}", stderr(&output));
    }
}

#[test]
fn any_world_can_be_scanned_from_its_own_root() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out").to_str().unwrap().to_owned();
    // The rate is low enough that lookups wait for it, and a lookup that waits for us does not fail.
    let said = stdout(&expect(0, &["scan", "--lab=census:150", "--iterative", "--rate", "400", "-o", &out]));
    assert!(said.contains("0 missed, 0 wrongly found"), "{said}");
}
