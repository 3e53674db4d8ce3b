//! `stscan tlsrpt` end to end: reports in, a dataset out, and what senders say beside a scan of the lab.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use harness::{expect, stderr, stdout};
use serde_json::{Value, json};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tlsreports")
}

/// A report of one policy and one failure.
fn report(domain: &str, day: &str, sessions: [u64; 2], policy: &[&str], failure: Option<Value>) -> Value {
    json!({
        "organization-name": "Bigmail",
        "date-range": { "start-datetime": format!("{day}T00:00:00Z"), "end-datetime": format!("{day}T23:59:59Z") },
        "contact-info": "tls@bigmail.example",
        "report-id": format!("{day}-{domain}"),
        "policies": [{
            "policy": { "policy-type": "sts", "policy-string": policy, "policy-domain": domain },
            "summary": { "total-successful-session-count": sessions[0], "total-failure-session-count": sessions[1] },
            "failure-details": failure.into_iter().collect::<Vec<_>>(),
        }],
    })
}

struct Lab {
    _folder: tempfile::TempDir,
    scan: PathBuf,
    reports: PathBuf,
}

/// A scan of some names of the zoo and reports of them, made once for all tests.
fn lab() -> &'static Lab {
    static MADE: OnceLock<Lab> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (list, scan, reports) = (folder.path().join("list.txt"), folder.path().join("audit"), folder.path().join("tls-reports"));
        fs::write(&list, "enforce.test\ntypo.test\nredirect-301.test\nnothing.test\n").unwrap();
        expect(0, &["scan", "--lab=zoo", list.to_str().unwrap(), "-o", scan.to_str().unwrap()]);
        let (today, hours) = (time::OffsetDateTime::now_utc(), time::Duration::hours);
        let [yesterday, before] = [24, 48].map(|ago| (today - hours(ago)).date().to_string());
        let mismatch = json!({
            "result-type": "validation-failure",
            "failure-reason-code": "MX_HOSTS_MISMATCH <script>alert(1)</script>\u{202e}",
            "receiving-mx-hostname": "mail.typo.test",
            "receiving-ip": "192.0.2.7",
            "sending-mta-ip": "198.51.100.9",
            "failed-session-count": 1204,
        });
        let expired =
            json!({ "result-type": "certificate-expired", "receiving-mx-hostname": "mx.enforce.test", "failed-session-count": 3 });
        let old = ["version: STSv1", "mode: testing", "mx: old.enforce.test", "max_age: 31557600"];
        let documents = [
            report("typo.test", &yesterday, [50_029, 1204], &[], Some(mismatch)),
            report("enforce.test", &yesterday, [10, 3], &[], Some(expired)),
            report("enforce.test", &before, [7, 0], &old, None),
            report("redirect-301.test", &yesterday, [40, 0], &[], None),
            report("elsewhere.test", &yesterday, [1, 0], &[], None),
        ];
        let text: String = documents.iter().map(|document| format!("{document}\n")).collect();
        let file = folder.path().join("reports.jsonl");
        fs::write(&file, text).unwrap();
        expect(0, &["tlsrpt", file.to_str().unwrap(), "-o", reports.to_str().unwrap()]);
        Lab { _folder: folder, scan, reports }
    })
}

#[test]
fn the_vectors_become_a_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let (vectors, out) = (vectors(), out.to_str().unwrap().to_owned());
    let run = expect(0, &["tlsrpt", vectors.to_str().unwrap(), "-o", &out]);
    let text = stdout(&run).replace(&out, "DIR");
    // The expectations lie among the inputs: one has several documents that are no reports.
    assert!(text.starts_with("49 reports\n  47 files = 39 read + 0 with nothing new + 0 without a report + 8 refused\n"), "{text}");
    assert!(text.contains("4 duplicate reports") && text.contains("21 mails"), "{text}");
    assert!(text.contains("DIR/reports/  (1 part, 1,258 rows)"), "a report without policies keeps a row: {text}");
    assert!(stdout(&expect(0, &["verify", &out])).contains("whole, 1 part, 1,258 rows"));
    let rejected = fs::read_to_string(Path::new(&out).join("rejected.csv")).unwrap();
    for reason in ["too-large", "too-deep", "corrupt-gzip", "bad-json", "not-tlsrpt", "empty", "no-report"] {
        assert!(rejected.contains(&format!(",{reason}\n")), "{reason}: {rejected}");
    }
    let again = expect(4, &["tlsrpt", vectors.to_str().unwrap(), "-o", &out]);
    assert!(stderr(&again).contains("choose another folder"), "{}", stderr(&again));
}

#[test]
fn the_exit_status_says_whether_there_was_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let out = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let empty = vectors().join("broken-empty.json");
    let run = expect(3, &["tlsrpt", empty.to_str().unwrap(), "-o", &out("none"), "--json"]);
    assert!(stderr(&run).contains("no TLS report was found"), "{}", stderr(&run));
    let summary: Value = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!((&summary["accounting"]["files_refused"], &summary["not_read"]["empty"]), (&1.into(), &1.into()));
    let missing = expect(3, &["tlsrpt", "no-such-file", "-o", &out("missing")]);
    assert!(stderr(&missing).contains("no-such-file") && !Path::new(&out("missing")).exists(), "{}", stderr(&missing));
    fs::create_dir(out("foreign")).unwrap();
    fs::write(Path::new(&out("foreign")).join("notes.txt"), "mine").unwrap();
    expect(4, &["tlsrpt", vectors().to_str().unwrap(), "-o", &out("foreign")]);
    expect(2, &["tlsrpt", "-o", &out("x")]);
    assert!(stderr(&expect(4, &["stats", &lab().reports.to_string_lossy()])).contains("--tls-reports"));
}

#[test]
fn tables_tell_what_senders_report() {
    let (scan, reports) = (lab().scan.to_str().unwrap(), lab().reports.to_str().unwrap());
    let alone: Value = serde_json::from_str(&stdout(&expect(0, &["stats", "--tls-reports", reports, "--format", "json"]))).unwrap();
    let ids = |object: &Value| -> Vec<String> {
        object["tables"].as_array().unwrap().iter().map(|table| table["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&alone), ["R1", "R2", "R3", "R4"]);
    let both: Value = serde_json::from_str(&stdout(&expect(0, &["stats", scan, "--tls-reports", reports, "--format", "json"]))).unwrap();
    assert_eq!(ids(&both), ["R1", "R2", "R3", "R4", "R5", "R5-stale", "R6", "R7"]);
    let table = |id: &str| both["tables"].as_array().unwrap().iter().find(|table| table["id"] == id).unwrap().clone();
    let row = |id: &str, key: &str| {
        let table = table(id);
        let row = table["rows"].as_array().unwrap().iter().find(|row| row["key"] == key).cloned();
        row.unwrap_or_else(|| panic!("{id} has no {key}: {table:#}"))["cells"].clone()
    };
    let bigmail = row("R1", "bigmail.example");
    assert_eq!((&bigmail["reports"]["n"], &bigmail["days"]["n"]), (&5.into(), &2.into()));
    assert_eq!((&bigmail["sts_failed"]["n"], &bigmail["sts_failed"]["of"]), (&1207.into(), &(50_029 + 1204 + 13 + 7 + 40 + 1_u64).into()));
    assert_eq!(row("R3", "mail.typo.test by bigmail.example")["events"]["n"], 1204);
    assert_eq!(row("R4", "198.51.100.0/24")["events"]["n"], 1204);
    assert_eq!(row("R5", "stale")["domains"]["n"], 1);
    assert_eq!(row("R5-stale", "enforce.test at bigmail.example")["sessions"]["n"], 7);
    assert_eq!(row("R7", "elsewhere.test")["rows"]["n"], 1);
    assert!(stderr(&expect(2, &["stats", "--tls-reports", reports, "--table", "R5"])).contains("takes the dataset of a scan"));
    assert!(stderr(&expect(2, &["stats", "--tls-reports", reports, "--table", "T1"])).contains("one of R1"));
}

/// Conditions choose domains of the scan, and reports count that are about these.
#[test]
fn tables_of_reports_take_conditions() {
    let (scan, reports) = (lab().scan.to_str().unwrap(), lab().reports.to_str().unwrap());
    let stats = |arguments: &[&str]| expect(0, &[&["stats", scan, "--tls-reports", reports, "--format", "json"], arguments].concat());
    let some: Value = serde_json::from_str(&stdout(&stats(&["--where", "posture=enforce", "--where", "domain=enforce.*,typo.*"]))).unwrap();
    let table = |id: &str| some["tables"].as_array().unwrap().iter().find(|table| table["id"] == id).cloned();
    let rows = |id: &str| table(id).unwrap()["rows"].as_array().unwrap().clone();
    assert_eq!(rows("R1")[0]["cells"]["reports"]["n"], 3, "{some:#}");
    assert_eq!(rows("R3").len(), 2);
    assert_eq!(rows("R5").iter().map(|row| row["cells"]["domains"]["n"].as_u64().unwrap()).sum::<u64>(), 1);
    assert_eq!(rows("R6")[0]["cells"]["domains"]["of"], 2, "only these two ask for reports here");
    assert!(table("R7").is_none(), "reports about other domains are not asked for");
    let notes = some["notes"].to_string();
    assert!(
        notes.contains("only 2 of 4 domains, those with posture=enforce") && notes.contains("only reports about these domains"),
        "{notes}"
    );
    let one = stdout(&stats(&["--where", "domain=typo.test"]));
    assert!(one.contains("mail.typo.test by bigmail.example") && !one.contains("mx.enforce.test by"), "{one}");
    let none = stats(&["--where", "posture=none"]);
    assert!(stderr(&none).contains("there is no domain with posture=none"), "{}", stderr(&none));
    let refused = |arguments: &[&str]| stderr(&expect(2, &[&["stats", "--tls-reports", reports], arguments].concat()));
    assert!(refused(&["--where", "posture=enforce"]).contains("name its dataset, too"));
    assert!(
        refused(&[scan, "--where", "posture=enforce", "--table", "R7"])
            .contains("--table R7: it is about domains that the scan does not have")
    );
    assert!(refused(&[scan, "--where", "postur=enforce"]).contains("did you mean posture?"));
}

#[test]
fn a_report_puts_first_what_senders_have_met() {
    let (scan, reports) = (lab().scan.to_str().unwrap(), lab().reports.to_str().unwrap());
    let page = stdout(&expect(0, &["report", scan, "--tls-reports", reports, "-o", "-"]));
    assert!(page.contains("All domains; what senders have met stands first, then what loses mail."));
    let sentence =
        "Seen by senders: </b>1,204 of 51,233 sessions failed, 1,204 events, validation-failure at bigmail.example in the 7 days to";
    assert!(page.contains(sentence), "{page}");
    assert!(!page.contains("<script>alert") && page.contains("MX_HOSTS_MISMATCH &lt;script&gt;") && !page.contains('\u{202e}'));
    assert!(
        page.contains("Reported by senders, not seen by the scan")
            && page.contains("3 of 20 sessions failed, 3 events, certificate-expired")
    );
    assert!(page.contains("Not seen by senders: 40 sessions without it"), "redirect-301.test");
    assert!(page.contains("There is no TLS report about this domain"), "nothing.test");
    let first = page.find("<details class=\"domain").unwrap();
    assert!(page[first..].starts_with("<details class=\"domain work\" id=\"d-typo.test\""), "what senders have met stands first");
    let without = stdout(&expect(0, &["report", scan, "-o", "-"]));
    assert!(!without.contains("Seen by senders") && !without.contains("No TLS report"));
}

#[test]
fn csv_and_json_say_it_to_programs() {
    let (scan, reports) = (lab().scan.to_str().unwrap(), lab().reports.to_str().unwrap());
    let text = stdout(&expect(0, &["report", scan, "--tls-reports", reports, "--format", "csv", "--bare"]));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let at = reader.headers().unwrap().iter().position(|name| name == "senders").unwrap();
    let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(lines.iter().any(|line| &line[0] == "typo.test" && line[at].starts_with("1,204 of 51,233 sessions failed")), "{text}");
    assert!(
        lines.iter().any(|line| &line[0] == "enforce.test" && line[7].is_empty() && line[10].starts_with("reported by senders")),
        "{text}"
    );
    let object: Value = serde_json::from_str(&stdout(&expect(0, &["report", scan, "--tls-reports", reports, "--format", "json"]))).unwrap();
    assert_eq!(object["tls_reports"]["reports"], 5);
    let domains = object["domains"].as_array().unwrap();
    let of = |name: &str| domains.iter().find(|domain| domain["domain"] == name).unwrap();
    assert_eq!(of("enforce.test")["senders"]["not_seen_by_the_scan"][0]["result_types"][0], "certificate-expired");
    assert_eq!(of("typo.test")["senders"]["sessions_by_policy_type"]["sts"]["failed"], 1204);
    assert!(of("typo.test")["findings"].as_array().unwrap().iter().any(|finding| finding["senders"]["events"] == 1204));
    assert_eq!(of("nothing.test")["senders"], Value::Null);
}

#[test]
fn sarif_and_junit_say_it_to_systems_of_checks() {
    let (scan, reports) = (lab().scan.to_str().unwrap(), lab().reports.to_str().unwrap());
    let text = |format| stdout(&expect(0, &["report", scan, "--tls-reports", reports, "--format", format]));
    let log: Value = serde_json::from_str(&text("sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let message = |result: &Value| result["message"]["text"].as_str().unwrap().to_owned();
    assert!(
        message(&results[0]).contains("Senders: 1,204 of 51,233 sessions failed"),
        "what senders have met stands first: {}",
        results[0]
    );
    let reported = results.iter().find(|result| result["ruleId"] == "reported-by-senders").unwrap();
    assert!(
        message(reported).starts_with("enforce.test: reported by senders, not seen by the scan: 3 of 20 sessions failed"),
        "{reported}"
    );
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], result["ruleId"]);
    }
    let junit = text("junit");
    let document = roxmltree::Document::parse(&junit).unwrap();
    let failure = |name: &str| {
        let case = document.descendants().find(|node| node.attribute("name") == Some(name) && node.has_tag_name("testcase")).unwrap();
        case.children().find(|node| node.has_tag_name("failure")).map(|node| node.text().unwrap_or_default().to_owned())
    };
    assert!(failure("typo.test").unwrap().contains("Senders: 1,204 of 51,233 sessions failed"), "{junit}");
    assert!(failure("enforce.test").unwrap().contains("reported by senders, not seen by the scan: 3 of 20 sessions failed"), "{junit}");
    assert_eq!(failure("nothing.test"), None);
    assert!(!text("sarif").contains('\u{202e}') && !junit.contains('\u{202e}'));
    let without = stdout(&expect(0, &["report", scan, "--format", "junit"]));
    assert!(!without.contains("Senders: ") && !without.contains("reported by senders"));
}

#[test]
fn reports_are_exported_without_people_and_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let reports = lab().reports.to_str().unwrap();
    let said = stdout(&expect(0, &["export", reports, "-o", &path("public"), "--licence", "CC-BY-4.0"]));
    assert!(said.contains("5 rows; croissant.json, datapackage.json, DATASHEET.md, SHA256SUMS"), "{said}");
    expect(0, &["verify", &path("public")]);
    // Failures stay what they are.
    let tables = |dir: &str| -> Value {
        serde_json::from_str(&stdout(&expect(0, &["stats", "--tls-reports", dir, "--bare", "--format", "json"]))).unwrap()
    };
    let (before, after) = (tables(reports), tables(&path("public")));
    for (table, copied) in before["tables"].as_array().unwrap().iter().zip(after["tables"].as_array().unwrap()) {
        assert!(table == copied || table["id"] == "R4", "{table:#} {copied:#}");
        assert_eq!(
            table["rows"].as_array().unwrap().len(),
            copied["rows"].as_array().unwrap().len(),
            "addresses are told apart by network"
        );
    }
    let reader = stscan::dataset::reports::ReportsReader::open(Path::new(&path("public"))).unwrap();
    let mut shown = String::new();
    reader.for_each(|row| shown += &format!("{row:?}\n")).unwrap();
    for secret in ["\"tls@bigmail.example", "192.0.2.7", "198.51.100.9", lab().reports.parent().unwrap().to_str().unwrap()] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert!(shown.contains("@bigmail.example") && shown.contains("198.51.100.0") && shown.contains("mail.typo.test"), "{shown}");
    let manifest: Value = serde_json::from_str(&fs::read_to_string(path("public/manifest.json")).unwrap()).unwrap();
    assert_eq!((&manifest["made_from"]["made_by"], &manifest["made_from"]["options"]["mailboxes"]), (&"export".into(), &"hash".into()));
    assert!(!manifest["inputs"].to_string().contains('/'), "{manifest}");
    let package: Value = serde_json::from_str(&fs::read_to_string(path("public/datapackage.json")).unwrap()).unwrap();
    assert_eq!(package["resources"][0]["name"], "reports");
    let croissant: Value = serde_json::from_str(&fs::read_to_string(path("public/croissant.json")).unwrap()).unwrap();
    assert_eq!((&croissant["recordSet"][0]["@id"], &croissant["license"]), (&"reports".into(), &"CC-BY-4.0".into()));
    let sheet = fs::read_to_string(path("public/DATASHEET.md")).unwrap();
    assert!(sheet.contains("5 rows of 5 reports") && sheet.contains("keyed hashes") && sheet.contains("[blank"), "{sheet}");
    let sums = fs::read_to_string(path("public/SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 6, "part, manifest, rejected.csv and three descriptions: {sums}");
    assert!(stderr(&expect(4, &["export", reports, "-o", &path("public")])).contains("choose another folder"));
    assert!(stderr(&expect(2, &["export", reports, "-o", &path("x"), "--keep-carried"])).contains("leave it out"));
    expect(0, &["export", reports, "-o", &path("kept"), "--mailboxes", "keep"]);
    let kept = stscan::dataset::reports::ReportsReader::open(Path::new(&path("kept"))).unwrap();
    let mut shown = String::new();
    kept.for_each(|row| shown += &format!("{row:?}\n")).unwrap();
    assert!(shown.contains("tls@bigmail.example") && !shown.contains("192.0.2.7"), "{shown}");
}
