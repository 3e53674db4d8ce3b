//! How many questions may be under way where tasks of several threads ask: permits, as many as a window allows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::counters::{DnsCounters, add};
use super::window::{Move, Window};

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
        let retreat = state.window.judge(Instant::now(), self.timeout) == Move::Retreat;
        add(&self.counters.retreats, usize::from(retreat));
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// Takes as many permits as there are.
    fn take_all(in_flight: &InFlight) -> Vec<Permit<'_>> {
        std::iter::from_fn(|| in_flight.acquire().now_or_never()).collect()
    }

    /// An epoch in which every other question is lost.
    fn lossy_epoch(in_flight: &InFlight) {
        (0..400).for_each(|number| in_flight.ended(number % 2 == 0));
        std::thread::sleep(in_flight.timeout);
        in_flight.ended(true);
    }

    #[test]
    fn loss_takes_permits_away_even_those_in_use_and_gives_them_back() {
        let in_flight = InFlight::new(4, 32, Duration::from_millis(5), Arc::default());
        let held = take_all(&in_flight);
        assert_eq!(held.len(), 32);
        lossy_epoch(&in_flight);
        assert_eq!(in_flight.counters.totals().retreats, 1);
        drop(held);
        let fewer = take_all(&in_flight).len();
        assert!((4..32).contains(&fewer), "{fewer}");
        // An epoch to settle and one that shows that the retreat has not helped.
        lossy_epoch(&in_flight);
        lossy_epoch(&in_flight);
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
}
