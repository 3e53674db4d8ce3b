//! A machine that has few of what a scan needs: file descriptors, room for a file.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use stscan::observe::dns::DnsActivity;

use super::harness::{rows, stderr};
use super::{census, wait_until};

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

/// `ulimit -f`: by default the signal SIGXFSZ would end the scan without a word. It is a full disk, and the scan goes on when there is room.
#[cfg(unix)]
#[test]
fn a_limit_of_file_sizes_is_a_full_disk() {
    let scene = census(3000);
    let truth = scene.truth();
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 60 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_stscan")])
        .args(scene.arguments("out", true, &["--dns-timeout", "2", "--retry-rounds", "none"]))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(5), "{}", stderr(&limited));
    assert!(stderr(&limited).contains("ulimit -f") && stderr(&limited).contains("run the same command again"), "{}", stderr(&limited));
    assert!(!scene.path("out").join("domains/part-00000.parquet.tmp").exists(), "half a part is left");
    let again = scene.arguments("out", true, &["--dns-timeout", "2", "--retry-rounds", "none"]);
    super::harness::expect(0, &again.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(rows(&scene.path("out")), truth);
}
