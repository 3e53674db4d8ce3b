//! A worker: one thread, its own runtime and sockets, many probes at once, and those that wait for another round.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_channel::{Receiver, Sender};
use futures_util::FutureExt;

use super::harvest::Gather;
use super::pace::{Begun, Pace};
use super::status::Status;

/// Probes that are taken up when they are done before new ones are begun.
const BATCH: usize = 64;
/// How often a worker looks whether the scan is to stop, and how long at least it holds rows back whose batch does not become full; at most twice as
/// long.
const LOOK_UP: Duration = Duration::from_millis(200);

/// What came of probing a target.
pub(super) enum Step<T, O> {
    /// It is done.
    Done(O),
    /// Something failed that may go better after a pause.
    Later(T, Duration),
}

/// Probes in flight.
pub(super) trait Probing<T, O> {
    /// How many there are.
    fn len(&self) -> usize;
    /// Begins to probe a target.
    fn begin(&mut self, begun: Begun, target: T);
    /// A probe that has ended, or [`Poll::Pending`]. A waker is left, but what is begun afterwards wakes nobody: it is to be polled again.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<(Begun, Step<T, O>)>;
}

/// Probes targets until there are none left and hands on what was seen; about `limit` probes at once, which may change, of which few are [young](Pace).
/// Targets that wait for another round take no place among them and go before new ones.
///
/// Asked to stop, it finishes what it has been handed; what waits, and what cannot be finished because no resolver answers, is given up
/// without a result, so that the scan asks it again when it goes on.
pub(super) async fn work<T, O, G: Gather<O>>(
    mut probes: impl Probing<T, O>,
    limit: impl Fn() -> usize,
    targets: Receiver<Vec<T>>,
    mut harvest: G,
    batches: Sender<G::Batch>,
    status: &Status,
) {
    let mut pace = Pace::new(tokio::time::Instant::now());
    let mut waiting = Waiting { by_time: BTreeMap::new(), number: 0, status };
    let mut fresh = Vec::new().into_iter();
    let mut look_up = tokio::time::interval(LOOK_UP);
    let mut open = true;
    let mut outgoing = Outgoing { batches: &batches, sending: None, queue: VecDeque::new() };
    loop {
        // Whoever reads slowly holds up what is still to be begun, and not what is in flight: it would find its answers too late.
        let limit = if outgoing.is_empty() { limit() } else { 0 };
        let paced = pace.room(tokio::time::Instant::now());
        let room = limit.saturating_sub(probes.len()).min(paced);
        let before = probes.len();
        fresh.by_ref().take(room).for_each(|target| probes.begin(pace.begin(), target));
        let room = room - (probes.len() - before);
        let due = waiting.next_due().filter(|_| room > 0);
        let turns = (room == 0 && probes.len() < limit).then(|| pace.turns());
        let ready: Vec<G::Batch> = tokio::select! {
            // What is done goes first: it makes room. Nothing starves, for a probe that is done is gone.
            biased;
            is_heard = outgoing.send_one(), if !outgoing.is_empty() => {
                if !is_heard {
                    return;
                }
                Vec::new()
            }
            first = poll_fn(|context| probes.poll_next(context)), if probes.len() > 0 => {
                let (mut done, mut full) = (0, Vec::new());
                let mut next = Some(first);
                while let Some((begun, step)) = next {
                    pace.end(begun);
                    match step {
                        Step::Done(observation) => full.extend(harvest.add(observation)),
                        Step::Later(target, pause) => waiting.add(target, pause),
                    }
                    done += 1;
                    next = if done < BATCH { poll_fn(|context| probes.poll_next(context)).now_or_never() } else { None };
                }
                full
            }
            () = sleep_until(due), if due.is_some() => {
                waiting.take_due(room).into_iter().for_each(|target| probes.begin(pace.begin(), target));
                Vec::new()
            }
            () = sleep_until(turns), if turns.is_some() => Vec::new(),
            batch = targets.recv(), if open && room > 0 => {
                match batch {
                    Ok(batch) => fresh = batch.into_iter(),
                    Err(_) => open = false,
                }
                Vec::new()
            }
            _ = look_up.tick(), if open || probes.len() > 0 || !waiting.is_empty() => {
                if status.is_stopping() {
                    waiting.give_up();
                    if status.is_paused() {
                        status.abandoned.fetch_add((probes.len() + fresh.len()) as u64, Relaxed);
                        break;
                    }
                }
                // What has to wait may as well become full.
                if outgoing.is_empty() { harvest.take_aged() } else { Vec::new() }
            }
            else => break,
        };
        outgoing.queue.extend(ready);
    }
    outgoing.queue.extend(harvest.take_all());
    while !outgoing.is_empty() && outgoing.send_one().await {}
}

/// What is done and waits for room.
struct Outgoing<'s, B> {
    batches: &'s Sender<B>,
    /// Kept while it waits: a batch whose sending is dropped is lost.
    sending: Option<Pin<Box<async_channel::Send<'s, B>>>>,
    queue: VecDeque<B>,
}

impl<B> Outgoing<'_, B> {
    fn is_empty(&self) -> bool {
        self.sending.is_none() && self.queue.is_empty()
    }

    /// Sends a batch; may be dropped and called again. `false` if nobody listens any more: the scan has failed elsewhere and says so there.
    async fn send_one(&mut self) -> bool {
        if self.sending.is_none() {
            let Some(batch) = self.queue.pop_front() else { return true };
            self.sending = Some(Box::pin(self.batches.send(batch)));
        }
        let sent = match &mut self.sending {
            Some(sending) => sending.await,
            None => Ok(()),
        };
        self.sending = None;
        sent.is_ok()
    }
}

async fn sleep_until(due: Option<impl Into<tokio::time::Instant>>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due.into()).await;
    }
}

/// Targets that wait, by when their pause ends.
struct Waiting<'s, T> {
    by_time: BTreeMap<(Instant, u64), T>,
    number: u64,
    status: &'s Status,
}

impl<T> Waiting<'_, T> {
    fn add(&mut self, target: T, pause: Duration) {
        self.number += 1;
        self.by_time.insert((Instant::now() + pause, self.number), target);
        self.status.retried.fetch_add(1, Relaxed);
        self.status.waiting.fetch_add(1, Relaxed);
    }

    fn is_empty(&self) -> bool {
        self.by_time.is_empty()
    }

    fn next_due(&self) -> Option<Instant> {
        self.by_time.first_key_value().map(|((due, _), _)| *due)
    }

    fn take_due(&mut self, most: usize) -> Vec<T> {
        let now = Instant::now();
        let due = std::iter::from_fn(|| self.by_time.first_entry().filter(|first| first.key().0 <= now).map(|first| first.remove()));
        let due: Vec<T> = due.take(most).collect();
        self.status.waiting.fetch_sub(due.len() as u64, Relaxed);
        due
    }

    fn give_up(&mut self) {
        let left = self.by_time.len() as u64;
        self.by_time.clear();
        self.status.waiting.fetch_sub(left, Relaxed);
        self.status.abandoned.fetch_add(left, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::StreamExt as _;
    use futures_util::future::LocalBoxFuture;
    use futures_util::stream::FuturesUnordered;

    use super::*;

    /// Probes that are futures.
    struct Futures<'f, P, T, O> {
        probe: P,
        in_flight: FuturesUnordered<LocalBoxFuture<'f, (Begun, Step<T, O>)>>,
    }

    fn futures<'f, T, O, F: Future<Output = Step<T, O>> + 'f>(probe: impl Fn(T) -> F) -> impl Probing<T, O> {
        Futures { probe, in_flight: FuturesUnordered::new() }
    }

    impl<'f, T, O, F: Future<Output = Step<T, O>> + 'f, P: Fn(T) -> F> Probing<T, O> for Futures<'f, P, T, O> {
        fn len(&self) -> usize {
            self.in_flight.len()
        }

        fn begin(&mut self, begun: Begun, target: T) {
            self.in_flight.push(Box::pin((self.probe)(target).map(move |step| (begun, step))));
        }

        fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<(Begun, Step<T, O>)> {
            match self.in_flight.poll_next_unpin(context) {
                Poll::Ready(Some(ended)) => Poll::Ready(ended),
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            }
        }
    }

    /// Holds back up to three.
    #[derive(Default)]
    struct Threes(Vec<u32>);

    impl Gather<u32> for Threes {
        type Batch = Vec<u32>;

        fn add(&mut self, observation: u32) -> Option<Vec<u32>> {
            self.0.push(observation);
            (self.0.len() == 3).then(|| std::mem::take(&mut self.0))
        }

        fn take_aged(&mut self) -> Vec<Vec<u32>> {
            self.take_all()
        }

        fn take_all(&mut self) -> Vec<Vec<u32>> {
            vec![std::mem::take(&mut self.0)]
        }
    }

    fn done(target: u32) -> std::future::Ready<Step<u32, u32>> {
        std::future::ready(Step::Done(target))
    }

    /// Targets that come when all earlier ones are done are not lost.
    #[tokio::test]
    async fn a_worker_that_was_idle_goes_on() {
        let (target_sender, targets) = async_channel::unbounded();
        let (observation_sender, observations) = async_channel::unbounded();
        let status = Status::default();
        let worker = work(futures(done), || 8, targets, Threes::default(), observation_sender, &status);
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
        work(futures(done), || 8, targets, Threes::default(), observation_sender, &Status::default()).await;
    }

    /// Probes of odd targets fail once.
    fn odd_ones_fail((target, round): (u32, u32), pause: Duration) -> std::future::Ready<Step<(u32, u32), u32>> {
        let failed = target % 2 == 1 && round == 0;
        std::future::ready(if failed { Step::Later((target, 1), pause) } else { Step::Done(target) })
    }

    #[tokio::test]
    async fn who_waits_for_another_round_holds_nobody_up() {
        let (target_sender, targets) = async_channel::unbounded();
        let (observation_sender, observations) = async_channel::unbounded();
        target_sender.send((0..1000).map(|target| (target, 0)).collect::<Vec<_>>()).await.unwrap();
        target_sender.close();
        let status = Status::default();
        let probe = |target| odd_ones_fail(target, Duration::from_millis(50));
        work(futures(probe), || 4, targets, Threes::default(), observation_sender, &status).await;
        let seen: Vec<u32> = std::iter::from_fn(|| observations.try_recv().ok()).flatten().collect();
        assert_eq!(seen.len(), 1000);
        assert!(seen[..500].iter().all(|target| target % 2 == 0), "those that failed come last");
        assert_eq!((status.retried.load(Relaxed), status.waiting.load(Relaxed), status.abandoned.load(Relaxed)), (500, 0, 0));
    }

    #[tokio::test]
    async fn a_stop_gives_up_who_waits() {
        let (target_sender, targets) = async_channel::unbounded();
        let (observation_sender, observations) = async_channel::unbounded();
        target_sender.send((0..100).map(|target| (target, 0)).collect::<Vec<_>>()).await.unwrap();
        target_sender.close();
        let status = Status::default();
        status.stop();
        let probe = |target| odd_ones_fail(target, Duration::from_secs(3600));
        work(futures(probe), || 4, targets, Threes::default(), observation_sender, &status).await;
        let seen: Vec<u32> = std::iter::from_fn(|| observations.try_recv().ok()).flatten().collect();
        assert_eq!((seen.len(), status.abandoned.load(Relaxed)), (50, 50));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_is_slow_holds_up_no_probe_in_flight() {
        let (target_sender, targets) = async_channel::unbounded();
        let (batch_sender, batches) = async_channel::bounded::<Vec<u32>>(1);
        target_sender.send((0..100).collect()).await.unwrap();
        target_sender.close();
        let (status, begun, late) = (Status::default(), Cell::new(0), Cell::new(0));
        let probe = |target: u32| {
            begun.set(begun.get() + 1);
            let late = &late;
            async move {
                let from = tokio::time::Instant::now();
                tokio::time::sleep(Duration::from_millis(10 * u64::from(target % 10))).await;
                if from.elapsed() > Duration::from_secs(1) {
                    late.set(late.get() + 1);
                }
                Step::Done(target)
            }
        };
        let read = async {
            let mut read = Vec::new();
            // Somebody who takes a minute for each.
            while let Ok(batch) = batches.recv().await {
                tokio::time::sleep(Duration::from_secs(60)).await;
                assert!(begun.get() <= read.len() + batch.len() + 40, "no more is begun than is read");
                read.extend(batch);
            }
            read.sort_unstable();
            read
        };
        let work = work(futures(probe), || 10, targets, Threes::default(), batch_sender, &status);
        let ((), read) = tokio::join!(work, read);
        assert_eq!(read, (0..100).collect::<Vec<_>>());
        assert_eq!(late.get(), 0, "all were looked at in time");
    }
}
