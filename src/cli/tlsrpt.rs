//! `stscan tlsrpt`: TLS reports (RFC 8460) as they come into a dataset of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstyle::Style;
use serde_json::json;
use time::{Date, OffsetDateTime};

use super::args::TlsrptArguments;
use super::exit::{Exit, Failure};
use crate::dataset::DatasetError;
use crate::dataset::reports::{ReportsManifest, ReportsWriter};
use crate::reports::{Found, Intake, Refusal, Rejected, Sink, Walk};
use crate::ui::FileProgress;
use crate::ui::tables::{counted, grouped};
use crate::ui::text::{safe, safe_json};

/// Reads the files and says what came of them.
pub(super) fn run(arguments: &TlsrptArguments) -> Result<Exit, Failure> {
    let is_stream = |path: &&PathBuf| path.as_os_str() == "-";
    let paths: Vec<PathBuf> = arguments.paths.iter().filter(|path| !is_stream(path)).cloned().collect();
    // Before anything is written, and without what is written.
    let walk = Walk::of(&paths, Some(&arguments.out)).map_err(|error| Failure::new(Exit::Input, safe(&error.to_string())))?;
    let inputs = arguments.paths.iter().map(|path| path.display().to_string()).collect();
    let writer = ReportsWriter::begin(&arguments.out, inputs)?;
    let mut intake = Intake::new(Counting { writer, sums: Sums::default() }, OffsetDateTime::now_utc());
    intake.skip(walk.skipped);
    let progress = FileProgress::start(walk.entries.len() as u64);
    if arguments.paths.iter().any(|path| is_stream(&path)) {
        intake.read_stream("standard input", &mut io::stdin().lock())?;
    }
    for entry in &walk.entries {
        intake.read(entry)?;
        progress.show(intake.tally().files, intake.tally().reports);
    }
    drop(progress);
    let (Counting { writer, sums }, tally) = intake.finish();
    let manifest = writer.finish(&tally)?;
    let mut out = anstream::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string_pretty(&sums.described(&arguments.out, &manifest)).map_err(io::Error::from)?;
        writeln!(out, "{}", safe_json(&text))?;
    } else {
        sums.print(&mut out, &arguments.out, &manifest)?;
    }
    if tally.reports > 0 {
        return Ok(Exit::Done);
    }
    let shown = safe(&arguments.out.display().to_string());
    writeln!(anstream::stderr().lock(), "stscan: no TLS report was found; {shown}/rejected.csv says why")?;
    Ok(Exit::Input)
}

/// A number with its noun, where the plural takes more than an s.
fn number(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Counts on the way to the dataset.
struct Counting {
    writer: ReportsWriter,
    sums: Sums,
}

impl Sink for Counting {
    type Error = DatasetError;

    fn report(&mut self, found: Found) -> Result<(), DatasetError> {
        self.sums.add(&found);
        self.writer.report(found)
    }

    fn rejected(&mut self, rejected: Rejected) -> Result<(), DatasetError> {
        *self.sums.reasons.entry(rejected.reason).or_default() += 1;
        self.writer.rejected(rejected)
    }
}

/// Figures of a run.
#[derive(Debug, Default)]
struct Sums {
    reasons: BTreeMap<Refusal, u64>,
    reporters: BTreeSet<String>,
    domains: BTreeSet<String>,
    days: Option<(Date, Date)>,
    /// By policy type the sessions that kept to the policy, and those that did not. Types are never added: a session may be in several.
    sessions: BTreeMap<String, [u128; 2]>,
    warnings: BTreeMap<&'static str, u64>,
}

impl Sums {
    fn add(&mut self, found: &Found) {
        let report = &found.report;
        self.reporters.extend(found.envelope.reporter(report.contact.as_deref()));
        if let Some(day) = report.begin.map(OffsetDateTime::date) {
            self.days = Some(self.days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
        }
        for policy in &report.policies {
            self.domains.extend(policy.domain.clone());
            let kind = policy.policy_type.clone().unwrap_or_else(|| "unknown".to_owned());
            let [successful, failed] = self.sessions.entry(kind).or_default();
            *successful += u128::from(policy.successful.unwrap_or(0));
            *failed += u128::from(policy.failed.unwrap_or(0));
        }
        for warning in &report.warnings {
            *self.warnings.entry(warning.as_str()).or_default() += 1;
        }
    }

    fn described(&self, dir: &Path, manifest: &ReportsManifest) -> serde_json::Value {
        let sessions = self.sessions.iter().map(|(kind, [successful, failed])| {
            // Beyond 64 bits no count is true.
            let count = |number: &u128| u64::try_from(*number).unwrap_or(u64::MAX);
            (kind.clone(), json!({ "successful": count(successful), "failed": count(failed) }))
        });
        json!({
            "dataset": dir.display().to_string(),
            "accounting": manifest.accounting,
            "rows": manifest.rows,
            "reporters": self.reporters.len(),
            "domains": self.domains.len(),
            "first_day": self.days.map(|(first, _)| first.to_string()),
            "last_day": self.days.map(|(_, last)| last.to_string()),
            "sessions_by_policy_type": sessions.collect::<serde_json::Map<_, _>>(),
            "not_read": self.reasons.iter().map(|(reason, count)| (reason.to_string(), (*count).into())).collect::<serde_json::Map<_, _>>(),
            "warnings": self.warnings,
        })
    }

    fn print(&self, out: &mut impl Write, dir: &Path, manifest: &ReportsManifest) -> io::Result<()> {
        let (bold, tally) = (Style::new().bold(), &manifest.accounting);
        writeln!(out, "{bold}{}{bold:#}", counted(tally.reports, "report"))?;
        writeln!(
            out,
            "  {} = {} read + {} with nothing new + {} without a report + {} refused",
            counted(tally.files, "file"),
            grouped(tally.files_read),
            grouped(tally.files_duplicate),
            grouped(tally.files_without_report),
            grouped(tally.files_refused)
        )?;
        writeln!(
            out,
            "  {}; {}; {}; {}",
            counted(tally.mails, "mail"),
            counted(tally.duplicates, "duplicate report"),
            number(tally.without_report, "mail or member without a report", "mails or members without a report"),
            number(tally.skipped, "entry skipped", "entries skipped")
        )?;
        if let Some((first, last)) = self.days {
            let (reporters, domains) =
                (counted(self.reporters.len() as u64, "reporter"), counted(self.domains.len() as u64, "policy domain"));
            writeln!(out, "  {reporters}, {domains}, days {first} to {last}")?;
        }
        self.print_sessions(out)?;
        if !self.reasons.is_empty() {
            writeln!(out, "\nNot read")?;
        }
        for (reason, count) in &self.reasons {
            writeln!(out, "  {:<20} {:>12}  {}", reason.as_str(), grouped(*count), reason.meaning())?;
        }
        let shown = safe(&dir.display().to_string());
        writeln!(out, "\n{shown}/manifest.json")?;
        writeln!(out, "{shown}/reports/  ({}, {})", counted(manifest.parts.len() as u64, "part"), counted(manifest.rows, "row"))?;
        if tally.refused + tally.without_report > 0 {
            writeln!(out, "{shown}/rejected.csv  ({})", counted(tally.refused + tally.without_report, "line"))?;
        }
        writeln!(out, "\nDuckDB: SELECT reporter, policy_type, sum(successful), sum(failed) FROM '{shown}/reports/*.parquet' GROUP BY ALL;")
    }

    fn print_sessions(&self, out: &mut impl Write) -> io::Result<()> {
        if self.sessions.is_empty() {
            return Ok(());
        }
        writeln!(out, "\nSessions by policy type (one session may be in several)")?;
        for (kind, [successful, failed]) in &self.sessions {
            let count = |number: u128| grouped(u64::try_from(number).unwrap_or(u64::MAX));
            let kind: String = safe(kind).chars().take(20).collect();
            writeln!(out, "  {kind:<20} {:>12} kept to the policy  {:>12} failed", count(*successful), count(*failed))?;
        }
        Ok(())
    }
}
