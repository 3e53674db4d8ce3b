//! A scan read for comparison: a hash of every name, and the state of every domain that is not simply without records.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use arrow::array::StringArray;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::state::{self, COLUMNS, State, StateColumns};
use crate::analyse::rows::SeenPart;
use crate::analyse::scans::{AnalyseError, Scan, Source};
use crate::classify::{Posture, RecordState};
use crate::dataset::{ColumnGroup, text};

/// Rows of both scans together that are compared at once. More are compared share by share, which takes as many readings of the names.
pub(super) const ROWS_AT_ONCE: u64 = 1 << 25;

/// Rows that are decoded at once; no body is among what is read.
const BATCH_ROWS: usize = 8192;

/// Which names are compared at once: those whose hash leaves a remainder. Both scans are read with one share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// With which the names are hashed; a random one, so that no list can be made to collide.
    pub(super) seed: u64,
    /// How many shares there are, at least one.
    pub(super) of: u64,
    /// Which one it is, below `of`.
    pub(super) at: u64,
}

/// What is kept of a scan: eight bytes a row, and the states.
pub(super) struct Survey {
    /// Of every name, ascending.
    names: Vec<u64>,
    /// By domain, each once.
    pub(super) states: Vec<State>,
    share: Share,
}

impl Share {
    fn hash(self, domain: &str) -> u64 {
        xxh3_64_with_seed(domain.as_bytes(), self.seed)
    }

    /// The hash of a name that is in this share.
    fn own(self, domain: &str) -> Option<u64> {
        Some(self.hash(domain)).filter(|hash| hash % self.of.max(1) == self.at)
    }
}

impl Survey {
    /// Reads a dataset with all cores: of these names, if not of all.
    pub(super) fn read(scan: &Scan, share: Share, chosen: Option<&Chosen>) -> Result<Self, AnalyseError> {
        let scan = &scan.whole();
        let rows = scan.rows();
        // Filled by all threads, row group by row group, so that the names are in memory only once.
        let names = Mutex::new(Vec::with_capacity(usize::try_from(rows.min(ROWS_AT_ONCE) / share.of.max(1)).unwrap_or_default()));
        let of_part = |part: &Source<'_>| -> Result<Vec<State>, AnalyseError> {
            let file = scan.seen(part)?;
            let groups = (0..file.row_groups()).map(|group| read_group(&file, group, (share, chosen), &names));
            Ok(groups.collect::<Result<Vec<_>, _>>()?.concat())
        };
        let parts: Vec<Vec<State>> = scan.sources().par_iter().map(of_part).collect::<Result<_, _>>()?;
        let mut states: Vec<State> = parts.into_iter().flatten().collect();
        let mut names = names.into_inner().unwrap_or_else(PoisonError::into_inner);
        names.par_sort_unstable();
        names.dedup();
        states.par_sort_by(|a, b| a.domain.cmp(&b.domain));
        states.dedup_by(|later, first| later.domain == first.domain);
        Ok(Self { names, states, share })
    }

    /// Whether the list has the domain.
    pub(super) fn has(&self, domain: &str) -> bool {
        self.names.binary_search(&self.share.hash(domain)).is_ok()
    }

    /// How many different names it has.
    pub(super) fn len(&self) -> u64 {
        self.names.len() as u64
    }

    /// How many names both have; both were read with one share.
    pub(super) fn in_both(&self, other: &Self) -> u64 {
        self.names.par_iter().filter(|name| other.names.binary_search(name).is_ok()).count() as u64
    }
}

/// The columns that are read of all rows.
const FIRST_COLUMNS: &[&str] = &["domain", "mx_state", "mx_tls", "posture", "tlsrpt_state", "dane_state", "worst"];
/// The names that are compared where there is a filter: those of which either scan has a row that it keeps. So a domain that meets the
/// conditions in one of the scans alone has neither appeared nor gone.
pub(super) struct Chosen(Vec<u64>);

impl Chosen {
    /// Reads the names; `None` where no scan has a filter.
    pub(super) fn read(scans: [&Scan; 2], share: Share) -> Result<Option<Self>, AnalyseError> {
        if scans.iter().all(|scan| scan.filter().is_none()) {
            return Ok(None);
        }
        let of_part = |(scan, part): &(&Scan, Source<'_>)| -> Result<Vec<u64>, AnalyseError> {
            let (file, mut hashes) = (scan.seen(part)?, Vec::new());
            for group in 0..file.row_groups() {
                for batch in file.read(group, &["domain"], BATCH_ROWS, None)? {
                    let batch = batch?;
                    let domain: StringArray = ColumnGroup::table(&batch).column("domain")?;
                    hashes.extend(domain.iter().flatten().filter_map(|domain| share.own(domain)));
                }
            }
            Ok(hashes)
        };
        let parts: Vec<(&Scan, Source<'_>)> =
            scans.iter().flat_map(|scan| scan.sources().into_iter().map(move |part| (*scan, part))).collect();
        let mut names = parts.par_iter().map(of_part).collect::<Result<Vec<_>, _>>()?.concat();
        names.par_sort_unstable();
        names.dedup();
        Ok(Some(Self(names)))
    }

    fn has(&self, name: u64) -> bool {
        self.0.binary_search(&name).is_ok()
    }
}

/// A few small columns of all rows first, the others only of the rows that say more.
fn read_group(
    file: &SeenPart,
    group: usize,
    (share, chosen): (Share, Option<&Chosen>),
    names: &Mutex<Vec<u64>>,
) -> Result<Vec<State>, AnalyseError> {
    let (mut own, mut runs, mut at) = (Vec::new(), Vec::<Range<usize>>::new(), 0);
    for batch in file.read(group, FIRST_COLUMNS, BATCH_ROWS, None)? {
        let batch = batch?;
        let table = ColumnGroup::table(&batch);
        let (domain, posture, tlsrpt) = (table.column("domain")?, table.column("posture")?, table.column("tlsrpt_state")?);
        let (mx, worst): (StringArray, StringArray) = (table.column("mx_state")?, table.column("worst")?);
        let (dane, mx_tls): (Option<StringArray>, Option<StringArray>) = (table.added("dane_state")?, table.added("mx_tls")?);
        for row in 0..batch.num_rows() {
            let place = at + row;
            let Some(hash) = share.own(text(&domain, row).unwrap_or_default()) else { continue };
            if chosen.is_some_and(|chosen| !chosen.has(hash)) {
                continue;
            }
            own.push(hash);
            let is_plain = !state::has_dane(added(&dane, row))
                && state::says_nothing_else(text(&mx, row), added(&mx_tls, row), text(&worst, row))
                && state::posture(text(&posture, row)) == Posture::Absent
                && state::record_state(text(&tlsrpt, row)) == RecordState::Absent;
            match runs.last_mut() {
                _ if is_plain => {}
                Some(last) if last.end == place => last.end += 1,
                _ => runs.push(place..place + 1),
            }
        }
        at += batch.num_rows();
    }
    names.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
    let mut states = Vec::new();
    if !runs.is_empty() {
        for batch in file.read(group, COLUMNS, BATCH_ROWS, Some(&runs))? {
            let batch = batch?;
            let columns = StateColumns::of(&batch)?;
            states.extend((0..batch.num_rows()).map(|row| columns.row(row)));
        }
    }
    Ok(states)
}

/// The text of a row in a column that the first datasets do not have.
fn added(column: &Option<StringArray>, row: usize) -> Option<&str> {
    text(column.as_ref()?, row)
}
