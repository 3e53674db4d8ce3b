//! A scan from the first line of the list to the finished manifest.

use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use async_channel::{Receiver, Sender};

use super::assembler::{Assembler, Held, ReadAhead, Rows};
use super::canaries::{self, Head};
use super::harvest::{Batch, Harvest};
use super::network::Network;
use super::plan::{MAX_ANONYMOUS, ScanError, ScanPlan};
use super::probes::{Probes, Task};
use super::sink::{Read, ScanSummary, Sink};
use super::status::Status;
use super::worker;
use crate::dataset::{DatasetError, Folded, Packed, Piece};
use crate::input::Input;

/// Targets that travel together at least and at most: enough that a worker is seldom woken for them, and few enough that the last of them are
/// still at hand when it comes to them.
const BATCH: (f64, f64) = (64.0, 256.0);
/// Seconds of the scan that a batch is worth, because what has been handed out is finished when the scan is to stop.
const BATCH_SECONDS: f64 = 1.0 / 16.0;

/// Batches that may wait before a worker and behind it, for each worker.
const QUEUED_BATCHES: usize = 2;
/// Domains that wait for the turn of a mail server at most, for each of the others in flight.
const QUEUED_DOMAINS: usize = 2;
/// Complete shards that may wait for the writer.
const QUEUED_SHARDS: usize = 1;

/// Scans. Returns when every row is committed, or when what was in flight at a stop is.
///
/// # Errors
/// What ended the scan early; the rows committed before stay, and the same plan goes on from there.
pub fn run(plan: &ScanPlan, network: &Network, status: &Arc<Status>) -> Result<ScanSummary, ScanError> {
    let (mut sink, mut input) = Sink::open(plan, network, status)?;
    // Only now: what is refused before gets its one sentence and no other.
    status.note(network.pace());
    let committed = sink.committed();
    let resumed = committed.iter().map(|range| range.end - range.start).sum();
    status.resumed.store(resumed, Relaxed);
    status.committed.store(resumed, Relaxed);
    status.watch(network.dns_counters(), network.mailer());
    let mut head = Head::new();
    if let Err(error) = canaries::ask(network, &mut input, &mut head) {
        let read = Read { accounting: input.accounting(), stopped: true, error: Some(error) };
        return sink.finish(network, status, read, &input);
    }
    let window = ReadAhead::new(sink.shard_rows(), plan.window_rows, sink.takes_late_rows());
    let anonymous = plan.stand_in.is_none() && plan.network.fetch.contact.is_none();
    let stages = Stages { network, status, committed: &committed, window, shard_rows: sink.shard_rows(), anonymous };
    let mut read = stages.run(plan, &mut input, head, &mut sink)?;
    if let Some(why) = network.mail_blocked() {
        (read.stopped, read.error) = (true, read.error.or(Some(ScanError::Blocked(why))));
    }
    status.account(read.accounting);
    sink.finish(network, status, read, &input)
}

/// What the stages of a running scan share.
struct Stages<'a> {
    network: &'a Network,
    status: &'a Arc<Status>,
    committed: &'a [Range<u64>],
    window: ReadAhead,
    shard_rows: u64,
    /// Whether strangers are asked who are not told by whom.
    anonymous: bool,
}

impl Stages<'_> {
    /// Runs all stages to their end. The caller's thread gathers shards.
    fn run(&self, plan: &ScanPlan, input: &mut Input, head: Head, sink: &mut Sink) -> Result<Read, ScanError> {
        let workers = plan.workers.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1);
        let (target_sender, targets) = async_channel::bounded(QUEUED_BATCHES * workers);
        let (batch_sender, batches) = async_channel::bounded(QUEUED_BATCHES * workers);
        thread::scope(|scope| {
            let (ready_sender, ready) = mpsc::channel();
            let begin = |_| {
                let (targets, batches, ready) = (targets.clone(), batch_sender.clone(), ready_sender.clone());
                let end = EndIfBroken(batches.clone());
                scope.spawn(move || {
                    let _end = end;
                    self.worker(plan, workers, targets, batches, &ready);
                })
            };
            let probing: Vec<_> = (0..workers).map(begin).collect();
            let overdue = batch_sender;
            drop((targets, ready_sender));
            // Every worker has its sockets before the first target is taken, or nothing begins.
            ready.iter().take(workers).collect::<Result<(), ScanError>>()?;
            let reader = scope.spawn(move || self.read(input, head, &target_sender, &overdue));
            let (shard_sender, shards) = mpsc::sync_channel(QUEUED_SHARDS);
            let writer = scope.spawn(move || self.write(&shards, sink));
            let gathered = self.gather(&batches, &shard_sender);
            drop(shard_sender);
            let written = writer.join().unwrap_or_else(|_| Err(broken("writes the dataset")));
            // If the writer or a worker failed, whoever still waits for it is let go.
            batches.close();
            self.window.close();
            let read = reader.join().map_err(|_| broken("reads the list"));
            // All are waited for, whichever of them broke.
            let ended: Vec<_> = probing.into_iter().map(|worker| worker.join()).collect();
            let probed = if ended.iter().all(Result::is_ok) { Ok(()) } else { Err(broken("probes domains")) };
            let mut read = probed.and(read)?;
            read.stopped |= self.status.abandoned.load(Relaxed) > 0;
            written.and(gathered).map(|()| read)
        })
    }

    fn worker(
        &self,
        plan: &ScanPlan,
        workers: usize,
        targets: Receiver<Vec<Task>>,
        batches: Sender<Result<Batch, DatasetError>>,
        ready: &mpsc::Sender<Result<(), ScanError>>,
    ) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(ScanError::Machine(format!("cannot start an event loop: {error}"))))),
        };
        let base = self.network.concurrency().div_ceil(workers);
        // Who waits for a mail server's turn takes no place, so that others are not held up.
        let limit = || base + self.status.queued(workers).min(base.saturating_mul(QUEUED_DOMAINS));
        tokio::task::LocalSet::new().block_on(&runtime, async {
            match self.network.probe() {
                Ok(probe) => {
                    drop(ready.send(Ok(())));
                    let probes = Probes::new(&probe, &plan.network.retry_rounds);
                    let harvest = Harvest::new(self.shard_rows, Arc::clone(&plan.network.asn_db), self.status);
                    worker::work(probes, limit, targets, harvest, batches, self.status).await;
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        });
    }

    /// Reads the list and hands out what is not committed yet.
    fn read(&self, input: &mut Input, mut head: Head, targets: &Sender<Vec<Task>>, overdue: &Sender<Result<Batch, DatasetError>>) -> Read {
        // If nobody listens any more, the window is about to be closed.
        let overdue = |shard| drop(overdue.send_blocking(Ok(Batch { shard, rows: None })));
        let (mut batch, mut size) = (Vec::new(), self.batch_size());
        let mut error = None;
        let mut known = self.committed.iter().peekable();
        let mut stopped = false;
        while !stopped {
            let target = match head.pop_front().or_else(|| input.next()) {
                Some(Ok(target)) => target,
                Some(Err(cause)) => {
                    error = Some(cause.into());
                    break;
                }
                None => break,
            };
            if self.anonymous && target.ordinal == MAX_ANONYMOUS {
                self.status.note(format!(
                    "more than {MAX_ANONYMOUS} names and no --contact: nobody whose servers are asked can tell who asks or reach you; \
                     add --contact with an address or URL of yours"
                ));
            }
            while known.next_if(|range| range.end <= target.ordinal).is_some() {}
            if known.peek().is_some_and(|range| range.contains(&target.ordinal)) {
                stopped = self.status.is_stopping();
                continue;
            }
            let shard = target.ordinal / self.shard_rows;
            if batch.first().is_some_and(|first: &Task| first.ordinal() / self.shard_rows != shard) {
                // A batch is of one shard; and what is still in hand may be all that the oldest shard waits for.
                stopped |= !self.send(targets, &mut batch);
            }
            if batch.is_empty() && !self.window.wait_for(shard, overdue) {
                break;
            }
            batch.push(target.into());
            if batch.len() >= size {
                size = self.batch_size();
                self.status.estimated.store(input.estimate().unwrap_or(0), Relaxed);
                stopped |= !self.send(targets, &mut batch);
            }
            stopped |= self.status.is_stopping();
        }
        self.send(targets, &mut batch);
        let accounting = input.accounting();
        if !stopped && error.is_none() {
            self.status.total.store(accounting.rows, Relaxed);
        }
        targets.close();
        Read { accounting, stopped, error }
    }

    /// Targets that are to travel together, by how fast the scan has been so far.
    fn batch_size(&self) -> usize {
        let rate = self.status.dispatched.load(Relaxed) as f64 / self.status.elapsed().as_secs_f64();
        (rate * BATCH_SECONDS).clamp(BATCH.0, BATCH.1) as usize
    }

    /// Hands a batch of one shard to the workers; `false` if there is nobody to take it.
    fn send(&self, targets: &Sender<Vec<Task>>, batch: &mut Vec<Task>) -> bool {
        let count = batch.len() as u64;
        let Some(first) = batch.first() else { return true };
        self.window.enter(first.ordinal() / self.shard_rows, count);
        let sent = targets.send_blocking(std::mem::take(batch)).is_ok();
        if sent {
            self.status.dispatched.fetch_add(count, Relaxed);
        }
        sent
    }

    /// Gathers what the workers bring and hands complete shards to the writer, until there is no more or the writer has failed.
    fn gather(&self, batches: &Receiver<Result<Batch, DatasetError>>, shards: &mpsc::SyncSender<Shard>) -> Result<(), ScanError> {
        let mut assembler = Assembler::new(self.shard_rows, self.committed.to_vec());
        while let Ok(batch) = batches.recv_blocking() {
            let Batch { shard, rows } = batch?;
            let now = Instant::now();
            let overdue = if rows.is_none() { Some(shard) } else { self.window.lingering(now) };
            if let Some((shard, batches)) = overdue.and_then(|shard| assembler.take_early(shard, self.window.late_room()))
                && shards.send(Shard { shard, batches, early: true }).is_err()
            {
                return Ok(());
            }
            let Some(rows) = rows else { continue };
            assembler.add(shard, rows, now)?;
            self.network.update(self.status);
            if let total @ 1.. = self.status.total.load(Relaxed) {
                assembler.end_of_list(total);
            }
            while let Some((shard, batches)) = assembler.take_complete() {
                if shards.send(Shard { shard, batches, early: false }).is_err() {
                    return Ok(());
                }
            }
        }
        while let Some((shard, batches)) = assembler.take_partial() {
            if shards.send(Shard { shard, batches, early: false }).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Commits shards as they come.
    fn write(&self, shards: &mpsc::Receiver<Shard>, sink: &mut Sink) -> Result<(), ScanError> {
        for Shard { shard, batches, early } in shards {
            let pieces: Vec<Piece> = batches.into_iter().map(Piece::from).collect();
            let rows = pieces.iter().map(Piece::count).sum();
            sink.commit(shard, pieces, self.network, self.status)?;
            self.status.committed.fetch_add(rows, Relaxed);
            self.window.leave(shard, rows, early);
        }
        Ok(())
    }
}

/// Rows of a shard on their way to the writer.
struct Shard {
    shard: u64,
    /// In any order.
    batches: Vec<Held<Folded>>,
    /// Whether others are late and will come.
    early: bool,
}

impl From<Held<Folded>> for Piece {
    fn from(held: Held<Folded>) -> Self {
        match held {
            Held::Loose(rows) => Self::Loose(rows),
            Held::Packed(packed) => Self::Packed(packed),
        }
    }
}

impl Rows for Folded {
    type Error = DatasetError;
    type Packed = Packed;

    fn count(&self) -> u64 {
        self.len() as u64
    }

    fn octets(&self) -> u64 {
        self.octets() as u64
    }

    fn join(self, other: Self) -> Result<Self, DatasetError> {
        Folded::join(&self, &other)
    }

    fn pack(batches: Vec<Self>) -> Result<Packed, DatasetError> {
        Packed::of(&batches)
    }
}

/// Ends the gathering of rows where a worker breaks: the rows that it had in hand will not come, and nothing takes their place.
struct EndIfBroken<T>(Sender<T>);

impl<T> Drop for EndIfBroken<T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.close();
        }
    }
}

fn broken(what: &str) -> ScanError {
    ScanError::Machine(format!("the thread that {what} broke; this is a fault of stscan, please report it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_breaks_ends_the_gathering_and_one_that_is_done_does_not() {
        let (sender, receiver) = async_channel::bounded::<u64>(1);
        let work = |breaks: bool| {
            let end = EndIfBroken(sender.clone());
            thread::spawn(move || {
                let _end = end;
                assert!(!breaks, "a test's own");
            })
        };
        assert!(work(false).join().is_ok() && !receiver.is_closed());
        assert!(work(true).join().is_err() && receiver.is_closed());
    }
}
