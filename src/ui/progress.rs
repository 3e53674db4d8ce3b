//! The progress of a scan, and what the user should know of it, shown from a thread of its own.

use std::io::{self, IsTerminal, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::rates::Rates;
use super::{bar, json, text};
use crate::scan::Status;
use crate::vocabulary::vocabulary;

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
fn show(kind: ProgressKind, status_file: Option<&std::path::Path>, status: &Status, done: &AtomicBool) {
    let bar = (kind == ProgressKind::Bar).then(bar::Bar::new);
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
                json::line(&snapshot, &rates, last);
            }
            if let Some(path) = status_file {
                json::file(path, &snapshot, &rates, last);
            }
        }
        if last {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// Shows a sentence in the way of the progress around it.
fn note(kind: ProgressKind, bar: Option<&bar::Bar>, sentence: &str) {
    // A reader that went away does not stop the scan.
    let plain = || drop(writeln!(anstream::stderr(), "stscan: {}", text::safe(sentence)));
    match bar {
        Some(bar) => bar.aside(plain),
        None if kind == ProgressKind::Json => json::note(sentence),
        None => plain(),
    }
}
