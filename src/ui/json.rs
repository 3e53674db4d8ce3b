//! Progress for programs: one JSON object a second on standard error or in a file.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::rates::Rates;
use crate::scan::Snapshot;

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    snapshot: &'a Snapshot,
    domains_per_s: f64,
    queries_per_s: f64,
    eta_s: Option<f64>,
    finished: bool,
}

fn render(snapshot: &Snapshot, rates: &Rates, last: bool) -> String {
    let line = Line {
        snapshot,
        domains_per_s: rates.domains_per_s,
        queries_per_s: rates.queries_per_s,
        eta_s: rates.eta_s(snapshot),
        finished: last,
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// Writes one line to standard error; a listener that went away does not stop the scan.
pub(super) fn line(snapshot: &Snapshot, rates: &Rates, last: bool) {
    let _ = writeln!(std::io::stderr().lock(), "{}", render(snapshot, rates, last));
}

/// Replaces the file as a whole, so that a reader never sees half an object.
pub(super) fn file(path: &Path, snapshot: &Snapshot, rates: &Rates, last: bool) -> io::Result<()> {
    let temporary = path.with_added_extension("tmp");
    let written = std::fs::write(&temporary, render(snapshot, rates, last) + "\n").and_then(|()| std::fs::rename(&temporary, path));
    written.inspect_err(|_| _ = std::fs::remove_file(&temporary))
}
