//! The progress of a scan, shown from a thread of its own.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::rates::Rates;
use super::{bar, json};
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
        /// Nothing.
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
        json::file(path, &status.snapshot(), &Rates::default(), false)
    }

    /// Begins to show `status` as `kind` says, and to write it to `status_file` once a second.
    pub fn start(kind: ProgressKind, status_file: Option<PathBuf>, status: Arc<Status>) -> Self {
        let kind = match kind {
            ProgressKind::Auto if io::stderr().is_terminal() => ProgressKind::Bar,
            ProgressKind::Auto => ProgressKind::None,
            kind => kind,
        };
        let done = Arc::new(AtomicBool::new(false));
        let thread = (kind != ProgressKind::None || status_file.is_some()).then(|| {
            let done = Arc::clone(&done);
            std::thread::spawn(move || show(kind, status_file.as_deref(), &status, &done))
        });
        Self { done, thread }
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
    let bar = (kind == ProgressKind::Bar).then(bar::Bar::new);
    let mut rates = Rates::default();
    let mut next = Instant::now() + Duration::from_secs(1);
    loop {
        let last = done.load(Relaxed);
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
                // A status file on a disk that is full or gone by now is no reason to end the scan; the next second tries again.
                let _ = json::file(path, &snapshot, &rates, last);
            }
        }
        if last {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
}
