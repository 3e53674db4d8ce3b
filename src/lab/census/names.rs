//! Names that look like those that people register.

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
