//! Which datasets are one scan, and whether sums over several scans would count names more than once.

use serde_json::Value;

use crate::analyse::scans::{AnalyseError, Scan};
use crate::dataset::{ColumnGroup, Manifest, text};
use xxhash_rust::xxh3::xxh3_64;

use super::reading::{RowGroup, fold};

/// Hashes of names that are compared at most; of longer lists a sample, by the hash.
const MAX_NAMES: u64 = 1 << 22;

/// The option of which shards of one list differ.
const SHARD: &str = "shard";

/// Datasets, grouped to scans: shards of one list are one.
pub(super) struct Wholes {
    /// The scan that each dataset belongs to.
    of: Vec<usize>,
    /// Of each scan its datasets, by their places.
    members: Vec<Vec<usize>>,
}

impl Wholes {
    /// Groups datasets. Shards are put together in the order of their times: the second shard of one number begins another scan.
    pub(super) fn of(scans: &[Scan]) -> Self {
        let mut by_time: Vec<usize> = (0..scans.len()).collect();
        by_time.sort_by_key(|at| scans.get(*at).map(|scan| scan.manifest().started_at.to_string()));
        let mut members: Vec<Vec<usize>> = Vec::new();
        for at in by_time {
            let belongs = |others: &&mut Vec<usize>| others.iter().all(|other| are_shards(scans, *other, at));
            match members.iter_mut().find(belongs) {
                Some(others) => others.push(at),
                None => members.push(vec![at]),
            }
        }
        members.iter_mut().for_each(|members| members.sort_unstable());
        members.sort_unstable();
        let of = (0..scans.len()).map(|at| members.iter().position(|members| members.contains(&at)).unwrap_or_default()).collect();
        Self { of, members }
    }

    /// How many scans there are.
    pub(super) const fn len(&self) -> usize {
        self.members.len()
    }

    /// The scan that a dataset belongs to.
    pub(super) fn whole(&self, dataset: usize) -> usize {
        self.of.get(dataset).copied().unwrap_or_default()
    }

    /// The datasets of each scan.
    pub(super) fn split(&self, scans: &[Scan]) -> Vec<Vec<Scan>> {
        self.members.iter().map(|members| members.iter().filter_map(|at| scans.get(*at)).cloned().collect()).collect()
    }

    /// What the scan of a dataset is called.
    pub(super) fn label(&self, scans: &[Scan], dataset: usize) -> String {
        let members = self.members.get(self.whole(dataset)).map(Vec::as_slice).unwrap_or_default();
        let first = members.first().and_then(|at| scans.get(*at)).map_or("", |scan| scan.label.as_str());
        match members.len() {
            0 | 1 => first.to_owned(),
            2 => format!("{first} and another shard"),
            shards => format!("{first} and {} more shards", shards - 1),
        }
    }

    /// Whether some name is in more than one of the scans.
    pub(super) fn have_names_in_common(&self, scans: &[Scan]) -> Result<bool, AnalyseError> {
        if self.len() < 2 {
            return Ok(false);
        }
        let rows: u64 = scans.iter().map(Scan::rows).sum();
        let sampled = rows / MAX_NAMES + 1;
        let step = |names: &mut Vec<(u64, usize)>, group: &RowGroup<'_>| {
            for batch in group.batches(&["domain"], None)? {
                let batch = batch?;
                let domain = ColumnGroup::table(&batch).column("domain")?;
                let hashes = (0..batch.num_rows()).map(|row| xxh3_64(text(&domain, row).unwrap_or_default().as_bytes()));
                names.extend(hashes.filter(|hash| hash % sampled == 0).map(|hash| (hash, self.whole(group.scan))));
            }
            Ok(())
        };
        let mut names = fold(scans, Vec::new, step, |mut a, mut b| {
            a.append(&mut b);
            a
        })?;
        names.sort_unstable();
        Ok(names.windows(2).any(|pair| matches!(pair, [(a, of_a), (b, of_b)] if a == b && of_a != of_b)))
    }
}

/// Whether two datasets are different shards of one list, scanned in the same way.
fn are_shards(scans: &[Scan], a: usize, b: usize) -> bool {
    let (Some(a), Some(b)) = (scans.get(a), scans.get(b)) else { return false };
    let (a, b) = (a.manifest(), b.manifest());
    let (Some(shard_a), Some(shard_b)) = (shard(a), shard(b)) else { return false };
    let options = |manifest: &Manifest| {
        let mut options = manifest.run.configuration.clone();
        options.remove(SHARD);
        options
    };
    let (list_a, list_b) = (&a.run.list, &b.run.list);
    let same_bytes = list_a.sha256.as_ref().zip(list_b.sha256.as_ref()).is_none_or(|(a, b)| a == b);
    let same_list = (&list_a.name, &list_a.id) == (&list_b.name, &list_b.id) && same_bytes;
    shard_a.1 == shard_b.1 && shard_a.0 != shard_b.0 && same_list && options(a) == options(b)
}

/// Which shard of how many a dataset is; `None` where it is the whole list.
fn shard(manifest: &Manifest) -> Option<(u64, u64)> {
    let text = manifest.run.configuration.get(SHARD).and_then(Value::as_str)?;
    let (index, count) = text.split_once('/')?;
    let (index, count) = (index.parse().ok()?, count.parse().ok()?);
    (count > 1).then_some((index, count))
}
