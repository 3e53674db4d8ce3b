//! How often an answer was shared, by what it was wanted for: running totals of all workers, for the manifest.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a shared answer is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SharedFor {
    /// Addresses of MX hosts.
    MxHosts,
    /// Addresses of what the policy host is an alias of.
    PolicyTargets,
    /// MX and addresses of those who receive reports.
    ReportReceivers,
    /// What only a scan asks that looks around: records of registrable domains, addresses of their web servers, receivers' handshakes.
    Around,
}

/// Totals that all workers add to.
#[derive(Debug, Default)]
pub(super) struct SharingCounters {
    mx_hosts: Counters,
    policy_targets: Counters,
    report_receivers: Counters,
    around: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    entries: AtomicU64,
    expired: AtomicU64,
    evicted: AtomicU64,
}

/// The totals at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharingTotals {
    /// Addresses of MX hosts.
    pub mx_hosts: SharedTotals,
    /// Addresses of what policy hosts are aliases of.
    pub policy_targets: SharedTotals,
    /// MX and addresses of those who receive reports.
    pub report_receivers: SharedTotals,
    /// What only a scan asks that looks around.
    pub around: SharedTotals,
}

/// Shared answers that were wanted for one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedTotals {
    /// Times that the answer was there, or was waited for while somebody else asked.
    pub hits: u64,
    /// Times that the question was asked.
    pub misses: u64,
    /// Answers that are kept at present.
    pub entries: u64,
    /// Answers that were dropped because they were too old.
    pub expired: u64,
    /// Answers that were dropped for want of room.
    pub evicted: u64,
}

impl SharingCounters {
    /// The totals now.
    pub(super) fn totals(&self) -> SharingTotals {
        SharingTotals {
            mx_hosts: self.mx_hosts.totals(),
            policy_targets: self.policy_targets.totals(),
            report_receivers: self.report_receivers.totals(),
            around: self.around.totals(),
        }
    }

    /// Somebody did not have to ask.
    pub(super) fn hit(&self, by: SharedFor) {
        self.of(by).hits.fetch_add(1, Relaxed);
    }

    /// Somebody asks.
    pub(super) fn miss(&self, by: SharedFor) {
        self.of(by).misses.fetch_add(1, Relaxed);
    }

    /// An answer is kept.
    pub(super) fn keep(&self, by: SharedFor) {
        self.of(by).entries.fetch_add(1, Relaxed);
    }

    /// An answer is kept no longer.
    pub(super) fn forget(&self, by: SharedFor) {
        self.of(by).entries.fetch_sub(1, Relaxed);
    }

    /// An answer was too old.
    pub(super) fn expire(&self, by: SharedFor) {
        self.of(by).expired.fetch_add(1, Relaxed);
        self.forget(by);
    }

    /// An answer had to make room.
    pub(super) fn evict(&self, by: SharedFor) {
        self.of(by).evicted.fetch_add(1, Relaxed);
        self.forget(by);
    }

    fn of(&self, by: SharedFor) -> &Counters {
        match by {
            SharedFor::MxHosts => &self.mx_hosts,
            SharedFor::PolicyTargets => &self.policy_targets,
            SharedFor::ReportReceivers => &self.report_receivers,
            SharedFor::Around => &self.around,
        }
    }
}

impl Counters {
    fn totals(&self) -> SharedTotals {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        SharedTotals {
            hits: read(&self.hits),
            misses: read(&self.misses),
            entries: read(&self.entries),
            expired: read(&self.expired),
            evicted: read(&self.evicted),
        }
    }
}
