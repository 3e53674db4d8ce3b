//! A worker: one thread, its own runtime and sockets, many probes at once.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::time::MissedTickBehavior;

use super::harvest::{Gather, Observation};
use super::status::Status;
use crate::input::Target;
use crate::observe::probe::Probe;

/// Targets that travel together: large enough that a channel costs nothing, small enough to share work.
pub(super) const BATCH: usize = 64;
/// How long rows may be held back where their batch does not become full: the shard of a straggler waits for nothing else.
const HELD_BACK: Duration = Duration::from_millis(200);

/// Probes targets until there are none left and hands on what was seen; about `limit` probes at once.
pub(super) async fn work<T, O, F: Future<Output = O>, G: Gather<O>>(
    probe: impl Fn(T) -> F,
    limit: usize,
    targets: Receiver<Vec<T>>,
    mut harvest: G,
    batches: Sender<G::Batch>,
) {
    let mut probes = FuturesUnordered::new();
    let mut held_back = tokio::time::interval(HELD_BACK);
    held_back.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut open = true;
    loop {
        let ready: Vec<G::Batch> = tokio::select! {
            // What is done goes first: it makes room. Nothing starves, for a probe that is done is gone.
            biased;
            Some(first) = probes.next(), if !probes.is_empty() => {
                let mut full = Vec::from_iter(harvest.add(first));
                // Not `ready_chunks`: it takes an empty set for the end of the stream and would never look at it again.
                for _ in 1..BATCH {
                    let Some(Some(next)) = probes.next().now_or_never() else { break };
                    full.extend(harvest.add(next));
                }
                full
            }
            batch = targets.recv(), if open && probes.len() < limit => {
                match batch {
                    Ok(batch) => probes.extend(batch.into_iter().map(&probe)),
                    Err(_) => open = false,
                }
                Vec::new()
            }
            _ = held_back.tick() => harvest.take_all(),
            else => break,
        };
        if !send(&batches, ready).await {
            return;
        }
        if !open && probes.is_empty() {
            break;
        }
    }
    send(&batches, harvest.take_all()).await;
}

/// `false` if nobody listens any more: the scan has failed elsewhere and says so there.
async fn send<B>(batches: &Sender<B>, ready: Vec<B>) -> bool {
    for batch in ready {
        if batches.send(batch).await.is_err() {
            return false;
        }
    }
    true
}

/// Probes one target, again after each pause as long as a lookup of it has failed.
pub(super) async fn observe(probe: &Probe, target: Target, retry_rounds: &[Duration], status: &Status) -> Observation {
    // On the heap, and only once it is polled: a set of futures moves whatever is put into it several times.
    let mut evidence = Box::pin(probe.observe(&target.domain)).await;
    for pause in retry_rounds {
        if !evidence.has_failed_lookup() || status.is_stopping() {
            break;
        }
        tokio::time::sleep(*pause).await;
        status.retried.fetch_add(1, Relaxed);
        evidence = Box::pin(probe.observe(&target.domain)).await;
    }
    (target, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds back up to three.
    #[derive(Default)]
    struct Threes(Vec<u32>);

    impl Gather<u32> for Threes {
        type Batch = Vec<u32>;

        fn add(&mut self, observation: u32) -> Option<Vec<u32>> {
            self.0.push(observation);
            (self.0.len() == 3).then(|| std::mem::take(&mut self.0))
        }

        fn take_all(&mut self) -> Vec<Vec<u32>> {
            vec![std::mem::take(&mut self.0)]
        }
    }

    /// Targets that come when all earlier ones are done are not lost.
    #[tokio::test]
    async fn a_worker_that_was_idle_goes_on() {
        let (target_sender, targets) = async_channel::unbounded();
        let (observation_sender, observations) = async_channel::unbounded();
        let worker = work(|target: u32| std::future::ready(target), 8, targets, Threes::default(), observation_sender);
        let list = async {
            let mut seen = Vec::new();
            for batch in [vec![1, 2, 3], vec![4], (5..200).collect()] {
                let until = *batch.last().unwrap();
                target_sender.send(batch).await.unwrap();
                while !seen.contains(&until) || seen.len() < until as usize {
                    seen.extend(observations.recv().await.unwrap());
                }
            }
            target_sender.close();
            seen.sort_unstable();
            seen
        };
        let (seen, ()) = tokio::join!(list, worker);
        assert_eq!(seen, (1..200).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_worker_ends_when_nobody_listens() {
        let (target_sender, targets) = async_channel::unbounded();
        let (observation_sender, observations) = async_channel::unbounded();
        drop(observations);
        target_sender.send(vec![1]).await.unwrap();
        work(std::future::ready::<u32>, 8, targets, Threes(vec![0, 0]), observation_sender).await;
    }
}
