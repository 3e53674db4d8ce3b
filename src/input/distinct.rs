//! Telling duplicates apart in bounded memory.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// The identity of a name: XXH3-128 with seed 0.
pub(super) fn identity(name: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(name.as_bytes())
}

/// Whether a name has come before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// It has not, or nothing is known of it as memory is full. With the rank that the name should have.
    First(Option<i32>),
    /// It has.
    Again,
}

/// The names that have come so far, up to a bound; those that come beyond it are let through and counted.
pub(super) struct Distinct {
    names: Names,
    capacity: usize,
    /// The name before this one, so that runs (the NS records of a delegation) are one name even beyond the bound.
    last: Option<u128>,
    pass: u8,
    unchecked: u64,
}

enum Names {
    Set(Set),
    Ranked(HashMap<u128, Ranked, Hashed>),
}

/// A set of names in parts that grow one after another: while a table grows, the old one is there too, which for millions of names in one
/// table would be the most memory that a scan ever takes.
struct Set {
    parts: Vec<Table>,
    length: usize,
}

/// Parts of a set that may have millions of names.
const PARTS: usize = 256;
/// Least memory, in bytes, that is worth so many.
const WORTH_PARTS: usize = 1 << 20;

/// 80 bits of a name's identity, the tag 1 where it would be 0; with the part, nearly 88 bits tell names apart: two of a hundred million are confused once in
/// 10^10 lists.
#[derive(Clone, Copy)]
struct Key {
    tag: u8,
    rest: Rest,
}

type Rest = [u8; 9];

/// Keys in the order of their hashes, as far as the places are free: open addressing with linear probing. Unlike the standard library's it grows by a
/// quarter and not to twice its size, so that a name takes 11 to 15 bytes and not 11 to 25.
///
/// The tags are apart from the rest: of a million names they stay in the processor's cache, and a name that has not come before, as nearly all,
/// is seldom of the same tag as a name at its place, so that no memory is waited for.
#[derive(Default)]
struct Table {
    tags: Vec<u8>,
    rests: Vec<Rest>,
    length: usize,
    /// Places up to which it is half empty.
    roomy: usize,
}

/// The tag of a free place.
const FREE: u8 = 0;
/// Of so many places so many are taken at most: looking a name up that is not there passes thirty then, and ten on average.
const LOAD: (usize, usize) = (8, 7);
/// Places up to which a table is half empty and grows to twice its size, where memory is ample: with some million names it is faster so by more
/// than their room is worth.
const ROOMY: usize = 8192;
/// Memory, in bytes, that is ample.
const AMPLE: usize = 16 * PARTS * ROOMY * size_of::<Key>();
/// A table grows by one in so many.
const GROWTH: usize = 4;
/// Places of the smallest table.
const FIRST_PLACES: usize = 16;

impl Key {
    /// Of the identity's ten low bytes.
    fn new([tag, rest @ ..]: [u8; 10]) -> Self {
        Self { tag: tag.max(1), rest }
    }

    /// Which of so many places is its own.
    fn home(self, places: usize) -> usize {
        let [.., a, b, c, d, e, f, g, h] = self.rest;
        let hash = u128::from(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        ((hash * places as u128) >> u64::BITS) as usize
    }
}

impl Table {
    /// Whether the key was there; adds it otherwise if `room`.
    fn meet(&mut self, key: Key, room: bool) -> bool {
        if room && self.is_full() {
            self.grow();
        }
        let Some((place, there)) = self.find(key) else { return false };
        if room && !there {
            self.put(place, key);
            self.length += 1;
        }
        there
    }

    fn is_full(&self) -> bool {
        if self.tags.len() <= self.roomy { self.length * 2 >= self.tags.len() } else { self.length * LOAD.0 >= self.tags.len() * LOAD.1 }
    }

    /// Where a key is or would be, and whether it is there; `None` without any place.
    fn find(&self, key: Key) -> Option<(usize, bool)> {
        let home = key.home(self.tags.len());
        let (before, behind) = self.tags.split_at_checked(home)?;
        let behind = behind.iter().zip(home..);
        behind.chain(before.iter().zip(0..)).find_map(|(tag, place)| match *tag {
            FREE => Some((place, false)),
            tag if tag == key.tag && self.rests.get(place) == Some(&key.rest) => Some((place, true)),
            _ => None,
        })
    }

    fn put(&mut self, place: usize, key: Key) {
        if let (Some(tag), Some(rest)) = (self.tags.get_mut(place), self.rests.get_mut(place)) {
            (*tag, *rest) = (key.tag, key.rest);
        }
    }

    fn grow(&mut self) {
        let more = if self.tags.len() < self.roomy { self.tags.len() } else { self.tags.len() / GROWTH };
        let places = (self.tags.len() + more).max(FIRST_PLACES);
        let tags = std::mem::replace(&mut self.tags, vec![FREE; places]);
        let rests = std::mem::replace(&mut self.rests, vec![[0; 9]; places]);
        for (tag, rest) in tags.into_iter().zip(rests).filter(|(tag, _)| *tag != FREE) {
            let key = Key { tag, rest };
            if let Some((place, _)) = self.find(key) {
                self.put(place, key);
            }
        }
    }
}

impl Set {
    fn new(parts: usize, roomy: usize) -> Self {
        Self { parts: std::iter::repeat_with(|| Table { roomy, ..Table::default() }).take(parts).collect(), length: 0 }
    }

    /// Whether the name was there; adds it otherwise if `room`.
    fn meet(&mut self, name: u128, room: bool) -> bool {
        let (key, part) = self.key(name);
        let Some(names) = self.parts.get_mut(part) else { return false };
        let there = names.meet(key, room);
        self.length += usize::from(room && !there);
        there
    }

    /// Whether the name's own place is free.
    fn is_free(&self, name: u128) -> bool {
        let (key, part) = self.key(name);
        self.parts.get(part).is_some_and(|names| names.tags.get(key.home(names.tags.len())) == Some(&FREE))
    }

    /// A name's key, and the part that it belongs to.
    fn key(&self, name: u128) -> (Key, usize) {
        let [a, b, c, d, e, f, g, h, i, j, part, ..] = name.to_le_bytes();
        (Key::new([a, b, c, d, e, f, g, h, i, j]), usize::from(part) % self.parts.len().max(1))
    }

    fn clear(&mut self) {
        for Table { tags, rests, length, .. } in &mut self.parts {
            (*tags, *rests, *length) = (Vec::new(), Vec::new(), 0);
        }
        self.length = 0;
    }

    /// How many names so many parts can have without ever taking more than `memory` bytes, also while one of them grows.
    fn capacity(memory: usize, parts: usize) -> usize {
        let places = memory / size_of::<Key>() / (parts + 1) * parts;
        places / (GROWTH + 1) * GROWTH / LOAD.0 * LOAD.1
    }
}

/// The best rank of a name within the list that named it first.
struct Ranked {
    rank: Option<i32>,
    source: u32,
    /// The last pass in which the name came.
    pass: u8,
}

impl Distinct {
    /// For `memory` bytes. With `ranked`, the names of a first pass are remembered with their best ranks for the next one.
    pub(super) fn new(memory: usize, ranked: bool) -> Self {
        let (names, capacity) = if ranked {
            (Names::Ranked(HashMap::default()), capacity(memory, size_of::<(u128, Ranked)>()))
        } else {
            let parts = if memory < WORTH_PARTS { 1 } else { PARTS };
            let roomy = if memory < AMPLE { 0 } else { ROOMY };
            (Names::Set(Set::new(parts, roomy)), Set::capacity(memory, parts))
        };
        Self { names, capacity, last: None, pass: 0, unchecked: 0 }
    }

    /// Begins to read all lists again.
    pub(super) fn next_pass(&mut self) {
        if let Names::Set(names) = &mut self.names {
            names.clear();
        }
        self.pass += 1;
        (self.last, self.unchecked) = (None, 0);
    }

    /// How many names came when memory was full: each of them may be a duplicate.
    pub(super) fn unchecked(&self) -> u64 {
        self.unchecked
    }

    /// Looks where names would be that come soon: the processor fetches these places side by side then, and else waits for each of them.
    pub(super) fn expect(&self, names: impl Iterator<Item = u128>) {
        if let Names::Set(set) = &self.names {
            std::hint::black_box(names.filter(|name| set.is_free(*name)).count());
        }
    }

    pub(super) fn meet(&mut self, name: u128, source: u32, rank: Option<i32>) -> Meeting {
        let repeated = self.last.replace(name) == Some(name);
        let full = match &mut self.names {
            Names::Set(names) => {
                let full = names.length >= self.capacity;
                if names.meet(name, !full) {
                    return Meeting::Again;
                }
                full
            }
            Names::Ranked(names) => {
                let full = names.len() >= self.capacity || self.pass > 0;
                match names.entry(name) {
                    Entry::Occupied(mut entry) => return entry.get_mut().meet(self.pass, source, rank),
                    Entry::Vacant(entry) if !full => {
                        entry.insert(Ranked { rank, source, pass: self.pass });
                    }
                    Entry::Vacant(_) => {}
                }
                full
            }
        };
        if full && repeated {
            Meeting::Again
        } else {
            self.unchecked += u64::from(full);
            Meeting::First(rank)
        }
    }
}

impl Ranked {
    fn meet(&mut self, pass: u8, source: u32, rank: Option<i32>) -> Meeting {
        if self.source == source {
            self.rank = self.rank.into_iter().chain(rank).min();
        }
        if std::mem::replace(&mut self.pass, pass) == pass { Meeting::Again } else { Meeting::First(self.rank) }
    }
}

/// How many entries a map of the standard library can have without ever taking more than `memory` bytes.
///
/// It has a power of two of places, each with a byte of its own, and fills seven eighths of them; while it grows, the old half is there too.
fn capacity(memory: usize, entry: usize) -> usize {
    let places = memory / (entry + 1) * 2 / 3;
    places.checked_ilog2().map_or(0, |exponent| (1 << exponent) / 8 * 7)
}

type Hashed = BuildHasherDefault<AlreadyHashed>;

/// Hands through the lower half of a hash.
#[derive(Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::super::options::DEFAULT_MEMORY;
    use super::*;

    #[test]
    fn the_default_holds_what_is_documented() {
        assert_eq!(Distinct::new(DEFAULT_MEMORY, false).capacity, 74_869_396);
        assert_eq!(Distinct::new(DEFAULT_MEMORY, true).capacity, 14_680_064);
    }

    #[test]
    fn beyond_the_bound_names_are_let_through_and_counted() {
        let name = |number: u8| identity(&number.to_string());
        for ranked in [false, true] {
            let mut names = Distinct::new(if ranked { 17 * 24 } else { 240 }, ranked);
            assert_eq!(names.capacity, 7);
            for number in 0..7 {
                assert_eq!(names.meet(name(number), 0, None), Meeting::First(None));
            }
            assert_eq!(names.meet(name(3), 0, None), Meeting::Again);
            assert_eq!(
                (names.meet(name(8), 0, None), names.meet(name(8), 0, None), names.meet(name(8), 0, None)),
                (Meeting::First(None), Meeting::Again, Meeting::Again)
            );
            assert_eq!((names.meet(name(9), 0, None), names.meet(name(8), 0, None)), (Meeting::First(None), Meeting::First(None)));
            assert_eq!(names.unchecked(), 3);
        }
    }

    proptest! {
        /// As the standard library's set has it, whatever the keys have in common; and every name but the first is found at its place.
        #[test]
        fn names_are_told_apart(
            names in proptest::collection::vec((0..3_u128, 0..200_u128), 0..2000),
            parts in prop::sample::select(vec![1, PARTS]),
            roomy in prop::sample::select(vec![0, 64, ROOMY]),
        ) {
            let (mut set, mut model) = (Set::new(parts, roomy), HashSet::new());
            for (index, (high, low)) in names.iter().enumerate() {
                let (name, room) = (low << 64 | (high * u128::from(u64::MAX / 3)), index % 5 > 0);
                prop_assert_eq!(set.meet(name, room), model.contains(&name));
                if room {
                    model.insert(name);
                }
                prop_assert_eq!(set.length, model.len());
            }
            let room: usize = set.parts.iter().map(|part| part.tags.len()).sum();
            prop_assert!(room <= model.len() * 4 + parts * FIRST_PLACES);
        }
    }

    #[test]
    fn the_second_pass_knows_the_best_rank_of_the_first_list() {
        let mut names = Distinct::new(1 << 20, true);
        for (source, rank) in [(0, Some(9)), (0, None), (0, Some(4)), (0, Some(6)), (1, Some(1))] {
            names.meet(5, source, rank);
        }
        names.next_pass();
        assert_eq!(names.meet(5, 0, Some(9)), Meeting::First(Some(4)));
        assert_eq!(names.meet(5, 0, Some(4)), Meeting::Again);
        assert_eq!(names.meet(6, 0, Some(7)), Meeting::First(Some(7)));
    }

    #[test]
    fn the_same_names_come_again_in_another_pass() {
        let mut names = Distinct::new(1 << 20, false);
        assert_eq!(names.meet(5, 0, None), Meeting::First(None));
        names.next_pass();
        assert_eq!((names.meet(5, 0, None), names.meet(5, 0, None)), (Meeting::First(None), Meeting::Again));
    }
}
