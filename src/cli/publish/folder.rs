//! The folder that is published: what lies in it and is not ours stays, and keeps us away. What we wrote is known by its name and hash.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::cli::exit::Failure;
use crate::cli::own_folder::{self, refused, unreadable, unwritable};
use crate::whole_file;

/// The list of our files: a line each, hash, id of the record that goes with it or `-`, and path.
const LIST: &str = ".stscan-publish";
const FIRST_LINE: &str = "stscan publish 1";
/// A file that is being written.
const TEMPORARY: &str = ".stscan-publish.tmp";
/// Where the tree of the day on which to go on lies; it may be copied over the other.
pub(super) const LATER: &str = "later";

/// Files of ours: by path the hashes that one may have, each with the id that went with it.
type Known = BTreeMap<String, BTreeMap<String, String>>;

/// A published folder that this process writes.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    before: Known,
    now: BTreeSet<(String, String, String)>,
    list: BufWriter<File>,
}

impl Folder {
    /// Takes an empty or missing folder, or one in which everything is as we wrote it.
    pub(super) fn open(dir: &Path) -> Result<Self, Failure> {
        own_folder::take(dir)?;
        let path = dir.join(LIST);
        if path.is_symlink() {
            return Err(refused(&path, "is a link"));
        }
        let before = read_list(&path)?;
        let folders: BTreeSet<PathBuf> =
            before.keys().flat_map(|path| Path::new(path).ancestors().skip(1)).map(Path::to_path_buf).collect();
        check(dir, dir, &folders, &before)?;
        let list = File::options().create(true).append(true).open(&path).map_err(|error| unwritable(&path, &error))?;
        let is_new = list.metadata().is_ok_and(|metadata| metadata.len() == 0);
        let mut list = BufWriter::new(list);
        if is_new {
            writeln!(list, "{FIRST_LINE}").and_then(|()| list.flush()).map_err(|error| unwritable(&path, &error))?;
        }
        Ok(Self { dir: dir.to_owned(), before, now: BTreeSet::new(), list })
    }

    /// A file of ours as it is now, and the id of the record that went with it.
    pub(super) fn held(&self, path: &str) -> Option<(String, String)> {
        let bytes = whole_file::read(&self.dir.join(path)).ok()?;
        let hash = hex::encode(Sha256::digest(&bytes));
        let id = [path.to_owned(), format!("{LATER}/{path}")].iter().find_map(|path| self.before.get(path)?.get(&hash).cloned())?;
        Some((String::from_utf8(bytes).ok()?, id))
    }

    /// Writes a file whole; `id`: of the record that goes with it.
    pub(super) fn write(&mut self, path: &str, bytes: &[u8], id: Option<&str>) -> Result<(), Failure> {
        let temporary = self.dir.join(TEMPORARY);
        fs::write(&temporary, bytes).map_err(|error| unwritable(&self.dir.join(path), &error))?;
        self.put(&temporary, path, hex::encode(Sha256::digest(bytes)), id.unwrap_or("-"))
    }

    /// Begins a file that is written line by line; it is in its place when it is ended.
    pub(super) fn begin(&self, path: &'static str) -> Result<Growing, Failure> {
        let temporary = self.dir.join(format!("{TEMPORARY}-{}", path.replace('/', "-")));
        let file = File::create(&temporary).map_err(|error| unwritable(&temporary, &error))?;
        Ok(Growing { path, temporary, file: BufWriter::new(file), hash: Sha256::new() })
    }

    /// Ends a file; where it is not wanted, it goes.
    pub(super) fn end(&mut self, mut growing: Growing, is_wanted: bool) -> Result<(), Failure> {
        growing.file.flush().map_err(|error| unwritable(&growing.temporary, &error))?;
        if !is_wanted {
            return fs::remove_file(&growing.temporary).map_err(|error| unwritable(&growing.temporary, &error));
        }
        self.put(&growing.temporary, growing.path, hex::encode(growing.hash.finalize()), "-")
    }

    /// Puts a file in its place; it is ours before it is there, so that a run that ends in between is no stranger to the next.
    fn put(&mut self, temporary: &Path, path: &str, hash: String, id: &str) -> Result<(), Failure> {
        let to = self.dir.join(path);
        let mut put = || {
            writeln!(self.list, "{hash} {id} {path}")?;
            self.list.flush()?;
            to.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::rename(temporary, &to)
        };
        put().map_err(|error| unwritable(&to, &error))?;
        self.now.insert((path.to_owned(), hash, id.to_owned()));
        Ok(())
    }

    /// Removes all that is ours, and the folder.
    pub(super) fn remove(self) -> Result<(), Failure> {
        let dir = self.dir.clone();
        self.finish()?;
        fs::remove_file(dir.join(LIST)).and_then(|()| fs::remove_dir(&dir)).map_err(|error| unwritable(&dir, &error))
    }

    /// Removes what an earlier run wrote and this one did not, and writes the list anew.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let written: BTreeSet<&str> = self.now.iter().map(|(path, ..)| path.as_str()).collect();
        for path in self.before.keys().filter(|path| !written.contains(path.as_str())) {
            let path = self.dir.join(path);
            own_folder::remove_file(&path)?;
            // Folders that are empty now; one that is not stays.
            let parents = path.ancestors().skip(1).take_while(|parent| *parent != self.dir);
            parents.take_while(|parent| fs::remove_dir(parent).is_ok()).for_each(drop);
        }
        let lines: String = self.now.iter().map(|(path, hash, id)| format!("{hash} {id} {path}\n")).collect();
        let list = self.dir.join(LIST);
        whole_file::put(&list, format!("{FIRST_LINE}\n{lines}").as_bytes()).map_err(|error| unwritable(&list, &error))
    }
}

/// A file that is written line by line.
#[derive(Debug)]
pub(super) struct Growing {
    path: &'static str,
    temporary: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
}

impl Growing {
    /// Adds a text.
    pub(super) fn add(&mut self, text: &str) -> Result<(), Failure> {
        self.hash.update(text.as_bytes());
        self.file.write_all(text.as_bytes()).map_err(|error| unwritable(&self.temporary, &error))
    }
}

fn read_list(path: &Path) -> Result<Known, Failure> {
    let mut known = Known::new();
    let text = match whole_file::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(known),
        read => read.map_err(|error| unreadable(path, &error))?,
    };
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    if lines.next().is_some_and(|first| first != FIRST_LINE) {
        return Err(refused(path, "is no list that stscan publish wrote"));
    }
    for line in lines {
        // The last line may be cut, of a file that was not put in its place then.
        let mut fields = line.splitn(3, ' ');
        if let (Some(hash), Some(id), Some(path)) = (fields.next(), fields.next(), fields.next()) {
            known.entry(path.to_owned()).or_default().insert(hash.to_owned(), id.to_owned());
        }
    }
    Ok(known)
}

/// Refuses a folder that holds what we did not write, or what is no longer as we wrote it.
fn check(root: &Path, dir: &Path, folders: &BTreeSet<PathBuf>, known: &Known) -> Result<(), Failure> {
    for entry in fs::read_dir(dir).map_err(|error| unreadable(dir, &error))? {
        let entry = entry.map_err(|error| unreadable(dir, &error))?;
        let path = entry.path();
        let below = path.strip_prefix(root).unwrap_or(&path);
        let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
        let name = below.to_string_lossy();
        if kind.is_dir() && folders.contains(below) {
            check(root, &path, folders, known)?;
        } else if kind.is_file() && (name == LIST || (name.starts_with(TEMPORARY))) {
            continue;
        } else if kind.is_file() && known.contains_key(&*name) {
            check_file(&path, &name, known)?;
        } else {
            return Err(refused(&path, "was not written by stscan publish"));
        }
    }
    Ok(())
}

/// A file of ours as it was written, or with the one of `later` in its place.
fn check_file(path: &Path, name: &str, known: &Known) -> Result<(), Failure> {
    let bytes = whole_file::read(path).map_err(|error| unreadable(path, &error))?;
    let hash = hex::encode(Sha256::digest(&bytes));
    let is_ours = [name.to_owned(), format!("{LATER}/{name}")].iter().any(|name| known.get(name).is_some_and(|of| of.contains_key(&hash)));
    if is_ours { Ok(()) } else { Err(refused(path, "was changed since stscan publish wrote it")) }
}
