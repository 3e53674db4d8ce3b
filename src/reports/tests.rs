//! The reader as a whole: the vectors with their right results, hostile files, and any bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::Value;
use time::OffsetDateTime;

use super::{Found, Intake, Rejected, Report, Sink, Tally, Walk};

/// Keeps everything.
#[derive(Debug, Default)]
struct Kept {
    reports: Vec<Found>,
    rejected: Vec<Rejected>,
}

impl Sink for Kept {
    type Error = std::convert::Infallible;

    fn report(&mut self, found: Found) -> Result<(), Self::Error> {
        self.reports.push(found);
        Ok(())
    }

    fn rejected(&mut self, rejected: Rejected) -> Result<(), Self::Error> {
        self.rejected.push(rejected);
        Ok(())
    }
}

/// Everything in the paths.
fn read(paths: &[PathBuf]) -> (Kept, Tally) {
    let mut intake = Intake::new(Kept::default(), OffsetDateTime::now_utc());
    for entry in Walk::of(paths, None).unwrap().entries {
        intake.read(&entry).unwrap();
    }
    intake.finish()
}

/// Bytes as a file of this name.
fn read_bytes(name: &str, mut bytes: &[u8]) -> (Kept, Tally) {
    let mut intake = Intake::new(Kept::default(), OffsetDateTime::now_utc());
    intake.read_stream(name, &mut bytes).unwrap();
    intake.finish()
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tlsreports")
}

/// Sums as the expectations have them, which go over policy types.
fn summed(kept: &Kept, tally: &Tally) -> BTreeMap<&'static str, Value> {
    let reports = || kept.reports.iter().map(|found| &found.report);
    let policies = || reports().flat_map(|report| &report.policies);
    let failures = || policies().flat_map(|policy| &policy.failures);
    let mut by_domain: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    let mut by_type: BTreeMap<String, BTreeMap<String, [u64; 2]>> = BTreeMap::new();
    for policy in policies() {
        let (domain, kind) = (policy.domain.clone().unwrap_or_default(), policy.policy_type.clone().unwrap_or_default());
        for sums in [by_domain.entry(domain.clone()).or_default(), by_type.entry(domain).or_default().entry(kind).or_default()] {
            sums[0] += policy.successful.unwrap_or(0);
            sums[1] += policy.failed.unwrap_or(0);
        }
    }
    let mut by_result: BTreeMap<&str, u64> = BTreeMap::new();
    for failure in failures() {
        *by_result.entry(failure.result_type.as_deref().unwrap_or_default()).or_default() += failure.events.unwrap_or(0);
    }
    let sums = |[successful, failed]: [u64; 2]| serde_json::json!({ "successful": successful, "failed": failed });
    let kinds = |kinds: BTreeMap<String, [u64; 2]>| kinds.into_iter().map(|(kind, two)| (kind, sums(two))).collect::<Value>();
    let days: BTreeSet<String> = reports().filter_map(|report| report.begin).map(|begin| begin.date().to_string()).collect();
    let warnings: BTreeSet<&str> = reports().flat_map(|report| &report.warnings).map(|warning| warning.as_str()).collect();
    let unknown = policies().map(|policy| u64::from(policy.successful.is_none()) + u64::from(policy.failed.is_none())).sum::<u64>()
        + failures().filter(|failure| failure.events.is_none()).count() as u64;
    let refused = kept.rejected.iter().filter(|rejected| !rejected.is_something_else);
    let mut refusals: Vec<&str> = refused.map(|rejected| rejected.reason.as_str()).collect();
    refusals.sort_unstable();
    assert_eq!(refusals.len() as u64, tally.refused, "{:?}", kept.rejected);
    BTreeMap::from([
        ("reports", tally.reports.into()),
        ("duplicates", tally.duplicates.into()),
        ("policies", policies().count().into()),
        ("failure_rows", failures().count().into()),
        ("successful_sessions", policies().filter_map(|policy| policy.successful).sum::<u64>().into()),
        ("failed_sessions", policies().filter_map(|policy| policy.failed).sum::<u64>().into()),
        ("failure_events", failures().filter_map(|failure| failure.events).sum::<u64>().into()),
        ("by_domain", by_domain.into_iter().map(|(domain, two)| (domain, sums(two))).collect()),
        ("by_domain_and_type", by_type.into_iter().map(|(domain, of)| (domain, kinds(of))).collect()),
        ("events_by_result", serde_json::to_value(by_result).unwrap()),
        ("days", days.into_iter().collect()),
        ("unknown_counts", unknown.into()),
        ("mails", tally.mails.into()),
        ("without_report", tally.without_report.into()),
        ("warnings", warnings.into_iter().collect()),
        ("refused", (tally.reports == 0).then(|| refusals.first().copied()).flatten().into()),
        ("refusals", refusals.into()),
    ])
}

/// Fields of an expectation that are not results.
const NOTES: [&str; 5] = ["file", "pair", "kind", "note", "optional"];

fn compare(name: &str, expected: &Value, found: &BTreeMap<&'static str, Value>) {
    for (field, expected) in expected.as_object().unwrap().iter().filter(|(field, _)| !NOTES.contains(&field.as_str())) {
        let found = found.get(field.as_str()).unwrap_or_else(|| panic!("{name}: {field}"));
        // Where there are no mails the expectations say null.
        let expected = if field == "mails" && expected.is_null() { &Value::from(0) } else { expected };
        let mut expected = expected.clone();
        if let Some(list) = expected.as_array_mut() {
            list.sort_by_key(|value| value.as_str().unwrap_or_default().to_owned());
        }
        assert_eq!(found, &expected, "{name}: {field}");
    }
}

#[test]
fn every_vector_gives_what_is_expected_of_it() {
    let text = std::fs::read_to_string(vectors().join("expected.jsonl")).unwrap();
    let mut count = 0;
    for line in text.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let name = expected["file"].as_str().unwrap();
        let (kept, tally) = read(&[vectors().join(name)]);
        assert!(tally.adds_up(), "{name}: {tally:?}");
        compare(name, &expected, &summed(&kept, &tally));
        count += 1;
    }
    assert_eq!(count, 43);
}

#[test]
fn all_vectors_in_one_run_give_the_total() {
    let inputs = std::fs::read_dir(vectors()).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<PathBuf> = inputs.filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with("expected")).collect();
    inputs.sort();
    let (kept, tally) = read(&inputs);
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(vectors().join("expected-total.json")).unwrap()).unwrap();
    compare("total", &expected, &summed(&kept, &tally));
    assert_eq!((tally.files, tally.files_read, tally.files_refused), (45, 39, 6), "a Maildir is three files");
    let keys: BTreeSet<&str> = kept.reports.iter().map(|found| found.key.as_str()).collect();
    assert_eq!(keys.len(), kept.reports.len());
}

const REPORT: &str = r#"{"organization-name":"A","report-id":"1","contact-info":"a@a.example","date-range":{"start-datetime":
    "2025-03-10T00:00:00Z","end-datetime":"2025-03-10T23:59:59Z"},"policies":[{"policy":{"policy-type":"sts","policy-domain":
    "example.com"},"summary":{"total-successful-session-count":1,"total-failure-session-count":0}}]}"#;

fn report_of(id: usize) -> String {
    REPORT.replace("\"1\"", &format!("\"{id}\"")).replace('\n', " ")
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn reasons(kept: &Kept) -> Vec<&str> {
    kept.rejected.iter().map(|rejected| rejected.reason.as_str()).collect()
}

/// Runs something hostile; it has to end soon, with this one refusal and no report.
fn refused(name: &str, bytes: &[u8], expected: &str) {
    let start = Instant::now();
    let (kept, tally) = read_bytes(name, bytes);
    assert_eq!((reasons(&kept), tally.reports), (vec![expected], 0), "{name}");
    assert!(tally.adds_up() && tally.files == 1, "{name}: {tally:?}");
    assert!(start.elapsed() < Duration::from_secs(60), "{name} took {:?}", start.elapsed());
}

#[test]
fn bombs_end_at_their_bound() {
    // A gigabyte of zeros, packed piece by piece.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&zeros).unwrap();
    }
    let zeros = encoder.finish().unwrap();
    refused("zeros.json.gz", &zeros, "too-large");
    refused("layers.gz", &gz(&gz(&gz(&gz(REPORT.as_bytes())))), "too-many-layers");
    refused("open.json", "[".repeat(40 << 20).as_bytes(), "too-large");
    refused("values.json", format!("{{\"report-id\":\"1\",\"policies\":[{}0]}}", "0,".repeat(5 << 20)).as_bytes(), "too-large");
}

#[test]
fn parts_within_parts_end_at_their_bound() {
    let mut nested = String::new();
    for level in 0..10_000 {
        nested.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
    }
    refused("nested.eml", nested.as_bytes(), "too-deep");
    let forwarded = "Content-Type: message/rfc822\n\n".repeat(100_000);
    refused("forwarded.eml", forwarded.as_bytes(), "too-deep");
    let digest: String = (0..10_000).map(|level| format!("Content-Type: multipart/digest; boundary=b{level}\n\n--b{level}\n\n")).collect();
    refused("digest.eml", digest.as_bytes(), "too-deep");
    let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(1_000_000));
    refused("many.eml", many.as_bytes(), "too-large");
    let header = format!("Content-Type: multipart/mixed{}\n\nx", "; a*0=b".repeat(2_000_000));
    refused("header.eml", header.as_bytes(), "no-report");
}

#[test]
fn a_bad_member_does_not_hide_the_others() {
    // A mail that no buffer holds, between two that are reports.
    let mail = |id| format!("From a\nContent-Type: application/tlsrpt+json\n\n{}\n\n", report_of(id));
    let mut mailbox = mail(1).into_bytes();
    mailbox.extend_from_slice(b"From a\nSubject: large\n\n");
    mailbox.resize(mailbox.len() + (33 << 20), b'x');
    mailbox.extend_from_slice(format!("\n\n{}", mail(2)).as_bytes());
    let (kept, tally) = read_bytes("mbox", &mailbox);
    assert_eq!((tally.reports, tally.mails, reasons(&kept)), (2, 3, vec!["too-large"]));
    // Cut within the last of three.
    let (kept, tally) = read_bytes("mbox.gz", gz(&mailbox).split_last_chunk::<40>().unwrap().0);
    assert_eq!((tally.reports, reasons(&kept)), (1, vec!["too-large", "corrupt-gzip"]));
    let lines: String = (0..5).map(|id| report_of(id) + "\n").collect();
    let (kept, tally) = read_bytes("reports.jsonl", lines.replacen("\"3\"", "\"3", 1).as_bytes());
    assert_eq!((tally.reports, reasons(&kept)), (4, vec!["bad-json"]));
}

#[test]
fn any_file_that_is_cut_is_read_or_refused() {
    for name in ["eml-several.eml", "reports.zip", "reports.tar.gz", "five.mbox", "json-lines.ndjson", "eml-zip.eml"] {
        let bytes = std::fs::read(vectors().join(name)).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            let (_, tally) = read_bytes(name, &bytes[..length]);
            assert!(tally.adds_up() && tally.files == 1, "{name} at {length}: {tally:?}");
            assert!(tally.verdicts() > 0, "{name} at {length}: nothing is said");
        }
    }
}

#[test]
fn names_in_archives_are_no_paths() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    let name = b"../../evil!example.net!1!2.json";
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    let text = REPORT.replace("\"policy-domain\":\n    \"example.com\"", "\"x\":1");
    header.set_size(text.len() as u64);
    header.set_cksum();
    builder.append(&header, text.as_bytes()).unwrap();
    let (kept, _) = read_bytes("a.tar", &builder.into_inner().unwrap());
    let policy = &kept.reports[0].report.policies[0];
    assert_eq!((policy.domain.as_deref(), kept.reports[0].part.as_deref()), (Some("example.net"), Some("../../evil!example.net!1!2.json")));
}

#[test]
fn nothing_that_is_kept_is_longer_than_its_bound() {
    let long = "x".repeat(1 << 20);
    let text = REPORT
        .replace("\"A\"", &format!("\"{long}\""))
        .replace("\"example.com\"", &format!("\"example.com\",\"policy-string\":\"{}\"", "a\\n".repeat(5000)));
    let (kept, _) = read_bytes(&format!("{long}.json"), text.as_bytes());
    let Report { organization, policies, .. } = &kept.reports[0].report;
    assert_eq!((organization.as_ref().unwrap().len(), policies[0].policy_string.as_ref().unwrap().len()), (1024, 1000));
}

/// Bytes that look like something for a while.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"From a\n".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=b\n".to_vec()),
        Just(b"Content-Type: application/tlsrpt+gzip; name*0=a!b.example!1!2;\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\n\n".to_vec()),
        Just(b"Content-Transfer-Encoding: quoted-printable\n\n".to_vec()),
        Just(b"\n--b\n".to_vec()),
        Just(b"\n--b--\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"\x1f\x8b\x08\0".to_vec()),
        Just(b"PK\x03\x04".to_vec()),
        Just(REPORT.as_bytes().to_vec()),
        Just(gz(REPORT.as_bytes())),
        Just(br#"{"report-id":"#.to_vec()),
        Just(br#","policies":["#.to_vec()),
        proptest::collection::vec(any::<u8>(), 0..40),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn json_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("-5".to_owned()),
        Just("1e400".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("\"2025-03-10\"".to_owned()),
        Just("\"[\\\"a\\\",7]\"".to_owned()),
        any::<String>().prop_map(|text| Value::from(text).to_string()),
    ];
    let keys = proptest::sample::select(vec![
        "policies",
        "policy",
        "summary",
        "failure-details",
        "date-range",
        "start-datetime",
        "end-datetime",
        "policy-domain",
        "mx-host",
        "report-id",
        "policy-string",
        "failed-session-count",
        "total-failure-session-count",
        "sending-mta-ip",
        "result-type",
    ]);
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let object = proptest::collection::vec((keys.clone(), inner.clone()), 0..6);
        let object = object.prop_map(|entries| {
            let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            format!("{{{}}}", entries.join(","))
        });
        prop_oneof![object, proptest::collection::vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(",")))]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in hostile()) {
        let (_, tally) = read_bytes("a.eml", &bytes);
        prop_assert!(tally.adds_up() && tally.files == 1 && tally.verdicts() > 0, "{:?}", tally);
    }

    #[test]
    fn any_json_is_a_report_or_refused(policies in json_value(), range in json_value()) {
        let text = format!("{{\"report-id\":\"1\",\"date-range\":{range},\"policies\":[{policies},{{\"policy\":{policies}}}]}}");
        let (kept, tally) = read_bytes("a.json", text.as_bytes());
        prop_assert_eq!(tally.reports + tally.refused, 1);
        // What was read once is a duplicate the second time, however odd it is.
        let (_, twice) = read_bytes("a.json", format!("{text}\n{text}").as_bytes());
        prop_assert_eq!((twice.reports, twice.duplicates), (kept.reports.len() as u64, kept.reports.len() as u64));
    }
}
