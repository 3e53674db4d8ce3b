//! Where a running scan stands: counters that every stage adds to and every listener may read.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::classify::{Assessment, Posture, RecordState};
use crate::input::{Accounting, Preparation};
use crate::observe::dns::{DnsActivity, DnsCounters};
use crate::observe::smtp::Mailer;

/// Counters of a running scan. Shared by all threads; only ever added to.
#[derive(Debug)]
pub struct Status {
    started: Instant,
    /// Targets handed to the workers in this run.
    pub(super) dispatched: AtomicU64,
    /// Targets judged in this run.
    pub(super) judged: AtomicU64,
    /// Rows committed, those of earlier runs of the same scan included.
    pub(super) committed: AtomicU64,
    /// Rows that earlier runs of the same scan had committed.
    pub(super) resumed: AtomicU64,
    /// Targets of the whole list, known once it is read to its end; 0 until then.
    pub(super) total: AtomicU64,
    /// Targets of the whole list as far as that is known before its end; 0 if it cannot.
    pub(super) estimated: AtomicU64,
    /// Which scan it is, once that is known.
    identity: OnceLock<Identity>,
    /// What is done before the first target, in words.
    preparing: Mutex<Option<String>>,
    /// What the user should know and has not been shown yet, a sentence each.
    notes: Mutex<Vec<String>>,
    pub(super) records: AtomicU64,
    pub(super) enforce: AtomicU64,
    pub(super) broken: AtomicU64,
    pub(super) unknown: AtomicU64,
    pub(super) retried: AtomicU64,
    /// Targets that wait for another round.
    pub(super) waiting: AtomicU64,
    /// Targets that were given up without a result, because the scan was to stop.
    pub(super) abandoned: AtomicU64,
    /// The DNS traffic, once there is any.
    dns: OnceLock<Arc<DnsCounters>>,
    /// Whoever asks mail servers, if they are asked.
    mailer: OnceLock<Arc<Mailer>>,
    pub(super) fetches: AtomicU64,
    pub(super) conversations: AtomicU64,
    /// What became of the lines, once the scan has ended.
    accounting: OnceLock<Accounting>,
    stopping: AtomicBool,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            dispatched: AtomicU64::new(0),
            judged: AtomicU64::new(0),
            committed: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
            total: AtomicU64::new(0),
            estimated: AtomicU64::new(0),
            identity: OnceLock::new(),
            preparing: Mutex::new(None),
            notes: Mutex::default(),
            records: AtomicU64::new(0),
            enforce: AtomicU64::new(0),
            broken: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            dns: OnceLock::new(),
            mailer: OnceLock::new(),
            fetches: AtomicU64::new(0),
            conversations: AtomicU64::new(0),
            accounting: OnceLock::new(),
            stopping: AtomicBool::new(false),
        }
    }
}

impl Status {
    /// Asks the scan to take no further target, to finish those in flight, to commit and to end.
    pub fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }

    /// Whether the scan was asked to stop, or has to.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed) || self.is_blocked()
    }

    /// Whether the scan cannot go on because this network does not let us ask mail servers.
    fn is_blocked(&self) -> bool {
        self.mailer.get().is_some_and(|mailer| mailer.blocked().is_some())
    }

    /// Shows these counters from now on, and stops where mail servers cannot be asked.
    pub(super) fn watch(&self, dns: &Arc<DnsCounters>, mailer: Option<&Arc<Mailer>>) {
        // A status belongs to one scan and so to one set of counters.
        let _ = self.dns.set(Arc::clone(dns));
        if let Some(mailer) = mailer {
            let _ = self.mailer.set(Arc::clone(mailer));
        }
    }

    /// The list was read to its end, or as far as the scan got.
    pub(super) fn account(&self, accounting: Accounting) {
        // A status belongs to one scan, which ends once.
        let _ = self.accounting.set(accounting);
    }

    /// Conversations with mail servers that wait for their turn, for each of so many workers.
    pub(super) fn queued(&self, workers: usize) -> usize {
        let queued = self.mailer.get().map_or(0, |mailer| mailer.waiting());
        usize::try_from(queued).unwrap_or(usize::MAX) / workers.max(1)
    }

    /// Whether what is in flight cannot be finished: no resolver answers, or no mail server can be asked.
    pub fn is_paused(&self) -> bool {
        self.is_blocked() || self.dns.get().is_some_and(|dns| dns.totals().paused)
    }

    /// Says something that the user should know, a sentence.
    pub fn note(&self, sentence: impl Into<String>) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(sentence.into());
    }

    /// What has been said since this was asked last.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says which scan it is.
    pub(super) fn identify(&self, identity: Identity) {
        // A status belongs to one scan.
        let _ = self.identity.set(identity);
    }

    /// Which scan it is, once that is known: the list is opened by then, and the folder is this scan's.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.get()
    }

    /// Says what is being done before the first target.
    pub(super) fn prepare(&self, preparation: &Preparation<'_>) {
        let Preparation { source, step, done, total } = preparation;
        let of = total.map_or(String::new(), |total| format!(" of {}", megabytes(total)));
        let text = format!("{step} {source:?} {}{of}", megabytes(*done));
        *self.preparing.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    /// The list is ready.
    pub(super) fn prepared(&self) {
        *self.preparing.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Counts what a target was judged to be; that it was judged is counted for many at once, in [`Status::judged`].
    pub(super) fn count(&self, assessment: &Assessment) {
        if !matches!(assessment.sts_state, RecordState::Absent | RecordState::Unknown) {
            self.records.fetch_add(1, Relaxed);
        }
        match assessment.posture {
            Posture::Enforce => self.enforce.fetch_add(1, Relaxed),
            Posture::Broken => self.broken.fetch_add(1, Relaxed),
            Posture::Unknown => self.unknown.fetch_add(1, Relaxed),
            Posture::Absent | Posture::None | Posture::Testing => 0,
        };
    }

    /// The counters at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let judged = self.judged.load(Relaxed);
        let (resumed, dispatched) = (self.resumed.load(Relaxed), self.dispatched.load(Relaxed));
        let done = judged + resumed;
        let total = match self.total.load(Relaxed) {
            0 => None,
            total => Some(total),
        };
        let estimated = Some(self.estimated.load(Relaxed)).filter(|estimated| *estimated > 0);
        let dns = self.dns.get().map(|dns| dns.totals()).unwrap_or_default();
        let expected = total.or(estimated.map(|estimated| estimated.max(done)));
        let identity = self.identity();
        Snapshot {
            run_id: identity.map(|identity| identity.run_id.clone()),
            list: identity.map(|identity| identity.list.clone()),
            folder: identity.and_then(|identity| identity.folder.as_ref()).map(|folder| folder.display().to_string()),
            pid: std::process::id(),
            preparing: self.preparing.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            elapsed_s: self.started.elapsed().as_secs_f64(),
            done,
            judged,
            resumed,
            total,
            expected,
            in_flight: dispatched.saturating_sub(judged),
            committed: self.committed.load(Relaxed),
            waiting: self.waiting.load(Relaxed),
            paused: dns.paused,
            paused_s: dns.activity.paused_seconds,
            resolvers_benched: dns.benched,
            dns: dns.activity,
            queries: dns.sent,
            fetches: self.fetches.load(Relaxed),
            conversations: self.conversations.load(Relaxed),
            records: self.records.load(Relaxed),
            enforce: self.enforce.load(Relaxed),
            broken: self.broken.load(Relaxed),
            unknown: self.unknown.load(Relaxed),
            retried: self.retried.load(Relaxed),
            stopping: self.is_stopping(),
            accounting: self.accounting.get().copied(),
        }
    }

    /// Time since the scan began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Which scan a status is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the run.
    pub run_id: String,
    /// What the list is called.
    pub list: String,
    /// The dataset's folder, absolute; `None` where the rows go to a stream.
    pub folder: Option<PathBuf>,
}

/// The counters of a scan at one moment, as `--progress json` and `--status-file` write them.
#[derive(Clone, Debug, Serialize)]
pub struct Snapshot {
    /// Name of the run; null until the list is opened.
    pub run_id: Option<String>,
    /// What the list is called; null until it is opened.
    pub list: Option<String>,
    /// The dataset's folder, absolute; null until it is opened, and where the rows go to a stream.
    pub folder: Option<String>,
    /// The process that scans.
    pub pid: u32,
    /// What is being done before the first target; null once the scan runs.
    pub preparing: Option<String>,
    /// Seconds since the scan began.
    pub elapsed_s: f64,
    /// Targets that are done, those of earlier runs included.
    pub done: u64,
    /// Targets judged in this run.
    pub judged: u64,
    /// Targets that earlier runs had committed.
    pub resumed: u64,
    /// Targets of the list; null until it is read to its end.
    pub total: Option<u64>,
    /// Targets of the list, estimated while it is being read.
    pub expected: Option<u64>,
    /// Targets handed to the workers and not judged yet.
    pub in_flight: u64,
    /// Rows that are safe on disk.
    pub committed: u64,
    /// Targets among those that wait for another round, because a lookup of theirs has failed.
    pub waiting: u64,
    /// Whether the scan waits because no resolver answers.
    pub paused: bool,
    /// Seconds that it has waited so, in all.
    pub paused_s: f64,
    /// Resolvers that do not answer at present, counted once for each worker.
    pub resolvers_benched: u64,
    /// What became of the DNS queries in this run, each counter with `dns_` before its name.
    #[serde(flatten, serialize_with = "DnsActivity::serialize_status")]
    pub dns: DnsActivity,
    /// DNS queries sent in this run.
    pub queries: u64,
    /// HTTPS fetches begun in this run.
    pub fetches: u64,
    /// Conversations with mail servers begun in this run.
    pub conversations: u64,
    /// Domains with an MTA-STS record of any kind, found in this run.
    pub records: u64,
    /// Domains in enforce mode, found in this run.
    pub enforce: u64,
    /// Domains whose deployment is broken, found in this run.
    pub broken: u64,
    /// Domains without an answer, in this run.
    pub unknown: u64,
    /// Times that a target was put off to another round, because a lookup of its had failed.
    pub retried: u64,
    /// Whether the scan was asked to stop.
    pub stopping: bool,
    /// What became of the lines that were read, once the scan has ended.
    pub accounting: Option<Accounting>,
}
