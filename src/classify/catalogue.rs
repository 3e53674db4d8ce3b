//! The catalogue: every finding code, in the order in which findings are listed.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::rule::Rule;
use super::rules;

/// Version of the catalogue and of the judgement that goes by it: minor for additions, major where a code changes its meaning.
pub const CATALOGUE_VERSION: &str = "1.1";

static CATALOGUE: LazyLock<Vec<Rule>> = LazyLock::new(|| rules::FAMILIES.concat());

static PLACES: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| CATALOGUE.iter().enumerate().map(|(place, rule)| (rule.code, place)).collect());

/// Every rule, in the order in which findings are listed.
pub fn catalogue() -> &'static [Rule] {
    &CATALOGUE
}

/// The rule of a code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    place(code).and_then(|place| CATALOGUE.get(place))
}

/// What there is to see where the fault is, and where it is not; `None` for codes whose rule has texts as examples or that are reserved.
pub fn scene(code: &str) -> Option<(&'static str, &'static str)> {
    rules::SCENES.iter().find(|(known, ..)| *known == code).map(|(_, with, without)| (*with, *without))
}

/// Where a code stands in the catalogue, from 0.
pub(super) fn place(code: &str) -> Option<usize> {
    PLACES.get(code).copied()
}
