//! The two TXT records: what became of them, and what they say.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::evidence::{Evidence, Lookup, Outcome, Txt};
use crate::parse::record_set::{Choice, RecordKind, Selection, select};
use crate::parse::tlsrpt_record::TlsrptRecord;
use crate::parse::{sts_record, tlsrpt_record};

use super::RecordState;
use super::findings::{Findings, THE_DOMAIN, quoted};
use super::stray_records::begins_with;

/// TTLs below this, in seconds, are short (RFC 8460 section 7 wants them large).
const SHORT_TTL: u32 = 3_600;
/// TTLs above this, in seconds, are long (RFC 8461 section 8.1).
const LONG_TTL: u32 = 86_400;

/// The MTA-STS record.
pub(super) struct Sts {
    pub state: RecordState,
    pub id: Option<String>,
    /// Whether forgiving senders find a record.
    pub lenient: bool,
}

/// The TLSRPT record.
pub(super) struct Tlsrpt {
    pub state: RecordState,
    pub record: TlsrptRecord,
}

/// The codes of what both kinds of record have in common.
struct Codes {
    kind: RecordKind,
    absent: &'static str,
    dns_error: &'static str,
    cname: &'static str,
    /// How the other kind of record begins.
    other: &'static [u8],
}

const STS: Codes = Codes {
    kind: RecordKind::Sts,
    absent: "sts-record-absent",
    dns_error: "sts-record-dns-error",
    cname: "sts-record-cname",
    other: b"v=TLSRPTv1",
};

const TLSRPT: Codes =
    Codes { kind: RecordKind::Tlsrpt, absent: "tlsrpt-absent", dns_error: "tlsrpt-dns-error", cname: "tlsrpt-cname", other: b"v=STSv1" };

/// Reads the lookup of `_mta-sts`.
pub(super) fn sts(evidence: &Evidence, findings: &mut Findings) -> Sts {
    let lookup = &evidence.sts_txt;
    sts_chain(lookup, findings);
    let Some(selection) = choose(&STS, lookup, findings) else {
        return Sts { state: RecordState::Unknown, id: None, lenient: false };
    };
    let lenient = |index: &usize| sts_record::parse_lenient(&text(lookup, *index)).is_some();
    let (state, id, lenient) = match &selection.choice {
        Choice::Absent => (RecordState::Absent, None, false),
        Choice::Multiple(indices) => (RecordState::Multiple, common_id(lookup, indices), indices.iter().any(lenient)),
        Choice::Unique(index) | Choice::NearMiss(index) => {
            let parsed = sts_record::parse(&text(lookup, *index));
            parsed.faults.iter().for_each(|fault| findings.add_fault(fault, &lookup.name, ""));
            let valid = parsed.valid && matches!(selection.choice, Choice::Unique(_));
            let state = if valid { RecordState::Valid } else { RecordState::Invalid };
            (state, parsed.value.id, valid || lenient(index))
        }
    };
    if state == RecordState::Absent {
        findings.add(STS.absent, THE_DOMAIN, outcome_words(lookup));
    } else if let Some(ttl) = lookup.ttl {
        let detail = format!("{ttl} seconds");
        match ttl {
            0..SHORT_TTL => findings.add("sts-record-ttl-short", &lookup.name, detail),
            SHORT_TTL..=LONG_TTL => {}
            _ => findings.add("sts-record-ttl-long", &lookup.name, detail),
        }
    }
    Sts { state, id, lenient }
}

/// Reads the lookup of `_smtp._tls`.
pub(super) fn tlsrpt(evidence: &Evidence, findings: &mut Findings) -> Tlsrpt {
    let lookup = &evidence.tlsrpt_txt;
    let Some(selection) = choose(&TLSRPT, lookup, findings) else {
        return Tlsrpt { state: RecordState::Unknown, record: TlsrptRecord::default() };
    };
    let (state, record) = match &selection.choice {
        Choice::Absent => (RecordState::Absent, TlsrptRecord::default()),
        Choice::Multiple(_) => (RecordState::Multiple, TlsrptRecord::default()),
        Choice::Unique(index) | Choice::NearMiss(index) => {
            let parsed = tlsrpt_record::parse(&text(lookup, *index));
            parsed.faults.iter().for_each(|fault| findings.add_fault(fault, &lookup.name, ""));
            let valid = parsed.valid && parsed.value.usable && matches!(selection.choice, Choice::Unique(_));
            (if valid { RecordState::Valid } else { RecordState::Invalid }, parsed.value)
        }
    };
    if state == RecordState::Absent {
        findings.add(TLSRPT.absent, THE_DOMAIN, outcome_words(lookup));
    } else if let Some(ttl) = lookup.ttl.filter(|ttl| *ttl < SHORT_TTL) {
        findings.add("tlsrpt-ttl-short", &lookup.name, format!("{ttl} seconds"));
    }
    Tlsrpt { state, record }
}

/// Which record counts; `None` where the lookup does not settle it.
fn choose(codes: &Codes, lookup: &Lookup<Txt>, findings: &mut Findings) -> Option<Selection> {
    if !lookup.cname_chain.is_empty() && chain_loop(lookup).is_none() {
        findings.add(codes.cname, &lookup.name, chain_words(lookup));
    }
    if !lookup.outcome.is_conclusive() {
        if !matches!(lookup.outcome, Outcome::Excluded | Outcome::LocalError) {
            findings.add(codes.dns_error, &lookup.name, outcome_words(lookup));
        }
        return None;
    }
    let records: &[Txt] = if lookup.outcome == Outcome::Noerror { &lookup.records } else { &[] };
    let selection = select(codes.kind, records);
    for (index, fault) in &selection.faults {
        let place = if records.len() > 1 { format!("TXT record {} of {}", index + 1, records.len()) } else { String::new() };
        findings.add_fault(fault, &lookup.name, &place);
    }
    for misplaced in records.iter().map(Txt::joined).filter(|text| begins_with(text, codes.other)) {
        findings.add("sts-record-wrong-name", &lookup.name, quoted(misplaced));
    }
    Some(selection)
}

fn text(lookup: &Lookup<Txt>, index: usize) -> Vec<u8> {
    lookup.records.get(index).map(Txt::joined).unwrap_or_default()
}

/// The id of several records, if they agree on one.
fn common_id(lookup: &Lookup<Txt>, indices: &[usize]) -> Option<String> {
    let ids: HashSet<Option<String>> = indices.iter().map(|index| sts_record::parse(&text(lookup, *index)).value.id).collect();
    if ids.len() == 1 { ids.into_iter().next().flatten() } else { None }
}

/// CNAMEs of the MTA-STS record that lead nowhere.
fn sts_chain(lookup: &Lookup<Txt>, findings: &mut Findings) {
    // Of an answer that cannot be read evidence keeps no chain, only what is wrong with it.
    if lookup.outcome == Outcome::Malformed && lookup.detail.as_deref() == Some("CNAME loop") {
        findings.add("sts-record-cname-loop", &lookup.name, "");
    } else if let Some(again) = chain_loop(lookup) {
        findings.add("sts-record-cname-loop", &lookup.name, format!("the chain comes back to {}", quoted(again)));
    } else if lookup.outcome == Outcome::Nxdomain && !lookup.cname_chain.is_empty() {
        findings.add("sts-record-cname-dangling", &lookup.name, chain_words(lookup));
    }
}

/// The name to which a CNAME chain comes back.
fn chain_loop<R>(lookup: &Lookup<R>) -> Option<&str> {
    if lookup.cname_chain.is_empty() {
        return None; // As nearly always: no set is to be made.
    }
    let mut seen = HashSet::from([lookup.name.as_str()]);
    lookup.cname_chain.iter().map(String::as_str).find(|target| !seen.insert(target))
}

/// The CNAME chain in words.
pub(super) fn chain_words<R>(lookup: &Lookup<R>) -> String {
    let targets: Vec<String> = lookup.cname_chain.iter().take(8).map(quoted).collect();
    format!("CNAME to {}", targets.join(", then "))
}

/// The outcome of a lookup in words, with what is known beside it.
pub(super) fn outcome_words<R>(lookup: &Lookup<R>) -> Cow<'static, str> {
    match &lookup.detail {
        Some(detail) => format!("{}: {}", lookup.outcome, quoted(detail)).into(),
        None => lookup.outcome.as_str().into(),
    }
}
