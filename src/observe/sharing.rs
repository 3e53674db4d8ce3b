//! How often an answer was shared, by what it was wanted for: running totals of all workers, for the manifest.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares what a shared answer can be wanted for: a purpose is one line, its totals and its place in the manifest follow from it.
macro_rules! purposes {
    ($($(#[doc = $meaning:literal])+ $purpose:ident $name:ident,)+) => {
        /// What a shared answer is wanted for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum SharedFor { $($(#[doc = $meaning])+ $purpose,)+ }

        /// Totals that all workers add to.
        #[derive(Debug, Default)]
        pub(super) struct SharingCounters { $($name: Counters,)+ }

        /// Queries that many domains have in common, by what the answers were wanted for, summed over the sessions of the run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        pub struct SharedActivity { $($(#[doc = $meaning])+ pub $name: SharedLookups,)+ }

        impl SharingCounters {
            /// The totals now.
            pub(super) fn totals(&self) -> SharedActivity {
                SharedActivity { $($name: self.$name.totals(),)+ }
            }

            fn of(&self, purpose: SharedFor) -> &Counters {
                match purpose { $(SharedFor::$purpose => &self.$name,)+ }
            }
        }

        impl SharedActivity {
            /// The sum of two sessions.
            pub fn plus(&self, later: &Self) -> Self {
                Self { $($name: self.$name.plus(later.$name),)+ }
            }
        }
    };
}

purposes! {
    /// Addresses of MX hosts.
    MxHosts mx_hosts,
    /// TLSA records of MX hosts, and their aliases where these are asked for by themselves.
    Dane dane,
    /// Addresses of what policy hosts are aliases of.
    PolicyTargets policy_targets,
    /// MX and addresses of those who receive reports.
    ReportReceivers report_receivers,
    /// What only a scan with `--look-around` asks: records of registrable domains, addresses of their web servers, receivers' handshakes.
    LookAround look_around,
}

#[derive(Debug, Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    entries: AtomicU64,
    expired: AtomicU64,
    evicted: AtomicU64,
}

/// Shared queries of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SharedLookups {
    /// Times that the answer was known, or waited for while somebody else asked.
    pub hits: u64,
    /// Times that it had to be asked for.
    pub misses: u64,
    /// Answers kept at the end of the last session.
    pub entries: u64,
    /// Answers that became too old.
    pub expired: u64,
    /// Answers dropped for want of room.
    pub evicted: u64,
}

impl SharedLookups {
    fn plus(self, later: Self) -> Self {
        Self {
            hits: self.hits.saturating_add(later.hits),
            misses: self.misses.saturating_add(later.misses),
            entries: later.entries,
            expired: self.expired.saturating_add(later.expired),
            evicted: self.evicted.saturating_add(later.evicted),
        }
    }
}

impl SharingCounters {
    /// Somebody did not have to ask.
    pub(super) fn hit(&self, purpose: SharedFor) {
        self.of(purpose).hits.fetch_add(1, Relaxed);
    }

    /// Somebody asks.
    pub(super) fn miss(&self, purpose: SharedFor) {
        self.of(purpose).misses.fetch_add(1, Relaxed);
    }

    /// An answer is kept.
    pub(super) fn keep(&self, purpose: SharedFor) {
        self.of(purpose).entries.fetch_add(1, Relaxed);
    }

    /// An answer is kept no longer.
    pub(super) fn forget(&self, purpose: SharedFor) {
        self.of(purpose).entries.fetch_sub(1, Relaxed);
    }

    /// An answer was too old.
    pub(super) fn expire(&self, purpose: SharedFor) {
        self.of(purpose).expired.fetch_add(1, Relaxed);
        self.forget(purpose);
    }

    /// An answer had to make room.
    pub(super) fn evict(&self, purpose: SharedFor) {
        self.of(purpose).evicted.fetch_add(1, Relaxed);
        self.forget(purpose);
    }
}

impl Counters {
    fn totals(&self) -> SharedLookups {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        SharedLookups {
            hits: read(&self.hits),
            misses: read(&self.misses),
            entries: read(&self.entries),
            expired: read(&self.expired),
            evicted: read(&self.evicted),
        }
    }
}
