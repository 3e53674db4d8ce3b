//! The table at the end of a scan: what came out, and where it is.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;

use crate::analyse::gate::Matches;
use crate::classify::{Code, MxState, PolicyStage, Posture, RecordState};
use crate::dataset::{Layout, Manifest};
use crate::observe::dns::DnsActivity;
use crate::observe::smtp::SmtpActivity;
use crate::scan::ScanSummary;
use crate::ui::tables::{accounting_line, counted, grouped};
use crate::ui::text;

/// Findings that are shown.
const MAX_FINDINGS: usize = 10;
/// Providers of a kind that are shown.
const MAX_PROVIDERS: usize = 5;

/// Prints the table.
pub(super) fn print(out: &mut impl Write, dir: &Path, manifest: &Manifest, summary: &ScanSummary) -> io::Result<()> {
    let counts = &manifest.counts;
    let bold = Style::new().bold();
    let accounting = &summary.accounting;
    let noun = if counts.rows == 1 { "domain" } else { "domains" };
    writeln!(out, "{bold}{} {noun}{bold:#}", grouped(counts.rows))?;
    if let Some(invented) = manifest.run.invented() {
        writeln!(out, "  Note: {invented}")?;
    }
    if !summary.stopped {
        writeln!(out, "  {}", accounting_line(*accounting))?;
    }
    let states: Vec<&str> = MxState::ALL.iter().map(|state| state.as_str()).collect();
    section(out, "MX", &counts.mx_state, &states, counts.rows)?;
    let records: Vec<&str> = RecordState::ALL.iter().map(|state| state.as_str()).collect();
    section(out, "MTA-STS record", &counts.sts_state, &records, counts.rows)?;
    section(out, "TLSRPT record", &counts.tlsrpt_state, &records, counts.rows)?;
    let stages: Vec<&str> = PolicyStage::ALL.iter().map(|stage| stage.as_str()).collect();
    section(out, "Policy, where it was fetched", &counts.policy_stage, &stages, counts.policy_stage.values().sum())?;
    let postures: Vec<&str> = Posture::ALL.iter().map(|posture| posture.as_str()).collect();
    section(out, "Posture", &counts.posture, &postures, counts.rows)?;
    providers(out, "Well-known policy hosts", &counts.policy_providers)?;
    providers(out, "Well-known mail providers", &counts.mail_providers)?;
    findings(out, &counts.findings)?;
    let unknown = counts.posture.get("unknown").copied().unwrap_or(0);
    writeln!(out, "\nUnknown (no usable answer): {} of {} ({})", grouped(unknown), grouped(counts.rows), percent(unknown, counts.rows))?;
    writeln!(
        out,
        "{:.1} s, {:.0} domains/s, {} DNS queries, {} fetches",
        manifest.activity.seconds,
        manifest.rates.domains,
        grouped(manifest.activity.dns_queries),
        grouped(manifest.activity.fetches)
    )?;
    smtp(out, &manifest.activity.smtp)?;
    dns(out, &manifest.activity.dns)?;
    let shown = text::safe(&dir.display().to_string());
    let layout = Layout::of(dir);
    let (parts, rejected) = (layout.parts(), layout.rejected());
    writeln!(out, "\n{shown}/{}\n{shown}/{parts}  ({})", layout.manifest(), counted(manifest.parts.len() as u64, "part"))?;
    if accounting.rejected > 0 {
        writeln!(out, "{shown}/{rejected}  ({}, not a domain name)", counted(accounting.rejected, "line"))?;
    }
    if accounting.duplicates > 0 {
        writeln!(out, "{shown}/{}  ({} lines whose name an earlier line has)", layout.duplicates(), grouped(accounting.duplicates))?;
    }
    writeln!(out, "\nDuckDB: SELECT posture, count(*) FROM '{shown}/{parts}*.parquet' GROUP BY ALL;")
}

/// What met the words of `--fail-on`.
pub(super) fn matches(out: &mut impl Write, matches: &Matches) -> io::Result<()> {
    writeln!(out, "\nDomains with what --fail-on names")?;
    for matched in &matches.words {
        let more = matched.domains.saturating_sub(matched.first.len() as u64);
        let mut names = matched.first.clone();
        if more > 0 {
            names.push(format!("and {} more", grouped(more)));
        }
        writeln!(out, "  {:<30} {:>10}  {}", text::safe(&matched.word), grouped(matched.domains), text::safe(&names.join(" ")))?;
    }
    Ok(())
}

/// What went wrong between the scan and its resolvers; nothing where nothing did.
fn dns(out: &mut impl Write, dns: &DnsActivity) -> io::Result<()> {
    let numbers = [
        (dns.timeouts, "queries without an answer in time"),
        (dns.unexpected, "datagrams that answered nothing asked"),
        (dns.malformed, "unreadable answers"),
        (dns.local_errors, "queries that this machine could not send"),
        (dns.kernel_drops, "datagrams dropped by the kernel"),
        (dns.retreats, "retreats to fewer queries in flight because of loss"),
    ];
    let said: Vec<String> =
        numbers.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{} {what}", grouped(*number))).collect();
    if !said.is_empty() {
        // Only the bulk engine has buffers of its own.
        let buffer = match dns.receive_buffer {
            0 => String::new(),
            octets => format!(" (receive buffer {} octets)", grouped(octets)),
        };
        writeln!(out, "DNS: {}{buffer}", said.join(", "))?;
    }
    if dns.pauses > 0 {
        writeln!(out, "Pauses because no resolver answered: {}, {:.0} s in all", grouped(dns.pauses), dns.paused_seconds)?;
    }
    Ok(())
}

/// What was asked of mail servers; nothing where nothing was.
fn smtp(out: &mut impl Write, smtp: &SmtpActivity) -> io::Result<()> {
    let numbers = [
        (smtp.known + smtp.shared, "answers known from other domains"),
        (smtp.refused, "refused or not answered"),
        (smtp.repeated, "repeated after a refusal"),
        (smtp.not_tried, "not tried"),
    ];
    if smtp.conversations + smtp.not_tried == 0 {
        return Ok(());
    }
    let said = numbers.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!(", {} {what}", grouped(*number)));
    writeln!(out, "Mail servers: {}{}", counted(smtp.conversations, "conversation"), said.collect::<String>())
}

/// One line of words with their counts; words without rows are left out.
fn section(out: &mut impl Write, title: &str, tally: &BTreeMap<String, u64>, order: &[&str], rows: u64) -> io::Result<()> {
    if tally.values().all(|count| *count == 0) {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    for word in order {
        if let Some(count) = tally.get(*word).filter(|count| **count > 0) {
            writeln!(out, "  {word:<14} {:>12}  {:>7}", grouped(*count), percent(*count, rows))?;
        }
    }
    Ok(())
}

/// The commonest well-known providers by name; nothing where there is none.
fn providers(out: &mut impl Write, title: &str, tally: &BTreeMap<String, u64>) -> io::Result<()> {
    let mut sorted: Vec<(&String, &u64)> = tally.iter().collect();
    sorted.sort_by_key(|(name, rows)| (std::cmp::Reverse(**rows), *name));
    if !sorted.is_empty() {
        writeln!(out, "\n{title}")?;
    }
    for (name, rows) in sorted.into_iter().take(MAX_PROVIDERS) {
        writeln!(out, "  {name:<30} {:>12}", grouped(*rows))?;
    }
    Ok(())
}

fn findings(out: &mut impl Write, tally: &BTreeMap<String, u64>) -> io::Result<()> {
    let mut sorted: Vec<(&String, &u64)> = tally.iter().collect();
    sorted.sort_by_key(|(code, count)| (std::cmp::Reverse(**count), *code));
    writeln!(out, "\nCommonest findings (stscan explain CODE)")?;
    for (code, count) in sorted.into_iter().take(MAX_FINDINGS) {
        let severity = Code::from_word(code).map(|code| code.rule().severity);
        let style = severity.map_or(Style::new(), text::severity_style);
        let word = severity.map_or("", |severity| severity.as_str());
        writeln!(out, "  {code:<40} {:>10}  {style}{word}{style:#}", grouped(*count))?;
    }
    Ok(())
}

/// A share with two digits after the point, as 0.07%.
fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        _ => format!("{:.2}%", part as f64 * 100.0 / whole as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(percent(7, 10_000), "0.07%");
        assert_eq!(percent(0, 0), "-");
    }
}
