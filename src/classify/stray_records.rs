//! What is published near the names of the records: records where no sender looks, wildcards that answer for every name.

use crate::evidence::{Evidence, Lookup, Outcome, Txt};
use crate::name::suffix;
use crate::parse::record_set::{Choice, RecordKind, select};
use crate::parse::sts_record;

use super::assessment::{MxState, RecordState};
use super::families::{DEPLOYMENT, STS_RECORD};
use super::findings::{Findings, quoted};
use super::rule::codes;

codes! {
    1060 STS_RECORD_WRONG_NAME = "sts-record-wrong-name" {
        severity: Medium,
        summary: "A record of MTA-STS or TLS reporting is published at a name where no sender looks for it.",
        effect: "The misplaced record has no effect.",
        remedy: "Publish text that begins with v=STSv1 at _mta-sts.DOMAIN and text that begins with v=TLSRPTv1 at _smtp._tls.DOMAIN, and remove each from every other name.",
        example: Some(Seen("_mta_sts.example.com. TXT \"v=STSv1; id=1;\"", "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"")),
        stage: None,
        ..STS_RECORD
    }
    1070 STS_RECORD_WILDCARD_TXT = "sts-record-wildcard-txt" {
        severity: Low,
        clause: "RFC 4592 section 2",
        summary: "A wildcard answers TXT questions for _mta-sts.DOMAIN or _smtp._tls.DOMAIN.",
        effect: "None as long as the text is no record of MTA-STS or TLS reporting, but some senders give up when they find unrelated text at the name.",
        remedy: "Narrow the wildcard TXT or CNAME record so that it does not answer for names that begin with an underscore.",
        example: Some(Seen(
            "*.example.com. TXT \"v=spf1 -all\" (the answer at _mta-sts, too)",
            "*.example.com. TXT \"v=spf1 -all\"\n_mta-sts.example.com. TXT \"v=STSv1; id=1;\"",
        )),
        stage: None,
        ..STS_RECORD
    }
    9060 STS_SUBDOMAIN_UNCOVERED = "sts-subdomain-uncovered" {
        severity: Info,
        clause: "RFC 8461 section 3.4",
        summary: "A subdomain receives mail and has no MTA-STS record of its own, while its parent has one.",
        effect: "The policy of the parent does not apply to the subdomain, so its mail travels without MTA-STS.",
        remedy: "Publish a record and a policy for the subdomain as well.",
        example: Some(Seen(
            "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"\nlists.example.com. MX 10 mail.example.com.\n_mta-sts.lists.example.com. TXT  NXDOMAIN",
            "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"\nlists.example.com. MX 10 mail.example.com.\n_mta-sts.lists.example.com. TXT \"v=STSv1; id=1;\"",
        )),
        ..DEPLOYMENT
    }
}

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
                findings.add(STS_RECORD_WRONG_NAME, &lookup.name, quoted(&text));
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
                findings.add(STS_RECORD_WILDCARD_TXT, name, format!("as at {wildcard}"));
            }
        }
        None => {
            let is_record = |text: &Vec<u8>| KINDS.iter().any(|(start, _)| begins_with(text, start));
            if sts_state == RecordState::Absent && !sts.is_empty() && sts == tlsrpt && !sts.iter().any(is_record) {
                findings.add(STS_RECORD_WILDCARD_TXT, &evidence.sts_txt.name, "");
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
        findings.add(STS_SUBDOMAIN_UNCOVERED, evidence.domain.as_str(), format!("{} at {name}", quoted(record)));
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
