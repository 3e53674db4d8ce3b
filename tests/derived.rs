//! Datasets made from others without a packet: judged again, or made fit to be published; and what a list brings along.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use arrow::array::{Array, ArrayData};
use harness::{Row, expect, mail, rows, stderr, stdout};
use stscan::dataset::{Counts, EvidenceColumns, Manifest, Reader, TargetColumns};
use stscan::parse::content_coding;

/// The zoo, scanned once for all tests, in parts of 150 rows.
static ZOO: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("derived-zoo");
    let _ = fs::remove_dir_all(&dir);
    expect(0, &["scan", "--lab=zoo", "--part-rows", "150", "-o", dir.to_str().unwrap()]);
    dir
});

fn manifest(dir: &Path) -> Manifest {
    Reader::open(dir).unwrap().manifest().clone()
}

/// The manifest as it was before the first part was committed.
fn without_parts(mut manifest: Manifest) -> Manifest {
    (manifest.finished_at, manifest.parts, manifest.counts) = (None, Vec::new(), Counts::default());
    manifest
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_same_rules_give_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("again");
    let said = stdout(&expect(0, &["reclassify", text(&ZOO), "-o", text(&out)]));
    assert!(said.contains("rows judged again, 0 changed"), "{said}");
    let (before, after) = (manifest(&ZOO), manifest(&out));
    assert!(before.parts.len() > 2, "{} parts", before.parts.len());
    assert_eq!(before.parts, after.parts, "shards, ordinals, lengths, hashes, counts");
    for part in &before.parts {
        assert!(fs::read(ZOO.join(&part.file)).unwrap() == fs::read(out.join(&part.file)).unwrap(), "{}", part.file);
    }
    assert_eq!(fs::read(ZOO.join("rejected.csv")).unwrap(), fs::read(out.join("rejected.csv")).unwrap());
    let origin = after.made_from.clone().unwrap();
    assert_eq!((origin.made_by.as_str(), &origin.run_id, &origin.tool), ("reclassify", &before.run.run_id, &before.run.tool));
    let mut as_scanned = after;
    as_scanned.made_from = None;
    assert_eq!(as_scanned, before, "times, list, accounting, versions");
}

#[test]
fn a_finished_dataset_and_a_folder_of_others_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = stderr(&expect(4, &["reclassify", text(&ZOO), "-o", text(&ZOO)]));
    assert!(refused.contains("finished at"), "{refused}");
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let refused = stderr(&expect(4, &["reclassify", text(&ZOO), "-o", text(dir.path())]));
    assert!(refused.contains("notes.txt"), "{refused}");
    let refused = stderr(&expect(4, &["reclassify", text(dir.path()), "-o", text(&dir.path().join("x"))]));
    assert!(refused.contains("manifest.json"), "{refused}");
}

#[test]
fn what_is_left_of_an_interrupted_run_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, out) = (dir.path().join("whole"), dir.path().join("broken"));
    expect(0, &["reclassify", text(&ZOO), "-o", text(&whole)]);
    // As if the power had failed: parts that no manifest lists, one of them half written.
    fs::create_dir_all(out.join("domains")).unwrap();
    let unfinished = without_parts(manifest(&whole));
    fs::write(out.join("manifest.json"), serde_json::to_vec(&unfinished).unwrap()).unwrap();
    fs::write(out.join("domains/part-00000.parquet"), "PAR1").unwrap();
    fs::write(out.join("domains/part-00099.parquet.tmp"), "PAR1").unwrap();
    let refused = stderr(&expect(4, &["scan", "--lab=zoo", "-o", text(&out)]));
    assert!(refused.contains("stscan reclassify"), "a scan does not go on there: {refused}");
    let refused = stderr(&expect(4, &["reclassify", text(&out), "-o", text(&dir.path().join("y"))]));
    assert!(refused.contains("unfinished"), "{refused}");
    expect(0, &["reclassify", text(&ZOO), "-o", text(&out)]);
    assert_eq!(manifest(&out).parts, manifest(&whole).parts);
    assert!(!out.join("domains/part-00099.parquet.tmp").exists());
    assert_eq!(rows(&out), rows(&ZOO));
}

#[test]
fn an_export_that_was_killed_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let key = "5a".repeat(32);
    let arguments = |out: &Path| ["export", text(&ZOO), "-o", text(out), "--key", &key].map(str::to_owned);
    let expect = |status, out: &Path| expect(status, &arguments(out).each_ref().map(String::as_str));
    let checked = |out: &Path| {
        let status = std::process::Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(out).status();
        assert!(status.unwrap().success());
        fs::read_to_string(out.join("SHA256SUMS")).unwrap()
    };
    let whole = dir.path().join("whole");
    expect(0, &whole);
    checked(&whole);

    // Killed at whatever moment: what is there goes for finished only if it is.
    let killed = dir.path().join("killed");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_stscan")).args(arguments(&killed)).spawn().unwrap();
    while !killed.join("manifest.json").exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    if manifest(&killed).finished_at.is_none() {
        expect(0, &killed);
    }
    checked(&killed);
    assert_eq!(manifest(&killed).parts, manifest(&whole).parts);

    // Killed at the last moment, when all that is missing is the finished manifest; and before, when a text was half written.
    for broken in [None, Some("DATASHEET.md")] {
        let unfinished = without_parts(manifest(&whole));
        fs::write(killed.join("manifest.json"), serde_json::to_vec(&unfinished).unwrap()).unwrap();
        if let Some(name) = broken {
            fs::write(killed.join(name), "#").unwrap();
            fs::remove_file(killed.join("SHA256SUMS")).unwrap();
        }
        expect(0, &killed);
        checked(&killed);
        assert_eq!(fs::read(killed.join("DATASHEET.md")).unwrap(), fs::read(whole.join("DATASHEET.md")).unwrap());
    }
    let refused = stderr(&expect(4, &killed));
    assert!(refused.contains("finished at"), "{refused}");
}

#[test]
fn columns_of_the_list_are_carried_along() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let list = "owner,domain,unit\n\"Doe, \"\"Jo\"\"\",a.example.com,\x1b[31mSales\n,b.example.com\nSecond,a.example.com,x\n";
    fs::write(path("list.csv"), list).unwrap();
    expect(0, &["scan", "--lab", &path("list.csv"), "--carry", "unit,Owner", "-o", &path("out")]);
    let carried = |dir: &str| -> Vec<Vec<(String, Option<String>)>> {
        let reader = Reader::open(Path::new(dir)).unwrap();
        let batch = reader.batches(None).next().unwrap().unwrap();
        let targets = TargetColumns::of(&batch).unwrap();
        let row = |row| targets.row(row).unwrap().carried.into_iter().map(|cell| (cell.name.to_string(), cell.value)).collect();
        (0..batch.num_rows()).map(row).collect()
    };
    let cell = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    let expected =
        [vec![cell("unit", Some("\u{fffd}[31mSales")), cell("Owner", Some("Doe, \"Jo\""))], vec![cell("unit", None), cell("Owner", None)]];
    assert_eq!(carried(&path("out")), expected, "the first line of a name counts");
    expect(0, &["reclassify", &path("out"), "-o", &path("again")]);
    assert_eq!(carried(&path("again")), expected);
    expect(0, &["export", &path("out"), "-o", &path("public")]);
    assert_eq!(carried(&path("public")), [vec![], vec![]]);
    let package: serde_json::Value = serde_json::from_slice(&fs::read(path("public/datapackage.json")).unwrap()).unwrap();
    assert_eq!(package["resources"][0]["path"], "domains/part-00000.parquet", "a single part stands alone");
    expect(0, &["export", &path("out"), "-o", &path("kept"), "--keep-carried"]);
    assert_eq!(carried(&path("kept")), expected);
    let missing = stderr(&expect(2, &["scan", "--lab", &path("list.csv"), "--carry", "team", "-o", &path("x")]));
    assert!(missing.contains("no column \"team\"") && missing.contains("\"unit\""), "{missing}");
    fs::write(path("plain.txt"), "a.example.com\n").unwrap();
    let missing = stderr(&expect(2, &["scan", "--lab", &path("plain.txt"), "--carry", "team", "-o", &path("y")]));
    assert!(missing.contains("no header line"), "{missing}");
}

/// Domain, file and line of every row.
fn places(dir: &str) -> Vec<(String, Option<String>, Option<u64>)> {
    let reader = Reader::open(Path::new(dir)).unwrap();
    let batch = reader.batches(None).next().unwrap().unwrap();
    let targets = TargetColumns::of(&batch).unwrap();
    let rows = (0..batch.num_rows()).map(|row| targets.row(row).unwrap());
    rows.map(|target| (target.domain.to_string(), target.file.map(|file| file.to_string()), target.line)).collect()
}

#[test]
fn the_place_in_the_list_is_kept_and_an_export_says_no_path_of_the_machine() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("first.txt"), "# ours\nenforce.test\nno name\n").unwrap();
    fs::write(path("second.txt"), "enforce.test\nid-missing.test\n").unwrap();
    expect(0, &["scan", "--lab=zoo", &path("first.txt"), &path("second.txt"), "-o", &path("out")]);
    let place = |domain: &str, file: String, line| (domain.to_owned(), Some(file), Some(line));
    let expected = [place("enforce.test", path("first.txt"), 2), place("id-missing.test", path("second.txt"), 2)];
    assert_eq!(places(&path("out")), expected);
    expect(0, &["reclassify", &path("out"), "-o", &path("again")]);
    assert_eq!(places(&path("again")), expected);
    expect(0, &["export", &path("again"), "-o", &path("public")]);
    let expected = [place("enforce.test", "first.txt".to_owned(), 2), place("id-missing.test", "second.txt".to_owned(), 2)];
    assert_eq!(places(&path("public")), expected);
    let rejected = fs::read_to_string(path("public/rejected.csv")).unwrap();
    assert!(rejected.contains("\nfirst.txt,3,no name,") && !rejected.contains(dir.path().to_str().unwrap()), "{rejected}");
    assert!(!contains(Path::new(&path("public")), dir.path().to_str().unwrap().as_bytes()));
    let causes: Vec<_> = rows(Path::new(&path("public"))).iter().map(|row| row.column("cause").map(str::to_owned)).collect();
    assert_eq!(causes, [None, Some("sts-record-id-missing".to_owned())]);
}

/// All bytes of a dataset's texts, as Arrow holds them.
fn contains(dir: &Path, needle: &[u8]) -> bool {
    let reader = Reader::open(dir).unwrap();
    let found = |data: &ArrayData| -> bool {
        fn search(data: &ArrayData, needle: &[u8]) -> bool {
            data.buffers().iter().any(|buffer| buffer.as_slice().windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle)))
                || data.child_data().iter().any(|child| search(child, needle))
        }
        search(data, needle)
    };
    reader.batches(None).any(|batch| batch.unwrap().columns().iter().any(|column| found(&column.to_data())))
}

/// Domains whose policy, without its content codings, has this in it.
fn with_text(dir: &Path, needle: &str) -> Vec<String> {
    let reader = Reader::open(dir).unwrap();
    let mut found = Vec::new();
    for batch in reader.batches(None) {
        let batch = batch.unwrap();
        let evidence = EvidenceColumns::of(&batch).unwrap();
        for evidence in (0..batch.num_rows()).map(|row| evidence.row(row).unwrap()) {
            let Some(fetch) = evidence.fetch else { continue };
            let text = content_coding::of_response(&fetch.headers, fetch.body.as_deref().unwrap_or_default()).text;
            if text.is_some_and(|text| String::from_utf8_lossy(&text).contains(needle)) {
                found.push(evidence.domain.to_string());
            }
        }
    }
    found
}

#[test]
fn a_published_copy_has_no_mailbox_in_compressed_bodies() {
    let dir = tempfile::tempdir().unwrap();
    let (dropped, judged) = (dir.path().join("dropped"), dir.path().join("judged"));
    let at_sign = |dir: &Path| with_text(dir, "\ncontact: tls-reports@");
    let compressed = at_sign(&ZOO);
    assert!(compressed.len() == 1 && compressed[0].starts_with("coding-mailbox."), "{compressed:?}");
    assert!(!contains(&ZOO, b"contact: tls-reports@"), "not to be read as it is");
    expect(0, &["export", text(&ZOO), "-o", text(&dropped), "--mailboxes", "drop"]);
    assert_eq!(at_sign(&dropped), Vec::<String>::new());
    assert_eq!(with_text(&dropped, "\ncontact: removed@"), compressed);
    // What was compressed is compressed still, and judged as before; what could not be opened is left out, and so unknown.
    expect(0, &["reclassify", text(&dropped), "-o", text(&judged)]);
    let changed = |(before, after): (Row, Row)| (before != after).then_some(before.domain);
    let coded = |dir: &Path| rows(dir).into_iter().filter(|row| row.domain.starts_with("coding-"));
    let changed: Vec<String> = coded(&ZOO).zip(coded(&judged)).filter_map(changed).collect();
    assert!(coded(&ZOO).count() > 15);
    assert_eq!(changed, ["coding-cut.test", "coding-damaged.test", "coding-bomb.test", "coding-ten.test"]);
}

#[test]
fn a_published_copy_has_no_mailbox_and_describes_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (hashed, dropped, kept) = (dir.path().join("hashed"), dir.path().join("dropped"), dir.path().join("kept"));
    let key = "0f".repeat(32);
    let said = stdout(&expect(0, &["export", text(&ZOO), "-o", text(&hashed), "--key", &key, "--show-key", "--licence", "CC-BY-4.0"]));
    assert!(said.contains(&key) && !said.contains("no licence"), "{said}");
    let said = stdout(&expect(0, &["export", text(&ZOO), "-o", text(&dropped), "--mailboxes", "drop"]));
    assert!(said.contains("no licence is stated") && !said.contains("key of"), "{said}");
    expect(0, &["export", text(&ZOO), "-o", text(&kept), "--mailboxes", "keep"]);
    // The zoo's report addresses are of this mailbox, in records, columns and findings.
    assert!(contains(&ZOO, b"tls-reports@") && contains(&kept, b"tls-reports@"));
    for copy in [&hashed, &dropped] {
        assert!(!contains(copy, b"tls-reports@") && !contains(copy, b"mailto:tls-reports"), "{}", copy.display());
        let (before, after) = (manifest(&ZOO), manifest(copy));
        assert_eq!(after.counts, before.counts);
        assert_eq!(after.made_from.as_ref().map(|origin| origin.made_by.as_str()), Some("export"));
        assert_eq!(rows(copy), rows(&ZOO), "posture, delivery, codes and all else stays");
    }
    assert!(contains(&dropped, b"mailto:removed@"));
    let json = |name: &str| -> serde_json::Value { serde_json::from_slice(&fs::read(hashed.join(name)).unwrap()).unwrap() };
    let (croissant, package) = (json("croissant.json"), json("datapackage.json"));
    assert_eq!(croissant["conformsTo"], "http://mlcommons.org/croissant/1.0");
    assert_eq!((&croissant["license"], &package["licenses"][0]["name"]), (&"CC-BY-4.0".into(), &"CC-BY-4.0".into()));
    let columns = stscan::dataset::schema().fields().len();
    assert_eq!(croissant["recordSet"][0]["field"].as_array().unwrap().len(), columns);
    assert_eq!(package["resources"][0]["schema"]["fields"].as_array().unwrap().len(), columns);
    assert_eq!(package["resources"][0]["path"][2], "domains/part-00002.parquet");
    assert_eq!(croissant["recordSet"][0]["field"][1]["source"]["extract"]["column"], "domain");
    let sheet = fs::read_to_string(hashed.join("DATASHEET.md")).unwrap();
    assert!(sheet.contains("## Collection process") && sheet.contains("[blank: to be filled in by the publisher]"), "{sheet}");
    assert!(sheet.contains("```bibtex\n@misc{stscan-") && sheet.contains("title  = {{MTA-STS and SMTP TLS reporting of "), "{sheet}");
    let checked = std::process::Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(&hashed).status();
    assert!(checked.unwrap().success());
    expect(0, &["reclassify", text(&dropped), "-o", text(&dir.path().join("judged"))]);
    expect(2, &["export", text(&ZOO), "-o", text(&dir.path().join("z")), "--key", "12"]);
}

#[test]
fn a_published_copy_does_not_name_the_scanner() {
    let dir = tempfile::tempdir().unwrap();
    let (asked, copy) = (dir.path().join("asked"), dir.path().join("copy"));
    let mut records = mail::domains();
    for record in &mut records {
        for held in record.evidence.mx_hosts.iter_mut().flat_map(|host| &mut host.conversations) {
            held.refused_before = Some(b"421 scanner.example (postmaster@mx.example) too fast, 2001:db8::7\r\n".to_vec());
        }
    }
    mail::write(&asked, 1, &[("smtp", "all")], &records);
    let own: [&[u8]; 4] = [b"192.0.2.7", b"scanner.example", b"2001:db8::7", b"postmaster@"];
    assert!(own.iter().all(|name| contains(&asked, name)));
    expect(0, &["export", text(&asked), "-o", text(&copy), "--mailboxes", "drop"]);
    for name in own {
        assert!(!contains(&copy, name), "{}", String::from_utf8_lossy(name));
    }
    assert!(!fs::read_to_string(copy.join("manifest.json")).unwrap().contains("scanner.example"));
    for kept in ["220 mx.big.example ESMTP ready", "250-mx.big.example removed", "421 too many connections", "250-SIZE 10240000"] {
        assert!(contains(&copy, kept.as_bytes()), "{kept}");
    }
    assert_eq!(rows(&copy), rows(&asked));
    let sheet = fs::read_to_string(copy.join("DATASHEET.md")).unwrap();
    assert!(sheet.contains("In replies of mail servers every address") && sheet.contains("MX hosts: `all` 3, `none` 2"), "{sheet}");
    assert!(sheet.contains("as tested with the MX hosts") && sheet.contains("MX hosts were asked on port 25 for TLS only"), "{sheet}");
}
