//! Whoever is told how a scan or a comparison ended: the program of `--notify-exec`, the file of `--metrics-file`, the status file.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harness::{Running, expect, stderr};
use serde_json::Value;

struct Scene(tempfile::TempDir);

impl Scene {
    fn new(names: usize) -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        fs::write(scene.path("list.txt"), (0..names).map(|index| format!("name-{index}.example\n")).collect::<String>()).unwrap();
        scene.script("keep", &format!("cat > {0}.new && mv {0}.new {0}", scene.text("told.json")));
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn script(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
        self.text(name)
    }

    fn scan(&self, out: &str, options: &[&str]) -> Vec<String> {
        let own = ["scan", "--lab", &self.text("list.txt"), "-o", &self.text(out), "--list-name", "ours"].map(str::to_owned);
        own.into_iter().chain(options.iter().map(|option| (*option).to_owned())).collect()
    }

    fn run(&self, status: i32, arguments: &[String]) -> String {
        stderr(&expect(status, &arguments.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    fn told(&self) -> Value {
        let told = serde_json::from_slice(&fs::read(self.path("told.json")).unwrap()).unwrap();
        fs::remove_file(self.path("told.json")).unwrap();
        told
    }

    fn metric(&self, sample: &str) -> Option<f64> {
        let text = fs::read_to_string(self.path("m.prom")).unwrap();
        let line = text.lines().find(|line| line.starts_with(sample))?;
        Some(line.rsplit_once(' ').unwrap().1.parse().unwrap())
    }
}

fn wait_until(mut there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(90), "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_end_of_a_scan_is_told() {
    let scene = Scene::new(300);
    let (keep, prom) = (scene.text("keep"), scene.text("m.prom"));
    scene.run(0, &scene.scan("out", &["--notify-exec", &keep, "--metrics-file", &prom]));
    let told = scene.told();
    let words = |key: &str| told[key].as_str().unwrap().to_owned();
    assert_eq!((told["notice_version"].as_u64(), words("event"), words("outcome")), (Some(1), "scan".to_owned(), "finished".to_owned()));
    assert_eq!(
        (told["exit_status"].as_u64(), words("folder")),
        (Some(0), fs::canonicalize(scene.path("out")).unwrap().display().to_string())
    );
    assert!(words("message").starts_with("ours: 300 domains, "), "{told}");
    let manifest: Value = serde_json::from_slice(&fs::read(scene.path("out/manifest.json")).unwrap()).unwrap();
    for key in ["counts", "accounting", "activity", "rates"] {
        assert_eq!(told["figures"][key], manifest[key], "{key}");
    }
    assert_eq!((&told["run"]["run_id"], &told["run"]["list"]["name"]), (&manifest["run_id"], &"ours".into()));
    assert!(told["run"]["invented"].as_str().unwrap().contains("invented"));
    let broken = manifest["counts"]["posture"]["broken"].as_f64().unwrap_or(0.0);
    assert_eq!(scene.metric("stscan_portfolio_posture_domains{list=\"ours\",posture=\"broken\"}"), Some(broken));
    assert_eq!(scene.metric("stscan_portfolio_domains{list=\"ours\"}"), Some(300.0));
    assert_eq!(scene.metric("stscan_run_lines{list=\"ours\",fate=\"row\"}"), Some(300.0));
    let success = scene.metric("stscan_portfolio_last_success_timestamp_seconds");

    // The next one is refused: the folder is finished.
    scene.run(4, &scene.scan("out", &["--notify-exec", &keep, "--metrics-file", &prom]));
    let told = scene.told();
    assert_eq!(
        (&told["outcome"], &told["exit_status"], &told["run"], &told["figures"]),
        (&"failed".into(), &4.into(), &Value::Null, &Value::Null)
    );
    assert!(told["message"].as_str().unwrap().contains("finished at"), "{told}");
    assert_eq!(scene.metric("stscan_run_outcome{list=\"ours\",outcome=\"failed\"}"), Some(1.0));
    assert_eq!(scene.metric("stscan_portfolio_last_success_timestamp_seconds"), success);
    assert_eq!(scene.metric("stscan_portfolio_domains{list=\"ours\"}"), Some(300.0));
    let mut missing = scene.scan("other", &["--notify-exec", &keep]);
    missing[2] = scene.text("none.txt");
    scene.run(3, &missing);
    assert_eq!(scene.told()["exit_status"], 3);
}

#[test]
fn a_stopped_scan_is_told_with_what_it_has() {
    let scene = Scene::new(3000);
    let (keep, prom, status) = (scene.text("keep"), scene.text("m.prom"), scene.text("s.json"));
    let slow = [
        "--rate",
        "600",
        "--concurrency",
        "100",
        "--part-rows",
        "100",
        "--notify-exec",
        &keep,
        "--metrics-file",
        &prom,
        "--status-file",
        &status,
    ];
    let arguments = scene.scan("out", &slow);
    let scan = Running::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let read = || serde_json::from_slice::<Value>(&fs::read(&status).unwrap_or_default()).unwrap_or_default();
    wait_until(|| read()["committed"].as_u64().unwrap_or(0) > 0);
    let state = read();
    assert_eq!((state["pid"].as_u64(), &state["list"]), (Some(u64::from(scan.id())), &"ours".into()));
    assert_eq!(state["folder"].as_str().map(Path::new), Some(&*fs::canonicalize(scene.path("out")).unwrap()));
    assert!(state["written_at"].as_str().is_some_and(|at| at.ends_with('Z')) && state["run_id"].is_string(), "{state}");
    scan.signal("TERM");
    scan.finish(5);
    let told = scene.told();
    assert_eq!((&told["outcome"], &told["exit_status"], &told["run"]["finished_at"]), (&"stopped".into(), &5.into(), &Value::Null));
    assert_eq!(told["run"]["run_id"], state["run_id"]);
    let rows = told["figures"]["rows"].as_u64().unwrap();
    assert!(rows > 0 && rows < 3000 && told["message"].as_str().unwrap().contains("stopped after"), "{told}");
    assert_eq!(scene.metric("stscan_run_rows"), Some(rows as f64));
    assert_eq!(scene.metric("stscan_portfolio_domains"), None, "nothing has finished yet");
}

#[test]
fn a_comparison_is_told() {
    let scene = Scene::new(200);
    let keep = scene.text("keep");
    scene.run(0, &scene.scan("old", &[]));
    scene.run(0, &scene.scan("new", &[]));
    let diff = ["diff", &scene.text("old"), &scene.text("new"), "--notify-exec", &keep].map(str::to_owned);
    scene.run(0, &diff);
    let told = scene.told();
    assert_eq!((&told["event"], &told["outcome"], &told["figures"]["in_both"]), (&"diff".into(), &"unchanged".into(), &200.into()));
    assert_eq!((&told["figures"]["old"]["folder"], &told["folder"]), (&scene.text("old").into(), &scene.text("new").into()));
    let mut failing = diff.to_vec();
    failing[1] = scene.text("none");
    scene.run(4, &failing);
    assert_eq!((&scene.told()["outcome"], fs::exists(scene.path("none")).unwrap()), (&"failed".into(), false));
}

#[test]
fn a_program_that_fails_changes_nothing() {
    let scene = Scene::new(50);
    for (name, text, why) in [
        ("hangs", "sleep 1000", "did not end within 200ms (--notify-timeout) and was killed"),
        ("fails", "echo to nobody; exit 3", "ended with exit status 3"),
    ] {
        let program = scene.script(name, text);
        let arguments = scene
            .scan(&format!("out-{name}"), &["--notify-exec", &program, "--notify-timeout", if name == "hangs" { "200ms" } else { "20s" }]);
        let said = scene.run(0, &arguments);
        assert!(said.contains(&format!("stscan: --notify-exec {program} {why}")), "{said}");
        expect(0, &["verify", &scene.text(&format!("out-{name}"))]);
    }
    for program in [scene.text("none"), scene.text("list.txt"), scene.text("")] {
        let said = scene.run(2, &scene.scan("never", &["--notify-exec", &program]));
        assert!(said.starts_with("stscan: --notify-exec ") && said.trim_end().lines().count() == 1, "{said}");
    }
    let said = scene.run(2, &scene.scan("never", &["--metrics-file", &scene.text("list.txt")]));
    assert!(said.contains("holds something else"), "{said}");
    assert!(!scene.path("never").exists());
}
