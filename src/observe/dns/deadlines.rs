//! When to stop waiting: every attempt waits equally long, so those that left first end first and a plain queue suffices.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::slots::Key;

/// How late a time-out may be noticed: one timer serves all attempts.
const TICK: Duration = Duration::from_millis(25);

/// Attempts in the order in which they run out.
#[derive(Debug)]
pub(super) struct Deadlines {
    timeout: Duration,
    queue: VecDeque<(Instant, Key)>,
}

impl Deadlines {
    /// A queue for attempts that wait so long each.
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, queue: VecDeque::new() }
    }

    /// Notes an attempt; `departed` never goes back. Says whether it is the only one.
    pub(super) fn push(&mut self, departed: Instant, key: Key) -> bool {
        self.queue.push_back((departed, key));
        self.queue.len() == 1
    }

    /// Forgets the oldest attempts as far as they have ended: answers come within milliseconds, so that without this the queue would
    /// hold a thousand answered attempts for each that is waiting.
    pub(super) fn forget_ended(&mut self, mut is_under_way: impl FnMut(Key) -> bool) {
        while self.queue.front().is_some_and(|(_, key)| !is_under_way(*key)) {
            self.queue.pop_front();
        }
    }

    /// When to look again; `None` while nothing waits.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.queue.front().map(|(departed, _)| *departed + self.timeout + TICK)
    }

    /// The next attempt that has run out. Attempts that ended in another way are still among them.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Key> {
        let (departed, key) = *self.queue.front()?;
        if now.saturating_duration_since(departed) < self.timeout {
            return None;
        }
        self.queue.pop_front();
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_run_out_in_order_and_never_early() {
        let mut deadlines = Deadlines::new(Duration::from_millis(100));
        let start = Instant::now();
        let key = |index| Key { index, serial: 0 };
        assert!(deadlines.push(start, key(1)));
        assert!(!deadlines.push(start + Duration::from_millis(10), key(2)));
        assert_eq!(deadlines.pop(start + Duration::from_millis(99)), None);
        assert_eq!(deadlines.next_look(), Some(start + Duration::from_millis(125)));
        assert_eq!(deadlines.pop(start + Duration::from_millis(105)), Some(key(1)));
        assert_eq!(deadlines.pop(start + Duration::from_millis(105)), None);
        assert_eq!(deadlines.pop(start + Duration::from_millis(110)), Some(key(2)));
        assert_eq!(deadlines.next_look(), None);
        for index in [3, 4, 5] {
            deadlines.push(start, key(index));
        }
        deadlines.forget_ended(|key| key.index == 4);
        assert_eq!(deadlines.pop(start + Duration::from_millis(100)), Some(key(4)));
    }
}
