//! Scans that are stopped by a signal and go on later.

use std::sync::atomic::Ordering::SeqCst;

use super::harness::rows;
use super::{assert_alike, census, wait_until};

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
