//! A dataset of TLS reports from its first row to its last.

use std::fs;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::*;
use crate::dataset::error::DatasetError;
use crate::dataset::whole::Damage;
use crate::reports::{Intake, Tally, Walk};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tlsreports")
}

fn write(dir: &Path, inputs: &[&str]) -> (ReportsManifest, Tally) {
    let paths: Vec<PathBuf> = inputs.iter().map(|input| vectors().join(input)).collect();
    let writer = ReportsWriter::begin(dir, inputs.iter().map(|input| (*input).to_owned()).collect()).unwrap();
    let mut intake = Intake::new(writer, OffsetDateTime::now_utc());
    for entry in Walk::of(&paths, None).unwrap().entries {
        intake.read(&entry).unwrap();
    }
    let (writer, tally) = intake.finish();
    (writer.finish(&tally).unwrap(), tally)
}

fn rows(dir: &Path) -> Vec<ReportRow> {
    let mut rows = Vec::new();
    ReportsReader::open(dir).unwrap().for_each(|row| rows.push(row)).unwrap();
    rows
}

fn refusal<T: std::fmt::Debug>(result: Result<T, DatasetError>) -> String {
    let error = result.unwrap_err();
    assert!(error.is_refusal(), "{error}");
    error.to_string()
}

#[test]
fn rows_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let inputs =
        ["gz-large.json.gz", "json-lemur.json", "eml-rfc.eml", "json-empty-policies.json", "hostile-text.json", "broken-empty.json"];
    let (manifest, tally) = write(folder.path(), &inputs);
    let rows = rows(folder.path());
    assert_eq!((manifest.rows, rows.len() as u64), (1206, 1206));
    assert_eq!((tally.reports, tally.files, tally.files_refused), (5, 6, 1));
    assert_eq!(rows.iter().map(|row| row.successful.unwrap_or(0)).sum::<u64>(), 720_600 + 5 + 31 + 8);
    let large = &rows[0];
    assert_eq!((large.policies, large.policy_index, large.policy_mode.as_deref()), (1200, Some(0), Some("enforce")));
    let lemur = &rows[1200];
    let failures: Vec<_> = lemur.failures.iter().map(|failure| (failure.code.as_deref(), failure.events)).collect();
    assert_eq!(failures, [(None, Some(1)), (Some("sts-mx-uncovered"), Some(2))]);
    assert_eq!(lemur.reporter.as_deref(), Some("lemur.example"));
    let mail = &rows[1203];
    assert_eq!((mail.dkim_domain.as_deref(), mail.from_domain.as_deref()), (Some("bigmail.example"), Some("bigmail.example")));
    assert!(mail.part.as_deref().unwrap().starts_with("1.tlsrpt@bigmail.example > bigmail.example!"), "{:?}", mail.part);
    assert_eq!(mail.day, Some(20_157), "2025-03-10");
    let without = &rows[1204];
    assert_eq!((without.policies, without.policy_index, without.successful), (0, None, None), "no report vanishes");
    let hostile = &rows[1205];
    assert_eq!(hostile.report_id.as_deref(), Some("\u{fffd}'; DROP TABLE reports;--"), "NUL, which some readers take for an end");
    assert_eq!(hostile.reporter, None);
}

#[test]
fn a_run_is_whole_and_told_when_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    write(dir, &["json-bigmail.json", "other.json"]);
    assert!(is_reports(dir).unwrap());
    assert_eq!(verify(dir).unwrap().1, []);
    let rejected = fs::read_to_string(dir.join("rejected.csv")).unwrap();
    assert!(rejected.starts_with("source,part,reason\n") && rejected.ends_with("other.json,,not-tlsrpt\n"), "{rejected}");
    fs::write(dir.join("reports/mine.parquet"), "x").unwrap();
    let part = dir.join("reports/part-00000.parquet");
    let bytes = fs::read(&part).unwrap();
    fs::write(&part, &bytes[..bytes.len() - 1]).unwrap();
    let damages: Vec<Damage> = verify(dir).unwrap().1.iter().map(|problem| problem.damage).collect();
    assert_eq!(damages, [Damage::Cut, Damage::Foreign]);
    assert!(ReportsReader::open(dir).unwrap().for_each(|_| {}).unwrap_err().to_string().contains("part-00000.parquet"));
}

#[test]
fn a_folder_of_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    assert!(refusal(ReportsWriter::begin(folder.path(), Vec::new())).contains("notes.txt"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(refusal(ReportsWriter::begin(&folder.path().join("notes.txt"), Vec::new())).contains("a file, not a folder"));
    let scan = tempfile::tempdir().unwrap();
    fs::write(scan.path().join("manifest.json"), "{\"schema_version\": 2}").unwrap();
    assert!(refusal(ReportsWriter::begin(scan.path(), Vec::new())).contains("a dataset of a scan"));
    let done = tempfile::tempdir().unwrap();
    write(done.path(), &["json-bigmail.json"]);
    assert!(refusal(ReportsWriter::begin(done.path(), Vec::new())).contains("choose another folder"));
    assert!(refusal(crate::dataset::Reader::open(done.path())).contains("TLS reports"));
}

#[test]
fn what_was_interrupted_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    drop(ReportsWriter::begin(dir, Vec::new()).unwrap());
    assert!(refusal(ReportsReader::open(dir)).contains("unfinished"));
    fs::write(dir.join("reports/part-00000.parquet.tmp"), "PAR1").unwrap();
    let (manifest, _) = write(dir, &["json-bigmail.json"]);
    assert_eq!((manifest.parts.len(), rows(dir).len()), (1, 1));
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert_eq!(names, [".lock", "manifest.json", "rejected.csv", "reports"]);
}
