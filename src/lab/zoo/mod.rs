//! The zoo: every case by family, each with its hand-written truth.

mod answers;
mod elsewhere;
mod hosts;
mod hygiene;
mod lines;
mod near;
mod neighbours;
mod patterns;
mod policy_fields;
mod policy_text;
mod records;
mod responses;
mod tlsrpt;

use super::case::Case;

/// All cases, by family.
pub(super) fn cases() -> Vec<Case> {
    let families = [
        answers::cases(),
        records::cases(),
        tlsrpt::cases(),
        hosts::cases(),
        responses::cases(),
        policy_text::cases(),
        policy_fields::cases(),
        patterns::cases(),
        neighbours::cases(),
        elsewhere::cases(),
        hygiene::cases(),
        near::cases(),
    ];
    near::declare(families.concat().into_iter().map(Case::settled).collect())
}
