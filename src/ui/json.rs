//! Progress for programs: one JSON object a second on standard error or in a file.

use std::io::Write;
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

/// Writes a sentence to standard error, as an object of its own.
pub(super) fn note(sentence: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", serde_json::json!({ "note": sentence }));
}

/// Replaces the file as a whole, so that a reader never sees half an object.
pub(super) fn file(path: &Path, snapshot: &Snapshot, rates: &Rates, last: bool) {
    let temporary = path.with_added_extension("tmp");
    let written = std::fs::write(&temporary, render(snapshot, rates, last) + "\n");
    if written.and_then(|()| std::fs::rename(&temporary, path)).is_err() {
        // A status file on a full or vanished disk is no reason to end the scan; the next second tries again.
    }
}
