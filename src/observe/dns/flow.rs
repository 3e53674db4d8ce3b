//! How many questions may leave, by two limits: the rates that the user allows, and how many may be under way, towards one resolver of the
//! bulk engine or by the tasks of several threads: fewer when answers are lost, more when they are not.
//!
//! Loss is judged over at least one time-out, because no silence is known earlier. If fewer questions in flight do not reduce the loss,
//! it is not of our making (a bad line, silent zones): from then on it is what is expected, and the number goes up again. What becomes of questions that
//! failed before is not counted by the bulk engine: at the end of a scan only those are left, and they would be asked a few at a time.

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use super::counters::DnsCounters;
use crate::observe::limit::Limiter;

/// The least that is ever in flight: enough to see whether loss goes down.
const LEAST: usize = 16;
/// Questions that must have ended before their loss says something.
const LEAST_ENDED: usize = 200;
/// Loss beyond the expected that is borne.
const TOLERANCE: f64 = 0.02;
/// Loss from which half of what was in flight is taken back, and not only three tenths.
const HEAVY: f64 = 0.3;
/// What is left of the loss where a retreat has helped, or else by how much the share of answers has grown: of a heavy loss much is left
/// at first.
const RELIEF: (f64, f64) = (0.75, 1.1);

/// The window of one resolver in one worker, or of all questions where tasks of several threads ask.
#[derive(Debug)]
pub(super) struct Window {
    least: usize,
    most: usize,
    limit: Cell<usize>,
    answers: Cell<usize>,
    /// Answers of the epoch before.
    answers_before: Cell<usize>,
    lost: Cell<usize>,
    /// The most that was in flight in this epoch.
    peak: Cell<usize>,
    begun: Cell<Option<Instant>>,
    expected: Cell<f64>,
    stage: Cell<Stage>,
    waiting: Cell<bool>,
    room: Notify,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Steady,
    /// A retreat: its limit and loss before. While what left before it may still count as lost, nothing is judged.
    Settling {
        limit: usize,
        loss: f64,
    },
    Retreated {
        limit: usize,
        loss: f64,
    },
}

/// What an adjustment came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// As before, or a little more.
    None,
    /// Fewer.
    Retreat,
    /// As before the retreat, for it did not help.
    Return,
}

impl Window {
    /// A window that begins as wide as it may become.
    pub(super) fn new(most: usize) -> Self {
        Self::between(LEAST, most)
    }

    /// A window that begins as wide as it may become, and becomes no narrower than `least`.
    pub(super) fn between(least: usize, most: usize) -> Self {
        let most = most.max(least);
        Self {
            least,
            most,
            limit: Cell::new(most),
            answers: Cell::new(0),
            answers_before: Cell::new(0),
            lost: Cell::new(0),
            peak: Cell::new(0),
            begun: Cell::new(None),
            expected: Cell::new(0.0),
            stage: Cell::new(Stage::Steady),
            waiting: Cell::new(false),
            room: Notify::new(),
        }
    }

    /// How many more may leave.
    pub(super) fn room(&self, in_flight: usize) -> usize {
        self.peak.set(self.peak.get().max(in_flight));
        self.limit.get().saturating_sub(in_flight)
    }

    /// Waits until something has come back.
    pub(super) async fn wait(&self) {
        self.waiting.set(true);
        self.room.notified().await;
    }

    /// Something has come back.
    pub(super) fn release(&self) {
        if self.waiting.replace(false) {
            self.room.notify_one();
        }
    }

    /// Counts answers.
    pub(super) fn answered(&self, answers: usize) {
        self.answers.set(self.answers.get() + answers);
    }

    /// Counts a question that got no answer in time.
    pub(super) fn lost(&self) {
        self.lost.set(self.lost.get() + 1);
    }

    /// How many may be in flight now.
    pub(super) fn limit(&self) -> usize {
        self.limit.get()
    }

    /// Fits the limit to the loss if there is enough to go by.
    pub(super) fn adjust(&self, now: Instant, timeout: Duration) -> Move {
        let begun = self.begun.get().unwrap_or(now);
        self.begun.set(Some(begun));
        let (answers, lost) = (self.answers.get(), self.lost.get());
        if now.saturating_duration_since(begun) < timeout || answers + lost < LEAST_ENDED {
            return Move::None;
        }
        let peak = self.peak.replace(0);
        self.answers.set(0);
        let answers_before = self.answers_before.replace(answers);
        self.lost.set(0);
        self.begun.set(Some(now));
        if answers == 0 {
            return Move::None; // No loss but an outage, which is another file's matter.
        }
        // A silence shows a time-out after its question has left, beside the answers of a later epoch: of fewer where a list comes to its end.
        let loss = lost as f64 / (answers.max(answers_before) + lost) as f64;
        match self.stage.get() {
            Stage::Settling { limit, loss } => self.stage.set(Stage::Retreated { limit, loss }),
            Stage::Retreated { limit, loss: before } if loss > before * RELIEF.0 && 1.0 - loss < (1.0 - before) * RELIEF.1 => {
                self.expected.set(loss);
                self.limit.set(limit);
                self.stage.set(Stage::Steady);
                self.release();
                return Move::Return;
            }
            Stage::Steady | Stage::Retreated { .. } if loss > self.expected.get() + TOLERANCE => {
                let limit = self.limit.get();
                let left = if loss > HEAVY { 5 } else { 7 };
                self.limit.set((limit.min(peak) * left / 10).max(self.least).min(limit));
                self.stage.set(Stage::Settling { limit, loss });
                return Move::Retreat;
            }
            Stage::Steady | Stage::Retreated { .. } => {
                self.stage.set(Stage::Steady);
                self.expected.set(self.expected.get().min((self.expected.get() + loss) / 2.0));
                self.limit.set((self.limit.get() + self.limit.get() / 10 + self.least).min(self.most));
                self.release();
            }
        }
        Move::None
    }
}

/// Permits for questions; fewer while answers are lost.
#[derive(Debug)]
pub(super) struct InFlight {
    permits: Semaphore,
    state: Mutex<State>,
    timeout: Duration,
    counters: Arc<DnsCounters>,
}

#[derive(Debug)]
struct State {
    window: Window,
    /// Permits that there are by the window: those at hand and those in use, less `owed`.
    limit: usize,
    in_use: usize,
    /// Permits in use that are not to come back.
    owed: usize,
}

/// Leave for one question, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'i>(&'i InFlight);

impl InFlight {
    /// So many permits, and never fewer than `least`, for questions that wait for their answers as long as `timeout` says.
    pub(super) fn new(least: usize, most: usize, timeout: Duration, counters: Arc<DnsCounters>) -> Self {
        let window = Window::between(least, most);
        let limit = window.limit();
        let state = State { window, limit, in_use: 0, owed: 0 };
        Self { permits: Semaphore::new(limit), state: Mutex::new(state), timeout, counters }
    }

    /// Waits for a permit; nobody is overtaken.
    pub(super) async fn acquire(&self) -> Permit<'_> {
        // The semaphore is never closed.
        if let Ok(permit) = self.permits.acquire().await {
            permit.forget();
        }
        let mut state = self.state();
        state.in_use += 1;
        state.window.room(state.in_use);
        Permit(self)
    }

    /// Notes what became of a question that was sent, and lets more or fewer leave by it.
    pub(super) fn ended(&self, answered: bool) {
        let mut state = self.state();
        if answered {
            state.window.answered(1)
        } else {
            state.window.lost()
        }
        let retreat = state.window.adjust(Instant::now(), self.timeout) == Move::Retreat;
        self.counters.retreats.add(usize::from(retreat));
        let (before, now) = (state.limit, state.window.limit());
        state.limit = now;
        if let Some(fewer) = before.checked_sub(now) {
            state.owed += fewer - self.permits.forget_permits(fewer);
        }
        if let Some(more) = now.checked_sub(before) {
            let excused = more.min(state.owed);
            state.owed -= excused;
            self.permits.add_permits(more - excused);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_use = state.in_use.saturating_sub(1);
        match state.owed.checked_sub(1) {
            Some(left) => state.owed = left,
            None => self.0.permits.add_permits(1),
        }
    }
}

/// Query rates shared by all workers; [`DnsLimits::default`] is no limit at all.
///
/// Over any stretch of time no more than rate × (time + 40 ms) queries leave in all. The limit of one resolver may be passed by a further
/// 10 ms for each worker, because queries granted by it may have to wait for the limit of all.
#[derive(Debug, Default)]
pub struct DnsLimits {
    total: Option<Limiter>,
    resolvers: Vec<Option<Limiter>>,
}

impl DnsLimits {
    /// Limits in queries a second: for all together, and for each resolver in the order of the configuration; 0 is no limit.
    pub fn new(total: u32, resolvers: &[u32]) -> Self {
        Self { total: Limiter::new(total.into()), resolvers: resolvers.iter().map(|&rate| Limiter::new(rate.into())).collect() }
    }

    /// Waits until at least one query may go to the resolver at a place of the configuration, or to a server that is none of them; says how
    /// many may go now, at most `wanted` (at least 1).
    pub(super) async fn acquire(&self, resolver: Option<usize>, wanted: usize) -> usize {
        let one = resolver.and_then(|place| self.resolvers.get(place)).and_then(Option::as_ref);
        // The limit of all comes last, so that it is exact.
        let limiters = [one, self.total.as_ref()].into_iter().flatten();
        let granted = limiters.clone().fold(wanted.max(1), |granted, limiter| limiter.batch(granted));
        for limiter in limiters {
            limiter.turns(granted).await;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(2);

    /// Runs epochs against a network that loses what `loss` says at so many in flight; gives the limits.
    fn run(window: &Window, epochs: u32, loss: impl Fn(usize) -> f64) -> Vec<usize> {
        let begun = window.begun.get().unwrap_or_else(Instant::now);
        window.adjust(begun, TIMEOUT);
        let epoch = |number| {
            let in_flight = window.limit();
            window.room(in_flight);
            let lost = (loss(in_flight) * 10_000.0) as usize;
            window.answered(10_000 - lost);
            (0..lost).for_each(|_| window.lost());
            window.adjust(begun + TIMEOUT * number, TIMEOUT);
            window.limit()
        };
        (1..=epochs).map(epoch).collect()
    }

    #[test]
    fn in_flight_finds_what_a_full_queue_bears() {
        let window = Window::new(4096);
        let limits = run(&window, 200, |in_flight| (1.0 - 300.0 / in_flight as f64).max(0.0));
        assert!(limits.iter().skip(30).all(|limit| (150..=450).contains(limit)), "{limits:?}");
    }

    #[test]
    fn loss_that_a_retreat_does_not_lower_is_borne() {
        let window = Window::new(1000);
        let limits = run(&window, 40, |_| 0.04);
        assert_eq!(limits[..3], [700, 700, 1000], "one retreat, one epoch to settle, and back");
        assert!(limits[3..].iter().all(|limit| *limit == 1000));
        assert!(run(&window, 3, |_| 0.10).contains(&700), "more than that is a reason again");
    }

    #[test]
    fn silences_that_come_late_are_set_against_the_answers_of_their_time() {
        let window = Window::new(1000);
        assert!(run(&window, 5, |_| 0.01).iter().all(|limit| *limit == 1000));
        // The list has come to its end: the last silences, and hardly an answer.
        window.answered(120);
        (0..100).for_each(|_| window.lost());
        assert_eq!(window.adjust(window.begun.get().unwrap() + TIMEOUT, TIMEOUT), Move::None);
        assert_eq!(window.limit(), 1000);
    }

    #[test]
    fn without_loss_or_without_any_answer_nothing_changes() {
        let window = Window::new(1000);
        assert!(run(&window, 5, |_| 0.0).iter().all(|limit| *limit == 1000));
        assert!(run(&window, 5, |_| 1.0).iter().all(|limit| *limit == 1000));
        window.answered(3);
        assert_eq!(window.adjust(Instant::now() + TIMEOUT * 100, TIMEOUT), Move::None, "too few to go by");
    }

    /// Takes as many permits as there are.
    fn take_all(in_flight: &InFlight) -> Vec<Permit<'_>> {
        std::iter::from_fn(|| in_flight.acquire().now_or_never()).collect()
    }

    /// An epoch in which every other question is lost.
    async fn lossy_epoch(in_flight: &InFlight) {
        (0..400).for_each(|number| in_flight.ended(number % 2 == 0));
        tokio::time::sleep(in_flight.timeout).await;
        in_flight.ended(true);
    }

    #[tokio::test(start_paused = true)]
    async fn loss_takes_permits_away_even_those_in_use_and_gives_them_back() {
        let in_flight = InFlight::new(4, 32, TIMEOUT, Arc::default());
        let held = take_all(&in_flight);
        assert_eq!(held.len(), 32);
        lossy_epoch(&in_flight).await;
        assert_eq!(in_flight.counters.totals().activity.retreats, 1);
        drop(held);
        let fewer = take_all(&in_flight).len();
        assert!((4..32).contains(&fewer), "{fewer}");
        // An epoch to settle and one that shows that the retreat has not helped.
        lossy_epoch(&in_flight).await;
        lossy_epoch(&in_flight).await;
        assert_eq!(take_all(&in_flight).len(), 32, "the loss is none of ours");
    }

    #[tokio::test]
    async fn who_waits_is_let_through_when_a_permit_comes_back() {
        let in_flight = InFlight::new(1, 1, Duration::from_secs(1), Arc::default());
        let first = in_flight.acquire().await;
        let mut second = std::pin::pin!(in_flight.acquire());
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        drop(first);
        assert!(futures_util::poll!(second).is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_nothing_waits() {
        let begun = tokio::time::Instant::now();
        assert_eq!(DnsLimits::default().acquire(Some(3), 64).await, 64);
        assert_eq!(DnsLimits::new(0, &[0]).acquire(Some(0), 5).await, 5);
        assert!(begun.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn the_smaller_batch_bounds_a_grant() {
        let limits = DnsLimits::new(100_000, &[500]);
        assert_eq!(limits.acquire(Some(0), 64).await, 5);
        assert_eq!(limits.acquire(Some(1), 64).await, 64);
    }
}
