//! Judgement: from evidence to findings and to the flat columns, pure and deterministic.

mod answers;
mod asked;
mod assessment;
mod cause;
mod certificate;
pub mod codes;
mod connecting;
mod conversation;
mod coverage;
mod dane;
mod delivery;
mod demands;
mod deployment;
mod dnssec;
mod exchanges;
mod extra_requests;
mod familiar;
mod families;
mod faults;
mod findings;
mod judge;
mod mismatch;
mod mx_certificate;
mod mx_host;
mod neighbours;
mod particulars;
mod policy_host;
mod records;
mod reserved;
mod response;
mod retrieval;
mod rule;
mod second_hello;
mod sight;
mod stored;
mod stray_records;
mod verdict;

pub use self::asked::{Asked, Dane};
pub use self::assessment::{
    Assessment, Coverage, DaneState, Delivery, DnssecState, Mismatch, MxState, MxTls, PolicyStage, Posture, RecordState,
};
pub use self::codes::{CATALOGUE_VERSION, StoredCode, catalogue};
pub use self::demands::{Demand, DemandedMode};
pub(crate) use self::familiar::Judge;
pub use self::findings::Finding;
pub use self::judge::classify;
pub use self::mx_host::TestedHosts;
pub use self::particulars::{IdFormat, Moment, PolicyHost, RuaHost};
pub use self::retrieval::retrieved_text;
pub use self::rule::{Code, Example, ResultType, Rule, Severity, Stage, Status};
pub(crate) use self::sight::Sight;
pub use self::stored::{Always, Judgement, Stored, StoredFinding, Worded};

pub(crate) use self::assessment::flat_columns;

#[cfg(test)]
pub(crate) mod tests;
