//! Expectations end to end: what deviates, what is waived, what returns; in every form, with the dataset as it was.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use harness::{expect, stderr, stdout};
use serde_json::Value;

const LIST: &str = "domain,use\nenforce.test,mail\ntesting.test,mail\nnothing.test,mail\nnull-mx.test,parked\nuncovered-some.test,parked\n\
    record-refused.test,mail\n";

/// What the portfolio demands; two of the deviations are waived, one of these waivers is over.
const EXPECTED: &str = "[[expect]]
mode = 'enforce'
where = 'carried.use=mail'

[[expect]]
where = ['carried.use=parked']
null_mx = true
no_policy = true
severity = 'medium'

[[expect]]
domains = ['enforce.test', 'test*.test']
tlsrpt_to = 'tls@elsewhere.example'
severity = 'low'

[[waive]]
code = 'expect-mode'
domains = 'testing.test'
reason = 'ticket 17'
until = 2999-12-31

[[waive]]
code = 'expect-*'
domains = 'nothing.test'
reason = 'until the move'
until = 2020-01-31
";

/// The scan and the file, made once for all tests.
fn scene() -> (&'static str, &'static str) {
    static SCENE: OnceLock<(tempfile::TempDir, PathBuf, PathBuf)> = OnceLock::new();
    let (_, scan, file) = SCENE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let [list, scan, file] = ["list.csv", "audit", "expect.toml"].map(|name| folder.path().join(name));
        fs::write(&list, LIST).unwrap();
        fs::write(&file, EXPECTED).unwrap();
        expect(0, &["scan", "--lab=zoo", list.to_str().unwrap(), "--carry", "use", "-o", scan.to_str().unwrap()]);
        (folder, scan, file)
    });
    (scan.to_str().unwrap(), file.to_str().unwrap())
}

fn report(status: i32, arguments: &[&str]) -> (String, String) {
    let (scan, file) = scene();
    let output = expect(status, &[&["report", scan, "--expect", file], arguments].concat());
    (stdout(&output), stderr(&output))
}

/// What is expected of a domain and not met, and what is waived of it.
fn of<'j>(json: &'j Value, domain: &str) -> (Vec<String>, &'j Value) {
    let entry = json["domains"].as_array().unwrap().iter().find(|entry| entry["domain"] == domain).unwrap();
    let deviations =
        entry["findings"].as_array().unwrap().iter().filter(|finding| finding["code"].as_str().unwrap().starts_with("expect-"));
    let said = deviations.map(|finding| format!("{} {}", finding["severity"].as_str().unwrap(), finding["code"].as_str().unwrap()));
    (said.collect(), &entry["waived"])
}

#[test]
fn deviations_are_findings_and_waived_ones_stand_apart() {
    let before: Vec<Vec<u8>> = files(Path::new(scene().0));
    let (said, told) = report(0, &["--format", "json"]);
    let json: Value = serde_json::from_str(&said).unwrap();
    for (domain, expected) in [
        ("enforce.test", vec!["low expect-tlsrpt"]),
        ("testing.test", vec!["low expect-tlsrpt"]),
        ("nothing.test", vec!["high expect-mode"]),
        ("null-mx.test", vec!["medium expect-no-policy"]),
        ("uncovered-some.test", vec!["medium expect-null-mx", "medium expect-no-policy"]),
        // What is not known is no deviation.
        ("record-refused.test", vec!["info expect-mode"]),
    ] {
        assert_eq!(of(&json, domain).0, expected, "{domain}");
    }
    let waived = &of(&json, "testing.test").1[0];
    assert_eq!((&waived["code"], &waived["until"], &waived["reason"]), (&"expect-mode".into(), &"2999-12-31".into(), &"ticket 17".into()));
    assert!(of(&json, "nothing.test").1.as_array().unwrap().is_empty());
    assert_eq!(json["counts"]["findings"]["expect-tlsrpt"], 2);
    let worst = |domain: &str| json["domains"].as_array().unwrap().iter().find(|entry| entry["domain"] == domain).unwrap()["worst"].clone();
    assert_eq!((worst("nothing.test"), worst("enforce.test")), ("high".into(), "low".into()));
    assert!(
        told.contains("expect.toml:22: the waiver of expect-mode, expect-null-mx, expect-no-policy, ... is over since 2020-01-31"),
        "{told}"
    );
    assert!(json["notes"].to_string().contains("is over since 2020-01-31"), "{}", json["notes"]);
    // The dataset stays as it is, and without the file nothing of it is said.
    assert_eq!(files(Path::new(scene().0)), before);
    let plain = stdout(&expect(0, &["report", scene().0, "--format", "json"]));
    assert!(!plain.contains("expect-") && !plain.contains("waived"));
}

/// Misspelt conditions, and waivers that can go, are told; what applies is not.
#[test]
fn what_comes_to_nothing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("useless.toml");
    let waiver = |code: &str, of: &str| format!("[[waive]]\ncode = '{code}'\n{of}\nreason = 'x'\nuntil = 2999-12-31\n");
    let text = [
        "[[expect]]\ndomains = 'testing.test'\nmode = 'enforce'\nmax_age_at_least = 9\n".to_owned(), // 1
        "[[expect]]\ndomains = 'enforced.test'\nmode = 'enforce'\nmax_age_at_least = 9\n".to_owned(), // 5
        waiver("expect-mode", "domains = 'testing.test'"),                                           // 9
        waiver("sts-fetch-cert-*", "where = 'carried.use=mail'"),                                    // 14
        waiver("expect-mode", "domains = 'nobody.test'"),                                            // 19
    ];
    fs::write(&file, text.concat()).unwrap();
    let file = file.to_str().unwrap();
    let told = |arguments: &[&str]| -> Vec<String> {
        let text = stderr(&expect(0, &[arguments, &["--expect", file]].concat()));
        text.lines().filter(|line| line.contains("useless.toml")).map(str::to_owned).collect()
    };
    let notes = [
        "stscan: useless.toml:5: what is expected here concerns none of the domains: look at its domains and where",
        "stscan: useless.toml:14: the waiver of sts-fetch-cert-name-mismatch, sts-fetch-cert-no-san, sts-fetch-cert-expired, ... matches no finding: \
         if what it was about is fixed, it can go",
        "stscan: useless.toml:19: the waiver concerns none of the domains: look at its domains and where",
    ];
    assert_eq!(told(&["report", scene().0, "--format", "csv"]), notes);
    // It is about all domains of the dataset, whichever of them are looked at; and those of either scan.
    assert_eq!(told(&["report", scene().0, "--format", "csv", "--where", "domain=null-mx.test"]), notes);
    let copy = copied(Path::new(scene().0), folder.path());
    assert_eq!(told(&["diff", scene().0, copy.to_str().unwrap(), "--format", "csv"]), notes);
    // Who checks one domain has others in the file.
    assert!(told(&["check", "--lab=zoo", "testing.test"]).is_empty());
}

/// A dataset at another place.
fn copied(dataset: &Path, into: &Path) -> PathBuf {
    let copy = into.join("copy");
    fs::create_dir_all(copy.join("domains")).unwrap();
    for folder in ["", "domains"] {
        for entry in fs::read_dir(dataset.join(folder)).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            fs::copy(&entry, copy.join(folder).join(entry.file_name().unwrap())).unwrap();
        }
    }
    copy
}

/// Each owner gets what is expected of the own domains, and what is waived.
#[test]
fn hand_outs_are_judged_by_what_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("pages");
    let (_, told) = report(6, &["--split-by", "use", "-o", out.to_str().unwrap(), "--fail-on", "expect-*"]);
    assert!(told.contains("5 domains with expect-*"), "{told}");
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    let (mail, parked) = (read("mail/findings.csv"), read("parked/findings.csv"));
    let lines = |text: &str| -> Vec<String> {
        let of = |line: &str| line.split(',').take(3).collect::<Vec<_>>().join(" ");
        text.lines().filter(|line| line.contains(",expect-")).map(of).collect()
    };
    assert!(lines(&mail).iter().all(|line| !line.contains("null-mx")) && mail.contains("waived until 2999-12-31: ticket 17"), "{mail}");
    assert_eq!((lines(&mail).len(), lines(&parked).len()), (5, 3), "{mail}{parked}");
    let page = read("mail/report.html");
    assert!(page.contains("<h4>Waived</h4>") && page.contains("ticket 17") && page.contains("expect-mode"));
    assert!(!read("parked/report.html").contains("ticket 17"));
    let index = read("index.csv");
    assert!(index.lines().any(|line| line.starts_with("mail,")) && index.lines().any(|line| line.starts_with("parked,")), "{index}");
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = [folder.to_owned(), folder.join("domains")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn every_format_shows_deviations_and_waivers() {
    let (csv, _) = report(0, &["--format", "csv", "--bare"]);
    let heading = csv.lines().next().unwrap();
    assert!(heading.contains(",verdict,waived,"), "{heading}");
    let line = |code: &str, domain: &str| csv.lines().find(|line| line.starts_with(domain) && line.contains(code)).unwrap();
    assert!(line("expect-mode", "testing.test").contains("waived until 2999-12-31: ticket 17"), "{csv}");
    assert!(!line("expect-tlsrpt", "testing.test").contains("waived until"), "{csv}");
    let (sarif, _) = report(0, &["--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<&Value> = results.iter().filter(|result| result.get("suppressions").is_some()).collect();
    assert_eq!((suppressed.len(), &suppressed[0]["ruleId"]), (1, &"expect-mode".into()));
    assert!(suppressed[0]["suppressions"][0]["justification"].as_str().unwrap().contains("ticket 17"));
    // GitHub does not look at suppressions: the message says that it is waived, and as a note it fails no check.
    assert_eq!(suppressed[0]["level"], "note");
    let message = suppressed[0]["message"]["text"].as_str().unwrap();
    assert!(message.starts_with("Waived until 2999-12-31: ticket 17. testing.test: "), "{message}");
    assert!(results.iter().any(|result| result["ruleId"] == "expect-no-policy" && result["level"] == "warning"));
    let (junit, _) = report(0, &["--format", "junit"]);
    let xml = roxmltree::Document::parse(&junit).unwrap();
    let case =
        |domain: &str| xml.descendants().find(|node| node.attribute("name") == Some(domain) && node.has_tag_name("testcase")).unwrap();
    assert!(case("nothing.test").descendants().any(|node| node.has_tag_name("failure")));
    let passed = case("testing.test");
    assert!(!passed.descendants().any(|node| node.has_tag_name("failure")), "{junit}");
    assert!(
        passed.descendants().any(|node| node.text().is_some_and(|text| text.contains("expect-mode") && text.contains("ticket 17"))),
        "{junit}"
    );
    let (page, _) = report(0, &["-o", "-"]);
    assert!(page.contains("<h4>Waived</h4>") && page.contains("waived until 2999-12-31: ticket 17"));
    assert!(page.contains("The domain has MX records and no policy of the mode that is expected."));
}

#[test]
fn the_gate_and_the_filter_see_deviations() {
    let gate = |status, words: &str| report(status, &["--format", "csv", "--fail-on", words]).1;
    assert!(gate(6, "expect-mode").contains("1 domain with expect-mode: nothing.test"));
    assert!(gate(6, "expect-*").contains("5 domains with expect-*"));
    gate(0, "expect-mx-only,expect-max-age");
    let (csv, _) = report(0, &["--format", "csv", "--bare", "--where", "finding=expect-no-*"]);
    let of_parked = |line: &str| line.starts_with("uncovered-some.test") || line.starts_with("null-mx.test");
    assert!(csv.lines().skip(1).all(of_parked) && csv.lines().count() > 2, "{csv}");
    let refused = stderr(&expect(2, &["report", scene().0, "--format", "csv", "--fail-on", "expect-mode"]));
    assert!(refused.contains("add it, or leave them out"), "{refused}");
}

#[test]
fn check_judges_what_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expect.toml");
    let check = |status, text: &str, arguments: &[&str]| {
        fs::write(&path, text).unwrap();
        expect(status, &[&["check", "--lab=zoo", "testing.test", "--expect", path.to_str().unwrap()], arguments].concat())
    };
    let said = stdout(&check(6, "[[expect]]\nmode = 'enforce'\n", &[]));
    assert!(said.contains("high expect-mode") && said.contains("posture testing, expected: enforce"), "{said}");
    check(0, "[[expect]]\nmode = 'testing'\n", &[]);
    let waived = "[[expect]]\nmode = 'enforce'\n[[waive]]\ncode = 'expect-mode'\nreason = 'ticket'\nuntil = ";
    let said = stdout(&check(0, &format!("{waived}2999-01-01\n"), &[]));
    let words = said.split_whitespace().collect::<Vec<_>>().join(" "); // Lines are folded.
    assert!(words.contains("Waived high expect-mode (posture testing") && words.contains("waived until 2999-01-01: ticket"), "{said}");
    let over = check(6, &format!("{waived}2020-01-01\n"), &[]);
    assert!(stdout(&over).contains("high expect-mode") && stderr(&over).contains("is over since 2020-01-01"));
    let json: Value = serde_json::from_str(&stdout(&check(0, &format!("{waived}2999-01-01\n"), &["--json"]))).unwrap();
    assert_eq!(json["waived"][0]["code"], "expect-mode");
    // A scan's own finding can be waived, too.
    let own = "[[waive]]\ncode = 'sts-mode-testing*'\nreason = 'on purpose'\nuntil = 2999-01-01\n";
    let said = stdout(&check(0, own, &["--fail-on", "sts-mode-testing"]));
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("low sts-mode-testing") && words.contains("2999-01-01: on purpose"), "{said}");
    let carried = check(0, "[[expect]]\nwhere = 'carried.use=mail'\nmode = 'enforce'\n", &[]);
    assert!(stderr(&carried).contains("carried columns (line 1) is not judged"), "{}", stderr(&carried));
}

#[test]
fn diff_tells_deviations_that_are_new() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, what) in [("old", "web"), ("new", "mail")] {
        fs::write(path("list"), format!("domain,use\nenforce.test,{what}\ntesting.test,{what}\n")).unwrap();
        expect(0, &["scan", "--lab=zoo", &path("list"), "--carry", "use", "-o", &path(name)]);
    }
    let demand = "[[expect]]\ndomains = '*.test'\nmode = 'enforce'\n";
    let diff = |status, text: &str| {
        fs::write(path("expect.toml"), text).unwrap();
        let (old, new, file) = (path("old"), path("new"), path("expect.toml"));
        let output = expect(status, &["diff", &old, &new, "--expect", &file, "--fail-on", "expect-*", "--format", "csv", "--bare"]);
        stdout(&output).lines().skip(1).map(|line| line.split(',').take(2).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    // What deviates in both scans is no change; what one list alone says of a domain makes it one.
    assert!(diff(0, demand).is_empty());
    let changed = diff(6, &format!("{demand}where = 'carried.use=mail'\n"));
    assert_eq!(changed, ["testing.test finding-new"]);
}

#[test]
fn what_is_wrong_in_the_file_is_one_sentence_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expect.toml");
    for (text, said) in [
        ("", ":1: nothing is expected here"),
        ("[[expct]]\nmode = 'enforce'", ":1: there is no key \"expct\" in the file; did you mean expect? Known: expect, waive"),
        ("[[expect]]\nmode = 'enforce'\nmx_onyl = ['a.example']", ":3: there is no key \"mx_onyl\" in [[expect]]; did you mean mx_only?"),
        ("[[expect]]\n\nmode = 'enforced'", ":3: mode: enforce or testing is expected"),
        ("[[expect]]\nseverity = 'low'", ":1: [[expect]] without a demand: one of mode, null_mx"),
        ("[[expect]]\nmode = 'enforce'\nno_policy = true", ":2: mode: contradicts no_policy"),
        ("[[expect]]\nnull_mx = false", ":2: null_mx: true is expected"),
        ("[[expect]]\nmax_age_at_least = 0", ":2: max_age_at_least: seconds from 1 to 31557600"),
        ("[[expect]]\ntlsrpt_to = 'nobody'", ":2: tlsrpt_to: \"nobody\" is no address of reports"),
        ("[[expect]]\nmx_only = ['mx.*.example']", ":2: mx_only: \"mx.*.example\" is no host name"),
        (
            "[[expect]]\nno_finding = 'sts-fetch-cert-expird'",
            ":2: no_finding: there is no finding code \"sts-fetch-cert-expird\"; did you mean sts-fetch-cert-expired?",
        ),
        ("[[expect]]\nno_finding = 'sts-policy-shared'", ":2: no_finding: no scan of a domain has the finding"),
        (
            "[[expect]]\nmode = 'enforce'\nwhere = 'postur=enforce'",
            ":3: where \"postur=enforce\": there is no column \"postur\"; did you mean posture?",
        ),
        ("[[expect]]\nmode = 'enforce'\ndomains = 'a b'", ":3: domains: \"a b\" is no domain name"),
        (
            "[[waive]]\ncode = 'expect-mod'\nreason = 'x'\nuntil = 2999-01-01",
            ":2: code: there is no finding code \"expect-mod\"; did you mean expect-mode?",
        ),
        ("[[waive]]\ncode = 'expect-mode'\nuntil = 2999-01-01", ":1: [[waive]] without reason"),
        ("[[waive]]\ncode = 'expect-mode'\nreason = 'x'", ":1: [[waive]] without until: until = 2026-12-31 is expected"),
        ("[[waive]]\ncode = 'expect-mode'\nreason = ' '\nuntil = 2999-01-01", ":3: reason: a reason of 1 to 300 characters"),
        ("[[waive]]\ncode = 'expect-mode'\nreason = 'x'\nuntil = 2999-13-01", ":4: "),
        ("[[waive]]\ncode = 'expect-mode'\nreason = 'x'\nuntil = 'soon'", ":4: until: a day is expected, as 2026-12-31"),
        ("[expect]\nmode = 'enforce'", ":1: tables are expected, each as [[expect]]"),
        ("[[expect]]\nmode = ", ":2: "),
    ] {
        fs::write(&path, text).unwrap();
        let refused = stderr(&expect(2, &["check", "--lab=zoo", "enforce.test", "--expect", path.to_str().unwrap()]));
        assert!(refused.contains(&format!("expect.toml{said}")) && refused.lines().count() == 1, "{text:?}: {refused}");
    }
    let missing = stderr(&expect(2, &["check", "--lab=zoo", "enforce.test", "--expect", "no-such-file"]));
    assert!(missing.contains("--expect no-such-file cannot be read"), "{missing}");
    fs::write(&path, "[[expect]]\nwhere = 'carried.ownr=x'\nmode = 'enforce'\n").unwrap();
    let (scan, _) = scene();
    let refused = stderr(&expect(2, &["report", scan, "--format", "csv", "--expect", path.to_str().unwrap()]));
    assert!(refused.contains("expect.toml:1: where \"carried.ownr=x\": the dataset carries no column \"ownr\", but use"), "{refused}");
}

#[test]
fn deviations_are_explained() {
    for code in stscan::classify::catalogue().iter().filter(|code| code.as_str().starts_with("expect-")) {
        let page = stdout(&expect(0, &["explain", code.as_str()]));
        assert!(page.contains("`--expect FILE` of check, report and diff reports it"), "{page}");
    }
}
