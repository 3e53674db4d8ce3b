//! Datasets opened to be analysed: each by its manifest, with what a reader of the figures has to know of it; and why an analysis could not be
//! made.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::dataset::tree::datasets;
use crate::dataset::{DatasetError, Manifest, Reader};

/// A dataset and how it is called beside others.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The folder.
    pub dir: PathBuf,
    /// Short name, unlike that of every other dataset of the analysis: of the folder, or its path where two folders have one name.
    pub label: String,
    /// The dataset.
    pub reader: Reader,
}

impl Scan {
    /// Opens a dataset, finished or not.
    ///
    /// # Errors
    /// If the folder holds no dataset, or one of a newer schema version.
    pub fn open(dir: &Path) -> Result<Self, AnalyseError> {
        let name = |dir: &Path| dir.file_name().map_or_else(|| dir.display().to_string(), |name| name.to_string_lossy().into_owned());
        let label = name(dir).trim_start_matches("date=").to_owned();
        Ok(Self { dir: dir.to_owned(), label, reader: Reader::open(dir)? })
    }

    /// Opens datasets that are to be analysed together.
    ///
    /// # Errors
    /// As [`Self::open`]; if a folder is given twice, so that its domains would count twice.
    pub fn open_all(dirs: &[PathBuf]) -> Result<Vec<Self>, AnalyseError> {
        let mut scans: Vec<Self> = dirs.iter().map(|dir| Self::open(dir)).collect::<Result<_, _>>()?;
        let same = |a: &Self, b: &Self| match (a.dir.canonicalize(), b.dir.canonicalize()) {
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

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        self.reader.manifest()
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
            notes.push(format!("{label}: the scan is unfinished, the figures are of the {rows} domains that it has so far"));
        }
        notes
    }
}

/// A failure of ours, of the disk, or of what was asked for; never a fact about a domain.
#[derive(Debug, Error)]
pub enum AnalyseError {
    /// A dataset cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// What was asked for is not possible. The text says why and what to do.
    #[error("{0}")]
    Request(String),
}
