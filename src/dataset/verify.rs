//! `verify`: everything that can be wrong with a dataset, named file by file; and its repair, as far as the dataset's own.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;

use super::counts::Counts;
use super::error::DatasetError;
use super::folder::{self, Lock, MANIFEST, Stored};
use super::layout::Layout;
use super::manifest::Manifest;
use super::whole::{self, Damage, Problem};
use crate::pause::{Step, pause};
use crate::place;

/// What is wrong with a dataset.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Its manifest.
    pub manifest: Manifest,
    /// Everything that is wrong; nothing where it is whole.
    pub problems: Vec<Problem>,
}

/// What a repair did.
#[derive(Clone, Debug, Default)]
pub struct Repair {
    /// Parts whose rows are to be scanned again.
    pub struck: Vec<String>,
    /// Files that were no parts and now lie in the folder `aside`.
    pub aside: Vec<String>,
    /// Whether the scan has to go on until the dataset is finished.
    pub unfinished: bool,
}

/// Checks a dataset: the manifest in itself and against its seal; hash, length, rows, ordinals, states and identity of every part; files
/// that are no parts.
///
/// # Errors
/// If the folder holds no dataset, or its manifest cannot be read.
pub fn verify(dir: &Path) -> Result<Verified, DatasetError> {
    let Stored { manifest, sealed } = folder::read_sealed_manifest(dir)?
        .ok_or_else(|| DatasetError::refused(dir, format!("no {MANIFEST} here, so this is no dataset; name the folder of a dataset")))?;
    let mut problems = Vec::new();
    if sealed == Some(false) {
        problems.push(Problem::new(MANIFEST, Damage::Edited, whole::EDITED));
    }
    problems.extend(whole::contradictions(&manifest).into_iter().map(|wrong| Problem::new(MANIFEST, Damage::Contradiction, wrong)));
    let of_parts: Vec<Problem> = manifest.parts.par_iter().filter_map(|part| whole::part(dir, &manifest, part, true).err()).collect();
    problems.extend(of_parts);
    if let Some(rejected) = &manifest.rejected {
        problems.extend(whole::attachment(dir, Layout::of(dir).rejected(), rejected).err());
    }
    if let Some(duplicates) = &manifest.duplicates {
        problems.extend(whole::attachment(dir, Layout::of(dir).duplicates(), duplicates).err());
    }
    problems.extend(whole::strangers(dir, &manifest)?);
    problems.extend(whole::sums(dir, &manifest));
    Ok(Verified { manifest, problems })
}

/// Makes a dataset one that is whole as far as it goes: parts that are not are struck out of the manifest, so that the scan's own command
/// scans their rows again; files that are no parts are put aside. Nothing that is whole is touched.
///
/// # Errors
/// A refusal if the manifest itself cannot be trusted, or the dataset was made from another one; an IO error if the disk fails.
pub fn repair(dir: &Path, found: &Verified) -> Result<Repair, DatasetError> {
    let manifest = &found.manifest;
    if let Some(of_manifest) = found.problems.iter().find(|problem| problem.file == MANIFEST) {
        let reason = format!("cannot be repaired, since {MANIFEST} cannot be trusted: {}; restore that file", of_manifest.detail);
        return Err(DatasetError::refused(dir, reason));
    }
    let foreign = |problem: &&Problem| problem.damage == Damage::Foreign && manifest.parts.iter().all(|part| part.file != problem.file);
    let (strangers, damaged): (Vec<&Problem>, Vec<&Problem>) = found.problems.iter().partition(foreign);
    if let (Some(made_by), false) = (manifest.made_by(), damaged.is_empty()) {
        let reason = format!("was made by `stscan {made_by}`, so no scan can repair it; make it again into another folder");
        return Err(DatasetError::refused(dir, reason));
    }
    let _lock = Lock::take(dir)?;
    let mut done = Repair { unfinished: manifest.finished_at.is_none() || !damaged.is_empty(), ..Repair::default() };
    for stranger in strangers {
        put_aside(dir, &stranger.file)?;
        done.aside.push(stranger.file.clone());
    }
    if damaged.is_empty() {
        return Ok(done);
    }
    let damaged: BTreeSet<&str> = damaged.iter().map(|problem| problem.file.as_str()).collect();
    let mut left = manifest.clone();
    left.parts.retain(|part| !damaged.contains(part.file.as_str()));
    left.counts = Counts::default();
    left.parts.iter().for_each(|part| left.counts.add(&part.counts));
    (left.finished_at, left.accounting, left.rejected, left.duplicates) = (None, None, None, None);
    folder::write_manifest(dir, &left)?;
    pause(Step::RepairBegun);
    done.struck = manifest.parts.iter().map(|part| part.file.clone()).filter(|file| damaged.contains(file.as_str())).collect();
    Ok(done)
}

/// Moves a file out of the way of those who read every file of the folder.
fn put_aside(dir: &Path, file: &str) -> Result<(), DatasetError> {
    let aside = dir.join(Layout::of(dir).aside());
    place::create_dir_all(&aside).map_err(DatasetError::io("create", &aside))?;
    let name = folder::file_name(file);
    let places = std::iter::once(name.to_owned()).chain((1_u32..).map(|number| format!("{name}.{number}")));
    let from = dir.join(file);
    for place in places.map(|name| aside.join(name)) {
        if !place::exists(&place).map_err(DatasetError::io("find", &place))? {
            return place::rename(&from, &place).map_err(DatasetError::io("move", &from));
        }
    }
    Ok(())
}
