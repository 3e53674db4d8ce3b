//! T23-run and the findings: each scan as a whole, from its manifest.

use std::collections::BTreeMap;

use crate::analyse::scans::Scan;
use crate::analyse::stats::definition::{Definition, share};
use crate::analyse::table::{Cell, Row};

pub(in crate::analyse::stats) const RUN: Definition = Definition {
    title: "The scans: time, questions and rates, by their manifests",
    columns: &[
        ("domains", "domains", ""),
        ("seconds", "seconds", ""),
        ("domains-per-second", "domains/s", ""),
        ("queries", "DNS queries", ""),
        ("queries-per-second", "queries/s", ""),
        ("retries", "repeated", "DNS queries"),
        ("fetches", "fetches", ""),
        ("retried", "domains tried again", "domains scanned"),
    ],
    ..Definition::EMPTY
};

/// A row for each scan.
pub(in crate::analyse::stats) fn rows(scans: &[Scan]) -> Vec<Row> {
    let row = |scan: &Scan| {
        let manifest = scan.manifest();
        let (activity, rates, rows) = (manifest.activity, manifest.rates, manifest.counts.rows);
        let cells = vec![
            Cell::Count(rows),
            Cell::Number(activity.seconds),
            Cell::Number(rates.domains),
            Cell::Count(activity.dns_queries),
            Cell::Number(rates.dns_queries),
            share(activity.dns_retries, activity.dns_queries),
            Cell::Count(activity.fetches),
            share(activity.retried_targets, rows),
        ];
        Row::new(scan.label.as_str(), scan.label.as_str(), cells)
    };
    scans.iter().map(row).collect()
}

pub(in crate::analyse::stats) const FINDINGS: Definition = Definition {
    title: "Domains by finding",
    columns: &[("domains", "domains", "domains scanned")],
    notes: &["a domain may have several findings; domains without any record have findings, too, as text that is no record"],
    ..Definition::EMPTY
};

/// A row for each finding that some domain has, the most frequent first.
pub(in crate::analyse::stats) fn findings(scans: &[Scan]) -> Vec<Row> {
    let mut domains = BTreeMap::<&str, u64>::new();
    for (code, rows) in scans.iter().flat_map(|scan| &scan.counts().findings) {
        *domains.entry(code).or_default() += rows;
    }
    let whole: u64 = scans.iter().map(Scan::rows).sum();
    let mut sorted: Vec<(&str, u64)> = domains.into_iter().collect();
    sorted.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    sorted.into_iter().map(|(code, rows)| Row::new(code, code, vec![share(rows, whole)])).collect()
}
