//! The two TXT records: what became of them, and what they say.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::evidence::{Evidence, Lookup, Outcome, Txt};
use crate::parse::record_set::{Choice, RecordKind, Selection, select};
use crate::parse::tlsrpt_record::TlsrptRecord;
use crate::parse::{sts_record, tlsrpt_record};

use super::assessment::RecordState;
use super::families::{STILL_WORKS, STS_RECORD, TLSRPT, USABLE_TLSRPT};
use super::findings::{Findings, THE_DOMAIN, quoted};
use super::rule::{Code, codes};
use super::stray_records::begins_with;
use super::stray_records::declared::STS_RECORD_WRONG_NAME;

codes! {
    1010 STS_RECORD_ABSENT = "sts-record-absent" {
        severity: Info,
        summary: "No MTA-STS record is published for the domain.",
        effect: "Senders use TLS when it is offered, accept any certificate, and can be talked out of TLS by an attacker on the path of the mail, unless DANE protects it.",
        remedy: "To deploy MTA-STS, first serve a policy at https://mta-sts.DOMAIN/.well-known/mta-sts.txt with mode testing, then publish the TXT record at _mta-sts.DOMAIN.",
        example: Some(Seen("_mta-sts.example.com. TXT  NXDOMAIN", "_mta-sts.example.com. TXT \"v=STSv1; id=20240115T120000;\"")),
        stage: None,
        ..STS_RECORD
    }
    1020 STS_RECORD_DNS_ERROR = "sts-record-dns-error" {
        leaves_open: true,
        severity: Info,
        summary: "The lookup of the MTA-STS record failed, so it is not known whether there is one.",
        effect: "A sender that meets the same failure uses the policy it has cached, or sends without MTA-STS if it has none.",
        remedy: "Query every authoritative name server of the zone for TXT at _mta-sts.DOMAIN and fix the one that answers SERVFAIL or REFUSED or not at all; check DNSSEC signatures as well.",
        example: Some(Seen("_mta-sts.example.com. TXT  SERVFAIL", "_mta-sts.example.com. TXT  NXDOMAIN (then there is no record)")),
        stage: None,
        ..STS_RECORD
    }
    1030 STS_RECORD_CNAME = "sts-record-cname" {
        severity: Info,
        summary: "The name _mta-sts.DOMAIN is a CNAME, so the record is kept elsewhere.",
        effect: "None: RFC 8461 allows it and senders must follow the alias.",
        remedy: "Nothing to fix. Keep the alias only as long as the provider that it leads to serves your policy.",
        example: Some(Seen(
            "_mta-sts.example.com. CNAME example.com._mta-sts.provider.example.",
            "_mta-sts.example.com. TXT \"v=STSv1; id=20240115T120000;\"",
        )),
        stage: None,
        ..STS_RECORD
    }
    1040 STS_RECORD_CNAME_DANGLING = "sts-record-cname-dangling" {
        summary: "The name _mta-sts.DOMAIN is a CNAME to a name that does not exist.",
        effect: "Mail travels without MTA-STS, and whoever can register or claim the target can publish a record for the domain.",
        remedy: "Delete the CNAME at _mta-sts.DOMAIN, or have the provider set up the name that it leads to. Do the same for the CNAME of the policy host.",
        example: Some(Seen(
            "_mta-sts.example.com. CNAME example.com._mta-sts.provider.example.\nexample.com._mta-sts.provider.example. TXT  NXDOMAIN",
            "_mta-sts.example.com. CNAME example.com._mta-sts.provider.example.\nexample.com._mta-sts.provider.example. TXT \"v=STSv1; id=1;\"",
        )),
        stage: None,
        ..STS_RECORD
    }
    1050 STS_RECORD_CNAME_LOOP = "sts-record-cname-loop" {
        summary: "The CNAME chain of _mta-sts.DOMAIN leads back to itself.",
        effect: "No sender can look the record up, so mail travels without MTA-STS.",
        remedy: "Follow the chain with a DNS tool, find the alias that points backwards, and replace it with the TXT record or the provider's name.",
        example: Some(Seen(
            "_mta-sts.example.com. CNAME a.example.com.\na.example.com. CNAME _mta-sts.example.com.",
            "_mta-sts.example.com. CNAME a.example.com.\na.example.com. TXT \"v=STSv1; id=1;\"",
        )),
        stage: None,
        ..STS_RECORD
    }
    1320 STS_RECORD_TTL_SHORT = "sts-record-ttl-short" {
        severity: Info,
        clause: "RFC 8460 section 7",
        summary: "The TTL of the record, as the resolver gave it, is below one hour.",
        effect: STILL_WORKS,
        remedy: "A TTL of one hour to one day makes it harder to suppress the record by disturbing DNS; shorten it only around a change.",
        example: Some(Seen("_mta-sts.example.com. 300 TXT \"v=STSv1; id=1;\"", "_mta-sts.example.com. 3600 TXT \"v=STSv1; id=1;\"")),
        stage: None,
        ..STS_RECORD
    }
    1330 STS_RECORD_TTL_LONG = "sts-record-ttl-long" {
        severity: Low,
        clause: "RFC 8461 section 8.1",
        summary: "The TTL of the record is above one day.",
        effect: "For as long as the TTL lasts after a change, senders do not learn that there is a new policy, and the old one has to keep working.",
        remedy: "Set the TTL of _mta-sts.DOMAIN to one day or less, for example 3600 seconds.",
        example: Some(Seen("_mta-sts.example.com. 172800 TXT \"v=STSv1; id=1;\"", "_mta-sts.example.com. 86400 TXT \"v=STSv1; id=1;\"")),
        stage: None,
        ..STS_RECORD
    }
    12010 TLSRPT_ABSENT = "tlsrpt-absent" {
        severity: Info,
        summary: "No record that asks for TLS reports is published for the domain.",
        effect: "Senders do not tell the domain when they fail to deliver to it over TLS.",
        remedy: "Publish a TXT record at _smtp._tls.DOMAIN: v=TLSRPTv1; rua=mailto:tls-reports@DOMAIN with an address that is read.",
        example: Some(Seen(
            "_smtp._tls.example.com. TXT  NXDOMAIN",
            "_smtp._tls.example.com. TXT \"v=TLSRPTv1; rua=mailto:tls-reports@example.com\"",
        )),
        ..TLSRPT
    }
    12020 TLSRPT_DNS_ERROR = "tlsrpt-dns-error" {
        leaves_open: true,
        severity: Info,
        summary: "The lookup of the TLSRPT record failed, so it is not known whether there is one.",
        effect: "A sender that meets the same failure sends no reports.",
        remedy: "Query every authoritative name server of the zone for TXT at _smtp._tls.DOMAIN and fix the one that fails; check DNSSEC signatures as well.",
        example: Some(Seen("_smtp._tls.example.com. TXT  SERVFAIL", "_smtp._tls.example.com. TXT  NXDOMAIN (then there is no record)")),
        ..TLSRPT
    }
    12030 TLSRPT_CNAME = "tlsrpt-cname" {
        severity: Info,
        summary: "The name _smtp._tls.DOMAIN is a CNAME, so the record is kept elsewhere.",
        effect: "None: senders follow the alias.",
        remedy: "Nothing to fix. Keep the alias only as long as the provider that it leads to receives your reports.",
        example: Some(Seen(
            "_smtp._tls.example.com. CNAME example.com._smtp._tls.provider.example.",
            "_smtp._tls.example.com. TXT \"v=TLSRPTv1; rua=mailto:tls-reports@example.com\"",
        )),
        ..TLSRPT
    }
    12190 TLSRPT_TTL_SHORT = "tlsrpt-ttl-short" {
        severity: Info,
        clause: "RFC 8460 section 7",
        summary: "The TTL of the TLSRPT record, as the resolver gave it, is below one hour.",
        remedy: "A TTL of one hour to one day makes it harder to divert reports by disturbing DNS.",
        example: Some(Seen(
            "_smtp._tls.example.com. 300 TXT \"v=TLSRPTv1; rua=mailto:a@example.com\"",
            "_smtp._tls.example.com. 3600 TXT \"v=TLSRPTv1; rua=mailto:a@example.com\"",
        )),
        ..USABLE_TLSRPT
    }
}

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
    absent: Code,
    dns_error: Code,
    cname: Code,
    /// How the other kind of record begins.
    other: &'static [u8],
}

const STS_CODES: Codes = Codes {
    kind: RecordKind::Sts,
    absent: STS_RECORD_ABSENT,
    dns_error: STS_RECORD_DNS_ERROR,
    cname: STS_RECORD_CNAME,
    other: b"v=TLSRPTv1",
};

const TLSRPT_CODES: Codes =
    Codes { kind: RecordKind::Tlsrpt, absent: TLSRPT_ABSENT, dns_error: TLSRPT_DNS_ERROR, cname: TLSRPT_CNAME, other: b"v=STSv1" };

/// Reads the lookup of `_mta-sts`.
pub(super) fn sts(evidence: &Evidence, findings: &mut Findings) -> Sts {
    let lookup = &evidence.sts_txt;
    sts_chain(lookup, findings);
    let Some(selection) = choose(&STS_CODES, lookup, findings) else {
        return Sts { state: RecordState::Unknown, id: None, lenient: false };
    };
    let lenient = |index: &usize| sts_record::parse_lenient(&text(lookup, *index)).is_some();
    let (state, id, lenient) = match &selection.choice {
        Choice::Absent => (RecordState::Absent, None, false),
        Choice::Multiple(indices) => (RecordState::Multiple, common_id(lookup, indices), indices.iter().any(lenient)),
        Choice::Unique(index) | Choice::NearMiss(index) => {
            let parsed = sts_record::parse(&text(lookup, *index));
            findings.add_faults(&parsed, &lookup.name, |_| String::new());
            let valid = parsed.valid && matches!(selection.choice, Choice::Unique(_));
            let state = if valid { RecordState::Valid } else { RecordState::Invalid };
            (state, parsed.value.id, valid || lenient(index))
        }
    };
    if state == RecordState::Absent {
        findings.add(STS_CODES.absent, THE_DOMAIN, outcome_words(lookup));
    } else if let Some(ttl) = lookup.ttl {
        let detail = format!("{ttl} seconds");
        match ttl {
            0..SHORT_TTL => findings.add(STS_RECORD_TTL_SHORT, &lookup.name, detail),
            SHORT_TTL..=LONG_TTL => {}
            _ => findings.add(STS_RECORD_TTL_LONG, &lookup.name, detail),
        }
    }
    Sts { state, id, lenient }
}

/// Reads the lookup of `_smtp._tls`.
pub(super) fn tlsrpt(evidence: &Evidence, findings: &mut Findings) -> Tlsrpt {
    let lookup = &evidence.tlsrpt_txt;
    let Some(selection) = choose(&TLSRPT_CODES, lookup, findings) else {
        return Tlsrpt { state: RecordState::Unknown, record: TlsrptRecord::default() };
    };
    let (state, record) = match &selection.choice {
        Choice::Absent => (RecordState::Absent, TlsrptRecord::default()),
        Choice::Multiple(_) => (RecordState::Multiple, TlsrptRecord::default()),
        Choice::Unique(index) | Choice::NearMiss(index) => {
            let parsed = tlsrpt_record::parse(&text(lookup, *index));
            findings.add_faults(&parsed, &lookup.name, |_| String::new());
            let valid = parsed.valid && parsed.value.usable && matches!(selection.choice, Choice::Unique(_));
            (if valid { RecordState::Valid } else { RecordState::Invalid }, parsed.value)
        }
    };
    if state == RecordState::Absent {
        findings.add(TLSRPT_CODES.absent, THE_DOMAIN, outcome_words(lookup));
    } else if let Some(ttl) = lookup.ttl.filter(|ttl| *ttl < SHORT_TTL) {
        findings.add(TLSRPT_TTL_SHORT, &lookup.name, format!("{ttl} seconds"));
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
        let place = || if records.len() > 1 { format!("TXT record {} of {}", index + 1, records.len()) } else { String::new() };
        findings.add_fault(fault, &lookup.name, place);
    }
    for misplaced in records.iter().map(Txt::joined).filter(|text| begins_with(text, codes.other)) {
        findings.add(STS_RECORD_WRONG_NAME, &lookup.name, quoted(misplaced));
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
        findings.add(STS_RECORD_CNAME_LOOP, &lookup.name, "");
    } else if let Some(again) = chain_loop(lookup) {
        findings.add(STS_RECORD_CNAME_LOOP, &lookup.name, format!("the chain comes back to {}", quoted(again)));
    } else if lookup.outcome == Outcome::Nxdomain && !lookup.cname_chain.is_empty() {
        findings.add(STS_RECORD_CNAME_DANGLING, &lookup.name, chain_words(lookup));
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
