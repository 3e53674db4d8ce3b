//! The folder of a dataset: the names in it, and its one writer, by an advisory lock that the system drops with the process, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::DatasetError;
use super::hashing::Digested;
use super::layout::Layout;
use super::manifest::{Attachment, Manifest, Part, Seal};
use super::schema::SCHEMA_VERSION;
use crate::pause::{Step, pause};
use crate::place;

/// The run, as it is called in most layouts.
pub(super) const MANIFEST: &str = "manifest.json";
/// Lines that are nothing of what is read, as they are called in most layouts.
pub(super) const REJECTED: &str = "rejected.csv";
/// Held while a scan writes the folder.
pub(super) const LOCK: &str = ".lock";
/// The command that began the scan, for a repair.
pub(super) const COMMAND: &str = ".command";
/// Copies of the list while the scan is unfinished; the input writes them.
pub const SPOOL: &str = ".spool";
/// End of the names of files that are not finished.
const TEMPORARY: &str = ".tmp";

/// Path of a part from the dataset's folder. A shard has more than one piece only where a scan was stopped in the midst of it;
/// by name they stand in the order of the input, since `_` comes after the dot.
pub(super) fn part_file(layout: Layout, shard: u64, piece: u64) -> String {
    let parts = layout.parts();
    match piece {
        0 => format!("{parts}part-{shard:05}.parquet"),
        _ => format!("{parts}part-{shard:05}_{piece}.parquet"),
    }
}

/// The manifest of a dataset.
pub(super) fn manifest_path(dir: &Path) -> PathBuf {
    dir.join(Layout::of(dir).manifest())
}

/// The file of rejected lines of a dataset; the input writes it.
pub(crate) fn rejected_path(dir: &Path) -> PathBuf {
    dir.join(Layout::of(dir).rejected())
}

/// The file of lines whose name an earlier line has; the input writes it, where there are any.
pub(crate) fn duplicates_path(dir: &Path) -> PathBuf {
    dir.join(Layout::of(dir).duplicates())
}

/// The folder of the parts of a dataset.
pub(super) fn parts_folder(dir: &Path) -> PathBuf {
    dir.join(Layout::of(dir).parts())
}

/// The files that lie where the parts are, by their paths from the dataset's folder, sorted. Where that is the dataset's own folder, only
/// those that readers take for parts, and our own that are not finished.
pub(super) fn files_among_parts(dir: &Path) -> Result<Vec<String>, DatasetError> {
    let layout = Layout::of(dir);
    let names = names(&parts_folder(dir))?.into_iter();
    let names = names.filter(|name| layout == Layout::Plain || name.ends_with(".parquet") || is_ours(name));
    Ok(names.map(|name| format!("{}{name}", layout.parts())).collect())
}

/// The name of a file without its folder.
pub(super) fn file_name(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// The name under which a file is written before it is renamed.
pub(super) fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY);
    name.into()
}

/// The name that a file will have once it is finished.
pub(super) fn final_name(name: &str) -> &str {
    name.strip_suffix(TEMPORARY).unwrap_or(name)
}

/// Path of a part that a manifest lists. What others wrote must not lead out of the folder.
pub(super) fn part_path(dir: &Path, part: &Part) -> Result<PathBuf, DatasetError> {
    if is_within(&part.file) {
        return Ok(dir.join(&part.file));
    }
    Err(DatasetError::damaged(&manifest_path(dir), format_args!("it lists {:?}, which is outside of the folder", part.file)))
}

/// Whether a path from the dataset's folder stays in it.
pub(super) fn is_within(file: &str) -> bool {
    Path::new(file).components().all(|component| matches!(component, Component::Normal(_)))
}

/// Whether a file among the parts is one that a scan of ours writes, whole or not.
pub(super) fn is_ours(name: &str) -> bool {
    let number = final_name(name).strip_prefix("part-").and_then(|part| part.strip_suffix(".parquet"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'_'))
}

/// A manifest that was read.
pub(super) struct Stored {
    pub(super) manifest: Manifest,
    /// Whether it is as stscan wrote it; `None` where an older version wrote it, which left no seal.
    pub(super) sealed: Option<bool>,
}

/// Whether a file of a manifest has the name of a part of this shard.
pub(super) fn is_part_of(file: &str, shard: u64) -> bool {
    let piece = file.strip_suffix(".parquet").and_then(|file| file.rsplit_once('_')).and_then(|(_, piece)| piece.parse().ok());
    [Layout::Plain, Layout::Hive].iter().any(|layout| part_file(*layout, shard, piece.unwrap_or(0)) == file)
}

/// The manifest; `None` where there is none.
pub(super) fn read_manifest(dir: &Path) -> Result<Option<Manifest>, DatasetError> {
    read_sealed_manifest(dir).map(|stored| stored.map(|stored| stored.manifest))
}

/// The manifest, and whether it is as it was written; `None` where there is none.
pub(super) fn read_sealed_manifest(dir: &Path) -> Result<Option<Stored>, DatasetError> {
    let path = manifest_path(dir);
    let text = match place::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(no_folder(dir)),
        Err(error) => return Err(DatasetError::io("read", &path)(error)),
    };
    // The version first: a newer manifest may not have the fields that this version asks for.
    #[derive(serde::Deserialize)]
    struct Version {
        schema_version: u32,
        #[serde(default)]
        table: Option<String>,
    }
    let damaged = |error| DatasetError::damaged(&path, error);
    let Version { schema_version, table } = serde_json::from_slice(&text).map_err(damaged)?;
    if table.is_some() {
        return Err(DatasetError::refused(dir, "TLS reports, not a scan; `stscan stats` and `stscan report` take them by --tls-reports"));
    }
    if schema_version != SCHEMA_VERSION {
        return Err(of_another_version(dir, schema_version));
    }
    let manifest = serde_json::from_slice(&text).map_err(damaged)?;
    Ok(Some(Stored { manifest, sealed: is_sealed(&text) }))
}

/// What stands before the seal in a manifest's text; nowhere else, as quotes within strings are escaped.
const BEFORE_SEAL: &[u8] = b"\"seal\": \"";

/// Where the seal is in a manifest's text.
fn place_of_seal(text: &[u8]) -> Option<Range<usize>> {
    let start = text.windows(BEFORE_SEAL.len()).rposition(|window| window == BEFORE_SEAL)? + BEFORE_SEAL.len();
    let end = start + Seal::PLACE.len();
    (end <= text.len()).then_some(start..end)
}

/// Whether a manifest's text has the hash that it says; `None` where it says none.
pub(super) fn is_sealed(text: &[u8]) -> Option<bool> {
    let place = place_of_seal(text)?;
    let mut open = text.to_vec();
    open.get_mut(place.clone())?.copy_from_slice(Seal::PLACE.as_bytes());
    Some(text.get(place)? == hex::encode(Sha256::digest(&open)).as_bytes())
}

/// Only version 1 is older: it was never released, so nothing converts it.
fn of_another_version(dir: &Path, version: u32) -> DatasetError {
    let ours = SCHEMA_VERSION;
    let remedy = if version > ours { "use a newer stscan" } else { "scan again, or use the stscan that wrote it" };
    DatasetError::refused(dir, format!("a dataset of schema version {version}, and this program reads version {ours}; {remedy}"))
}

pub(super) fn no_folder(dir: &Path) -> DatasetError {
    DatasetError::refused(dir, "a file, not a folder: name the dataset's folder, not one of its parts, or another folder to write to")
}

/// What the manifest says of a file that is no part; `None` where there is none.
pub(super) fn attachment(path: &Path) -> Result<Option<Attachment>, DatasetError> {
    match Digested::of(path) {
        Ok(Digested { bytes, sha256 }) => Ok(Some(Attachment { bytes, sha256 })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DatasetError::io("read", path)(error)),
    }
}

/// Replaces the manifest.
pub(super) fn write_manifest(dir: &Path, manifest: &impl Serialize) -> Result<(), DatasetError> {
    replace_manifest(dir, &manifest_text(manifest)?)
}

/// The manifest as it is written.
pub(super) fn manifest_text(manifest: &impl Serialize) -> Result<Vec<u8>, DatasetError> {
    let mut text = serde_json::to_vec_pretty(manifest).map_err(|error| DatasetError::Encoding(error.to_string()))?;
    text.push(b'\n');
    let hash = hex::encode(Sha256::digest(&text));
    if let Some(seal) = place_of_seal(&text).and_then(|place| text.get_mut(place)) {
        seal.copy_from_slice(hash.as_bytes());
    }
    Ok(text)
}

/// Replaces the manifest by this text of one.
pub(super) fn replace_manifest(dir: &Path, text: &[u8]) -> Result<(), DatasetError> {
    let path = manifest_path(dir);
    if place::is_far(&path) {
        pause(Step::ManifestBegun);
        place::replace(&path, text).map_err(DatasetError::io("write", &path))?;
        pause(Step::ManifestNamed);
        return Ok(());
    }
    let new = temporary(&path);
    let write = || {
        let mut file = File::create(&new).map_err(DatasetError::io("create", &new))?;
        pause(Step::ManifestBegun);
        file.write_all(text).and_then(|()| file.sync_all()).map_err(DatasetError::io("write", &new))?;
        pause(Step::ManifestWritten);
        put_in_place(&new, &path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&new); // The first error is the one to be told.
    })?;
    pause(Step::ManifestNamed);
    Ok(())
}

/// Renames a file that is written and synced, and makes the new name durable.
pub(super) fn put_in_place(new: &Path, path: &Path) -> Result<(), DatasetError> {
    fs::rename(new, path).map_err(DatasetError::io("rename", new))?;
    let dir = path.parent().unwrap_or(Path::new("."));
    sync_folder(dir)
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(dir: &Path) -> Result<(), DatasetError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(DatasetError::io("sync", dir))
}

/// The names in a folder, sorted; none where it does not exist.
pub(super) fn names(dir: &Path) -> Result<Vec<String>, DatasetError> {
    match place::names(dir) {
        Ok(names) => Ok(names),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(no_folder(dir)),
        Err(error) => Err(DatasetError::io("read", dir)(error)),
    }
}

/// The lock, held until it is dropped. The file stays: to remove it would let two processes lock two files of one name.
///
/// A prefix of a store has none: there the manifest is replaced only where it is the one that this process has seen, so that of two writers
/// the one that was overtaken stops.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Takes the lock of a folder or says who is in the way.
    pub(super) fn take(dir: &Path) -> Result<Self, DatasetError> {
        if place::is_far(dir) {
            place::abort_uploads(dir).map_err(DatasetError::io("clean up", dir))?;
            return Ok(Self { _file: None });
        }
        let path = dir.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(DatasetError::io("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => {
                Err(DatasetError::refused(dir, "another scan is writing this folder; wait until it has ended or choose another folder"))
            }
            Err(TryLockError::Error(error)) => Err(DatasetError::io("lock", &path)(error)),
        }
    }
}
