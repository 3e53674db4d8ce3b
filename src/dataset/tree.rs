//! A tree of scans, `list=NAME/date=YYYY-MM-DD`: where the next scan of a list goes, which scans there are, and which of them have had their
//! time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::error::DatasetError;
use super::folder::{self, COMMAND, LOCK, Lock, Stored};
use super::layout::{Layout, date_folder, date_of, is_list_folder, list_folder};
use super::manifest::{Manifest, RunDescription};
use super::resume;
use super::verify::verify;
use crate::place;

/// What a scan that is being removed is called, before the name that it had.
const REMOVED: &str = ".removed-";

/// The folder of a list's scans.
pub(crate) fn folder_of(tree: &Path, list: &str) -> PathBuf {
    tree.join(list_folder(list))
}

/// Says at once, before a list is read, if no scan whatever may be written there today.
///
/// # Errors
/// The refusal.
pub(crate) fn refuse_unless_usable(of_list: &Path) -> Result<bool, DatasetError> {
    if unfinished(of_list)?.next().is_some() {
        return Ok(true);
    }
    resume::refuse_unless_usable(&today(of_list))
}

/// Where a scan goes: on with the unfinished one of the same configuration, whenever that was begun, else into the folder of today.
///
/// # Errors
/// If a folder cannot be read.
pub(crate) fn place(of_list: &Path, run: &RunDescription) -> Result<PathBuf, DatasetError> {
    let fingerprint = run.fingerprint();
    let same = unfinished(of_list)?.find(|(_, manifest)| manifest.fingerprint == fingerprint);
    Ok(same.map_or_else(|| today(of_list), |(dir, _)| dir))
}

/// The folder of a scan that begins now.
pub(crate) fn today(of_list: &Path) -> PathBuf {
    of_list.join(date_folder(OffsetDateTime::now_utc().date()))
}

/// The unfinished scans of a list, the latest first. What cannot be read is none.
fn unfinished(of_list: &Path) -> Result<impl Iterator<Item = (PathBuf, Manifest)>, DatasetError> {
    let there = dated(of_list)?.into_iter().rev().filter_map(|dir| Some((folder::read_manifest(&dir).ok()??, dir)));
    Ok(there.filter(|(manifest, _)| manifest.finished_at.is_none() && manifest.made_from.is_none()).map(|(manifest, dir)| (dir, manifest)))
}

/// The folders in a list's folder that are called as those of dates, by date.
fn dated(of_list: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let names = folder::names(of_list)?;
    Ok(names.into_iter().filter(|name| date_of(name).is_some()).map(|name| of_list.join(name)).collect())
}

/// All scans of a tree, or of one list of it, by list and date; a dataset is one by itself.
///
/// # Errors
/// A refusal if there is none; an IO error.
pub(crate) fn datasets(dir: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    if has_manifest(dir)? {
        return Ok(vec![dir.to_owned()]);
    }
    let mut found = dated(dir)?;
    for name in folder::names(dir)?.iter().filter(|name| is_list_folder(name)) {
        found.extend(dated(&dir.join(name))?);
    }
    let there = found.into_iter().filter_map(|dir| has_manifest(&dir).map(|has| has.then_some(dir)).transpose());
    let found = there.collect::<Result<Vec<PathBuf>, _>>()?;
    if found.is_empty() {
        return Err(DatasetError::refused(
            dir,
            "no scan here, and no folders list=NAME/date=YYYY-MM-DD; name what `stscan scan -o` was given",
        ));
    }
    Ok(found)
}

fn has_manifest(dir: &Path) -> Result<bool, DatasetError> {
    let path = folder::manifest_path(dir);
    place::exists(&path).map_err(DatasetError::io("find", &path))
}

/// Whether a folder holds scans and is none itself.
pub(super) fn is_tree(dir: &Path) -> bool {
    datasets(dir).is_ok_and(|found| found != [dir])
}

/// Removes the oldest scans of a list but for `keep` finished ones, and says what it did and what not, a sentence each. It removes nothing but
/// whole scans of ours, in which there is nothing else; `current` stays whatever its date.
pub(crate) fn retain(current: &Path, keep: usize) -> Vec<String> {
    let Some(of_list) = current.parent() else { return Vec::new() };
    let mut said = Vec::new();
    let names = folder::names(of_list).unwrap_or_default();
    for name in names.iter().filter(|name| name.strip_prefix(REMOVED).is_some_and(|name| date_of(name).is_some())) {
        said.extend(remove_files(&of_list.join(name)).err().map(|why| format!("{}: {why}", of_list.join(name).display())));
    }
    let dirs = dated(of_list).unwrap_or_default();
    let finished = dirs.into_iter().rev().filter(|dir| dir != current && is_finished(dir));
    for dir in finished.skip(keep.saturating_sub(1)) {
        let shown = dir.display();
        said.push(match remove(&dir) {
            Ok(()) => format!("{shown} is removed (--keep {keep})"),
            Err(why) => format!("{shown} is older than --keep {keep} says and stays: {why}"),
        });
    }
    said
}

/// Whether a folder, and no link to one, has a manifest of a finished scan.
fn is_finished(dir: &Path) -> bool {
    place::is_folder(dir) && matches!(folder::read_manifest(dir), Ok(Some(manifest)) if manifest.finished_at.is_some())
}

/// Removes a scan. It gets another name first, so that no reader meets half of it.
fn remove(dir: &Path) -> Result<(), String> {
    let found = verify(dir).map_err(|error| error.to_string())?;
    if let Some(problem) = found.problems.first() {
        return Err(format!("it is not whole ({}: {})", problem.file, problem.detail));
    }
    let sealed = matches!(folder::read_sealed_manifest(dir), Ok(Some(Stored { sealed: Some(true), .. })));
    if found.manifest.made_from.is_some() || !sealed {
        return Err("no scan wrote it".to_owned());
    }
    let ours = own_files(dir, &found.manifest);
    let names = folder::names(dir).map_err(|error| error.to_string())?;
    if let Some(foreign) = names.into_iter().find(|name| !ours.contains(name) || !is_file(&dir.join(name))) {
        return Err(format!("it holds {foreign:?}, which no scan wrote"));
    }
    let _lock = Lock::take(dir).map_err(|error| error.to_string())?;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let aside = dir.with_file_name(format!("{REMOVED}{name}"));
    place::rename(dir, &aside).map_err(|error| error.to_string())?;
    remove_files(&aside)
}

/// Removes the files of a scan that has been put aside, the manifest last, so that the next time goes on where this one was broken off.
fn remove_files(aside: &Path) -> Result<(), String> {
    if !place::is_folder(aside) {
        return Err("it is no folder".to_owned());
    }
    let told = |error: io::Error| error.to_string();
    if let Ok(Some(Stored { manifest, sealed: Some(true) })) = folder::read_sealed_manifest(aside) {
        for file in own_files(aside, &manifest) {
            match place::remove_file(&aside.join(file)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(told(error)),
                _ => {}
            }
        }
    }
    place::remove_dir(aside).map_err(told)
}

/// The files of a scan in a tree, the manifest last.
fn own_files(dir: &Path, manifest: &Manifest) -> Vec<String> {
    let layout = Layout::of(dir);
    let parts = manifest.parts.iter().map(|part| part.file.clone()).filter(|file| !file.contains('/'));
    let others = [layout.rejected(), layout.duplicates(), COMMAND, LOCK, layout.manifest()];
    parts.chain(others.map(str::to_owned)).collect()
}

fn is_file(path: &Path) -> bool {
    place::is_far(path) || fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Activity, Dataset, List, record_batch, samples};
    use crate::input::Accounting;

    /// A scan of a day of January, finished or not.
    fn scan(tree: &Path, day: u8, finished: bool) -> PathBuf {
        let dir = folder_of(tree, "a b").join(format!("date=2026-01-{day:02}"));
        let run = RunDescription { run_id: format!("day-{day}"), ..samples::run() };
        let mut dataset = Dataset::create_or_resume(&dir, &run).unwrap();
        dataset.commit_part(0, &[record_batch(&[samples::absent(0, "example.com")]).unwrap()], &Activity::default()).unwrap();
        if finished {
            let accounting = Accounting { lines: 1, rows: 1, ..Accounting::default() };
            dataset.finish(accounting, List::default(), &Activity::default()).unwrap();
        }
        dir
    }

    fn left(dir: &Path) -> Vec<String> {
        folder::names(dir.parent().unwrap()).unwrap()
    }

    #[test]
    fn a_partition_has_the_parts_and_names_that_engines_leave_alone() {
        let tree = tempfile::tempdir().unwrap();
        let dir = scan(tree.path(), 1, true);
        assert_eq!(folder::names(&dir).unwrap(), [".lock", "_manifest.json", "part-00000.parquet"]);
        assert!(verify(&dir).unwrap().problems.is_empty());
        assert_eq!(datasets(tree.path()).unwrap(), std::slice::from_ref(&dir));
        assert_eq!(datasets(dir.parent().unwrap()).unwrap(), std::slice::from_ref(&dir));
        fs::write(dir.join("part-00001.parquet"), "x").unwrap();
        fs::write(dir.join("_notes"), "x").unwrap();
        let problems = verify(&dir).unwrap().problems;
        assert!(problems.len() == 1 && problems[0].file == "part-00001.parquet", "{problems:?}");
    }

    #[test]
    fn the_next_scan_goes_on_with_its_like_or_begins_today() {
        let tree = tempfile::tempdir().unwrap();
        let of_list = folder_of(tree.path(), "a b");
        assert_eq!(place(&of_list, &samples::run()).unwrap(), today(&of_list));
        scan(tree.path(), 1, true);
        let stopped = scan(tree.path(), 2, false);
        assert_eq!(place(&of_list, &samples::run()).unwrap(), stopped);
        let mut other = samples::run();
        other.list.sha256 = None;
        assert_eq!(place(&of_list, &other).unwrap(), today(&of_list), "another list has another scan");
    }

    #[test]
    fn only_whole_scans_of_ours_are_removed() {
        let tree = tempfile::tempdir().unwrap();
        let dirs: Vec<PathBuf> = (1..=7).map(|day| scan(tree.path(), day, day != 2)).collect();
        fs::write(dirs[2].join("notes.txt"), "mine").unwrap();
        fs::write(dirs[3].join("part-00000.parquet"), "cut").unwrap();
        let of_list = dirs[0].parent().unwrap();
        fs::create_dir(of_list.join("date=2025-12-31")).unwrap();
        fs::write(of_list.join("date=2025-12-31/mine"), "").unwrap();
        fs::create_dir(of_list.join(".removed-date=2025-01-01")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&dirs[0], of_list.join("date=2025-12-30")).unwrap();
        let said = retain(&dirs[6], 2).join("\n");
        let stays = |dir: &Path| dir.exists();
        assert_eq!(dirs.iter().map(|dir| stays(dir)).collect::<Vec<_>>(), [false, true, true, true, false, true, true], "{said}");
        assert!(
            said.contains("notes.txt") && said.contains("is not whole") && said.contains("date=2026-01-05 is removed (--keep 2)"),
            "{said}"
        );
        assert!(of_list.join("date=2025-12-31/mine").exists() && !of_list.join(".removed-date=2025-01-01").exists());
        assert_eq!(retain(&dirs[6], 2).len(), 2, "what stays is said each time, and nothing else");
    }

    #[test]
    fn a_removal_that_was_broken_off_is_finished() {
        let tree = tempfile::tempdir().unwrap();
        let (old, new) = (scan(tree.path(), 1, true), scan(tree.path(), 2, true));
        let aside = old.with_file_name(".removed-date=2026-01-01");
        fs::rename(&old, &aside).unwrap();
        fs::remove_file(aside.join("part-00000.parquet")).unwrap();
        assert_eq!(retain(&new, 5), Vec::<String>::new());
        assert_eq!(left(&new), ["date=2026-01-02"]);
    }
}
