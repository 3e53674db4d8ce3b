//! Gathers judged rows until a shard is complete, and bounds how many may be open.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Rows by which the reader may be ahead of the oldest shard that is not committed: the bound of a scan's memory.
pub const WINDOW_ROWS: u64 = 150_000;

/// Batches of rows of the shards that are not complete yet.
pub(super) struct Assembler<B> {
    shard_rows: u64,
    /// Ordinals that earlier runs committed, disjoint.
    committed: Vec<Range<u64>>,
    open: BTreeMap<u64, Open<B>>,
    /// Number of targets in the list, once known.
    total: Option<u64>,
}

/// A shard and the rows of it that are there.
struct Open<B> {
    rows: u64,
    batches: Vec<B>,
}

impl<B> Assembler<B> {
    pub(super) fn new(shard_rows: u64, committed: Vec<Range<u64>>) -> Self {
        Self { shard_rows, committed, open: BTreeMap::new(), total: None }
    }

    /// Takes a batch of so many rows, all of one shard.
    pub(super) fn add(&mut self, shard: u64, rows: u64, batch: B) {
        let open = self.open.entry(shard).or_insert_with(|| Open { rows: 0, batches: Vec::new() });
        open.rows += rows;
        open.batches.push(batch);
    }

    /// The list has `total` targets.
    pub(super) fn end_of_list(&mut self, total: u64) {
        self.total = Some(total);
    }

    /// Takes a shard of which every row is there.
    pub(super) fn take_complete(&mut self) -> Option<(u64, Vec<B>)> {
        let shard = *self.open.iter().find(|(shard, open)| open.rows == self.missing(**shard))?.0;
        self.take(shard)
    }

    /// Takes a shard that will not become complete in this run.
    pub(super) fn take_partial(&mut self) -> Option<(u64, Vec<B>)> {
        let shard = *self.open.first_key_value()?.0;
        self.take(shard)
    }

    fn take(&mut self, shard: u64) -> Option<(u64, Vec<B>)> {
        self.open.remove(&shard).map(|open| (shard, open.batches))
    }

    /// Rows of a shard that this run has to bring.
    fn missing(&self, shard: u64) -> u64 {
        let start = shard * self.shard_rows;
        let end = (start + self.shard_rows).min(self.total.unwrap_or(u64::MAX));
        let there: u64 = self.committed.iter().map(|range| range.end.min(end).saturating_sub(range.start.max(start))).sum();
        end.saturating_sub(start).saturating_sub(there)
    }
}

/// Keeps the reader within [`WINDOW_ROWS`] of the oldest shard that is not committed.
pub(super) struct Window {
    shards: u64,
    state: Mutex<WindowState>,
    changed: Condvar,
}

#[derive(Default)]
struct WindowState {
    /// Targets handed out and not yet committed, by shard.
    open: BTreeMap<u64, u64>,
    /// Nothing will be committed any more.
    closed: bool,
}

impl WindowState {
    fn is_full_for(&self, shard: u64, shards: u64) -> bool {
        !self.closed && self.open.first_key_value().is_some_and(|(oldest, _)| shard >= oldest + shards)
    }
}

impl Window {
    pub(super) fn new(shard_rows: u64) -> Self {
        Self { shards: (WINDOW_ROWS / shard_rows.max(1)).max(2), state: Mutex::default(), changed: Condvar::new() }
    }

    /// Whether a target of `shard` would have to wait now.
    #[cfg(test)]
    fn is_full_for(&self, shard: u64) -> bool {
        self.lock().is_full_for(shard, self.shards)
    }

    /// Waits until targets of `shard` may come. `false` if the scan is over.
    pub(super) fn wait_for(&self, shard: u64) -> bool {
        let mut state = self.lock();
        while state.is_full_for(shard, self.shards) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.closed
    }

    /// Notes targets of `shard` that will come.
    pub(super) fn enter(&self, shard: u64, targets: u64) {
        *self.lock().open.entry(shard).or_default() += targets;
    }

    /// `rows` rows of `shard` are committed.
    pub(super) fn leave(&self, shard: u64, rows: u64) {
        let mut state = self.lock();
        if let Some(left) = state.open.get_mut(&shard) {
            *left = left.saturating_sub(rows);
            if *left == 0 {
                state.open.remove(&shard);
            }
        }
        self.changed.notify_all();
    }

    /// Lets a waiting reader go: nothing will be committed any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, WindowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_complete_when_its_last_row_comes_whatever_the_order() {
        let mut assembler = Assembler::new(3, Vec::new());
        for (shard, rows, batch) in [(1, 1, 'a'), (0, 2, 'b'), (1, 1, 'c')] {
            assembler.add(shard, rows, batch);
            assert_eq!(assembler.take_complete(), None);
        }
        assembler.add(0, 1, 'd');
        assert_eq!(assembler.take_complete(), Some((0, vec!['b', 'd'])));
        assembler.end_of_list(6);
        assert_eq!(assembler.take_complete(), None, "a row is missing");
        assembler.add(1, 1, 'e');
        assert_eq!(assembler.take_complete(), Some((1, vec!['a', 'c', 'e'])));
    }

    #[test]
    fn the_last_shard_ends_with_the_list() {
        let mut assembler = Assembler::new(3, Vec::new());
        assembler.add(0, 1, ());
        assert_eq!(assembler.take_complete(), None);
        assembler.end_of_list(1);
        assert_eq!(assembler.take_complete(), Some((0, vec![()])));
    }

    #[test]
    fn rows_of_earlier_runs_are_not_waited_for() {
        let mut assembler = Assembler::new(4, vec![0..1, 2..3, 4..8]);
        assembler.add(0, 1, 'a');
        assembler.add(0, 1, 'b');
        assert_eq!(assembler.take_complete(), Some((0, vec!['a', 'b'])));
        assembler.add(2, 1, 'c');
        assert_eq!((assembler.take_complete(), assembler.take_partial()), (None, Some((2, vec!['c']))));
        assert_eq!(assembler.take_partial(), None);
    }

    #[test]
    fn the_reader_waits_for_the_oldest_shard() {
        let window = Window::new(WINDOW_ROWS / 2);
        window.enter(0, 1);
        window.enter(1, 1);
        assert!(window.wait_for(1));
        assert!(window.is_full_for(2));
        window.leave(1, 1);
        assert!(window.is_full_for(2), "shard 0 is the oldest");
        window.leave(0, 1);
        assert!(!window.is_full_for(2) && window.wait_for(2));
        window.close();
        assert!(!window.is_full_for(99) && !window.wait_for(99), "a closed window lets go");
    }
}
