//! The probes of one worker in flight: their openings led side by side, and futures for the few that go on from there, or again.

use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;

use super::harvest::Observation;
use super::pace::Begun;
use super::worker::{Probing, Step};
use crate::evidence::Evidence;
use crate::input::Target;
use crate::observe::opening::Openings;
use crate::observe::probe::Probe;
use crate::observe::retry::Retry;

/// A target on its way through the rounds.
pub(super) struct Task {
    target: Target,
    /// Rounds that it has behind it.
    round: usize,
    again: Option<Retry>,
}

impl Task {
    /// Place of the target in the list.
    pub(super) fn ordinal(&self) -> u64 {
        self.target.ordinal
    }
}

impl From<Target> for Task {
    fn from(target: Target) -> Self {
        Self { target, round: 0, again: None }
    }
}

/// Probes of targets: everything at first, in later rounds what has failed.
pub(super) struct Probes<'p> {
    probe: &'p Probe,
    retry_rounds: &'p [Duration],
    openings: Option<Openings<(Begun, Task)>>,
    further: FuturesUnordered<LocalBoxFuture<'p, Ended>>,
}

/// A probe that has ended.
type Ended = (Begun, Step<Task, Observation>);

impl<'p> Probes<'p> {
    /// None yet; so many rounds follow the first, after such pauses.
    pub(super) fn new(probe: &'p Probe, retry_rounds: &'p [Duration]) -> Self {
        Self { probe, retry_rounds, openings: probe.openings(), further: FuturesUnordered::new() }
    }

    fn go_on(&self, begun: Begun, task: Task, evidence: impl Future<Output = Box<Evidence>> + 'p) {
        let retry_rounds = self.retry_rounds;
        self.further.push(Box::pin(async move { (begun, step(task, evidence.await, retry_rounds)) }));
    }
}

impl Probing<Task, Observation> for Probes<'_> {
    fn len(&self) -> usize {
        self.openings.as_ref().map_or(0, Openings::len) + self.further.len()
    }

    fn begin(&mut self, begun: Begun, mut task: Task) {
        let (probe, domain) = (self.probe, task.target.domain.clone());
        match (task.again.take(), &mut self.openings) {
            (None, Some(openings)) => openings.begin((begun, task), domain),
            (None, None) => self.go_on(begun, task, async move { probe.observe(&domain).await }),
            (Some(again), _) => self.go_on(begun, task, async move { probe.observe_again(&domain, again).await }),
        }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        let probe = self.probe;
        while let Some(Poll::Ready(((begun, task), opening))) = self.openings.as_mut().map(|openings| openings.poll_next(context)) {
            match probe.finish(opening) {
                Ok(evidence) => return Poll::Ready((begun, step(task, evidence, self.retry_rounds))),
                Err(opening) => self.go_on(begun, task, probe.go_on(opening)),
            }
        }
        match self.further.poll_next_unpin(context) {
            Poll::Ready(Some(ended)) => Poll::Ready(ended),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

/// What comes of a target by what was seen.
fn step(task: Task, evidence: Box<Evidence>, retry_rounds: &[Duration]) -> Step<Task, Observation> {
    let Task { target, round, .. } = task;
    match retry_rounds.get(round) {
        Some(pause) if evidence.is_worth_another_round() => {
            Step::Later(Task { target, round: round + 1, again: Some(Retry::after(*evidence)) }, *pause)
        }
        _ => Step::Done((target, evidence)),
    }
}
