//! A worker: one thread, its own runtime and sockets, many probes at once.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::status::Status;
use crate::evidence::Evidence;
use crate::input::Target;
use crate::observe::probe::Probe;

/// Targets, or observations, that travel together: large enough that a channel costs nothing, small enough to share work.
pub(super) const BATCH: usize = 64;

/// A target and what was seen.
pub(super) type Observation = (Target, Evidence);

/// Probes targets until there are none left and hands on what was seen; `limit` probes at once.
pub(super) async fn work(
    probe: Probe,
    limit: usize,
    retry_rounds: &[Duration],
    targets: Receiver<Vec<Target>>,
    observations: Sender<Vec<Observation>>,
    status: &Status,
) {
    let mut probes = FuturesUnordered::new().ready_chunks(BATCH);
    let mut open = true;
    loop {
        tokio::select! {
            Some(done) = probes.next(), if !probes.get_ref().is_empty() => {
                if observations.send(done).await.is_err() {
                    return; // Nobody judges any more: the scan has failed elsewhere and says so there.
                }
            }
            batch = targets.recv(), if open && probes.get_ref().len() < limit => match batch {
                Ok(batch) => probes.get_mut().extend(batch.into_iter().map(|target| observe(&probe, target, retry_rounds, status))),
                Err(_) => open = false,
            },
            else => return,
        }
    }
}

/// Probes one target, again after each pause as long as a lookup of it has failed.
async fn observe(probe: &Probe, target: Target, retry_rounds: &[Duration], status: &Status) -> Observation {
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
