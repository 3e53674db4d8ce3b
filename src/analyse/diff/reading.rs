//! A scan read for comparison: a hash of every name, and the state of every domain that is not simply without records.

use std::ops::Range;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::state::{self, COLUMNS, State, StateColumns};
use crate::analyse::{AnalyseError, Scan};
use crate::classify::{Posture, RecordState};
use crate::dataset::{ColumnGroup, Part, PartFile, text};

/// Rows that are decoded at once; no body is among what is read.
const BATCH_ROWS: usize = 8192;

/// What is kept of a scan: eight bytes a row, and the states.
pub(super) struct Survey {
    /// Of every name, ascending.
    names: Vec<u64>,
    /// By domain, each once.
    pub(super) states: Vec<State>,
    /// With which the names are hashed; a random one, so that no list can be made to collide.
    seed: u64,
}

impl Survey {
    /// Reads a dataset with all cores.
    pub(super) fn read(scan: &Scan, seed: u64) -> Result<Self, AnalyseError> {
        let of_part = |part: &Part| -> Result<(Vec<u64>, Vec<State>), AnalyseError> {
            let file = scan.reader.part_file(part)?;
            let groups: Vec<_> = (0..file.row_groups()).map(|group| read_group(&file, group, seed)).collect::<Result<_, _>>()?;
            Ok(joined(groups))
        };
        let parts: Vec<_> = scan.manifest().parts.par_iter().map(of_part).collect::<Result<_, _>>()?;
        let (mut names, mut states) = joined(parts);
        names.par_sort_unstable();
        names.dedup();
        states.par_sort_by(|a, b| a.domain.cmp(&b.domain));
        states.dedup_by(|later, first| later.domain == first.domain);
        Ok(Self { names, states, seed })
    }

    /// Whether the list has the domain.
    pub(super) fn has(&self, domain: &str) -> bool {
        self.names.binary_search(&hash(domain, self.seed)).is_ok()
    }

    /// How many different names it has.
    pub(super) fn len(&self) -> u64 {
        self.names.len() as u64
    }

    /// How many names both have; both were read with one seed.
    pub(super) fn in_both(&self, other: &Self) -> u64 {
        self.names.par_iter().filter(|name| other.names.binary_search(name).is_ok()).count() as u64
    }
}

fn hash(domain: &str, seed: u64) -> u64 {
    xxh3_64_with_seed(domain.as_bytes(), seed)
}

fn joined(pieces: Vec<(Vec<u64>, Vec<State>)>) -> (Vec<u64>, Vec<State>) {
    let mut names = Vec::with_capacity(pieces.iter().map(|(names, _)| names.len()).sum());
    let mut states = Vec::with_capacity(pieces.iter().map(|(_, states)| states.len()).sum());
    for (more_names, more_states) in pieces {
        names.extend(more_names);
        states.extend(more_states);
    }
    (names, states)
}

/// Four small columns of all rows first, the others only of the rows that say more.
fn read_group(file: &PartFile, group: usize, seed: u64) -> Result<(Vec<u64>, Vec<State>), AnalyseError> {
    let (mut names, mut runs) = (Vec::new(), Vec::<Range<usize>>::new());
    for batch in file.read(group, &["domain", "posture", "tlsrpt_state"], BATCH_ROWS, None)? {
        let batch = batch?;
        let table = ColumnGroup::table(&batch);
        let (domain, posture, tlsrpt) = (table.column("domain")?, table.column("posture")?, table.column("tlsrpt_state")?);
        for row in 0..batch.num_rows() {
            let at = names.len();
            names.push(hash(text(&domain, row).unwrap_or_default(), seed));
            let is_plain =
                state::posture(text(&posture, row)) == Posture::Absent && state::record_state(text(&tlsrpt, row)) == RecordState::Absent;
            match runs.last_mut() {
                _ if is_plain => {}
                Some(last) if last.end == at => last.end += 1,
                _ => runs.push(at..at + 1),
            }
        }
    }
    let mut states = Vec::new();
    if !runs.is_empty() {
        for batch in file.read(group, COLUMNS, BATCH_ROWS, Some(&runs))? {
            let batch = batch?;
            let columns = StateColumns::of(&batch)?;
            states.extend((0..batch.num_rows()).map(|row| columns.row(row)));
        }
    }
    Ok((names, states))
}
