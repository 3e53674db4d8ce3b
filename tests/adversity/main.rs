//! Scans among hostile servers, replies, files and signals come to what a scan in a good world comes to.
//!
//! The scans are processes of their own with real sockets, so that no test can hold their clock: tests wait for what a scan says of itself,
//! and where an outage has to last for a while they sleep; nothing is asserted about how fast a scan is.
//!
//! One module per theme: loopback only, the same each time, nothing skipped. What needs root, a feature of the build or another program
//! is in `tests/adversity/run`.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

#[path = "../harness/mod.rs"]
mod harness;

mod files;
mod floods;
mod hostile;
mod machine;
mod mail_servers;
mod replies;
mod resolvers;
mod signals;
mod streams;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use harness::relay::Relay;
use harness::{Row, Running, rows};
use stscan::dataset::{Manifest, Reader};
use stscan::lab::{Internet, Lab};

/// A lab, a relay before its resolver, and a list of names.
struct Scene {
    dir: tempfile::TempDir,
    lab: Lab,
    relay: Relay,
}

impl Scene {
    fn new(world: Internet, names: impl Iterator<Item = String>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lab = Lab::start(world).unwrap();
        fs::write(dir.path().join("list.txt"), names.map(|name| name + "\n").collect::<String>()).unwrap();
        fs::write(dir.path().join("ca.pem"), lab.ca_pem()).unwrap();
        let relay = Relay::start(lab.dns_addr());
        Self { dir, lab, relay }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The arguments of a scan into a folder, over the relay or straight.
    fn arguments(&self, out: &str, straight: bool, options: &[&str]) -> Vec<String> {
        let resolver = if straight { self.lab.dns_addr() } else { self.relay.address };
        self.arguments_by(out, &["--resolver", &resolver.to_string()], options)
    }

    /// The arguments of a scan into a folder that looks up in a way of its own.
    fn arguments_by(&self, out: &str, way: &[&str], options: &[&str]) -> Vec<String> {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let mut arguments = vec!["scan".to_owned(), text(self.path("list.txt")), "-o".to_owned(), text(self.path(out))];
        arguments.extend(way.iter().map(|&option| option.to_owned()));
        arguments.extend(["--ca-file".to_owned(), text(self.path("ca.pem"))]);
        arguments.extend(["--https-port".to_owned(), self.lab.https_port().to_string()]);
        arguments.extend(["--status-file".to_owned(), text(self.path(&format!("{out}.json")))]);
        let lab = ["--allow-private", "--host-rate", "0", "--fetch-rate", "0", "--connect-timeout", "1", "--fetch-timeout", "3"];
        if !options.contains(&"--rate") {
            arguments.extend(["--rate".to_owned(), "0".to_owned()]);
        }
        arguments.extend(lab.iter().chain(options).map(|&option| option.to_owned()));
        arguments
    }

    fn start(&self, out: &str, options: &[&str]) -> Running {
        self.spawn(&self.arguments(out, false, options))
    }

    fn spawn(&self, arguments: &[String]) -> Running {
        Running::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// A scan over a good network.
    fn truth(&self) -> Vec<Row> {
        let arguments = self.arguments("truth", true, &["--dns-timeout", "2", "--retry-rounds", "500ms,1s"]);
        harness::expect(0, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        rows(&self.path("truth"))
    }

    fn status(&self, out: &str) -> String {
        fs::read_to_string(self.path(&format!("{out}.json"))).unwrap_or_default()
    }

    fn manifest(&self, out: &str) -> Manifest {
        Reader::open(&self.path(out)).unwrap().manifest().clone()
    }
}

fn census(names: usize) -> Scene {
    Scene::new(Internet::census(1), (0..names).map(|index| format!("name-{index}.example")))
}

fn wait_until(mut there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(90), "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn unknown(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.column("posture") == Some("unknown")).count()
}

/// The same rows; else the first few that differ.
fn assert_alike(found: &[Row], truth: &[Row]) {
    let differing: Vec<_> = found.iter().zip(truth).filter(|(found, truth)| found != truth).collect();
    let first: Vec<_> = differing.iter().take(3).collect();
    assert!(found.len() == truth.len() && first.is_empty(), "{} of {} rows differ: {first:?}", differing.len(), truth.len());
}
