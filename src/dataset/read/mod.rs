//! The way back: a dataset's parts, and from Arrow to targets, evidence and judgements.

mod evidence;
mod fetch;
mod group;
mod judgement;
mod lookup;
mod reader;

pub use self::evidence::{EvidenceColumns, TargetColumns};
pub use self::judgement::{Judgement, JudgementColumns, StoredFinding};
pub use self::reader::{PartBatches, Reader};

pub(super) use self::judgement::FindingColumns;
