//! The files below the paths that were named: folders and Maildirs, always in the same order, without following links.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::limits::MAX_FOLDER_DEPTH;
use super::quote::Refusal;

/// A path that was named and cannot be read.
#[derive(Debug, Error)]
#[error("{} cannot be read: {source}; name files or folders with TLS reports", .path.display())]
pub struct MissingPath {
    path: PathBuf,
    source: io::Error,
}

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file.
    pub path: PathBuf,
    /// Whether it is a mail of a Maildir, one of many.
    pub(super) is_in_maildir: bool,
    /// Why it, or the folder that it is, cannot be read.
    pub(super) refusal: Option<Refusal>,
}

/// What there is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The files, in the order of the paths, those of a folder by name.
    pub entries: Vec<Entry>,
    /// Entries of folders that are passed over.
    pub skipped: u64,
    /// A folder that is left out: where the dataset is written.
    except: Option<PathBuf>,
}

impl Walk {
    /// Finds the files below the paths, but those below `except`.
    ///
    /// # Errors
    /// If a path that was named does not exist or cannot be read.
    pub fn of(paths: &[PathBuf], except: Option<&Path>) -> Result<Self, MissingPath> {
        let mut walk = Self { except: except.and_then(|path| path.canonicalize().ok()), ..Self::default() };
        for path in paths {
            let missing = |source| MissingPath { path: path.clone(), source };
            // What a user names may be a link.
            if fs::metadata(path).map_err(missing)?.is_dir() {
                fs::read_dir(path).map_err(missing)?;
                walk.folder(path, 0);
            } else {
                walk.add(path, false, None);
            }
        }
        Ok(walk)
    }

    fn add(&mut self, path: &Path, is_in_maildir: bool, refusal: Option<Refusal>) {
        self.entries.push(Entry { path: path.to_owned(), is_in_maildir, refusal });
    }

    fn folder(&mut self, path: &Path, depth: u32) {
        if self.except.is_some() && path.canonicalize().ok() == self.except {
            self.skipped += 1;
            return;
        }
        if depth > MAX_FOLDER_DEPTH {
            return self.add(path, false, Some(Refusal::TooDeep));
        }
        let Ok(children) = children(path) else { return self.add(path, false, Some(Refusal::Unreadable)) };
        if is_maildir(&children) {
            return self.maildir(path, children, depth);
        }
        for (name, kind) in children {
            let child = path.join(&name);
            match kind {
                _ if is_hidden(&name) => self.skipped += 1,
                Kind::Folder => self.folder(&child, depth + 1),
                Kind::File => self.add(&child, false, None),
                Kind::Other => self.skipped += 1,
            }
        }
    }

    /// The mails of `new` and `cur`, and the folders within, which are Maildirs themselves.
    fn maildir(&mut self, path: &Path, children_of_it: Vec<(PathBuf, Kind)>, depth: u32) {
        for (name, kind) in children_of_it {
            let child = path.join(&name);
            match (kind, name.to_str()) {
                (Kind::Folder, Some("cur" | "new")) => self.mails(&child),
                (Kind::Folder, name) if name != Some("tmp") && children(&child).is_ok_and(|inner| is_maildir(&inner)) => {
                    self.folder(&child, depth + 1);
                }
                _ => self.skipped += 1,
            }
        }
    }

    fn mails(&mut self, path: &Path) {
        let Ok(children) = children(path) else { return self.add(path, true, Some(Refusal::Unreadable)) };
        for (name, kind) in children {
            if kind == Kind::File && !is_hidden(&name) {
                self.add(&path.join(&name), true, None);
            } else {
                self.skipped += 1;
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    File,
    Folder,
    /// Links, pipes, devices.
    Other,
}

/// What is in a folder, by name.
fn children(path: &Path) -> io::Result<Vec<(PathBuf, Kind)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_dir() => Kind::Folder,
            Ok(kind) if kind.is_file() => Kind::File,
            _ => Kind::Other,
        };
        found.push((PathBuf::from(entry.file_name()), kind));
    }
    found.sort();
    Ok(found)
}

fn is_maildir(children: &[(PathBuf, Kind)]) -> bool {
    let has = |name: &str| children.iter().any(|(child, kind)| *kind == Kind::Folder && child.as_os_str() == name);
    has("cur") && has("new")
}

fn is_hidden(name: &Path) -> bool {
    name.as_os_str().as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(walk: &Walk, below: &Path) -> Vec<String> {
        walk.entries.iter().map(|entry| entry.path.strip_prefix(below).unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn folders_and_maildirs_are_walked_without_links() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        for file in ["b/x.json", "a.json", ".hidden", "M/cur/1", "M/new/2", "M/tmp/3", "M/cur/.x", "M/dovecot-uidlist", "M/.Sub/cur/4"] {
            fs::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
            fs::write(dir.join(file), "x").unwrap();
        }
        fs::create_dir_all(dir.join("M/.Sub/new")).unwrap();
        fs::create_dir_all(dir.join("out/reports")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", dir.join("root")).unwrap();
        let walk = Walk::of(&[dir.to_owned()], Some(&dir.join("out"))).unwrap();
        assert_eq!(names(&walk, dir), ["M/.Sub/cur/4", "M/cur/1", "M/new/2", "a.json", "b/x.json"]);
        assert_eq!(walk.skipped, if cfg!(unix) { 6 } else { 5 });
        assert!(Walk::of(&[dir.join("nowhere")], None).unwrap_err().to_string().contains("nowhere"));
    }

    #[test]
    fn folders_have_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d/".repeat(20));
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("a.json"), "{}").unwrap();
        let walk = Walk::of(&[folder.path().to_owned()], None).unwrap();
        assert_eq!(walk.entries.iter().map(|entry| entry.refusal).collect::<Vec<_>>(), [Some(Refusal::TooDeep)]);
    }
}
