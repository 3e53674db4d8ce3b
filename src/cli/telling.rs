//! How a command ended, told to others: by JSON to the program of `--notify-exec`, by figures to the file of `--metrics-file`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::exit::{Exit, Failure};
use super::notify::Notifier;
use super::options::ScanOptions;
use super::values::shown;
use crate::analyse::diff::{Changed, Diff, Kind};
use crate::classify::{Code, Severity};
use crate::dataset::{Manifest, Reader, Timestamp, Tool};
use crate::scan::{Identity, Status};
use crate::ui::metrics::{self, Ended, Outcome};
use crate::ui::tables::counted;
use crate::ui::text::safe_json;

/// Version of the notice; it changes when a field goes or changes its meaning.
const NOTICE_VERSION: u32 = 1;
/// Changed domains that a notice has one by one.
const MAX_DOMAINS: usize = 50;

/// Who is told how a scan ended.
#[derive(Debug)]
pub(super) struct Telling {
    notifier: Option<Notifier>,
    metrics: Option<PathBuf>,
    /// What the list is called as far as the options say.
    list: String,
    begun: OffsetDateTime,
}

/// What happened, as the program of `--notify-exec` is told. The chapter `weekly` of the manual documents it.
#[derive(Serialize)]
struct Notice<'a> {
    notice_version: u32,
    event: &'static str,
    outcome: &'a str,
    exit_status: u8,
    message: String,
    folder: Option<String>,
    began_at: Timestamp,
    ended_at: Timestamp,
    duration_s: f64,
    tool: Tool,
    run: Option<Value>,
    figures: Option<Value>,
}

impl Telling {
    /// Refuses at the start what could not be told at the end.
    pub(super) fn of_scan(lists: &[String], options: &ScanOptions) -> Result<Self, Failure> {
        let metrics = options.metrics_file.clone();
        if let Some(path) = &metrics {
            let failed = |why: String| Failure::usage(format!("--metrics-file {} cannot be used: {why}", shown(path)));
            metrics::check(path).map_err(failed)?;
        }
        let notifier = notifier(options.notify_exec.as_deref(), options.notify_timeout)?;
        let list = options.list_name.clone().unwrap_or_else(|| lists.join(", "));
        Ok(Self { notifier, metrics, list, begun: OffsetDateTime::now_utc() })
    }

    /// Tells how the scan ended. That somebody could not be told is said, and changes nothing.
    pub(super) fn tell(&self, status: &Status, result: &Result<Exit, Failure>, manifest: Option<Manifest>) {
        if self.notifier.is_none() && self.metrics.is_none() {
            return;
        }
        let identity = status.identity();
        let manifest = manifest.or_else(|| written_so_far(identity?));
        let exit = exit(result);
        let is_finished = manifest.as_ref().map_or(exit == Exit::Done, |manifest| manifest.finished_at.is_some());
        let outcome = match (is_finished, exit) {
            (true, _) => Outcome::Finished,
            (false, Exit::Stopped) => Outcome::Stopped,
            (false, _) => Outcome::Failed,
        };
        let list = manifest.as_ref().map(|manifest| manifest.run.list.name.as_str()).or(identity.map(|identity| identity.list.as_str()));
        let ended = Ended {
            outcome,
            exit_status: exit as u8,
            list: list.unwrap_or(&self.list),
            manifest: manifest.as_ref(),
            times: [self.begun, OffsetDateTime::now_utc()],
        };
        if let Some(path) = &self.metrics
            && let Err(error) = metrics::write(path, &ended)
        {
            say(&format!("--metrics-file {} cannot be written: {error}; the dataset stays as it is", shown(path)));
        }
        if let Some(notifier) = &self.notifier {
            let notice = self.notice(&ended, identity, result);
            send(notifier, &notice);
        }
    }

    fn notice<'a>(&self, ended: &'a Ended<'_>, identity: Option<&Identity>, result: &Result<Exit, Failure>) -> Notice<'a> {
        let message = match (ended.manifest, result) {
            (Some(manifest), _) if ended.outcome == Outcome::Finished => format!("{}: {}", ended.list, in_words(manifest)),
            (_, Err(failure)) if !failure.is_closed_pipe() => failure.to_string(),
            (Some(manifest), _) => {
                format!("{}: stopped after {}; the same command continues", ended.list, counted(manifest.counts.rows, "row"))
            }
            _ => format!("{}: the stream has {}", ended.list, if ended.outcome == Outcome::Finished { "ended" } else { "been cut" }),
        };
        let [begun, end] = ended.times;
        Notice {
            notice_version: NOTICE_VERSION,
            event: "scan",
            outcome: ended.outcome.as_str(),
            exit_status: ended.exit_status,
            message,
            folder: identity.and_then(|identity| identity.folder.as_ref()).map(|folder| folder.display().to_string()),
            began_at: Timestamp::of(begun),
            ended_at: Timestamp::of(end),
            duration_s: (end - begun).as_seconds_f64().max(0.0),
            tool: Tool::of_this_build(),
            run: ended.manifest.map(run),
            figures: ended.manifest.map(figures),
        }
    }
}

/// Tells what a comparison came to.
pub(super) struct DiffTelling(Option<Notifier>, OffsetDateTime);

impl DiffTelling {
    /// Refuses at the start what could not be told at the end.
    pub(super) fn prepare(program: Option<&Path>, limit: Option<Duration>) -> Result<Self, Failure> {
        Ok(Self(notifier(program, limit)?, OffsetDateTime::now_utc()))
    }

    /// Tells it; `folders` are those of the scans.
    pub(super) fn tell(&self, folders: [&Path; 2], result: &Result<Exit, Failure>, found: Option<&Diff>) {
        let Self(Some(notifier), begun) = self else { return };
        // What could not be found out is no change.
        let is_changed = |domain: &&Changed| domain.changes.iter().any(|change| change.kind != Kind::Unknown);
        let found: Option<(&Diff, Vec<&Changed>)> = found.map(|diff| (diff, diff.domains.iter().filter(is_changed).collect()));
        let end = OffsetDateTime::now_utc();
        let (outcome, message) = match (&found, result) {
            (Some((diff, listed)), _) => {
                let outcome = if listed.is_empty() { "unchanged" } else { "changed" };
                (outcome, format!("{} to {}: {} changed", diff.old.0, diff.new.0, counted(listed.len() as u64, "domain")))
            }
            (None, Err(failure)) => ("failed", failure.to_string()),
            (None, Ok(_)) => ("failed", "nothing was compared".to_owned()),
        };
        let [old, new] = folders.map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()).display().to_string());
        let notice = Notice {
            notice_version: NOTICE_VERSION,
            event: "diff",
            outcome,
            exit_status: exit(result) as u8,
            message,
            folder: Some(new.clone()),
            began_at: Timestamp::of(*begun),
            ended_at: Timestamp::of(end),
            duration_s: (end - *begun).as_seconds_f64().max(0.0),
            tool: Tool::of_this_build(),
            run: None,
            figures: found.map(|(diff, listed)| changes([&old, &new], diff, &listed)),
        };
        send(notifier, &notice);
    }
}

fn notifier(program: Option<&Path>, limit: Option<Duration>) -> Result<Option<Notifier>, Failure> {
    program.map(|program| Notifier::find(program, limit)).transpose()
}

fn send(notifier: &Notifier, notice: &Notice<'_>) {
    let text = serde_json::to_string_pretty(notice).map_err(|error| error.to_string());
    if let Err(sentence) = text.and_then(|text| notifier.tell(&(safe_json(&text) + "\n"))) {
        say(&sentence);
    }
}

/// To whoever still reads it.
fn say(sentence: &str) {
    let _ = writeln!(anstream::stderr().lock(), "stscan: {sentence}");
}

/// The status with which the process will end.
fn exit(result: &Result<Exit, Failure>) -> Exit {
    match result {
        Ok(exit) => *exit,
        Err(failure) if failure.is_closed_pipe() => Exit::Done,
        Err(failure) => failure.exit(),
    }
}

/// What a scan that failed has written, if the folder is that scan's.
fn written_so_far(identity: &Identity) -> Option<Manifest> {
    let manifest = Reader::open(identity.folder.as_ref()?).ok()?.manifest().clone();
    (manifest.run.run_id == identity.run_id).then_some(manifest)
}

fn in_words(manifest: &Manifest) -> String {
    let of = |word: &str| manifest.counts.posture.get(word).copied().unwrap_or(0);
    let domains = counted(manifest.counts.rows, "domain");
    format!("{domains}, {} enforce, {} broken, {} unknown", of("enforce"), of("broken"), of("unknown"))
}

fn run(manifest: &Manifest) -> Value {
    let run = &manifest.run;
    json!({
        "run_id": run.run_id,
        "list": run.list,
        "started_at": manifest.started_at,
        "finished_at": manifest.finished_at,
        "tool": run.tool,
        "catalogue_version": run.catalogue_version,
        "invented": run.invented(),
    })
}

fn figures(manifest: &Manifest) -> Value {
    let counts = &manifest.counts;
    let of_severity = |wanted: &Severity| -> u64 {
        let is_it = |code: &str| Code::from_word(code).is_some_and(|code| code.rule().severity == *wanted);
        counts.findings.iter().filter(|(code, _)| is_it(code)).map(|(_, domains)| domains).sum()
    };
    let by_severity: serde_json::Map<String, Value> =
        Severity::ALL.iter().map(|severity| (severity.as_str().to_owned(), of_severity(severity).into())).collect();
    json!({
        "rows": counts.rows,
        "unknown": counts.posture.get("unknown").copied().unwrap_or(0),
        "accounting": manifest.accounting,
        "counts": counts,
        "findings_by_severity": by_severity,
        "activity": manifest.activity,
        "rates": manifest.rates,
    })
}

fn changes(folders: [&str; 2], diff: &Diff, listed: &[&Changed]) -> Value {
    let [old, new] = folders;
    let scan = |folder: &str, (label, started_at): &(String, String)| json!({ "folder": folder, "label": label, "started_at": started_at });
    let kinds: serde_json::Map<String, Value> =
        diff.kinds.iter().map(|(kind, domains): (&Kind, &u64)| (kind.to_string(), (*domains).into())).collect();
    let domain = |domain: &&Changed| {
        let kinds: Vec<&str> = domain.changes.iter().map(|change| change.kind.as_str()).collect();
        json!({ "domain": domain.domain, "changes": kinds })
    };
    json!({
        "old": scan(old, &diff.old),
        "new": scan(new, &diff.new),
        "in_both": diff.in_both,
        "only_old": diff.only_old,
        "only_new": diff.only_new,
        "changes": kinds,
        "changed": listed.len(),
        "domains": listed.iter().take(MAX_DOMAINS).map(domain).collect::<Vec<Value>>(),
        "notes": diff.notes,
    })
}
