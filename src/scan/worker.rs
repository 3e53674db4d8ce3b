//! A worker: one thread, its own runtime and sockets, many probes at once.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::status::Status;
use crate::evidence::Evidence;
use crate::input::Target;
use crate::observe::probe::Probe;

/// Targets, or observations, that travel together: large enough that a channel costs nothing, small enough to share work.
pub(super) const BATCH: usize = 64;

/// A target and what was seen.
pub(super) type Observation = (Target, Evidence);

/// Probes targets until there are none left and hands on what was seen; about `limit` probes at once.
pub(super) async fn work<T, O, F: Future<Output = O>>(
    probe: impl Fn(T) -> F,
    limit: usize,
    targets: Receiver<Vec<T>>,
    observations: Sender<Vec<O>>,
) {
    let mut probes = FuturesUnordered::new();
    let mut open = true;
    loop {
        tokio::select! {
            Some(first) = probes.next(), if !probes.is_empty() => {
                let mut done = vec![first];
                // Not `ready_chunks`: it takes an empty set for the end of the stream and would never look at it again.
                while done.len() < BATCH
                    && let Some(Some(next)) = probes.next().now_or_never()
                {
                    done.push(next);
                }
                if observations.send(done).await.is_err() {
                    return; // Nobody judges any more: the scan has failed elsewhere and says so there.
                }
            }
            batch = targets.recv(), if open && probes.len() < limit => match batch {
                Ok(batch) => probes.extend(batch.into_iter().map(&probe)),
                Err(_) => open = false,
            },
            else => return,
        }
    }
}

/// Probes one target, again after each pause as long as a lookup of it has failed.
pub(super) async fn observe(probe: &Probe, target: Target, retry_rounds: &[Duration], status: &Status) -> Observation {
    let mut evidence = probe.observe(&target.domain).await;
    for pause in retry_rounds {
        if !evidence.has_failed_lookup() || status.is_stopping() {
            break;
        }
        tokio::time::sleep(*pause).await;
        status.retried.fetch_add(1, Relaxed);
        evidence = probe.observe(&target.domain).await;
    }
    (target, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Targets that come when all earlier ones are done are not lost.
    #[tokio::test]
    async fn a_worker_that_was_idle_goes_on() {
        let (target_sender, targets) = async_channel::unbounded();
        let (observation_sender, observations) = async_channel::unbounded();
        let worker = work(|target: u32| std::future::ready(target), 8, targets, observation_sender);
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
        let (observation_sender, observations) = async_channel::unbounded::<Vec<u32>>();
        drop(observations);
        target_sender.send(vec![1]).await.unwrap();
        work(std::future::ready::<u32>, 8, targets, observation_sender).await;
    }
}
