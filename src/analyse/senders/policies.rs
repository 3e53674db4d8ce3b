//! What senders report beside what a scan found: policies that they hold, domains without reports, reports without a domain.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, Int64Array, StringArray, TimestampMicrosecondArray};

use super::content::{Content, SESSIONS, day, different, left_out, session_cells};
use super::dated::day_of;
use super::seen::{DomainSeen, Kind, PolicyKey, Seen, Sessions, WINDOW, patterns};
use crate::analyse::scans::{AnalyseError, Scan};
use crate::analyse::table::{Cell, Row};
use crate::dataset::{ColumnGroup, ListColumn, text};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What the policy of a sender is to that of the scan.
    pub enum Holding {
        /// The same.
        Same = "same",
        /// Another one, reported before the scan, and not yet expired.
        Stale = "stale",
        /// Another one, reported before the scan, and expired since.
        Expired = "expired",
        /// Another one, reported of the time of the scan or later.
        Other = "other",
        /// A policy, and the scan found none.
        Gone = "gone",
        /// None, and the scan found one.
        NoneFound = "none-found",
    }
}

impl Holding {
    const fn title(self) -> &'static str {
        match self {
            Self::Same => "the policy of the scan",
            Self::Stale => "an older policy that has not expired yet",
            Self::Expired => "an older policy that has expired since",
            Self::Other => "another policy, at the time of the scan or later",
            Self::Gone => "a policy, and the scan found none",
            Self::NoneFound => "no policy, and the scan found one",
        }
    }
}

/// What a scan says of a domain that reports are about.
#[derive(Debug)]
struct Scanned {
    policy: Option<PolicyKey>,
    at: Option<i64>,
}

/// Reports and scan, joined by domain.
pub(super) struct Beside<'s> {
    seen: &'s Seen,
    domains: HashMap<Arc<str>, Scanned>,
    /// Domains with a TLSRPT record that asks for reports, and none in the days of the window.
    without_reports: Vec<(String, Option<i32>)>,
    asking: u64,
    /// Policy domains that are MX hosts of the scan.
    hosts: HashSet<Arc<str>>,
}

const COLUMNS: &[&str] = &[
    "domain",
    "scanned_at",
    "mx_hosts.list.element",
    "policy_stage",
    "policy_mode",
    "policy_max_age",
    "policy_mx.list.element",
    "tlsrpt_state",
];

const MICROS: i64 = 1_000_000;

impl<'s> Beside<'s> {
    pub(super) fn of(seen: &'s Seen, scan: &Scan) -> Result<Self, AnalyseError> {
        let mut beside = Self { seen, domains: HashMap::new(), without_reports: Vec::new(), asking: 0, hosts: HashSet::new() };
        scan.each_batch(COLUMNS, |batch| {
            let table = ColumnGroup::table(batch);
            let (domain, stage): (StringArray, StringArray) = (table.column("domain")?, table.column("policy_stage")?);
            let (mode, max_age): (StringArray, Int64Array) = (table.column("policy_mode")?, table.column("policy_max_age")?);
            let (mx, hosts) = (table.lists::<StringArray>("policy_mx")?, table.lists::<StringArray>("mx_hosts")?);
            let (at, rua): (TimestampMicrosecondArray, StringArray) = (table.column("scanned_at")?, table.column("tlsrpt_state")?);
            for row in 0..domain.len() {
                let name = text(&domain, row).unwrap_or_default();
                let known = seen.domains.get_key_value(name);
                if text(&rua, row) == Some("valid") {
                    beside.asking += 1;
                    beside.note_silence(name, known.and_then(|(_, seen)| seen.last_day));
                }
                for host in hosts.texts(row).into_iter().flatten() {
                    beside.hosts.extend(seen.domains.get_key_value(host).map(|(host, _)| Arc::clone(host)));
                }
                let Some((name, _)) = known else { continue };
                let has_policy = text(&stage, row) == Some("ok");
                let policy = has_policy.then(|| policy(&mode, &max_age, &mx, row));
                let at = at.is_valid(row).then(|| at.value(row).div_euclid(MICROS));
                beside.domains.insert(Arc::clone(name), Scanned { policy, at });
            }
            Ok(())
        })?;
        Ok(beside)
    }

    fn note_silence(&mut self, domain: &str, last: Option<i32>) {
        let is_recent = last.zip(self.seen.last_day).is_some_and(|(day, last)| day > last - WINDOW);
        if !is_recent {
            self.without_reports.push((domain.to_owned(), last));
        }
    }

    /// Every domain of the scan with what each sender holds of it.
    fn holdings(&self) -> impl Iterator<Item = Held<'_>> {
        self.domains.iter().flat_map(move |(domain, scanned)| {
            let seen = self.seen.domains.get(domain);
            seen.into_iter().flat_map(move |seen| held(domain, scanned, seen))
        })
    }

    /// R5.
    pub(super) fn policies(&self) -> Content {
        let columns =
            vec![("domains", "domains", ""), ("reporters", "reporters", ""), ("sessions", "sessions", ""), ("last", "last day", "")];
        let mut by_holding: BTreeMap<Holding, Vec<Held<'_>>> = BTreeMap::new();
        self.holdings().for_each(|held| by_holding.entry(held.holding).or_default().push(held));
        let row = |holding: &Holding| {
            let of = by_holding.get(holding).map(Vec::as_slice).unwrap_or_default();
            let sessions = of.iter().fold(0, |sum: u64, held| sum.saturating_add(held.sessions.all()));
            let last = of.iter().filter_map(|held| held.end).max().and_then(day_of);
            let (domains, reporters) = (different(of.iter().map(|held| held.domain)), different(of.iter().map(|held| held.reporter)));
            Row::new(
                holding.as_str(),
                holding.title(),
                vec![Cell::Count(domains), Cell::Count(reporters), Cell::Count(sessions), day(last)],
            )
        };
        let rows = Holding::ALL.iter().map(row).collect();
        let notes = vec![
            "Compared are mode, patterns and max_age, of senders that tell the policy's text.".to_owned(),
            "Senders that have an older policy fetch the new one when the record's id changes, or when it expires.".to_owned(),
        ];
        (columns, rows, notes, None)
    }

    /// Which domain, which sender, until when.
    pub(super) fn stale(&self, top: usize) -> Content {
        let columns = vec![("last", "last day", ""), ("until", "held until at most", ""), ("sessions", "sessions", "")];
        let mut stale: Vec<Held<'_>> = self.holdings().filter(|held| held.holding == Holding::Stale).collect();
        stale.sort_by_key(|held| (std::cmp::Reverse(held.sessions.all()), held.domain, held.reporter));
        let all = stale.len();
        let rows = stale.into_iter().take(top).map(|held| {
            let name = format!("{} at {}", held.domain, held.reporter);
            let cells = vec![day(held.end.and_then(day_of)), day(held.until.and_then(day_of)), Cell::Count(held.sessions.all())];
            Row::new(name.clone(), name, cells)
        });
        let rows = rows.collect();
        (columns, rows, left_out(all, top, "rows"), None)
    }

    /// R6.
    pub(super) fn silent(&self, top: usize) -> Content {
        let columns = vec![("domains", "domains", "domains with a valid TLSRPT record"), ("last", "last day of a report", "")];
        let mut silent: Vec<&(String, Option<i32>)> = self.without_reports.iter().collect();
        silent.sort();
        let sum = Cell::Share { n: silent.len() as u64, of: self.asking };
        let mut rows = vec![Row::new("all", "all", vec![sum, Cell::Empty])];
        let all = silent.len();
        rows.extend(silent.into_iter().take(top).map(|(domain, last)| Row::new(domain, domain, vec![Cell::Empty, day(*last)])));
        let mut notes = left_out(all, top, "domains");
        notes.push(format!(
            "No report in the {WINDOW} days up to the last day that is reported at all. Senders without mail for a domain send none."
        ));
        (columns, rows, notes, None)
    }

    /// R7.
    pub(super) fn strangers(&self, top: usize) -> Content {
        let mut columns = vec![("rows", "rows", ""), ("reporters", "reporters", ""), ("last", "last day", "")];
        columns.extend(SESSIONS);
        let joined = |domain: &Arc<str>, seen: &DomainSeen| {
            self.domains.contains_key(domain) || self.hosts.contains(domain) && sessions(seen, Kind::Tlsa).all() > 0
        };
        let mut strangers: Vec<(&Arc<str>, &DomainSeen)> =
            self.seen.domains.iter().filter(|(domain, seen)| !joined(domain, seen)).collect();
        strangers.sort_by_key(|(domain, seen)| (std::cmp::Reverse(seen.rows), *domain));
        let all = strangers.len();
        let mut rows: Vec<Row> = Vec::new();
        if self.seen.without_domain > 0 {
            let cells = vec![Cell::Count(self.seen.without_domain), Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty];
            rows.push(Row::new("", "policy domain not told", cells));
        }
        rows.extend(strangers.into_iter().take(top).map(|(domain, seen)| {
            let mut cells = vec![Cell::Count(seen.rows), Cell::Count(seen.reporters.len() as u64), day(seen.last_day)];
            cells.extend(session_cells(&seen.sessions));
            Row::new(&**domain, &**domain, cells)
        }));
        let notes = left_out(all, top, "policy domains");
        (columns, rows, notes, None)
    }
}

/// What one sender holds of one domain.
struct Held<'h> {
    domain: &'h str,
    reporter: &'h str,
    holding: Holding,
    /// The last moment at which it is reported, in seconds since 1970.
    end: Option<i64>,
    /// When it expires at the latest.
    until: Option<i64>,
    sessions: Sessions,
}

fn held<'h>(domain: &'h str, scanned: &'h Scanned, seen: &'h DomainSeen) -> Vec<Held<'h>> {
    let mut all = Vec::new();
    for (policy, of) in &seen.policies {
        for (reporter, (end, sessions)) in &of.reporters {
            let until = end.zip(policy.max_age).map(|(end, age)| end.saturating_add(i64::try_from(age).unwrap_or(i64::MAX)));
            let holding = match (&scanned.policy, end.zip(scanned.at)) {
                (Some(now), _) if now == policy => Holding::Same,
                (None, _) => Holding::Gone,
                (Some(_), Some((end, at))) if end < at && until.is_some_and(|until| until >= at) => Holding::Stale,
                (Some(_), Some((end, at))) if end < at => Holding::Expired,
                _ => Holding::Other,
            };
            all.push(Held { domain, reporter, holding, end: *end, until, sessions: *sessions });
        }
    }
    let without = sessions(seen, Kind::NoPolicy);
    if scanned.policy.as_ref().is_some_and(|policy| policy.mode != "none") && without.all() > 0 {
        let of = seen.reporters.iter().next().map_or("", |reporter| reporter);
        let reporter = if seen.reporters.len() == 1 { of } else { "several" };
        all.push(Held { domain, reporter, holding: Holding::NoneFound, end: None, until: None, sessions: without });
    }
    all
}

fn sessions(seen: &DomainSeen, kind: Kind) -> Sessions {
    seen.sessions.get(kind as usize).copied().unwrap_or_default()
}

/// The policy of a row of the scan.
fn policy(mode: &StringArray, max_age: &Int64Array, mx: &ListColumn<StringArray>, row: usize) -> PolicyKey {
    let texts: Vec<String> = mx.texts(row).into_iter().flatten().map(str::to_owned).collect();
    PolicyKey {
        mode: text(mode, row).unwrap_or_default().to_ascii_lowercase(),
        mx: patterns(&texts),
        max_age: max_age.is_valid(row).then(|| max_age.value(row)).and_then(|age| u64::try_from(age).ok()),
    }
}
