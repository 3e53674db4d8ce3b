//! What a judgement costs: a domain without MTA-STS, one where all is right, and broken ones, from the golden files.
//!
//! `cargo bench --bench classify`; criterion prints the time of one domain.

use std::hint::black_box;
use std::path::Path;

use criterion::Criterion;
use stscan::classify::classify;
use stscan::evidence::Evidence;

fn evidence(case: &str) -> Evidence {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{case}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, case) in [
        ("absent", "nothing"),
        ("healthy", "enforce"),
        ("broken policy", "record-as-body"),
        ("uncovered MX", "stale-provider"),
        ("web page in place of a policy", "html-body"),
    ] {
        let evidence = evidence(case);
        criterion.bench_function(&format!("classify: {name}"), |bencher| bencher.iter(|| classify(black_box(&evidence))));
    }
    criterion.final_summary();
}
