//! What a folder holds already, and whether a scan may go on there.

use std::fs;
use std::path::Path;

use super::error::DatasetError;
use super::folder::{self, COMMAND, LOCK, Lock, MANIFEST, SPOOL, Stored};
use super::layout::Layout;
use super::manifest::{Manifest, Origin, RunDescription};
use super::whole;
use crate::place;

/// Differences of configuration that a refusal names; the rest is counted.
const NAMED_DIFFERENCES: usize = 3;

/// The unfinished scan that the folder holds, of the configuration of `run` if one is given; `None` if the folder is empty or missing.
///
/// # Errors
/// Refuses a folder that holds anything else.
pub(super) fn survey(dir: &Path, run: Option<&RunDescription>) -> Result<Option<Manifest>, DatasetError> {
    let manifest = unfinished(dir)?;
    if let (Some(manifest), Some(run)) = (&manifest, run) {
        same_rules(dir, manifest, run)?;
        same_configuration(dir, manifest, run)?;
        parts_are_there(dir, manifest)?;
    }
    Ok(manifest)
}

/// Says at once, before a list is read, if no scan whatever may write to the folder; else whether an unfinished one lies there.
///
/// # Errors
/// A refusal, as [`super::store::Dataset::create_or_resume`] gives it, but for a difference of configuration.
pub fn refuse_unless_usable(dir: &Path) -> Result<bool, DatasetError> {
    let Some(manifest) = unfinished(dir)? else { return Ok(false) };
    parts_are_there(dir, &manifest).map(|()| true)
}

/// Makes way for a scan that starts again: the copies of the list that the unfinished one keeps are removed.
///
/// # Errors
/// A refusal if the folder holds anything but an unfinished scan, or if that is being written.
pub fn make_way(dir: &Path) -> Result<(), DatasetError> {
    if unfinished(dir)?.is_none() {
        return Ok(());
    }
    let _lock = Lock::take(dir)?;
    let spool = dir.join(SPOOL);
    if place::is_far(dir) {
        return Ok(()); // Its copies are of this machine, and gone with the process.
    }
    match fs::remove_dir_all(&spool) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(DatasetError::io("remove", &spool)(error)),
        _ => Ok(()),
    }
}

/// The unfinished scan that the folder holds; `None` if the folder is empty or missing.
fn unfinished(dir: &Path) -> Result<Option<Manifest>, DatasetError> {
    if let Some(manifest) = folder::read_manifest(dir)? {
        refuse_finished(dir, &manifest)?;
        if let Some(made_by) = manifest.made_by() {
            let reason = format!("holds what `stscan {made_by}` began; give that command again, or choose another folder");
            return Err(DatasetError::refused(dir, reason));
        }
        no_foreign_parts(dir)?;
        return Ok(Some(manifest));
    }
    refuse_foreign(dir)?;
    Ok(None)
}

fn refuse_finished(dir: &Path, manifest: &Manifest) -> Result<(), DatasetError> {
    match &manifest.finished_at {
        Some(end) => Err(DatasetError::refused(dir, format!("holds a scan that was finished at {end}; choose another folder"))),
        None => Ok(()),
    }
}

/// Refuses a folder without manifest that holds anything of somebody else.
fn refuse_foreign(dir: &Path) -> Result<(), DatasetError> {
    // What a scan leaves that died while it began, and what the system puts into every file system.
    let layout = Layout::of(dir);
    let ours = [
        LOCK,
        layout.parts().trim_end_matches('/'),
        layout.rejected(),
        layout.duplicates(),
        layout.manifest(),
        SPOOL,
        COMMAND,
        place::UPLOADS,
        "lost+found",
    ];
    let is_ours = |name: &str| ours.contains(&folder::final_name(name));
    if let Some(foreign) = folder::names(dir)?.into_iter().find(|name| !is_ours(name)) {
        let reason = format!("not empty (it holds {foreign:?}) and no dataset, as {MANIFEST} is missing; choose an empty or new folder");
        return Err(DatasetError::refused(dir, reason));
    }
    if let Some(part) = folder::files_among_parts(dir)?.into_iter().find(|file| file.ends_with(".parquet")) {
        let reason = format!("holds {part} without {MANIFEST}; choose an empty or new folder, or remove what is there");
        return Err(DatasetError::refused(dir, reason));
    }
    Ok(())
}

/// Refuses a folder unless it is empty, missing, or holds what the same command began to make of the same run.
///
/// # Errors
/// The refusal.
pub(super) fn refuse_unless_derivable(dir: &Path, derived: &Manifest) -> Result<(), DatasetError> {
    let Some(there) = folder::read_manifest(dir)? else { return refuse_foreign(dir) };
    refuse_finished(dir, &there)?;
    no_foreign_parts(dir)?;
    let same = |origin: &Origin| (origin.made_by.clone(), origin.run_id.clone());
    match (&there.made_from, &derived.made_from) {
        (Some(there), Some(here)) if same(there) == same(here) => Ok(()),
        _ => Err(DatasetError::refused(dir, "holds an unfinished dataset of something else; choose another folder")),
    }
}

/// What the folder holds of the same merge, begun and not finished; `None` if it is empty or missing.
///
/// # Errors
/// Refuses a folder that holds anything else.
pub(super) fn unfinished_merge(dir: &Path, merged: &Manifest) -> Result<Option<Manifest>, DatasetError> {
    let Some(Stored { manifest: there, sealed }) = folder::read_sealed_manifest(dir)? else { return refuse_foreign(dir).map(|()| None) };
    refuse_finished(dir, &there)?;
    no_foreign_parts(dir)?;
    if sealed == Some(false) {
        return Err(DatasetError::damaged(&folder::manifest_path(dir), whole::EDITED));
    }
    if there.made_from.is_some() || there.merged_from != merged.merged_from {
        let reason = "holds an unfinished dataset of something else, or of other shards; choose another folder";
        return Err(DatasetError::refused(dir, reason));
    }
    Ok(Some(there))
}

/// Rows of one scan are judged by the same rules; those of another session may come from another version of the program only if its
/// rules are the same, and each part says by which it was judged.
fn same_rules(dir: &Path, manifest: &Manifest, run: &RunDescription) -> Result<(), DatasetError> {
    let (there, now) = (&manifest.run, run);
    let rules = |run: &RunDescription| (run.tool.rules.clone(), run.catalogue_version.clone(), run.public_suffix_list.clone());
    if rules(there) == rules(now) {
        return Ok(());
    }
    let reason = format!(
        "holds an unfinished scan that was judged by other rules (there {}; now {}); resume it with the version that began it, or give \
         --restart to drop what is there and start again",
        there.judged_by(),
        now.judged_by()
    );
    Err(DatasetError::refused(dir, reason))
}

fn same_configuration(dir: &Path, manifest: &Manifest, run: &RunDescription) -> Result<(), DatasetError> {
    if manifest.fingerprint == run.fingerprint() {
        return Ok(());
    }
    let differences = differences(&manifest.run, run, ("there", "now"));
    let reason = format!(
        "holds an unfinished scan of another configuration ({}); give the same options to resume it, or choose another folder",
        some(&differences)
    );
    Err(DatasetError::refused(dir, reason))
}

/// The first few differences, and how many more there are.
pub(super) fn some(differences: &[String]) -> String {
    let named = differences.iter().take(NAMED_DIFFERENCES).cloned().collect::<Vec<_>>().join("; ");
    match differences.len().saturating_sub(NAMED_DIFFERENCES) {
        0 => named,
        n => format!("{named}; and {n} more"),
    }
}

/// Every option or version that differs, in words, the last of which say where each value is.
pub(super) fn differences(old: &RunDescription, new: &RunDescription, (there, here): (&str, &str)) -> Vec<String> {
    let (old, new) = (old.identity(), new.identity());
    let shown = |value: Option<&serde_json::Value>| value.map_or("not set".to_owned(), ToString::to_string);
    let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let differing = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    differing.map(|key| format!("{key}: {there} {}, {here} {}", shown(old.get(key)), shown(new.get(key)))).collect()
}

/// Cheaply, before a list is read; all of it is checked before the first part is added.
fn parts_are_there(dir: &Path, manifest: &Manifest) -> Result<(), DatasetError> {
    let domains = folder::parts_folder(dir);
    let lengths = place::Lengths::in_folder(&domains).map_err(DatasetError::io("read", &domains))?;
    for part in &manifest.parts {
        let path = folder::part_path(dir, part)?;
        let length = lengths.of(&path).map_err(DatasetError::io("find", &path))?;
        if length != part.bytes {
            return Err(DatasetError::damaged(&path, format_args!("it has {length} bytes and the manifest says {}", part.bytes)));
        }
    }
    Ok(())
}

/// Readers take every file of the folder for a part, so one that is not ours would become rows.
fn no_foreign_parts(dir: &Path) -> Result<(), DatasetError> {
    match folder::files_among_parts(dir)?.into_iter().find(|file| !folder::is_ours(folder::file_name(file))) {
        Some(foreign) => Err(DatasetError::refused(dir, format!("holds {foreign}, which is no part of the scan; move it away"))),
        None => Ok(()),
    }
}

/// Removes what an interrupted scan left: parts that the manifest does not list and files that were not renamed.
pub(super) fn remove_leftovers(dir: &Path, manifest: &Manifest) -> Result<(), DatasetError> {
    let listed: Vec<String> = manifest.parts.iter().map(|part| part.file.clone()).collect();
    for file in folder::files_among_parts(dir)? {
        if folder::is_ours(folder::file_name(&file)) && !listed.contains(&file) {
            let path = dir.join(file);
            place::remove_file(&path).map_err(DatasetError::io("remove", &path))?;
        }
    }
    Ok(())
}
