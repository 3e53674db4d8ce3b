//! What a worker brings in: observations judged at once and laid down as columns, by shard, so that no evidence waits for its shard.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::status::Status;
use crate::classify::Judge;
use crate::dataset::{DatasetError, Folded, MAX_BATCH_ROWS, RowBuilder};
use crate::evidence::Evidence;
use crate::input::Target;
use crate::networks::Databases;

/// Rows that leave a worker together; fewer of those that take more room, see [`weight`].
const BATCH_ROWS: usize = MAX_BATCH_ROWS;

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
    /// Gives what was already held back at the last call.
    fn take_aged(&mut self) -> Vec<Self::Batch>;
    /// Gives everything that is held back.
    fn take_all(&mut self) -> Vec<Self::Batch>;
}

/// The rows of one worker that have not left it yet.
pub(super) struct Harvest<'a> {
    shard_rows: u64,
    /// By shard.
    open: BTreeMap<u64, Open>,
    judge: Judge,
    networks: Arc<Databases>,
    status: &'a Status,
}

/// Rows that are held back.
#[derive(Default)]
struct Open {
    rows: RowBuilder,
    weight: usize,
    /// Whether they have been looked at for their age.
    is_aged: bool,
}

impl<'a> Harvest<'a> {
    pub(super) fn new(shard_rows: u64, networks: Arc<Databases>, status: &'a Status) -> Self {
        Self { shard_rows, open: BTreeMap::new(), judge: Judge::default(), networks, status }
    }

    fn finish(&self, shard: u64, rows: RowBuilder) -> Result<Batch, DatasetError> {
        let rows = rows.fold()?;
        self.status.judged.fetch_add(rows.len() as u64, Relaxed);
        Ok(Batch { shard, rows: Some(rows) })
    }
}

/// How much room a row takes, in rows of domains whose mail servers are not asked: a conversation takes twice as much as all the rest.
fn weight(evidence: &Evidence) -> usize {
    1 + 2 * evidence.mx_hosts.iter().map(|host| host.conversations.len()).sum::<usize>()
}

impl Gather<Observation> for Harvest<'_> {
    type Batch = Result<Batch, DatasetError>;

    /// Judges what was seen and lays it down as a row at once, while it is at hand: the part puts the rows into their order.
    fn add(&mut self, (target, evidence): Observation) -> Option<Self::Batch> {
        let mut assessment = self.judge.judge(&evidence);
        if assessment.has_policy_hosts() {
            Arc::make_mut(&mut assessment).annotate(|host| self.networks.look_up(host.address));
        }
        self.status.count(&assessment);
        let shard = target.ordinal / self.shard_rows;
        let open = self.open.entry(shard).or_default();
        open.rows.push_shared(&target, &evidence, &assessment);
        open.weight += weight(&evidence);
        if open.weight < BATCH_ROWS {
            return None;
        }
        self.open.remove(&shard).map(|open| self.finish(shard, open.rows))
    }

    fn take_aged(&mut self) -> Vec<Self::Batch> {
        let aged = self.open.extract_if(.., |_, open| std::mem::replace(&mut open.is_aged, true)).collect::<Vec<_>>();
        aged.into_iter().map(|(shard, open)| self.finish(shard, open.rows)).collect()
    }

    fn take_all(&mut self) -> Vec<Self::Batch> {
        std::mem::take(&mut self.open).into_iter().map(|(shard, open)| self.finish(shard, open.rows)).collect()
    }
}
