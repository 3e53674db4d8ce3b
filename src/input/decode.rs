//! Compressed files, found by their first bytes: gz and zst, also one within another; members of zip archives are told by [`super::archive`].

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use flate2::read::MultiGzDecoder;

use super::archive::{MAX_RATIO, Member, ROOM, read_head};
use super::error::InputError;

/// Enough to tell a tar archive, the magic of which comes last.
const HEAD: usize = 512;
/// Compressed within compressed: more than this is not a list any more.
const MAX_LAYERS: usize = 3;
/// A list's bytes without compression.
pub(super) struct Decoded {
    pub(super) reader: Box<dyn Read + Send>,
    /// What the last layer but the raw bytes is; `None` for a file that is not compressed.
    pub(super) compression: Option<&'static str>,
    /// Bytes of the file read so far.
    pub(super) read: Arc<AtomicU64>,
}

impl Decoded {
    /// Opens a file of a source.
    pub(super) fn open(file: File, member: &Member) -> Result<Self, InputError> {
        let read = Arc::new(AtomicU64::new(0));
        let source = &member.label;
        let unreadable = |error| InputError::Read(source.to_string(), error);
        let start = member.open(file, &read).map_err(unreadable)?;
        let (mut reader, mut compression) = (start, member.is_packed().then_some("zip"));
        for _ in 0..=MAX_LAYERS {
            let mut head = vec![0; HEAD];
            let length = read_head(&mut reader, &mut head).map_err(|error| failure(source, compression, error))?;
            head.truncate(length);
            let kind = kind(&head);
            let whole = Cursor::new(head).chain(reader);
            (reader, compression) = match kind {
                Kind::Lines if compression.is_none() => return Ok(Self { reader: Box::new(whole), compression, read }),
                Kind::Lines => {
                    let bounded = Bounded { inner: whole, read: Arc::clone(&read), unpacked: 0 };
                    return Ok(Self { reader: Box::new(bounded), compression, read });
                }
                Kind::Gz => (Box::new(MultiGzDecoder::new(whole)) as Box<dyn Read + Send>, Some("gz")),
                Kind::Zst => (Box::new(zstd::Decoder::new(whole).map_err(unreadable)?) as _, Some("zst")),
                Kind::Other(what) => return Err(InputError::NotAList(source.to_string(), what)),
            };
        }
        Err(InputError::NotAList(source.to_string(), "compressed too many times"))
    }
}

/// What a failed read means: of the operating system, or damaged data.
pub(super) fn failure(source: &str, compression: Option<&'static str>, error: io::Error) -> InputError {
    match compression {
        _ if error.get_ref().is_some_and(|inner| inner.is::<TooMuch>()) => {
            InputError::Bomb { list: source.to_owned(), detail: TooMuch.to_string() }
        }
        Some(compression) if error.raw_os_error().is_none() => {
            let detail = match error.kind() {
                io::ErrorKind::UnexpectedEof => "the file ends too early".to_owned(),
                _ => "its data are damaged, or a checksum is wrong".to_owned(),
            };
            InputError::Corrupt { list: source.to_owned(), compression, detail }
        }
        _ => InputError::Read(source.to_owned(), error),
    }
}

enum Kind {
    Lines,
    Gz,
    Zst,
    Other(&'static str),
}

fn kind(head: &[u8]) -> Kind {
    let others: [(&[u8], &str); 7] = [
        (b"\xfd7zXZ\0", "an xz archive; pack it as gz, zst or zip"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive; pack it as gz, zst or zip"),
        (b"PK\x03\x04", "a zip archive within another archive; unpack it first"),
        (b"PAR1\x15", "a Parquet file; export it as CSV"),
        (b"SQLite format 3\0", "an SQLite database; export it as CSV"),
        (b"\xff\xfe", "UTF-16 text; save it as UTF-8"),
        (b"\xfe\xff", "UTF-16 text; save it as UTF-8"),
    ];
    if head.starts_with(b"\x1f\x8b") {
        return Kind::Gz;
    }
    if head.starts_with(b"\x28\xb5\x2f\xfd")
        || head.first().is_some_and(|byte| byte & 0xf0 == 0x50) && head.get(1..4) == Some(b"\x2a\x4d\x18")
    {
        return Kind::Zst; // The second is a skippable frame, which may come first (RFC 8878 section 3.1.2).
    }
    if head.get(257..262) == Some(b"ustar") {
        return Kind::Other("a tar archive; unpack it first");
    }
    if head.starts_with(b"BZh") && head.get(4..10) == Some(b"1AY&SY") {
        return Kind::Other("a bzip2 file; pack it as gz, zst or zip");
    }
    others.iter().find(|(magic, _)| head.starts_with(magic)).map_or(Kind::Lines, |(_, what)| Kind::Other(what))
}

/// Ends where far more comes out of a compressed file than a list would give.
struct Bounded<R> {
    inner: R,
    read: Arc<AtomicU64>,
    unpacked: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.unpacked += count as u64;
        if self.unpacked > ROOM.saturating_add(self.read.load(Relaxed).saturating_mul(MAX_RATIO)) {
            return Err(io::Error::other(TooMuch));
        }
        Ok(count)
    }
}

/// More comes out than [`MAX_RATIO`] allows.
#[derive(Debug)]
struct TooMuch;

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it unpacks to more than {MAX_RATIO} times its size")
    }
}

impl Error for TooMuch {}
