//! A network that does not let us ask mail servers, as a user meets it: `scan` stops before the first row, `check` says what is not tested.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;

use harness::{expect, rows, run, stderr, stdout};

/// Nobody listens there in the lab.
const SILENT: &str = "127.0.0.2";
/// A mail server of the lab.
const ANSWERS: &str = "127.0.4.1";

#[test]
fn a_scan_that_cannot_ask_stops_before_its_first_row_and_goes_on_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let (list, out) = (dir.path().join("list.txt"), dir.path().join("out"));
    fs::write(&list, "enforce.test\ntesting.test\n").unwrap();
    let (list, folder) = (list.to_str().unwrap(), out.to_str().unwrap());
    let base = ["scan", list, "--lab=zoo", "--smtp", "all", "--progress", "none", "-o", folder];
    let blocked = stderr(&expect(8, &[&base[..], &["--smtp-canary", SILENT]].concat()));
    assert!(blocked.contains(&format!("mail servers cannot be asked from here: none of {SILENT}")), "{blocked}");
    assert_eq!(fs::read_dir(out.join("domains")).map_or(0, |parts| parts.count()), 0, "no row");
    let hijacked = stderr(&expect(8, &[&base[..], &["--smtp-canary", ANSWERS, "--smtp-canary-dead", "127.0.4.2"]].concat()));
    assert!(hijacked.contains("127.0.4.2, where nobody is, answers"), "{hijacked}");
    expect(0, &[&base[..], &["--smtp-canary", ANSWERS, "--smtp-canary-dead", SILENT]].concat());
    assert_eq!(rows(&out).len(), 2);
}

#[test]
fn a_check_that_cannot_ask_says_so_and_goes_on() {
    let output = run(&["check", "enforce.test", "--lab=zoo", "--smtp", "all", "--smtp-canary", SILENT, "--json"]);
    assert!(stderr(&output).contains("MX hosts are not tested"), "{}", stderr(&output));
    let said: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let conversation = &said["evidence"]["mx_hosts"][0]["conversations"][0];
    assert_eq!(conversation["error"]["fault"], "not-tried");
    assert_eq!(conversation["connections"], 0);
    assert_eq!(said["assessment"]["mx_tls"], "unknown");
}

#[test]
fn a_check_in_a_network_that_answers_for_others_says_so() {
    let base = ["check", "enforce.test", "--lab=zoo", "--smtp", "all", "--json"];
    let output = run(&[&base[..], &["--smtp-canary", ANSWERS, "--smtp-canary-dead", "127.0.4.2"]].concat());
    let said: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(said["evidence"]["mx_hosts"][0]["conversations"][0]["error"]["fault"], "intercepted");
    let findings = said["assessment"]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["code"] == "mx-intercepted"), "{findings:?}");
    assert_eq!(said["assessment"]["mx_tls"], "unknown");
}
