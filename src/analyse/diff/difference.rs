//! The differences of two scans, joined by name in shares.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::change::{Change, Kind};
use super::compare::{Scans, compare};
use super::conditions::{self, Condition};
use super::reading::{Chosen, ROWS_AT_ONCE, Share, Survey};
use super::side::{AskedOfAll, Side};
use super::state::State;
use crate::analyse::scans::{AnalyseError, Scan};
use crate::analyse::table::Cell;
use crate::classify::{Asked, Code, Posture, Severity};

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
    /// Domains with a finding that is new or gone, by its severity.
    pub severities: BTreeMap<(Kind, Severity), u64>,
    /// Domains in which a finding is new, and in which it is gone, by its code.
    pub codes: BTreeMap<Code, (u64, u64)>,
    /// In what the scans differ by which they were made and judged.
    pub conditions: Vec<Condition>,
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
    /// At least one, regressions first; each kind once at most, but for findings, of which there is one per code.
    pub changes: Vec<Change>,
}

/// Compares two scans.
///
/// # Errors
/// If a dataset cannot be read, if the first is the newer one, if they have no domain in common.
pub fn diff(old: &Scan, new: &Scan) -> Result<Diff, AnalyseError> {
    let rows = old.whole().rows().saturating_add(new.whole().rows());
    diff_by_shares(old, new, rows.div_ceil(ROWS_AT_ONCE).max(1))
}

/// As [`diff`], comparing `of` shares of the names one after the other (at least one): each reads the names again and takes as much less
/// memory.
///
/// # Errors
/// As [`diff`].
pub fn diff_by_shares(old: &Scan, new: &Scan, of: u64) -> Result<Diff, AnalyseError> {
    if gap(old, new).is_some_and(|gap| gap < 0) {
        return Err(AnalyseError::Request(format!(
            "{} was scanned after {} ({} and {}): name the older dataset first",
            old.dir.display(),
            new.dir.display(),
            old.manifest().started_at,
            new.manifest().started_at
        )));
    }
    let named = |scan: &Scan| (scan.label.clone(), scan.manifest().started_at.to_string());
    let mut diff = Diff {
        old: named(old),
        new: named(new),
        in_both: 0,
        only_old: 0,
        only_new: 0,
        kinds: BTreeMap::new(),
        severities: BTreeMap::new(),
        codes: BTreeMap::new(),
        conditions: conditions::differing(old, new),
        postures: BTreeMap::new(),
        domains: Vec::new(),
        notes: [old.whole().notes(), new.whole().notes()].concat(),
    };
    diff.notes.extend(old.filter().map(|filter| format!("only domains that in one of the scans are with {}", filter.text())));
    diff.notes.extend(conditions::notes(&diff.conditions));
    let scans = Scans { gap: gap(old, new), asked: [old, new].map(|scan| AskedOfAll::of(scan.manifest())) };
    let (seed, of) = (rand::random(), of.max(1));
    for at in 0..of {
        let share = Share { seed, of, at };
        let chosen = Chosen::read([old, new], share)?;
        let read = |scan| Survey::read(scan, share, chosen.as_ref());
        diff.join(&read(old)?, &read(new)?, scans);
    }
    if diff.in_both == 0 && old.filter().is_none() {
        return Err(AnalyseError::Request(format!(
            "{} (list {}, {} domains) and {} (list {}, {} domains) have no domain in common, so there is nothing to compare",
            old.dir.display(),
            old.manifest().run.list.name,
            diff.only_old,
            new.dir.display(),
            new.manifest().run.list.name,
            diff.only_new
        )));
    }
    diff.domains.sort_unstable_by(|a, b| a.domain.cmp(&b.domain));
    diff.notes.extend(diff.of_lists(old, new));
    diff.notes.extend(asked_otherwise(old, new));
    if [Kind::NewlyRefused, Kind::RefusalFixed].iter().any(|kind| diff.kinds.contains_key(kind)) {
        let asked = Asked::everywhere([old, new].map(|scan| scan.counts().asked()));
        diff.notes.push(asked.figures().to_owned());
    }
    Ok(diff)
}

impl Diff {
    /// Adds what a share of the names says.
    fn join(&mut self, before: &Survey, after: &Survey, scans: Scans) {
        let in_both = before.in_both(after);
        self.in_both += in_both;
        self.only_old += before.len().saturating_sub(in_both);
        self.only_new += after.len().saturating_sub(in_both);
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
            let Some(domain) = old.or(new).map(|state| &*state.domain) else { break };
            let (old, new) = (side(domain, old, before), side(domain, new, after));
            stated += u64::from(!matches!(old, Side::Missing) && !matches!(new, Side::Missing));
            self.add(domain, old, new, scans);
        }
        // All others of both lists have no record in either.
        if let plain @ 1.. = in_both.saturating_sub(stated) {
            *self.postures.entry((Posture::Absent, Posture::Absent)).or_default() += plain;
        }
    }

    /// What is to be said where the scans are of different lists.
    fn of_lists(&self, old: &Scan, new: &Scan) -> Option<String> {
        let (before, after) = (&old.manifest().run.list, &new.manifest().run.list);
        let shorter = self.in_both + self.only_old.min(self.only_new);
        let differ = before.name != after.name || self.in_both.saturating_mul(2) < shorter;
        differ.then(|| {
            format!(
                "the scans are of different lists ({} and {}), which have {} domains in common: a domain that is only in one of them has neither appeared nor gone",
                before.name, after.name, self.in_both
            )
        })
    }

    fn add(&mut self, domain: &str, old: Side<'_>, new: Side<'_>, scans: Scans) {
        let has_record = old.has_record() || new.has_record();
        if !matches!(old, Side::Missing) && !matches!(new, Side::Missing) {
            *self.postures.entry((old.posture(), new.posture())).or_default() += 1;
        } else if !has_record {
            return; // Of a name that one list lacks and that has no record there is nothing to say.
        }
        let changes = compare(old, new, scans);
        self.count_changes(&changes);
        let is_worth_it = has_record || changes.iter().any(|change| change.kind.needs_no_record());
        if is_worth_it && !changes.is_empty() {
            self.domains.push(Changed { domain: domain.to_owned(), changes });
        }
    }

    /// Counts a domain once for each kind of its changes, each severity and each code.
    fn count_changes(&mut self, changes: &[Change]) {
        let kinds: BTreeSet<Kind> = changes.iter().map(|change| change.kind).collect();
        kinds.into_iter().for_each(|kind| *self.kinds.entry(kind).or_default() += 1);
        let of_findings = changes.iter().filter(|change| matches!(change.kind, Kind::FindingNew | Kind::FindingGone));
        let severities: BTreeSet<(Kind, Severity)> =
            of_findings.clone().filter_map(|change| Some((change.kind, change.severity?))).collect();
        severities.into_iter().for_each(|severity| *self.severities.entry(severity).or_default() += 1);
        for (kind, code) in of_findings.filter_map(|change| Some((change.kind, change.code?))) {
            let (come, gone) = self.codes.entry(code).or_default();
            *(if kind == Kind::FindingNew { come } else { gone }) += 1;
        }
    }

    /// Of the domains of both lists whose posture is known in both scans, those that have another one: of two scans shortly after each other,
    /// how far they disagree.
    pub fn other_posture(&self) -> Cell {
        let is_known = |(before, after): &(Posture, Posture)| *before != Posture::Unknown && *after != Posture::Unknown;
        let known = self.postures.iter().filter(|(pair, _)| is_known(pair));
        let (mut n, mut of) = (0, 0);
        for ((before, after), domains) in known {
            of += domains;
            n += if before == after { 0 } else { *domains };
        }
        Cell::Share { n, of }
    }

    /// Of the domains of both lists, those whose posture is unknown in just one of the scans.
    pub fn unknown_once(&self) -> Cell {
        let is_once = |(before, after): &(Posture, Posture)| (*before == Posture::Unknown) != (*after == Posture::Unknown);
        let n = self.postures.iter().filter(|(pair, _)| is_once(pair)).map(|(_, domains)| domains).sum();
        Cell::Share { n, of: self.in_both }
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

/// What is to be said where the scans did not ask the same of MX hosts.
fn asked_otherwise(old: &Scan, new: &Scan) -> Option<String> {
    let (before, after) = (old.whole().counts().asked(), new.whole().counts().asked());
    (before != after).then(|| {
        "the scans did not ask the same of MX hosts: what these and DANE decide is compared for domains that both asked; for the others the \
         delivery is compared by policy"
            .to_owned()
    })
}
