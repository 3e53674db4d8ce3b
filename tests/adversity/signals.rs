//! Scans that are stopped by a signal and go on later.

#![cfg(unix)]

use std::process::Command;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::harness::{Row, Running, rows};
use super::{Scene, assert_alike, census, wait_until};

/// Slow enough that there is something to stop.
const OPTIONS: &[&str] = &["--rate", "4000", "--concurrency", "100", "--dns-timeout", "2", "--retry-rounds", "none", "--part-rows", "1000"];

fn wait_for_rows(scene: &Scene) {
    wait_until(|| scene.status("out").contains("\"judged\":") && !scene.status("out").contains("\"judged\":0,"));
}

/// What is committed of a stopped scan is true, is all that was judged, and the same command brings the rest.
fn goes_on(scene: &Scene, truth: &[Row]) {
    let early = rows(&scene.path("out"));
    let judged = format!("\"judged\":{},", early.len());
    assert!(scene.status("out").contains(&judged), "{judged} {}", scene.status("out"));
    assert!(!early.is_empty() && early.len() < truth.len(), "{} rows", early.len());
    scene.start("out", &["--dns-timeout", "2", "--retry-rounds", "none", "--part-rows", "1000"]).finish(0);
    let mut found = rows(&scene.path("out"));
    found.sort_by_key(|row| row.ordinal);
    assert_alike(&found, truth);
}

#[test]
fn a_signal_that_comes_twice_is_one() {
    for signal in ["TERM", "INT", "HUP"] {
        let scene = census(12000);
        let truth = scene.truth();
        let scan = scene.start("out", OPTIONS);
        wait_for_rows(&scene);
        scan.signal(signal);
        std::thread::sleep(Duration::from_millis(20));
        scan.signal(signal);
        let said = scan.finish(5);
        assert!(said.contains("stopping") && said.contains("the same command continues") && !said.contains("at once:"), "{said}");
        goes_on(&scene, &truth);
    }
}

#[test]
fn a_later_signal_ends_it_at_once_and_says_so() {
    let scene = census(12000);
    let scan = scene.start("out", &["--rate", "1500", "--dns-timeout", "60", "--retry-rounds", "none", "--part-rows", "1000"]);
    wait_for_rows(&scene);
    // What is in flight cannot be finished for a minute.
    scene.relay.way.silent.store(true, SeqCst);
    std::thread::sleep(Duration::from_millis(300));
    scan.signal("TERM");
    std::thread::sleep(Duration::from_millis(2300));
    scan.signal("TERM");
    let said = scan.finish(5);
    assert!(said.contains("ended at once:") && said.contains("the same command continues"), "{said}");
}

#[test]
fn a_closed_terminal_ends_a_scan_as_a_signal_does() {
    let scene = census(12000);
    let truth = scene.truth();
    let mut scan = scene.start("out", OPTIONS);
    wait_for_rows(&scene);
    scan.close_terminal();
    scan.signal("HUP");
    scan.finish(5);
    goes_on(&scene, &truth);
}

#[test]
fn a_scan_that_is_to_survive_its_terminal_does() {
    let scene = census(2000);
    let truth = scene.truth();
    // As `nohup` begins it.
    let arguments = scene.arguments("out", false, OPTIONS);
    let program = env!("CARGO_BIN_EXE_stscan");
    let scan = Running::of(Command::new("sh").args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", program]).args(arguments));
    wait_for_rows(&scene);
    scan.signal("HUP");
    scan.finish(0);
    assert_alike(&rows(&scene.path("out")), &truth);
}

#[test]
fn a_scan_that_is_stopped_while_it_waits_for_a_resolver_makes_up_nothing() {
    let scene = census(12000);
    let truth = scene.truth();
    let options = ["--rate", "5000", "--dns-timeout", "0.4", "--retry-rounds", "none"];
    let scan = scene.start("out", &options);
    wait_until(|| scene.status("out").contains("\"judged\":") && !scene.status("out").contains("\"judged\":0,"));
    scene.relay.way.silent.store(true, SeqCst);
    wait_until(|| scene.status("out").contains("\"paused\":true"));
    scan.signal("INT");
    scan.finish(5);
    let early = rows(&scene.path("out"));
    assert!(early.len() < truth.len() && early.iter().all(|row| *row == truth[usize::try_from(row.ordinal).unwrap()]));
    scene.relay.way.silent.store(false, SeqCst);
    scene.start("out", &options).finish(0);
    let mut found = rows(&scene.path("out"));
    found.sort_by_key(|row| row.ordinal);
    assert_alike(&found, &truth);
}
