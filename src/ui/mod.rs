//! What a person or a program sees: the progress of a scan as a bar or JSON lines, tables of figures, safe text.

mod accounting;
mod bar;
pub mod changes;
pub mod facts;
mod json;
pub mod report;
pub mod tables;
pub mod text;

pub use self::accounting::accounting_line;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::scan::{Snapshot, Status};
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
fn show(kind: ProgressKind, status_file: Option<&std::path::Path>, status: &Status, done: &AtomicBool) {
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
                json::file(path, &snapshot, &rates, last);
            }
        }
        if last {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(100));
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
