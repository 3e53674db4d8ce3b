//! `stscan scan`: the main job.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::ScanArguments;
use super::config::ConfigFile;
use super::exit::{Exit, Failure};
use super::options::{NetworkOptions, ScanOptions};
use super::telling::Telling;
use super::values::shown;
use super::{confusion, gate, lab, plan, proxies, signals};
use crate::analyse::Scan;
use crate::analyse::gate::{DomainCondition, Gate, matched};
use crate::dataset::{self, Manifest, Reader, ScanCommand};
use crate::lab::{Asked, Lab, Whose};
use crate::observe::scope::Scope;
use crate::scan::{self, Network, Output, ScanError, ScanPlan, ScanSummary, Status};
use crate::trial::{self, Confusion};
use crate::ui::tables::counted;
use crate::ui::text::safe;
use crate::ui::{Progress, ProgressKind};

/// Scans, shows how far it is, says what came out, and tells whoever is to be told.
pub(super) fn run(arguments: ScanArguments, command: Option<ScanCommand>) -> Result<Exit, Failure> {
    run_into(None, arguments, command)
}

/// Scans into this dataset, wherever the command's own would lie.
pub(super) fn repair(dir: &Path, arguments: ScanArguments, command: ScanCommand) -> Result<Exit, Failure> {
    run_into(Some(dir), ScanArguments { restart: false, ..arguments }, Some(command))
}

fn run_into(dir: Option<&Path>, arguments: ScanArguments, command: Option<ScanCommand>) -> Result<Exit, Failure> {
    let file = ConfigFile::read(arguments.config.as_deref())?;
    let places = file.places();
    let lists = if arguments.lists.is_empty() { file.lists } else { arguments.lists };
    let mut options = arguments.scan.or(file.scan);
    if let Some(dir) = dir {
        (options.out, options.layout, options.keep) = (Some(dir.to_owned()), None, None);
    }
    let network = arguments.network.or(file.network);
    let telling = Telling::of_scan(&lists, &options).map_err(|failure| ConfigFile::placed(&places, failure))?;
    let status = Arc::new(Status::default());
    let mut manifest = None;
    let typed = Typed { lists, options, network, restart: arguments.restart, command };
    let result = scan(typed, &status, &mut manifest).map_err(|failure| ConfigFile::placed(&places, failure));
    telling.tell(&status, &result, manifest);
    result
}

/// What a scan was asked for, the configuration file included.
struct Typed {
    lists: Vec<String>,
    options: ScanOptions,
    network: NetworkOptions,
    restart: bool,
    command: Option<ScanCommand>,
}

/// Scans; `manifest` is what was written in the end.
fn scan(typed: Typed, status: &Arc<Status>, manifest: &mut Option<Manifest>) -> Result<Exit, Failure> {
    let kind = progress_kind(typed.options.progress.as_deref())?;
    let (status_file, keep) = (typed.options.status_file.clone(), typed.options.keep);
    let proxies = proxies::note(&typed.lists);
    let gate = gate::of_domains(&typed.options.fail_on, false)?;
    let (mut plan, world) = plan::scan(typed.lists, typed.options, &typed.network)?;
    if let Some(path) = &status_file {
        let failed = |error| Failure::usage(format!("--status-file {} cannot be written: {error}", shown(path)));
        Progress::try_file(path, status).map_err(failed)?;
    }
    let lab = world.map(|world| lab::start(world, &mut plan.network)).transpose()?;
    (plan.restart, plan.command) = (typed.restart, typed.command);
    plan.own_list = lab.as_ref().map(|lab| trial::own_list(lab.internet()));
    let network = Network::prepare(&plan.network).map_err(|error| unprepared(error, &plan))?;
    proxies.filter(|_| lab.is_none()).into_iter().for_each(|note| status.note(note));
    network.warnings().iter().for_each(|warning| status.note(warning));
    signals::stop_on_signal(status)?;
    let progress = Progress::start(kind, status_file, Arc::clone(status));
    let result = scan::run(&plan, &network, status);
    drop(progress);
    let summary = result?;
    manifest.clone_from(&summary.manifest);

    let asked = Asked { smtp: whose(plan.network.smtp), dane: whose(network.dane()) };
    let folder = status.identity().and_then(|identity| identity.folder.clone());
    let told = tell(folder.as_deref().map(as_typed).as_deref(), &summary, lab.as_ref(), asked);
    if summary.stopped {
        // Who stopped it by closing the terminal reads none of this.
        let _ = writeln!(anstream::stderr(), "stscan: {}", how_it_stopped(&summary, &plan.output));
        return Ok(Exit::Stopped);
    }
    if let (Some(keep), Some(folder)) = (keep, &folder) {
        for sentence in dataset::tree::retain(folder, keep as usize) {
            let _ = writeln!(anstream::stderr(), "stscan: {}", safe(&sentence));
        }
    }
    told?;
    match folder {
        Some(dir) if !gate.is_open() => judge(&dir, &gate),
        _ => Ok(Exit::Done),
    }
}

/// What of the dataset meets the words of `--fail-on`: told, and decides the exit status.
fn judge(dir: &Path, gate: &Gate<DomainCondition>) -> Result<Exit, Failure> {
    let matches = matched(&Scan::open(dir)?, gate)?;
    super::summary::matches(&mut anstream::stdout().lock(), &matches)?;
    gate::close(&matches)
}

/// A folder as the user is used to it: from the present one, if it is within.
fn as_typed(folder: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    here.and_then(|here| folder.strip_prefix(here).ok()).unwrap_or(folder).to_owned()
}

/// A scan that lies there and only lacks its resolvers is a stopped one.
fn unprepared(error: ScanError, plan: &ScanPlan) -> Failure {
    match error {
        ScanError::Unanswered(text) if plan.is_resumable() => {
            Failure::new(Exit::Stopped, format!("{text}; what has been scanned is kept, and the same command continues"))
        }
        error => error.into(),
    }
}

/// The command as it was typed, for a repair; `None` where it cannot be written down.
pub(super) fn command(typed: &[OsString]) -> Option<ScanCommand> {
    let arguments = typed.iter().map(|argument| argument.to_str().map(str::to_owned)).collect::<Option<_>>()?;
    Some(ScanCommand { folder: std::env::current_dir().ok()?, arguments })
}

fn how_it_stopped(summary: &ScanSummary, output: &Output) -> String {
    match summary.streamed {
        Some(rows) if matches!(output, Output::Text { .. }) => format!(
            "stopped after {}; they are whole, the others are missing, and a scan as text begins again with the first name",
            counted(rows, "row")
        ),
        Some(rows) => format!(
            "stopped after {}; the stream has no end mark, and the same command begins again with the first name",
            counted(rows, "row")
        ),
        None => "stopped; everything that was in flight is committed; the same command continues".to_owned(),
    }
}

/// In the terms of the lab.
fn whose(scope: Scope) -> Whose {
    match scope {
        Scope::None => Whose::Nobodys,
        Scope::Adopters => Whose::Adopters,
        Scope::All => Whose::Everybodys,
    }
}

/// Says what came out.
fn tell(dir: Option<&Path>, summary: &ScanSummary, lab: Option<&Lab>, asked: Asked) -> Result<(), Failure> {
    if let (Some(dir), Some(manifest)) = (dir, &summary.manifest) {
        super::summary::print(&mut anstream::stdout().lock(), dir, manifest, summary)?;
        if let Some(lab) = lab {
            let compared = Reader::open(dir).and_then(|dataset| Confusion::of(&dataset, lab.internet(), asked));
            let compared = compared.map_err(ScanError::Dataset)?;
            confusion::print(&mut anstream::stdout().lock(), &compared)?;
        }
    }
    Ok(())
}

fn progress_kind(word: Option<&str>) -> Result<ProgressKind, Failure> {
    let Some(word) = word else { return Ok(ProgressKind::Auto) };
    ProgressKind::from_word(word).ok_or_else(|| Failure::usage(format!("--progress {word:?}: auto, bar, json and none are possible")))
}
