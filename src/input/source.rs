//! Sources that can be read more than once: files where they are, everything else as a copy.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::error::InputError;
use super::options::InputOptions;
use super::preparation::{Step, Watch, download, tell};

/// A list that lies in a file, with what a manifest says about it.
#[derive(Clone, Debug)]
pub struct Source {
    /// As the user named it.
    pub name: String,
    /// What [`super::targets::Target::list`] says.
    pub list: Arc<str>,
    /// Where its bytes are: the file itself, or the copy of what can be read only once.
    pub path: PathBuf,
    /// Size of the file in bytes, as it is (compressed or not).
    pub bytes: u64,
    /// SHA-256 of the file's bytes, in lower-case hexadecimal digits.
    pub sha256: String,
    pub(super) modified: Option<SystemTime>,
}

/// Makes a source ready to be read; `index` is its place among the sources.
pub(super) fn materialise(index: usize, options: &InputOptions, watch: &mut Watch<'_>) -> Result<Source, InputError> {
    let name = options.sources.get(index).map_or("", String::as_str);
    let copy = Copy::new(index, name, &options.spool_dir);
    let path = if is_url(name) {
        copy.unless_complete(|file| download(name, &options.user_agent, file, watch))?
    } else if name == "-" {
        copy.unless_complete(|file| copy_all(name, &mut io::stdin().lock(), file, watch))?
    } else {
        in_place(name, &copy, watch)?
    };
    let list = options.list_name.clone().unwrap_or_else(|| list_name(name)).into();
    let file = open(name, &path)?;
    let metadata = file.metadata().map_err(|error| InputError::Read(name.to_owned(), error))?;
    let sha256 = checksum(name, file, metadata.len(), watch)?;
    Ok(Source { name: name.to_owned(), list, path, bytes: metadata.len(), sha256, modified: metadata.modified().ok() })
}

/// Opens the file of a source.
pub(super) fn open(name: &str, path: &Path) -> Result<File, InputError> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => InputError::NotFound(name.to_owned()),
        _ => InputError::Read(name.to_owned(), error),
    })
}

fn is_url(name: &str) -> bool {
    name.split_once("://").is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn in_place(name: &str, copy: &Copy, watch: &mut Watch<'_>) -> Result<PathBuf, InputError> {
    match fs::metadata(name) {
        Ok(metadata) if metadata.is_dir() => Err(InputError::Directory(name.to_owned())),
        Ok(metadata) if metadata.is_file() => Ok(name.into()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(InputError::Read(name.to_owned(), error)),
        _ => copy.unless_complete(|file| copy_all(name, &mut open(name, Path::new(name))?, file, watch)),
    }
}

/// The file name; for a URL the last part of its path, or its host.
fn list_name(name: &str) -> String {
    if name == "-" {
        return "stdin".to_owned();
    }
    let path = if is_url(name) { name.split(['?', '#']).next().unwrap_or_default() } else { name };
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(name).to_owned()
}

/// Where the copy of a source is kept: complete under `path`, unfinished under `unfinished`.
struct Copy {
    path: PathBuf,
    unfinished: PathBuf,
}

impl Copy {
    fn new(index: usize, name: &str, folder: &Path) -> Self {
        let file = format!("source-{index}-{:016x}", xxhash_rust::xxh3::xxh3_64(name.as_bytes()));
        Self { path: folder.join(&file), unfinished: folder.join(file + ".part") }
    }

    /// The path of the complete copy, which `write` makes if there is none yet.
    fn unless_complete(&self, write: impl FnOnce(&mut File) -> Result<(), InputError>) -> Result<PathBuf, InputError> {
        let failed = |error| InputError::Spool(self.path.clone(), error);
        if !self.path.try_exists().map_err(failed)? {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder).map_err(failed)?;
            }
            let mut file = File::create(&self.unfinished).map_err(failed)?;
            match write(&mut file) {
                Ok(()) => {}
                Err(error) => {
                    let _ = fs::remove_file(&self.unfinished); // It is useless, and the first error is the one to tell.
                    return Err(error);
                }
            }
            file.sync_all().map_err(failed)?;
            fs::rename(&self.unfinished, &self.path).map_err(failed)?;
        }
        Ok(self.path.clone())
    }
}

fn copy_all(name: &str, from: &mut impl Read, to: &mut File, watch: &mut Watch<'_>) -> Result<(), InputError> {
    pieces(name, from, |piece, done| {
        to.write_all(piece).map_err(|error| InputError::Spool(name.into(), error))?;
        tell(watch, name, Step::Copy, done, None)
    })
}

fn checksum(name: &str, mut file: File, total: u64, watch: &mut Watch<'_>) -> Result<String, InputError> {
    let mut hash = Sha256::new();
    pieces(name, &mut file, |piece, done| {
        hash.update(piece);
        tell(watch, name, Step::Checksum, done, Some(total))
    })?;
    Ok(hex::encode(hash.finalize()))
}

/// Hands out all bytes piece by piece, each with the number of bytes up to its end.
fn pieces(name: &str, from: &mut impl Read, mut take: impl FnMut(&[u8], u64) -> Result<(), InputError>) -> Result<(), InputError> {
    let mut buffer = vec![0; 256 * 1024];
    let mut done = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                done += count as u64;
                take(&buffer[..count], done)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(InputError::Read(name.to_owned(), error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    fn options(source: &str, spool: &Path) -> InputOptions {
        InputOptions { sources: vec![source.to_owned()], spool_dir: spool.to_owned(), ..InputOptions::default() }
    }

    fn ready(source: &str, spool: &Path) -> Result<Source, InputError> {
        materialise(0, &options(source, spool), &mut |_| ControlFlow::Continue(()))
    }

    #[test]
    fn a_regular_file_is_read_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        fs::write(&path, "abc").unwrap();
        let source = ready(path.to_str().unwrap(), &folder.path().join("spool")).unwrap();
        assert_eq!(source.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((source.bytes, &*source.list, source.path), (3, "list.txt", path));
        assert!(!folder.path().join("spool").exists());
    }

    #[test]
    fn a_pipe_is_copied_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let name = pipe.to_str().unwrap().to_owned();
        let writer = std::thread::spawn(move || fs::write(pipe, "example.com\n").unwrap());
        let first = ready(&name, &folder.path().join("spool")).unwrap();
        writer.join().unwrap();
        let again = ready(&name, &folder.path().join("spool")).unwrap();
        assert_eq!((first.bytes, &first.sha256), (12, &again.sha256));
        assert_eq!(fs::read_dir(folder.path().join("spool")).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().to_str().unwrap();
        assert!(matches!(ready(name, folder.path()), Err(InputError::Directory(_))));
        assert!(matches!(ready(&format!("{name}/missing"), folder.path()), Err(InputError::NotFound(_))));
    }

    #[test]
    fn a_stop_leaves_no_half_copy() {
        let folder = tempfile::tempdir().unwrap();
        let copy = Copy::new(0, "-", folder.path());
        let result = copy.unless_complete(|file| copy_all("-", &mut &b"abc"[..], file, &mut |_| ControlFlow::Break(())));
        assert!(matches!(result, Err(InputError::Stopped)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn lists_are_called_by_their_file() {
        assert_eq!(list_name("/data/tranco_XYZ.csv.zip"), "tranco_XYZ.csv.zip");
        assert_eq!(list_name("https://tranco-list.eu/download/XYZ/1000000?x=/y"), "1000000");
        assert_eq!(list_name("https://example.com/"), "example.com");
        assert_eq!(list_name("-"), "stdin");
    }
}
