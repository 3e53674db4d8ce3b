//! `stscan reclassify` where the rules really changed: flat columns as an older catalogue would have written them, over the same evidence.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, ListArray, RecordBatch, StringArray, StructArray};

use harness::{expect, stdout};
use serde_json::{Value, json};
use stscan::classify::codes::{self, Code};
use stscan::classify::{Assessment, CATALOGUE_VERSION, Delivery, Finding, Mismatch, PolicyStage, Posture, RecordState, Severity, classify};
use stscan::dataset::{
    Activity, Dataset, EvidenceColumns, List, MAX_BATCH_ROWS, Manifest, Options, Reader, Record, RunDescription, TargetColumns, Tool,
    record_batch,
};
use stscan::input::Accounting;
use stscan::name::suffix;

/// A code of an older catalogue that this one does not know.
const FORMER: &str = "sts-former-code";
/// What stands for it in a judgement, which has no words of its own: a code that no domain gets.
const STANDS_FOR_FORMER: Code = codes::STS_POLICY_SHARED;

/// The same rows with the former code in place of what stands for it.
fn with_former_code(batch: &RecordBatch) -> RecordBatch {
    let at = batch.schema().index_of("findings").unwrap();
    let (field, offsets, elements, nulls) = batch.column(at).as_list::<i32>().clone().into_parts();
    let (fields, mut columns, absent) = elements.as_struct().clone().into_parts();
    let codes = columns[0].as_string::<i32>();
    let written = codes.iter().map(|code| if code == Some(STANDS_FOR_FORMER.as_str()) { Some(FORMER) } else { code });
    columns[0] = Arc::new(written.collect::<StringArray>());
    let elements = Arc::new(StructArray::new(fields, columns, absent));
    let mut table = batch.columns().to_vec();
    table[at] = Arc::new(ListArray::new(field, offsets, elements, nulls));
    RecordBatch::try_new(batch.schema(), table).unwrap()
}

/// The rows of a dataset as today's rules judge them.
fn judged(dir: &Path) -> Vec<Record> {
    let reader = Reader::open(dir).unwrap();
    let mut records = Vec::new();
    for batch in reader.batches(None) {
        let batch = batch.unwrap();
        let (targets, evidence) = (TargetColumns::of(&batch).unwrap(), EvidenceColumns::of(&batch).unwrap());
        records.extend((0..batch.num_rows()).map(|row| {
            let evidence = evidence.row(row).unwrap();
            Record { target: targets.row(row).unwrap(), assessment: classify(&evidence), evidence }
        }));
    }
    records
}

/// As an older catalogue might have it: a code did not exist, one was given up since, one had another severity and other words, what
/// fails at its syntax counted as mode none, mismatches had no class, and what was delivered followed from all that.
fn by_older_rules(assessment: &Assessment) -> Assessment {
    let mut old = assessment.clone();
    old.findings.retain(|finding| finding.code != codes::STS_HOST_NO_IPV6);
    for finding in old.findings.iter_mut().filter(|finding| finding.code == codes::STS_POLICY_EMPTY) {
        finding.severity = Severity::Low;
        finding.detail = "no octet".to_owned();
    }
    if old.sts_state == RecordState::Valid {
        let subject = String::new();
        old.findings.push(Finding { code: STANDS_FOR_FORMER, severity: Severity::Info, subject, detail: "\"x\"".to_owned(), count: 1 });
    }
    if old.policy_stage == Some(PolicyStage::Syntax) && old.posture == Posture::Broken {
        (old.posture, old.delivery) = (Posture::None, Delivery::Reported);
    }
    old.mismatch = old.mismatch.map(|_| Mismatch::DifferentDomain);
    old.mx_provider = None;
    old
}

/// Writes the rows as they were judged by a program and a catalogue.
fn write(dir: &Path, records: &[Record], tool: Tool, catalogue_version: &str, public_suffix_list: &str) {
    let run = RunDescription {
        run_id: "7".to_owned(),
        tool,
        catalogue_version: catalogue_version.to_owned(),
        configuration: Options::new(),
        pace: Options::new(),
        shard_rows: 150,
        list: List { name: "zoo".to_owned(), ..List::default() },
        public_suffix_list: public_suffix_list.to_owned(),
        root_store: String::new(),
        resolvers: Vec::new(),
        resolver_validates: None,
        asn_db: Vec::new(),
        user_agent: String::new(),
    };
    let mut dataset = Dataset::create_or_resume(dir, &run).unwrap();
    for (shard, records) in (0..).zip(records.chunks(150)) {
        let batches: Vec<_> = records.chunks(MAX_BATCH_ROWS).map(|records| with_former_code(&record_batch(records).unwrap())).collect();
        dataset.commit_part(shard, &batches, &Activity::default()).unwrap();
    }
    let rows = records.len() as u64;
    dataset.finish(Accounting { lines: rows, rows, ..Accounting::default() }, run.list, &Activity::default()).unwrap();
}

fn manifest(dir: &Path) -> Manifest {
    Reader::open(dir).unwrap().manifest().clone()
}

/// The number of rows by a key.
fn count<K: Ord>(keys: impl Iterator<Item = Option<K>>) -> BTreeMap<K, u64> {
    keys.flatten().fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}

#[test]
fn what_an_older_catalogue_wrote_is_judged_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    expect(0, &["scan", "--lab=zoo", "-o", path("zoo").to_str().unwrap()]);
    let new = judged(&path("zoo"));
    let old: Vec<Record> = new.iter().map(|record| Record { assessment: by_older_rules(&record.assessment), ..record.clone() }).collect();
    let older_tool = Tool { version: "0.0.9".to_owned(), git_revision: Some("0f0f0f".to_owned()), rules: Some("0".to_owned()) };
    write(&path("new"), &new, Tool::of_this_build(), CATALOGUE_VERSION, suffix::LIST_VERSION);
    write(&path("old"), &old, older_tool.clone(), "0.9", "psl of then");

    let text = |name: &str| path(name).to_str().unwrap().to_owned();
    let said = stdout(&expect(0, &["reclassify", &text("old"), "-o", &text("again"), "--json"]));
    let summary: Value = serde_json::from_str(&said).unwrap();
    // To the byte what today's program would have written in the first place.
    let (expected, made) = (manifest(&path("new")), manifest(&path("again")));
    assert!(expected.parts != manifest(&path("old")).parts && expected.parts.len() > 2);
    assert!(expected.parts == made.parts, "shards, ordinals, lengths, hashes, counts");
    let origin = made.made_from.unwrap();
    assert_eq!((origin.tool, origin.catalogue_version.as_str(), origin.public_suffix_list.as_str()), (older_tool, "0.9", "psl of then"));
    assert_eq!((made.run.tool, made.run.catalogue_version.as_str()), (Tool::of_this_build(), CATALOGUE_VERSION));

    let pairs: Vec<(&Assessment, &Assessment)> = old.iter().zip(&new).map(|(old, new)| (&old.assessment, &new.assessment)).collect();
    let codes_of = |assessment: &Assessment| -> Vec<Code> { assessment.findings.iter().map(|finding| finding.code).collect() };
    let rows = |so: &dyn Fn(&Assessment, &Assessment) -> bool| pairs.iter().filter(|(old, new)| so(old, new)).count() as u64;
    assert_eq!(summary["rows"], new.len());
    assert_eq!(
        summary["changed"],
        rows(&|old, new| codes_of(old) != codes_of(new) || (old.posture, old.delivery) != (new.posture, new.delivery)),
        "severity, words and other columns are no change that is counted"
    );
    let code = |name: &str| summary["codes"].as_array().unwrap().iter().find(|code| code["code"] == name).unwrap().clone();
    let has = |code: Code| rows(&|_, new| codes_of(new).contains(&code));
    let (appeared, gone, same) =
        (has(codes::STS_HOST_NO_IPV6), rows(&|old, _| codes_of(old).contains(&STANDS_FOR_FORMER)), has(codes::STS_POLICY_EMPTY));
    assert!(appeared > 100 && gone > 100 && same > 1);
    for (name, [before, after, more, fewer]) in [
        (codes::STS_HOST_NO_IPV6.as_str(), [0, appeared, appeared, 0]),
        (FORMER, [gone, 0, 0, gone]),
        (codes::STS_POLICY_EMPTY.as_str(), [same, same, 0, 0]),
    ] {
        assert_eq!(code(name), json!({ "code": name, "before": before, "after": after, "appeared": more, "gone": fewer }));
    }
    let others = summary["codes"].as_array().unwrap().iter().filter(|code| code["appeared"] != 0 || code["gone"] != 0).count();
    assert_eq!(others, 2);
    for (column, moved) in [
        (
            "posture",
            count(pairs.iter().map(|(old, new)| (old.posture != new.posture).then(|| (old.posture.as_str(), new.posture.as_str())))),
        ),
        (
            "delivery",
            count(pairs.iter().map(|(old, new)| (old.delivery != new.delivery).then(|| (old.delivery.as_str(), new.delivery.as_str())))),
        ),
    ] {
        let expected: Vec<Value> =
            moved.iter().map(|((before, after), rows)| json!({ "before": before, "after": after, "rows": rows })).collect();
        assert!(!expected.is_empty());
        assert_eq!(summary[column], json!(expected), "{column}");
    }

    let said = stdout(&expect(0, &["reclassify", &text("old"), "-o", &text("told")]));
    assert!(said.contains(&format!("catalogue 0.9 before, {CATALOGUE_VERSION} now")), "{said}");
    let line =
        |code: &str| said.lines().find(|line| line.starts_with(code)).unwrap().split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    assert_eq!(line(FORMER), format!("{gone} 0 0 {gone}"));
    assert_eq!(line(codes::STS_HOST_NO_IPV6.as_str()), format!("0 {appeared} {appeared} 0"));
    assert!(!said.contains(codes::STS_POLICY_EMPTY.as_str()), "{said}");
}
