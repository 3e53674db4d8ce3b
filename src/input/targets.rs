//! The stream of targets and the account of all lines.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::beginning::{self, Nameless};
use super::error::InputError;
use super::field::{Carried, MAX_CARRIED, Parsed};
use super::options::{InputOptions, Shard};
use super::preparation::{LINES_BETWEEN_CALLS, Step, Watch, tell};
use super::reader::{Columns, Located, OpenSource, Reader};
use super::reject::{self, Duplicate, Reason, Rejected};
use super::selection::{Draw, Drawn, Selection, Verdict};
use super::source::{self, Source};
use crate::exclusion::Exclusion;
use crate::name::Domain;

/// A name to be scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Position among the targets, from 0.
    pub ordinal: u64,
    /// The name.
    pub domain: Domain,
    /// Rank in the list, if it has ranks; a bucket in CrUX lists.
    pub rank: Option<i32>,
    /// Name of the list that has the name first.
    pub list: Arc<str>,
    /// The file of the list in which the name stands, as it was named; of an archive with several members, the member behind a colon.
    /// `None` where an older version wrote the dataset.
    pub file: Option<Arc<str>>,
    /// The line of that file (unpacked where it is compressed) on which the name first stands, from 1.
    pub line: Option<u64>,
    /// What stands in the carried columns on the first line that has the name; empty where none are carried.
    pub carried: Vec<Carried>,
}

/// What became of all lines: `lines` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accounting {
    /// Lines read, of all sources.
    pub lines: u64,
    /// Lines that gave a target.
    pub rows: u64,
    /// Lines that are no domain name.
    pub rejected: u64,
    /// Lines with a name that an earlier line has.
    pub duplicates: u64,
    /// Lines with a name of the opt-out list.
    pub excluded: u64,
    /// Lines with a name that `--skip`, `--top`, `--sample` or `--shard` leave out.
    pub not_selected: u64,
    /// Lines that name nothing: blank, comments, headers; in a zone file also directives, records other than the NS of a delegation, and
    /// the further lines of a record.
    pub blank: u64,
}

impl Accounting {
    /// The sum of what became of lines: their number, if every line is accounted for once.
    pub fn accounted(&self) -> u64 {
        let Self { lines: _, rows, rejected, duplicates, excluded, not_selected, blank } = *self;
        [rows, rejected, duplicates, excluded, not_selected, blank].into_iter().fold(0, u64::saturating_add)
    }
}

/// How far the lists have been read, in bytes of the files as they are (compressed or not).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read; the lines handed out lag behind by a buffer.
    pub read: u64,
    /// Bytes of all sources.
    pub total: u64,
}

/// Takes the rejected lines; closures can.
pub trait Rejects: Send {
    /// Takes one.
    ///
    /// # Errors
    /// Ends the reading of the lists with [`InputError::Rejects`].
    fn reject(&mut self, rejected: &Rejected<'_>) -> io::Result<()>;
}

impl<F: FnMut(&Rejected<'_>) -> io::Result<()> + Send> Rejects for F {
    fn reject(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        self(rejected)
    }
}

/// Takes the lines whose name an earlier line has.
type TakeDuplicate = dyn FnMut(&Duplicate<'_>) -> io::Result<()> + Send;

/// The targets of the lists, in the order of the lists. After an error there are no more.
pub struct Input {
    sources: Arc<[Source]>,
    reader: Reader,
    selection: Selection,
    drawn: Option<Drawn>,
    shard: Shard,
    /// Candidates that a survey has counted: before sample and shard.
    surveyed: Option<u64>,
    rejects: Option<Box<dyn Rejects>>,
    duplicates: Option<Box<TakeDuplicate>>,
    accounting: Accounting,
    ended: bool,
}

impl Input {
    /// Makes all sources ready (this blocks while a URL is fetched or standard input is copied) and finds out their formats.
    ///
    /// # Errors
    /// Where a source cannot be read, has not the column, yields no name at all, or an option cannot be fulfilled.
    pub fn open(options: &InputOptions, exclusion: &Exclusion) -> Result<Self, InputError> {
        Self::open_watched(options, exclusion, &mut |_| ControlFlow::Continue(()))
    }

    /// [`Input::open`] that reports its progress and can be stopped.
    ///
    /// # Errors
    /// As [`Input::open`], and [`InputError::Stopped`].
    pub fn open_watched(options: &InputOptions, exclusion: &Exclusion, watch: &mut Watch<'_>) -> Result<Self, InputError> {
        check(options)?;
        let sources: Arc<[Source]> =
            (0..options.sources.len()).map(|index| source::materialise(index, options, watch, refuse_foreign)).collect::<Result<_, _>>()?;
        let columns = Columns { name: options.column.clone(), carry: options.carry.clone() };
        expect_names(&sources, &columns, watch)?;
        let mut input = Self {
            reader: Reader::new(Arc::clone(&sources), columns.clone()),
            sources,
            selection: Selection::new(options, exclusion),
            drawn: None,
            shard: options.shard,
            surveyed: None,
            rejects: None,
            duplicates: None,
            accounting: Accounting::default(),
            ended: false,
        };
        if options.registrable || options.sample.is_some() {
            input.survey(options, watch)?;
            input.reader = Reader::new(Arc::clone(&input.sources), columns);
            input.selection.next_pass();
        }
        Ok(input)
    }

    /// Hands all rejected lines to `rejects` from now on.
    #[must_use]
    pub fn with_rejects(mut self, rejects: impl Rejects + 'static) -> Self {
        self.rejects = Some(Box::new(rejects));
        self
    }

    /// Hands all lines whose name an earlier line has to `take` from now on.
    #[must_use]
    pub fn with_duplicates(mut self, take: impl FnMut(&Duplicate<'_>) -> io::Result<()> + Send + 'static) -> Self {
        self.duplicates = Some(Box::new(take));
        self
    }

    /// The sources as they were found, for the manifest.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// What became of the lines so far; complete once the iterator has ended.
    pub fn accounting(&self) -> Accounting {
        self.accounting
    }

    /// Names that came when the memory for duplicates was full, so far: they were taken without knowing whether they are duplicates.
    pub fn unchecked(&self) -> u64 {
        self.selection.unchecked()
    }

    /// How far the lists have been read.
    pub fn progress(&self) -> Progress {
        let total = self.sources.iter().map(|source| source.bytes).sum();
        Progress { read: self.reader.bytes_read().min(total), total }
    }

    /// How many targets there will be in all, as far as that is known now: exact where a sample was drawn or names were folded and
    /// there is but one shard, else by the share of bytes read. `None` before the first line.
    pub fn estimate(&self) -> Option<u64> {
        if self.ended {
            return Some(self.accounting.rows);
        }
        let parts = self.shard.count.max(1);
        match (&self.drawn, self.surveyed) {
            (Some(drawn), _) if parts == 1 => Some(self.accounting.rows + drawn.left()),
            (Some(drawn), _) => Some(self.accounting.rows + drawn.left() / parts),
            (None, Some(candidates)) => Some(candidates / parts),
            (None, None) => {
                let Progress { read, total } = self.progress();
                let rows = u128::from(self.accounting.rows) * u128::from(total);
                (self.accounting.lines > 0 && read > 0).then(|| u64::try_from(rows / u128::from(read)).unwrap_or(u64::MAX))
            }
        }
    }

    /// Reads all lists once to find the best ranks and the sample.
    fn survey(&mut self, options: &InputOptions, watch: &mut Watch<'_>) -> Result<(), InputError> {
        let mut draw = options.sample.map(Draw::new);
        let (mut candidates, mut others, mut lines) = (0, 0_u64, 0_u64);
        while let Some(Located { source, parsed, .. }) = self.reader.advance(|names| self.selection.expect(names))? {
            if let Parsed::Name(domain, rank) = parsed {
                match self.selection.judge(source, domain, rank) {
                    Verdict::Candidate(domain, _) => {
                        candidates += 1;
                        draw.iter_mut().for_each(|draw| draw.add(domain.as_str()));
                    }
                    Verdict::Rejected(_) => {}
                    Verdict::Excluded | Verdict::Duplicate(_) | Verdict::NotSelected => others += 1,
                }
            }
            lines += 1;
            if lines.is_multiple_of(LINES_BETWEEN_CALLS) {
                let Progress { read, total } = self.progress();
                tell(watch, "", Step::Survey, read, Some(total))?;
            }
        }
        if let (0, 0, Some(source)) = (candidates, others, self.sources.first()) {
            let why = "every name is a public suffix, which has no registrable domain; leave out --registrable".to_owned();
            let (beginning, list) = (beginning_of(source)?, source.name.clone());
            return Err(InputError::NoName { list, why, beginning });
        }
        self.drawn = draw.map(Draw::finish);
        self.surveyed = Some(candidates);
        Ok(())
    }

    /// The next target, however many lines it takes.
    fn advance(&mut self) -> Result<Option<Target>, InputError> {
        while let Some(Located { source, member, line, parsed }) = self.reader.advance(|names| self.selection.expect(names))? {
            self.accounting.lines += 1;
            let verdict = match parsed {
                Parsed::Blank => {
                    self.accounting.blank += 1;
                    continue;
                }
                Parsed::Rejected(reason) => Verdict::Rejected(reason),
                Parsed::Name(domain, rank) => self.selection.judge(source, domain, rank),
            };
            match verdict {
                Verdict::Candidate(domain, rank) if self.takes(domain.as_str()) => {
                    let of = self.sources.get(source);
                    let target = Target {
                        ordinal: self.accounting.rows,
                        domain,
                        rank,
                        list: of.map(|source| Arc::clone(&source.list)).unwrap_or_default(),
                        file: of.and_then(|source| source.members.get(member)).map(|member| Arc::clone(&member.label)),
                        line: Some(line),
                        carried: self.reader.carried(),
                    };
                    self.accounting.rows += 1;
                    return Ok(Some(target));
                }
                Verdict::Candidate(..) | Verdict::NotSelected => self.accounting.not_selected += 1,
                Verdict::Excluded => self.accounting.excluded += 1,
                Verdict::Duplicate(domain) => self.note_duplicate((source, member), line, &domain)?,
                Verdict::Rejected(reason) => self.reject((source, member), line, reason)?,
            }
        }
        Ok(None)
    }

    fn takes(&mut self, name: &str) -> bool {
        self.drawn.as_mut().is_none_or(|drawn| drawn.takes(name)) && self.shard.contains(name)
    }

    fn reject(&mut self, (source, member): (usize, usize), line: u64, reason: Reason) -> Result<(), InputError> {
        self.accounting.rejected += 1;
        let Some(rejects) = &mut self.rejects else { return Ok(()) };
        let member = self.sources.get(source).and_then(|source| source.members.get(member));
        let source = member.map_or("", |member| &*member.label);
        rejects.reject(&Rejected { source, line, text: reject::cut(self.reader.text()), reason }).map_err(InputError::Rejects)
    }
}

impl Input {
    fn note_duplicate(&mut self, (source, member): (usize, usize), line: u64, domain: &Domain) -> Result<(), InputError> {
        self.accounting.duplicates += 1;
        let Some(duplicates) = &mut self.duplicates else { return Ok(()) };
        let member = self.sources.get(source).and_then(|source| source.members.get(member));
        let source = member.map_or("", |member| &*member.label);
        duplicates(&Duplicate { source, line, text: reject::cut(self.reader.text()), domain: domain.as_str() }).map_err(InputError::Rejects)
    }
}

impl Iterator for Input {
    type Item = Result<Target, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl std::iter::FusedIterator for Input {}

/// Expects a name of every source that has a line which is no comment, and of one of them at least. Nearly always the first line has it.
fn expect_names(sources: &[Source], columns: &Columns, watch: &mut Watch<'_>) -> Result<(), InputError> {
    let (mut named, mut first) = (false, None);
    for source in sources {
        let mut nameless = Some(Nameless::default());
        for member in source.members.iter() {
            let mut open = OpenSource::new(source, member, columns)?;
            match (&mut nameless, open.find_name(source, watch)?) {
                (Some(sum), Some(further)) => sum.add(further),
                (nameless, _) => *nameless = None,
            }
        }
        let Some(nameless) = nameless else {
            named = true;
            continue;
        };
        let error = || -> Result<InputError, InputError> {
            let (head, terminator) = head_of(source)?;
            let (why, beginning) = (nameless.describe(&head), beginning::shown(&head, terminator));
            Ok(InputError::NoName { list: source.name.clone(), why, beginning })
        };
        if nameless.has_rejected() {
            return Err(error()?);
        }
        first = Some(first.map_or_else(error, Ok)?);
    }
    match first {
        Some(error) if !named => Err(error),
        _ => Ok(()),
    }
}

/// Refuses a source that begins as no list does.
fn refuse_foreign(source: &Source) -> Result<(), InputError> {
    source.members.iter().try_for_each(|member| OpenSource::new(source, member, &Columns::default()).map(drop))
}

/// The first bytes of a source's first file, and what ends its lines.
fn head_of(source: &Source) -> Result<(Vec<u8>, u8), InputError> {
    let Some(member) = source.members.first() else { return Ok((Vec::new(), b'\n')) };
    let open = OpenSource::new(source, member, &Columns::default())?;
    let (head, terminator) = open.beginning();
    Ok((head.to_vec(), terminator))
}

/// The first lines of a source, safe to look at.
fn beginning_of(source: &Source) -> Result<String, InputError> {
    head_of(source).map(|(head, terminator)| beginning::shown(&head, terminator))
}

fn check(options: &InputOptions) -> Result<(), InputError> {
    let Shard { index, count } = options.shard;
    let wrong = match options {
        options if options.sources.is_empty() => "no list was named: give files, a URL, or - for standard input".to_owned(),
        options if options.sources.iter().filter(|source| *source == "-").count() > 1 => {
            "standard input (-) can be read only once".to_owned()
        }
        options if options.carry.len() > MAX_CARRIED => {
            format!("{} columns to be carried: {MAX_CARRIED} are possible", options.carry.len())
        }
        _ if index >= count => format!("there is no part {index} of {count}; parts are counted from 0"),
        _ => return Ok(()),
    };
    Err(InputError::Option(wrong))
}
