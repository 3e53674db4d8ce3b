//! A file that is read: of this machine as it is needed, of a store by ranges. Which parts of an object will be asked for can be said before;
//! those of a group are then fetched together when the first of them is needed.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::iter;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::path::Path as Key;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

use super::bucket::{Bucket, wait};
use super::folder::{Far, far};

/// Bytes of an object that are fetched at once where all of it is read.
const BLOCK: u64 = 8 << 20;
/// Bytes that are fetched at least: a request costs as much time.
const LEAST: u64 = 16 << 10;
/// The end of a Parquet file that is fetched at once: most footers fit into it.
const TAIL: u64 = 64 << 10;
/// Bytes of a file of this machine that are read at once where a page's header is looked at: most have some forty, and a part has hundreds of pages.
const HEADER: usize = 256;
/// Ranges with no more between them are fetched as one.
const GAP: u64 = 16 << 10;
/// Groups of ranges that are held: a batch may have rows of two row groups.
const HELD: usize = 2;

/// An opened file.
#[derive(Debug)]
pub(crate) enum Opened {
    /// Of this machine.
    Near(File),
    /// Of a store, with the place from which it is read on.
    Far(Arc<Object>, u64),
}

/// An object that is read by ranges.
pub(crate) struct Object {
    bucket: Arc<Bucket>,
    key: Key,
    length: u64,
    pieces: Mutex<Pieces>,
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.bucket.name, self.key)
    }
}

/// What has been fetched of an object, and what will be.
#[derive(Default)]
struct Pieces {
    planned: Vec<Vec<Range<u64>>>,
    held: VecDeque<Vec<(u64, Bytes)>>,
}

/// Opens a file to be read from its beginning.
pub(crate) fn open(path: &Path) -> io::Result<Opened> {
    let Some(Far { bucket, key }) = far(path)? else { return Ok(Opened::Near(File::open(path)?)) };
    let (asked, of) = (Arc::clone(&bucket), key.clone());
    let length = wait(async move { asked.about(&of).await })?.size;
    let opened = Object::new(bucket, key, length);
    opened.plan(blocks(length)); // All of it is read, most likely.
    Ok(Opened::Far(Arc::new(opened), 0))
}

/// Opens a Parquet file that has so many bytes; of an object nothing is fetched before it is asked for.
pub(crate) fn open_of(path: &Path, length: u64) -> io::Result<Opened> {
    let Some(Far { bucket, key }) = far(path)? else { return Ok(Opened::Near(File::open(path)?)) };
    let opened = Object::new(bucket, key, length);
    opened.plan(vec![vec![length.saturating_sub(TAIL)..length]]);
    Ok(Opened::Far(Arc::new(opened), 0))
}

impl Opened {
    /// Says which ranges will be read, group by group; what is planned before is forgotten. Of no effect on a file of this machine.
    pub(crate) fn plan(&self, groups: impl FnOnce() -> Vec<Vec<Range<u64>>>) {
        if let Self::Far(object, _) = self {
            object.plan(groups());
        }
    }

    /// Says that all of it will be read.
    pub(crate) fn plan_all(&self) {
        self.plan(|| blocks(self.len()));
    }
}

impl Object {
    fn new(bucket: Arc<Bucket>, key: Key, length: u64) -> Self {
        Self { bucket, key, length, pieces: Mutex::default() }
    }

    fn plan(&self, groups: Vec<Vec<Range<u64>>>) {
        let planned = groups.into_iter().map(joined).collect();
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).planned = planned;
    }

    /// What is held from here on, fetched if it is not held yet; nothing behind the end.
    fn from(&self, at: u64, wanted: u64) -> io::Result<Bytes> {
        if at >= self.length {
            return Ok(Bytes::new());
        }
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = pieces.at(at) {
            return Ok(found);
        }
        let group = match pieces.planned.iter().find(|group| group.iter().any(|range| range.contains(&at))) {
            Some(group) => group.clone(),
            None => iter::once(at..at.saturating_add(wanted.max(LEAST)).min(self.length)).collect(),
        };
        let fetched = wait(Arc::clone(&self.bucket).ranges(self.key.clone(), group, self.length))?;
        pieces.held.push_back(fetched);
        while pieces.held.len() > HELD {
            pieces.held.pop_front();
        }
        pieces.at(at).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl Pieces {
    fn at(&self, at: u64) -> Option<Bytes> {
        let all = self.held.iter().rev().flatten();
        all.filter_map(|(start, bytes)| Some((usize::try_from(at.checked_sub(*start)?).ok()?, bytes)))
            .find(|(offset, bytes)| *offset < bytes.len())
            .map(|(offset, bytes)| bytes.slice(offset..))
    }
}

/// All of an object, a block at once.
fn blocks(length: u64) -> Vec<Vec<Range<u64>>> {
    let starts = (0..length).step_by(usize::try_from(BLOCK).unwrap_or(usize::MAX));
    starts.map(|start| iter::once(start..(start + BLOCK).min(length)).collect()).collect()
}

/// Ranges in their order, those joined that lie close together.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP) => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Near(file) => file.read(buffer),
            Self::Far(object, at) => {
                let held = object.from(*at, buffer.len() as u64)?;
                let taken = held.len().min(buffer.len());
                buffer.iter_mut().zip(&held).for_each(|(to, from)| *to = *from);
                *at += taken as u64;
                Ok(taken)
            }
        }
    }
}

impl Length for Opened {
    fn len(&self) -> u64 {
        match self {
            Self::Near(file) => file.len(),
            Self::Far(object, _) => object.length,
        }
    }
}

/// As [`File`] has it: a reader of its own for each request.
pub(crate) enum Chunk {
    Near(BufReader<File>),
    Far(Opened),
}

impl Read for Chunk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Near(file) => file.read(buffer),
            Self::Far(object) => object.read(buffer),
        }
    }
}

impl ChunkReader for Opened {
    type T = Chunk;

    fn get_read(&self, start: u64) -> ParquetResult<Chunk> {
        match self {
            Self::Near(file) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(start))?;
                Ok(Chunk::Near(BufReader::with_capacity(HEADER, file)))
            }
            Self::Far(object, _) => Ok(Chunk::Far(Self::Far(Arc::clone(object), start))),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let object = match self {
            Self::Near(file) => return file.get_bytes(start, length),
            Self::Far(object, _) => object,
        };
        let whole = object.from(start, length as u64)?;
        if whole.len() >= length {
            return Ok(whole.slice(..length));
        }
        let mut bytes = Vec::with_capacity(length);
        let mut rest = Self::Far(Arc::clone(object), start).take(length as u64);
        rest.read_to_end(&mut bytes)?;
        if bytes.len() < length {
            return Err(ParquetError::EOF(format!("{} bytes of {length}", bytes.len())));
        }
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::write;

    #[test]
    fn an_object_is_read_by_ranges_as_a_file_is() {
        let path = Path::new("memory://opened/file");
        let bytes: Vec<u8> = (0..200_000_u32).map(|place| u8::try_from(place % 251).unwrap()).collect();
        write(path, &bytes).unwrap();
        let mut all = Vec::new();
        open(path).unwrap().read_to_end(&mut all).unwrap();
        assert_eq!(all, bytes);
        let opened = open_of(path, 200_000).unwrap();
        opened.plan(|| vec![vec![10..20, 90_000..100_000], vec![150_000..150_100]]);
        for (start, length) in [(12, 5), (150_010, 80), (90_000, 10_000), (95_000, 70_000), (199_999, 1)] {
            assert_eq!(opened.get_bytes(start, length).unwrap(), bytes[start as usize..start as usize + length], "{start}");
        }
        assert!(opened.get_bytes(199_999, 2).is_err());
        let mut chunk = Vec::new();
        opened.get_read(199_000).unwrap().read_to_end(&mut chunk).unwrap();
        assert_eq!(chunk, bytes[199_000..]);
        assert!(open_of(path, 199_999).unwrap().get_bytes(0, 4).unwrap_err().to_string().contains("200000 bytes"));
    }

    #[test]
    fn ranges_that_lie_close_together_are_one() {
        let (near, apart) = (GAP + 10, 3 * GAP);
        assert_eq!(joined(vec![apart..apart + 1, near..near + 5, 0..10, 4..4]), [0..near + 5, apart..apart + 1]);
    }
}
