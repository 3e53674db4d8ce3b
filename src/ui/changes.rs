//! What changed between two scans: for a terminal, as CSV, as JSON. Text from the network is made safe in each.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};

use super::tables::data::{INVENTED, field, invented_cell};
use super::tables::{counted, grouped};
use super::text::{safe, safe_json};
use crate::analyse::diff::{Change, Changed, Condition, Diff, Kind};
use crate::analyse::{Cell, Provenance};
use crate::classify::{Code, Posture, Severity};

/// Codes that are shown with how many domains have come to have them.
const MAX_CODES: usize = 15;

/// Sums, and the first `top` of the domains listed one by one.
pub fn terminal(diff: &Diff, listed: &[&Changed], top: usize) -> String {
    let bold = Style::new().bold();
    let mut out = String::new();
    let (old, new) = (&diff.old, &diff.new);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{bold}{} ({}) to {} ({}){bold:#}", safe(&old.0), safe(&old.1), safe(&new.0), safe(&new.1));
    let _ = writeln!(
        out,
        "{} in both lists, {} only in the old one, {} only in the new one",
        counted(diff.in_both, "domain"),
        grouped(diff.only_old),
        grouped(diff.only_new)
    );
    for (what, cell) in [("have another posture", diff.other_posture()), ("are unknown in one of the scans", diff.unknown_once())] {
        if let (Cell::Share { n, of }, Some(share), Some(interval)) = (cell, cell.share(), cell.interval()) {
            let (share, low, high) = (share * 100.0, interval.low * 100.0, interval.high * 100.0);
            let _ = writeln!(out, "{} of {} {what} ({share:.3} %, 95 % interval {low:.3}-{high:.3})", grouped(n), grouped(of));
        }
    }
    out.push('\n');
    for (kind, domains) in &diff.kinds {
        let style = style(*kind);
        let _ = writeln!(out, "{style}{:<27}{style:#} {:>11}{}", kind.as_str(), grouped(*domains), by_severity(diff, *kind));
    }
    out.push_str(&by_code(diff));
    let moved = diff.postures.iter().filter(|((before, after), _)| before != after);
    for (at, ((before, after), domains)) in moved.enumerate() {
        let gap = if at == 0 { "\n" } else { "" };
        let _ = writeln!(out, "{gap}posture {:<8}to {:<8} {:>11}", before.as_str(), after.as_str(), grouped(*domains));
    }
    for domain in listed.iter().take(top) {
        let _ = writeln!(out, "\n{bold}{}{bold:#}", safe(&domain.domain));
        for change in &domain.changes {
            let style = style(change.kind);
            let code = change.code.map(|code| format!("  [{code}]")).unwrap_or_default();
            let (before, after) = (shown(&change.before), shown(&change.after));
            let _ = writeln!(out, "  {style}{:<22}{style:#} {before} -> {after}{code}", change.kind.as_str());
        }
    }
    if let more @ 1.. = listed.len().saturating_sub(top) {
        let _ = writeln!(out, "\nand {}; --top shows more, --format csv or json all", counted(more as u64, "more domain"));
    }
    for note in &diff.notes {
        let _ = writeln!(out, "\nNote: {}", safe(note));
    }
    out
}

/// Of findings that are new or gone, how many domains have one of which severity.
fn by_severity(diff: &Diff, kind: Kind) -> String {
    let of = diff.severities.iter().filter(|((of, _), _)| *of == kind);
    let said: Vec<String> = of.map(|((_, severity), domains)| format!("{} {severity}", grouped(*domains))).collect();
    if said.is_empty() { String::new() } else { format!("  ({})", said.join(", ")) }
}

/// The findings that have become more or fewer, those first that are new in most domains.
fn by_code(diff: &Diff) -> String {
    let mut codes: Vec<(&Code, &(u64, u64))> = diff.codes.iter().collect();
    codes.sort_by_key(|(code, (come, gone))| (std::cmp::Reverse(*come), std::cmp::Reverse(*gone), **code));
    let mut out = String::new();
    for (at, (code, (come, gone))) in codes.iter().take(MAX_CODES).enumerate() {
        if at == 0 {
            out.push_str("\nfinding                                            new        gone\n");
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:<42} {:>11} {:>11}", code.as_str(), grouped(*come), grouped(*gone));
    }
    if let more @ 1.. = codes.len().saturating_sub(MAX_CODES) {
        let _ = writeln!(out, "and {}; --format json has all", counted(more as u64, "more code"));
    }
    out
}

fn shown(text: &str) -> String {
    if text.is_empty() { "(none)".to_owned() } else { safe(text) }
}

fn style(kind: Kind) -> Style {
    match kind {
        Kind::NewlyBroken
        | Kind::NewlyRefused
        | Kind::MxStale
        | Kind::DroppedAbruptly
        | Kind::MxTlsGone
        | Kind::MxCertBroken
        | Kind::DaneStale
        | Kind::DaneRefused => AnsiColor::Red.on_default().bold(),
        Kind::ModeLowered
        | Kind::IdReused
        | Kind::TlsrptBroken
        | Kind::DaneDropped
        | Kind::FindingNew
        | Kind::CertExpiring
        | Kind::Unknown => AnsiColor::Yellow.on_default(),
        Kind::Fixed
        | Kind::RefusalFixed
        | Kind::Adopted
        | Kind::ModeRaised
        | Kind::MxTlsAdded
        | Kind::MxCertFixed
        | Kind::DaneFixed
        | Kind::DaneRefusalFixed
        | Kind::FindingGone
        | Kind::DaneAdopted => AnsiColor::Green.on_default(),
        _ => Style::new(),
    }
}

/// A heading and a line for every change of the domains listed. `invented` says so of all of it.
pub fn csv(listed: &[&Changed], invented: Option<&str>) -> String {
    let mut out = format!("domain,change,before,after,code,severity{}\n", invented.map_or("", |_| INVENTED));
    let last = invented_cell(invented);
    for domain in listed {
        for change in &domain.changes {
            let (code, severity) = (change.code.map_or("", Code::as_str), change.severity.map_or("", Severity::as_str));
            let fields = [domain.domain.as_str(), change.kind.as_str(), &change.before, &change.after, code, severity];
            out.push_str(&fields.map(field).join(","));
            out.push_str(&last);
            out.push('\n');
        }
    }
    out
}

/// One object: sums, and the domains listed.
pub fn json(diff: &Diff, listed: &[&Changed], [old, new]: &[Provenance; 2]) -> String {
    let scan = |(label, started_at): &(String, String)| json!({ "label": label, "started_at": started_at });
    let kinds: Map<String, Value> = diff.kinds.iter().map(|(kind, domains)| (kind.to_string(), (*domains).into())).collect();
    let posture = |((before, after), domains): (&(Posture, Posture), &u64)| json!({ "before": before, "after": after, "domains": domains });
    let change = |change: &Change| json!({ "change": change.kind, "before": change.before, "after": change.after, "code": change.code, "severity": change.severity });
    let share = |cell: Cell| json!({ "n": cell.n(), "of": cell.of(), "share": cell.share(), "low": cell.interval().map(|i| i.low), "high": cell.interval().map(|i| i.high) });
    let domain = |domain: &&Changed| json!({ "domain": domain.domain, "changes": domain.changes.iter().map(change).collect::<Vec<_>>() });
    let findings = |kind: Kind| {
        let severities = diff.severities.iter().filter(|((of, _), _)| *of == kind);
        let severities: Map<String, Value> = severities.map(|((_, severity), domains)| (severity.to_string(), (*domains).into())).collect();
        let of_kind = |(come, gone): &(u64, u64)| if kind == Kind::FindingNew { *come } else { *gone };
        let codes = diff.codes.iter().map(|(code, domains)| (code, of_kind(domains))).filter(|(_, domains)| *domains > 0);
        json!({ "by_severity": severities, "by_code": codes.map(|(code, domains)| (code.to_string(), domains.into())).collect::<Map<String, Value>>() })
    };
    let condition = |one: &Condition| json!({ "what": one.what, "old": one.old, "new": one.new });
    let object = json!({
        "provenance": { "old": old, "new": new },
        "old": scan(&diff.old),
        "new": scan(&diff.new),
        "in_both": diff.in_both,
        "only_old": diff.only_old,
        "only_new": diff.only_new,
        "other_posture": share(diff.other_posture()),
        "unknown_once": share(diff.unknown_once()),
        "changes": kinds,
        "findings": { "new": findings(Kind::FindingNew), "gone": findings(Kind::FindingGone) },
        "conditions": diff.conditions.iter().map(condition).collect::<Vec<Value>>(),
        "postures": diff.postures.iter().map(posture).collect::<Vec<Value>>(),
        "domains": listed.iter().map(domain).collect::<Vec<Value>>(),
        "notes": diff.notes,
    });
    let mut text = safe_json(&format!("{object:#}"));
    text.push('\n');
    text
}
