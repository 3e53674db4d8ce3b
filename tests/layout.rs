//! `--layout hive`: dated folders that engines read as one table, read back by every command; `--keep`.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harness::{Running, expect, rows, stderr, stdout};
use stscan::dataset::Reader;

/// A name that is no file name, and more.
const HOSTILE: &str = "a/../b=c %20\n\u{202e}";

fn list(dir: &Path, names: usize) -> String {
    let path = dir.join("list.txt");
    fs::write(&path, (0..names).map(|index| format!("name-{index}.example\n")).collect::<String>()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The dated folders of the only list of a tree.
fn dated(tree: &Path) -> Vec<PathBuf> {
    let only = |dir: &Path| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let lists = only(tree);
    assert_eq!(lists.len(), 1, "{lists:?}");
    let mut dated = only(&lists[0]);
    dated.sort();
    dated
}

/// Dates a scan back, as if it had been made then.
fn made_on(dir: &Path, date: &str) -> PathBuf {
    let there = dir.with_file_name(format!("date={date}"));
    fs::rename(dir, &there).unwrap();
    there
}

#[test]
fn every_command_reads_a_scan_in_a_tree() {
    let work = tempfile::tempdir().unwrap();
    let (list, tree) = (list(work.path(), 400), work.path().join("tree"));
    let tree_text = text(&tree);
    let scan = |options: &[&str]| {
        let all = [&["scan", "--lab", &list, "-o", &tree_text, "--layout", "hive", "--list-name", HOSTILE], options].concat();
        stderr(&expect(0, &all))
    };
    let plain = text(&work.path().join("plain"));
    expect(0, &["scan", "--lab", &list, "-o", &plain, "--list-name", HOSTILE, "--part-rows", "150"]);
    scan(&["--part-rows", "150"]);
    let [there] = dated(&tree).try_into().unwrap();
    let name = there.parent().unwrap().file_name().unwrap().to_str().unwrap();
    assert_eq!(name, "list=a%2F..%2Fb%3Dc%20%2520%0A%E2%80%AE");
    let mut names: Vec<String> = fs::read_dir(&there).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let parts = ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"];
    assert_eq!(names, [&[".command", ".lock", "_manifest.json", "_rejected.csv"][..], &parts].concat());
    assert_eq!(rows(&there), rows(Path::new(&plain)));
    let hive = text(&there);
    assert!(stdout(&expect(0, &["verify", &hive])).contains("400"));
    let figures = |dir: &str| stdout(&expect(0, &["stats", dir, "--table", "T2,T9", "--format", "csv", "--bare"]));
    assert_eq!(figures(&hive), figures(&plain));
    assert!(stdout(&expect(0, &["diff", &plain, &hive])).contains("400 domains in both lists"));
    let page = stdout(&expect(0, &["report", &hive, "--format", "csv", "--bare"]));
    assert_eq!(page, stdout(&expect(0, &["report", &plain, "--format", "csv", "--bare"])));
    for (command, out) in [("reclassify", "again"), ("export", "public"), ("export", "other/list=a/date=2026-01-02")] {
        let out = work.path().join(out);
        expect(0, &[command, &hive, "-o", &text(&out)]);
        assert_eq!(rows(&out), rows(&there), "{command}");
        expect(0, &["verify", &text(&out)]);
        let parts = if out.ends_with("date=2026-01-02") { "part-00000.parquet" } else { "domains/part-00000.parquet" };
        assert!(out.join(parts).is_file(), "{command}");
    }
    // A part that is damaged is scanned again where it lies.
    fs::write(there.join("part-00001.parquet"), "cut").unwrap();
    let broken = stdout(&expect(4, &["verify", &hive]));
    assert!(broken.contains("part-00001.parquet"), "{broken}");
    expect(0, &["verify", &hive, "--repair"]);
    assert_eq!(rows(&there), rows(Path::new(&plain)));
    let refused = stderr(&expect(4, &["scan", "--lab", &list, "-o", &text(&tree), "--layout", "hive", "--list-name", HOSTILE]));
    assert!(refused.contains("finished at"), "{refused}");
    assert!(stderr(&expect(4, &["stats", &text(&tree)])).contains("stats --series"));
}

#[test]
fn a_series_is_a_tree_and_old_scans_go() {
    let work = tempfile::tempdir().unwrap();
    let (list, tree) = (list(work.path(), 60), work.path().join("tree"));
    let tree_text = text(&tree);
    let scan = |options: &[&str]| {
        let all = [&["scan", "--lab", &list, "-o", &tree_text, "--layout", "hive"], options].concat();
        stderr(&expect(0, &all))
    };
    let newest = || dated(&tree).pop().unwrap();
    for date in ["2026-01-05", "2026-01-12", "2026-01-19"] {
        scan(&[]);
        made_on(&newest(), date);
    }
    scan(&[]);
    let series = stdout(&expect(0, &["stats", "--series", &text(&tree), "--format", "csv", "--bare"]));
    for date in ["2026-01-05", "2026-01-12", "2026-01-19"] {
        assert!(series.contains(date), "{series}");
    }
    assert_eq!(series, stdout(&expect(0, &["stats", "--series", &text(newest().parent().unwrap()), "--format", "csv", "--bare"])));
    made_on(&newest(), "2026-01-26");
    fs::write(dated(&tree)[1].join("notes.txt"), "mine").unwrap();
    let said = scan(&["--keep", "2"]);
    let left: Vec<String> = dated(&tree).iter().map(|dir| dir.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(left[..2], ["date=2026-01-12", "date=2026-01-26"], "{said}");
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(said.contains("date=2026-01-05 is removed (--keep 2)") && said.contains("holds \"notes.txt\", which no scan wrote"), "{said}");
    let refused = stderr(&expect(2, &["scan", "--lab", &list, "-o", &text(&tree), "--keep", "2"]));
    assert!(refused.contains("--keep applies to the dated folders of --layout hive"), "{refused}");
}

#[test]
fn a_scan_that_was_stopped_goes_on_another_day_in_its_folder_and_its_parts() {
    let work = tempfile::tempdir().unwrap();
    let (list, tree, status) = (list(work.path(), 3000), work.path().join("tree"), work.path().join("status"));
    let (tree_text, status_text) = (text(&tree), text(&status));
    let own = ["scan", "--lab", &list, "-o", &tree_text, "--layout", "hive", "--status-file", &status_text];
    let scan = Running::start(&[&own[..], &["--rate", "600", "--concurrency", "100", "--part-rows", "100"]].concat());
    let begun = Instant::now();
    while !fs::read_to_string(&status).is_ok_and(|status| status.contains("\"committed\":") && !status.contains("\"committed\":0,")) {
        assert!(begun.elapsed() < Duration::from_secs(90), "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
    scan.signal("TERM");
    scan.finish(5);
    let stopped = dated(&tree).into_iter().find(|dir| dir.join("_manifest.json").exists()).unwrap();
    let there = made_on(&stopped, "2026-01-05");
    let said = stderr(&expect(0, &[&own[..], &["--part-rows", "5000"]].concat()));
    assert!(said.contains("continues with 100 rows per part, as it was started; 5000 (--part-rows) will apply to the next scan"), "{said}");
    assert_eq!(dated(&tree), std::slice::from_ref(&there), "no other folder, and no copy of the list is left");
    let reader = Reader::open(&there).unwrap();
    assert_eq!((reader.manifest().counts.rows, reader.manifest().run.shard_rows), (3000, 100));
    expect(0, &["verify", &text(&there)]);
}
