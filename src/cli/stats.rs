//! `stscan stats`: tables of adoption and misconfiguration from datasets.

use std::io::Write;
use std::path::Path;

use super::args::{StatsArguments, TableFormat};
use super::exit::{Exit, Failure};
use crate::analyse::senders::{REPORT_TABLES, ReportTable, Seen, sender_tables};
use crate::analyse::stats::{By, EntityOptions, StatsOptions, TableId, stats};
use crate::analyse::{Provenance, Scan, Table};
use crate::dataset::reports::ReportsReader;
use crate::study::{self, Study};
use crate::ui::{provenance, tables};

/// Tables of a series where none are named.
const SERIES: &[TableId] = &[TableId::P2];

/// Reads the datasets and prints the tables.
pub(super) fn run(arguments: &StatsArguments) -> Result<Exit, Failure> {
    if let Some(reports) = &arguments.tls_reports {
        return of_reports(reports, arguments);
    }
    let mut options = options(arguments)?;
    let study = study(arguments)?;
    if let Some(study) = study {
        options = study.options(&options);
    }
    let opened = if arguments.series { Scan::open_series(&arguments.datasets)? } else { Scan::open_all(&arguments.datasets)? };
    let mut scans = arguments.filter.apply(opened)?;
    if arguments.series {
        scans.sort_by(|a, b| a.manifest().started_at.cmp(&b.manifest().started_at));
    }
    let mut made = stats(&scans, &options)?;
    if let Some(study) = study {
        made.tables = study.compare(&made.tables);
        made.notes.extend(study.notes().map(str::to_owned));
    }
    let provenance: Vec<Provenance> = scans.iter().map(Scan::provenance).collect();
    print(&made.tables, &made.notes, arguments, &provenance, Scan::invented(&scans).as_deref())?;
    Ok(Exit::Done)
}

/// The tables of TLS reports, beside a scan if one is given.
fn of_reports(reports: &Path, arguments: &StatsArguments) -> Result<Exit, Failure> {
    if arguments.datasets.len() > 1 {
        return Err(Failure::usage("--tls-reports goes with the dataset of one scan at most"));
    }
    let is_filtered = !arguments.filter.is_empty();
    if is_filtered && arguments.datasets.is_empty() {
        return Err(Failure::usage(
            "--where is about the domains of a scan: name its dataset, too, and the tables are of the reports about those of its domains",
        ));
    }
    let is_made = |table: &ReportTable| !(table.needs_scan && arguments.datasets.is_empty() || is_filtered && table.needs_all_domains);
    let wanted: Vec<TableId> = if arguments.table.is_empty() {
        REPORT_TABLES.iter().filter(|table| is_made(table)).map(|table| table.id).collect()
    } else {
        arguments.table.iter().map(|word| report_table(word, is_made, is_filtered)).collect::<Result<_, _>>()?
    };
    let scans = arguments.filter.apply(Scan::open_all(&arguments.datasets)?)?;
    let seen = match scans.first() {
        Some(scan) => super::report::seen(reports, scan, &arguments.filter)?,
        None => Seen::of(&ReportsReader::open(reports)?)?,
    };
    let made = sender_tables(&seen, scans.first(), arguments.top, &wanted)?;
    let mut notes: Vec<String> = scans.iter().flat_map(Scan::notes).collect();
    if is_filtered {
        notes.push("only reports about these domains and their MX hosts are counted".to_owned());
    }
    let label = reports.file_name().unwrap_or(reports.as_os_str()).to_string_lossy();
    let of_reports = [Provenance::of_reports(&label, ReportsReader::open(reports)?.manifest())];
    let provenance: Vec<Provenance> = of_reports.into_iter().chain(scans.iter().map(Scan::provenance)).collect();
    print(&made, &notes, arguments, &provenance, Scan::invented(&scans).as_deref())?;
    Ok(Exit::Done)
}

/// A table of TLS reports that can be made.
fn report_table(word: &str, is_made: impl Fn(&ReportTable) -> bool, is_filtered: bool) -> Result<TableId, Failure> {
    let names = REPORT_TABLES.iter().map(|table| table.id.as_str()).collect::<Vec<_>>().join(", ");
    let table = REPORT_TABLES.iter().find(|table| table.id.as_str().eq_ignore_ascii_case(word));
    match table {
        None => Err(Failure::usage(format!("--table {word:?}: with --tls-reports one of {names}"))),
        Some(table) if is_made(table) => Ok(table.id),
        Some(table) if is_filtered => {
            Err(Failure::usage(format!("--table {}: it is about domains that the scan does not have: leave out --where", table.id)))
        }
        Some(table) => Err(Failure::usage(format!("--table {}: takes the dataset of a scan, too", table.id))),
    }
}

/// Prints tables in the format that was asked for.
fn print(
    tables: &[Table],
    notes: &[String],
    arguments: &StatsArguments,
    provenance: &[Provenance],
    invented: Option<&str>,
) -> Result<(), Failure> {
    let format = arguments.format;
    let head = |of: fn(&[Provenance]) -> String| if arguments.bare { String::new() } else { of(provenance) };
    let text = match format {
        TableFormat::Text => head(provenance::terminal) + &tables::terminal(tables, notes),
        TableFormat::Markdown => head(provenance::markdown) + &tables::markdown(tables, notes),
        TableFormat::Csv => head(provenance::csv_head) + &tables::csv(tables, invented),
        TableFormat::Json => tables::json(tables, notes, if arguments.bare { &[] } else { provenance }),
    };
    if format == TableFormat::Csv {
        for note in notes.iter().chain(&tables::unmade(tables)) {
            writeln!(anstream::stderr().lock(), "stscan: {}", crate::ui::text::safe(note))?;
        }
    }
    Ok(write!(anstream::stdout().lock(), "{text}")?)
}

/// The study whose figures are put beside.
fn study(arguments: &StatsArguments) -> Result<Option<Study>, Failure> {
    let known = |word: &str| {
        Study::from_word(word).ok_or_else(|| Failure::usage(format!("--compare {word:?}: one of {}", words(Study::ALL, Study::as_str))))
    };
    arguments.compare.as_deref().map(known).transpose()
}

fn options(arguments: &StatsArguments) -> Result<StatsOptions, Failure> {
    let usual = StatsOptions::default();
    let by = match arguments.by.as_deref() {
        Some(word) if carried(word).is_some() => Some(By::Carried),
        Some(word) => {
            let by = By::from_word(word).filter(|by| *by != By::Carried);
            let others: Vec<By> = By::ALL.iter().copied().filter(|by| *by != By::Carried).collect();
            let known = words(&others, By::as_str);
            Some(by.ok_or_else(|| Failure::usage(format!("--by {word:?}: one of {known} or {}:COLUMN", By::Carried)))?)
        }
        None if arguments.series => Some(By::Scan),
        None if arguments.datasets.len() > 1 => Some(By::List),
        None => None,
    };
    if arguments.rank_bin.is_some() && by != Some(By::Rank) {
        return Err(Failure::usage("--rank-bin says how --by rank groups: add --by rank, or leave it out"));
    }
    let tables = match arguments.table.is_empty() {
        true if arguments.series => SERIES.to_vec(),
        true => usual.tables,
        false => arguments.table.iter().map(|word| table(word)).collect::<Result<Vec<_>, _>>()?.concat(),
    };
    let entities = EntityOptions {
        third_party: arguments.third_party,
        self_managed: arguments.self_managed,
        one_administrator: arguments.one_administrator,
        by_address: !arguments.ignore_addresses,
    };
    if entities.self_managed >= entities.third_party {
        return Err(Failure::usage("--self-managed has to be less than --third-party"));
    }
    Ok(StatsOptions {
        tables,
        further: study::TABLES,
        by,
        carried: arguments.by.as_deref().and_then(carried).unwrap_or_default().to_owned(),
        top: arguments.top,
        rank_bin: arguments.rank_bin.unwrap_or(usual.rank_bin),
        entities,
        reads_all: !arguments.table.is_empty() || arguments.compare.is_some(),
    })
}

/// The carried column of `--by carried:COLUMN`; also as `--where` has it.
fn carried(by: &str) -> Option<&str> {
    let column = by.strip_prefix(By::Carried.as_str())?.strip_prefix([':', '.'])?;
    Some(column).filter(|column| !column.is_empty())
}

/// One table, or a set of them.
fn table(word: &str) -> Result<Vec<TableId>, Failure> {
    let of_study = || study::TABLES.iter().map(|(table, _)| *table);
    let all = || TableId::ALL.iter().copied().chain(of_study());
    let found: Vec<TableId> = match word {
        "all" => all().collect(),
        "study" => of_study().collect(),
        _ => all().filter(|table| table.as_str().eq_ignore_ascii_case(word)).collect(),
    };
    if found.is_empty() {
        Err(Failure::usage(format!("--table {word:?}: one of all, study, {}", words(&all().collect::<Vec<_>>(), TableId::as_str))))
    } else {
        Ok(found)
    }
}

fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> String {
    all.iter().map(|one| word(*one)).collect::<Vec<_>>().join(", ")
}
