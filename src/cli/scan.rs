//! `stscan scan`: the main job.

use std::io::Write;
use std::sync::Arc;

use super::args::ScanArguments;
use super::config::ConfigFile;
use super::exit::{Exit, Failure};
use super::values::shown;
use super::{confusion, lab, plan};
use crate::dataset::Reader;
use crate::scan::{self, Network, Output, ScanError, Status};
use crate::trial::{self, Confusion};
use crate::ui::{Progress, ProgressKind};

/// Scans, shows how far it is and says what came out.
pub(super) fn run(arguments: ScanArguments) -> Result<Exit, Failure> {
    let file = ConfigFile::read(arguments.config.as_deref())?;
    let lists = if arguments.lists.is_empty() { file.lists } else { arguments.lists };
    let options = arguments.scan.or(file.scan);
    let network_options = arguments.network.or(file.network);
    let kind = progress_kind(options.progress.as_deref())?;
    let status_file = options.status_file.clone();
    let (mut plan, world) = plan::scan(lists, options, &network_options)?;
    let status = Arc::new(Status::default());
    if let Some(path) = &status_file {
        let failed = |error| Failure::usage(format!("--status-file {} cannot be written: {error}", shown(path)));
        Progress::try_file(path, &status).map_err(failed)?;
    }
    let lab = world.map(|world| lab::start(world, &mut plan.network)).transpose()?;
    plan.own_list = lab.as_ref().map(|lab| trial::own_list(lab.internet()));
    let network = Network::prepare(&plan.network)?;
    let mut err = anstream::stderr();
    for warning in network.warnings() {
        writeln!(err, "stscan: {warning}")?;
    }
    stop_on_signal(&status)?;
    let progress = Progress::start(kind, status_file, Arc::clone(&status));
    let result = scan::run(&plan, &network, &status);
    drop(progress);
    let summary = result?;

    if let (Output::Folder(dir), Some(manifest)) = (&plan.output, &summary.manifest) {
        super::summary::print(&mut anstream::stdout().lock(), dir, manifest, &summary)?;
        if let Some(lab) = &lab {
            let compared = Reader::open(dir).and_then(|dataset| Confusion::of(&dataset, lab.internet())).map_err(ScanError::Dataset)?;
            confusion::print(&mut anstream::stdout().lock(), &compared)?;
        }
    }
    if summary.stopped {
        writeln!(err, "stscan: stopped; everything that was in flight is committed, the same command goes on from there")?;
        return Ok(Exit::Stopped);
    }
    Ok(Exit::Done)
}

fn progress_kind(word: Option<&str>) -> Result<ProgressKind, Failure> {
    let Some(word) = word else { return Ok(ProgressKind::Auto) };
    ProgressKind::from_word(word).ok_or_else(|| Failure::usage(format!("--progress {word:?}: auto, bar, json and none are possible")))
}

/// Ctrl-C (and a termination signal) once: finish what is in flight and commit. A second time: end at once, which loses only the
/// open shards.
fn stop_on_signal(status: &Arc<Status>) -> Result<(), Failure> {
    let status = Arc::clone(status);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Fault, format!("signals cannot be caught: {error}")))?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            wait_for_signal().await;
            status.stop();
            wait_for_signal().await;
            std::process::exit(Exit::Stopped as i32);
        });
    });
    Ok(())
}

async fn wait_for_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Without signals the scan simply runs to its end.
        std::future::pending::<()>().await;
    }
}
