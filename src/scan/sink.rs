//! Where the rows go: a dataset folder or a stream; with it the list is opened, whose copies and rejected lines lie there too.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write};
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use super::network::Network;
use super::plan::{NamedOptions, Output, OwnList, ScanError, ScanPlan};
use super::status::{Identity, Status};
use crate::classify::CATALOGUE_VERSION;
use crate::dataset::{
    self, Activity, Dataset, DatasetError, Draft, List, Manifest, Piece, RunDescription, StreamWriter, TextWriter, Tool, check_accounting,
};
use crate::input::{
    Accounting, Duplicate, Input, InputError, InputOptions, KnownList, LinesCsv, ListLine, Preparation, Rejected, Source, Told,
};
use crate::name::suffix;
use crate::pause::{Step, pause};
use crate::place;

/// Rows that a stream holds back at most before it passes them on.
const STREAM_SHARD_ROWS: u64 = 1024;

/// How a scan ended.
#[derive(Debug)]
pub struct ScanSummary {
    /// The manifest as it was written last; `None` where the rows went to a stream.
    pub manifest: Option<Manifest>,
    /// What became of the lines of the list that were read.
    pub accounting: Accounting,
    /// Rows that went out where they went to a stream.
    pub streamed: Option<u64>,
    /// Whether the scan was stopped before the end of the list.
    pub stopped: bool,
    /// Names that were taken without knowing whether they are duplicates, as the memory for that was full.
    pub unchecked: u64,
}

/// What reading the list came to.
pub(super) struct Read {
    pub(super) accounting: Accounting,
    pub(super) stopped: bool,
    pub(super) error: Option<ScanError>,
}

/// Where the rows of a scan go, and the input that belongs to it.
pub(super) struct Sink {
    place: Place,
    shard_rows: u64,
}

enum Place {
    Folder { dataset: Box<Dataset>, lines: [Arc<LinesFile>; 2], spool: Spool },
    Stream(Box<Stream>),
}

/// Shards go out in their order; `waiting` are those that came before their turn.
struct Stream {
    writer: Lines,
    waiting: BTreeMap<u64, Vec<Piece>>,
    next: u64,
    /// Rows that went out.
    rows: u64,
    _spool: TempDir,
}

/// What writes a stream.
enum Lines {
    Arrow(StreamWriter<Stdout>),
    Text(TextWriter),
}

impl Lines {
    fn open(plan: &ScanPlan) -> Result<Self, ScanError> {
        let Output::Text { file, form, columns } = &plan.output else { return Ok(Self::Arrow(StreamWriter::new(io::stdout())?)) };
        let (output, name): (Box<dyn Write + Send>, PathBuf) = match file {
            None => (Box::new(io::stdout()), "standard output".into()),
            Some(path) => {
                let mut options = OpenOptions::new();
                let options =
                    if plan.restart { options.write(true).create(true).truncate(true) } else { options.write(true).create_new(true) };
                let opened = options.open(path).map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => DatasetError::refused(
                        path,
                        "is there already, and a scan as text is never gone on with; name another file, or write it anew with --restart",
                    ),
                    _ => DatasetError::io("write", path)(error),
                })?;
                (Box::new(opened), path.clone())
            }
        };
        Ok(Self::Text(TextWriter::new(output, name, *form, columns.clone())?))
    }

    fn write_in_order(&mut self, pieces: &[Piece]) -> Result<u64, DatasetError> {
        match self {
            Self::Arrow(writer) => writer.write_in_order(pieces),
            Self::Text(writer) => writer.write_in_order(pieces),
        }
    }

    /// The end of a stream that is whole; lines of text have no mark.
    fn finish(self) -> Result<(), DatasetError> {
        match self {
            Self::Arrow(writer) => writer.finish().map(drop),
            Self::Text(_) => Ok(()),
        }
    }
}

impl Sink {
    /// Opens the list and the place for the rows.
    pub(super) fn open(plan: &ScanPlan, network: &Network, status: &Status) -> Result<(Self, Input), ScanError> {
        match &plan.output {
            Output::Folder(dir) => Self::folder(dir, plan, network, status),
            Output::Tree(tree) => Self::tree(tree, plan, network, status),
            Output::ArrowStream | Output::Text { .. } => Self::stream(plan, network, status),
        }
    }

    fn folder(dir: &Path, plan: &ScanPlan, network: &Network, status: &Status) -> Result<(Self, Input), ScanError> {
        let resumes = if plan.restart { dataset::make_way(dir).map(|()| false)? } else { dataset::refuse_unless_usable(dir)? };
        let (spool, existed) = (Spool::of(dir)?, place::is_far(dir) || dir.exists());
        if !resumes {
            spool.remove(); // Left by a scan that died before it began, which may have been one of another list.
        }
        let path = spool.path.clone();
        let begun = Self::begin_folder(plan, network, status, spool, |_| Ok(dir.to_owned()));
        if begun.is_err() && !resumes {
            remove_spool(&path);
            if !existed {
                let _ = place::remove_dir(dir); // If it is not empty, it is a dataset by now.
            }
        }
        begun
    }

    /// The folder of a list and date in a tree. Which date it is is known only when the list is open, so the copies of the list lie above.
    fn tree(tree: &Path, plan: &ScanPlan, network: &Network, status: &Status) -> Result<(Self, Input), ScanError> {
        let of_list = dataset::tree::folder_of(tree, &plan.list_name());
        let today = dataset::tree::today(&of_list);
        let resumes =
            if plan.restart { dataset::make_way(&today).map(|()| false)? } else { dataset::tree::refuse_unless_usable(&of_list)? };
        let spool = Spool::of(&of_list)?;
        if !resumes {
            spool.remove(); // Left by a scan that died before it began, which may have been one of another list.
        }
        let place = |run: &RunDescription| if plan.restart { Ok(today.clone()) } else { dataset::tree::place(&of_list, run) };
        let path = spool.path.clone();
        let begun = Self::begin_folder(plan, network, status, spool, place);
        if begun.is_err() && !resumes {
            remove_spool(&path);
            for dir in [&today, &of_list] {
                let _ = place::remove_dir(dir); // If it is not empty, it holds scans.
            }
        }
        begun
    }

    fn begin_folder(
        plan: &ScanPlan,
        network: &Network,
        status: &Status,
        spool: Spool,
        place: impl FnOnce(&RunDescription) -> Result<PathBuf, DatasetError>,
    ) -> Result<(Self, Input), ScanError> {
        let input = open_input(plan, network, status, &spool.path)?;
        let run = describe(plan, network, &input)?;
        tell_of_list(&run, plan, status);
        let dir = &place(&run)?;
        let dataset = if plan.restart { Dataset::restart(dir, &run)? } else { Dataset::create_or_resume(dir, &run)? };
        // A scan goes on in parts as large as it has begun with.
        let shard_rows = dataset.manifest().run.shard_rows;
        if shard_rows != plan.shard_rows {
            let (kept, asked) = (shard_rows, plan.shard_rows);
            status.note(format!(
                "the scan continues with {kept} rows per part, as it was started; {asked} (--part-rows) will apply to the next scan"
            ));
        }
        if let Some(command) = &plan.command {
            command.write(dir)?;
        }
        let manifest = dataset.manifest();
        let folder = place::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        status.identify(Identity { run_id: manifest.run.run_id.clone(), list: manifest.run.list.name.clone(), folder: Some(folder) });
        let rejected = LinesFile::begun::<Rejected<'_>>(dataset::rejected_path(dir))?;
        // There is none where every name comes once.
        let duplicates = LinesFile::of::<Duplicate<'_>>(dataset::duplicates_path(dir));
        let lines = [Arc::clone(&rejected), Arc::clone(&duplicates)];
        let input = input.with_rejects(move |line: &Rejected<'_>| rejected.add(line));
        let input = input.with_duplicates(move |line: &Duplicate<'_>| duplicates.add(line));
        let place = Place::Folder { dataset: Box::new(dataset), lines, spool };
        Ok((Self { place, shard_rows }, input))
    }

    fn stream(plan: &ScanPlan, network: &Network, status: &Status) -> Result<(Self, Input), ScanError> {
        let spool = temporary_folder()?;
        let input = open_input(plan, network, status, spool.path())?;
        let run = describe(plan, network, &input)?;
        tell_of_list(&run, plan, status);
        let RunDescription { run_id, list, .. } = run;
        status.identify(Identity { run_id, list: list.name, folder: None });
        let writer = Lines::open(plan)?;
        let place = Place::Stream(Box::new(Stream { writer, waiting: BTreeMap::new(), next: 0, rows: 0, _spool: spool }));
        Ok((Self { place, shard_rows: STREAM_SHARD_ROWS }, input))
    }

    /// Rows in a shard.
    pub(super) fn shard_rows(&self) -> u64 {
        self.shard_rows
    }

    /// Whether late rows of a shard can follow its others: in a folder as another part of the shard, never in a stream, which is in order.
    pub(super) fn takes_late_rows(&self) -> bool {
        matches!(self.place, Place::Folder { .. })
    }

    /// Ordinals whose rows are there from earlier runs, disjoint and ascending.
    pub(super) fn committed(&self) -> Vec<Range<u64>> {
        match &self.place {
            Place::Folder { dataset, .. } => dataset.committed(),
            Place::Stream(_) => Vec::new(),
        }
    }

    /// Takes the rows of a shard, in any order. When this returns they are safe.
    pub(super) fn commit(&mut self, shard: u64, pieces: Vec<Piece>, network: &Network, status: &Status) -> Result<(), ScanError> {
        match &mut self.place {
            Place::Folder { dataset, .. } => {
                dataset.commit_pieces(shard, &pieces, &activity(network, status))?;
            }
            Place::Stream(stream) => {
                stream.waiting.insert(shard, pieces);
                while let Some(pieces) = stream.waiting.remove(&stream.next) {
                    stream.rows += stream.writer.write_in_order(&pieces)?;
                    stream.next += 1;
                }
            }
        }
        Ok(())
    }

    /// Ends the scan: at the end of the list the dataset is finished, else it stays resumable. A stream has its end mark if it has a row
    /// of every name, and else none, so that a reader can tell.
    pub(super) fn finish(self, network: &Network, status: &Status, read: Read, input: &Input) -> Result<ScanSummary, ScanError> {
        let Read { accounting, stopped, error } = read;
        let complete = !stopped && error.is_none();
        let mut streamed = None;
        let manifest = match self.place {
            Place::Folder { dataset, lines, spool } => {
                lines.iter().try_for_each(|file| file.close(complete))?;
                if complete {
                    pause(Step::RejectedNamed);
                    let list = list(&dataset.manifest().run.list, input);
                    let manifest = dataset.finish(accounting, list, &activity(network, status))?;
                    spool.remove();
                    Some(manifest)
                } else {
                    Some(dataset.manifest().clone())
                }
            }
            Place::Stream(stream) => {
                streamed = Some(stream.rows);
                if complete {
                    check_accounting(&accounting, stream.rows)?;
                    stream.writer.finish()?;
                }
                None
            }
        };
        match (error, streamed) {
            (Some(cause), Some(rows)) => Err(ScanError::CutStream { cause: Box::new(cause), rows }),
            (Some(error), None) => Err(error),
            (None, _) => Ok(ScanSummary { manifest, accounting, streamed, stopped, unchecked: input.unchecked() }),
        }
    }
}

/// Opens the list, or the caller's own where none is given.
fn open_input(plan: &ScanPlan, network: &Network, status: &Status, spool: &Path) -> Result<Input, ScanError> {
    let (source_ips, interface) = plan.network.source.parts();
    let mut options = InputOptions {
        spool_dir: spool.to_owned(),
        roots: Some(Arc::clone(network.roots())),
        source_ips,
        interface: interface.map(str::to_owned),
        ..plan.input.clone()
    };
    if let Some(list) = plan.own_list.as_ref().filter(|_| options.sources.is_empty()) {
        options.sources = vec![write_own_list(list, spool)?];
        options.file_name = Some(list.name.clone());
    }
    let mut watch = |preparation: &Preparation<'_>| {
        status.prepare(preparation);
        if status.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let input = Input::open_watched(&options, network.exclusion(), &mut watch)?;
    status.prepared();
    Ok(input)
}

/// The caller's own list as a file, so that it is read like any other.
fn write_own_list(list: &OwnList, spool: &Path) -> Result<String, ScanError> {
    let path = spool.join(&list.name);
    let write = || -> io::Result<()> {
        fs::create_dir_all(spool)?;
        let mut file = BufWriter::new(File::create(&path)?);
        (list.write)(&mut file)?;
        file.flush()
    };
    write().map_err(|error| InputError::Spool { list: list.name.clone(), place: path.clone(), error })?;
    Ok(path.to_string_lossy().into_owned())
}

/// What the manifest says of the run before it begins.
fn describe(plan: &ScanPlan, network: &Network, input: &Input) -> Result<RunDescription, ScanError> {
    let sources = input.sources();
    let name = plan.list_name();
    let sha256 = match sources {
        [] => None,
        [only] => Some(only.sha256.clone()),
        several => Some(several.iter().map(|source| source.sha256.as_str()).collect::<Vec<_>>().join(" ")),
    };
    let told = told(sources);
    let NamedOptions { mut configuration, pace } = plan.named_options()?;
    // Not what was typed but what is in force: rows of one scan are asked alike, also by a session that has another resolver.
    configuration.insert("dane".to_owned(), network.dane().as_str().into());
    Ok(RunDescription {
        run_id: RunDescription::new_id(),
        tool: Tool::of_this_build(),
        catalogue_version: CATALOGUE_VERSION.to_owned(),
        configuration,
        pace,
        shard_rows: plan.shard_rows,
        list: List { name, id: plan.list_id.clone().or(told.id), sha256, lines: None, date: told.date, known: told.known },
        public_suffix_list: suffix::LIST_VERSION.to_owned(),
        root_store: network.root_store().to_owned(),
        resolvers: network.resolvers().to_vec(),
        resolver_validates: network.resolver_validates(),
        asn_db: plan.network.asn_db.described(),
        user_agent: network.user_agent().to_owned(),
    })
}

/// What is to be known of a well-known list, and that a list without a name cannot be cited.
fn tell_of_list(run: &RunDescription, plan: &ScanPlan, status: &Status) {
    if let Some(note) = run.list.known.and_then(|known| known.note(plan.input.registrable)) {
        status.note(note);
    }
    let is_nameless = plan.list_name.is_none() && run.list.id.is_none() && run.list.known.is_none();
    if is_nameless && run.list.name.starts_with("top-1m.csv") {
        status.note(format!(
            "{:?} is what several lists call their file (Tranco, Umbrella): say which by --list-name and --list-id",
            run.list.name
        ));
    }
}

/// What all sources tell alike; their ids and days one after another, where each has one.
fn told(sources: &[Source]) -> Told {
    let same = |all: Vec<Option<KnownList>>| all.first().copied().flatten().filter(|first| all.iter().all(|one| *one == Some(*first)));
    let joined = |each: fn(&Told) -> Option<&String>| {
        let all: Option<Vec<&str>> = sources.iter().map(|source| each(&source.told).map(String::as_str)).collect();
        all.filter(|all| !all.is_empty()).map(|all| all.join(", "))
    };
    Told {
        known: same(sources.iter().map(|source| source.told.known).collect()),
        id: joined(|told| told.id.as_ref()),
        date: joined(|told| told.date.as_ref()),
    }
}

fn list(begun: &List, input: &Input) -> List {
    List { lines: Some(input.accounting().lines), ..begun.clone() }
}

fn activity(network: &Network, status: &Status) -> Activity {
    let dns = network.dns_totals();
    Activity {
        seconds: status.elapsed().as_secs_f64(),
        dns_queries: dns.sent,
        dns_retries: dns.retries,
        fetches: network.fetches(),
        retried_targets: status.retried.load(Relaxed),
        dns: dns.activity,
        shared: network.sharing_totals(),
        smtp: network.smtp_totals(),
    }
}

/// Where copies of the list are kept: in the folder of the dataset, or, where that is of a store, in one of this machine that goes with the
/// process.
struct Spool {
    path: PathBuf,
    _temporary: Option<TempDir>,
}

impl Spool {
    fn of(dir: &Path) -> Result<Self, ScanError> {
        if !place::is_far(dir) {
            return Ok(Self { path: dir.join(dataset::SPOOL), _temporary: None });
        }
        let temporary = temporary_folder()?;
        Ok(Self { path: temporary.path().join(dataset::SPOOL), _temporary: Some(temporary) })
    }

    fn remove(&self) {
        remove_spool(&self.path);
    }
}

fn temporary_folder() -> Result<TempDir, ScanError> {
    TempDir::new().map_err(|error| ScanError::Machine(format!("cannot create a temporary folder: {error}")))
}

/// Copies of the list are of no use once the scan is finished; that one cannot be removed harms nobody.
fn remove_spool(spool: &Path) {
    let _ = fs::remove_dir_all(spool);
}

/// A file of lines that give no row of their own, rewritten by every run from the first line of the list on, and put in place at its end.
struct LinesFile {
    path: PathBuf,
    last: &'static str,
    open: Mutex<Option<OpenLines>>,
}

/// The file while it is being written.
type OpenLines = (LinesCsv<BufWriter<File>>, Draft);

impl LinesFile {
    fn of<L: ListLine>(path: PathBuf) -> Arc<Self> {
        Arc::new(Self { path, last: L::LAST, open: Mutex::default() })
    }

    /// The file with its header line, though there may be no line.
    fn begun<L: ListLine>(path: PathBuf) -> Result<Arc<Self>, ScanError> {
        let file = Self::of::<L>(path);
        let opened = file.begin().map_err(DatasetError::io("write", &file.path))?;
        *file.lock() = Some(opened);
        Ok(file)
    }

    fn begin(&self) -> io::Result<OpenLines> {
        let draft = Draft::begin(&self.path).map_err(DatasetError::into_io)?;
        Ok((LinesCsv::new(BufWriter::new(draft.file()?), self.last)?, draft))
    }

    fn lock(&self) -> MutexGuard<'_, Option<OpenLines>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line; the first one begins the file.
    fn add(&self, line: &impl ListLine) -> io::Result<()> {
        let mut open = self.lock();
        let (csv, _) = match &mut *open {
            Some(open) => open,
            None => open.insert(self.begin()?),
        };
        csv.write(line)
    }

    /// Puts the file in place if the list was read to its end: an unfinished scan has none, and what is dropped is gone.
    fn close(&self, complete: bool) -> Result<(), ScanError> {
        let Some((csv, draft)) = self.lock().take() else { return Ok(()) };
        csv.finish().map_err(DatasetError::io("write", &self.path))?;
        if complete {
            draft.put_in_place()?;
        }
        Ok(())
    }
}
