//! The program in pipes: rows as text, names from standard input, lines that came twice, tables without lists.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use harness::{expect_in, stderr, stdout, stscan};
use serde_json::Value;

const LIST: &str = "enforce.test\nnothing.test\nENFORCE.test.\ntesting.test\nnot a name\nnothing.test\n";

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("list.txt"), LIST).unwrap();
    dir
}

#[test]
fn rows_as_lines_of_json() {
    let dir = folder();
    let columns = "domain,posture,findings.code,evidence.fetch.status,policy_usable";
    let scan = ["scan", "list.txt", "--lab=zoo", "--format", "jsonl", "--columns", columns, "-o", "-"];
    let rows: Vec<Value> = stdout(&expect_in(dir.path(), 0, &scan)).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let domains: Vec<&str> = rows.iter().map(|row| row["domain"].as_str().unwrap()).collect();
    assert_eq!(domains, ["enforce.test", "nothing.test", "testing.test"], "in the order of the list");
    assert_eq!(
        (&rows[0]["posture"], &rows[0]["evidence.fetch.status"], &rows[0]["policy_usable"]),
        (&"enforce".into(), &200.into(), &true.into())
    );
    assert!(rows[1]["findings.code"].as_array().unwrap().iter().any(|code| code == "sts-record-absent"));
    assert_eq!(rows[0].as_object().unwrap().len(), 5);
}

#[test]
fn a_table_in_a_file_is_never_written_over() {
    let dir = folder();
    let scan = ["scan", "list.txt", "--lab=zoo", "--format", "csv", "-o", "rows.csv"];
    expect_in(dir.path(), 0, &scan);
    let mut reader = csv::Reader::from_path(dir.path().join("rows.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    assert!(header.iter().any(|name| name == "policy_hosts") && header.iter().all(|name| name != "evidence"), "{header:?}");
    let place = header.iter().position(|name| name == "mx_hosts").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 3);
    let hosts: Vec<String> = serde_json::from_str(&rows[0][place]).unwrap();
    assert_eq!(hosts, ["mx1.enforce.test", "mx2.enforce.test"]);
    let said = stderr(&expect_in(dir.path(), 4, &scan));
    assert!(said.contains("rows.csv") && said.contains("--restart"), "{said}");
    expect_in(dir.path(), 0, &[&scan[..], &["--restart"]].concat());
    for (extra, part) in [
        (&["--format", "csv", "--columns", "postur"][..], "did you mean posture?"),
        (&["--columns", "domain"][..], "--format jsonl or csv"),
        (&["--format", "csv", "--layout", "hive"][..], "--layout"),
    ] {
        let said = stderr(&expect_in(dir.path(), 2, &[&["scan", "list.txt", "--lab=zoo", "-o", "other"], extra].concat()));
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn names_are_checked_as_they_come() {
    let mut child =
        stscan(&["check", "-", "--lab=zoo"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"# ours\nenforce.test\n\nno name\nnothing.test\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{}{}", stdout(&output), stderr(&output));
    assert_eq!((&lines[0]["domain"], &lines[0]["assessment"]["posture"]), (&"enforce.test".into(), &"enforce".into()));
    assert!(lines[1]["error"].is_string() && lines[1]["input"] == "no name");
    assert_eq!(lines[2]["domain"], "nothing.test");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    // Mail servers are asked on demand alone, as by `scan`; the zoo asks them always, the census does not.
    let asked = |arguments: &[&str]| {
        let mut child = stscan(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"google.com\n").unwrap();
        serde_json::from_str::<Value>(&stdout(&child.wait_with_output().unwrap())).unwrap()["evidence"]["mx_asked"]["smtp"] == true
    };
    assert!(!asked(&["check", "-", "--lab=census"]) && asked(&["check", "-", "--lab=census", "--smtp", "all"]));
    let mixed = stscan(&["check", "-", "example.com", "--lab=zoo"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(mixed.status.code(), Some(2), "{}", stderr(&mixed));
}

#[test]
fn lines_that_came_twice_are_listed_and_verified() {
    let dir = folder();
    expect_in(dir.path(), 0, &["scan", "list.txt", "--lab=zoo", "-o", "scan"]);
    let text = fs::read_to_string(dir.path().join("scan/duplicates.csv")).unwrap();
    assert_eq!(text, "source,line,text,domain\nlist.txt,3,ENFORCE.test.,enforce.test\nlist.txt,6,nothing.test,nothing.test\n");
    let manifest: Value = serde_json::from_slice(&fs::read(dir.path().join("scan/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["duplicates"]["bytes"], text.len());
    assert_eq!(manifest["accounting"]["duplicates"], 2);
    expect_in(dir.path(), 0, &["verify", "scan"]);
    for command in [["reclassify", "scan", "-o", "again"], ["export", "scan", "-o", "public"]] {
        expect_in(dir.path(), 0, &command);
        assert_eq!(fs::read_to_string(dir.path().join(command[3]).join("duplicates.csv")).unwrap(), text);
    }
    assert!(fs::read_to_string(dir.path().join("public/SHA256SUMS")).unwrap().contains("  duplicates.csv\n"));
    fs::write(dir.path().join("scan/duplicates.csv"), "source,line,text,domain\n").unwrap();
    let said = expect_in(dir.path(), 4, &["verify", "scan"]);
    assert!((stdout(&said) + &stderr(&said)).contains("duplicates.csv"));
    // Where every name comes once there is none.
    fs::write(dir.path().join("once.txt"), "enforce.test\n").unwrap();
    expect_in(dir.path(), 0, &["scan", "once.txt", "--lab=zoo", "-o", "once"]);
    assert!(!dir.path().join("once/duplicates.csv").exists());
}

/// The rows of a table of CSV below the lines that say where it comes from.
fn table(path: &Path) -> Vec<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).unwrap();
    reader.records().collect::<Result<_, _>>().unwrap()
}

#[test]
fn tables_without_lists_for_tools_that_know_none() {
    let dir = folder();
    expect_in(dir.path(), 0, &["scan", "list.txt", "--lab=zoo", "-o", "scan"]);
    expect_in(dir.path(), 0, &["export", "scan", "--flat=csv", "-o", "public"]);
    let mx = table(&dir.path().join("public/flat/mx.csv"));
    let first: Vec<&str> = mx[0].iter().collect();
    assert_eq!(first, ["0", "enforce.test", "1", "mx1.enforce.test", "enforce.test", "10"]);
    let rua = table(&dir.path().join("public/flat/rua.csv"));
    assert!(
        rua[0].iter().any(|cell| cell == "mailto") && !rua[0][3].contains("tls-reports"),
        "mailboxes are hashed here, too: {:?}",
        rua[0]
    );
    let findings = table(&dir.path().join("public/flat/findings.csv"));
    assert!(findings.iter().any(|row| &row[1] == "nothing.test" && &row[3] == "sts-record-absent"));
    let package: Value = serde_json::from_slice(&fs::read(dir.path().join("public/datapackage.json")).unwrap()).unwrap();
    let names: Vec<&str> = package["resources"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["domains", "findings", "mx", "rua"]);
    let sums = fs::read_to_string(dir.path().join("public/SHA256SUMS")).unwrap();
    assert!(["findings", "mx", "rua"].iter().all(|name| sums.contains(&format!("  flat/{name}.csv\n"))), "{sums}");
    expect_in(dir.path(), 0, &["verify", "public"]);
    expect_in(dir.path(), 0, &["export", "scan", "--flat", "-o", "packed"]);
    let packed = fs::File::open(dir.path().join("packed/flat/findings.parquet")).unwrap();
    let rows = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(packed).unwrap().build().unwrap();
    assert_eq!(rows.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), findings.len());
    let said = stderr(&expect_in(dir.path(), 2, &["export", "scan", "--flat=xlsx", "-o", "other"]));
    assert!(said.contains("parquet and csv"), "{said}");
}
