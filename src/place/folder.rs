//! What can be done with files and folders, or objects and prefixes, without opening them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStoreExt;
use object_store::path::Path as Key;

use super::address::{Address, is_far};
use super::bucket::{Bucket, bucket, wait};
use super::trouble::{Kind, Trouble};

/// A place in a store, its bucket opened.
pub(super) struct Far {
    pub(super) bucket: Arc<Bucket>,
    pub(super) key: Key,
}

/// The place in a store that a path names; `None` for one of this machine.
pub(super) fn far(path: &Path) -> io::Result<Option<Far>> {
    let Some(address) = Address::of(path) else { return Ok(None) };
    let address = address?;
    Ok(Some(Far { bucket: bucket(&address)?, key: address.key }))
}

impl Far {
    /// Does something with the bucket and waits for it.
    pub(super) fn ask<T, F>(self, work: impl FnOnce(Arc<Bucket>, Key) -> F) -> io::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Trouble>> + Send + 'static,
    {
        Ok(wait(work(self.bucket, self.key))?)
    }
}

/// All of a file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    match far(path)? {
        None => fs::read(path),
        Some(far) => far.ask(|bucket, key| async move { Ok(Vec::from(bucket.read(&key).await?)) }),
    }
}

/// Writes a small file under a temporary name first, or puts an object.
pub(crate) fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let Some(far) = far(path)? else {
        let new = path.with_added_extension("tmp");
        return fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    };
    let text = text.to_vec();
    far.ask(|bucket, key| async move { bucket.put(&key, text.into()).await })
}

/// Writes a small file that is on the disk when this returns.
pub(crate) fn write_durably(path: &Path, text: &[u8]) -> io::Result<()> {
    if is_far(path) {
        return write(path, text);
    }
    let mut file = File::create(path)?;
    file.write_all(text).and_then(|()| file.sync_all())
}

/// Replaces an object, if it is still the one that this process has read or written. Of a store alone: on this machine a lock keeps others
/// away.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let Some(far) = far(path)? else { return Err(io::ErrorKind::Unsupported.into()) };
    let text = text.to_vec();
    far.ask(|bucket, key| async move { bucket.replace(&key, text.into()).await })
}

/// Whether there is such a file or folder; of a store, such an object.
pub(crate) fn exists(path: &Path) -> io::Result<bool> {
    if !is_far(path) {
        return Ok(path.exists());
    }
    match length(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a name right below a folder is that of a folder, and no link to one.
pub(crate) fn is_folder(path: &Path) -> bool {
    match far(path) {
        Ok(None) => fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()),
        Ok(Some(far)) => far
            .ask(|bucket, key| async move {
                let below = bucket.below(&key).await?;
                Ok(!below.objects.is_empty() || !below.common_prefixes.is_empty())
            })
            .unwrap_or(false),
        Err(_) => false,
    }
}

/// The length of a file.
pub(crate) fn length(path: &Path) -> io::Result<u64> {
    match far(path)? {
        None => Ok(fs::metadata(path)?.len()),
        Some(far) => far.ask(|bucket, key| async move { Ok(bucket.about(&key).await?.size) }),
    }
}

/// The names in a folder, or right below a prefix, sorted. A prefix below which there is nothing has none.
pub(crate) fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = match far(dir)? {
        None => fs::read_dir(dir)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<_>>()?,
        Some(far) => far.ask(|bucket, key| async move {
            let below = bucket.below(&key).await?;
            // Some programs put an empty object in the place of the folder itself.
            let objects = below.objects.into_iter().map(|object| object.location).filter(|place| *place != key);
            Ok(objects.chain(below.common_prefixes).filter_map(|key| key.filename().map(str::to_owned)).collect())
        })?,
    };
    names.sort();
    Ok(names)
}

/// The lengths of the files in a folder: of a prefix they come with its names, at once.
pub(crate) struct Lengths(Option<BTreeMap<String, u64>>);

impl Lengths {
    /// Those in this folder.
    pub(crate) fn in_folder(dir: &Path) -> io::Result<Self> {
        let Some(far) = far(dir)? else { return Ok(Self(None)) };
        let listed = far.ask(|bucket, key| async move { bucket.below(&key).await })?;
        let named = listed.objects.iter().filter_map(|object| Some((object.location.filename()?.to_owned(), object.size)));
        Ok(Self(Some(named.collect())))
    }

    /// That of a file in the folder.
    pub(crate) fn of(&self, path: &Path) -> io::Result<u64> {
        let Some(listed) = &self.0 else { return length(path) };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        listed.get(name).copied().ok_or_else(|| Trouble::new(Kind::Missing, "there is no such object").into())
    }
}

/// Makes a folder; a prefix needs none.
pub(crate) fn create_dir_all(dir: &Path) -> io::Result<()> {
    if is_far(dir) { Ok(()) } else { fs::create_dir_all(dir) }
}

/// Removes an empty folder; a prefix is gone with its last object.
pub(crate) fn remove_dir(dir: &Path) -> io::Result<()> {
    if is_far(dir) { Ok(()) } else { fs::remove_dir(dir) }
}

/// Removes a file.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    match far(path)? {
        None => fs::remove_file(path),
        Some(far) => far.ask(|bucket, key| async move { Ok(bucket.objects().delete(&key).await?) }),
    }
}

/// Gives a file or a folder another name; objects are copied, all of them, before the first is removed.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let (Some(from_far), Some(to_far)) = (far(from)?, far(to)?) else { return fs::rename(from, to) };
    let to = to_far.key;
    from_far.ask(|bucket, from| async move {
        let below = bucket.all_below(&from).await?;
        let mut moved: Vec<(Key, Key)> = Vec::new();
        for object in &below {
            let rest = object.location.as_ref().strip_prefix(from.as_ref()).unwrap_or_default();
            let place = Key::parse(format!("{to}{rest}")).map_err(|_| Trouble::refused(format!("{rest:?} cannot be moved")))?;
            moved.push((object.location.clone(), place));
        }
        if moved.is_empty() {
            moved.push((from, to));
        }
        for (from, to) in &moved {
            bucket.objects().copy(from, to).await?;
        }
        for (from, _) in &moved {
            bucket.objects().delete(from).await?;
        }
        Ok(())
    })
}

/// The path from the root, as far as that is of this machine.
pub(crate) fn absolute(path: &Path) -> io::Result<PathBuf> {
    if is_far(path) { Ok(path.to_owned()) } else { std::path::absolute(path) }
}

/// The path without links, as far as it is of this machine.
pub(crate) fn canonical(path: &Path) -> io::Result<PathBuf> {
    if is_far(path) { Ok(path.to_owned()) } else { path.canonicalize() }
}
