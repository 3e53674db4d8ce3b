//! Files of a source: the source itself, or the members of a zip archive in their order, each of them read like a file of its own.
//!
//! The archive's directory is read by the crate `zip`; a member itself is read here, as a reader of that crate borrows its archive.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::error::InputError;

const BUFFER: usize = 128 * 1024;
/// Lists of names are packed to a tenth, zones to a thirtieth; a file that unpacks to so many times its size is made to do harm, or repeats
/// a few lines without end.
pub(super) const MAX_RATIO: u64 = 200;
/// Bytes that any file may unpack to, whatever its size.
pub(super) const ROOM: u64 = 64 << 20;

/// A file of a source.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// What messages call it: the source, and behind a colon the member's name where there are several.
    pub(super) label: Arc<str>,
    /// What it is called in its archive; empty for a source that is no archive.
    pub(super) name: Arc<str>,
    /// Where it lies in an archive; `None` for a source that is no archive.
    packed: Option<Packed>,
}

/// Where a member lies in its archive, and what it has to come to.
#[derive(Clone, Copy, Debug)]
struct Packed {
    start: u64,
    bytes: u64,
    is_deflated: bool,
    length: u64,
    crc: u32,
}

impl Member {
    /// The files of a source; `source` is its name in errors.
    pub(super) fn all(mut file: &File, source: &str) -> Result<Vec<Self>, InputError> {
        let unreadable = |error| InputError::Read(source.to_owned(), error);
        let mut magic = [0; 4];
        let length = read_head(&mut file, &mut magic).map_err(unreadable)?;
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        if !is_zip(magic.get(..length).unwrap_or_default()) {
            return Ok(vec![Self::whole(source)]);
        }
        let size = file.metadata().map_err(unreadable)?.len();
        let members = members(file, source)?;
        refuse_bomb(source, size, &members)?;
        let alone = members.len() == 1;
        let label = |name: &str| if alone { source.to_owned() } else { format!("{source}:{name}") };
        let member = |(name, packed): (String, Packed)| Self { label: label(&name).into(), name: name.into(), packed: Some(packed) };
        Ok(members.into_iter().map(member).collect())
    }

    /// A source that is no archive.
    pub(super) fn whole(source: &str) -> Self {
        Self { label: source.into(), name: "".into(), packed: None }
    }

    /// Whether it lies in an archive.
    pub(super) fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    /// Opens it; what is read of the file is added to `read`.
    pub(super) fn open(&self, mut file: File, read: &Arc<AtomicU64>) -> io::Result<Box<dyn Read + Send>> {
        let Some(packed) = self.packed else {
            return Ok(Box::new(BufReader::with_capacity(BUFFER, Counted::new(file, read))));
        };
        file.seek(SeekFrom::Start(packed.start))?;
        read.store(packed.start, Ordering::Relaxed);
        let raw = BufReader::with_capacity(BUFFER, Counted::new(file, read)).take(packed.bytes);
        let inner: Box<dyn Read + Send> = if packed.is_deflated { Box::new(DeflateDecoder::new(raw)) } else { Box::new(raw) };
        Ok(Box::new(Verified { inner, crc: flate2::Crc::new(), expected: packed.crc, length: packed.length, read: 0 }))
    }
}

/// A zip file begins with its first member, or with its end if it has none.
pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// The members that are neither folders nor something that macOS leaves behind.
fn members(file: &File, source: &str) -> Result<Vec<(String, Packed)>, InputError> {
    let corrupt = |detail: String| InputError::Corrupt { list: source.to_owned(), compression: "zip", detail };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|_| corrupt("it is cut, or no archive that can be read".to_owned()))?;
    if archive.index_for_name("xl/workbook.xml").is_some() {
        return Err(InputError::NotAList(source.to_owned(), "an Excel workbook; export it as CSV"));
    }
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(|_| corrupt("its directory cannot be read".to_owned()))?;
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        if member.is_dir() || is_junk(&name) {
            continue;
        }
        let refused = |why: String| InputError::Member { list: source.to_owned(), member: name.clone(), why };
        if member.encrypted() {
            return Err(refused("is encrypted; unpack it and pack it without a password".to_owned()));
        }
        let method = member.compression();
        if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(refused(format!("is packed by a method that is not supported ({method}); pack it with Deflate, or as gz or zst")));
        }
        let start = member.data_start().ok_or_else(|| corrupt(format!("member {name:?} has no data")))?;
        let (bytes, length, crc) = (member.compressed_size(), member.size(), member.crc32());
        drop(member);
        members.push((name, Packed { start, bytes, is_deflated: method == CompressionMethod::Deflated, length, crc }));
    }
    if members.is_empty() { Err(InputError::EmptyZip(source.to_owned())) } else { Ok(members) }
}

/// Refuses an archive that says that it unpacks to far more than any list does, or whose members share their bytes.
fn refuse_bomb(source: &str, size: u64, members: &[(String, Packed)]) -> Result<(), InputError> {
    let bomb = |detail| Err(InputError::Bomb { list: source.to_owned(), detail });
    let total = members.iter().fold(0_u64, |sum, (_, packed)| sum.saturating_add(packed.length));
    if total > ROOM.saturating_add(size.saturating_mul(MAX_RATIO)) {
        return bomb(format!("its {} files unpack to {total} bytes, which is more than {MAX_RATIO} times its size", members.len()));
    }
    let mut places: Vec<(u64, u64)> = members.iter().map(|(_, packed)| (packed.start, packed.start.saturating_add(packed.bytes))).collect();
    places.sort_unstable();
    let overlap = places.windows(2).any(|pair| matches!(pair, [(_, end), (start, _)] if start < end));
    if overlap { bomb("its files overlap".to_owned()) } else { Ok(()) }
}

fn is_junk(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.rsplit(['/', '\\']).next().is_some_and(|file| file.starts_with("._") || file == ".DS_Store")
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
        self.crc.update(out.get(..count).unwrap_or_default());
        self.read += count as u64;
        let ended = count == 0 && !out.is_empty();
        if self.read > self.length || ended && (self.read != self.length || self.crc.sum() != self.expected) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the member is cut, longer than it says, or its checksum is wrong"));
        }
        Ok(count)
    }
}

/// Counts what is read from the file, for the progress bar.
struct Counted {
    inner: File,
    read: Arc<AtomicU64>,
}

impl Counted {
    fn new(inner: File, read: &Arc<AtomicU64>) -> Self {
        Self { inner, read: Arc::clone(read) }
    }
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

pub(super) fn read_head(reader: &mut impl Read, head: &mut [u8]) -> io::Result<usize> {
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
