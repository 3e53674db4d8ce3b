//! Datasets that were damaged: bits, bytes, whole files. No row changes unseen, nothing panics, and a repair scans just what is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use stscan::dataset::Reader;

use super::harness::{self, rows, stderr, stdout};

/// Patient, so that a busy machine changes no row.
const SCAN: &[&str] = &["scan", "--lab=census:1000", "--part-rows", "250", "--dns-timeout", "2", "--fetch-timeout", "8"];

/// A small dataset of four parts, and a folder for its damaged copies.
struct Shelf {
    dir: tempfile::TempDir,
}

impl Shelf {
    fn new() -> Self {
        let shelf = Self { dir: tempfile::tempdir().unwrap() };
        shelf.expect(0, SCAN, "whole", &[]);
        shelf
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command with a folder behind its words, as `-o` of a scan.
    fn expect(&self, status: i32, words: &[&str], name: &str, more: &[&str]) -> Output {
        let dir = self.path(name);
        let out = if words.first() == Some(&"scan") { vec!["-o"] } else { vec![] };
        harness::expect(status, &[words, &out, &[dir.to_str().unwrap()], more].concat())
    }

    /// A copy of the whole dataset, damaged.
    fn copy(&self, name: &str, damage: impl FnOnce(&Path)) {
        let (from, to) = (self.path("whole"), self.path(name));
        fs::create_dir_all(to.join("domains")).unwrap();
        for folder in ["", "domains"] {
            for entry in fs::read_dir(from.join(folder)).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
                fs::copy(entry.path(), to.join(folder).join(entry.file_name())).unwrap();
            }
        }
        damage(&to);
    }

    /// That verify names the damage, and that every command which reads rows ends with 4 and one sentence.
    fn is_refused(&self, name: &str, file: &str, damage: &str) {
        let told = stdout(&self.expect(4, &["verify"], name, &[]));
        assert!(told.lines().any(|line| line.contains(&format!("{file}: {damage}: "))), "{file} {damage}: {told}");
        let page = self.path("page.html");
        let page = ["-o", page.to_str().unwrap()];
        let out = self.path("out");
        let out = ["-o", out.to_str().unwrap()];
        let whole = self.path("whole");
        let readers: [(&str, &[&str]); 5] = [
            ("stats", &["--table", "all"]),
            ("report", &page),
            ("diff", &[whole.to_str().unwrap()]),
            ("reclassify", &out),
            ("export", &out),
        ];
        for (command, more) in readers {
            let said = stderr(&self.expect(4, &[command], name, more));
            assert!(said.lines().count() == 1 && said.contains(file), "{command}: {said}");
            assert!(!self.path("out").join("manifest.json").exists(), "{command} began a dataset");
        }
    }

    /// That a repair brings back the rows of the whole dataset, without touching the parts that are sound.
    fn is_repaired(&self, name: &str) {
        let said = stdout(&self.expect(0, &["verify"], name, &["--repair"]));
        assert!(said.contains("whole, 4 parts, 1,000 rows"), "{said}");
        let mut found = rows(&self.path(name));
        found.sort_by_key(|row| row.ordinal);
        assert!(found == rows(&self.path("whole")), "{name}: other rows than before");
        self.expect(0, &["verify"], name, &[]);
    }
}

fn part(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("domains/part-{number:05}.parquet"))
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_file_is_named_refused_and_repaired() {
    type Damage = fn(&Path);
    let shelf = Shelf::new();
    let damages: [(&str, Damage, &str, &str); 7] = [
        ("flipped", |dir| change(&part(dir, 1), |bytes| bytes[2000] ^= 4), "part-00001.parquet", "changed"),
        ("cut", |dir| change(&part(dir, 3), |bytes| bytes.truncate(1000)), "part-00003.parquet", "cut"),
        ("longer", |dir| change(&part(dir, 0), |bytes| bytes.push(0)), "part-00000.parquet", "longer"),
        ("missing", |dir| fs::remove_file(part(dir, 2)).unwrap(), "part-00002.parquet", "missing"),
        ("empty", |dir| fs::write(part(dir, 2), "").unwrap(), "part-00002.parquet", "cut"),
        ("doubled", |dir| _ = fs::copy(part(dir, 0), part(dir, 1)).unwrap(), "part-00001.parquet", "doubled"),
        ("text", |dir| fs::write(part(dir, 1), "a,b\n").unwrap(), "part-00001.parquet", "cut"),
    ];
    for (name, damage, file, word) in damages {
        shelf.copy(name, damage);
        shelf.is_refused(name, file, word);
        shelf.is_repaired(name);
    }
}

#[test]
fn parts_of_others_are_named_and_put_aside() {
    let shelf = Shelf::new();
    shelf.expect(0, &[SCAN, &["--seed", "2"]].concat(), "other", &[]);
    let other = shelf.path("other");
    shelf.copy("foreign", |dir| _ = fs::copy(part(&other, 1), part(dir, 1)).unwrap());
    shelf.is_refused("foreign", "part-00001.parquet", "foreign");
    shelf.is_repaired("foreign");
    // What no manifest lists is no row to us, but to whoever reads all files of the folder.
    shelf.copy("more", |dir| {
        fs::copy(part(&other, 1), part(dir, 9)).unwrap();
        fs::write(dir.join("domains/mine.parquet"), "x").unwrap();
    });
    shelf.expect(0, &["stats"], "more", &[]);
    let told = stdout(&shelf.expect(4, &["verify"], "more", &[]));
    assert!(told.contains("part-00009.parquet: foreign: it is a part of another run") && told.contains("mine.parquet: foreign"), "{told}");
    shelf.is_repaired("more");
    assert_eq!(fs::read_dir(shelf.path("more/aside")).unwrap().count(), 2);
}

#[test]
fn an_edited_manifest_is_named_and_nothing_is_made_of_it() {
    let shelf = Shelf::new();
    let manifest = |dir: &Path| dir.join("manifest.json");
    let replace = |from: &'static str, to: &'static str| {
        move |dir: &Path| {
            let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
            assert!(text.contains(from));
            fs::write(dir.join("manifest.json"), text.replacen(from, to, 1)).unwrap();
        }
    };
    // A word that contradicts nothing else: readers say so beside their figures.
    shelf.copy("renamed", replace("\"version\": \"", "\"version\": \"9"));
    let told = stdout(&shelf.expect(4, &["verify"], "renamed", &[]));
    assert!(told.contains("manifest.json: edited: "), "{told}");
    let stats = shelf.expect(0, &["stats"], "renamed", &[]);
    assert!((stdout(&stats) + &stderr(&stats)).contains("was changed after stscan wrote it"), "{}", stdout(&stats));
    let out = shelf.path("out");
    for command in ["reclassify", "export"] {
        let said = stderr(&shelf.expect(4, &[command], "renamed", &["-o", out.to_str().unwrap()]));
        assert!(said.contains("manifest.json: it was changed"), "{said}");
    }
    assert!(stderr(&shelf.expect(4, &["verify"], "renamed", &["--repair"])).contains("restore that file"));
    // Numbers that contradict each other, and what is no manifest.
    shelf.copy("fewer", replace("\"rows\": 250", "\"rows\": 249"));
    shelf.is_refused("fewer", "manifest.json", "edited");
    shelf.copy("nothing", replace("\"shard_rows\": 250", "\"shard_rows\": 0"));
    shelf.is_refused("nothing", "manifest.json", "contradiction");
    shelf.copy("cut", |dir| change(&manifest(dir), |bytes| bytes.truncate(bytes.len() / 2)));
    for command in ["verify", "stats"] {
        assert!(stderr(&shelf.expect(4, &[command], "cut", &[])).contains("manifest.json"));
    }
}

#[test]
fn the_rejected_lines_are_checked_too() {
    let shelf = Shelf::new();
    shelf.copy("rejected", |dir| change(&dir.join("rejected.csv"), |bytes| bytes[0] ^= 1));
    let told = stdout(&shelf.expect(4, &["verify"], "rejected", &[]));
    assert!(told.contains("rejected.csv: changed: "), "{told}");
    shelf.is_repaired("rejected");
}

/// Makes a finished scan one that was stopped. A seal is what stscan alone can make, so there is none, as in manifests of older versions.
fn unfinished(dir: &Path, change: impl FnOnce(&mut Value)) {
    let path = dir.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    (manifest["finished_at"], manifest["accounting"]) = (Value::Null, Value::Null);
    manifest.as_object_mut().unwrap().remove("seal");
    change(&mut manifest);
    fs::write(path, serde_json::to_vec(&manifest).unwrap()).unwrap();
}

#[test]
fn a_scan_goes_on_only_with_parts_that_are_whole() {
    let shelf = Shelf::new();
    shelf.copy("stopped", |dir| {
        unfinished(dir, |_| ());
        change(&part(dir, 1), |bytes| bytes[900] ^= 1);
    });
    let said = stderr(&shelf.expect(4, SCAN, "stopped", &[]));
    assert!(said.contains("part-00001.parquet") && said.contains("--repair"), "{said}");
    shelf.is_repaired("stopped");
}

#[test]
fn a_scan_of_other_rules_is_refused_and_another_version_leaves_its_trace() {
    let shelf = Shelf::new();
    shelf.copy("rules", |dir| unfinished(dir, |manifest| manifest["tool"]["rules"] = "other".into()));
    let said = stderr(&shelf.expect(4, SCAN, "rules", &[]));
    assert!(said.contains("judged by other rules") && said.contains("rules other") && said.contains("--restart"), "{said}");
    shelf.copy("catalogue", |dir| unfinished(dir, |manifest| manifest["catalogue_version"] = "0.1".into()));
    let said = stderr(&shelf.expect(4, SCAN, "catalogue", &[]));
    assert!(said.contains("catalogue 0.1") && said.contains("--restart"), "{said}");
    shelf.expect(0, SCAN, "catalogue", &["--restart"]);
    assert!(rows(&shelf.path("catalogue")) == rows(&shelf.path("whole")));
    let said = stderr(&shelf.expect(4, SCAN, "catalogue", &["--restart"]));
    assert!(said.contains("finished at"), "a finished scan is never dropped: {said}");
    // Another version with the same rules goes on, and each part says who judged it.
    shelf.copy("version", |dir| {
        fs::remove_file(part(dir, 2)).unwrap();
        unfinished(dir, |manifest| {
            manifest["tool"]["version"] = "0.0.9".into();
            let parts = manifest["parts"].as_array_mut().unwrap();
            parts.iter_mut().for_each(|part| part["tool"]["version"] = "0.0.9".into());
        });
    });
    shelf.is_repaired("version");
    let manifest = Reader::open(&shelf.path("version")).unwrap().manifest().clone();
    let versions: Vec<_> = manifest.parts.iter().map(|part| part.tool.clone().unwrap().version).collect();
    assert_eq!(versions, ["0.0.9", "0.0.9", env!("CARGO_PKG_VERSION"), "0.0.9"]);
    assert!(manifest.parts.iter().all(|part| part.catalogue_version.as_ref() == Some(&manifest.run.catalogue_version)));
}

/// The measure: single bits, spread over a part. Each flip is refused; that none changes a row unseen is seen by the rows
/// themselves, which are never handed out.
#[test]
fn no_flipped_bit_changes_a_row_unseen() {
    let shelf = Shelf::new();
    let whole = fs::read(part(&shelf.path("whole"), 1)).unwrap();
    let expected = rows(&shelf.path("whole"));
    shelf.copy("flips", |_| ());
    let (mut refused, step) = (0, whole.len() * 8 / 150);
    for bit in (0..150).map(|flip| flip * step + flip % 8) {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(part(&shelf.path("flips"), 1), &bytes).unwrap();
        let reader = Reader::open(&shelf.path("flips")).unwrap();
        let read: Result<Vec<_>, _> = reader.batches(None).collect();
        refused += usize::from(read.is_err());
    }
    println!("150 flips: {refused} refused");
    assert_eq!(refused, 150);
    fs::write(part(&shelf.path("flips"), 1), &whole).unwrap();
    assert!(rows(&shelf.path("flips")) == expected);
}

/// A part that was made to have the hash that the manifest says: the library's own panics and errors become a sentence.
#[test]
fn a_forged_part_ends_in_a_sentence_whatever_the_library_does() {
    let shelf = Shelf::new();
    let whole = fs::read(part(&shelf.path("whole"), 1)).unwrap();
    shelf.copy("forged", |_| ());
    let dir = shelf.path("forged");
    let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
    let entry = Reader::open(&dir).unwrap().manifest().parts[1].sha256.clone();
    let mut ends = [0, 0];
    for bit in (0..100).map(|flip| whole.len() * 8 / 100 * flip + flip % 8) {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(part(&dir, 1), &bytes).unwrap();
        fs::write(dir.join("manifest.json"), text.replace(&entry, &sha256(&bytes))).unwrap();
        // Within this process, so that a panic that gets through fails the test.
        let reader = Reader::open(&dir).unwrap();
        let read: Result<Vec<_>, _> = reader.batches(None).collect();
        ends[usize::from(read.is_err())] += 1;
    }
    println!("100 forged parts: {} read, {} refused", ends[0], ends[1]);
    assert!(ends[1] > 10, "{ends:?}");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(bytes))
}
