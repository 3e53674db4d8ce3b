//! Datasets opened to be analysed: each by its manifest, with what a reader of the figures has to know of it; and why an analysis could not be
//! made.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use rayon::prelude::*;
use thiserror::Error;

use super::expect::{Expectations, ExpectationsError};
use super::filter::{Filter, FilterError};
use super::provenance::Provenance;
use super::rows::{Kept, SeenPart};
use crate::dataset::tree::datasets;
use crate::dataset::{ColumnGroup, Counts, DatasetError, Manifest, Part, Reader};
use crate::place;

/// Rows that are decoded at once to be counted.
const COUNTED_ROWS: usize = 8192;

/// A dataset and how it is called beside others.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The folder.
    pub dir: PathBuf,
    /// Short name, unlike that of every other dataset of the analysis: of the folder, or its path where two folders have one name.
    pub label: String,
    /// The dataset.
    pub reader: Reader,
    /// Which rows are seen; `None`: all.
    filter: Option<Arc<Filter>>,
    /// Where such rows are, by the files of the parts that have some; `None`: not known before these are read.
    found: Option<Arc<HashMap<String, Kept>>>,
    /// Rows that are seen in place of those of the parts, and what is to be said of them.
    held: Option<(RecordBatch, Arc<str>)>,
    /// What is demanded of them; `None`: nothing.
    expectations: Option<Arc<Expectations>>,
    /// The rows that are seen, by state; `None`: as the manifest has it.
    counts: Option<Arc<Counts>>,
}

/// Rows of a dataset that are opened together.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'s> {
    Part(&'s Part),
    Held(&'s RecordBatch),
}

impl Scan {
    /// Opens a dataset, finished or not.
    ///
    /// # Errors
    /// If the folder holds no dataset, or one of a newer schema version.
    pub fn open(dir: &Path) -> Result<Self, AnalyseError> {
        let name = |dir: &Path| dir.file_name().map_or_else(|| dir.display().to_string(), |name| name.to_string_lossy().into_owned());
        let label = name(dir).trim_start_matches("date=").to_owned();
        Ok(Self {
            dir: dir.to_owned(),
            label,
            reader: Reader::open(dir)?,
            filter: None,
            found: None,
            held: None,
            expectations: None,
            counts: None,
        })
    }

    /// Opens datasets that are to be analysed together.
    ///
    /// # Errors
    /// As [`Self::open`]; if a folder is given twice, so that its domains would count twice.
    pub fn open_all(dirs: &[PathBuf]) -> Result<Vec<Self>, AnalyseError> {
        let mut scans: Vec<Self> = dirs.iter().map(|dir| Self::open(dir)).collect::<Result<_, _>>()?;
        let same = |a: &Self, b: &Self| match (place::canonical(&a.dir), place::canonical(&b.dir)) {
            (Ok(a), Ok(b)) => a == b,
            _ => a.dir == b.dir,
        };
        for (at, scan) in scans.iter().enumerate() {
            if scans.iter().take(at).any(|earlier| same(earlier, scan)) {
                return Err(AnalyseError::Request(format!("{}: given twice; name each dataset once", scan.dir.display())));
            }
        }
        let labels: Vec<String> = scans.iter().map(|scan| scan.label.clone()).collect();
        for scan in &mut scans {
            if labels.iter().filter(|label| **label == scan.label).count() > 1 {
                scan.label = scan.dir.display().to_string();
            }
        }
        Ok(scans)
    }

    /// Opens the datasets of a series; one that is a tree of scans (`list=NAME/date=YYYY-MM-DD`) stands for all of them.
    ///
    /// # Errors
    /// As [`Self::open_all`].
    pub fn open_series(dirs: &[PathBuf]) -> Result<Vec<Self>, AnalyseError> {
        let all: Vec<Vec<PathBuf>> = dirs.iter().map(|dir| datasets(dir)).collect::<Result<_, _>>()?;
        Self::open_all(&all.concat())
    }

    /// What has to be said of figures of some datasets if results of one are invented.
    pub fn invented(scans: &[Self]) -> Option<String> {
        let mut said: Vec<String> = Vec::new();
        for scan in scans {
            let sentence = scan.manifest().run.invented().map(|invented| match scans.len() {
                1 => invented,
                _ => format!("{}: {invented}", scan.label),
            });
            said.extend(sentence.filter(|sentence| !said.contains(sentence)));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// The scan with only those rows that a filter keeps.
    ///
    /// # Errors
    /// If the dataset cannot be read.
    pub fn only(self, filter: &Filter) -> Result<Self, AnalyseError> {
        if filter.is_empty() {
            return Ok(self);
        }
        let filter = self.filter().map_or_else(|| filter.clone(), |before| before.and(filter));
        let domains = filter.domains();
        let seen = Self { filter: Some(Arc::new(filter)), found: None, ..self };
        let found = domains.map(|domains| seen.find(&domains)).transpose()?.map(Arc::new);
        Self { found, ..seen }.counted()
    }

    /// Where the rows that are kept are, if these are of no other domains. Of a part that may have one of them the columns of the filter are read,
    /// once, and nothing of the others.
    fn find(&self, domains: &[String]) -> Result<HashMap<String, Kept>, AnalyseError> {
        let kept =
            self.reader.holding(domains).into_par_iter().map(|part| Ok((part.file.clone(), self.seen(&Source::Part(part))?.all_kept()?)));
        let found = kept.filter(|kept| kept.as_ref().map_or(true, |(_, kept)| kept.iter().any(|rows| !rows.is_empty())));
        found.collect::<Result<_, DatasetError>>().map_err(AnalyseError::from)
    }

    /// Whether no rows are seen but those of domains that were named, which were looked up: nothing else was read.
    pub(super) fn is_looked_up(&self) -> bool {
        self.found.is_some()
    }

    /// The scan with its rows judged by expectations, the dataset being as it is.
    ///
    /// # Errors
    /// If the dataset cannot be read; if an expectation is about a carried column that it does not have.
    pub fn expecting(self, expectations: &Arc<Expectations>) -> Result<Self, AnalyseError> {
        if !expectations.about_carried().is_empty() {
            expectations.check_carried(&self.carried_columns()?)?;
        }
        Self { expectations: Some(Arc::clone(expectations)), ..self }.counted()
    }

    /// The scan with the counts of those rows that are seen, as they are seen.
    fn counted(mut self) -> Result<Self, AnalyseError> {
        let of_source = |source: &Source<'_>| -> Result<Counts, DatasetError> {
            let (file, mut counts) = (self.seen(source)?, Counts::default());
            for row_group in 0..file.row_groups() {
                for batch in file.read(row_group, Counts::COLUMNS, COUNTED_ROWS, None)? {
                    let batch = batch?;
                    counts.add(&Counts::of(&batch)?);
                }
            }
            Ok(counts)
        };
        let counts = self.sources().par_iter().map(of_source).try_reduce(Counts::default, |mut sum, more| {
            sum.add(&more);
            Ok(sum)
        })?;
        self.counts = Some(Arc::new(counts));
        Ok(self)
    }

    /// Scans with only those rows that a filter keeps.
    ///
    /// # Errors
    /// If a dataset cannot be read; if the filter names a carried column that none of them has.
    pub fn all_only(scans: Vec<Self>, filter: &Filter) -> Result<Vec<Self>, AnalyseError> {
        if filter.is_about_carried() {
            let known = scans.iter().map(Self::carried_columns).collect::<Result<Vec<_>, _>>()?.concat();
            filter.check_carried(&known)?;
        }
        scans.into_iter().map(|scan| scan.only(filter)).collect()
    }

    /// The scan with all its rows.
    pub(super) fn whole(&self) -> Self {
        Self { filter: None, found: None, held: None, counts: None, ..self.clone() }
    }

    /// The scan with only these rows, which are whole, in memory and not judged by expectations yet; `about` says which they are.
    ///
    /// # Errors
    /// If a column is missing.
    pub(super) fn holding(&self, rows: RecordBatch, about: &str) -> Result<Self, AnalyseError> {
        Self { filter: None, found: None, held: Some((rows, about.into())), ..self.clone() }.counted()
    }

    /// Where the rows are, in the order of the input.
    pub(super) fn sources(&self) -> Vec<Source<'_>> {
        match &self.held {
            Some((rows, _)) => vec![Source::Held(rows)],
            None => {
                let has_some = |part: &&Part| self.found.as_ref().is_none_or(|found| found.contains_key(&part.file));
                self.manifest().parts.iter().filter(has_some).map(Source::Part).collect()
            }
        }
    }

    /// Calls `each` with the batches of the rows that are seen, of these columns.
    ///
    /// # Errors
    /// If the dataset cannot be read, or `each` fails.
    pub(super) fn each_batch(
        &self,
        columns: &[&str],
        mut each: impl FnMut(&RecordBatch) -> Result<(), DatasetError>,
    ) -> Result<(), AnalyseError> {
        for source in self.sources() {
            let part = self.seen(&source)?;
            for row_group in 0..part.row_groups() {
                for batch in part.read(row_group, columns, COUNTED_ROWS, None)? {
                    each(&*batch?)?;
                }
            }
        }
        Ok(())
    }

    /// The domains that are seen and their MX hosts: what TLS reports about them are about.
    ///
    /// # Errors
    /// If the dataset cannot be read.
    pub fn policy_domains(&self) -> Result<HashSet<String>, AnalyseError> {
        let mut names = HashSet::new();
        self.each_batch(&["domain", "mx_hosts"], |batch| {
            let table = ColumnGroup::table(batch);
            let (domains, hosts): (StringArray, _) = (table.column("domain")?, table.lists::<StringArray>("mx_hosts")?);
            names.extend(domains.iter().flatten().map(str::to_owned));
            names.extend((0..batch.num_rows()).flat_map(|row| hosts.texts(row).into_iter().flatten()).map(str::to_owned));
            Ok(())
        })?;
        Ok(names)
    }

    /// What keeps rows, if not all are seen.
    pub(super) fn filter(&self) -> Option<&Filter> {
        self.filter.as_deref()
    }

    /// Names of the carried columns, in the order in which they first come.
    ///
    /// # Errors
    /// If the dataset cannot be read.
    pub(crate) fn carried_columns(&self) -> Result<Vec<String>, AnalyseError> {
        let mut names: Vec<String> = Vec::new();
        self.each_batch(&["carried.list.element.name"], |batch| {
            let Some((_, carried)) = ColumnGroup::table(batch).added_groups("carried")? else { return Ok(()) };
            let column: StringArray = carried.column("name")?;
            for name in column.iter().flatten() {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
            Ok(())
        })?;
        Ok(names)
    }

    /// The rows of a source that are seen.
    ///
    /// # Errors
    /// If it cannot be opened or is not what the manifest says.
    pub(super) fn seen(&self, source: &Source<'_>) -> Result<SeenPart, DatasetError> {
        match source {
            Source::Held(rows) => Ok(SeenPart::held((*rows).clone(), self.expectations.clone())),
            Source::Part(part) => {
                let found = self.found.as_ref().and_then(|found| found.get(&part.file));
                Ok(SeenPart::new(self.reader.part_file(part)?, self.filter.clone(), found, self.expectations.clone()))
            }
        }
    }

    /// The rows that are seen, by state.
    pub fn counts(&self) -> &Counts {
        self.counts.as_deref().unwrap_or(&self.manifest().counts)
    }

    /// How many rows are seen.
    pub fn rows(&self) -> u64 {
        self.counts.as_ref().map_or_else(|| self.manifest().parts.iter().map(|part| part.rows).sum(), |counts| counts.rows)
    }

    /// What is demanded of its rows.
    pub fn expectations(&self) -> Option<&Expectations> {
        self.expectations.as_deref()
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        self.reader.manifest()
    }

    /// Where its figures come from.
    pub fn provenance(&self) -> Provenance {
        Provenance::of(&self.label, self.manifest())
    }

    /// What a reader of any figure of this dataset has to know, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let manifest = self.manifest();
        let rows: u64 = manifest.parts.iter().map(|part| part.rows).sum();
        let label = &self.label;
        let mut notes = Vec::new();
        if self.reader.is_edited() {
            notes.push(format!("{label}: manifest.json was changed after stscan wrote it; `stscan verify` says more"));
        }
        notes.extend(manifest.run.invented().map(|invented| format!("{label}: {invented}")));
        if manifest.finished_at.is_none() {
            notes.push(format!("{label}: the scan is unfinished; the figures cover the rows that it has so far ({rows})"));
        }
        let about = self.held.as_ref().map(|(_, about)| about.to_string()).or_else(|| self.filter().map(Filter::text));
        notes.extend(about.map(|about| {
            let (seen, domains) = (self.rows(), if rows == 1 { "domain" } else { "domains" });
            format!("{label}: only {seen} of {rows} {domains}, those with {about}")
        }));
        notes.extend(self.expectations.iter().flat_map(|expectations| expectations.notes()));
        notes
    }
}

/// A failure of ours, of the disk, or of what was asked for; never a fact about a domain.
#[derive(Debug, Error)]
pub enum AnalyseError {
    /// A dataset cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A condition is none.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// An expectation cannot be judged.
    #[error(transparent)]
    Expectations(#[from] ExpectationsError),
    /// What was asked for is not possible. The text says why and what to do.
    #[error("{0}")]
    Request(String),
}
