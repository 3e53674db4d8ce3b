//! How a dataset is published.

use time::OffsetDateTime;

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What becomes of the local parts of mailboxes.
    pub enum Mailboxes {
        /// A keyed hash of the mailbox takes the place of its local part.
        Hash = "hash",
        /// A fixed word takes the place of every local part.
        Drop = "drop",
        /// They stay.
        Keep = "keep",
    }
}

/// How a dataset is published.
#[derive(Clone, Debug)]
pub struct Publication {
    /// What becomes of mailboxes.
    pub mailboxes: Mailboxes,
    /// Key of the hashes.
    pub key: [u8; 32],
    /// Whether the columns that the list brought along stay; they often name people.
    pub keep_carried: bool,
    /// The licence, as an SPDX identifier or a URL; nothing is guessed.
    pub licence: Option<String>,
    /// Date of publication, as `2026-11-23`.
    pub date: String,
}

impl Publication {
    /// The present date in UTC.
    pub fn today() -> String {
        OffsetDateTime::now_utc().date().to_string()
    }
}
