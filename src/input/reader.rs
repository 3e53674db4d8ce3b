//! All lines of all sources, one after another.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::decode::{self, Decoded};
use super::error::InputError;
use super::field::{Carried, Parsed};
use super::format::Format;
use super::lines::{Line, Lines};
use super::options::Column;
use super::reject::Reason;
use super::source::{self, Source};

/// What a line says and where it stands.
pub(super) struct Located {
    /// Place among the sources.
    pub(super) source: usize,
    /// Line number within the source, from 1.
    pub(super) line: u64,
    pub(super) parsed: Parsed,
}

/// The columns of tables that are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    /// Which holds the name; `None`: that is found out.
    pub(super) name: Option<Column>,
    /// Which are carried along.
    pub(super) carry: Vec<String>,
}

/// Reads the sources in their order.
pub(super) struct Reader {
    sources: Arc<[Source]>,
    columns: Columns,
    /// Place of the source that comes after the open one.
    next: usize,
    open: Option<OpenSource>,
    /// Bytes of the sources that have been read to their end.
    done: u64,
}

impl Reader {
    pub(super) fn new(sources: Arc<[Source]>, columns: Columns) -> Self {
        Self { sources, columns, next: 0, open: None, done: 0 }
    }

    /// The next line of the lists; `None` after the last one.
    pub(super) fn advance(&mut self) -> Result<Option<Located>, InputError> {
        loop {
            let Some(source) = self.sources.get(self.next) else { return Ok(None) };
            let open = match &mut self.open {
                Some(open) => open,
                closed => closed.insert(OpenSource::new(source, &self.columns)?),
            };
            if let Some(parsed) = open.advance(source)? {
                return Ok(Some(Located { source: self.next, line: open.number, parsed }));
            }
            self.open = None;
            self.next += 1;
            self.done += source.bytes;
        }
    }

    /// The last line as it was, or its beginning.
    pub(super) fn text(&self) -> &[u8] {
        self.open.as_ref().map_or(&[], |open| open.lines.text())
    }

    /// What the carried columns held on the line of the last name; nothing where none are carried.
    pub(super) fn carried(&self) -> Vec<Carried> {
        let names = self.columns.carry.iter();
        let values = self.open.iter().flat_map(|open| open.format.carried());
        names.zip(values).map(|(name, value)| Carried { name: name.as_str().into(), value: value.map(str::to_owned) }).collect()
    }

    /// Bytes read of all sources, compressed where they are.
    pub(super) fn bytes_read(&self) -> u64 {
        self.done + self.open.as_ref().map_or(0, |open| open.read.load(Ordering::Relaxed))
    }
}

/// A source that is being read.
pub(super) struct OpenSource {
    lines: Lines<Box<dyn Read + Send>>,
    format: Format,
    number: u64,
    compression: Option<&'static str>,
    read: Arc<AtomicU64>,
    /// A second handle, to see at the end whether the file is still as it was.
    file: File,
}

impl OpenSource {
    /// Opens a source and finds out its format.
    pub(super) fn new(source: &Source, columns: &Columns) -> Result<Self, InputError> {
        let failed = |error| InputError::Read(source.name.clone(), error);
        let file = source::open(&source.name, &source.path)?;
        let handle = file.try_clone().map_err(failed)?;
        check_unchanged(source, &handle)?;
        let Decoded { reader, compression, read } = Decoded::open(file, &source.name)?;
        let lines = Lines::new(reader).map_err(|error| decode::failure(&source.name, compression, error))?;
        let name = columns.name.as_ref();
        let missing = |wanted, present| InputError::Column { list: source.name.clone(), wanted, present };
        let mut format = Format::find_out(lines.beginning(), lines.is_at_end(), lines.terminator(), name)
            .map_err(|present| missing(name.cloned().unwrap_or(Column::Number(1)), present))?;
        format.carry(&columns.carry).map_err(|(wanted, present)| missing(Column::Name(wanted), present))?;
        Ok(Self { lines, format, number: 0, compression, read, file: handle })
    }

    fn advance(&mut self, source: &Source) -> Result<Option<Parsed>, InputError> {
        let line = self.lines.advance().map_err(|error| decode::failure(&source.name, self.compression, error))?;
        self.number += 1;
        match line {
            Some(Line::Whole) => Ok(Some(self.format.parse(self.lines.text()))),
            Some(Line::TooLong) => Ok(Some(Parsed::Rejected(Reason::LineTooLong))),
            None => check_unchanged(source, &self.file).map(|()| None),
        }
    }
}

fn check_unchanged(source: &Source, file: &File) -> Result<(), InputError> {
    let metadata = file.metadata().map_err(|error| InputError::Read(source.name.clone(), error))?;
    if metadata.len() == source.bytes && metadata.modified().ok() == source.modified {
        Ok(())
    } else {
        Err(InputError::Changed(source.name.clone()))
    }
}
