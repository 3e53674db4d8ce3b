//! Copies of sources that can be read only once: standard input, pipes, URLs. A copy is bounded, and what is no list is given up early.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::archive::{self, Member};
use super::beginning;
use super::decode::Decoded;
use super::error::InputError;
use super::field;
use super::preparation::{Step, Watch, tell};
use crate::system::room;

/// A copy has this many bytes when its beginning is looked at; no line is as long.
const EARLY: u64 = 1 << 20;
/// And so many when a name has to be in it.
const LATER: u64 = 64 << 20;
/// Largest copy, whatever room there is: more than any zone has.
const MAX_COPY: u64 = 64 << 30;
const PIECE: usize = 256 * 1024;
/// How long nobody looks whether the scan is to stop.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// Where the copy of a source is kept: complete under `path`, unfinished under `unfinished`.
pub(super) struct Copy {
    name: String,
    path: PathBuf,
    unfinished: PathBuf,
}

impl Copy {
    /// The copy of the source with this name, at this place among the sources.
    pub(super) fn new(index: usize, name: &str, folder: &Path) -> Self {
        let file = format!("source-{index}-{:016x}", xxhash_rust::xxh3::xxh3_64(name.as_bytes()));
        Self { name: name.to_owned(), path: folder.join(&file), unfinished: folder.join(file + ".part") }
    }

    /// The path of the complete copy, which `write` makes if there is none yet. An unfinished one is removed.
    pub(super) fn unless_complete(&self, write: impl FnOnce(&mut Growing) -> Result<(), InputError>) -> Result<PathBuf, InputError> {
        let failed = |error| InputError::Spool { list: self.name.clone(), place: self.path.clone(), error };
        if !self.path.try_exists().map_err(failed)? {
            let made = self.make(write).inspect_err(|_| _ = fs::remove_file(&self.unfinished)); // The first error is the one to tell.
            made?;
            fs::rename(&self.unfinished, &self.path).map_err(failed)?;
        }
        Ok(self.path.clone())
    }

    fn make(&self, write: impl FnOnce(&mut Growing) -> Result<(), InputError>) -> Result<(), InputError> {
        let failed = |error| InputError::Spool { list: self.name.clone(), place: self.path.clone(), error };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let most = room(folder).map_or(MAX_COPY, |free| MAX_COPY.min(free / 2));
        let file = File::create(&self.unfinished).map_err(failed)?;
        let mut growing = Growing::new(&self.name, &self.unfinished, file, most);
        write(&mut growing)?;
        growing.file.sync_all().map_err(failed)
    }
}

/// A copy that is being written.
pub(super) struct Growing {
    name: String,
    path: PathBuf,
    file: File,
    bytes: u64,
    most: u64,
    /// How large it is when its beginning is looked at next.
    next_look: u64,
}

impl Growing {
    fn new(name: &str, path: &Path, file: File, most: u64) -> Self {
        Self { name: name.to_owned(), path: path.to_owned(), file, bytes: 0, most, next_look: EARLY }
    }

    /// Refuses a source that says beforehand that it is larger than its copy may be.
    pub(super) fn expect(&self, bytes: u64) -> Result<(), InputError> {
        if bytes <= self.most { Ok(()) } else { Err(self.too_large()) }
    }

    /// Adds a piece; looks at the beginning once there is enough of it.
    pub(super) fn add(&mut self, piece: &[u8]) -> Result<(), InputError> {
        self.bytes += piece.len() as u64;
        self.expect(self.bytes)?;
        let failed = |error| InputError::Spool { list: self.name.clone(), place: self.path.clone(), error };
        self.file.write_all(piece).map_err(failed)?;
        if self.bytes < self.next_look {
            return Ok(());
        }
        if self.next_look == EARLY {
            self.next_look = LATER;
            return look_at(&self.name, &self.path);
        }
        self.next_look = u64::MAX;
        expect_domain(&self.name, &self.path)
    }

    fn too_large(&self) -> InputError {
        let place = self.path.parent().unwrap_or(&self.path).to_owned();
        InputError::TooLarge { list: self.name.clone(), place, most: self.most }
    }
}

/// Refuses what is no list, by the beginning of a copy that is still unfinished: a whole file is judged by all of it.
fn look_at(name: &str, path: &Path) -> Result<(), InputError> {
    let Some(beginning) = beginning_of(name, path, EARLY)? else { return Ok(()) };
    let terminator = terminator(&beginning);
    if let Some(what) = beginning::foreign(&beginning) {
        return Err(InputError::Foreign { list: name.to_owned(), what, beginning: beginning::shown(&beginning, terminator) });
    }
    if beginning.len() as u64 >= EARLY && !beginning.contains(&terminator) {
        return Err(InputError::NoLines { list: name.to_owned(), bytes: EARLY });
    }
    Ok(())
}

/// Refuses what could hold no name in so many lines, whatever its format: `yes no` has no end.
fn expect_domain(name: &str, path: &Path) -> Result<(), InputError> {
    let Some(beginning) = beginning_of(name, path, LATER)? else { return Ok(()) };
    let is_between = |octet: &u8| octet.is_ascii_whitespace() || b",;|\"'<>()".contains(octet);
    let is_domain = |word: &[u8]| word.contains(&b'.') && field::domain(word).is_ok();
    if beginning.split(is_between).any(is_domain) {
        return Ok(());
    }
    let why = format!("nothing in its first {} bytes could be one", beginning.len());
    Err(InputError::NoName { list: name.to_owned(), why, beginning: beginning::shown(&beginning, terminator(&beginning)) })
}

fn terminator(beginning: &[u8]) -> u8 {
    if beginning.contains(&b'\n') { b'\n' } else { b'\r' }
}

/// The beginning without compression, as far as it is there; `None` for a zip archive, the directory of which comes last.
fn beginning_of(name: &str, path: &Path, most: u64) -> Result<Option<Vec<u8>>, InputError> {
    let open = || File::open(path).map_err(|error| InputError::Read(name.to_owned(), error));
    let mut magic = [0; 4];
    let length = open()?.read(&mut magic).map_err(|error| InputError::Read(name.to_owned(), error))?;
    if archive::is_zip(magic.get(..length).unwrap_or_default()) {
        return Ok(None);
    }
    let decoded = match Decoded::open(open()?, &Member::whole(name)) {
        Ok(decoded) => decoded,
        // The rest is still to come.
        Err(InputError::Corrupt { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut beginning = Vec::new();
    // It breaks off where the copy does.
    let _ = decoded.reader.take(most).read_to_end(&mut beginning);
    Ok(Some(beginning))
}

/// Copies a source that is opened and read on a thread of its own, so that one which says nothing does not keep the scan from stopping.
pub(super) fn copy_all(
    name: &str,
    open: impl FnOnce() -> io::Result<Box<dyn Read>> + Send + 'static,
    to: &mut Growing,
    watch: &mut Watch<'_>,
) -> Result<(), InputError> {
    let (sender, pieces) = mpsc::sync_channel(2);
    thread::spawn(move || {
        let read = open().and_then(|mut from| send_all(&mut from, &sender));
        // If nobody listens any more, the copy has been given up.
        let _ = sender.send(read.map(|()| None));
    });
    let mut done = 0;
    loop {
        match pieces.recv_timeout(TICK) {
            Ok(Ok(Some(piece))) => {
                let piece: Vec<u8> = piece;
                to.add(&piece)?;
                done += piece.len() as u64;
            }
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Err(InputError::NotFound(name.to_owned())),
            Ok(Err(error)) => return Err(InputError::Read(name.to_owned(), error)),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(InputError::Read(name.to_owned(), io::ErrorKind::BrokenPipe.into())),
        }
        tell(watch, name, Step::Copy, done, None)?;
    }
}

/// Sends all bytes, until there are no more or nobody takes them.
fn send_all(from: &mut impl Read, sender: &mpsc::SyncSender<io::Result<Option<Vec<u8>>>>) -> io::Result<()> {
    loop {
        let mut piece = vec![0; PIECE];
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                piece.truncate(count);
                if sender.send(Ok(Some(piece))).is_err() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::ops::ControlFlow;
    use std::time::Instant;

    use super::*;

    fn copied(name: &str, folder: &Path, from: impl Read + Send + 'static, stop: bool) -> Result<PathBuf, InputError> {
        let copy = Copy::new(0, name, folder);
        copy.unless_complete(|to| {
            let mut watch = |_: &super::super::preparation::Preparation<'_>| {
                if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            copy_all(name, move || Ok(Box::new(from)), to, &mut watch)
        })
    }

    #[test]
    fn a_stop_leaves_no_half_copy() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(copied("-", folder.path(), &b"abc"[..], true), Err(InputError::Stopped)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_source_that_says_nothing_can_be_stopped() {
        let (reader, _writer) = io::pipe().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        assert!(matches!(copied("-", folder.path(), reader, true), Err(InputError::Stopped)));
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    /// A line without end.
    struct Repeated(&'static [u8]);

    impl Read for Repeated {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let whole = out.len() / self.0.len() * self.0.len();
            out[..whole].chunks_exact_mut(self.0.len()).for_each(|chunk| chunk.copy_from_slice(self.0));
            Ok(whole)
        }
    }

    #[test]
    fn what_is_no_list_is_given_up_early() {
        let folder = tempfile::tempdir().unwrap();
        for (octet, said) in [(0, "is a binary file"), (b'a', "has no end of line in its first 1048576 bytes")] {
            let error = copied("endless", folder.path(), io::repeat(octet), false).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("endless"), "{error}");
        }
        let words = Repeated(b"not a name\n");
        let error = copied("words", folder.path(), words, false).unwrap_err().to_string();
        assert!(error.contains("nothing in its first 67108864 bytes could be one") && error.contains("1: not a name"), "{error}");
        let page = Cursor::new(b"<!DOCTYPE html>\n".to_vec()).chain(io::repeat(b'\n'));
        assert!(copied("page", folder.path(), page, false).unwrap_err().to_string().contains("is an HTML page"));
        let packed = flate2::read::GzEncoder::new(io::repeat(0), flate2::Compression::fast());
        assert!(copied("packed", folder.path(), packed, false).unwrap_err().to_string().contains("is a binary file"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_copy_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy");
        let mut growing = Growing::new("list", &path, File::create(&path).unwrap(), 10);
        growing.add(b"a.example\n").unwrap();
        let error = growing.add(b"b.example\n").unwrap_err().to_string();
        assert!(error.contains("more than 10 bytes") && error.contains("\"list\""), "{error}");
        assert!(growing.expect(11).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_by_the_place_and_not_by_the_list() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let error = Growing::new("my-list", Path::new("/dev/full"), file, 100).add(b"a\n").unwrap_err().to_string();
        assert!(error.contains("list \"my-list\" cannot be copied to /dev/full: No space left"), "{error}");
    }
}
