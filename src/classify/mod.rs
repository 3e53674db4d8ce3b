//! Judgement: from evidence to findings and to the flat columns, pure and deterministic.

mod assessment;
mod catalogue;
mod coverage;
mod delivery;
mod deployment;
mod exchanges;
mod extra_requests;
mod familiar;
mod findings;
mod judge;
mod mismatch;
mod neighbours;
mod policy_host;
mod records;
pub mod remedy;
mod retrieval;
mod rule;
mod rules;
mod senders;
mod stray_records;

pub use self::assessment::{Assessment, Coverage, Delivery, Finding, Mismatch, MxState, PolicyStage, Posture, RecordState, Severity};
pub use self::catalogue::{CATALOGUE_VERSION, catalogue, rule, scene};
pub use self::familiar::Judge;
pub use self::judge::classify;
pub use self::rule::{ResultType, Rule, Status};

#[cfg(test)]
mod tests;
