//! Names that look like those that people register, and the numbers that decide about them: the same name and seed always draw the same.

use xxhash_rust::xxh3::xxh3_64_with_seed;

const FIRST: [&str; 40] = [
    "alpine", "amber", "anchor", "apple", "atlas", "autumn", "baker", "beacon", "berry", "birch", "blue", "bridge", "bright", "cedar",
    "city", "clear", "cloud", "copper", "coral", "crystal", "delta", "digital", "eagle", "east", "echo", "ember", "forest", "garden",
    "global", "golden", "green", "harbor", "iron", "ivory", "lake", "lunar", "maple", "metro", "north", "urban",
];
const SECOND: [&str; 40] = [
    "art",
    "bank",
    "bikes",
    "books",
    "care",
    "clinic",
    "coffee",
    "college",
    "craft",
    "data",
    "dental",
    "design",
    "energy",
    "farm",
    "film",
    "fitness",
    "foods",
    "games",
    "group",
    "home",
    "hotel",
    "labs",
    "law",
    "logistics",
    "market",
    "media",
    "motors",
    "music",
    "news",
    "photo",
    "print",
    "radio",
    "school",
    "shop",
    "sport",
    "studio",
    "systems",
    "tech",
    "travel",
    "works",
];
const TLDS: [&str; 16] = ["com", "com", "com", "com", "com", "com", "org", "net", "de", "co.uk", "nl", "se", "fr", "io", "com.br", "info"];

/// The name at a place. Places below 1,600 have two words; every further 1,600 add a number, so that no two are alike.
pub(super) fn name(seed: u64, place: u64) -> String {
    let words = (FIRST.len() * SECOND.len()) as u64;
    let (round, pair) = (place / words, (place % words) as usize);
    let first = FIRST.get(pair % FIRST.len()).unwrap_or(&"a");
    let second = SECOND.get(pair / FIRST.len()).unwrap_or(&"b");
    let tld = TLDS.get((xxh3_64_with_seed(&place.to_le_bytes(), seed) % TLDS.len() as u64) as usize).unwrap_or(&"com");
    match round {
        0 => format!("{first}{second}.{tld}"),
        1 => format!("{first}-{second}.{tld}"),
        _ => format!("{first}{second}{round}.{tld}"),
    }
}

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
