//! `stscan report`: a page about a dataset, or its findings for other programs.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{ReportArguments, ReportFormat};
use super::exit::{Exit, Failure};
use super::filter::FilterArguments;
use super::gate;
use super::values::wishes;
use crate::analyse::Scan;
use crate::analyse::gate::{DomainCondition, Gate, matched};
use crate::analyse::report::{Kind, MAX_DOMAINS, Report, ReportOptions};
use crate::analyse::senders::Seen;
use crate::dataset::reports::ReportsReader;
use crate::publish::Wishes;
use crate::ui::report::{ReportError, csv, html, json, junit, sarif};
use crate::ui::text;
use crate::whole_file;

/// What a report is made of.
pub(super) struct Prepared {
    pub(super) scan: Scan,
    pub(super) seen: Option<Arc<Seen>>,
    pub(super) options: ReportOptions,
    gate: Gate<DomainCondition>,
}

/// Reads the dataset and writes the report.
pub(super) fn run(arguments: &ReportArguments) -> Result<Exit, Failure> {
    let Prepared { scan, seen, options, gate } = prepare(arguments)?;
    let (judged, how) = (scan.clone(), (arguments.format, arguments.bare));
    match &arguments.out {
        Some(path) if path.as_os_str() != "-" => to_file(path, |out| write(scan, seen, how, &options, out))?,
        None if arguments.format == ReportFormat::Html => return Err(Failure::usage("name the file of the page, e.g. -o report.html")),
        _ => write(scan, seen, how, &options, &mut std::io::stdout().lock())?,
    }
    close(&gate, &judged)
}

/// Checks what was asked for, and opens the dataset.
pub(super) fn prepare(arguments: &ReportArguments) -> Result<Prepared, Failure> {
    let is_page = arguments.format == ReportFormat::Html;
    if !is_page && arguments.kind.is_some() {
        return Err(Failure::usage("--kind applies to the format html; the other formats have all domains: leave it out"));
    }
    if !is_page && arguments.domains.is_some() {
        return Err(Failure::usage("--domains applies to the format html; the other formats have all domains: leave it out"));
    }
    let options = ReportOptions {
        kind: arguments.kind.as_deref().map(kind).transpose()?,
        most: arguments.domains.unwrap_or(MAX_DOMAINS),
        figures: true,
        wishes: Wishes { adds_rua: false, ..wishes(&arguments.rua)? },
    };
    if !arguments.rua.is_empty() && !matches!(arguments.format, ReportFormat::Html | ReportFormat::Json) {
        return Err(Failure::usage("--rua applies to the formats html and json, which say what to publish"));
    }
    let gate = gate::of_domains(&arguments.fail_on, arguments.expect.is_given())?;
    let scan = arguments.filter.apply_to(arguments.expect.apply_to(Scan::open(&arguments.dataset)?)?)?;
    let seen = arguments.tls_reports.as_deref().map(|dir| seen(dir, &scan, &arguments.filter)).transpose()?.map(Arc::new);
    Ok(Prepared { scan, seen, options, gate })
}

impl Prepared {
    /// The status that `--fail-on` asks for.
    pub(super) fn close(&self) -> Result<Exit, Failure> {
        close(&self.gate, &self.scan)
    }
}

/// The status that `--fail-on` asks for.
fn close(gate: &Gate<DomainCondition>, judged: &Scan) -> Result<Exit, Failure> {
    if gate.is_open() { Ok(Exit::Done) } else { gate::close(&matched(judged, gate)?) }
}

/// What senders say; with a filter only of what the domains are concerned with.
pub(super) fn seen(dir: &Path, scan: &Scan, filter: &FilterArguments) -> Result<Seen, Failure> {
    let reports = ReportsReader::open(dir)?;
    if filter.is_empty() {
        return Ok(Seen::of(&reports)?);
    }
    let names = scan.policy_domains()?;
    Ok(Seen::about(&reports, |domain| domain.is_some_and(|domain| names.contains(domain)))?)
}

fn kind(word: &str) -> Result<Kind, Failure> {
    let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    Kind::from_word(word).ok_or_else(|| Failure::usage(format!("--kind {word:?}: one of {}", all.join(", "))))
}

fn write(
    scan: Scan,
    seen: Option<Arc<Seen>>,
    (format, bare): (ReportFormat, bool),
    options: &ReportOptions,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    match format {
        ReportFormat::Html => html(&Report::of(scan, options, seen)?, out),
        ReportFormat::Csv => csv(&scan, seen.as_deref(), bare, out),
        ReportFormat::Json => json(&scan, seen.as_deref(), &options.wishes, out),
        ReportFormat::Sarif => {
            if let Some(left_out) = sarif(&scan, seen.as_deref(), out)? {
                writeln!(anstream::stderr(), "stscan: {left_out}")?;
            }
            Ok(())
        }
        ReportFormat::Junit => junit(&scan, seen.as_deref(), out),
    }
}

/// Writes beside the file first, so that an older report stays whole until this one is; into a device or a pipe as it is.
pub(super) fn to_file(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<(), ReportError>) -> Result<(), Failure> {
    let shown = text::safe(&path.display().to_string());
    let is_special = whole_file::is_special(path);
    let temporary: PathBuf = if is_special { path.to_owned() } else { path.with_added_extension("tmp") };
    let refused = |error| Failure::unwritable(format!("--out {shown}"), Exit::Usage, &error);
    if path.is_dir() {
        return Err(refused(std::io::ErrorKind::IsADirectory.into()));
    }
    let mut file = BufWriter::new(File::create(&temporary).map_err(refused)?);
    let written = write(&mut file).and_then(|()| Ok(file.flush()?));
    if is_special {
        // Nothing is beside it.
        return written.map_err(|error| unwritten(error, &shown));
    }
    written
        .and_then(|()| Ok(fs::rename(&temporary, path)?))
        .map_err(|error| unwritten(error, &shown))
        .inspect_err(|_| _ = fs::remove_file(&temporary))
}

fn unwritten(error: ReportError, shown: &str) -> Failure {
    match error {
        ReportError::Write(error) => Failure::unwritable(shown, Exit::Fault, &error),
        other => other.into(),
    }
}
