//! Whether a dataset is what its manifest says: each part's hash, length, rows, ordinals and identity, and the manifest in itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;

use super::columns;
use super::contain::contained;
use super::counts::Counts;
use super::encoding::RUN_ID;
use super::error::DatasetError;
use super::folder::{self, MANIFEST};
use super::hashing::Digested;
use super::manifest::{Attachment, Manifest, Part, check_accounting};
use super::schema;
use crate::place;
use crate::vocabulary::vocabulary;

/// Rows that are looked at at once.
const BATCH_ROWS: usize = 4096;

vocabulary! {
    /// How a file of a dataset is not what the manifest says.
    pub enum Damage {
        /// It is not there.
        Missing = "missing",
        /// It is shorter than it was written.
        Cut = "cut",
        /// It is longer than it was written.
        Longer = "longer",
        /// It has other bytes than were written.
        Changed = "changed",
        /// It is a copy of another part.
        Doubled = "doubled",
        /// It is of another run, or no part at all.
        Foreign = "foreign",
        /// It cannot be read.
        Unreadable = "unreadable",
        /// It has other rows than the manifest says.
        Rows = "rows",
        /// The manifest was changed after stscan wrote it.
        Edited = "edited",
        /// The manifest contradicts itself.
        Contradiction = "contradiction",
    }
}

/// What is said of a manifest whose seal is broken.
pub(super) const EDITED: &str = "it was changed after stscan wrote it (its seal is broken)";

/// Something that is wrong with a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The file, from the dataset's folder.
    pub file: String,
    /// The kind.
    pub damage: Damage,
    /// What is wrong with it, as the end of a sentence that begins with the file.
    pub detail: String,
}

impl Problem {
    pub(super) fn new(file: impl Into<String>, damage: Damage, detail: impl fmt::Display) -> Self {
        Self { file: file.into(), damage, detail: detail.to_string() }
    }

    /// The same as a refusal.
    pub(super) fn into_error(self, dir: &Path) -> DatasetError {
        DatasetError::damaged(&dir.join(&self.file), self.detail)
    }
}

/// What a manifest says that cannot be, a sentence each. Costs next to nothing, so that every reader can ask.
pub(super) fn contradictions(manifest: &Manifest) -> Vec<String> {
    let mut found = Vec::new();
    if manifest.run.shard_rows == 0 {
        return vec!["it says that a part has 0 rows".to_owned()];
    }
    let (mut files, mut runs, mut sum) = (BTreeSet::new(), Vec::new(), Counts::default());
    for part in &manifest.parts {
        let file = &part.file;
        if !files.insert(file.as_str()) {
            found.push(format!("it lists {file:?} twice"));
        }
        if !folder::is_part_of(file, part.shard) {
            found.push(format!("it lists {file:?}, which is no file of shard {}", part.shard));
        }
        let Some(possible) = manifest.ordinals_for(part) else {
            found.push(format!("it lists {file:?} as shard {}, which there cannot be", part.shard));
            continue;
        };
        let ascending = part.ordinals.iter().flatten().is_sorted();
        let whole = part.ordinals.iter().all(|[start, end]| possible.start <= *start && start < end && *end <= possible.end);
        let rows = part.ordinals.iter().map(|[start, end]| end.saturating_sub(*start)).fold(0, u64::saturating_add);
        if !ascending || !whole || rows != part.rows || rows != part.counts.rows {
            found.push(format!("the rows and ordinals of {file:?} contradict each other"));
        }
        runs.extend(part.ordinals.iter().map(|run| (*run, file.as_str())));
        sum.add(&part.counts);
    }
    runs.sort_unstable();
    for (([_, end], one), ([start, _], other)) in runs.iter().zip(runs.iter().skip(1)) {
        if start < end {
            found.push(format!("{one:?} and {other:?} both have the row of ordinal {start}"));
        }
    }
    if sum != manifest.counts {
        found.push("its counts are not the sum of its parts'".to_owned());
    }
    if let (Some(_), Some(accounting)) = (&manifest.finished_at, &manifest.accounting) {
        let end = runs.last().map_or(0, |([_, end], _)| *end);
        if check_accounting(accounting, manifest.counts.rows).is_err() || end != manifest.counts.rows {
            found.push(format!("it says that the run is finished, and {} rows of {} are listed", manifest.counts.rows, accounting.rows));
        }
    }
    found
}

/// Whether a part's file has the length and the hash that its manifest says.
pub(super) fn bytes(dir: &Path, manifest: &Manifest, part: &Part) -> Result<(), Problem> {
    let path = match folder::part_path(dir, part) {
        Ok(path) => path,
        Err(_) => return Err(Problem::new(MANIFEST, Damage::Contradiction, format_args!("it lists {:?}", part.file))),
    };
    let problem = |damage, detail: &dyn fmt::Display| Problem::new(&part.file, damage, detail);
    let found = match Digested::of(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(problem(Damage::Missing, &"it is not there")),
        Err(error) => return Err(problem(Damage::Unreadable, &format_args!("it cannot be read: {error}"))),
    };
    if found.sha256 == part.sha256 && found.bytes == part.bytes {
        return Ok(());
    }
    let same = |other: &&Part| other.file != part.file && other.sha256 == found.sha256;
    if let Some(other) = manifest.parts.iter().find(same) {
        return Err(problem(Damage::Doubled, &format_args!("it is a copy of {}", other.file)));
    }
    if let Some(run) = run_of(&path)
        && run != manifest.run.run_id
    {
        return Err(problem(Damage::Foreign, &format_args!("it is a part of another run ({run:?})")));
    }
    let (is, was) = (found.bytes, part.bytes);
    Err(match is.cmp(&was) {
        std::cmp::Ordering::Less => problem(Damage::Cut, &format_args!("it has {is} bytes of the {was} that were written")),
        std::cmp::Ordering::Greater => problem(Damage::Longer, &format_args!("it has {is} bytes, and {was} were written")),
        std::cmp::Ordering::Equal => problem(Damage::Changed, &"its bytes are not those that were written (its SHA-256 is another)"),
    })
}

/// As [`bytes`] before rows are read: of a part in a store only ranges are fetched, and that it is as long as it was comes with each of them.
pub(super) fn bytes_before_reading(dir: &Path, manifest: &Manifest, part: &Part) -> Result<(), Problem> {
    if place::is_far(dir) { Ok(()) } else { bytes(dir, manifest, part) }
}

/// The run that a file says it is a part of; `None` where it cannot be read, or says nothing.
fn run_of(path: &Path) -> Option<String> {
    let length = place::length(path).ok()?;
    footer(path, length).ok().and_then(|footer| run_id(&footer))
}

/// The footer of a part that has so many bytes.
pub(super) fn footer(path: &Path, bytes: u64) -> Result<ArrowReaderMetadata, DatasetError> {
    let file = place::open_of(path, bytes).map_err(DatasetError::io("open", path))?;
    contained(path, || metadata(&file))?.map_err(|error| DatasetError::damaged(path, error))
}

/// The footer of a file: with the fields as they are today if it has the columns of today, else with its own.
pub(super) fn metadata(file: &impl ChunkReader) -> Result<ArrowReaderMetadata, ParquetError> {
    let own = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let of_today = ArrowReaderOptions::new().with_schema(schema());
    Ok(ArrowReaderMetadata::try_new(Arc::clone(own.metadata()), of_today).unwrap_or(own))
}

fn run_id(footer: &ArrowReaderMetadata) -> Option<String> {
    let pairs = footer.metadata().file_metadata().key_value_metadata()?;
    pairs.iter().find(|pair| pair.key == RUN_ID)?.value.clone()
}

/// Whether a part that has the right bytes is one of this run, with as many rows as the manifest says.
pub(super) fn identity(manifest: &Manifest, part: &Part, footer: &ArrowReaderMetadata) -> Result<(), Problem> {
    if let Some(run) = run_id(footer)
        && run != manifest.run.run_id
    {
        return Err(Problem::new(&part.file, Damage::Foreign, format_args!("it is a part of another run ({run:?})")));
    }
    let rows = footer.metadata().file_metadata().num_rows();
    if u64::try_from(rows) != Ok(part.rows) {
        return Err(Problem::new(&part.file, Damage::Rows, format_args!("it has {rows} rows, and the manifest says {}", part.rows)));
    }
    Ok(())
}

/// Whether a part is all that the manifest says: bytes, identity, rows, ordinals; with `counted` also how many rows are in which state.
pub(super) fn part(dir: &Path, manifest: &Manifest, part: &Part, counted: bool) -> Result<(), Problem> {
    if counted { bytes(dir, manifest, part) } else { bytes_before_reading(dir, manifest, part) }?;
    let path = dir.join(&part.file);
    let unreadable = |error: DatasetError| Problem::new(&part.file, Damage::Unreadable, error);
    let footer = footer(&path, part.bytes).map_err(|error| Problem::new(&part.file, Damage::Unreadable, reason(error)))?;
    identity(manifest, part, &footer)?;
    let mut found = Found::default();
    contained(&path, || found.read(&path, part.bytes, footer, counted)).and_then(|read| read).map_err(unreadable)?;
    if found.ordinals != part.ordinals {
        return Err(Problem::new(&part.file, Damage::Rows, "its ordinals are not those of the manifest"));
    }
    if counted && found.counts != part.counts {
        return Err(Problem::new(&part.file, Damage::Rows, "its rows are in other states than the manifest counts"));
    }
    Ok(())
}

/// What is wrong, without the file's name and the advice.
fn reason(error: DatasetError) -> String {
    match error {
        DatasetError::Damaged { reason, .. } => reason,
        other => other.to_string(),
    }
}

/// What the rows of a part come to.
#[derive(Default)]
struct Found {
    ordinals: Vec<[u64; 2]>,
    counts: Counts,
}

impl Found {
    fn read(&mut self, path: &Path, bytes: u64, footer: ArrowReaderMetadata, counted: bool) -> Result<(), DatasetError> {
        let columns = ["ordinal"].into_iter().chain(Counts::COLUMNS.iter().copied().filter(|_| counted));
        let mask = ProjectionMask::columns(footer.parquet_schema(), columns);
        let file = columns::open(path, bytes, &footer, &mask, None)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer);
        let batches = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
        for batch in batches.map_err(|error| DatasetError::damaged(path, error))? {
            let batch = batch.map_err(|error| DatasetError::damaged(path, error))?;
            self.add_ordinals(&batch)?;
            if counted {
                self.counts.add(&Counts::of(&batch)?);
            }
        }
        Ok(())
    }

    fn add_ordinals(&mut self, batch: &RecordBatch) -> Result<(), DatasetError> {
        let ordinals = batch.column_by_name("ordinal").and_then(|column| column.as_primitive_opt::<Int64Type>());
        let ordinals = ordinals.ok_or_else(|| DatasetError::Column("ordinal".to_owned()))?;
        for ordinal in ordinals {
            // What is null or negative is no ordinal of any manifest.
            let ordinal = ordinal.and_then(|ordinal| u64::try_from(ordinal).ok()).unwrap_or(u64::MAX - 1);
            match self.ordinals.last_mut() {
                Some([_, end]) if *end == ordinal => *end += 1,
                _ => self.ordinals.push([ordinal, ordinal + 1]),
            }
        }
        Ok(())
    }
}

/// Whether a file that is no part has the length and hash that the manifest says.
pub(super) fn attachment(dir: &Path, file: &str, wanted: &Attachment) -> Result<(), Problem> {
    let problem = |damage, detail: &dyn fmt::Display| Err(Problem::new(file, damage, detail));
    match Digested::of(&dir.join(file)) {
        Ok(Digested { bytes, sha256 }) if bytes == wanted.bytes && sha256 == wanted.sha256 => Ok(()),
        Ok(Digested { bytes, .. }) if bytes < wanted.bytes => {
            problem(Damage::Cut, &format_args!("it has {bytes} bytes of the {} that were written", wanted.bytes))
        }
        Ok(_) => problem(Damage::Changed, &"its bytes are not those that were written (its SHA-256 is another)"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => problem(Damage::Missing, &"it is not there"),
        Err(error) => problem(Damage::Unreadable, &format_args!("it cannot be read: {error}")),
    }
}

/// Files that lie among the parts and are none. Those that bear the name of a part are left-overs where the run is unfinished: the next
/// session removes them.
pub(super) fn strangers(dir: &Path, manifest: &Manifest) -> Result<Vec<Problem>, DatasetError> {
    let listed: BTreeMap<&str, &Part> = manifest.parts.iter().map(|part| (part.file.as_str(), part)).collect();
    let mut found = Vec::new();
    for file in folder::files_among_parts(dir)? {
        let is_left_over = manifest.finished_at.is_none() && folder::is_ours(folder::file_name(&file));
        if listed.contains_key(file.as_str()) || is_left_over {
            continue;
        }
        let run = run_of(&dir.join(&file));
        let whose = match &run {
            Some(run) if *run == manifest.run.run_id => "a file of this run that the manifest does not list".to_owned(),
            Some(run) => format!("a part of another run ({run:?})"),
            None => "no part of the dataset".to_owned(),
        };
        found.push(Problem::new(file, Damage::Foreign, format_args!("it is {whose}; who reads every file of the folder counts its rows")));
    }
    Ok(found)
}

/// The sums of `SHA256SUMS` in a copy made by `export`, checked but for the parts, which the manifest speaks of.
pub(super) fn sums(dir: &Path, manifest: &Manifest) -> Vec<Problem> {
    const SUMS: &str = "SHA256SUMS";
    let Ok(text) = place::read(&dir.join(SUMS)) else { return Vec::new() };
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    let lines = lines.filter(|(_, file)| folder::is_within(file));
    let others = lines.filter(|(_, file)| manifest.parts.iter().all(|part| part.file != *file));
    let wrong = others.filter_map(|(sum, file)| match Digested::of(&dir.join(file)) {
        Ok(found) if found.sha256 == sum => None,
        Ok(_) => Some(Problem::new(file, Damage::Changed, format_args!("its SHA-256 is not that of {SUMS}"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Problem::new(file, Damage::Missing, "it is not there")),
        Err(error) => Some(Problem::new(file, Damage::Unreadable, format_args!("it cannot be read: {error}"))),
    });
    wrong.collect()
}
