//! Gathers judged rows until a shard is complete, and bounds how many may be open.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Targets at most of which the rows are still to come while the rest of their shard is committed: those that wait for another round, and
/// those that a slow host holds up. They are small while they wait, and a list of which more fails is read no further for a while.
const MAX_LATE: u64 = 30_000;
/// How long the reader waits for the oldest shard before that is committed without its late rows. Shorter than the rounds, longer than a
/// lookup that is answered.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long after its last target was handed out a shard waits for its late rows where they hold no reader up. Longer than the rounds and
/// a fetch; what is older than that is safe from a crash.
const LINGER: Duration = Duration::from_secs(120);

/// Batches of fewer rows are joined with the one before, if that is small, too. Late rows come one by one, and a batch of one row is hundreds
/// of arrays, each with an allocation of its own.
const SMALL_BATCH: u64 = 256;

/// How long a batch lies as it is before it is packed. A shard of a scan that gets on is complete by then.
const PACK_AFTER: Duration = Duration::from_secs(5);
/// Rows that are packed together, at least and at most: fewer are not worth it, and more hold the rows that come up for too long.
const PACKED: RangeInclusive<u64> = 2048..=4096;
/// Octets that lie as they are at most, before they are packed however young they are: about the rows of a shard and a half where domains have
/// an MX, of which a scan that gets on has no more. Who packs such rows pays 5 % of the CPU for 10 MB.
const MAX_LOOSE: u64 = 28 << 20;

/// Rows that a shard is assembled of.
pub(super) trait Rows: Sized {
    /// What may go wrong when rows are joined or packed.
    type Error;
    /// Rows in less room.
    type Packed;
    /// How many they are.
    fn count(&self) -> u64;
    /// The memory that they take.
    fn octets(&self) -> u64;
    /// All rows of both.
    ///
    /// # Errors
    /// If they cannot stand in one batch.
    fn join(self, other: Self) -> Result<Self, Self::Error>;
    /// All rows of the batches.
    ///
    /// # Errors
    /// If they cannot stand in one batch.
    fn pack(batches: Vec<Self>) -> Result<Self::Packed, Self::Error>;
}

/// Rows of a shard.
pub(super) enum Held<B: Rows> {
    /// As they came.
    Loose(B),
    /// Packed, as they waited long.
    Packed(B::Packed),
}

/// Batches of rows of the shards that are not complete yet.
pub(super) struct Assembler<B: Rows> {
    shard_rows: u64,
    /// Ordinals that earlier runs committed, disjoint.
    committed: Vec<Range<u64>>,
    open: BTreeMap<u64, Open<B>>,
    /// Rows of shards that went out before they were complete.
    gone_early: BTreeMap<u64, u64>,
    /// Number of targets in the list, once known.
    total: Option<u64>,
}

/// A shard and the rows of it that are there.
struct Open<B: Rows> {
    rows: u64,
    packed: Vec<B::Packed>,
    /// With when they came, the oldest first.
    batches: Vec<(Instant, B)>,
    /// The memory that these take.
    loose: u64,
}

impl<B: Rows> Open<B> {
    /// Packs the oldest batches, if they are old, or room is short, and enough to be worth it.
    fn pack(&mut self, now: Instant, is_short: bool) -> Result<bool, B::Error> {
        let (mut rows, mut batches, mut octets) = (0, 0, 0);
        for (since, batch) in &self.batches {
            let is_due = is_short || now.saturating_duration_since(*since) >= PACK_AFTER;
            if !is_due || (rows > 0 && rows + batch.count() > *PACKED.end()) {
                break;
            }
            rows += batch.count();
            octets += batch.octets();
            batches += 1;
        }
        let worth_it = rows >= *PACKED.start() || is_short && rows > 0;
        if worth_it {
            self.loose = self.loose.saturating_sub(octets);
            self.packed.push(B::pack(self.batches.drain(..batches).map(|(_, batch)| batch).collect())?);
        }
        Ok(worth_it)
    }
}

impl<B: Rows> Assembler<B> {
    pub(super) fn new(shard_rows: u64, committed: Vec<Range<u64>>) -> Self {
        Self { shard_rows, committed, open: BTreeMap::new(), gone_early: BTreeMap::new(), total: None }
    }

    /// Takes a batch of rows, all of one shard; and packs some of those that have waited long, no more than come.
    ///
    /// # Errors
    /// If batches cannot be joined or packed.
    pub(super) fn add(&mut self, shard: u64, mut batch: B, now: Instant) -> Result<(), B::Error> {
        let open = self.open.entry(shard).or_insert_with(|| Open { rows: 0, packed: Vec::new(), batches: Vec::new(), loose: 0 });
        open.rows += batch.count();
        let mut since = now;
        // As a binary counter carries: each row is copied no more than log2(SMALL_BATCH) times.
        while batch.count() < SMALL_BATCH
            && let Some((earlier, last)) = open.batches.pop_if(|(_, last)| last.count() <= batch.count())
        {
            open.loose = open.loose.saturating_sub(last.octets());
            (since, batch) = (earlier, last.join(batch)?);
        }
        open.loose += batch.octets();
        open.batches.push((since, batch));
        while self.open.values().map(|open| open.loose).sum::<u64>() > MAX_LOOSE {
            let Some(greatest) = self.open.values_mut().max_by_key(|open| open.loose) else { break };
            if !greatest.pack(now, true)? {
                break;
            }
        }
        for open in self.open.values_mut() {
            if open.pack(now, false)? {
                break;
            }
        }
        Ok(())
    }

    /// The list has `total` targets.
    pub(super) fn end_of_list(&mut self, total: u64) {
        self.total = Some(total);
    }

    /// Takes a shard of which every row is there, or every row that was late.
    pub(super) fn take_complete(&mut self) -> Option<(u64, Vec<Held<B>>)> {
        let shard = *self.open.iter().find(|(shard, open)| open.rows == self.missing(**shard))?.0;
        self.take(shard)
    }

    /// Takes what there is of a shard if no more than `max_late` of its rows are late; these come together when the last of them is there.
    /// Once only: late rows of late rows would make many small parts.
    pub(super) fn take_early(&mut self, shard: u64, max_late: u64) -> Option<(u64, Vec<Held<B>>)> {
        let rows = self.open.get(&shard).map_or(0, |open| open.rows);
        if rows == 0 || self.gone_early.contains_key(&shard) || self.missing(shard).saturating_sub(rows) > max_late {
            return None;
        }
        self.gone_early.insert(shard, rows);
        self.take(shard)
    }

    /// Takes a shard that will not become complete in this run.
    pub(super) fn take_partial(&mut self) -> Option<(u64, Vec<Held<B>>)> {
        let shard = *self.open.first_key_value()?.0;
        self.take(shard)
    }

    fn take(&mut self, shard: u64) -> Option<(u64, Vec<Held<B>>)> {
        let Open { packed, batches, .. } = self.open.remove(&shard)?;
        let loose = batches.into_iter().map(|(_, batch)| Held::Loose(batch));
        Some((shard, packed.into_iter().map(Held::Packed).chain(loose).collect()))
    }

    /// Rows of a shard that this run has still to bring together.
    fn missing(&self, shard: u64) -> u64 {
        let start = shard * self.shard_rows;
        let end = (start + self.shard_rows).min(self.total.unwrap_or(u64::MAX));
        let there: u64 = self.committed.iter().map(|range| range.end.min(end).saturating_sub(range.start.max(start))).sum();
        let early = self.gone_early.get(&shard).copied().unwrap_or(0);
        end.saturating_sub(start).saturating_sub(there).saturating_sub(early)
    }
}

/// Keeps the reader within so many rows of the oldest shard that waits to be complete.
pub(super) struct ReadAhead {
    shards: u64,
    /// Targets that may be late.
    max_late: u64,
    state: Mutex<ReadAheadState>,
    changed: Condvar,
}

#[derive(Default)]
struct ReadAheadState {
    /// Targets handed out and not yet committed, by shard.
    open: BTreeMap<u64, u64>,
    /// The same of shards of which the other rows are committed.
    late: BTreeMap<u64, u64>,
    /// When a target of the next shard was handed out, of the open ones.
    handed_out: BTreeMap<u64, Instant>,
    /// Nothing will be committed any more.
    closed: bool,
}

impl ReadAheadState {
    fn is_full_for(&self, shard: u64, shards: u64) -> bool {
        !self.closed && self.open.first_key_value().is_some_and(|(oldest, _)| shard >= oldest + shards)
    }

    /// How many more targets may be late.
    fn late_room(&self, max_late: u64) -> u64 {
        max_late.saturating_sub(self.late.values().sum())
    }

    /// The shard for which the reader waits, if there is room for late rows.
    fn overdue(&self, max_late: u64) -> Option<u64> {
        self.open.keys().next().copied().filter(|_| self.late_room(max_late) > 0)
    }
}

impl ReadAhead {
    /// A window over shards of so many rows; `may_be_late` where a shard may be committed in two parts.
    pub(super) fn new(shard_rows: u64, window_rows: u64, may_be_late: bool) -> Self {
        let shards = (window_rows / shard_rows.max(1)).max(2);
        Self { shards, max_late: if may_be_late { MAX_LATE } else { 0 }, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Whether a target of `shard` would have to wait now.
    #[cfg(test)]
    fn is_full_for(&self, shard: u64) -> bool {
        self.lock().is_full_for(shard, self.shards)
    }

    /// Waits until targets of `shard` may come. `false` if the scan is over. Tells which shard is overdue meanwhile.
    pub(super) fn wait_for(&self, shard: u64, overdue: impl Fn(u64)) -> bool {
        let mut state = self.lock();
        while state.is_full_for(shard, self.shards) {
            let (woken, waited) = self.changed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if waited.timed_out()
                && state.is_full_for(shard, self.shards)
                && let Some(oldest) = state.overdue(self.max_late)
            {
                drop(state);
                overdue(oldest);
                state = self.lock();
            }
        }
        !state.closed
    }

    /// How many more targets may be late.
    pub(super) fn late_room(&self) -> u64 {
        self.lock().late_room(self.max_late)
    }

    /// Notes targets of `shard` that will come.
    pub(super) fn enter(&self, shard: u64, targets: u64) {
        let mut state = self.lock();
        if let Some((&before, _)) = state.open.range(..shard).next_back() {
            state.handed_out.entry(before).or_insert_with(Instant::now);
        }
        *state.open.entry(shard).or_default() += targets;
    }

    /// A shard that has waited for its late rows for long, though the reader does not wait for it, if there is room for late rows.
    pub(super) fn lingering(&self, now: Instant) -> Option<u64> {
        let state = self.lock();
        let old = |handed_out: &Instant| now.saturating_duration_since(*handed_out) >= LINGER;
        let (&shard, _) = state.handed_out.iter().find(|(_, handed_out)| old(handed_out))?;
        (state.late_room(self.max_late) > 0).then_some(shard)
    }

    /// `rows` rows of `shard` are committed; if it went out early the others are late from now on.
    pub(super) fn leave(&self, shard: u64, rows: u64, early: bool) {
        let mut state = self.lock();
        let left = state.open.remove(&shard);
        let handed_out = state.handed_out.remove(&shard);
        let (left, is_late) = match left {
            Some(left) => (left, early),
            None => (state.late.remove(&shard).unwrap_or(0), true),
        };
        let left = left.saturating_sub(rows);
        if left > 0 {
            let place = if is_late { &mut state.late } else { &mut state.open };
            place.insert(shard, left);
            if let Some(since) = handed_out.filter(|_| !is_late) {
                state.handed_out.insert(shard, since);
            }
        }
        self.changed.notify_all();
    }

    /// Lets a waiting reader go: nothing will be committed any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, ReadAheadState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows by a letter each.
    impl Rows for String {
        type Error = std::convert::Infallible;
        type Packed = String;

        fn count(&self) -> u64 {
            self.len() as u64
        }

        /// As if each row were of two kilobytes, and of a hundred where it is a great one.
        fn octets(&self) -> u64 {
            self.chars().map(|row| if row == 'G' { 100 << 10 } else { 2 << 10 }).sum()
        }

        fn join(self, other: Self) -> Result<Self, Self::Error> {
            Ok(self + &other)
        }

        fn pack(batches: Vec<Self>) -> Result<String, Self::Error> {
            Ok(batches.concat().to_uppercase())
        }
    }

    impl PartialEq for Held<String> {
        fn eq(&self, other: &Self) -> bool {
            match (self, other) {
                (Self::Loose(one), Self::Loose(two)) | (Self::Packed(one), Self::Packed(two)) => one == two,
                _ => false,
            }
        }
    }

    impl std::fmt::Debug for Held<String> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let (Self::Loose(rows) | Self::Packed(rows)) = self;
            rows.fmt(f)
        }
    }

    fn add(assembler: &mut Assembler<String>, shard: u64, rows: impl Into<String>) {
        assembler.add(shard, rows.into(), Instant::now()).unwrap();
    }

    fn rows(shard: u64, batches: &[&str]) -> Option<(u64, Vec<Held<String>>)> {
        Some((shard, batches.iter().map(|rows| Held::Loose(rows.to_string())).collect()))
    }

    #[test]
    fn a_shard_is_complete_when_its_last_row_comes_whatever_the_order() {
        let mut assembler = Assembler::new(3, Vec::new());
        for (shard, batch) in [(1, "a"), (0, "bb"), (1, "c")] {
            add(&mut assembler, shard, batch);
            assert_eq!(assembler.take_complete(), None);
        }
        add(&mut assembler, 0, "d");
        assert_eq!(assembler.take_complete(), rows(0, &["bb", "d"]));
        assembler.end_of_list(6);
        assert_eq!(assembler.take_complete(), None, "a row is missing");
        add(&mut assembler, 1, "e");
        assert_eq!(assembler.take_complete(), rows(1, &["ac", "e"]));
    }

    #[test]
    fn the_last_shard_ends_with_the_list() {
        let mut assembler = Assembler::new(3, Vec::new());
        add(&mut assembler, 0, "a");
        assert_eq!(assembler.take_complete(), None);
        assembler.end_of_list(1);
        assert_eq!(assembler.take_complete(), rows(0, &["a"]));
    }

    #[test]
    fn rows_of_earlier_runs_are_not_waited_for() {
        let mut assembler = Assembler::new(4, vec![0..1, 2..3, 4..8]);
        add(&mut assembler, 0, "a");
        add(&mut assembler, 0, "b");
        assert_eq!(assembler.take_complete(), rows(0, &["ab"]));
        add(&mut assembler, 2, "c");
        assert_eq!((assembler.take_complete(), assembler.take_partial()), (None, rows(2, &["c"])));
        assert_eq!(assembler.take_partial(), None);
    }

    #[test]
    fn late_rows_of_a_shard_come_together() {
        let mut assembler = Assembler::new(4, vec![0..1, 9..10]);
        add(&mut assembler, 0, "a");
        assert_eq!(assembler.take_early(0, 1), None, "too much of it is late");
        assert_eq!(assembler.take_early(0, 2), rows(0, &["a"]));
        add(&mut assembler, 0, "b");
        assert_eq!((assembler.take_early(0, 2), assembler.take_complete()), (None, None), "one part more is enough");
        add(&mut assembler, 0, "c");
        assert_eq!(assembler.take_complete(), rows(0, &["bc"]));
        assert_eq!(assembler.take_early(1, 9), None, "nothing is there of it");
    }

    #[test]
    fn great_rows_are_packed_before_they_are_old() {
        let mut assembler = Assembler::new(20_000, Vec::new());
        let small = "s".repeat(2048);
        let most = MAX_LOOSE / small.octets() * small.octets();
        (0..MAX_LOOSE / small.octets()).for_each(|_| add(&mut assembler, 0, small.clone()));
        let kept = |assembler: &Assembler<String>| assembler.open.values().map(|open| (open.packed.len(), open.loose)).collect::<Vec<_>>();
        assert_eq!(kept(&assembler), [(0, most)], "young, and no more than there is room for");
        (0..4).for_each(|_| add(&mut assembler, 1, "G".repeat(2048)));
        assert_eq!(kept(&assembler), [(0, most), (4, 0)], "the greatest first");
    }

    fn window(may_be_late: bool) -> ReadAhead {
        let window = ReadAhead::new(10, 20, may_be_late);
        window.enter(0, 10);
        window.enter(1, 10);
        window
    }

    fn never(_: u64) {
        unreachable!("nothing is overdue");
    }

    #[test]
    fn the_reader_waits_for_the_oldest_shard() {
        let window = window(false);
        assert!(window.wait_for(1, never));
        assert!(window.is_full_for(2));
        window.leave(1, 10, false);
        assert!(window.is_full_for(2), "shard 0 is the oldest");
        window.leave(0, 10, false);
        assert!(!window.is_full_for(2) && window.wait_for(2, never));
        window.close();
        assert!(!window.is_full_for(99) && !window.wait_for(99, never), "a closed window lets go");
    }

    #[test]
    fn the_reader_goes_on_past_a_shard_of_which_few_rows_are_late() {
        let window = window(true);
        let told = std::cell::Cell::new(None);
        assert!(window.wait_for(2, |shard| {
            told.set(Some(shard));
            window.leave(shard, 9, true);
        }));
        assert_eq!((told.get(), window.lock().late.get(&0)), (Some(0), Some(&1)));
        assert!(window.is_full_for(3), "shard 1 is the oldest now");
        window.leave(0, 1, false);
        assert!(window.lock().late.is_empty());
    }

    #[test]
    fn there_is_a_bound_to_what_is_late() {
        let window = ReadAhead::new(10, 20, true);
        window.enter(0, MAX_LATE + 1);
        window.leave(0, 1, true);
        window.enter(1, 2);
        assert_eq!((window.late_room(), window.lock().overdue(window.max_late)), (0, None));
        window.leave(0, 1, true);
        assert_eq!((window.late_room(), window.lock().overdue(window.max_late)), (1, Some(1)));
        assert_eq!(super::ReadAhead::new(10, 20, false).lock().overdue(0), None);
    }

    #[test]
    fn rows_that_come_one_by_one_become_few_batches_and_large_ones_stay_as_they_are() {
        let mut assembler = Assembler::new(5000, Vec::new());
        for _ in 0..1000 {
            add(&mut assembler, 0, "a");
        }
        for _ in 0..2 {
            add(&mut assembler, 0, "b".repeat(2000));
        }
        let (_, batches) = assembler.take_complete().unwrap();
        assert_eq!(batches.iter().map(length).collect::<Vec<_>>(), [256, 256, 256, 128, 64, 32, 8, 2000, 2000]);
    }

    fn length(held: &Held<String>) -> usize {
        let (Held::Loose(rows) | Held::Packed(rows)) = held;
        rows.len()
    }

    #[test]
    fn rows_that_wait_long_are_packed_and_lost_are_none() {
        let mut assembler = Assembler::new(50_000, Vec::new());
        let begun = Instant::now();
        for second in 0..20 {
            assembler.add(0, "a".repeat(2500), begun + Duration::from_secs(second)).unwrap();
        }
        assert_eq!(assembler.open[&0].batches.len(), 5, "what came in the last five seconds lies as it came");
        let (_, held) = assembler.take_complete().unwrap();
        assert_eq!(held.iter().map(length).sum::<usize>(), 50_000);
        let packed: Vec<usize> = held.iter().filter(|held| matches!(held, Held::Packed(_))).map(length).collect();
        assert_eq!((packed.iter().sum::<usize>(), packed.iter().max()), (37_500, Some(&2500)));
    }

    #[test]
    fn what_has_piled_up_is_packed_in_portions_and_a_few_rows_are_not() {
        let mut assembler = Assembler::new(50_000, Vec::new());
        let begun = Instant::now();
        let later = begun + PACK_AFTER;
        for shard in [0, 1] {
            for _ in 0..10 {
                assembler.add(shard, "a".repeat(1000), begun).unwrap();
            }
        }
        assembler.add(2, "b".repeat(2047), begun).unwrap();
        let packed = |assembler: &Assembler<String>| {
            assembler.open.values().map(|open| open.packed.iter().map(String::len).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        for _ in 0..8 {
            assembler.add(3, "c".to_owned(), later).unwrap();
        }
        assert_eq!(packed(&assembler), [vec![4000, 4000], vec![4000, 4000], vec![], vec![]]);
    }

    #[test]
    fn a_shard_that_nobody_waits_for_goes_out_after_a_while_too() {
        let window = window(true);
        let (now, later) = (Instant::now(), Instant::now() + LINGER);
        assert_eq!((window.lingering(now), window.lingering(later)), (None, Some(0)), "shard 1 may have more targets");
        window.leave(0, 3, false);
        assert_eq!(window.lingering(later), Some(0), "the rest is still waited for");
        window.leave(0, 6, true);
        assert_eq!(window.lingering(later), None, "late rows come together");
        window.enter(2, 1);
        assert_eq!(window.lingering(later + LINGER), Some(1));
    }
}
