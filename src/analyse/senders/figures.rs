//! The tables R1 to R7: who reports, how many sessions, what failed where, which policies senders hold, and what does not join.

use std::collections::BTreeMap;

use super::content::{Content, SESSIONS, day, left_out, session_cells};
use super::policies::Beside;
use super::seen::{ByKind, Events, Kind, Seen};
use crate::analyse::scans::{AnalyseError, Scan};
use crate::analyse::stats::TableId;
use crate::analyse::table::{Cell, Column, Row, Table};

/// A table of TLS reports: its name, what it shows, whether it takes a scan to make it.
#[derive(Clone, Copy, Debug)]
pub struct ReportTable {
    /// The name.
    pub id: TableId,
    /// What it shows.
    pub title: &'static str,
    /// Whether it takes a scan.
    pub needs_scan: bool,
    /// Whether it takes all domains of the scan, as it is about all others.
    pub needs_all_domains: bool,
}

const fn table(id: &'static str, title: &'static str, needs_scan: bool) -> ReportTable {
    ReportTable { id: TableId::new(id), title, needs_scan, needs_all_domains: false }
}

/// All tables of TLS reports, in the order of the documentation.
pub const REPORT_TABLES: &[ReportTable] = &[
    table("R1", "Who reports", false),
    table("R2", "Sessions by day and reporter", false),
    table("R3", "Failures by result type, MX host and reporter", false),
    table("R4", "Failures by receiving address and sending network", false),
    table("R5", "Policies that senders have, and the scan's", true),
    table("R5-stale", "Senders that may still have an older policy", true),
    table("R6", "Domains that ask for reports and get none", true),
    ReportTable { needs_all_domains: true, ..table("R7", "Reports of domains that the scan does not have", true) },
];

const NO_SUM: &str = "Sessions of one policy type are never added to those of another: a session may be in several.";
const EVENTS: &str = "Events overlap: a session may have several, and some belong to no failed session.";
const UNCHECKED: &str = "Reports are as they came; nothing proves who sent them.";

/// Makes the tables that are wanted and can be made.
///
/// # Errors
/// If the scan cannot be read.
pub fn sender_tables(seen: &Seen, scan: Option<&Scan>, top: usize, wanted: &[TableId]) -> Result<Vec<Table>, AnalyseError> {
    let beside = scan.map(|scan| Beside::of(seen, scan)).transpose()?;
    let made = REPORT_TABLES.iter().filter(|table| wanted.contains(&table.id) && (!table.needs_scan || beside.is_some()));
    let made = made.map(|table| {
        let (columns, rows, notes, grouped_by) = match (table.id.as_str(), &beside) {
            ("R1", _) => reporters(seen, top),
            ("R2", _) => days(seen, top),
            ("R3", _) => failures(seen, top),
            ("R4", _) => ways(seen, top),
            ("R5", Some(beside)) => beside.policies(),
            ("R5-stale", Some(beside)) => beside.stale(top),
            ("R6", Some(beside)) => beside.silent(top),
            ("R7", Some(beside)) => beside.strangers(top),
            _ => Content::default(),
        };
        let columns = columns.into_iter().map(|(key, title, of)| Column::new(key, title, of)).collect();
        let (id, title) = (table.id.as_str().to_owned(), table.title.to_owned());
        Table { id, title, grouped_by: grouped_by.map(str::to_owned), columns, rows, notes, unmade: None }
    });
    Ok(made.collect())
}

fn reporters(seen: &Seen, top: usize) -> Content {
    let mut columns = vec![("first", "first day", ""), ("last", "last day", ""), ("days", "days", ""), ("reports", "reports", "")];
    columns.extend(SESSIONS);
    let mut sorted: Vec<_> = seen.reporters.iter().collect();
    sorted.sort_by_key(|(name, seen)| (std::cmp::Reverse(sum(&seen.sessions)), *name));
    let all = sorted.len();
    let row = |(name, seen): (&std::sync::Arc<str>, &super::seen::ReporterSeen)| {
        let (first, last) = (seen.days.first().copied(), seen.days.last().copied());
        let mut cells = vec![day(first), day(last), Cell::Count(seen.days.len() as u64), Cell::Count(seen.reports)];
        cells.extend(session_cells(&seen.sessions));
        Row::new(&**name, &**name, cells)
    };
    let rows = sorted.into_iter().take(top).map(row).collect();
    let mut notes = left_out(all, top, "reporters");
    notes.extend([NO_SUM, UNCHECKED].map(str::to_owned));
    notes.push("A reporter with a session a day often reports only the delivery of its own reports.".to_owned());
    (columns, rows, notes, None)
}

/// For the order of rows only: sessions under MTA-STS, or else of any type.
fn sum(sessions: &ByKind) -> u64 {
    Kind::ALL.iter().filter_map(|kind| sessions.get(*kind as usize)).map(|sessions| sessions.all()).max().unwrap_or(0)
}

fn days(seen: &Seen, top: usize) -> Content {
    let rows = seen.by_day.iter().rev().take(top).flat_map(|(day, reporters)| {
        let day = super::dated::day_text(*day);
        reporters.iter().map(move |(reporter, sessions)| {
            let row = Row::new(&**reporter, &**reporter, session_cells(sessions).to_vec());
            Row { group: Some(day.clone()), ..row }
        })
    });
    let rows = rows.collect();
    let mut notes = left_out(seen.by_day.len(), top, "days");
    notes.push(NO_SUM.to_owned());
    (SESSIONS.to_vec(), rows, notes, Some("day"))
}

fn failures(seen: &Seen, top: usize) -> Content {
    let columns = vec![("events", "events", ""), ("last", "last day", ""), ("domains", "policy domains", "")];
    let mut sorted: Vec<_> = seen.failures.iter().collect();
    sorted.sort_by_key(|(key, (events, _))| (std::cmp::Reverse(events.events), *key));
    let all = sorted.len();
    // Rows of a group stand together, the group with most events first.
    let mut groups: Vec<(String, Vec<Row>)> = Vec::new();
    for (key, (events, domains)) in sorted.into_iter().take(top) {
        let code = key.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
        let group = format!("{}{code}", key.result_type);
        let name = format!("{} by {}", key.mx_host.as_deref().unwrap_or("host not told"), key.reporter);
        let cells = vec![Cell::Count(events.events), day(events.last_day), Cell::Count(domains.len() as u64)];
        let row = Row { group: Some(group.clone()), ..Row::new(name.clone(), name, cells) };
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((group, vec![row])),
        }
    }
    let rows = groups.into_iter().flat_map(|(_, rows)| rows).collect();
    let mut notes = left_out(all, top, "rows");
    notes.push(EVENTS.to_owned());
    notes.push("In brackets the finding that the failure points to; with mode testing it was delivered all the same.".to_owned());
    (columns, rows, notes, Some("result type"))
}

fn ways(seen: &Seen, top: usize) -> Content {
    let columns = vec![("events", "events", ""), ("last", "last day", ""), ("reporters", "reporters", ""), ("hosts", "MX hosts", "")];
    let mut sorted: Vec<_> = seen.ways.iter().collect();
    sorted.sort_by_key(|(key, way)| (std::cmp::Reverse(way.events.events), *key));
    let all = sorted.len();
    let mut groups: BTreeMap<String, (usize, Vec<Row>)> = BTreeMap::new();
    for (at, (key, way)) in sorted.into_iter().take(top).enumerate() {
        let group = key.receiving.map_or_else(|| "address not told".to_owned(), |address| address.to_string());
        let Events { events, last_day } = way.events;
        let cells = vec![Cell::Count(events), day(last_day), Cell::Count(way.reporters.len() as u64), Cell::Count(way.hosts.len() as u64)];
        let row = Row { group: Some(group.clone()), ..Row::new(key.network.clone(), key.network.clone(), cells) };
        groups.entry(group).or_insert((at, Vec::new())).1.push(row);
    }
    let mut groups: Vec<(usize, Vec<Row>)> = groups.into_values().collect();
    groups.sort_by_key(|(at, _)| *at);
    let rows = groups.into_iter().flat_map(|(_, rows)| rows).collect();
    let mut notes = left_out(all, top, "rows");
    notes.push("One receiving address that fails for every sender is one machine behind a name that is to be looked at.".to_owned());
    notes.push(EVENTS.to_owned());
    (columns, rows, notes, Some("receiving address"))
}
