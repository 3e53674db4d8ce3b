//! What a worker brings in: observations judged at once and laid down as columns, by shard, so that no evidence waits for its shard.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::status::Status;
use super::worker::Observation;
use crate::classify::classify;
use crate::dataset::{DatasetError, RowBuilder};

/// Rows that leave a worker together.
const BATCH_ROWS: usize = 2048;
/// Observations that wait to be put in order before they become rows. Answers come nearly in the order of the questions, so a few
/// suffice for long runs of ordinals, which the part is written from without copying; more would be cold when they are read.
const SORTED_ROWS: usize = 256;

/// Judged rows of one shard.
#[derive(Debug)]
pub(super) struct Batch {
    /// The shard.
    pub(super) shard: u64,
    /// Its rows.
    pub(super) rows: RecordBatch,
}

/// Takes what the probes of one worker saw.
pub(super) trait Gather<O> {
    /// What leaves the worker.
    type Batch;
    /// Takes an observation; gives the batches that it has made full.
    fn add(&mut self, observation: O) -> Vec<Self::Batch>;
    /// Gives everything that is held back.
    fn take_all(&mut self) -> Vec<Self::Batch>;
}

/// The rows of one worker that have not left it yet.
pub(super) struct Harvest<'a> {
    shard_rows: u64,
    unsorted: Vec<Observation>,
    open: BTreeMap<u64, RowBuilder>,
    status: &'a Status,
}

impl<'a> Harvest<'a> {
    pub(super) fn new(shard_rows: u64, status: &'a Status) -> Self {
        Self { shard_rows, unsorted: Vec::with_capacity(SORTED_ROWS), open: BTreeMap::new(), status }
    }

    /// Judges what waits and lays it down as rows; gives the batches that it has made full.
    fn settle(&mut self) -> Vec<Result<Batch, DatasetError>> {
        let mut full = Vec::new();
        self.unsorted.sort_unstable_by_key(|(target, _)| target.ordinal);
        for (target, evidence) in self.unsorted.drain(..) {
            let assessment = classify(&evidence);
            self.status.count(&assessment);
            let shard = target.ordinal / self.shard_rows;
            let rows = self.open.entry(shard).or_default();
            rows.push(&target, &evidence, &assessment);
            if rows.len() >= BATCH_ROWS {
                full.extend(self.open.remove(&shard).map(|rows| finish(shard, rows)));
            }
        }
        full
    }
}

impl Gather<Observation> for Harvest<'_> {
    type Batch = Result<Batch, DatasetError>;

    fn add(&mut self, observation: Observation) -> Vec<Self::Batch> {
        self.unsorted.push(observation);
        if self.unsorted.len() < SORTED_ROWS { Vec::new() } else { self.settle() }
    }

    fn take_all(&mut self) -> Vec<Self::Batch> {
        let mut all = self.settle();
        all.extend(std::mem::take(&mut self.open).into_iter().map(|(shard, rows)| finish(shard, rows)));
        all
    }
}

fn finish(shard: u64, rows: RowBuilder) -> Result<Batch, DatasetError> {
    rows.finish().map(|rows| Batch { shard, rows })
}
