//! `publish` from end to end: what is written for the lab's domains is judged as if it were served, folders of others stay as they are, and
//! what cannot be meant is refused.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use harness::{expect, stderr, stdout, stscan};
use serde_json::Value;
use stscan::classify::{Assessment, Delivery, MxTls, Posture, classify};
use stscan::cli::{LintKind, render_lint};
use stscan::dataset::{EvidenceColumns, JudgementColumns, Reader, TargetColumns};
use stscan::evidence::{Evidence, Lookup, Outcome, Txt};

/// The lab's zoo, scanned once with its mail servers.
fn zoo() -> &'static Path {
    static ZOO: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = ZOO.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        expect(0, &["scan", "--lab=zoo", "-o", folder.path().join("zoo").to_str().unwrap(), "--progress", "none", "--smtp", "all"]);
        folder
    });
    Box::leak(folder.path().join("zoo").into_boxed_path())
}

/// A row of a dataset.
struct Row {
    domain: String,
    evidence: Evidence,
    assessment: Assessment,
}

fn entries(dataset: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in Reader::open(dataset).unwrap().batches(None) {
        let batch = batch.unwrap();
        let (targets, evidence) = (TargetColumns::of(&batch).unwrap(), EvidenceColumns::of(&batch).unwrap());
        let judgements = JudgementColumns::of(&batch).unwrap();
        for row in 0..batch.num_rows() {
            let domain = targets.row(row).unwrap().domain.to_string();
            rows.push(Row { domain, evidence: evidence.row(row).unwrap(), assessment: judgements.row(row).assessment() });
        }
    }
    rows
}

fn publish(arguments: &[&str], out: &Path) -> String {
    let output = expect(0, &[&["publish"], arguments, &["-o", out.to_str().unwrap()]].concat());
    stdout(&output) + &stderr(&output)
}

/// Every file below a folder with its content, by its path there.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![dir.to_path_buf()]);
    while let Some(here) = open.pop() {
        for entry in fs::read_dir(&here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// What is written for one domain: its policy, and its TXT records by name, as a name server reads the snippet.
struct Written {
    policy: Option<String>,
    txt: BTreeMap<String, String>,
}

fn written(tree: &Path, domain: &str) -> Written {
    let snippet = fs::read_to_string(tree.join(format!("dns/{domain}.zone"))).unwrap_or_default();
    let record = |line: &str| {
        let (name, text) = line.split_once(". 3600 IN TXT ")?;
        Some((name.to_owned(), text.trim_matches('"').replace("\" \"", "").replace("\\\"", "\"").replace("\\\\", "\\")))
    };
    let lines = snippet.lines().filter(|line| !line.starts_with(';'));
    Written {
        policy: fs::read_to_string(tree.join(format!("{domain}/.well-known/mta-sts.txt"))).ok(),
        txt: lines.filter_map(record).collect(),
    }
}

/// What would be said of the domain if it did as is written. The exchange is that of a policy host where all is right.
fn followed(evidence: &Evidence, written: &Written) -> Assessment {
    let right: Evidence = serde_json::from_str(include_str!("golden/enforce.json")).unwrap();
    let mut evidence = evidence.clone();
    let answer = |name: String| {
        let text = written.txt.get(&name)?;
        Some(Lookup { records: vec![Txt(vec![text.clone().into_bytes()])], ttl: Some(3600), ..Lookup::unsent(name, Outcome::Noerror) })
    };
    evidence.sts_txt = answer(evidence.domain.sts_record_name()).unwrap();
    evidence.tlsrpt_txt = answer(evidence.domain.tlsrpt_record_name()).unwrap_or(evidence.tlsrpt_txt);
    (evidence.host_a, evidence.host_aaaa, evidence.fetch) = (right.host_a, right.host_aaaa, right.fetch);
    evidence.scanned_at = right.scanned_at;
    evidence.fetch.as_mut().unwrap().body = written.policy.clone().map(String::into_bytes);
    classify(&evidence)
}

/// The severities that `lint` gives to a text.
fn lint(kind: LintKind, text: &str) -> BTreeSet<String> {
    let said: Value = serde_json::from_str(&render_lint(kind, text.as_bytes().to_vec(), true).unwrap()).unwrap();
    assert_eq!(said["valid"], true, "{text}: {said}");
    said["findings"].as_array().unwrap().iter().map(|finding| finding["severity"].as_str().unwrap().to_owned()).collect()
}

fn at_fault(assessment: &Assessment) -> bool {
    assessment.posture == Posture::Broken || matches!(assessment.delivery, Delivery::Partial | Delivery::Refused)
}

/// The column of the table, by domain.
fn column(tree: &Path, name: &str) -> BTreeMap<String, String> {
    let mut reader = csv::Reader::from_path(tree.join("publish.csv")).unwrap();
    let at = reader.headers().unwrap().iter().position(|heading| heading == name).unwrap();
    reader.records().map(|line| line.unwrap()).map(|line| (line[0].to_owned(), line[at].to_owned())).collect()
}

#[test]
fn what_is_published_for_the_zoo_is_right() {
    let out = tempfile::tempdir().unwrap();
    let tree = out.path().join("tree");
    let told = publish(&[zoo().to_str().unwrap(), "--rua", "tls@corp.example", "--web-server", "web.corp.example"], &tree);
    assert!(
        told.contains("Begin with") && fs::read_to_string(tree.join("plan.txt")).unwrap().contains("Nothing of this is to be deployed.")
    );
    let (actions, modes) = (column(&tree, "action"), column(&tree, "mode"));
    let (mut served, mut protected) = (0, 0);
    for entry in entries(zoo()) {
        let (domain, action) = (entry.domain.as_str(), &actions[entry.domain.as_str()]);
        let now = written(&tree, domain);
        assert!(!at_fault(&entry.assessment) || now.policy.is_some(), "{domain} is at fault and gets no policy: {action}");
        let Some(policy) = &now.policy else { continue };
        served += 1;
        // Mode testing itself is rated low.
        let rated = lint(LintKind::Policy, policy);
        assert!(rated.iter().all(|severity| severity == "info" || (severity == "low" && modes[domain] == "testing")), "{domain}: {policy}");
        assert!(policy.ends_with("\r\n") && !policy.replace("\r\n", "").contains(['\r', '\n']), "{domain}");
        for (name, text) in &now.txt {
            let kind = if name.starts_with("_mta-sts.") { LintKind::Record } else { LintKind::Tlsrpt };
            assert!(!lint(kind, text).iter().any(|severity| severity == "high" || severity == "medium"), "{domain}: {text}");
        }
        let judged = followed(&entry.evidence, &now);
        assert!(!at_fault(&judged), "{domain}: {} {} {policy}", judged.posture, judged.delivery);
        assert_eq!(judged.posture.as_str(), modes[domain], "{domain}");
        let later = written(&tree.join("later"), domain);
        let last = if later.policy.is_some() { followed(&entry.evidence, &later) } else { judged };
        assert!(!at_fault(&last), "{domain}, later: {} {}", last.posture, last.delivery);
        // Who has taken MTA-STS back, or says nothing of MX hosts, is not to be protected by it.
        if last.mx_tls == Some(MxTls::All) && modes[domain] != "none" && entry.assessment.mx_state.as_str() != "unknown" {
            protected += 1;
            let nameable = column(&tree, "not_named")[domain].is_empty();
            assert!(!nameable || last.delivery == Delivery::Protected, "{domain}: {} {action}", last.delivery);
        }
    }
    assert!(served > 100 && protected > 50, "{served} {protected}");
}

#[test]
fn the_same_command_changes_nothing_and_later_takes_the_place_of_now() {
    let out = tempfile::tempdir().unwrap();
    let tree = out.path().join("tree");
    let dataset = zoo().to_str().unwrap();
    publish(&[dataset, "--rua", "tls@corp.example"], &tree);
    let first = files(&tree);
    publish(&[dataset, "--rua", "tls@corp.example"], &tree);
    assert!(files(&tree) == first, "ids and days stay as long as the texts do");
    // The day has come.
    for (path, content) in first.iter().filter_map(|(path, content)| Some((path.strip_prefix("later/")?, content))) {
        fs::write(tree.join(path), content).unwrap();
    }
    publish(&[dataset, "--rua", "tls@corp.example", "--mode", "enforce"], &tree);
    let after = files(&tree);
    let text = |files: &BTreeMap<String, Vec<u8>>, path: &str| String::from_utf8(files[path].clone()).unwrap();
    assert_eq!(text(&after, "nothing.test/.well-known/mta-sts.txt"), text(&first, "later/nothing.test/.well-known/mta-sts.txt"));
    let id = |text: &str| text.lines().find(|line| line.starts_with("_mta-sts.")).unwrap().to_owned();
    assert_eq!(id(&text(&after, "dns/nothing.test.zone")), id(&text(&first, "later/dns/nothing.test.zone")), "its id comes with it");
    assert!(!after.contains_key("later/nothing.test/.well-known/mta-sts.txt"), "what is not wanted any more goes");
    // Another list, the same folder.
    publish(&["example.com", "--mx", "mx.example.com"], &tree);
    let left: Vec<String> = files(&tree).into_keys().collect();
    assert!(left.iter().all(|path| !path.contains(".test")) && left.len() == 15, "{left:?}");
}

#[test]
fn folders_with_files_of_others_are_left_alone() {
    let out = tempfile::tempdir().unwrap();
    let refused = |dir: &Path, words: &str| {
        let before = files(dir);
        let output = expect(4, &["publish", "example.com", "--mx", "mx.example.com", "-o", dir.to_str().unwrap()]);
        assert!(stderr(&output).contains(words) && stderr(&output).contains("choose another folder"), "{}", stderr(&output));
        assert!(files(dir) == before, "{words}");
    };
    let theirs = out.path().join("theirs");
    fs::create_dir_all(theirs.join("example.com/.well-known")).unwrap();
    fs::write(theirs.join("example.com/.well-known/mta-sts.txt"), "version: STSv1\r\n").unwrap();
    refused(&theirs, "example.com was not written by stscan publish");
    refused(zoo(), "was not written by stscan publish");
    let ours = out.path().join("ours");
    publish(&["example.com", "--mx", "mx.example.com"], &ours);
    fs::write(ours.join("notes.txt"), "mine").unwrap();
    refused(&ours, "notes.txt was not written by stscan publish");
    fs::remove_file(ours.join("notes.txt")).unwrap();
    let config = fs::read_to_string(ours.join("server/nginx.conf")).unwrap();
    fs::write(ours.join("server/nginx.conf"), config.replace("443", "8443")).unwrap();
    refused(&ours, "server/nginx.conf was changed since stscan publish wrote it");
    fs::write(ours.join("server/nginx.conf"), config).unwrap();
    #[cfg(unix)]
    {
        fs::rename(ours.join("example.com"), out.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(out.path().join("elsewhere"), ours.join("example.com")).unwrap();
        refused(&ours, "example.com was not written by stscan publish");
        fs::remove_file(ours.join("example.com")).unwrap();
    }
    publish(&["example.com", "--mx", "mx.example.com"], &ours);
    let file = out.path().join("file");
    fs::write(&file, "").unwrap();
    let output = expect(4, &["publish", "example.com", "--mx", "mx.example.com", "-o", file.to_str().unwrap()]);
    assert!(stderr(&output).contains("is no folder"), "{}", stderr(&output));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let (dataset, tree) = (zoo().to_str().unwrap(), out.path().join("tree"));
    for (status, arguments, words) in [
        (2, &["co.uk"][..], "co.uk is a public suffix"),
        (2, &["com"], "com is a public suffix"),
        (2, &["not a name"], "is no domain name"),
        (4, &[out.path().to_str().unwrap()], "holds no dataset"),
        (2, &[dataset, "example.com"], "one dataset, or domains"),
        (2, &[dataset, "--mx", "mx.example.com"], "--mx is for domains that are named"),
        (2, &[dataset, "--resolver", "192.0.2.1"], "a dataset is read, so nothing is asked"),
        (2, &["example.com", "--where", "posture=broken"], "--where chooses among the domains of a dataset"),
        (2, &[dataset, "--where", "postur=broken"], "posture"),
        (2, &["example.com", "--mx", "mx.example.com", "--mode", "none"], "--mode none and --mx contradict each other"),
        (2, &["example.com", "--mx", "mx.example.com", "--lab=zoo"], "--mx replaces what DNS says, so nothing is asked"),
        (2, &["example.com", "--mx", "mail_1.example.com"], "sts-policy-mx-invalid"),
        (2, &["example.com", "--mx", "*.co.uk"], "sts-policy-mx-wildcard-public-suffix"),
        (2, &["example.com", "--mx", "a\r\nmode: none"], "sts-policy-mx"),
        (2, &["example.com", "--mx", "mx.example.com", "--max-age", "60"], "sts-policy-max-age-very-short"),
        (2, &["example.com", "--mx", "mx.example.com", "--max-age", "99999999"], "--max-age 99999999"),
        (2, &["example.com", "--mx", "mx.example.com", "--mode", "report"], "--mode \"report\": one of enforce, testing, none"),
        (2, &["example.com", "--mx", "mx.example.com", "--rua", "ftp://x"], "tlsrpt-rua-scheme"),
        (2, &["example.com", "--mx", "mx.example.com", "--rua", "a@b.example;\" x"], "--rua"),
        (2, &["example.com", "--mx", "mx.example.com", "--root", "/srv/$x"], "--root"),
        (2, &["example.com", "--mx", "mx.example.com", "--root", "srv"], "an absolute path is needed"),
        (2, &["example.com", "--mx", "mx.example.com", "--web-server", "a b"], "--web-server"),
        (2, &["example.com", "--mx", "mx.example.com", "--web-server", "999.1.1.1"], "neither an address nor a name"),
        (2, &["example.com", "--mx", "mx.example.com", "--web-server", "a.example", "--web-server", "192.0.2.1"], "either one name"),
    ] {
        let output = expect(status, &[&["publish"], arguments, &["-o", tree.to_str().unwrap()]].concat());
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
        assert!(!tree.exists(), "{arguments:?}");
    }
}

/// `--where` chooses, and what it leaves out is not in the table.
#[test]
fn the_domains_of_a_dataset_can_be_chosen() {
    let out = tempfile::tempdir().unwrap();
    let tree = out.path().join("tree");
    publish(&[zoo().to_str().unwrap(), "--where", "posture=testing", "--mode", "enforce", "--rua", "tls@corp.example"], &tree);
    let (actions, modes) = (column(&tree, "action"), column(&tree, "mode"));
    let failing = column(&tree, "failing");
    let is_right = |(domain, action): (&String, &String)| action == "repair" || (action == "keep" && !failing[domain].is_empty());
    assert!(actions.len() > 3 && actions.iter().all(is_right), "{actions:?}");
    assert_eq!(modes["testing.test"], "enforce");
    assert!(modes.iter().all(|(domain, mode)| mode == "enforce" || !failing[domain].is_empty() || mode == "testing"), "{modes:?}");
    let expected: BTreeSet<String> =
        entries(zoo()).iter().filter(|entry| entry.assessment.posture == Posture::Testing).map(|entry| entry.domain.clone()).collect();
    assert_eq!(actions.into_keys().collect::<BTreeSet<_>>(), expected);
}

/// A domain that is probed as `check` does it, whatever its state, has its files and a plan.
#[test]
fn domains_are_probed() {
    let out = tempfile::tempdir().unwrap();
    let tree = out.path().join("tree");
    let domains = ["enforce.test", "cert-expired.test", "domain-nxdomain.test"];
    let told = publish(&[&domains[..], &["--lab=zoo", "--web-server", "192.0.2.80", "--web-server", "2001:db8::80"]].concat(), &tree);
    assert!(told.contains("domain-nxdomain.test: nothing is published: the domain does not exist"), "{told}");
    let actions = column(&tree, "action");
    assert_eq!(domains.map(|domain| actions[domain].as_str()), ["keep", "repair", "skip"]);
    let (kept, repaired) = (column(&tree, "id_changes"), written(&tree, "cert-expired.test"));
    assert_eq!((kept["cert-expired.test"].as_str(), kept["enforce.test"].as_str()), ("false", "false"), "the texts stay");
    assert!(repaired.txt["_mta-sts.cert-expired.test"].contains("id=20240101T000000;"), "{:?}", repaired.txt);
    let records = fs::read_to_string(tree.join("dns/records.csv")).unwrap();
    assert!(records.contains("cert-expired.test,cert-expired.test,2,set,mta-sts.cert-expired.test,A,3600,192.0.2.80\n"), "{records}");
    assert!(records.contains("set,mta-sts.cert-expired.test,AAAA,3600,2001:db8::80\n"), "{records}");
    assert!(fs::read_to_string(tree.join("plan.txt")).unwrap().contains("cert-expired.test: repair, mode enforce\n"));
}

/// Whatever servers, names and texts say, every file has the lines that it is meant to have.
#[test]
fn hostile_domains_do_nothing_to_the_files() {
    let out = tempfile::tempdir().unwrap();
    let (dataset, tree) = (out.path().join("hostile"), out.path().join("tree"));
    expect(0, &["scan", "--lab=hostile", "-o", dataset.to_str().unwrap(), "--progress", "none"]);
    publish(&[dataset.to_str().unwrap(), "--rua", "tls@corp.example"], &tree);
    for (path, content) in files(&tree) {
        let text = String::from_utf8(content).unwrap();
        let is_plain = |c: char| matches!(c, '\n' | '\t' | ' '..='~') || (c == '\r' && path.ends_with("mta-sts.txt"));
        assert!(text.chars().all(is_plain), "{path}: {text}");
        if path.ends_with(".zone") {
            let domain = path.rsplit('/').next().unwrap().strip_suffix(".zone").unwrap();
            let ours =
                |line: &str| line.starts_with("; ") || (line.starts_with(['_', 'm']) && line.contains(&format!("{domain}. 3600 IN ")));
            assert!(text.lines().all(ours), "{path}: {text}");
        }
        if path.ends_with("mta-sts.txt") {
            assert!(!lint(LintKind::Policy, &text).contains("high"), "{path}: {text}");
        }
        if path.ends_with("worker.js") {
            let texts = text.lines().find_map(|line| line.strip_prefix("const TEXTS = ")?.strip_suffix(';')).unwrap();
            assert!(serde_json::from_str::<Vec<String>>(texts).is_ok(), "{texts}");
        }
    }
}

/// The tree as a user reads it.
#[test]
fn the_tree_reads_like_a_page() {
    let out = tempfile::tempdir().unwrap();
    let tree = out.path().join("tree");
    let arguments = ["example.com", "--mx", "mx1.example.com,example-com.mail.protection.outlook.com", "--web-server", "web.example.com"];
    publish(&[&arguments[..], &["--rua", "tls@example.com", "--root", "/srv/mta-sts"]].concat(), &tree);
    let numbers = |text: &str| {
        let words = text.split_inclusive(|c: char| !c.is_ascii_digit() && c != '-');
        let mask = |word: &str| {
            let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
            let is_made = digits.len() == 14 || (digits.len() == 10 && digits.starts_with("20") && digits.contains('-'));
            if is_made { format!("N{}", &word[digits.len()..]) } else { word.to_owned() }
        };
        words.map(mask).collect::<String>()
    };
    let shown = files(&tree).into_iter().filter(|(path, _)| path != ".stscan-publish");
    let text: String =
        shown.map(|(path, content)| format!("== {path}\n{}", String::from_utf8(content).unwrap().replace('\r', "\u{240d}"))).collect();
    insta::assert_snapshot!(numbers(&text));
}

/// `report` proposes what `publish` writes, and the mailbox that is named.
#[test]
fn a_report_proposes_the_same() {
    let out = tempfile::tempdir().unwrap();
    let tree: PathBuf = out.path().join("tree");
    let dataset = zoo().to_str().unwrap();
    publish(&[dataset, "--rua", "tls@corp.example"], &tree);
    let report: Value =
        serde_json::from_str(&stdout(&expect(0, &["report", dataset, "--format", "json", "--rua", "tls@corp.example"]))).unwrap();
    let mut proposed = 0;
    for object in report["domains"].as_array().unwrap() {
        let (domain, publish) = (object["domain"].as_str().unwrap(), &object["publish"]);
        assert_eq!(publish["policy"].as_str().map(str::to_owned), written(&tree, domain).policy, "{domain}");
        proposed += usize::from(publish["tlsrpt_record"] == "v=TLSRPTv1; rua=mailto:tls@corp.example");
        assert!(!publish.to_string().contains("tls-reports@nothing"), "nobody reads a mailbox that is made up: {publish}");
    }
    assert!(proposed > 10, "{proposed}");
    let output = stscan(&["report", dataset, "--format", "csv", "--rua", "tls@corp.example"]).output().unwrap();
    assert!(output.status.code() == Some(2) && stderr(&output).contains("--rua applies to the formats html and json"));
}
