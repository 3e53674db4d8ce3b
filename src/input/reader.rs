//! All lines of all sources, one after another.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::archive::Member;
use super::beginning::{self, Nameless};
use super::decode::{self, Decoded};
use super::error::InputError;
use super::field::{Carried, Parsed};
use super::format::Format;
use super::lines::{Line, Lines};
use super::options::Column;
use super::preparation::{LINES_BETWEEN_CALLS, Step, Watch, tell};
use super::reject::Reason;
use super::source::{self, Source};
use crate::name::Domain;

/// Lines that are read before the first of them is handed out, so that whatever has to be fetched for their names is fetched side by side.
const AHEAD: usize = 16;

/// What a line says and where it stands.
pub(super) struct Located {
    /// Place among the sources.
    pub(super) source: usize,
    /// Place among the files of the source.
    pub(super) member: usize,
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
    /// Place of the source that is read, and of the file among its files.
    next: usize,
    member: usize,
    open: Option<OpenSource>,
    /// Bytes of the sources that have been read to their end.
    done: u64,
    coming: VecDeque<Coming>,
    /// Texts of the lines that were read together.
    texts: Vec<u8>,
    /// The line that was handed out last: its text, and what its carried columns held.
    last: (Range<usize>, Vec<Carried>),
    /// Why there is no line behind those that come.
    failed: Option<InputError>,
}

/// A line that has been read and not handed out.
struct Coming {
    located: Located,
    text: Range<usize>,
    carried: Vec<Carried>,
}

impl Reader {
    pub(super) fn new(sources: Arc<[Source]>, columns: Columns) -> Self {
        let (coming, texts, last) = (VecDeque::with_capacity(AHEAD), Vec::new(), (0..0, Vec::new()));
        Self { sources, columns, next: 0, member: 0, open: None, done: 0, coming, texts, last, failed: None }
    }

    /// The next line of the lists; `None` after the last one. Some are read together; `expect` is handed their names then.
    pub(super) fn advance(&mut self, expect: impl FnOnce(&mut dyn Iterator<Item = &Domain>)) -> Result<Option<Located>, InputError> {
        if self.coming.is_empty() {
            self.failed.take().map_or(Ok(()), Err)?;
            self.read_ahead();
            expect(&mut self.coming.iter().filter_map(|coming| coming.located.name()));
        }
        match self.coming.pop_front() {
            Some(Coming { located, text, carried }) => {
                self.last = (text, carried);
                Ok(Some(located))
            }
            None => self.failed.take().map_or(Ok(None), Err),
        }
    }

    fn read_ahead(&mut self) {
        self.texts.clear();
        while self.coming.len() < AHEAD {
            match self.read() {
                Ok(Some(located)) => {
                    let begin = self.texts.len();
                    self.texts.extend_from_slice(self.open.as_ref().map_or(&[], |open| open.lines.text()));
                    let carried = if located.name().is_some() { self.read_carried() } else { Vec::new() };
                    self.coming.push_back(Coming { located, text: begin..self.texts.len(), carried });
                }
                Ok(None) => return,
                Err(error) => return self.failed = Some(error),
            }
        }
    }

    fn read(&mut self) -> Result<Option<Located>, InputError> {
        loop {
            let Some(source) = self.sources.get(self.next) else { return Ok(None) };
            let Some(member) = source.members.get(self.member) else {
                self.next += 1;
                self.member = 0;
                self.done += source.bytes;
                continue;
            };
            let open = match &mut self.open {
                Some(open) => open,
                closed => closed.insert(OpenSource::new(source, member, &self.columns)?),
            };
            if let Some(parsed) = open.advance(source)? {
                return Ok(Some(Located { source: self.next, member: self.member, line: open.number, parsed }));
            }
            self.open = None;
            self.member += 1;
        }
    }

    /// The last line as it was, or its beginning.
    pub(super) fn text(&self) -> &[u8] {
        self.texts.get(self.last.0.clone()).unwrap_or_default()
    }

    /// What the carried columns held on the last line, if it has a name; nothing where none are carried. To be asked once.
    pub(super) fn carried(&mut self) -> Vec<Carried> {
        std::mem::take(&mut self.last.1)
    }

    fn read_carried(&self) -> Vec<Carried> {
        let names = self.columns.carry.iter();
        let values = self.open.iter().flat_map(|open| open.format.carried());
        names.zip(values).map(|(name, value)| Carried { name: name.as_str().into(), value: value.map(str::to_owned) }).collect()
    }

    /// Bytes read of all sources, compressed where they are.
    pub(super) fn bytes_read(&self) -> u64 {
        self.done + self.open.as_ref().map_or(0, |open| open.read.load(Ordering::Relaxed))
    }
}

impl Located {
    fn name(&self) -> Option<&Domain> {
        match &self.parsed {
            Parsed::Name(domain, _) => Some(domain),
            Parsed::Blank | Parsed::Rejected(_) => None,
        }
    }
}

/// A file of a source that is being read.
pub(super) struct OpenSource {
    lines: Lines<Box<dyn Read + Send>>,
    format: Format,
    number: u64,
    /// What messages call it.
    label: Arc<str>,
    compression: Option<&'static str>,
    read: Arc<AtomicU64>,
    /// A second handle, to see at the end whether the file is still as it was.
    file: File,
}

impl OpenSource {
    /// Opens a file of a source and finds out its format.
    pub(super) fn new(source: &Source, member: &Member, columns: &Columns) -> Result<Self, InputError> {
        let failed = |error| InputError::Read(source.name.clone(), error);
        let file = source::open(&source.name, &source.path)?;
        let handle = file.try_clone().map_err(failed)?;
        check_unchanged(source, &handle)?;
        let Decoded { reader, compression, read } = Decoded::open(file, member)?;
        let label = Arc::clone(&member.label);
        let lines = Lines::new(reader).map_err(|error| decode::failure(&label, compression, error))?;
        if let Some(what) = beginning::foreign(lines.beginning()) {
            let beginning = beginning::shown(lines.beginning(), lines.terminator());
            return Err(InputError::Foreign { list: label.to_string(), what, beginning });
        }
        let name = columns.name.as_ref();
        let missing = |wanted, present| InputError::Column { list: label.to_string(), wanted, present };
        let mut format = Format::find_out(lines.beginning(), lines.is_at_end(), lines.terminator(), name)
            .map_err(|present| missing(name.cloned().unwrap_or(Column::Number(1)), present))?;
        format.carry(&columns.carry).map_err(|(wanted, present)| missing(Column::Name(wanted), present))?;
        Ok(Self { lines, format, number: 0, label, compression, read, file: handle })
    }

    fn advance(&mut self, source: &Source) -> Result<Option<Parsed>, InputError> {
        let line = self.lines.advance().map_err(|error| decode::failure(&self.label, self.compression, error))?;
        self.number += 1;
        match line {
            Some(Line::Whole) => Ok(Some(self.format.parse(self.lines.text()))),
            Some(Line::TooLong) => {
                self.format.pass();
                Ok(Some(Parsed::Rejected(Reason::LineTooLong)))
            }
            None => check_unchanged(source, &self.file).map(|()| None),
        }
    }

    /// Reads on to the first name; without one, gives what the lines are in place of it.
    pub(super) fn find_name(&mut self, source: &Source, watch: &mut Watch<'_>) -> Result<Option<Nameless>, InputError> {
        let mut nameless = Nameless::default();
        while let Some(parsed) = self.advance(source)? {
            match parsed {
                Parsed::Name(..) => return Ok(None),
                Parsed::Blank => nameless.blank(),
                Parsed::Rejected(reason) => nameless.rejected(self.number, reason),
            }
            if self.number.is_multiple_of(LINES_BETWEEN_CALLS) {
                tell(watch, &self.label, Step::Survey, self.read.load(Ordering::Relaxed), Some(source.bytes))?;
            }
        }
        Ok(Some(nameless))
    }

    /// What has been read and not handed out: the beginning, as long as no line was.
    pub(super) fn beginning(&self) -> (&[u8], u8) {
        (self.lines.beginning(), self.lines.terminator())
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
