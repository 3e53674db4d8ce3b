//! Judgement: from evidence to findings and to the flat columns, pure and deterministic.

mod assessment;
mod catalogue;
pub mod remedy;
mod rule;
mod rules;

use crate::evidence::Evidence;

pub use self::assessment::{Assessment, Coverage, Delivery, Finding, Mismatch, MxState, PolicyStage, Posture, RecordState, Severity};
pub use self::catalogue::{CATALOGUE_VERSION, catalogue, rule};
pub use self::rule::{ResultType, Rule, Status};

/// Judges what a probe saw: strictly by the RFCs first, then as forgiving senders would, then for hygiene.
pub fn classify(_evidence: &Evidence) -> Assessment {
    unimplemented!("in work")
}
