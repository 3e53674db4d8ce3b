//! Which of the TXT records under one name is the record: RFC 8461 section 3.1 and RFC 8460 section 3.

use super::Fault;
use crate::evidence::Txt;

/// The two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// `_mta-sts`, `v=STSv1` (RFC 8461 section 3.1).
    Sts,
    /// `_smtp._tls`, `v=TLSRPTv1` (RFC 8460 section 3).
    Tlsrpt,
}

/// Which record counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// No record, and no text that was meant as one.
    Absent,
    /// The text at this index was meant as a record and is none to a sender. This holds even if its own text parses as valid
    /// (`v=STSv1 ;id=1` beside another TXT falls to the literal discard rule).
    NearMiss(usize),
    /// Exactly one record.
    Unique(usize),
    /// More than one record, which counts as none.
    Multiple(Vec<usize>),
}

/// The choice and what is to be said of the set. What is to be said of the chosen text itself, the kinds of near miss included,
/// comes from `sts_record::parse` or `tlsrpt_record::parse` and is not repeated here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Which record counts.
    pub choice: Choice,
    /// Unrelated TXT records, too many records, needless splitting: the index of the TXT record and the fault;
    /// spans count in that record's joined text.
    pub faults: Vec<(usize, Fault)>,
}

impl Selection {
    /// The text to parse: of the only record, or of the near miss.
    pub fn index(&self) -> Option<usize> {
        match self.choice {
            Choice::Unique(index) | Choice::NearMiss(index) => Some(index),
            Choice::Absent | Choice::Multiple(_) => None,
        }
    }
}

/// Chooses among the TXT records of an answer.
pub fn select(_kind: RecordKind, _records: &[Txt]) -> Selection {
    Selection { choice: Choice::Absent, faults: Vec::new() }
}
