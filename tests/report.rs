//! `stscan report` end to end: the page and its security policy, hostile text, and the formats for programs, read by their own parsers.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::{expect, mail, rows, stderr, stdout};
use serde_json::Value;
use sha2::{Digest, Sha256};
use stscan::classify::codes;

/// Names of the zoo with carried columns, one of them a formula.
const LIST: &str = "domain,owner,unit\nenforce.test,Ada,Mail\ntypo.test,Ada,=1+1\nredirect-301.test,Grace <b>,Web\n\
    nothing.test,,Web\nnull-mx.test,Grace <b>,\nrecord-refused.test,Linus,Web\nstatus-429.test,Linus,Web\nuncovered-some.test,Linus,Web\n";

/// A portfolio, scanned once for all tests.
fn portfolio() -> &'static Path {
    static SCANNED: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = SCANNED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (list, path) = (folder.path().join("list.csv"), folder.path().join("audit"));
        fs::write(&list, LIST).unwrap();
        expect(0, &["scan", "--lab=zoo", list.to_str().unwrap(), "--carry", "owner,unit", "-o", path.to_str().unwrap()]);
        (folder, path)
    });
    path
}

fn report(arguments: &[&str]) -> String {
    stdout(&expect(0, &[&["report", portfolio().to_str().unwrap()], arguments].concat()))
}

fn between<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    let (_, after) = text.split_once(begin).unwrap_or_else(|| panic!("no {begin}"));
    after.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

#[test]
fn the_page_lets_only_its_own_script_run() {
    let page = report(&["-o", "-"]);
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    for (directive, text) in [("script-src", between(&page, "<script>", "</script>")), ("style-src", between(&page, "<style>", "</style>"))]
    {
        let hash = STANDARD.encode(Sha256::digest(text));
        assert!(policy.contains(&format!("{directive} 'sha256-{hash}';")), "{directive} {hash} is not in {policy}");
    }
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    let data = page.matches("<script type=\"text/plain\"").count();
    assert_eq!(page.matches("<script").count(), data + 1, "one script that runs");
    for loading in [" src=", " href=\"http", " style=", " onclick=", "@import", "url("] {
        assert!(!page.contains(loading), "{loading}");
    }
}

#[test]
fn the_page_says_what_to_do_without_any_script() {
    let page = report(&["-o", "-"]);
    let order =
        ["uncovered-some.test", "redirect-301.test", "enforce.test"].map(|domain| page.find(&format!("id=\"d-{domain}\"")).unwrap());
    assert!(order.is_sorted(), "what loses mail stands first: {order:?}");
    assert!(page.find("id=\"d-typo.test\"").unwrap() < order[0]);
    let typo = between(&page, "id=\"d-typo.test\"", "<details class=\"domain");
    assert!(
        typo.contains("<pre class=\"text\" data-crlf>version: STSv1\nmode: enforce\nmx: mail.typo.test\nmax_age: 2592000\n</pre>"),
        "{typo}"
    );
    assert!(typo.contains("v=TLSRPTv1; rua=mailto:tls-reports@typo.test</pre>") && typo.contains("How to fix it"));
    assert!(page.contains("Grace &lt;b&gt;") && !page.contains("Grace <b>"));
    let adoption = report(&["-o", "-", "--kind", "adoption"]);
    for part in ["How far deployments get", "Commonest findings", "What policies ask for", "id=\"d-typo.test\""] {
        assert!(adoption.contains(part), "{part}");
    }
    assert!(!adoption.contains("id=\"d-nothing.test\""), "domains without a record are only counted");
    let short = report(&["-o", "-", "--domains", "2"]);
    assert_eq!(short.matches("<details class=\"domain").count(), 2);
}

#[test]
fn csv_has_a_line_a_finding_and_no_formula() {
    let text = report(&["--format", "csv", "--bare"]);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heading: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(heading[heading.len() - 4..], ["verdict", "invented", "owner", "unit"]);
    let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let expected: usize = rows(portfolio()).iter().map(|row| row.codes.len().max(1)).sum();
    assert_eq!(lines.len(), expected);
    let (verdict, invented) = (heading.len() - 4, heading.len() - 3);
    assert!(lines.iter().all(|line| line[invented].starts_with("all results are invented")));
    let of = |domain: &'static str| lines.iter().filter(move |line| &line[0] == domain);
    assert!(of("enforce.test").all(|line| line[verdict].contains("as tested with the MX hosts")));
    assert!(of("nothing.test").all(|line| line[verdict].contains("and DANE does not protect it either")));
    assert!(of("status-429.test").all(|line| matches!(&line[6], "info" | "")), "unknown is no verdict");
    assert!(lines.iter().filter(|line| &line[0] == "typo.test").all(|line| line.iter().next_back() == Some("'=1+1")));
    let redirect: Vec<_> = of("redirect-301.test").collect();
    assert!(redirect.iter().all(|line| &line[4] == "sts-fetch-redirect"), "the cause");
    assert_eq!((&heading[4], &redirect[0][7]), (&"cause".to_owned(), "sts-fetch-redirect"), "its finding stands first");
    assert!(of("enforce.test").all(|line| line[4].is_empty()));
}

#[test]
fn json_has_every_domain_and_what_to_publish() {
    let object: Value = serde_json::from_str(&report(&["--format", "json"])).unwrap();
    let domains = object["domains"].as_array().unwrap();
    let known: Vec<&str> = domains.iter().map(|domain| domain["domain"].as_str().unwrap()).collect();
    assert_eq!(known, rows(portfolio()).iter().map(|row| row.domain.as_str()).collect::<Vec<_>>());
    let typo = &domains[1];
    assert_eq!((&typo["carried"]["unit"], &typo["delivery"], &typo["worst"]), (&"=1+1".into(), &"refused".into(), &"high".into()));
    assert_eq!(typo["publish"]["policy"], "version: STSv1\r\nmode: enforce\r\nmx: mail.typo.test\r\nmax_age: 2592000\r\n");
    assert_eq!(domains[0]["publish"], Value::Null);
    let redirect = &domains[2];
    assert_eq!((&redirect["cause"], &redirect["findings"][0]["code"]), (&"sts-fetch-redirect".into(), &"sts-fetch-redirect".into()));
    let causes = redirect["findings"].as_array().unwrap().iter().filter(|finding| finding["is_cause"] == true).count();
    assert_eq!((causes, &typo["cause"]), (1, &Value::Null));
    let page = report(&["-o", "-"]);
    let section = between(&page, "id=\"d-redirect-301.test\"", "What was seen");
    let (first, cause) = (section.find("What to fix first").unwrap(), section.find("data-code=\"sts-fetch-redirect\"").unwrap());
    assert!(first < cause && cause < section.find("What else is wrong").unwrap(), "{section}");
    assert!(!between(&page, "id=\"d-typo.test\"", "What was seen").contains("What to fix first"), "it is not broken");
}

/// Properties that an object of SARIF 2.1.0 may have here, those that it must have first (up to the bar), and those of objects within.
/// The standard's schema allows no others (`additionalProperties` is false in all of them).
type Shape = (&'static str, &'static [(&'static str, &'static str)]);

/// Written by hand after sections 3.13 to 3.58 of the standard; the schema itself is not under a licence that lets it be copied here.
const SHAPES: &[(&str, Shape)] = &[
    ("log", ("version runs | $schema", &[("runs", "run")])),
    (
        "run",
        (
            "tool | results invocations automationDetails columnKind properties",
            &[("tool", "tool"), ("results", "result"), ("invocations", "invocation"), ("automationDetails", "automation")],
        ),
    ),
    ("tool", ("driver |", &[("driver", "component")])),
    ("component", ("name | version rules", &[("rules", "rule")])),
    (
        "rule",
        (
            "id | shortDescription fullDescription help helpUri defaultConfiguration properties",
            &[("shortDescription", "text"), ("fullDescription", "text"), ("help", "text"), ("defaultConfiguration", "configuration")],
        ),
    ),
    ("text", ("text | markdown", &[])),
    ("message", ("text | markdown", &[])),
    ("configuration", ("| level", &[])),
    ("automation", ("| id description", &[("description", "message")])),
    (
        "invocation",
        ("executionSuccessful | startTimeUtc endTimeUtc toolExecutionNotifications", &[("toolExecutionNotifications", "notification")]),
    ),
    ("notification", ("message | level locations", &[("message", "message"), ("locations", "location")])),
    (
        "result",
        (
            "message | ruleId ruleIndex level locations partialFingerprints properties suppressions",
            &[("message", "message"), ("suppressions", "suppression"), ("locations", "location")],
        ),
    ),
    ("location", ("| physicalLocation logicalLocations", &[("physicalLocation", "place"), ("logicalLocations", "logical")])),
    ("place", ("artifactLocation | region", &[("artifactLocation", "artifact"), ("region", "region")])),
    ("artifact", ("| uri uriBaseId description", &[("description", "message")])),
    ("region", ("| startLine", &[])),
    ("suppression", ("kind | status justification", &[])),
    ("logical", ("| name fullyQualifiedName kind", &[])),
];

/// Whether an object, or each of a list, has the shape; with everything within.
fn has_shape(value: &Value, kind: &str, path: &str) {
    if let Some(list) = value.as_array() {
        list.iter().enumerate().for_each(|(at, item)| has_shape(item, kind, &format!("{path}[{at}]")));
        return;
    }
    let (_, (names, within)) = SHAPES.iter().find(|(known, _)| *known == kind).unwrap();
    let (required, others) = names.split_once('|').unwrap();
    let object = value.as_object().unwrap_or_else(|| panic!("{path} is no object"));
    for name in required.split_whitespace() {
        assert!(object.contains_key(name), "{path} has no {name}");
    }
    let known: BTreeSet<&str> = required.split_whitespace().chain(others.split_whitespace()).collect();
    for (name, value) in object {
        assert!(known.contains(name.as_str()), "{path}.{name} is not of the standard");
        match (name.as_str(), within.iter().find(|(known, _)| known == name)) {
            (_, Some((_, kind))) => has_shape(value, kind, &format!("{path}.{name}")),
            ("level", _) => assert!(["none", "note", "warning", "error"].contains(&value.as_str().unwrap()), "{path}.level {value}"),
            ("startLine", _) => assert!(value.as_u64().unwrap() >= 1, "{path}.{name} {value}"),
            ("ruleIndex", _) => assert!(value.as_u64().is_some(), "{path}.{name} {value}"),
            ("executionSuccessful", _) => assert!(value.is_boolean(), "{path}.{name} {value}"),
            ("properties", _) => assert!(value.is_object(), "{path}.{name} {value}"),
            ("partialFingerprints", _) => assert!(value.as_object().unwrap().values().all(Value::is_string), "{path}.{name} {value}"),
            ("uri" | "helpUri", _) => {
                let uri = value.as_str().unwrap();
                assert!(
                    !uri.is_empty() && uri.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b)),
                    "{path}.{name} {uri}"
                );
            }
            _ => assert!(value.is_string(), "{path}.{name} {value}"),
        }
    }
}

/// The properties that SARIF 2.1.0 requires (sections 3.13, 3.14, 3.18, 3.19, 3.27, 3.49) and the values that it allows.
#[test]
fn sarif_has_what_the_standard_requires() {
    let log: Value = serde_json::from_str(&report(&["--format", "sarif"])).unwrap();
    has_shape(&log, "log", "$");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"].as_array().unwrap()[0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "stscan");
    let rules = driver["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "ids of rules are unique");
    let levels = ["none", "note", "warning", "error"];
    for rule in rules {
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
        assert!(levels.contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()));
        // What GitHub documents: help as text and as Markdown, descriptions of 1,024 characters at most, at most 10 tags that are shown.
        let (help, code) = (&rule["help"], rule["id"].as_str().unwrap());
        assert!(help["text"].as_str().unwrap().contains("Fix: "), "{code}");
        let markdown = help["markdown"].as_str().unwrap();
        assert!(markdown.contains("**How to fix it:**") && markdown.contains("    "), "{code}: {markdown}");
        assert!(rule["helpUri"].as_str().unwrap().starts_with("https://www.rfc-editor.org/rfc/rfc"), "{code}");
        for text in ["shortDescription", "fullDescription"] {
            assert!(rule[text]["text"].as_str().unwrap().len() <= 1024, "{code}");
        }
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 10, "{code}");
    }
    let invocation = &run["invocations"][0];
    assert!(invocation["executionSuccessful"].is_boolean() && invocation["startTimeUtc"].as_str().unwrap().ends_with('Z'));
    let notifications: Vec<&str> =
        invocation["toolExecutionNotifications"].as_array().unwrap().iter().map(|it| it["message"]["text"].as_str().unwrap()).collect();
    assert!(notifications[0].starts_with("all results are invented"), "{notifications:?}");
    assert!(notifications.contains(&"status-429.test: could not be determined (sts-fetch-rate-limited: status 429)"), "{notifications:?}");
    let results = run["results"].as_array().unwrap();
    let about = |result: &Value| result["locations"][0]["logicalLocations"][0]["name"].as_str().unwrap().to_owned();
    assert!(!results.iter().any(|result| about(result) == "status-429.test"), "unknown is no verdict");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(levels[1..].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let location = &result["locations"][0]["logicalLocations"][0];
        assert!(location["fullyQualifiedName"].as_str().unwrap().ends_with(".test"));
        assert_eq!(result["partialFingerprints"]["domainCodeSubject/v1"].as_str().unwrap().len(), 64);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("file:///") && uri.ends_with("/list.csv"), "{uri}");
        let row = rows(portfolio()).into_iter().find(|row| row.domain == about(result)).unwrap();
        assert_eq!(place["region"]["startLine"], row.ordinal + 2, "the line of the list, below its heading");
    }
    let cause = results.iter().find(|result| result["properties"]["cause"] == true).unwrap();
    assert_eq!((about(cause).as_str(), &cause["ruleId"]), ("redirect-301.test", &"sts-fetch-redirect".into()));
    assert!(cause["message"]["text"].as_str().unwrap().contains("Fix this first"), "{cause}");
    let errors = results.iter().filter(|result| result["level"] == "error").count();
    assert!(errors > 0 && results.len() > errors);
    assert!(results.iter().take(errors).all(|result| result["level"] == "error"), "the worst stand first");
}

/// What makes GitHub know a result again: the same in every scan, wherever the line has moved to; each result has its own.
#[test]
fn sarif_fingerprints_stay_from_scan_to_scan() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let scanned = |list: &str, out: &str| {
        fs::create_dir_all(path("lists")).unwrap();
        fs::write(path("lists/ours & theirs.txt"), list).unwrap();
        let run = |arguments: &[&str]| stdout(&harness::expect_in(folder.path(), 0, arguments));
        run(&["scan", "--lab=zoo", "lists/ours & theirs.txt", "-o", out]);
        let log: Value = serde_json::from_str(&run(&["report", out, "--format", "sarif"])).unwrap();
        has_shape(&log, "log", "$");
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let print = |result: &Value| {
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "lists/ours%20%26%20theirs.txt");
            assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
            let hash = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap().to_owned();
            ((result["ruleId"].to_string(), hash), place["region"]["startLine"].as_u64().unwrap())
        };
        let prints: std::collections::BTreeMap<_, _> = results.iter().map(print).collect();
        assert_eq!(prints.len(), results.len(), "no two results have one fingerprint");
        prints
    };
    let before = scanned("typo.test\nid-missing.test\nuncovered-some.test\n", "before");
    let after = scanned("# moved\n\nid-missing.test\nuncovered-some.test\ntypo.test\n", "after");
    assert!(before.keys().eq(after.keys()), "{before:?} {after:?}");
    assert!(before.iter().all(|(print, line)| after[print] > *line));
}

/// What no file of the user is, a lab's own list and standard input, has the list's name in its place: a temporary file is nobody's.
#[test]
fn sarif_names_no_temporary_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| stdout(&harness::expect_in(folder.path(), 0, arguments));
    run(&["scan", "--lab=zoo", "--top", "30", "-o", "own"]);
    let log: Value = serde_json::from_str(&run(&["report", "own", "--format", "sarif"])).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let place = |result: &Value| result["locations"][0]["physicalLocation"].clone();
    let own = serde_json::json!({ "uri": "zoo", "uriBaseId": "%SRCROOT%" });
    assert!(!results.is_empty() && results.iter().all(|result| place(result)["artifactLocation"] == own), "{results:#?}");
    let lines: BTreeSet<u64> = results.iter().map(|result| place(result)["region"]["startLine"].as_u64().unwrap()).collect();
    assert!(lines.len() > 3 && lines.iter().all(|line| (1..=30).contains(line)), "{lines:?}");
}

#[test]
fn junit_is_well_formed_and_its_sums_are_right() {
    let text = report(&["--format", "junit"]);
    let document = roxmltree::Document::parse(&text).unwrap();
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    let said = |name| suite.attribute(name).unwrap().parse::<usize>().unwrap();
    let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
    let with = |tag| cases.iter().filter(|case| case.children().any(|child| child.has_tag_name(tag))).count();
    assert_eq!((said("tests"), said("failures"), said("skipped")), (cases.len(), with("failure"), with("skipped")));
    assert_eq!((cases.len(), with("skipped")), (8, 2), "{text}");
    let skipped = cases.iter().find(|case| case.attribute("name") == Some("status-429.test")).unwrap();
    let why = skipped.children().find(|node| node.has_tag_name("skipped")).unwrap().attribute("message").unwrap();
    assert_eq!(why, "could not be determined: sts-fetch-rate-limited (status 429)");
    assert!(text.contains("all results are invented"));
    let failed = cases.iter().find(|case| case.attribute("name") == Some("typo.test")).unwrap();
    assert!(
        failed
            .descendants()
            .find(|node| node.has_tag_name("failure"))
            .unwrap()
            .text()
            .unwrap()
            .contains(codes::STS_MX_NONE_COVERED.as_str())
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    let dataset = portfolio().to_str().unwrap();
    for (arguments, said) in [
        (vec!["report", dataset], "name the file of the page, e.g. -o report.html"),
        (vec!["report", dataset, "-o", "-", "--kind", "audit"], "one of portfolio, adoption"),
        (vec!["report", dataset, "--kind", "adoption", "--format", "csv"], "--kind applies to the format html"),
    ] {
        assert!(stderr(&expect(2, &arguments)).contains(said), "{said}");
    }
    assert!(stderr(&expect(4, &["report", "/nonexistent", "-o", "-"])).contains("no dataset"));
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("missing").join("page.html");
    assert!(stderr(&expect(2, &["report", dataset, "-o", nowhere.to_str().unwrap()])).contains("cannot be written"));
    let page = folder.path().join("page.html");
    expect(0, &["report", dataset, "-o", page.to_str().unwrap()]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the page is left");
}

/// A page that finds no room (`ulimit -f`): status 5, the file is named, and an older page stays whole.
#[cfg(unix)]
#[test]
fn a_page_that_finds_no_room_leaves_the_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    fs::write(&page, "older").unwrap();
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 8 && exec \"$0\" report \"$1\" -o \"$2\"", env!("CARGO_BIN_EXE_stscan")])
        .args([portfolio(), &page])
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(5), "{}", stderr(&limited));
    let said = stderr(&limited);
    assert!(said.contains("page.html cannot be written") && said.contains("run the same command again"), "{said}");
    assert_eq!((fs::read_to_string(&page).unwrap().as_str(), fs::read_dir(folder.path()).unwrap().count()), ("older", 1));
    expect(0, &["report", portfolio().to_str().unwrap(), "-o", page.to_str().unwrap()]);
}

#[test]
fn check_of_several_ends_with_a_summary() {
    let said = stdout(&expect(6, &["check", "--lab=zoo", "enforce.test", "typo.test"]));
    let (table, note) = said.split_once("\nSummary\n").unwrap().1.split_once("\n\n").unwrap();
    assert!(note.split_whitespace().collect::<Vec<_>>().join(" ").contains("as tested with the MX hosts"), "{note}");
    assert!(said.starts_with("Note: all results are invented"));
    let summary: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        summary,
        [
            vec!["domain", "posture", "delivery", "worst", "to", "fix"],
            vec!["enforce.test", "enforce", "protected", "info", "0"],
            vec!["typo.test", "enforce", "refused", "high", "2"]
        ]
    );
    assert!(!stdout(&expect(0, &["check", "--lab=zoo", "enforce.test"])).contains("Summary"));
}

#[test]
fn what_is_unknown_is_no_verdict_of_check() {
    for domain in
        ["status-429.test", "status-503.test", "tls-silence.test", "host-servfail.test", "record-servfail.test", "mx-servfail.test"]
    {
        let said = stdout(&expect(0, &["check", "--lab=zoo", domain]));
        assert!(!said.contains("What is wrong"), "{said}");
        expect(7, &["check", "--lab=zoo", domain, "--fail-on", "unknown"]);
    }
    let said = stdout(&expect(0, &["check", "--lab=zoo", "status-429.test"]));
    assert!(said.contains("What could not be determined") && said.contains("If it persists: Exempt"), "{said}");
    // A verdict goes before what could not be determined.
    expect(6, &["check", "--lab=zoo", "status-429.test", "typo.test", "--fail-on", "unknown"]);
    expect(0, &["check", "--lab=zoo", "enforce.test", "--fail-on", "unknown"]);
    expect(6, &["check", "--lab=zoo", "testing.test", "--fail-on", "low,unknown"]);
    let wrong = stderr(&expect(2, &["check", "--lab=zoo", "enforce.test", "--fail-on", "info"]));
    assert!(wrong.contains("one of high, medium, low, unknown"), "{wrong}");
}

#[test]
fn an_export_of_the_lab_says_that_it_is_invented() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("published");
    let said = stdout(&expect(0, &["export", portfolio().to_str().unwrap(), "-o", out.to_str().unwrap()]));
    assert!(said.contains("Note: all results are invented"), "{said}");
    for file in ["croissant.json", "datapackage.json", "DATASHEET.md"] {
        assert!(fs::read_to_string(out.join(file)).unwrap().contains("all results are invented"), "{file}");
    }
    for format in ["text", "markdown", "json", "csv"] {
        let said = stdout(&expect(0, &["stats", out.to_str().unwrap(), "--format", format]));
        assert!(said.contains("all results are invented"), "{format}");
    }
    assert!(report(&["-o", "-"]).contains("all results are invented"));
}

/// What may be in no page and no table: what acts on a terminal, a browser or a reader's eyes.
fn acts(text: &str) -> bool {
    text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}') || text.contains("<script>alert")
}

#[test]
fn what_mail_servers_said_is_shown_and_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("asked");
    mail::write(&dataset, 1, &[("smtp", "all"), ("dane", "all")], &mail::domains());
    let dataset = dataset.to_str().unwrap();
    let said = |arguments: &[&str]| stdout(&expect(0, &[&["report", dataset], arguments].concat()));
    let page = said(&["-o", "-"]);
    assert!(!acts(&page.replace('\r', "")));
    let of = |domain: &str| between(&page, &format!("id=\"d-{domain}\""), "<details class=\"domain").to_owned();
    let hostile = page.rsplit_once("id=\"d-seven.example\"").unwrap().1;
    assert!(
        hostile.contains("220 mx.hostile.example &lt;script&gt;alert(1)&lt;/script&gt;\\u{1b}[2J\\u{0}\\u{202e}=1+1\\xff"),
        "{hostile}"
    );
    for (domain, words) in [
        ("two.example", "mx.old.example: TLSv1.2, certificate not valid (expired, name-mismatch); no TLSA"),
        ("five.example", "not tested: refused at greeting: &quot;421 too many connections"),
        ("four.example", "mx.plain.example: no STARTTLS; no TLSA"),
        ("six.example", "TLSA 3 1 1 does not match"),
        ("six.example", "DANE stops mail"),
        ("three.example", "Fix TLS and certificate of mx.old.example."),
        ("one.example", "TLSA _25._tcp.mx.big.example"),
        ("one.example", "<dt>greeting</dt><dd>220 mx.big.example ESMTP ready</dd>"),
    ] {
        assert!(of(domain).contains(words), "{domain}: {words}\n{}", of(domain));
    }
    assert!(page.contains("Of 7 domains the MX hosts were asked: all pass for 3, some for 1, none for 2; for 1 it could not be tested."));
    assert!(page.contains("as tested with the MX hosts") && !page.contains("MX hosts not tested"));
    let adoption = said(&["-o", "-", "--kind", "adoption"]);
    assert!(!acts(&adoption.replace('\r', "")));
    for part in ["What MX hosts answer", "MX hosts as they answered over SMTP", "DANE against MTA-STS", "DNSSEC of the MX records"] {
        assert!(adoption.contains(part), "{part}");
    }
    for format in ["csv", "json", "sarif", "junit"] {
        assert!(!acts(&said(&["--format", format])), "{format}");
    }
    let object: Value = serde_json::from_str(&said(&["--format", "json"])).unwrap();
    let domains = object["domains"].as_array().unwrap();
    assert_eq!(
        (&domains[0]["mx_tls"], &domains[0]["dane_state"], &domains[5]["delivery_dane"]),
        (&"all".into(), &"valid".into(), &"refused".into())
    );
    assert!(
        domains[0]["verdict"].as_str().unwrap().contains("DANE protects it (as tested with the MX hosts)"),
        "{}",
        domains[0]["verdict"]
    );
    assert!(
        domains[5]["next_steps"][0]
            .as_str()
            .unwrap()
            .starts_with("Publish TLSA records for the certificate that mx.stale.example has in use")
    );
}

#[test]
fn what_was_not_asked_is_not_tested() {
    let folder = tempfile::tempdir().unwrap();
    let (nobody, published) = (folder.path().join("nobody"), folder.path().join("published"));
    mail::write(&nobody, 1, &[], &mail::unasked(mail::domains()));
    let page = stdout(&expect(0, &["report", nobody.to_str().unwrap(), "-o", "-"]));
    assert!(page.contains("<dt>MX host</dt><dd>not tested</dd>") && page.contains("<dt>DANE</dt><dd>not looked up</dd>"));
    assert!(page.contains("MX hosts not tested") && !page.contains("the MX hosts were asked:"));
    let adoption = stdout(&expect(0, &["report", nobody.to_str().unwrap(), "-o", "-", "--kind", "adoption"]));
    assert!(adoption.contains("no MX host was asked over SMTP; `stscan scan --smtp adopters`"), "{adoption}");
    // TLSA looked up, nobody spoken with.
    let mut records = mail::domains();
    for record in &mut records {
        record.assessment.mx_tls = None;
        record.evidence.mx_asked = record.evidence.mx_asked.map(|asked| stscan::evidence::MxAsked { smtp: false, ..asked });
        record.evidence.mx_hosts.iter_mut().for_each(|host| host.conversations.clear());
    }
    mail::write(&published, 1, &[("dane", "all")], &records);
    let page = stdout(&expect(0, &["report", published.to_str().unwrap(), "-o", "-"]));
    assert!(page.contains("mx.big.example: not tested; TLSA 3 1 1, 2 1 1 published, not tested"), "{page}");
    assert!(page.contains("DANE protects it (published, not tested)"));
}
