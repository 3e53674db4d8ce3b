//! What changed between two scans, per domain and in sum, joined by the domain's name.
//!
//! The lists may differ, and their order. Of every row a hash of eight bytes is kept, of a domain that has a record in either scan, or
//! of which that is unknown, its state (half a kilobyte or so): for twice ten million rows with 3 % of such domains about half a
//! gigabyte.

mod compare;
mod kind;
mod reading;
mod state;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use self::compare::{Side, compare};
use self::reading::Survey;
use self::state::State;
use super::{AnalyseError, Scan};
use crate::classify::Posture;

pub use self::compare::Change;
pub use self::kind::Kind;

/// The differences of two scans.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// What the old scan is called, and when it began (RFC 3339).
    pub old: (String, String),
    /// The new one, likewise.
    pub new: (String, String),
    /// Domains that both lists have.
    pub in_both: u64,
    /// Domains that only the old list has, records or not.
    pub only_old: u64,
    /// Domains that only the new list has, records or not.
    pub only_new: u64,
    /// Domains by kind of change. Those of [`Kind::OnlyOld`] and [`Kind::OnlyNew`] have a record here.
    pub kinds: BTreeMap<Kind, u64>,
    /// Domains of both lists by the postures before and after.
    pub postures: BTreeMap<(Posture, Posture), u64>,
    /// Domains of which there is something to say, by name. Those that are unknown in one scan are among them if they have a record in
    /// the other.
    pub domains: Vec<Changed>,
    /// What a reader has to know, a sentence each.
    pub notes: Vec<String>,
}

/// A domain that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its name.
    pub domain: String,
    /// At least one, each kind once at most, regressions first.
    pub changes: Vec<Change>,
}

/// Compares two scans.
///
/// # Errors
/// If a dataset cannot be read.
pub fn diff(old: &Scan, new: &Scan) -> Result<Diff, AnalyseError> {
    let seed = rand::random();
    let (before, after) = (Survey::read(old, seed)?, Survey::read(new, seed)?);
    let in_both = before.in_both(&after);
    let named = |scan: &Scan| (scan.label.clone(), scan.manifest().started_at.clone());
    let mut diff = Diff {
        old: named(old),
        new: named(new),
        in_both,
        only_old: before.len().saturating_sub(in_both),
        only_new: after.len().saturating_sub(in_both),
        kinds: BTreeMap::new(),
        postures: BTreeMap::new(),
        domains: Vec::new(),
        notes: notes(old, new),
    };
    diff.join(&before, &after, gap(old, new));
    Ok(diff)
}

impl Diff {
    fn join(&mut self, before: &Survey, after: &Survey, gap: Option<i64>) {
        let (mut olds, mut news) = (before.states.iter().peekable(), after.states.iter().peekable());
        let mut stated = 0;
        loop {
            let order = match (olds.peek(), news.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.domain.cmp(&new.domain),
            };
            let old: Option<&State> = if order.is_le() { olds.next() } else { None };
            let new: Option<&State> = if order.is_ge() { news.next() } else { None };
            let Some(domain) = old.or(new).map(|state| state.domain.as_str()) else { break };
            let (old, new) = (side(domain, old, before), side(domain, new, after));
            stated += u64::from(!matches!(old, Side::Missing) && !matches!(new, Side::Missing));
            self.add(domain, old, new, gap);
        }
        // All others of both lists have no record in either.
        if let plain @ 1.. = self.in_both.saturating_sub(stated) {
            *self.postures.entry((Posture::Absent, Posture::Absent)).or_default() += plain;
        }
    }

    fn add(&mut self, domain: &str, old: Side<'_>, new: Side<'_>, gap: Option<i64>) {
        let has_record = old.has_record() || new.has_record();
        if !matches!(old, Side::Missing) && !matches!(new, Side::Missing) {
            *self.postures.entry((old.posture(), new.posture())).or_default() += 1;
        } else if !has_record {
            return; // Of a name that one list lacks and that has no record there is nothing to say.
        }
        let changes = compare(old, new, gap);
        for change in &changes {
            *self.kinds.entry(change.kind).or_default() += 1;
        }
        if has_record && !changes.is_empty() {
            self.domains.push(Changed { domain: domain.to_owned(), changes });
        }
    }

    /// How many domains have one of these changes.
    pub fn count(&self, kinds: &[Kind]) -> usize {
        self.domains.iter().filter(|domain| domain.changes.iter().any(|change| kinds.contains(&change.kind))).count()
    }
}

fn side<'s>(domain: &str, state: Option<&'s State>, survey: &Survey) -> Side<'s> {
    match state {
        Some(state) => Side::Known(state),
        None if survey.has(domain) => Side::Plain,
        None => Side::Missing,
    }
}

/// Seconds from the start of one scan to that of the other.
fn gap(old: &Scan, new: &Scan) -> Option<i64> {
    let start = |scan: &Scan| OffsetDateTime::parse(&scan.manifest().started_at, &Rfc3339).ok();
    Some((start(new)? - start(old)?).whole_seconds())
}

fn notes(old: &Scan, new: &Scan) -> Vec<String> {
    let mut notes = [old.notes(), new.notes()].concat();
    if gap(old, new).is_some_and(|gap| gap < 0) {
        notes.push("the second dataset is the older one: what was dropped shows as adopted".to_owned());
    }
    let (before, after) = (&old.manifest().catalogue_version, &new.manifest().catalogue_version);
    if before != after {
        notes.push(format!(
            "judged by different versions of the catalogue ({before} and {after}): a change may be one of the rules; `stscan reclassify` judges both by today's"
        ));
    }
    notes
}
