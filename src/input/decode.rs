//! Compressed files, found by their first bytes: gz, zst and zip, also one within another.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

use super::error::InputError;

/// Enough to tell a tar archive, the magic of which comes last.
const HEAD: usize = 512;
const BUFFER: usize = 128 * 1024;
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
    /// Opens a file; `source` is its name in errors.
    pub(super) fn open(file: File, source: &str) -> Result<Self, InputError> {
        let read = Arc::new(AtomicU64::new(0));
        let unreadable = |error| InputError::Read(source.to_owned(), error);
        let mut magic = [0; 4];
        let mut first = &file;
        let length = read_head(&mut first, &mut magic).map_err(unreadable)?;
        first.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let (mut reader, mut compression): (Box<dyn Read + Send>, _) = if is_zip(&magic[..length]) {
            (zip_member(file, source, &read)?, Some("zip"))
        } else {
            (Box::new(BufReader::with_capacity(BUFFER, Counted { inner: file, read: Arc::clone(&read) })), None)
        };
        for _ in 0..=MAX_LAYERS {
            let mut head = vec![0; HEAD];
            let length = read_head(&mut reader, &mut head).map_err(|error| failure(source, compression, error))?;
            head.truncate(length);
            let kind = kind(&head);
            let whole = Cursor::new(head).chain(reader);
            (reader, compression) = match kind {
                Kind::Lines => return Ok(Self { reader: Box::new(whole), compression, read }),
                Kind::Gz => (Box::new(MultiGzDecoder::new(whole)) as Box<dyn Read + Send>, Some("gz")),
                Kind::Zst => (Box::new(zstd::Decoder::new(whole).map_err(unreadable)?) as _, Some("zst")),
                Kind::Other(what) => return Err(InputError::NotAList(source.to_owned(), what)),
            };
        }
        Err(InputError::NotAList(source.to_owned(), "compressed too many times"))
    }
}

/// What a failed read means: of the operating system, or damaged data.
pub(super) fn failure(source: &str, compression: Option<&'static str>, error: io::Error) -> InputError {
    match compression {
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

/// A zip file begins with its first member, or with its end if it has none.
fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

fn read_head(reader: &mut impl Read, head: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < head.len() {
        match reader.read(&mut head[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// The first member that is neither a directory nor something that macOS leaves behind.
///
/// The archive's directory is read by the crate `zip`; the member itself is read here, as a reader of that crate borrows its archive.
fn zip_member(file: File, source: &str, read: &Arc<AtomicU64>) -> Result<Box<dyn Read + Send>, InputError> {
    let corrupt = |detail: String| InputError::Corrupt { list: source.to_owned(), compression: "zip", detail };
    let mut archive =
        ZipArchive::new(BufReader::new(&file)).map_err(|_| corrupt("it is cut, or no archive that can be read".to_owned()))?;
    if archive.index_for_name("xl/workbook.xml").is_some() {
        return Err(InputError::NotAList(source.to_owned(), "an Excel workbook; export it as CSV"));
    }
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(|_| corrupt("its directory cannot be read".to_owned()))?;
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        if member.is_dir() || is_junk(&name) {
            continue;
        }
        let method = member.compression();
        if member.encrypted() || !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(corrupt(format!("member {name:?} is encrypted or packed by a method that is not supported ({method})")));
        }
        let start = member.data_start().ok_or_else(|| corrupt(format!("member {name:?} has no data")))?;
        let (packed, length, expected) = (member.compressed_size(), member.size(), member.crc32());
        drop(member);
        drop(archive);
        return open_member(file, start, packed, method, read)
            .map(|inner| Box::new(Verified { inner, crc: flate2::Crc::new(), expected, length, read: 0 }) as _)
            .map_err(|error| InputError::Read(source.to_owned(), error));
    }
    Err(InputError::EmptyZip(source.to_owned()))
}

fn open_member(
    mut file: File,
    start: u64,
    packed: u64,
    method: CompressionMethod,
    read: &Arc<AtomicU64>,
) -> io::Result<Box<dyn Read + Send>> {
    file.seek(SeekFrom::Start(start))?;
    read.store(start, Ordering::Relaxed);
    let raw = BufReader::with_capacity(BUFFER, Counted { inner: file, read: Arc::clone(read) }).take(packed);
    Ok(match method {
        CompressionMethod::Stored => Box::new(raw),
        _ => Box::new(DeflateDecoder::new(raw)),
    })
}

fn is_junk(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.rsplit(['/', '\\']).next().is_some_and(|file| file.starts_with("._") || file == ".DS_Store")
}

/// Counts what is read from the file, for the progress bar.
struct Counted {
    inner: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Checks a zip member's length and CRC-32 at its end.
struct Verified<R> {
    inner: R,
    crc: flate2::Crc,
    expected: u32,
    length: u64,
    read: u64,
}

impl<R: Read> Read for Verified<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.crc.update(&out[..count]);
        self.read += count as u64;
        if count == 0 && !out.is_empty() && (self.read != self.length || self.crc.sum() != self.expected) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the member is cut or its checksum is wrong"));
        }
        Ok(count)
    }
}
