//! `stscan stats`: tables of adoption and misconfiguration from datasets.

use std::io::Write;

use super::args::{StatsArguments, TableFormat};
use super::exit::{Exit, Failure};
use crate::analyse::Scan;
use crate::analyse::stats::{By, EntityOptions, StatsOptions, TableId, stats};
use crate::study::{self, Study};
use crate::ui::tables;

/// Tables of a series where none are named.
const SERIES: &[TableId] = &[TableId::P2];

/// Reads the datasets and prints the tables.
pub(super) fn run(arguments: &StatsArguments) -> Result<Exit, Failure> {
    let mut options = options(arguments)?;
    let study = study(arguments)?;
    if let Some(study) = study {
        options = study.options(&options);
    }
    let mut scans = Scan::open_all(&arguments.datasets)?;
    if arguments.series {
        scans.sort_by(|a, b| a.manifest().started_at.cmp(&b.manifest().started_at));
    }
    let mut made = stats(&scans, &options)?;
    if let Some(study) = study {
        made.tables = study.compare(&made.tables);
        made.notes.extend(study.notes().map(str::to_owned));
    }
    let text = match arguments.format {
        TableFormat::Text => tables::terminal(&made.tables, &made.notes),
        TableFormat::Markdown => tables::markdown(&made.tables, &made.notes),
        TableFormat::Csv => tables::csv(&made.tables, Scan::invented(&scans).as_deref()),
        TableFormat::Json => tables::json(&made.tables, &made.notes),
    };
    if arguments.format == TableFormat::Csv {
        for note in made.notes.iter().chain(&tables::unmade(&made.tables)) {
            writeln!(anstream::stderr().lock(), "stscan: {}", crate::ui::text::safe(note))?;
        }
    }
    write!(anstream::stdout().lock(), "{text}")?;
    Ok(Exit::Done)
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
        Some(word) => {
            Some(By::from_word(word).ok_or_else(|| Failure::usage(format!("--by {word:?}: one of {}", words(By::ALL, By::as_str))))?)
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
        top: arguments.top,
        rank_bin: arguments.rank_bin.unwrap_or(usual.rank_bin),
        entities,
    })
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
