//! Judgement: from evidence to findings and to the flat columns, pure and deterministic.

mod assessment;

pub use self::assessment::{Assessment, Coverage, Delivery, Finding, Mismatch, MxState, PolicyStage, Posture, RecordState, Severity};
