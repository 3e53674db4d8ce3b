//! Sources that can be read more than once: files where they are, everything else as a copy; and the files that they consist of.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::archive::{Member, read_head};
use super::decode::Decoded;
use super::download::download;
use super::error::InputError;
use super::known_list::Told;
use super::options::InputOptions;
use super::preparation::{Step, Watch, tell};
use super::spool::{Copy, copy_all};
use crate::place;

/// A list that lies in a file, with what a manifest says about it.
#[derive(Clone, Debug)]
pub struct Source {
    /// As the user named it, or as the options call it.
    pub name: String,
    /// What [`super::targets::Target::list`] says.
    pub list: Arc<str>,
    /// Where its bytes are: the file itself, or the copy of what can be read only once.
    pub path: PathBuf,
    /// Size of the file in bytes, as it is (compressed or not).
    pub bytes: u64,
    /// SHA-256 of the file's bytes, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Which list its names and its first line say that it is.
    pub told: Told,
    pub(super) modified: Option<SystemTime>,
    /// The file itself, or the members of an archive.
    pub(super) members: Arc<[Member]>,
}

/// Makes a source ready to be read; `index` is its place among the sources. What `refuse` refuses is not hashed first, which takes long for
/// a file that is large and no list.
pub(super) fn materialise(
    index: usize,
    options: &InputOptions,
    watch: &mut Watch<'_>,
    refuse: impl FnOnce(&Source) -> Result<(), InputError>,
) -> Result<Source, InputError> {
    let name = options.sources.get(index).map_or("", String::as_str);
    let copy = Copy::new(index, name, &options.spool_dir);
    let path = if place::is_far(Path::new(name)) {
        let object = PathBuf::from(name);
        copy.unless_complete(|file| copy_all(name, move || Ok(Box::new(place::open(&object)?)), file, watch))?
    } else if is_url(name) {
        copy.unless_complete(|file| download(name, options, file, watch))?
    } else if name == "-" {
        copy.unless_complete(|file| copy_all(name, || Ok(Box::new(io::stdin().lock())), file, watch))?
    } else {
        in_place(name, &copy, watch)?
    };
    let list = options.list_name.clone().unwrap_or_else(|| list_name(name)).into();
    let file = open(name, &path)?;
    let metadata = file.metadata().map_err(|error| InputError::Read(name.to_owned(), error))?;
    let name = options.file_name.as_deref().unwrap_or(name);
    let members: Arc<[Member]> = Member::all(&file, name)?.into();
    let modified = metadata.modified().ok();
    let (name, bytes) = (name.to_owned(), metadata.len());
    let mut source = Source { name, list, path, bytes, sha256: String::new(), told: Told::default(), modified, members };
    refuse(&source)?;
    source.told = told(&source);
    source.sha256 = checksum(&source.name, file, source.bytes, watch)?;
    Ok(source)
}

/// Octets of a list in which its first line has to end to be looked at.
const FIRST_LINE: usize = 256;

/// Which list it is. What cannot be read here is told of when the list is read.
fn told(source: &Source) -> Told {
    let first_line = || -> Option<String> {
        let mut decoded = Decoded::open(File::open(&source.path).ok()?, source.members.first()?).ok()?;
        let mut head = vec![0; FIRST_LINE];
        let length = read_head(&mut decoded.reader, &mut head).ok()?;
        let line = head.get(..length)?.split(|octet| *octet == b'\n').next()?;
        Some(String::from_utf8_lossy(line).into_owned())
    };
    let members = source.members.iter().map(|member| &*member.name).filter(|name| !name.is_empty());
    Told::of(&source.name, members, &first_line().unwrap_or_default())
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
        _ => copy.unless_complete(|file| {
            let path = PathBuf::from(name);
            copy_all(name, move || Ok(Box::new(File::open(path)?)), file, watch)
        }),
    }
}

/// The file name; for a URL the last part of its path, or its host.
pub fn list_name(name: &str) -> String {
    if name == "-" {
        return "stdin".to_owned();
    }
    let path = if is_url(name) { name.split(['?', '#']).next().unwrap_or_default() } else { name };
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(name).to_owned()
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
        materialise(0, &options(source, spool), &mut |_| ControlFlow::Continue(()), |_| Ok(()))
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
    fn lists_are_called_by_their_file() {
        assert_eq!(list_name("/data/tranco_XYZ.csv.zip"), "tranco_XYZ.csv.zip");
        assert_eq!(list_name("https://tranco-list.eu/download/XYZ/1000000?x=/y"), "1000000");
        assert_eq!(list_name("https://example.com/"), "example.com");
        assert_eq!(list_name("-"), "stdin");
    }
}
