//! What the conversations of a scan add up to, readable while they run.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{Conversation, FetchFault};

/// Conversations that wait for their turn, also those that are given up.
#[derive(Debug, Default)]
pub(super) struct Queue(AtomicU64);

impl Queue {
    /// Somebody waits as long as the guard lives.
    pub(super) fn join(&self) -> impl Drop {
        self.0.fetch_add(1, Relaxed);
        Queued(&self.0)
    }

    /// How many wait.
    pub(super) fn len(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

struct Queued<'q>(&'q AtomicU64);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Declares the counters: one line each, their totals and their place in the manifest follow from it.
macro_rules! counters {
    ($($(#[doc = $meaning:literal])+ $name:ident,)+) => {
        /// Running totals of all conversations; shared by the worker threads.
        #[derive(Debug, Default)]
        pub(super) struct SmtpCounters { $($name: AtomicU64,)+ }

        /// Conversations with mail servers, summed over the sessions of the run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        pub struct SmtpActivity { $($(#[doc = $meaning])+ pub $name: u64,)+ }

        impl SmtpCounters {
            /// The totals now.
            pub(super) fn totals(&self) -> SmtpActivity {
                SmtpActivity { $($name: self.$name.load(Relaxed),)+ }
            }
        }

        impl SmtpActivity {
            /// The sum of two sessions.
            pub fn plus(&self, later: &Self) -> Self {
                Self { $($name: self.$name.saturating_add(later.$name),)+ }
            }
        }
    };
}

counters! {
    /// Connections that were opened, or tried to be.
    connections,
    /// Conversations begun; one may take several connections.
    conversations,
    /// Times that a conversation with the same host and address was known, or waited for.
    known,
    /// Times that an address and certificate were known from other names.
    shared,
    /// Conversations that the server refused, or did not answer.
    refused,
    /// Conversations that were repeated after a refusal.
    repeated,
    /// Times that nobody was asked, because the server or its provider had refused others shortly before.
    not_tried,
}

impl SmtpCounters {
    /// A connection.
    pub(super) fn connect(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    /// A conversation that begins, for the first time or once more.
    pub(super) fn begin(&self, again: bool) {
        self.conversations.fetch_add(1, Relaxed);
        self.repeated.fetch_add(u64::from(again), Relaxed);
    }

    /// A conversation that has ended.
    pub(super) fn end(&self, conversation: &Conversation) {
        self.refused.fetch_add(u64::from(conversation.may_pass()), Relaxed);
    }

    /// A conversation that somebody else has held, with this host.
    pub(super) fn know(&self) {
        self.known.fetch_add(1, Relaxed);
    }

    /// What became of an address without a conversation.
    pub(super) fn spare(&self, conversation: &Conversation) {
        let not_tried =
            conversation.error.as_ref().is_some_and(|error| matches!(error.fault, FetchFault::NotTried | FetchFault::Intercepted));
        self.not_tried.fetch_add(u64::from(not_tried), Relaxed);
        self.shared.fetch_add(u64::from(conversation.shared_with.is_some()), Relaxed);
    }
}
