//! What is published near the names of the records: records where no sender looks, wildcards that answer for every name.

use crate::evidence::{Evidence, Lookup, Outcome, Txt};
use crate::name::suffix;
use crate::parse::record_set::{Choice, RecordKind, select};
use crate::parse::sts_record;

use super::findings::{Findings, quoted};
use super::{MxState, RecordState};

/// How each kind of record begins, and the lookup of its right name.
type Kind = (&'static [u8], fn(&Evidence) -> &Lookup<Txt>);

const KINDS: [Kind; 2] = [(b"v=STSv1", |evidence| &evidence.sts_txt), (b"v=TLSRPTv1", |evidence| &evidence.tlsrpt_txt)];

/// Adds records at wrong names. A text that also stands at the right name, or that a wildcard gives, is not misplaced.
pub(super) fn remark_strays(evidence: &Evidence, findings: &mut Findings) {
    if evidence.stray_records.is_empty() {
        return;
    }
    let wildcard = evidence.domain.wildcard_probe_name();
    let everywhere = evidence.stray_records.iter().find(|lookup| lookup.name == wildcard).map(texts).unwrap_or_default();
    let right = parent_record_name(evidence);
    let wrong_names = evidence.stray_records.iter().filter(|lookup| lookup.name != wildcard && Some(&lookup.name) != right.as_ref());
    for lookup in wrong_names {
        for text in texts(lookup) {
            let kind = KINDS.iter().find(|(start, _)| begins_with(&text, start));
            if kind.is_some_and(|(_, right)| !texts(right(evidence)).contains(&text)) && !everywhere.contains(&text) {
                findings.add("sts-record-wrong-name", &lookup.name, quoted(&text));
            }
        }
    }
}

/// Adds that a wildcard answers for the names of the records.
///
/// A name that nobody publishes proves it; where that was not asked for, two names with the same unrelated text make it likely.
pub(super) fn remark_wildcard(evidence: &Evidence, sts_state: RecordState, findings: &mut Findings) {
    if evidence.stray_records.is_empty() && evidence.sts_txt.records.is_empty() {
        return;
    }
    let wildcard = evidence.domain.wildcard_probe_name();
    let (sts, tlsrpt) = (texts(&evidence.sts_txt), texts(&evidence.tlsrpt_txt));
    match evidence.stray_records.iter().find(|lookup| lookup.name == wildcard && lookup.outcome.is_conclusive()) {
        Some(lookup) => {
            let everywhere = texts(lookup);
            let names = [(&evidence.sts_txt.name, &sts), (&evidence.tlsrpt_txt.name, &tlsrpt)];
            for (name, _) in names.into_iter().filter(|(_, texts)| !everywhere.is_empty() && **texts == everywhere) {
                findings.add("sts-record-wildcard-txt", name, format!("as at {wildcard}"));
            }
        }
        None => {
            let is_record = |text: &Vec<u8>| KINDS.iter().any(|(start, _)| begins_with(text, start));
            if sts_state == RecordState::Absent && !sts.is_empty() && sts == tlsrpt && !sts.iter().any(is_record) {
                findings.add("sts-record-wildcard-txt", &evidence.sts_txt.name, "");
            }
        }
    }
}

/// The name of the MTA-STS record of the registrable domain; `None` where that is the domain itself.
fn parent_record_name(evidence: &Evidence) -> Option<String> {
    let name = evidence.domain.as_str();
    suffix::registrable(name).filter(|parent| *parent != name).map(|parent| format!("_mta-sts.{parent}"))
}

/// Adds that a subdomain takes mail without a record, whose registrable domain has one (RFC 8461 section 3.4).
pub(super) fn remark_parent(evidence: &Evidence, sts_state: RecordState, mx_state: MxState, findings: &mut Findings) {
    if evidence.stray_records.is_empty() || sts_state != RecordState::Absent || mx_state != MxState::Present {
        return;
    }
    let Some(name) = parent_record_name(evidence) else { return };
    let Some(lookup) = evidence.stray_records.iter().find(|lookup| lookup.name == name && lookup.outcome == Outcome::Noerror) else {
        return;
    };
    let record = match select(RecordKind::Sts, &lookup.records).choice {
        Choice::Unique(index) => lookup.records.get(index).map(Txt::joined),
        Choice::Absent | Choice::Multiple(_) | Choice::NearMiss(_) => None,
    };
    if let Some(record) = record.filter(|record| sts_record::parse(record).valid) {
        findings.add("sts-subdomain-uncovered", evidence.domain.as_str(), format!("{} at {name}", quoted(record)));
    }
}

/// The texts of a lookup, sorted; none where it does not settle what there is.
fn texts(lookup: &Lookup<Txt>) -> Vec<Vec<u8>> {
    let records: &[Txt] = if lookup.outcome == Outcome::Noerror { &lookup.records } else { &[] };
    let mut texts: Vec<Vec<u8>> = records.iter().map(Txt::joined).collect();
    texts.sort();
    texts
}

/// Whether a text begins so, in whatever case.
pub(super) fn begins_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
