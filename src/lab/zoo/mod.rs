//! The zoo: every case by family, each with its hand-written truth.

use super::case::{Case, case};

/// All cases.
pub(super) fn cases() -> Vec<Case> {
    vec![case("enforce", "All is right.")]
}
