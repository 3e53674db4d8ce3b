//! Counts by name with a bound on memory: names that are rare give way, and it is said below what count that happened.

use std::collections::HashMap;

/// Most names that are kept, of perhaps 100 bytes each.
const MAX_NAMES: usize = 400_000;

/// Counts of `K` kinds by name. The first kind decides which names are kept.
#[derive(Clone, Debug)]
pub(crate) struct Ranking<const K: usize> {
    names: HashMap<Box<str>, [u64; K]>,
    most: usize,
    /// Names that were counted up to this often may be missing, and counts too low by as much.
    lost: u64,
}

impl<const K: usize> Default for Ranking<K> {
    fn default() -> Self {
        Self { names: HashMap::new(), most: MAX_NAMES, lost: 0 }
    }
}

impl<const K: usize> Ranking<K> {
    /// Adds to the counts of a name.
    pub(crate) fn add(&mut self, name: &str, counts: [u64; K]) {
        match self.names.get_mut(name) {
            Some(sum) => sum.iter_mut().zip(counts).for_each(|(sum, more)| *sum += more),
            None => {
                self.names.insert(name.into(), counts);
                self.shrink();
            }
        }
    }

    /// Adds the counts of others.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        if other.names.len() > self.names.len() {
            return other.merge(self);
        }
        for (name, counts) in &other.names {
            self.add(name, *counts);
        }
        self.lost += other.lost;
        self
    }

    /// As lossy counting does (Manku and Motwani, VLDB 2002): the rarest half goes.
    fn shrink(&mut self) {
        if self.names.len() <= self.most {
            return;
        }
        let mut firsts: Vec<u64> = self.names.values().map(|counts| counts.first().copied().unwrap_or_default()).collect();
        let middle = firsts.len() / 2;
        let (_, limit, _) = firsts.select_nth_unstable(middle);
        let limit = *limit;
        self.names.retain(|_, counts| counts.first().is_some_and(|first| *first > limit));
        self.lost += limit;
    }

    /// Below or at this count names may be missing; 0 where all are there.
    pub(crate) const fn lost(&self) -> u64 {
        self.lost
    }

    /// The names by their first count, the greatest first; of equal ones by name.
    pub(crate) fn sorted(&self) -> Vec<(&str, [u64; K])> {
        let mut sorted: Vec<(&str, [u64; K])> = self.names.iter().map(|(name, counts)| (&**name, *counts)).collect();
        sorted.sort_unstable_by(|(a, x), (b, y)| y.first().cmp(&x.first()).then_with(|| a.cmp(b)));
        sorted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_frequent_is_kept_and_the_error_is_told(names in proptest::collection::vec(0_u8..60, 1..600), most in 4_usize..40) {
            let mut ranking = Ranking::<1> { most, ..Ranking::default() };
            let mut exact = [0_u64; 60];
            for name in &names {
                ranking.add(&name.to_string(), [1]);
                exact[usize::from(*name)] += 1;
            }
            prop_assert!(ranking.names.len() <= most);
            let kept = |name: usize| ranking.sorted().iter().find(|(kept, _)| *kept == name.to_string()).map_or(0, |(_, [n])| *n);
            for (name, n) in exact.iter().enumerate() {
                prop_assert!(kept(name) <= *n && kept(name) + ranking.lost() >= *n, "{name}: {} of {n}, lost {}", kept(name), ranking.lost());
            }
        }

        #[test]
        fn the_order_of_merging_does_not_matter(a in proptest::collection::vec(0_u8..9, 0..60), b in proptest::collection::vec(0_u8..9, 0..60)) {
            let count = |names: &[u8]| names.iter().fold(Ranking::<2>::default(), |mut ranking, name| {
                ranking.add(&name.to_string(), [1, u64::from(*name)]);
                ranking
            });
            let (ab, ba, whole) = (count(&a).merge(count(&b)), count(&b).merge(count(&a)), count(&[a, b].concat()));
            prop_assert_eq!(ab.sorted(), ba.sorted());
            prop_assert_eq!(ab.sorted(), whole.sorted());
        }
    }
}
