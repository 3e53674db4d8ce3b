//! Resolvers and a network that fall silent in the midst of a scan, and zones that always are.

use std::fs;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use stscan::lab::Internet;

use super::harness::relay::Relay;
use super::harness::{Row, Running, rows};
use super::{Scene, assert_alike, census, unknown, wait_until};

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

/// Nobody has typed anything wrong where the network is down: what was begun goes on later, and what was not begun is not refused as a mistake.
#[test]
fn resolvers_that_are_silent_at_the_start_are_no_usage_error() {
    let scene = census(6000);
    let options = ["--rate", "3000", "--concurrency", "100", "--dns-timeout", "500ms", "--retry-rounds", "none", "--part-rows", "500"];
    scene.relay.way.silent.store(true, SeqCst);
    let said = scene.start("out", &options).finish(8);
    assert!(said.contains("no resolver can be used") && !scene.path("out").exists(), "{said}");
    scene.relay.way.silent.store(false, SeqCst);
    let scan = scene.start("out", &options);
    wait_until(|| scene.status("out").contains("\"committed\":") && !scene.status("out").contains("\"committed\":0,"));
    scan.signal("TERM");
    scan.finish(5);
    let before = scene.manifest("out");
    scene.relay.way.silent.store(true, SeqCst);
    let said = scene.start("out", &options).finish(5);
    assert!(said.contains("no resolver can be used") && said.contains("what has been scanned is kept"), "{said}");
    assert_eq!(scene.manifest("out"), before);
    scene.relay.way.silent.store(false, SeqCst);
    scene.start("out", &options).finish(0);
    assert_eq!(scene.manifest("out").counts.rows, 6000);
}
