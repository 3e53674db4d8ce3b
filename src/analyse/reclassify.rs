//! Old evidence judged again by today's rules, into a new dataset, on all cores and without sending a packet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::thread;

use arrow::array::{Array, BooleanArray, RecordBatch, StringArray};
use rayon::prelude::*;

use super::scans::{AnalyseError, Scan};
use crate::classify::{self, Assessment, CATALOGUE_VERSION, PolicyHost};
use crate::dataset::{
    ColumnGroup, DatasetError, DerivedDataset, EvidenceColumns, Judge, MAX_BATCH_ROWS, Manifest, Options, Part, PolicyHostColumn, Reader,
    Tool, elements, rejudged_batch, text, without_validation,
};
use crate::name::suffix;
use crate::networks::Databases;

/// What is read: all that judgement does not fill, and of what it fills that which the summary compares.
const COLUMNS: &[&str] = &[
    "ordinal",
    "domain",
    "rank",
    "list",
    "file",
    "line",
    "scanned_at",
    "elapsed_ms",
    "posture",
    "delivery",
    "findings.list.element.code",
    "policy_hosts",
    "carried",
    "evidence",
];

/// What judgement leaves as it is and takes time to pack. Of numbers the footer has more to say than can be taken over.
const UNCHANGED: &[&str] = &["domain", "list", "file", "carried", "evidence"];

/// The same where evidence is written again, too.
const BUT_EVIDENCE: &[&str] = &["domain", "list", "file", "carried"];

/// How the judgements differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rows in all.
    pub rows: u64,
    /// Rows whose posture, delivery or codes are others.
    pub changed: u64,
    /// By code, every code that is in either.
    pub codes: BTreeMap<String, CodeChange>,
    /// Rows whose posture is another, by the words before and after.
    pub posture: BTreeMap<(String, String), u64>,
    /// Rows whose delivery is another, by the words before and after.
    pub delivery: BTreeMap<(String, String), u64>,
}

/// Rows that have a finding, before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeChange {
    /// Rows that had it.
    pub before: u64,
    /// Rows that have it.
    pub after: u64,
    /// Rows that have it and had it not.
    pub appeared: u64,
    /// Rows that had it and have it no more.
    pub gone: u64,
}

impl Changes {
    fn merge(mut self, other: Self) -> Self {
        self.rows += other.rows;
        self.changed += other.changed;
        for (code, more) in other.codes {
            let sum = self.codes.entry(code).or_default();
            sum.appeared += more.appeared;
            sum.gone += more.gone;
        }
        for (sum, more) in [(&mut self.posture, other.posture), (&mut self.delivery, other.delivery)] {
            for (words, rows) in more {
                *sum.entry(words).or_default() += rows;
            }
        }
        self
    }

    /// Adds what the manifests count already.
    fn with_totals(mut self, before: &Manifest, after: &Manifest) -> Self {
        for (code, rows) in &before.counts.findings {
            self.codes.entry(code.clone()).or_default().before = *rows;
        }
        for (code, rows) in &after.counts.findings {
            self.codes.entry(code.clone()).or_default().after = *rows;
        }
        self
    }
}

/// Judges the evidence of `dir` again and writes the dataset `out`: the same run, parts and ordinals. The same rules give the same files.
///
/// Whose networks the addresses of policy hosts are of `networks` says; where there are none, what the dataset says is kept.
///
/// Memory: on each core one batch of at most [`MAX_BATCH_ROWS`] rows and the part that it goes into, packed.
///
/// # Errors
/// If `dir` holds no finished dataset, `out` may not be written to, or the disk fails.
pub fn reclassify(dir: &Path, out: &Path, networks: &Databases) -> Result<(Manifest, Changes), AnalyseError> {
    let origin = Scan::open(dir)?.reader;
    let judge = Judge {
        tool: Tool::of_this_build(),
        catalogue_version: CATALOGUE_VERSION.to_owned(),
        public_suffix_list: suffix::LIST_VERSION.to_owned(),
    };
    let mut options = Options::new();
    let described = networks.described();
    if !described.is_empty() {
        options.insert("asn-db".to_owned(), described.iter().map(|database| format!("sha256:{}", database.sha256)).collect());
    }
    let mut dataset = DerivedDataset::begin(out, &origin, "reclassify", options, Some(judge))?;
    if !described.is_empty() {
        dataset.manifest_mut().run.asn_db = described;
    }
    let networks = Some(networks).filter(|networks| !networks.described().is_empty());
    // Of merged shards each may have had other resolvers; where nobody noted it, what was said stays.
    let validates = origin.manifest().run.resolver_validates != Some(false) || !origin.manifest().merged_from.is_empty();
    let changes = Mutex::new(Changes::default());
    let parts = each_part(&origin, |part, ahead| {
        let origin = origin.fetched(part)?;
        let batches = origin.part_in_batches(part, Some(COLUMNS), MAX_BATCH_ROWS)?;
        let forgets = !validates && says_what_was_validated(&origin, part)?;
        let rejudge = |batch| rejudge(batch, networks, forgets);
        let batches = Rejudged { batches, rejudge, ahead, ready: Vec::new().into_iter() };
        let mut sum = Changes::default();
        let written = dataset.write_part(
            &origin,
            part,
            if forgets { BUT_EVIDENCE } else { UNCHANGED },
            batches.map(|judged| {
                let (batch, more) = judged?;
                sum = std::mem::take(&mut sum).merge(more);
                Ok(batch)
            }),
        )?;
        let mut changes = changes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *changes = std::mem::take(&mut *changes).merge(sum);
        Ok(written)
    })?;
    dataset.copy_lines(&origin, <[u8]>::to_vec)?;
    let manifest = dataset.finish(parts)?;
    let changes = changes.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let changes = changes.with_totals(origin.manifest(), &manifest);
    Ok((manifest, changes))
}

/// Processes every part, in their order, on as many threads as there are cores. `make` is given how many batches it should
/// work at once, where there are fewer parts than cores.
pub(super) fn each_part<T: Send>(
    origin: &Reader,
    make: impl Fn(&Part, usize) -> Result<T, DatasetError> + Sync,
) -> Result<Vec<T>, DatasetError> {
    let parts = &origin.manifest().parts;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(parts.len()).max(1);
    let ahead = cores.div_ceil(threads);
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, T)>, DatasetError> {
        let mut made = Vec::new();
        loop {
            let index = next.fetch_add(1, Relaxed);
            let Some(part) = parts.get(index) else { return Ok(made) };
            // Where one fails, the others begin no further part.
            made.push((index, make(part, ahead).inspect_err(|_| next.store(parts.len(), Relaxed))?));
        }
    };
    let of_threads: Vec<Result<Vec<(usize, T)>, DatasetError>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let broken = || DatasetError::Inconsistent("a thread that made a part broke".to_owned());
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(broken()))).collect()
    });
    let mut made: Vec<(usize, T)> = of_threads.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    made.sort_by_key(|(index, _)| *index);
    Ok(made.into_iter().map(|(_, made)| made).collect())
}

/// The batches of a part, judged again: `ahead` of them at once.
struct Rejudged<B, F> {
    batches: B,
    rejudge: F,
    ahead: usize,
    ready: std::vec::IntoIter<Result<(RecordBatch, Changes), DatasetError>>,
}

impl<B, F> Iterator for Rejudged<B, F>
where
    B: Iterator<Item = Result<RecordBatch, DatasetError>>,
    F: Fn(Result<RecordBatch, DatasetError>) -> Result<(RecordBatch, Changes), DatasetError> + Sync,
{
    type Item = Result<(RecordBatch, Changes), DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ahead <= 1 {
            return self.batches.next().map(&self.rejudge);
        }
        if self.ready.as_slice().is_empty() {
            let batches: Vec<_> = self.batches.by_ref().take(self.ahead).collect();
            self.ready = batches.into_par_iter().map(&self.rejudge).collect::<Vec<_>>().into_iter();
        }
        self.ready.next()
    }
}

/// Whether a part says of any answer to MX whether it was validated.
fn says_what_was_validated(origin: &Reader, part: &Part) -> Result<bool, DatasetError> {
    for batch in origin.part_in_batches(part, Some(&["evidence.mx.ad"]), MAX_BATCH_ROWS)? {
        let batch = batch?;
        let ad: BooleanArray = ColumnGroup::table(&batch).group("evidence")?.group("mx")?.column("ad")?;
        if ad.null_count() < ad.len() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Judges a batch again. Without `networks` what it says of addresses is kept; `forgets`: the resolver was not trusted to validate, which an
/// older version did not heed.
fn rejudge(
    batch: Result<RecordBatch, DatasetError>,
    networks: Option<&Databases>,
    forgets: bool,
) -> Result<(RecordBatch, Changes), DatasetError> {
    let batch = batch?;
    // Each in a frame of its own: readers and builders of evidence are large, and the stacks of threads small.
    if forgets { judged(&without_validation(&batch)?, networks) } else { judged(&batch, networks) }
}

fn judged(batch: &RecordBatch, networks: Option<&Databases>) -> Result<(RecordBatch, Changes), DatasetError> {
    let evidence = EvidenceColumns::of(batch)?;
    let known = PolicyHostColumn::of(batch)?;
    let mut judge = classify::Judge::default();
    let assess = |row| {
        let mut assessment = judge.judge(&evidence.row(row)?);
        if assessment.has_policy_hosts() {
            let before = known.row(row).unwrap_or_default();
            Arc::make_mut(&mut assessment).annotate(|host| match networks {
                Some(networks) => networks.look_up(host.address),
                None => before.iter().find(|known| known.address == host.address).map(PolicyHost::network).unwrap_or_default(),
            });
        }
        Ok(assessment)
    };
    let assessments = (0..batch.num_rows()).map(assess).collect::<Result<Vec<_>, DatasetError>>()?;
    let changes = changes(batch, &assessments)?;
    Ok((rejudged_batch(batch, &assessments)?, changes))
}

/// How the rows' judgements differ from those that were stored.
fn changes(batch: &RecordBatch, assessments: &[Arc<Assessment>]) -> Result<Changes, DatasetError> {
    let table = ColumnGroup::table(batch);
    let (posture, delivery): (StringArray, StringArray) = (table.column("posture")?, table.column("delivery")?);
    let (lists, findings) = table.groups("findings")?;
    let codes: StringArray = findings.column("code")?;
    let mut changes = Changes { rows: batch.num_rows() as u64, ..Changes::default() };
    for (row, assessment) in assessments.iter().enumerate() {
        let mut changed = false;
        let words = [
            (&mut changes.posture, text(&posture, row), assessment.posture.as_str()),
            (&mut changes.delivery, text(&delivery, row), assessment.delivery.as_str()),
        ];
        for (sum, before, after) in words {
            let before = before.unwrap_or_default();
            if before != after {
                changed = true;
                *sum.entry((before.to_owned(), after.to_owned())).or_default() += 1;
            }
        }
        let before = || elements(&lists, row).map(|index| codes.value(index));
        let after = || assessment.findings.iter().map(|finding| finding.code.as_str());
        if !before().eq(after()) {
            let (before, after): (BTreeSet<&str>, BTreeSet<&str>) = (before().collect(), after().collect());
            for code in after.difference(&before) {
                changes.codes.entry((*code).to_owned()).or_default().appeared += 1;
            }
            for code in before.difference(&after) {
                changes.codes.entry((*code).to_owned()).or_default().gone += 1;
            }
            changed |= before != after;
        }
        changes.changed += u64::from(changed);
    }
    Ok(changes)
}
