//! The query ids that are in use on one socket, and which slot each stands for.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rand::RngExt as _;

use super::slots::Key;

/// Queries in flight on one socket. Half of all ids stay free, so that a free one is found at once and stays hard to guess.
pub(super) const MAX_IN_FLIGHT: usize = 32_768;

/// Ids in use.
#[derive(Debug, Default)]
pub(super) struct Ids(HashMap<u16, Key, BuildHasherDefault<IdHasher>>);

impl Ids {
    /// Takes a free id at random; `None` while too many are in use.
    pub(super) fn take(&mut self, key: Key) -> Option<u16> {
        if self.0.len() >= MAX_IN_FLIGHT {
            return None;
        }
        let mut random = rand::rng();
        loop {
            let id = random.random();
            if let std::collections::hash_map::Entry::Vacant(free) = self.0.entry(id) {
                free.insert(key);
                return Some(id);
            }
        }
    }

    /// How many are in use.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whom a reply with this id is for.
    pub(super) fn get(&self, id: u16) -> Option<Key> {
        self.0.get(&id).copied()
    }

    /// Gives an id back.
    pub(super) fn give_back(&mut self, id: u16) {
        self.0.remove(&id);
    }

    /// Gives all ids back.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Key> {
        self.0.drain().map(|(_, key)| key)
    }
}

/// Ids are random and chosen by us: nobody can make them collide, so one multiplication spreads them well enough.
#[derive(Debug, Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for &octet in octets {
            self.write_u16(u16::from(octet));
        }
    }

    fn write_u16(&mut self, id: u16) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_run_out() {
        let mut ids = Ids::default();
        let mut seen = vec![false; 65_536];
        for index in 0..MAX_IN_FLIGHT {
            let key = Key { index: u32::try_from(index).unwrap(), serial: 1 };
            let id = ids.take(key).unwrap();
            assert!(!std::mem::replace(&mut seen[usize::from(id)], true));
            assert_eq!(ids.get(id), Some(key));
        }
        assert_eq!(ids.take(Key { index: 0, serial: 2 }), None);
        let one = u16::try_from(seen.iter().position(|&used| used).unwrap()).unwrap();
        ids.give_back(one);
        assert_eq!(ids.get(one), None);
        assert!(ids.take(Key { index: 0, serial: 2 }).is_some());
        assert_eq!(ids.drain().count(), MAX_IN_FLIGHT);
    }
}
