//! What the tables of TLS reports have in common: columns of sessions, days, and what is said of rows that are left out.

use std::collections::BTreeSet;

use super::seen::{ByKind, Sessions};
use crate::analyse::table::{Cell, Row};

/// Columns, rows, notes and what the rows are grouped by.
pub(super) type Content = (Vec<(&'static str, &'static str, &'static str)>, Vec<Row>, Vec<String>, Option<&'static str>);

/// The columns of sessions by policy type.
pub(super) const SESSIONS: [(&str, &str, &str); 3] = [
    ("sts_failed", "MTA-STS sessions that failed", "sessions under an MTA-STS policy"),
    ("tlsa_failed", "DANE sessions that failed", "sessions under TLSA records"),
    ("no_policy", "sessions without a policy", ""),
];

/// The cells of these columns.
pub(super) fn session_cells(sessions: &ByKind) -> [Cell; 3] {
    let [sts, tlsa, no_policy, _] = *sessions;
    let failed = |of: Sessions| if of.all() == 0 { Cell::Empty } else { Cell::Share { n: of.failed, of: of.all() } };
    [failed(sts), failed(tlsa), if no_policy.all() == 0 { Cell::Empty } else { Cell::Count(no_policy.all()) }]
}

pub(super) fn day(day: Option<i32>) -> Cell {
    day.map_or(Cell::Empty, Cell::Day)
}

/// What is to be said of rows that are left out.
pub(super) fn left_out(all: usize, top: usize, what: &str) -> Vec<String> {
    match all.saturating_sub(top) {
        0 => Vec::new(),
        more => vec![format!("{more} more {what} are left out; --top shows more")],
    }
}

/// How many different ones there are.
pub(super) fn different<T: Ord>(all: impl Iterator<Item = T>) -> u64 {
    all.collect::<BTreeSet<T>>().len() as u64
}
