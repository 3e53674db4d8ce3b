//! Which of the TXT records under one name is the record: RFC 8461 section 3.1 and RFC 8460 section 3.

use std::collections::HashSet;

use super::collector::quote;
use super::fault::{Fault, FaultKind};
pub use super::record_kind::RecordKind;
use super::version::{Standing, standing};
use crate::evidence::Txt;

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
#[non_exhaustive]
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

    /// The same where the record at an index stands at this place.
    fn placed(mut self, places: &[usize]) -> Self {
        let place = |index: &mut usize| *index = places.get(*index).copied().unwrap_or(*index);
        match &mut self.choice {
            Choice::Absent => {}
            Choice::NearMiss(index) | Choice::Unique(index) => place(index),
            Choice::Multiple(indices) => indices.iter_mut().for_each(place),
        }
        self.faults.iter_mut().for_each(|(index, _)| place(index));
        self
    }
}

/// Chooses among the TXT records of an answer.
///
/// A set of records has no duplicates (RFC 2181 section 5): of those that are octet for octet the same only the first is looked at.
///
/// The literal discard rule (`v=STSv1;`) is worded for "multiple TXT records", so a single one needs no semicolon to be the record.
pub fn select(kind: RecordKind, records: &[Txt]) -> Selection {
    if records.len() > 1 {
        let mut seen = HashSet::new();
        let places: Vec<usize> = records.iter().enumerate().filter(|(_, record)| seen.insert(&record.0)).map(|(place, _)| place).collect();
        if places.len() < records.len() {
            let distinct: Vec<Txt> = places.iter().filter_map(|place| records.get(*place).cloned()).collect();
            return select_distinct(kind, &distinct).placed(&places);
        }
    }
    select_distinct(kind, records)
}

fn select_distinct(kind: RecordKind, records: &[Txt]) -> Selection {
    let texts: Vec<Vec<u8>> = records.iter().map(Txt::joined).collect();
    let standings: Vec<Standing> = texts.iter().map(|text| standing(kind, text)).collect();
    let choice = choose(kind, &texts, &standings);
    let mut faults = Vec::new();
    for (index, (text, standing)) in texts.iter().zip(&standings).enumerate() {
        let discarded = match &choice {
            Choice::Absent | Choice::NearMiss(_) => *standing == Standing::Unrelated,
            Choice::Unique(chosen) => index != *chosen,
            Choice::Multiple(chosen) => !chosen.contains(&index),
        };
        if discarded {
            faults.push((index, fault(kind.words().unrelated_txt, 0..text.len(), quote(text))));
        }
    }
    match &choice {
        Choice::Multiple(indices) => faults.extend(indices.get(1).map(|&second| {
            let length = texts.get(second).map_or(0, Vec::len);
            (second, fault(kind.words().multiple, 0..length, format!("{} records", indices.len())))
        })),
        Choice::Unique(index) => faults.extend(records.get(*index).and_then(|txt| split_strings(kind, txt)).map(|fault| (*index, fault))),
        Choice::Absent | Choice::NearMiss(_) => {}
    }
    Selection { choice, faults }
}

fn choose(kind: RecordKind, texts: &[Vec<u8>], standings: &[Standing]) -> Choice {
    let is_record = |text: &[u8], standing: &Standing| match texts.len() {
        1 => matches!(standing, Standing::Record(_)),
        _ => text.strip_prefix(kind.words().version.as_bytes()).is_some_and(|rest| rest.starts_with(b";")),
    };
    let records: Vec<usize> = (0..).zip(texts.iter().zip(standings)).filter(|(_, (t, s))| is_record(t, s)).map(|(at, _)| at).collect();
    match records.as_slice() {
        [] => standings.iter().position(|standing| *standing != Standing::Unrelated).map_or(Choice::Absent, Choice::NearMiss),
        [index] => Choice::Unique(*index),
        _ => Choice::Multiple(records),
    }
}

/// Several strings where one would do: legal, but a panel or a person cut the text, and readers that join with a space break it.
fn split_strings(kind: RecordKind, txt: &Txt) -> Option<Fault> {
    const LONGEST_STRING: usize = 255;
    let kind = kind.words().split_strings?;
    let mut lengths = txt.0.iter().map(Vec::len).filter(|&length| length > 0);
    let (first, rest) = (lengths.next()?, lengths.sum::<usize>());
    (rest > 0 && first + rest <= LONGEST_STRING).then(|| fault(kind, first..first, ""))
}

fn fault(kind: FaultKind, span: std::ops::Range<usize>, detail: impl Into<String>) -> Fault {
    Fault { kind, span, detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(kind: RecordKind, texts: &[&str]) -> Choice {
        select(kind, &texts.iter().map(|text| Txt(vec![text.as_bytes().to_vec()])).collect::<Vec<_>>()).choice
    }

    #[test]
    fn the_literal_rule_needs_company() {
        assert_eq!(chosen(RecordKind::Sts, &["v=STSv1 ;id=1"]), Choice::Unique(0));
        assert_eq!(chosen(RecordKind::Sts, &["x", "v=STSv1 ;id=1"]), Choice::NearMiss(1));
        assert_eq!(chosen(RecordKind::Sts, &["v=STSv1", "v=STSv1;id=1"]), Choice::Unique(1));
        assert_eq!(chosen(RecordKind::Sts, &["v=STSv1;", "x", "v=STSv1;id=1"]), Choice::Multiple(vec![0, 2]));
        assert_eq!(chosen(RecordKind::Tlsrpt, &["v=STSv1;id=1"]), Choice::Absent);
        assert_eq!(chosen(RecordKind::Sts, &[]), Choice::Absent);
    }

    #[test]
    fn what_stands_twice_is_one_record() {
        let record = "v=STSv1; id=1;";
        assert_eq!(chosen(RecordKind::Sts, &[record, record]), Choice::Unique(0));
        assert_eq!(chosen(RecordKind::Sts, &["v=STSv1 ;id=1", "v=STSv1 ;id=1"]), Choice::Unique(0), "alone, as one");
        assert_eq!(chosen(RecordKind::Sts, &["x", "x", record, record, "y"]), Choice::Unique(2));
        assert_eq!(chosen(RecordKind::Sts, &[record, record, "v=STSv1; id=2;"]), Choice::Multiple(vec![0, 2]));
        let split = Txt(vec![b"v=STSv1; ".to_vec(), b"id=1;".to_vec()]);
        let whole = Txt(vec![record.as_bytes().to_vec()]);
        assert_eq!(select(RecordKind::Sts, &[whole.clone(), split]).choice, Choice::Multiple(vec![0, 1]), "two records of one text");
        assert_eq!(select(RecordKind::Sts, &[whole.clone(), whole]).faults, [], "nothing to be said of the text");
    }

    #[test]
    fn near_misses_are_not_absence() {
        for text in ["v=STSv2; id=1", "V=STSv1", "\"v=STSv1; id=1\"", "id=1; v=STSv1", "v=STS1;id=1", "v=mta-sts; id=1", "STSv1", "v = sts"]
        {
            assert_eq!(chosen(RecordKind::Sts, &[text]), Choice::NearMiss(0), "{text}");
        }
        for text in ["", "v=spf1 -all", "google-site-verification=xSTSv1", "v=TLSRPTv1; rua=mailto:a@b", "mta-sts is not used here"] {
            assert_eq!(chosen(RecordKind::Sts, &[text]), Choice::Absent, "{text}");
        }
        for text in ["v=TLSRPT1; rua=x", "v=TLS-RPTv1", "TLSRPTv1", "v=tlsrptv1"] {
            assert_eq!(chosen(RecordKind::Tlsrpt, &[text]), Choice::NearMiss(0), "{text}");
        }
    }
}
