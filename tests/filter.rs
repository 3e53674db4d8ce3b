//! `--where` end to end: what it keeps, against a plain reading of the rows; the same rows for every command; typing errors. And what owners
//! get: a report split by a carried column, tables by it.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use harness::{expect, stderr, stdout};
use serde_json::Value;

/// Cases of the zoo with who is responsible; some values are hard to write in a condition.
const LIST: &str = "rank,domain,owner
1,enforce.test,Alice
2,testing.test,\"Smith, J.\"
3,redirect-301.test,alice
4,absent.test,
5,cert-name-mismatch.test,*
6,mx-missing.test,Bob \\ Co
7,cert-not-yet-valid.test,Alicia
8,typo.test,
";

/// The list scanned, and scanned once more with another owner of one domain and without another.
fn scans() -> &'static (PathBuf, PathBuf) {
    static SCANNED: OnceLock<(tempfile::TempDir, (PathBuf, PathBuf))> = OnceLock::new();
    let (_, paths) = SCANNED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let scan = |name: &str, list: &str| {
            let (path, file) = (folder.path().join(name), folder.path().join(format!("{name}.csv")));
            fs::write(&file, list).unwrap();
            expect(0, &["scan", "--lab=zoo", text(&file), "--column", "domain", "--carry", "owner", "-o", text(&path)]);
            path
        };
        let paths = (
            scan("first", LIST),
            scan("second", &LIST.replace("test,alice", "test,Zoe").replace("7,cert-not-yet-valid.test,Alicia\n", "")),
        );
        (folder, paths)
    });
    paths
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn first() -> &'static str {
    text(&scans().0)
}

/// Arguments with a `--where` before each condition.
fn filtered<'a>(command: &[&'a str], conditions: &[&'a str]) -> Vec<&'a str> {
    command.iter().copied().chain(conditions.iter().flat_map(|condition| ["--where", *condition])).collect()
}

fn report(conditions: &[&str]) -> Value {
    serde_json::from_str(&stdout(&expect(0, &filtered(&["report", first(), "--format", "json"], conditions)))).unwrap()
}

fn domains(report: &Value) -> BTreeSet<String> {
    report["domains"].as_array().unwrap().iter().map(|domain| domain["domain"].as_str().unwrap().to_owned()).collect()
}

/// The domains of the whole report for which something holds.
fn those(holds: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    static WHOLE: OnceLock<Value> = OnceLock::new();
    let all = WHOLE.get_or_init(|| report(&[]))["domains"].as_array().unwrap();
    all.iter().filter(|domain| holds(domain)).map(|domain| domain["domain"].as_str().unwrap().to_owned()).collect()
}

fn owner(domain: &Value) -> &str {
    domain["carried"]["owner"].as_str().unwrap_or_default()
}

fn has_code(domain: &Value, holds: impl Fn(&str) -> bool) -> bool {
    domain["findings"].as_array().unwrap().iter().any(|finding| holds(finding["code"].as_str().unwrap()))
}

#[test]
fn conditions_keep_what_they_say() {
    let height = |domain: &Value| ["info", "low", "medium", "high"].iter().position(|word| domain["worst"] == *word).map_or(0, |at| at + 1);
    let rank = |domain: &Value| domain["rank"].as_i64().unwrap();
    type Holds = Box<dyn Fn(&Value) -> bool>;
    let cases: Vec<(&[&str], Holds)> = vec![
        (&["posture=enforce"], Box::new(|domain| domain["posture"] == "enforce")),
        (&["posture = Enforce , testing"], Box::new(|domain| domain["posture"] == "enforce" || domain["posture"] == "testing")),
        (&["posture!=enforce"], Box::new(|domain| domain["posture"] != "enforce")),
        (&["posture!=enforce,broken"], Box::new(|domain| domain["posture"] != "enforce" && domain["posture"] != "broken")),
        (&["worst>=medium"], Box::new(move |domain| height(domain) >= 3)),
        (&["worst<medium"], Box::new(move |domain| height(domain) < 3)),
        (&["worst > low"], Box::new(move |domain| height(domain) > 2)),
        (&["worst<=info"], Box::new(move |domain| height(domain) <= 1)),
        (&["worst="], Box::new(|domain| domain["worst"].is_null())),
        (&["rank<=3"], Box::new(move |domain| rank(domain) <= 3)),
        (&["rank=2,4"], Box::new(move |domain| [2, 4].contains(&rank(domain)))),
        (&["rank>2", "rank<5"], Box::new(move |domain| (3..5).contains(&rank(domain)))),
        (&["finding=sts-fetch-cert-*"], Box::new(|domain| has_code(domain, |code| code.starts_with("sts-fetch-cert-")))),
        (&["finding!=sts-fetch-*"], Box::new(|domain| !has_code(domain, |code| code.starts_with("sts-fetch-")))),
        (&["finding="], Box::new(|domain| !has_code(domain, |_| true))),
        (&["finding=sts-fetch-redirect", "posture=broken"], Box::new(|domain| has_code(domain, |code| code == "sts-fetch-redirect"))),
        (&["carried.owner=ALICE"], Box::new(|domain| owner(domain).to_lowercase() == "alice")),
        (&["carried.owner=ali*"], Box::new(|domain| owner(domain).to_lowercase().starts_with("ali"))),
        (&["carried.owner="], Box::new(|domain| owner(domain).is_empty())),
        (&["carried.owner!="], Box::new(|domain| !owner(domain).is_empty())),
        (&[r"carried.owner=Smith\, J."], Box::new(|domain| owner(domain) == "Smith, J.")),
        (&[r"carried.owner=\*"], Box::new(|domain| owner(domain) == "*")),
        (&[r"carried.owner=bob \\ co"], Box::new(|domain| owner(domain) == r"Bob \ Co")),
        (&["mx_hosts=mx*.redirect-301.test", "tld=test"], Box::new(|domain| domain["domain"] == "redirect-301.test")),
        (&["mx_hosts!=*.enforce.test"], Box::new(|domain| domain["domain"] != "enforce.test")),
        (&["rua_hosts.org_domain=enforce.test"], Box::new(|domain| domain["domain"] == "enforce.test")),
        (&["policy_hosts[].host!=mta-sts.testing.test"], Box::new(|domain| domain["domain"] != "testing.test")),
        (&["policy_hosts.host=mta-sts.enforce.test", "policy_hosts.asn="], Box::new(|domain| domain["domain"] == "enforce.test")),
        (&["policy_hosts.asn=1*"], Box::new(|_| false)),
        (&["domain=*-*"], Box::new(|domain| domain["domain"].as_str().unwrap().contains('-'))),
        (&["scanned_at>=2001-01-01", "elapsed_ms>=0"], Box::new(|_| true)),
        (&["scanned_at<2001-01-01"], Box::new(|_| false)),
    ];
    let mut sizes = BTreeSet::new();
    for (conditions, holds) in cases {
        let (found, expected) = (domains(&report(conditions)), those(holds));
        sizes.insert(expected.len());
        assert_eq!(found, expected, "{conditions:?}");
    }
    assert!(sizes.len() > 4, "the cases tell domains apart: {sizes:?}");
}

#[test]
fn every_command_looks_at_the_same_rows() {
    let conditions = ["worst>=medium", "carried.owner!=bob*"];
    let kept = report(&conditions);
    let domains = domains(&kept);
    let count = domains.len() as u64;
    assert!((1..8).contains(&count));
    assert_eq!(kept["counts"]["rows"], count);
    assert!(kept["notes"].to_string().contains(&format!("only {count} of 8 domains, those with worst>=medium and carried.owner!=bob*")));
    for format in ["csv", "sarif", "junit", "html"] {
        let file = scans().0.with_extension(format);
        expect(0, &filtered(&["report", first(), "--format", format, "-o", text(&file)], &conditions));
        let printed = fs::read_to_string(&file).unwrap();
        for domain in those(|_| true) {
            assert_eq!(printed.contains(&domain), domains.contains(&domain), "{format}: {domain}");
        }
    }
    let tables: Value = serde_json::from_str(&stdout(&expect(
        0,
        &filtered(&["stats", first(), "--table", "T1,findings", "--format", "json"], &conditions),
    )))
    .unwrap();
    let scanned = tables["tables"][0]["rows"][0]["cells"]["domains"]["n"].as_u64();
    assert_eq!(scanned, Some(count), "{tables}");
    assert!(tables["tables"][1].to_string().contains(&format!("\"of\":{count}")), "{}", tables["tables"][1]);
    let none = expect(0, &filtered(&["report", first(), "--format", "csv", "--bare"], &["rank>100"]));
    assert_eq!((stdout(&none).lines().count(), stderr(&none).trim()), (1, "stscan: there is no domain with rank>100"));
}

#[test]
fn a_diff_takes_domains_that_either_scan_keeps() {
    let (old, new) = scans();
    let diff = |conditions: &[&str]| -> Value {
        serde_json::from_str(&stdout(&expect(0, &filtered(&["diff", text(old), text(new), "--format", "json"], conditions)))).unwrap()
    };
    let whole = diff(&[]);
    assert_eq!((&whole["in_both"], &whole["only_old"]), (&7.into(), &1.into()));
    // The domain has another owner in each scan; it neither appeared nor went.
    for condition in ["carried.owner=Zoe", "domain=redirect-301.test"] {
        let found = diff(&[condition]);
        assert_eq!((&found["in_both"], &found["only_old"], &found["only_new"]), (&1.into(), &0.into(), &0.into()), "{condition}");
        assert!(found["notes"].to_string().contains(&format!("only domains that in one of the scans are with {condition}")));
    }
    let gone = diff(&["carried.owner=alicia"]);
    assert_eq!((&gone["in_both"], &gone["only_old"]), (&0.into(), &1.into()));
    assert_eq!(gone["domains"][0]["changes"][0]["change"], "only-old");
    let nothing = diff(&["rank=99"]);
    assert_eq!((&nothing["in_both"], &nothing["only_old"]), (&0.into(), &0.into()));
}

#[test]
fn typing_errors_are_refused_before_anything_is_written() {
    let (old, new) = scans();
    let page = old.with_extension("never.html");
    for (command, condition, said) in [
        (
            vec!["report", text(old), "-o", text(&page)],
            "postur=enforce",
            "stscan: --where \"postur=enforce\": there is no column \"postur\"; did you mean posture?",
        ),
        (
            vec!["report", text(old), "-o", text(&page)],
            "carried.ownr=x",
            "the dataset carries no column \"ownr\", but owner; did you mean owner?",
        ),
        (vec!["stats", text(old)], "finding=sts-fetch-cert-expird", "did you mean sts-fetch-cert-expired? `stscan codes` lists them all"),
        (vec!["diff", text(old), text(new)], "worst>=medum", "one of high, medium, low, info; did you mean medium?"),
    ] {
        let output = expect(2, &filtered(&command, &[condition]));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        assert_eq!((stdout(&output).as_str(), stderr(&output).lines().count()), ("", 1));
    }
    assert!(!page.exists());
    let help = stdout(&expect(0, &["report", "--help"]));
    assert!(help.contains("A condition of --where is COLUMN OPERATOR VALUE"), "{help}");
}

#[test]
fn a_domain_is_looked_up_without_the_parts_that_do_not_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let (list, dir) = (folder.path().join("list.csv"), folder.path().join("scan"));
    fs::write(&list, LIST).unwrap();
    expect(0, &["scan", "--lab=zoo", text(&list), "--column", "domain", "--part-rows", "2", "-o", text(&dir)]);
    let asked = |command: &[&str], status: i32| {
        let command = [&command[..1], &[text(&dir)], &command[1..]].concat();
        expect(status, &filtered(&command, &["domain=testing.test"]))
    };
    let on_domain = |command: &[&str]| stdout(&asked(command, 0));
    let divided = ["stats", "--table", "T5,T9", "--bare"];
    let before = on_domain(&divided);
    // The first part has the domain; of the others nothing is read but a block of their filters.
    for part in 1..4 {
        let file = dir.join(format!("domains/part-0000{part}.parquet"));
        fs::write(&file, vec![0; fs::metadata(&file).unwrap().len() as usize]).unwrap();
    }
    let tables = on_domain(&["stats", "--bare"]);
    let unread = "T5, T6, T7, T8, T9, T14: how many domains a host serves is told by all rows of a dataset, of which only those of the \
                  named domains are read; `stscan stats --table` with its name reads all";
    let said: String = tables.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(unread) && said.contains("only 1 of 8 domains, those with domain=testing.test"), "{tables}");
    let csv = on_domain(&["report", "--format", "csv", "--bare"]);
    assert!(csv.contains("testing.test") && !csv.contains("enforce.test"), "{csv}");
    let page = folder.path().join("page.html");
    on_domain(&["report", "--kind", "adoption", "-o", text(&page)]);
    assert!(fs::read_to_string(&page).unwrap().contains("only those of the named domains are read"));
    // Who asks for such a table by its name wants all to be read.
    assert!(before.contains("T5") && before.contains("T9"), "{before}");
    let refused = stderr(&asked(&divided, 4));
    assert!(refused.contains("part-0000"), "{refused}");
    // A name that no part has needs none of them.
    let none = expect(0, &filtered(&["stats", text(&dir), "--bare"], &["domain=nowhere.example"]));
    assert_eq!(stderr(&none).trim(), "stscan: there is no domain with domain=nowhere.example");
}

/// The index of a split report: by owner its folder and its figures.
fn index(folder: &Path) -> Vec<(String, String, u64)> {
    let text = fs::read_to_string(folder.join("index.csv")).unwrap();
    assert!(text.starts_with("# source: "), "{text}");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    assert!(lines.next().unwrap().starts_with("owner,folder,domains,need_work,mail_refused,"), "{text}");
    let line = |line: &str| {
        let (owner, rest) = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once("\",").unwrap(),
            None => line.split_once(',').unwrap(),
        };
        let mut fields = rest.split(',');
        (owner.to_owned(), fields.next().unwrap().to_owned(), fields.next().unwrap().parse().unwrap())
    };
    lines.map(line).collect()
}

#[test]
fn each_owner_gets_a_page_and_a_table_of_their_own() {
    let (old, new) = scans();
    let folder = old.with_extension("pages");
    expect(0, &["report", text(old), "--split-by", "owner", "-o", text(&folder)]);
    let owners = index(&folder);
    let names: BTreeSet<&str> = owners.iter().map(|(owner, ..)| owner.as_str()).collect();
    // What could be a formula in a spreadsheet is quoted there; the page has it as it is.
    assert_eq!(names.len(), 7, "{owners:?}");
    assert_eq!(owners.iter().map(|(.., domains)| domains).sum::<u64>(), 8);
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.contains("script-src 'none'") && !page.contains("<script"));
    let mut found = BTreeSet::new();
    for (owner, name, domains) in &owners {
        assert!(
            page.contains(&format!("href=\"{name}/report.html\"")) && page.contains(&format!("href=\"{name}/findings.csv\"")),
            "{name}"
        );
        let own = those(|domain| self::owner(domain) == owner.trim_start_matches('\''));
        assert_eq!(own.len() as u64, *domains, "{owner}");
        let (report, csv) = (
            fs::read_to_string(folder.join(name).join("report.html")).unwrap(),
            fs::read_to_string(folder.join(name).join("findings.csv")).unwrap(),
        );
        for domain in those(|_| true) {
            assert_eq!(
                (report.contains(&domain), csv.contains(&domain)),
                (own.contains(&domain), own.contains(&domain)),
                "{owner}: {domain}"
            );
        }
        let plan = fs::read_to_string(folder.join(name).join("publish/publish.csv")).unwrap();
        assert!(page.contains(&format!("href=\"{name}/publish/plan.txt\"")) && folder.join(name).join("publish/plan.txt").exists());
        assert!(those(|_| true).iter().all(|domain| !plan.contains(domain.as_str()) || own.contains(domain)), "{owner}: {plan}");
        assert!(
            own.iter().all(|domain| plan.contains(domain.as_str())
                || domain == "absent.test"
                || domain == "testing.test"
                || domain == "enforce.test"),
            "{owner}: {plan}"
        );
        assert!(report.contains(&format!("only {domains} of 8 domains, those with carried.owner=")), "{owner}");
        found.extend(own);
    }
    assert_eq!(found, those(|_| true), "every domain is somebody's, or in _none");
    assert!(names.contains("") && folder.join("_none/report.html").exists() && folder.join("alice/report.html").exists());
    // The same folder again, of another scan: whoever has nothing any more is gone.
    expect(0, &["report", text(new), "--split-by", "owner", "-o", text(&folder), "--where", "carried.owner!=bob*"]);
    let again = index(&folder);
    assert_eq!(
        again.iter().filter(|(owner, ..)| ["alice", "Alicia"].contains(&owner.as_str()) || owner.starts_with("Bob")).count(),
        0,
        "{again:?}"
    );
    let folders = || fs::read_dir(&folder).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!((folders(), folder.join("alice").exists()), (again.len(), false));
    // What somebody else put there is not touched, and said.
    fs::write(folder.join(&again[0].1).join("notes.txt"), "mine").unwrap();
    let refused = stderr(&expect(4, &["report", text(new), "--split-by", "owner", "-o", text(&folder)]));
    assert!(refused.contains("notes.txt was not written by stscan report --split-by; choose another folder"), "{refused}");
    let refused = stderr(&expect(4, &["report", text(new), "--split-by", "owner", "-o", text(old)]));
    assert!(refused.contains("was not written by stscan report --split-by"), "{refused}");
    let refused = stderr(&expect(2, &["report", text(old), "--split-by", "ownr", "-o", text(&old.with_extension("no"))]));
    assert!(refused.contains("--split-by ownr: the dataset carries no column \"ownr\", but owner; did you mean owner?"), "{refused}");
    for further in [vec!["--format", "csv"], vec!["--kind", "adoption"]] {
        expect(2, &[&["report", text(old), "--split-by", "owner", "-o", text(&old.with_extension("no"))], further.as_slice()].concat());
    }
    expect(2, &["report", text(old), "--split-by", "owner"]);
}

#[test]
fn tables_by_owner() {
    let (old, _) = scans();
    let made = |arguments: &[&str]| -> Value {
        let command = [&["stats", text(old), "--table", "T1", "--format", "json"], arguments].concat();
        serde_json::from_str(&stdout(&expect(0, &command))).unwrap()
    };
    for by in ["carried:owner", "carried.owner"] {
        let table = &made(&["--by", by])["tables"][0];
        assert_eq!(table["grouped_by"], "carried:owner");
        let rows = table["rows"].as_array().unwrap();
        let of = |group: Option<&str>| {
            rows.iter().find(|row| row["group"].as_str() == group).map(|row| row["cells"]["domains"]["n"].as_u64().unwrap())
        };
        assert_eq!(
            (of(None), of(Some("(none)")), of(Some("Alice")), of(Some("alice")), of(Some("*"))),
            (Some(8), Some(2), Some(1), Some(1), Some(1))
        );
    }
    let two = &made(&["--by", "carried:owner", "--top", "2"])["tables"][0]["rows"];
    assert!(two.as_array().unwrap().iter().any(|row| row["group"] == "(other)" && row["cells"]["domains"]["n"] == 4), "{two}");
    for (by, said) in [
        ("carried:ownr", "--by carried:ownr: the dataset carries no column \"ownr\", but owner; did you mean owner?"),
        ("carried", "one of tld, suffix, rank, list, provider, policy-host, posture, scan or carried:COLUMN"),
        ("carried:", "or carried:COLUMN"),
    ] {
        let refused = stderr(&expect(2, &["stats", text(old), "--by", by]));
        assert!(refused.contains(said), "{refused}");
    }
    let page = old.with_extension("owners.html");
    expect(0, &["report", text(old), "-o", text(&page)]);
    let page = fs::read_to_string(&page).unwrap();
    let owners = page.split_once("id=\"owners\"").unwrap().1.split_once("</section>").unwrap().0;
    assert!(
        owners.contains("data-show=\"carried.owner=Smith%2C%20J.\">Smith, J.</a>")
            && owners.contains("data-show=\"carried.owner=\">(none)</a>"),
        "{owners}"
    );
}
