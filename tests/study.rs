//! The study again: its population scanned over DNS and TLS, judged as written by hand, and counted as it was published.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use serde_json::Value;
use stscan::classify::codes;
use stscan::lab::{Asked, Expected, Truth, Whose};
use stscan::study;

/// The whole world takes a minute and a half of two cores without optimisation; a sample of it shows the same way, not the same sums.
const SAMPLE: Option<u64> = if cfg!(debug_assertions) { Some(2000) } else { None };

#[test]
fn a_scan_counts_what_the_study_counted() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("study");
    let world = SAMPLE.map_or("imc2025".to_owned(), |names| format!("imc2025:{names}"));
    let lab = format!("--lab={world}");
    let said =
        harness::stdout(&harness::expect(0, &["scan", &lab, "--smtp", "adopters", "--connect-timeout", "5", "-o", out.to_str().unwrap()]));
    let internet = study::world().with_names(SAMPLE);
    assert!(said.contains(", 0 missed, 0 wrongly found; "), "{said}");
    assert!(said.contains(&format!(" 0 differ; {} domains", grouped(internet.len()))), "{said}");

    let compared = harness::stdout(&harness::expect(0, &["stats", out.to_str().unwrap(), "--compare", "imc2025", "--format", "json"]));
    let tables: Value = serde_json::from_str(&compared).unwrap();
    let rows: Vec<&Value> = tables["tables"].as_array().unwrap().iter().flat_map(|table| table["rows"].as_array().unwrap()).collect();
    let (fixed, open): (Vec<&Value>, Vec<&Value>) = rows.iter().partition(|row| row["group"] == "fixed");
    assert!(fixed.len() >= 95 && open.len() >= 8, "{} {}", fixed.len(), open.len());
    for row in &fixed {
        assert!(row["cells"]["counted"].is_object(), "the scan has no such figure: {row}");
        assert!(SAMPLE.is_some() || row["cells"]["difference"]["value"] == 0.0, "{row}");
    }
    let asked = Asked { smtp: Whose::Adopters, dane: Whose::Nobodys };
    let truths: Vec<Truth> = internet.names().map(|name| internet.truth_when(&name, asked).unwrap()).collect();
    let count = |so: &dyn Fn(&Truth) -> bool| truths.iter().filter(|truth| so(truth)).count() as u64;
    let failed = |truth: &Truth| !matches!(truth.policy_stage, Expected::Null | Expected::Is("ok"));
    for (key, expected) in [
        ("sts", count(&|truth| truth.sts_state != Expected::Is("absent"))),
        ("record", count(&|truth| matches!(truth.sts_state, Expected::Is("invalid" | "multiple")))),
        ("record-bad-id", count(&|truth| truth.codes.contains(&codes::STS_RECORD_ID_INVALID))),
        ("retrieval", count(&failed)),
        ("http", count(&|truth| truth.policy_stage == Expected::Is("http"))),
        ("complete", count(&|truth| truth.mismatch == Expected::Is("different-domain"))),
        ("policy-host", count(&|truth| truth.mismatch == Expected::Is("policy-host"))),
        ("mx-certificate", count(&|truth| truth.mx_tls == Expected::Is("none"))),
    ] {
        let row = rows.iter().find(|row| row["key"] == key).unwrap();
        assert_eq!(row["cells"]["counted"]["n"], expected, "{row}");
        assert!(expected > 0, "{key}: a sample that shows nothing");
    }
}

fn grouped(number: u64) -> String {
    format!("{},{:03}", number / 1000, number % 1000)
}

#[test]
fn an_unknown_study_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let output = harness::expect(2, &["stats", dir.path().to_str().unwrap(), "--compare", "imc1999"]);
    let said = harness::stderr(&output);
    assert!(said.contains("imc1999") && said.contains("imc2025"), "{said}");
}
