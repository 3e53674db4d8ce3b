//! `stscan verify`: is a dataset whole, and if not, what is wrong with which file; `--repair` scans damaged parts again.

use std::io::Write;
use std::path::Path;

use clap::Parser;
use serde_json::json;

use super::args::{Arguments, Command, VerifyArguments};
use super::exit::{Exit, Failure};
use super::shard;
use crate::dataset::{self, Problem, Reader, Repair, ScanCommand, Verified, reports};
use crate::place;
use crate::ui::tables::{counted, grouped};
use crate::ui::text::{safe, safe_json};

/// Checks, says what is wrong, and repairs if it is asked to.
pub(super) fn run(arguments: &VerifyArguments) -> Result<Exit, Failure> {
    let dir = &arguments.dataset;
    if reports::is_reports(dir)? {
        return of_reports(dir, arguments);
    }
    let found = dataset::verify(dir)?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&of_scan(&found)).map_err(std::io::Error::from)?;
        writeln!(anstream::stdout().lock(), "{}", safe_json(&text))?;
        return Ok(if found.problems.is_empty() { Exit::Done } else { Exit::Dataset });
    }
    print(dir, &found)?;
    if found.problems.is_empty() {
        return Ok(Exit::Done);
    }
    if !arguments.repair {
        return Ok(Exit::Dataset);
    }
    let repair = dataset::repair(dir, &found)?;
    tell(&repair)?;
    if repair.unfinished { scan_again(dir) } else { check_again(dir) }
}

/// The same of TLS reports: they are repaired by reading the reports again.
fn of_reports(dir: &Path, arguments: &VerifyArguments) -> Result<Exit, Failure> {
    if arguments.repair {
        return Err(Failure::usage("--repair applies to scans; read the reports again with `stscan tlsrpt`, into a new folder"));
    }
    let (manifest, problems) = reports::verify(dir)?;
    let parts = manifest.parts.len();
    if arguments.json {
        let described = described(&problems, manifest.finished_at.is_some(), parts, manifest.rows);
        let text = serde_json::to_string_pretty(&described).map_err(std::io::Error::from)?;
        writeln!(anstream::stdout().lock(), "{}", safe_json(&text))?;
    } else {
        print_all(dir, &problems, manifest.finished_at.is_some(), parts, manifest.rows)?;
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Dataset })
}

fn described(problems: &[Problem], finished: bool, parts: usize, rows: u64) -> serde_json::Value {
    let listed = problems.iter().map(|problem| json!({ "file": problem.file, "damage": problem.damage, "detail": problem.detail }));
    json!({
        "whole": problems.is_empty(),
        "finished": finished,
        "parts": parts,
        "rows": rows,
        "problems": listed.collect::<Vec<_>>(),
    })
}

fn of_scan(found: &Verified) -> serde_json::Value {
    let manifest = &found.manifest;
    described(&found.problems, manifest.finished_at.is_some(), manifest.parts.len(), manifest.counts.rows)
}

fn print(dir: &Path, found: &Verified) -> std::io::Result<()> {
    let manifest = &found.manifest;
    print_all(dir, &found.problems, manifest.finished_at.is_some(), manifest.parts.len(), manifest.counts.rows)
}

fn print_all(dir: &Path, problems: &[Problem], is_finished: bool, parts: usize, rows: u64) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    let shown = safe(&dir.display().to_string());
    for problem in problems {
        writeln!(out, "{shown}/{}: {}: {}", safe(&problem.file), problem.damage, safe(&problem.detail))?;
    }
    let parts = counted(parts as u64, "part");
    if problems.is_empty() {
        writeln!(out, "{shown}: whole, {parts}, {} rows", grouped(rows))?;
        if !is_finished {
            writeln!(out, "it is unfinished: its command continues it")?;
        }
        return Ok(());
    }
    writeln!(out, "{shown}: not whole, {} in {parts}", counted(problems.len() as u64, "problem"))
}

fn tell(repair: &Repair) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    for file in &repair.aside {
        writeln!(out, "moved to aside: {}", safe(file))?;
    }
    for file in &repair.struck {
        writeln!(out, "to be scanned again: {}", safe(file))?;
    }
    Ok(())
}

/// Gives the scan's own command once more: it scans the rows that the manifest does not list.
fn scan_again(dir: &Path) -> Result<Exit, Failure> {
    let untold = |why: &str| {
        let text = format!("{}: {why}; give the command of the scan again, and it scans just those rows", dir.display());
        Failure::new(Exit::Stopped, text)
    };
    let Some(command) = ScanCommand::read(dir)? else { return Err(untold("its command is not kept")) };
    let parsed = Arguments::try_parse_from(&command.arguments).map_err(|_| untold("this version does not understand its command"))?;
    let Command::Scan(mut scan) = parsed.command else { return Err(untold("its command is none of scan")) };
    if scan.scan.shard.as_deref() == Some(shard::AUTO) {
        // A repair is no task of the array.
        scan.scan.shard = folder_shard(dir)?;
    }
    // The folder may have been moved since, and what is whole in it is to stay.
    let dir = place::canonical(dir)?;
    std::env::set_current_dir(&command.folder)
        .map_err(|error| untold(&format!("the folder {} of its command cannot be entered ({error})", command.folder.display())))?;
    match super::scan::repair(&dir, *scan, command)? {
        Exit::Done => check_again(&dir),
        other => Ok(other),
    }
}

/// The shard of the list that a dataset has.
fn folder_shard(dir: &Path) -> Result<Option<String>, Failure> {
    let reader = Reader::open(dir)?;
    Ok(reader.manifest().run.configuration.get("shard").and_then(|shard| shard.as_str()).map(str::to_owned))
}

fn check_again(dir: &Path) -> Result<Exit, Failure> {
    let found = dataset::verify(dir)?;
    print(dir, &found)?;
    Ok(if found.problems.is_empty() { Exit::Done } else { Exit::Dataset })
}
