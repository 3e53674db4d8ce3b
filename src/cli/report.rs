//! `stscan report`: a page about a dataset, or its findings for other programs.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::args::{ReportArguments, ReportFormat};
use super::exit::{Exit, Failure};
use super::gate;
use super::values::wishes;
use crate::analyse::Scan;
use crate::analyse::gate::matched;
use crate::analyse::report::{Kind, MAX_DOMAINS, Report, ReportOptions};
use crate::analyse::senders::Seen;
use crate::dataset::reports::ReportsReader;
use crate::publish::Wishes;
use crate::ui::report::{ReportError, csv, html, json, junit, sarif};
use crate::ui::text;

/// Reads the dataset and writes the report.
pub(super) fn run(arguments: &ReportArguments) -> Result<Exit, Failure> {
    let is_page = arguments.format == ReportFormat::Html;
    if !is_page && arguments.kind.is_some() {
        return Err(Failure::usage("--kind is of the page; the other formats have all domains"));
    }
    if !is_page && arguments.domains.is_some() {
        return Err(Failure::usage("--domains is of the page; the other formats have all domains: leave it out"));
    }
    let options = ReportOptions {
        kind: arguments.kind.as_deref().map(kind).transpose()?,
        most: arguments.domains.unwrap_or(MAX_DOMAINS),
        wishes: Wishes { adds_rua: false, ..wishes(&arguments.rua)? },
    };
    if !arguments.rua.is_empty() && !matches!(arguments.format, ReportFormat::Html | ReportFormat::Json) {
        return Err(Failure::usage("--rua is of the formats html and json, which say what to publish"));
    }
    if arguments.tls_reports.is_some() && !matches!(arguments.format, ReportFormat::Html | ReportFormat::Csv | ReportFormat::Json) {
        return Err(Failure::usage("--tls-reports is of the formats html, csv and json"));
    }
    let gate = gate::of_domains(&arguments.fail_on, arguments.expect.is_given())?;
    let scan = arguments.filter.apply_to(arguments.expect.apply_to(Scan::open(&arguments.dataset)?)?)?;
    let judged = scan.clone();
    let seen = arguments.tls_reports.as_deref().map(|dir| Ok::<_, Failure>(Seen::of(&ReportsReader::open(dir)?)?)).transpose()?;
    match &arguments.out {
        Some(path) if path.as_os_str() != "-" => to_file(path, |out| write(scan, seen, arguments.format, &options, out))?,
        None if is_page => return Err(Failure::usage("name the file of the page, as -o report.html")),
        _ => write(scan, seen, arguments.format, &options, &mut std::io::stdout().lock())?,
    }
    if gate.is_open() { Ok(Exit::Done) } else { gate::close(&matched(&judged, &gate)?) }
}

fn kind(word: &str) -> Result<Kind, Failure> {
    let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    Kind::from_word(word).ok_or_else(|| Failure::usage(format!("--kind {word:?}: one of {}", all.join(", "))))
}

fn write(scan: Scan, seen: Option<Seen>, format: ReportFormat, options: &ReportOptions, out: &mut impl Write) -> Result<(), ReportError> {
    match format {
        ReportFormat::Html => html(&Report::of(scan, options, seen)?, out),
        ReportFormat::Csv => csv(&scan, seen.as_ref(), out),
        ReportFormat::Json => json(&scan, seen.as_ref(), &options.wishes, out),
        ReportFormat::Sarif => sarif(&scan, out),
        ReportFormat::Junit => junit(&scan, out),
    }
}

/// Writes beside the file first, so that an older report stays whole until this one is.
fn to_file(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<(), ReportError>) -> Result<(), Failure> {
    let shown = text::safe(&path.display().to_string());
    let temporary: PathBuf = path.with_added_extension("tmp");
    let refused = |error| Failure::unwritable(format!("--out {shown}"), Exit::Usage, &error);
    if path.is_dir() {
        return Err(refused(std::io::ErrorKind::IsADirectory.into()));
    }
    let mut file = BufWriter::new(File::create(&temporary).map_err(refused)?);
    let written = write(&mut file).and_then(|()| Ok(file.flush()?)).and_then(|()| Ok(fs::rename(&temporary, path)?));
    written
        .map_err(|error| match error {
            ReportError::Write(error) => Failure::unwritable(&shown, Exit::Fault, &error),
            other => other.into(),
        })
        .inspect_err(|_| _ = fs::remove_file(&temporary))
}
