//! Numbers that a name and a seed decide: the same name always draws the same.

use xxhash_rust::xxh3::xxh3_64_with_seed;

const MILLION: u64 = 1_000_000;

/// The draws of one name, in order.
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn new(name: &str, seed: u64) -> Self {
        Self(xxh3_64_with_seed(name.as_bytes(), seed))
    }

    /// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One of the choices by its parts per million, or none with what is left of the million.
    pub(super) fn one_of<T: Copy>(&mut self, choices: &[(u64, T)]) -> Option<T> {
        let mut rest = self.next() % MILLION;
        for &(share, choice) in choices {
            if rest < share {
                return Some(choice);
            }
            rest -= share;
        }
        None
    }

    /// The place of one of the weights. Without any weight it is 0.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let sum: u64 = weights.clone().sum();
        let mut rest = self.next() % sum.max(1);
        for (place, weight) in weights.enumerate() {
            if rest < weight {
                return place;
            }
            rest -= weight;
        }
        0
    }
}
