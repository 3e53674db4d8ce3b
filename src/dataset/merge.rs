//! `merge`: the shards of a list written as one dataset. Rows, their order within a shard and their parts stay; ordinals and parts are
//! numbered through, and nothing else of a part is packed anew. It goes on after a crash with the parts that are listed, and the same shards
//! give the same bytes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use rayon::prelude::*;

use super::column::MAX_BATCH_ROWS;
use super::draft::Draft;
use super::error::DatasetError;
use super::folder::{self, Lock};
use super::hashing::Digested;
use super::layout::Layout;
use super::manifest::{Manifest, Part, check_accounting};
use super::shards::{Member, Shards};
use super::{part, resume, schema, whole};
use crate::pause::{Step, pause};
use crate::place;

/// The manifest is written again when so large a part of what it lists is new, so that the writing of manifests costs little of the whole
/// and a crash loses little.
const LISTED_PER_NEW: usize = 16;

/// What is read of a shard; the rest is taken over as it is packed.
const READ: &[&str] = &["ordinal", "domain"];

/// Joins all shards of a list, given in any order, into the dataset `out`.
///
/// # Errors
/// A refusal that names the folder if the shards are not all of one whole, or `out` holds anything but the same merge, unfinished; an IO
/// error if the disk fails.
pub(crate) fn merge(dirs: &[PathBuf], out: &Path) -> Result<Manifest, DatasetError> {
    let shards = Shards::open(dirs)?;
    resume::unfinished_merge(out, &shards.manifest)?;
    let domains = folder::parts_folder(out);
    place::create_dir_all(&domains).map_err(DatasetError::io("create", &domains))?;
    let _lock = Lock::take(out)?;
    let there = resume::unfinished_merge(out, &shards.manifest)?; // Another process may have been here since.
    pause(Step::FolderMade);
    let planned = planned(&shards.members, Layout::of(out));
    let mut manifest = shards.manifest.clone();
    let activity = manifest.activity;
    for part in there.into_iter().flat_map(|there| there.parts) {
        let is_planned = |planned: &&Planned<'_>| planned.has(&part);
        if planned.get(usize::try_from(part.shard).unwrap_or(usize::MAX)).filter(is_planned).is_some()
            && whole::bytes(out, &manifest, &part).is_ok()
        {
            manifest.list(part, activity);
        }
    }
    folder::write_manifest(out, &manifest)?;
    resume::remove_leftovers(out, &manifest)?;
    let missing: Vec<&Planned<'_>> = planned.iter().filter(|planned| !manifest.parts.iter().any(|part| planned.has(part))).collect();
    let manifest = write_parts(out, manifest, &missing)?;
    finish(out, manifest, &shards)
}

/// A part of the whole, and where its rows come from.
struct Planned<'s> {
    of: &'s Part,
    member: &'s Member,
    number: u64,
    file: String,
    ordinals: Vec<[u64; 2]>,
}

impl Planned<'_> {
    /// Whether it is this part that a manifest lists.
    fn has(&self, part: &Part) -> bool {
        part.shard == self.number && part.file == self.file && part.ordinals == self.ordinals && part.counts == self.of.counts
    }
}

/// The parts of the whole: those of the shards, one shard after another.
fn planned(members: &[Member], layout: Layout) -> Vec<Planned<'_>> {
    let parts = members.iter().flat_map(|member| member.reader.manifest().parts.iter().map(move |part| (member, part)));
    let numbered = (0..).zip(parts).map(|(number, (member, of))| Planned {
        of,
        member,
        number,
        file: folder::part_file(layout, number, 0),
        ordinals: of.ordinals.iter().map(|run| run.map(|ordinal| ordinal + member.offset)).collect(),
    });
    numbered.collect()
}

/// Writes parts on all cores and lists them as they come.
fn write_parts(out: &Path, manifest: Manifest, missing: &[&Planned<'_>]) -> Result<Manifest, DatasetError> {
    struct Listed {
        manifest: Manifest,
        new: usize,
    }
    let (run, activity) = (manifest.clone(), manifest.activity);
    let listed = Mutex::new(Listed { manifest, new: 0 });
    let failed = AtomicBool::new(false);
    missing.par_iter().try_for_each(|planned| {
        if failed.load(Relaxed) {
            return Ok(()); // Where one fails, the others begin no further part, and what is written is listed.
        }
        let part = write_part(out, &run, planned).inspect_err(|_| failed.store(true, Relaxed))?;
        let mut listed = listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.manifest.list(part, activity);
        listed.new += 1;
        if listed.new > listed.manifest.parts.len() / LISTED_PER_NEW {
            folder::write_manifest(out, &listed.manifest)?;
            listed.new = 0;
        }
        Ok::<(), DatasetError>(())
    })?;
    Ok(listed.into_inner().unwrap_or_else(PoisonError::into_inner).manifest)
}

/// Writes one part: other ordinals, all else as it is packed in the shard.
fn write_part(out: &Path, manifest: &Manifest, planned: &Planned<'_>) -> Result<Part, DatasetError> {
    let Planned { of, member, number, file, ordinals } = planned;
    let reader = &member.reader.fetched(of)?;
    let fields = schema();
    let unchanged: Vec<&str> = fields.fields().iter().map(|field| field.name().as_str()).filter(|name| *name != "ordinal").collect();
    let mut runs: Vec<[u64; 2]> = Vec::new();
    let batches = reader.part_in_batches(of, Some(READ), MAX_BATCH_ROWS)?.map(|batch| renumbered(&batch?, planned, &mut runs));
    let origin = (reader.dir(), *of);
    let written = part::write_moved(out, manifest, origin, file, &unchanged, batches)?;
    if runs != *ordinals {
        let path = member.reader.dir().join(&of.file);
        return Err(DatasetError::damaged(&path, "its ordinals are not those of the manifest"));
    }
    let (file, shard, ordinals) = (file.clone(), *number, ordinals.clone());
    let part::Written { file: Digested { bytes, sha256 }, domain_filters } = written;
    Ok(Part { file, shard, ordinals, bytes, sha256, domain_filters, ..(*of).clone() })
}

/// The new ordinals of a batch, which are added to `runs`. Every name has to be one of the shard, so that no other shard has it.
fn renumbered(batch: &RecordBatch, planned: &Planned<'_>, runs: &mut Vec<[u64; 2]>) -> Result<RecordBatch, DatasetError> {
    let Planned { member, of, .. } = planned;
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| DatasetError::Column(name.to_owned()));
    let names = column("domain")?.as_string_opt::<i32>().ok_or_else(|| DatasetError::Column("domain".to_owned()))?;
    if let Some(foreign) = names.iter().flatten().find(|name| !member.shard.contains(name)) {
        let path = member.reader.dir().join(&of.file);
        return Err(DatasetError::damaged(&path, format_args!("it has {foreign:?}, which is no name of shard {}", member.shard)));
    }
    let old = column("ordinal")?.as_primitive_opt::<Int64Type>().ok_or_else(|| DatasetError::Column("ordinal".to_owned()))?;
    let mut new = Vec::with_capacity(old.len());
    for ordinal in old.values() {
        let ordinal = u64::try_from(*ordinal).unwrap_or(u64::MAX).saturating_add(member.offset);
        match runs.last_mut() {
            Some([_, end]) if *end == ordinal => *end = ordinal.saturating_add(1),
            _ => runs.push([ordinal, ordinal.saturating_add(1)]),
        }
        new.push(i64::try_from(ordinal).unwrap_or(i64::MAX));
    }
    let fields = schema();
    let field = fields.fields().first().cloned().ok_or_else(|| DatasetError::Column("ordinal".to_owned()))?;
    let only = Arc::new(arrow::datatypes::Schema::new(vec![field]));
    Ok(RecordBatch::try_new(only, vec![Arc::new(Int64Array::from(new)) as ArrayRef])?)
}

/// Puts `rejected.csv` and `duplicates.csv` in place, which all shards have alike, and ends the dataset.
fn finish(out: &Path, mut manifest: Manifest, shards: &Shards) -> Result<Manifest, DatasetError> {
    check_accounting(&shards.accounting, manifest.counts.rows)?;
    let first = shards.members.first().map(|first| first.reader.manifest());
    let has = [first.is_some_and(|first| first.rejected.is_some()), first.is_some_and(|first| first.duplicates.is_some())];
    let paths: [fn(&Path) -> PathBuf; 2] = [folder::rejected_path, folder::duplicates_path];
    for (of, first) in paths.iter().zip(has).filter(|(_, has)| *has).filter_map(|(of, _)| Some((of, shards.members.first()?))) {
        let path = of(out);
        let draft = Draft::begin(&path)?;
        let copy = || -> io::Result<()> {
            let (mut from, mut file) = (place::open(&of(first.reader.dir()))?, draft.file()?);
            io::copy(&mut from, &mut file)?;
            file.sync_all()
        };
        copy().map_err(DatasetError::io("write", &path))?;
        draft.put_in_place()?;
    }
    pause(Step::RejectedNamed);
    manifest.rejected = folder::attachment(&folder::rejected_path(out))?;
    manifest.duplicates = folder::attachment(&folder::duplicates_path(out))?;
    manifest.accounting = Some(shards.accounting);
    manifest.finished_at = Some(shards.finished_at.clone());
    folder::write_manifest(out, &manifest)?;
    pause(Step::Finished);
    Ok(manifest)
}
