//! What a methods section needs: where figures come from at the head of every output, whose networks addresses are of, which list it was.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use harness::{expect, expect_in, stderr, stdout};
use serde_json::Value;
use stscan::dataset::{JudgementColumns, Reader};

const ROUTES: &str = "; made for a test\n127.0.0.0/8\t64500\n127.0.1.0/24\t64501\n";

/// Names of the zoo as a list of Tranco, scanned once with a database of networks.
static SCAN: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("citing");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("tranco_K25GW.csv"), "1,enforce.test\n2,nothing.test\n3,redirect.test\n4,testing.test\n").unwrap();
    fs::write(dir.join("ipasn_20261123.dat"), ROUTES).unwrap();
    let scan = ["scan", "tranco_K25GW.csv", "--lab=zoo", "--asn-db", "ipasn_20261123.dat", "--vantage", "AS64500, Frankfurt", "-o", "scan"];
    expect_in(&dir, 0, &scan);
    dir
});

fn scan() -> String {
    SCAN.join("scan").to_str().unwrap().to_owned()
}

fn manifest(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("manifest.json")).unwrap()).unwrap()
}

/// The networks of the first address of each policy host, by domain.
fn networks(dir: &Path) -> Vec<(String, Option<i64>)> {
    let mut found = Vec::new();
    for batch in Reader::open(dir).unwrap().batches(None) {
        let batch = batch.unwrap();
        let columns = JudgementColumns::of(&batch).unwrap();
        let domains = batch.column_by_name("domain").unwrap().clone();
        let domains = domains.as_any().downcast_ref::<arrow::array::StringArray>().unwrap();
        for row in 0..batch.num_rows() {
            let hosts = columns.row(row).policy_hosts.unwrap_or_default();
            found.extend(hosts.first().map(|host| (domains.value(row).to_owned(), host.asn)));
        }
    }
    found
}

#[test]
fn every_output_says_where_it_comes_from() {
    let scan = scan();
    let hash = manifest(Path::new(&scan))["list"]["sha256"].as_str().unwrap().to_owned();
    let run_id = manifest(Path::new(&scan))["run_id"].as_str().unwrap().to_owned();
    let version = env!("CARGO_PKG_VERSION");
    let outputs = [
        vec!["stats", &scan],
        vec!["stats", &scan, "--format", "markdown"],
        vec!["stats", &scan, "--format", "csv"],
        vec!["stats", &scan, "--format", "json"],
        vec!["report", &scan, "--format", "csv"],
        vec!["report", &scan, "--format", "json"],
        vec!["report", &scan, "--format", "sarif"],
        vec!["report", &scan, "--format", "junit"],
    ];
    for arguments in outputs {
        let said = stdout(&expect(0, &arguments));
        let head: String = said.chars().take(3000).collect();
        // A person sees the beginning of the hash, data all of it.
        for part in ["tranco_K25GW.csv", "K25GW", &hash[..12], run_id.as_str(), version, "AS64500, Frankfurt", "zoo"] {
            // SARIF begins with its rules.
            assert!(head.contains(part) || said.contains(part) && arguments.contains(&"sarif"), "{arguments:?}: {part}: {head}");
        }
    }
    let page = SCAN.join("report.html");
    expect(0, &["report", &scan, "-o", page.to_str().unwrap()]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("AS64500, Frankfurt") && page.contains("id K25GW") && page.contains("all results are invented"));
}

#[test]
fn a_table_is_one_for_readers_that_know_comments_and_bare_for_others() {
    let scan = scan();
    for command in ["stats", "report"] {
        let with = stdout(&expect(0, &[command, &scan, "--format", "csv"]));
        let bare = stdout(&expect(0, &[command, &scan, "--format", "csv", "--bare"]));
        let (comments, table): (Vec<&str>, Vec<&str>) = with.lines().partition(|line| line.starts_with('#'));
        assert!(comments.len() >= 5 && table == bare.lines().collect::<Vec<_>>(), "{with}");
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(with.as_bytes());
        assert!(reader.records().all(|record| record.is_ok()));
    }
}

#[test]
fn differences_say_both_scans() {
    let (scan, dir) = (scan(), tempfile::tempdir().unwrap());
    let again = dir.path().join("again");
    expect(0, &["reclassify", &scan, "-o", again.to_str().unwrap()]);
    let json: Value = serde_json::from_str(&stdout(&expect(0, &["diff", &scan, again.to_str().unwrap(), "--format", "json"]))).unwrap();
    assert_eq!((&json["provenance"]["old"]["list_id"], &json["provenance"]["new"]["list_kind"]), (&"K25GW".into(), &"tranco".into()));
    assert_eq!(json["provenance"]["new"]["real"], false);
    let text = stdout(&expect(0, &["diff", &scan, again.to_str().unwrap()]));
    assert_eq!(text.matches("id K25GW").count(), 2, "{text}");
    let csv = stdout(&expect(0, &["diff", &scan, again.to_str().unwrap(), "--format", "csv"]));
    assert!(csv.starts_with("# source: scan\n# list: tranco_K25GW.csv, id K25GW") && csv.contains("\ndomain,change,"), "{csv}");
}

#[test]
fn a_published_copy_says_it_in_each_description() {
    let (scan, dir) = (scan(), tempfile::tempdir().unwrap());
    let out = dir.path().join("public");
    expect(0, &["export", &scan, "-o", out.to_str().unwrap()]);
    for file in ["croissant.json", "datapackage.json", "DATASHEET.md"] {
        let text = fs::read_to_string(out.join(file)).unwrap();
        for part in ["K25GW", "AS64500, Frankfurt"] {
            assert!(text.contains(part), "{file}: {part}");
        }
    }
    let package: Value = serde_json::from_slice(&fs::read(out.join("datapackage.json")).unwrap()).unwrap();
    let fields = package["resources"][0]["schema"]["fields"].as_array().unwrap();
    let posture = fields.iter().find(|field| field["name"] == "posture").unwrap();
    assert!(posture["categories"].as_array().unwrap().iter().any(|word| word["value"] == "enforce" && word["label"].is_string()));
    assert!(posture["description"].as_str().unwrap().contains("enforce: A valid policy with mode enforce."));
}

#[test]
fn networks_are_those_of_the_database_and_stay_when_judged_again() {
    let (scan, dir) = (scan(), tempfile::tempdir().unwrap());
    let first = networks(Path::new(&scan));
    assert!(first.len() >= 2 && first.iter().all(|(_, asn)| matches!(asn, Some(64500 | 64501))), "{first:?}");
    let database = &manifest(Path::new(&scan))["asn_db"][0];
    assert_eq!((&database["name"], &database["date"]), (&"ipasn_20261123.dat".into(), &"2026-11-23".into()));
    assert_eq!(database["sha256"].as_str().unwrap().len(), 64);

    let again = dir.path().join("again");
    expect(0, &["reclassify", &scan, "-o", again.to_str().unwrap()]);
    assert_eq!(networks(&again), first, "nothing else was said");
    assert_eq!(manifest(&again)["asn_db"][0], *database);

    let other = dir.path().join("other.pfx2as");
    fs::write(&other, "127.0.0.0\t8\t64999_64998\n").unwrap();
    for (command, out) in [("reclassify", "anew"), ("export", "public")] {
        let out = dir.path().join(out);
        expect(0, &[command, &scan, "--asn-db", other.to_str().unwrap(), "-o", out.to_str().unwrap()]);
        assert!(networks(&out).iter().all(|(_, asn)| *asn == Some(64999)), "{command}");
        assert_eq!(manifest(&out)["asn_db"][0]["name"], "other.pfx2as");
    }
    let broken = dir.path().join("broken.txt");
    fs::write(&broken, "127.0.0.0/8\t64500\nnonsense\n").unwrap();
    let said = stderr(&expect(2, &["reclassify", &scan, "--asn-db", broken.to_str().unwrap(), "-o", "unused"]));
    assert!(said.contains("--asn-db") && said.contains("line 2 is no route"), "{said}");
}

#[test]
fn a_list_of_hosts_is_told_and_its_ranks_are_buckets() {
    let dir = tempfile::tempdir().unwrap();
    let list = "origin,rank\nhttps://enforce.test,1000\nhttps://www.nothing.test,5000\nhttps://testing.test,5000\n";
    fs::write(dir.path().join("202611.csv"), list).unwrap();
    let said = stderr(&expect_in(dir.path(), 0, &["scan", "202611.csv", "--lab=zoo", "-o", "crux"]));
    assert!(said.contains("web origins") && said.contains("--registrable") && said.contains("buckets"), "{said}");
    let list = &manifest(&dir.path().join("crux"))["list"];
    assert_eq!((&list["known"], &list["id"], &list["date"]), (&"crux".into(), &"202611".into(), &"2026-11".into()));
    let json = stdout(&expect_in(dir.path(), 0, &["stats", "crux", "--by", "rank", "--table", "T2", "--format", "json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    let groups: Vec<&str> = json["tables"][0]["rows"].as_array().unwrap().iter().filter_map(|row| row["group"].as_str()).collect();
    assert!(groups.contains(&"1-1000") && groups.contains(&"1001-5000"), "{groups:?}");
    assert!(json["provenance"][0]["list_note"].as_str().unwrap().contains("buckets"));

    fs::write(dir.path().join("top-1m.csv"), "1,enforce.test\n").unwrap();
    let said = stderr(&expect_in(dir.path(), 0, &["scan", "top-1m.csv", "--lab=zoo", "-o", "nameless"]));
    assert!(said.contains("--list-name and --list-id"), "{said}");
}

/// The files by which the program itself is cited have its version, or none.
#[test]
fn the_program_is_cited_by_its_version() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(include_str!("../data/CITATION.cff").lines().any(|line| line == format!("version: {version}")), "data/CITATION.cff");
    let zenodo: Value = serde_json::from_str(include_str!("../.zenodo.json")).unwrap();
    assert!(zenodo["version"].is_null() || zenodo["version"] == version, ".zenodo.json");
    assert!(zenodo["title"].as_str().unwrap().starts_with("stscan"));
}
