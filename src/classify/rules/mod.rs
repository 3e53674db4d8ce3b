//! The rows of the catalogue, one file a family of codes.

use super::rule::Rule;

/// Families in the order of the catalogue: what a sender meets first comes first.
pub(super) const FAMILIES: &[&[Rule]] = &[];
