//! The TLSRPT record: what is published as far as it will do, and the mailbox that is wished for.

use super::lint;
use super::text;
use super::wishes::Wishes;
use crate::classify::{Assessment, RecordState, Severity};
use crate::evidence::{Evidence, Outcome, Txt};
use crate::parse::record_set::{RecordKind, select};
use crate::parse::tlsrpt_record::{self, TlsrptRecord};

/// What becomes of the TLSRPT record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reports {
    /// What is published stays.
    Kept(String),
    /// This one is published, in place of what is there.
    Set(String),
    /// One is wanted, and nobody has said which mailbox is read.
    Unnamed,
    /// It is not known what is published.
    Unknown,
}

impl Reports {
    pub(super) fn of(evidence: &Evidence, assessment: &Assessment, wishes: &Wishes) -> Self {
        let published = published(evidence);
        let joined = published.as_ref().map(|txt| txt.joined());
        let read = joined.as_deref().map(tlsrpt_record::parse);
        let usable = read.as_ref().and_then(|read| usable(&read.value));
        let is_fine = |text: &String| lint::record(RecordKind::Tlsrpt, text).is_none_or(|said| said.severity > Severity::Low);
        match assessment.tlsrpt_state {
            RecordState::Unknown => Self::Unknown,
            RecordState::Valid => {
                let destinations: Vec<String> = read.into_iter().flat_map(|read| read.value.rua).map(|rua| rua.uri).collect();
                let missing: Vec<&String> = wishes.rua.iter().filter(|wished| wishes.adds_rua && !destinations.contains(wished)).collect();
                let kept = joined.and_then(|text| String::from_utf8(text).ok()).filter(|_| missing.is_empty()).filter(is_fine);
                match (kept, usable) {
                    (Some(text), _) => Self::Kept(text),
                    (None, Some(usable)) => Self::Set(with(&usable, &missing)),
                    (None, None) if wishes.rua.is_empty() => Self::Unnamed,
                    (None, None) => Self::Set(text::tlsrpt_record(&wishes.rua)),
                }
            }
            RecordState::Absent | RecordState::Invalid | RecordState::Multiple => match usable {
                _ if !wishes.rua.is_empty() => Self::Set(text::tlsrpt_record(&wishes.rua)),
                Some(usable) => Self::Set(usable),
                None => Self::Unnamed,
            },
        }
    }

    /// The record that is to be in DNS in the end, where one is known.
    pub fn record(&self) -> Option<&str> {
        match self {
            Self::Kept(record) | Self::Set(record) => Some(record),
            Self::Unnamed | Self::Unknown => None,
        }
    }
}

/// The record that counts, or was meant to.
fn published(evidence: &Evidence) -> Option<&Txt> {
    let lookup = &evidence.tlsrpt_txt;
    let records: &[Txt] = if lookup.outcome == Outcome::Noerror { &lookup.records } else { &[] };
    select(RecordKind::Tlsrpt, records).index().and_then(|index| records.get(index))
}

/// The record as it should be, with the destinations to which `lint` does not object; `None` where there is none.
fn usable(record: &TlsrptRecord) -> Option<String> {
    let corrected = tlsrpt_record::canonical(record)?;
    let rua = tlsrpt_record::parse(corrected.as_bytes()).value.rua;
    let rua: Vec<String> = rua.into_iter().map(|rua| rua.uri).filter(|uri| Wishes::destination(uri).is_ok()).collect();
    (!rua.is_empty()).then(|| text::tlsrpt_record(&rua))
}

/// The record with further destinations.
fn with(record: &str, more: &[&String]) -> String {
    let mut all: Vec<String> = tlsrpt_record::parse(record.as_bytes()).value.rua.into_iter().map(|rua| rua.uri).collect();
    all.extend(more.iter().filter(|wished| !all.contains(wished)).map(|wished| (*wished).clone()).collect::<Vec<_>>());
    text::tlsrpt_record(&all)
}
