//! T23-run: each scan as a whole, from its manifest.

use crate::analyse::stats::definition::{Definition, share};
use crate::analyse::{Cell, Row, Scan};

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
