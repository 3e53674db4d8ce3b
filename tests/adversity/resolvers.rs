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
