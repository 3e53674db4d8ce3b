//! The progress of a scan, and what the user should know of it, shown from a thread of its own: a bar on standard error, or one JSON object
//! a second there or in a file.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::dataset::Timestamp;
use crate::scan::{Snapshot, Status};
use crate::vocabulary::vocabulary;
use crate::whole_file;

vocabulary! {
    /// How progress is shown on standard error.
    pub enum ProgressKind {
        /// A bar on a terminal, nothing elsewhere.
        Auto = "auto",
        /// A bar.
        Bar = "bar",
        /// One JSON object a second.
        Json = "json",
        /// Nothing but what the user should know.
        None = "none",
    }
}

/// Shows the progress of a scan from a thread of its own until it is dropped; the last state is always shown.
pub struct Progress {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Writes `status` to a status file for the first time, so that one that cannot be written is found out before the scan.
    ///
    /// # Errors
    /// What the system says.
    pub fn try_file(path: &Path, status: &Status) -> io::Result<()> {
        replace_file(path, &status.snapshot(), &Rates::default(), false)
    }

    /// Begins to show `status` as `kind` says, and to write it to `status_file` once a second.
    pub fn start(kind: ProgressKind, status_file: Option<PathBuf>, status: Arc<Status>) -> Self {
        let kind = match kind {
            ProgressKind::Auto if io::stderr().is_terminal() => ProgressKind::Bar,
            ProgressKind::Auto => ProgressKind::None,
            kind => kind,
        };
        let done = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&done);
        let thread = std::thread::spawn(move || show(kind, status_file.as_deref(), &status, &until));
        Self { done, thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A listener that panicked must not take the scan's result with it.
            let _ = thread.join();
        }
    }
}

/// Ten looks a second for the bar; files and JSON lines once a second and at the end.
fn show(kind: ProgressKind, status_file: Option<&Path>, status: &Status, done: &AtomicBool) {
    let bar = (kind == ProgressKind::Bar).then(Bar::new);
    let mut rates = Rates::default();
    let mut next = Instant::now() + Duration::from_secs(1);
    loop {
        let last = done.load(Relaxed);
        for sentence in status.take_notes() {
            note(kind, bar.as_ref(), &sentence);
        }
        let snapshot = status.snapshot();
        rates.update(&snapshot);
        if let Some(bar) = &bar {
            bar.show(&snapshot, &rates, last);
        }
        if last || Instant::now() >= next {
            next += Duration::from_secs(1);
            if kind == ProgressKind::Json {
                print_line(&snapshot, &rates, last);
            }
            if let Some(path) = status_file {
                // A status file on a disk that is full or gone by now is no reason to end the scan; the next second tries again.
                let _ = replace_file(path, &snapshot, &rates, last);
            }
        }
        if last {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// Shows a sentence in the way of the progress around it.
fn note(kind: ProgressKind, bar: Option<&Bar>, sentence: &str) {
    // A reader that went away does not stop the scan.
    let plain = || drop(writeln!(anstream::stderr(), "stscan: {}", super::text::safe(sentence)));
    match bar {
        Some(bar) => bar.0.suspend(plain),
        None if kind == ProgressKind::Json => drop(writeln!(io::stderr().lock(), "{}", serde_json::json!({ "note": sentence }))),
        None => plain(),
    }
}

/// Speed over the last seconds.
#[derive(Debug, Default)]
struct Rates {
    past: std::collections::VecDeque<(f64, u64, u64)>,
    domains_per_s: f64,
    queries_per_s: f64,
}

impl Rates {
    /// Seconds over which the speed is taken.
    const WINDOW_S: f64 = 5.0;

    fn update(&mut self, now: &Snapshot) {
        self.past.push_back((now.elapsed_s, now.judged, now.queries));
        while self.past.len() > 2 && self.past.front().is_some_and(|past| now.elapsed_s - past.0 > Self::WINDOW_S) {
            self.past.pop_front();
        }
        if let Some((then, judged, queries)) = self.past.front() {
            let seconds = (now.elapsed_s - then).max(1e-3);
            self.domains_per_s = (now.judged - judged) as f64 / seconds;
            self.queries_per_s = (now.queries - queries) as f64 / seconds;
        }
    }

    /// Seconds to the end at the present speed.
    fn eta_s(&self, now: &Snapshot) -> Option<f64> {
        let left = now.expected?.saturating_sub(now.done);
        (self.domains_per_s > 0.0).then(|| left as f64 / self.domains_per_s)
    }
}

/// A bar of files on a terminal, nothing elsewhere; it goes when it is dropped.
pub struct FileProgress(Option<ProgressBar>);

impl FileProgress {
    /// Begins to show how many of so many files are read.
    pub fn start(files: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(files), ProgressDrawTarget::stderr());
            bar.set_style(style("{bar:24} {percent:>3}%  {human_pos}/{human_len} files  {msg}"));
            bar
        });
        Self(bar)
    }

    /// Shows how far it is.
    pub fn show(&self, files: u64, reports: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(files);
            bar.set_message(super::tables::counted(reports, "report"));
        }
    }
}

impl Drop for FileProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// One line that says how far the scan is and what it has found.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style("{spinner} {human_pos} domains  {msg}"));
        Self(bar)
    }

    fn show(&self, now: &Snapshot, rates: &Rates, last: bool) {
        if let Some(expected) = now.expected.filter(|_| self.0.length() != now.expected) {
            self.0.set_length(expected);
            self.0.set_style(style("{bar:24} {percent:>3}%  {human_pos}/{human_len}  {msg}"));
        }
        self.0.set_position(now.done);
        if let Some(preparing) = &now.preparing {
            self.0.set_message(super::text::safe(preparing));
            return self.0.tick();
        }
        let eta = match rates.eta_s(now) {
            _ if now.paused => format!("PAUSED: no resolver or name server answers, {} so far", duration(now.paused_s)),
            _ if now.stopping => "stopping, finishing what is in flight".to_owned(),
            Some(seconds) => format!("ETA {}", duration(seconds)),
            None => "ETA -".to_owned(),
        };
        let asked = if now.conversations > 0 { format!("  mail servers {}", now.conversations) } else { String::new() };
        self.0.set_message(format!(
            "{:.0}/s  {:.0} q/s  {eta}  in flight {}  found {} ({} enforce, {} broken)  unknown {}{asked}",
            rates.domains_per_s, rates.queries_per_s, now.in_flight, now.records, now.enforce, now.broken, now.unknown
        ));
        if last { self.0.abandon() } else { self.0.tick() }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// Seconds as a person says them: `42s`, `3m05s`, `2h07m`, `3d04h`.
fn duration(seconds: f64) -> String {
    let seconds = seconds.min(1e9) as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[derive(Serialize)]
struct ProgressObject<'a> {
    /// When this was written (RFC 3339, UTC).
    written_at: Timestamp,
    #[serde(flatten)]
    snapshot: &'a Snapshot,
    domains_per_s: f64,
    queries_per_s: f64,
    eta_s: Option<f64>,
    finished: bool,
}

fn render(snapshot: &Snapshot, rates: &Rates, last: bool) -> String {
    let line = ProgressObject {
        written_at: Timestamp::now(),
        snapshot,
        domains_per_s: rates.domains_per_s,
        queries_per_s: rates.queries_per_s,
        eta_s: rates.eta_s(snapshot),
        finished: last,
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// Writes one line to standard error; a listener that went away does not stop the scan.
fn print_line(snapshot: &Snapshot, rates: &Rates, last: bool) {
    let _ = writeln!(std::io::stderr().lock(), "{}", render(snapshot, rates, last));
}

/// Replaces the file as a whole, so that a reader never sees half an object; a device or a pipe gets it as it is.
fn replace_file(path: &Path, snapshot: &Snapshot, rates: &Rates, last: bool) -> io::Result<()> {
    if whole_file::is_special(path) {
        return std::fs::write(path, render(snapshot, rates, last) + "\n");
    }
    let temporary = path.with_added_extension("tmp");
    let written = std::fs::write(&temporary, render(snapshot, rates, last) + "\n").and_then(|()| std::fs::rename(&temporary, path));
    written.inspect_err(|_| _ = std::fs::remove_file(&temporary))
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_read_well() {
        assert_eq!([42.0, 185.0, 7620.0, 273_600.0].map(duration), ["42s", "3m05s", "2h07m", "3d04h"]);
    }
}
