//! What a worker brings in: observations judged at once and laid down as columns, by shard, so that no evidence waits for its shard.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use super::status::Status;
use crate::classify::Judge;
use crate::dataset::{DatasetError, Folded, RowBuilder};
use crate::evidence::Evidence;
use crate::input::Target;
use crate::networks::Databases;

/// Rows that leave a worker together; fewer of those that take more room, see [`weight`].
const BATCH_ROWS: usize = 2048;
/// Observations that wait for earlier ones before they become rows. Questions leave by their length, some hundreds at a time, so that so
/// many suffice for long runs of ordinals, which the part is written from without copying; more would be cold when they are read.
const WAITING: usize = 1024;

/// A target and what was seen.
pub(super) type Observation = (Target, Box<Evidence>);

/// Judged rows of one shard.
#[derive(Debug)]
pub(super) struct Batch {
    /// The shard.
    pub(super) shard: u64,
    /// Its rows; `None` says that the reader waits for them.
    pub(super) rows: Option<Folded>,
}

/// Takes what the probes of one worker saw.
pub(super) trait Gather<O> {
    /// What leaves the worker.
    type Batch;
    /// Takes an observation; gives the batch that it has made full.
    fn add(&mut self, observation: O) -> Option<Self::Batch>;
    /// Gives everything that is held back.
    fn take_all(&mut self) -> Vec<Self::Batch>;
}

/// The rows of one worker that have not left it yet.
pub(super) struct Harvest<'a> {
    shard_rows: u64,
    /// Those that wait, the earliest on top.
    waiting: BinaryHeap<Waiting>,
    /// Their weight.
    waiting_weight: usize,
    /// Those that are laid down, by shard, with their weight.
    open: BTreeMap<u64, (RowBuilder, usize)>,
    judge: Judge,
    networks: Arc<Databases>,
    status: &'a Status,
}

impl<'a> Harvest<'a> {
    pub(super) fn new(shard_rows: u64, networks: Arc<Databases>, status: &'a Status) -> Self {
        Self {
            shard_rows,
            waiting: BinaryHeap::with_capacity(WAITING + 1),
            waiting_weight: 0,
            open: BTreeMap::new(),
            judge: Judge::default(),
            networks,
            status,
        }
    }

    /// Judges the earliest that waits and lays it down as a row; gives the batch that it has made full.
    fn settle(&mut self) -> Option<Result<Batch, DatasetError>> {
        let Waiting((target, evidence)) = self.waiting.pop()?;
        let mut assessment = self.judge.judge(&evidence);
        if assessment.has_policy_hosts() {
            Arc::make_mut(&mut assessment).annotate(|host| self.networks.look_up(host.address));
        }
        self.status.count(&assessment);
        let shard = target.ordinal / self.shard_rows;
        let weight = weight(&evidence);
        self.waiting_weight = self.waiting_weight.saturating_sub(weight);
        let (rows, weights) = self.open.entry(shard).or_default();
        rows.push_shared(&target, &evidence, &assessment);
        *weights += weight;
        if *weights < BATCH_ROWS {
            return None;
        }
        self.open.remove(&shard).map(|(rows, _)| finish(shard, rows))
    }
}

/// How much room a row takes, in rows of domains whose mail servers are not asked: a conversation takes twice as much as all the rest.
fn weight(evidence: &Evidence) -> usize {
    1 + 2 * evidence.mx_hosts.iter().map(|host| host.conversations.len()).sum::<usize>()
}

/// Earlier ordinals are greater, as the heap gives its greatest.
struct Waiting(Observation);

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.0.ordinal.cmp(&self.0.0.ordinal)
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

impl Gather<Observation> for Harvest<'_> {
    type Batch = Result<Batch, DatasetError>;

    fn add(&mut self, observation: Observation) -> Option<Self::Batch> {
        self.waiting_weight += weight(&observation.1);
        self.waiting.push(Waiting(observation));
        while self.waiting_weight > WAITING {
            if let Some(full) = self.settle() {
                return Some(full);
            }
        }
        None
    }

    fn take_all(&mut self) -> Vec<Self::Batch> {
        let mut all = Vec::new();
        while !self.waiting.is_empty() {
            all.extend(self.settle());
        }
        all.extend(std::mem::take(&mut self.open).into_iter().map(|(shard, (rows, _))| finish(shard, rows)));
        all
    }
}

fn finish(shard: u64, rows: RowBuilder) -> Result<Batch, DatasetError> {
    rows.fold().map(|rows| Batch { shard, rows: Some(rows) })
}
