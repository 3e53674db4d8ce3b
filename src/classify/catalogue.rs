//! The catalogue: every finding code, in the order in which findings are listed.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use xxhash_rust::xxh3::Xxh3Default;

use super::rule::Rule;
use super::rules;

/// Version of the catalogue and of the judgement that goes by it: minor for additions, major where a code changes its meaning.
pub const CATALOGUE_VERSION: &str = "1.1";

static CATALOGUE: LazyLock<Vec<Rule>> = LazyLock::new(|| rules::FAMILIES.concat());

// Looked up for every finding of every domain, and only by our own codes: a fast hash will do.
static PLACES: LazyLock<HashMap<&'static str, usize, BuildHasherDefault<Xxh3Default>>> =
    LazyLock::new(|| CATALOGUE.iter().enumerate().map(|(place, rule)| (rule.code, place)).collect());

/// Every rule, in the order in which findings are listed.
pub fn catalogue() -> &'static [Rule] {
    &CATALOGUE
}

/// The rule of a code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    find(code).map(|(_, rule)| rule)
}

/// What there is to see where the fault is, and where it is not; `None` for codes whose rule has texts as examples or that are reserved.
pub fn scene(code: &str) -> Option<(&'static str, &'static str)> {
    rules::SCENES.iter().find(|(known, ..)| *known == code).map(|(_, with, without)| (*with, *without))
}

/// The rule of a code, and where it stands in the catalogue, from 0.
pub(super) fn find(code: &str) -> Option<(usize, &'static Rule)> {
    let place = *PLACES.get(code)?;
    CATALOGUE.get(place).map(|rule| (place, rule))
}
