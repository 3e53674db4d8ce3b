//! Scans over a bad network come to what a scan over a good one comes to: forged replies, lost datagrams, dead resolvers, few descriptors.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use harness::relay::Relay;
use harness::{Row, Running, rows, stderr};
use stscan::dataset::{Manifest, Reader};
use stscan::lab::{Internet, Lab};
use stscan::observe::dns::DnsActivity;

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
        let arguments = self.arguments("truth", true, &["--dns-timeout", "0.5", "--retry-rounds", "none"]);
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

/// A scan in the midst of which the resolver is stopped for a while and started again; without later rounds, which would hide what was
/// missed.
fn outage(stop: impl Fn(&Relay, bool)) {
    let scene = census(6000);
    let truth = scene.truth();
    let scan = scene.start("outage", &["--rate", "5000", "--dns-timeout", "0.4", "--retry-rounds", "none"]);
    is_waited_out(&scene, scan, &truth, |stopped| stop(&scene.relay, stopped));
}

/// Stops whoever answers in the midst of a scan, starts them again, and expects the rows that are there without an outage.
fn is_waited_out(scene: &Scene, scan: Running, truth: &[Row], stop: impl Fn(bool)) {
    wait_until(|| scene.status("outage").contains("\"judged\":") && !scene.status("outage").contains("\"judged\":0,"));
    stop(true);
    wait_until(|| scene.status("outage").contains("\"paused\":true"));
    std::thread::sleep(Duration::from_secs(3));
    assert!(scene.status("outage").contains("\"paused\":true"), "it does not go on by itself");
    stop(false);
    scan.finish(0);
    let (found, dns) = (rows(&scene.path("outage")), scene.manifest("outage").activity.dns);
    println!("{} rows, {} unknown (without an outage {}); {dns:?}", found.len(), unknown(&found), unknown(truth));
    assert!(dns.pauses >= 1 && dns.paused_seconds >= 3.0, "{dns:?}");
    assert_alike(&found, truth);
}

#[test]
fn a_resolver_that_falls_silent_is_waited_for() {
    outage(|relay, stopped| relay.way.silent.store(stopped, SeqCst));
}

#[test]
fn a_resolver_that_is_stopped_is_waited_for() {
    outage(|relay, stopped| relay.way.closed.store(stopped, SeqCst));
}

#[test]
fn a_network_that_falls_silent_is_waited_for_from_the_root() {
    let scene = census(900);
    let truth = scene.truth();
    let root = scene.lab.root_addr();
    fs::write(scene.path("root.hints"), root.ip().to_string()).unwrap();
    let (hints, port) = (scene.path("root.hints").to_str().unwrap().to_owned(), root.port().to_string());
    let way = ["--iterative", "--root-hints", &hints, "--dns-port", &port];
    let scan = scene.spawn(&scene.arguments_by("outage", &way, &["--rate", "600", "--dns-timeout", "1", "--retry-rounds", "none"]));
    is_waited_out(&scene, scan, &truth, |silent| scene.lab.silence_root(silent));
}

#[test]
fn a_silent_zone_is_no_outage() {
    let scene = Scene::new(Internet::zoo(), (0..50).map(|number| format!("mx-silence-{number:06}.test")));
    scene.start("out", &["--dns-timeout", "0.2", "--dns-tries", "2", "--retry-rounds", "none"]).finish(0);
    let manifest = scene.manifest("out");
    assert_eq!((manifest.counts.rows, manifest.counts.mx_state.get("unknown")), (50, Some(&50)));
    assert_eq!(manifest.activity.dns.pauses, 0);
}

#[cfg(unix)]
#[test]
fn a_scan_that_is_stopped_while_it_waits_for_a_resolver_makes_up_nothing() {
    let scene = census(3000);
    let truth = scene.truth();
    let options = ["--rate", "5000", "--dns-timeout", "0.4", "--retry-rounds", "none"];
    let scan = scene.start("out", &options);
    wait_until(|| scene.status("out").contains("\"judged\":") && !scene.status("out").contains("\"judged\":0,"));
    scene.relay.way.silent.store(true, SeqCst);
    wait_until(|| scene.status("out").contains("\"paused\":true"));
    assert!(std::process::Command::new("kill").args(["-INT", &scan.id().to_string()]).status().unwrap().success());
    scan.finish(5);
    let early = rows(&scene.path("out"));
    assert!(early.len() < truth.len() && early.iter().all(|row| *row == truth[usize::try_from(row.ordinal).unwrap()]));
    scene.relay.way.silent.store(false, SeqCst);
    scene.start("out", &options).finish(0);
    let mut found = rows(&scene.path("out"));
    found.sort_by_key(|row| row.ordinal);
    assert_alike(&found, &truth);
}

#[cfg(unix)]
#[test]
fn few_descriptors_are_enough() {
    let scene = census(3000);
    let truth = scene.truth();
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 256 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_stscan")])
        .args(scene.arguments("limited", true, &["--dns-timeout", "0.5", "--retry-rounds", "none"]))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(limited.status.success(), "{}", stderr(&limited));
    assert_eq!(rows(&scene.path("limited")), truth);
    assert_eq!(scene.manifest("limited").activity.dns.local_errors, 0);
}

/// A scan over TCP, answer by answer, that for a while may not open another descriptor.
#[cfg(target_os = "linux")]
fn without_descriptors(out: &str, pause: Duration) -> DnsActivity {
    let scene = census(600);
    let truth = scene.truth();
    scene.relay.way.truncating.store(true, SeqCst);
    let options = ["--rate", "1000", "--concurrency", "40", "--dns-timeout", "1", "--retry-rounds", "1s,2s,4s,8s"];
    let scan = scene.start(out, &options);
    wait_until(|| scene.status(out).contains("\"judged\":") && !scene.status(out).contains("\"judged\":0,"));
    let limit = |files: &str| {
        let done = std::process::Command::new("prlimit").args(["--pid", &scan.id().to_string(), &format!("--nofile={files}:")]).status();
        assert!(done.unwrap().success());
    };
    limit("8");
    std::thread::sleep(pause);
    limit("512");
    scan.finish(0);
    let dns = scene.manifest(out).activity.dns;
    println!("{dns:?}");
    assert!(dns.tcp > 500, "{dns:?}");
    assert_eq!(rows(&scene.path(out)), truth, "no row says what is not so, and none is unknown");
    dns
}

#[cfg(target_os = "linux")]
#[test]
fn descriptors_that_run_out_for_a_moment_are_waited_for() {
    assert_eq!(without_descriptors("short", Duration::from_secs(2)).local_errors, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn what_fails_for_want_of_descriptors_is_asked_again() {
    assert!(without_descriptors("long", Duration::from_secs(9)).local_errors > 0);
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
    let refused = harness::expect(2, &arguments);
    assert!(stderr(&refused).contains("invents answers for names that do not exist"), "{}", stderr(&refused));
    assert!(!Path::new(&out).exists());
    harness::expect(0, &[&arguments[..], &["--trust-resolvers", "--retry-rounds", "none"]].concat());
}

/// The same rows; else the first few that differ.
fn assert_alike(found: &[Row], truth: &[Row]) {
    let differing: Vec<_> = found.iter().zip(truth).filter(|(found, truth)| found != truth).collect();
    let first: Vec<_> = differing.iter().take(3).collect();
    assert!(found.len() == truth.len() && first.is_empty(), "{} of {} rows differ: {first:?}", differing.len(), truth.len());
}
