//! `stscan diff`: what changed between two scans.

use std::io::Write;

use super::args::{ChangeFormat, DiffArguments};
use super::exit::{Exit, Failure};
use super::gate;
use super::telling::DiffTelling;
use crate::analyse::diff::{Changed, Diff, Kind, diff, matched_changes};
use crate::analyse::{Provenance, Scan};
use crate::ui::{changes, provenance, text};

/// Domains that the text shows one by one, unless the user says otherwise.
const MAX_SHOWN: usize = 50;

/// Compares, prints, says by the exit status whether there is a change of a kind that was named, and tells whoever is to be told.
pub(super) fn run(arguments: &DiffArguments) -> Result<Exit, Failure> {
    let telling = DiffTelling::prepare(arguments.notify_exec.as_deref(), arguments.notify_timeout)?;
    let mut found = None;
    let result = compare(arguments, &mut found);
    telling.tell([&arguments.old, &arguments.new], &result, found.as_ref());
    result
}

/// Compares and prints; `seen` is what was found.
fn compare(arguments: &DiffArguments, seen: &mut Option<Diff>) -> Result<Exit, Failure> {
    if arguments.top.is_some() && arguments.format != ChangeFormat::Text {
        return Err(Failure::usage("--top applies to the format text; csv and json have all domains: leave it out"));
    }
    let (listed_kinds, gate) =
        (kinds("--changes", &arguments.changes)?, gate::of_changes(&arguments.fail_on, arguments.expect.is_given())?);
    let scans = Scan::open_all(&[arguments.old.clone(), arguments.new.clone()])?;
    let scans = arguments.filter.apply(arguments.expect.apply(scans)?)?;
    let [old, new] = scans.as_slice() else { return Err(Failure::new(Exit::Fault, "two datasets were not opened")) };
    let found = &*seen.insert(diff(old, new)?);
    // What could not be found out is no change: a person sees its number, and its domains only on request.
    let is_listed_kind = |kind: Kind| {
        if listed_kinds.is_empty() { arguments.format != ChangeFormat::Text || kind != Kind::Unknown } else { listed_kinds.contains(&kind) }
    };
    let is_listed = |domain: &&Changed| domain.changes.iter().any(|change| is_listed_kind(change.kind));
    let listed: Vec<&Changed> = found.domains.iter().filter(is_listed).collect();
    let of_both = [old.provenance(), new.provenance()];
    let head = |of: fn(&[Provenance]) -> String| if arguments.bare { String::new() } else { of(&of_both) };
    let printed = match arguments.format {
        ChangeFormat::Text => head(provenance::terminal) + &changes::terminal(found, &listed, arguments.top.unwrap_or(MAX_SHOWN)),
        ChangeFormat::Csv => head(provenance::csv_head) + &changes::csv(&listed, Scan::invented(&scans).as_deref()),
        ChangeFormat::Json => changes::json(found, &listed, &of_both),
    };
    write!(anstream::stdout().lock(), "{printed}")?;
    let mut err = anstream::stderr().lock();
    if arguments.format == ChangeFormat::Csv {
        for note in &found.notes {
            writeln!(err, "stscan: {}", text::safe(note))?;
        }
    }
    drop(err);
    gate::close(&matched_changes(found, &gate))
}

fn kinds(option: &str, words: &[String]) -> Result<Vec<Kind>, Failure> {
    let kind = |word: &String| {
        Kind::from_word(word).ok_or_else(|| {
            let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            Failure::usage(format!("{option} {word:?}: one of {}", all.join(", ")))
        })
    };
    words.iter().map(kind).collect()
}
