//! What DNSSEC says of an answer: secure, insecure, bogus, or not to be known (RFC 4035 section 4.3).

use crate::evidence::{Evidence, Lookup, Outcome, Record};

use super::assessment::DnssecState;
use super::findings::{Findings, quoted};
use super::rule::{Rule, codes};

const DNSSEC: Rule = Rule { clause: "RFC 4035 section 4.3", ..Rule::BASE };

codes! {
    15010 DNSSEC_ABSENT = "dnssec-absent" {
        clause: "RFC 8460 section 7",
        summary: "The MX records of the domain are not signed with DNSSEC.",
        effect: "An attacker who can forge DNS answers can suppress the MTA-STS record where no policy is cached, and DANE does not apply.",
        remedy: "Sign the zone if the registrar and the DNS provider support it; if it is signed already, have its DS record published by the registry.",
        example: Some(Seen("example.com. MX 10 mail.example.com.  without AD", "example.com. MX 10 mail.example.com.  AD")),
        ..DNSSEC
    }
    15020 DNSSEC_BOGUS = "dnssec-bogus" {
        severity: High,
        summary: "The DNSSEC signatures of the domain or of an MX host do not validate.",
        effect: "Senders behind validating resolvers get no answer at all for the name, and put the mail off.",
        remedy: "Compare the DS record at the registrar with the keys of the zone, and renew expired signatures.",
        tlsrpt_result: Some(ResultType::DnssecInvalid),
        example: Some(Seen(
            "_25._tcp.mail.example.com. TLSA  SERVFAIL, extended error 7 (signature expired)",
            "_25._tcp.mail.example.com. TLSA 3 1 1 8d02536c...  AD",
        )),
        ..DNSSEC
    }
    15030 DNSSEC_PARTLY_BOGUS = "dnssec-partly-bogus" {
        severity: Medium,
        summary: "Of the addresses of an MX host one family validates, and the other does not.",
        effect: "Senders deliver over the family that validates; some put mail off as soon as one lookup fails.",
        remedy: "Look for the type whose denial or signature is wrong in the zone of the host, often after a change that was not signed.",
        example: Some(Seen(
            "mail.example.com. A 192.0.2.25  AD\nmail.example.com. AAAA  SERVFAIL, extended error 12 (NSEC missing)",
            "mail.example.com. A 192.0.2.25  AD\nmail.example.com. AAAA  no data, AD",
        )),
        ..DNSSEC
    }
    15040 DNSSEC_NSEC3_ITERATIONS = "dnssec-nsec3-iterations" {
        severity: Low,
        clause: "RFC 9276 section 3.1",
        summary: "A zone uses so many iterations of NSEC3 that validating resolvers take it for unsigned.",
        effect: "DANE does not apply to senders behind such resolvers; behind others the answers are bogus and mail is put off.",
        remedy: "Sign the zone with NSEC, or with NSEC3 and 0 iterations.",
        example: Some(Seen("example.com. NSEC3PARAM 1 0 600 AB12CD34", "example.com. NSEC3PARAM 1 0 0 -")),
        ..DNSSEC
    }
}

/// Extended errors of a validation that failed (RFC 8914 section 4): bogus, signature expired or not yet valid, DNSKEY, RRSIG, zone key bit
/// or NSEC missing.
const VALIDATION_FAILED: std::ops::RangeInclusive<u16> = 6..=12;
/// Extended error of a zone whose NSEC3 has too many iterations (RFC 9276 section 3.2).
const TOO_MANY_ITERATIONS: u16 = 27;

/// What DNSSEC says of an answer. `validates`: whether the resolver is trusted to.
pub(super) fn state<R>(lookup: &Lookup<R>, validates: bool) -> DnssecState {
    match lookup.outcome {
        _ if !validates => DnssecState::Unknown,
        Outcome::Noerror | Outcome::Nodata | Outcome::Nxdomain if lookup.authenticated == Some(true) => DnssecState::Secure,
        Outcome::Noerror | Outcome::Nodata | Outcome::Nxdomain => DnssecState::Insecure,
        Outcome::Servfail if failed_to_validate(lookup) => DnssecState::Bogus,
        _ => DnssecState::Unknown,
    }
}

/// Whether a SERVFAIL is one for its signatures: an extended error says so, or without validation there is an answer.
fn failed_to_validate<R>(lookup: &Lookup<R>) -> bool {
    let named = lookup.extended_error.as_ref().is_some_and(|error| VALIDATION_FAILED.contains(&error.code));
    named || lookup.unchecked.is_some_and(|outcome| matches!(outcome, Outcome::Noerror | Outcome::Nodata | Outcome::Nxdomain))
}

/// Adds what is to be said of the signatures of the domain itself; those of its MX hosts are judged with the hosts.
pub(super) fn remark(evidence: &Evidence, mx: DnssecState, findings: &mut Findings) {
    match mx {
        DnssecState::Insecure => findings.add(DNSSEC_ABSENT, evidence.domain.as_str(), ""),
        DnssecState::Bogus => findings.add(DNSSEC_BOGUS, &evidence.mx.name, words(&evidence.mx)),
        DnssecState::Secure | DnssecState::Unknown => {}
    }
    for lookup in [&evidence.sts_txt, &evidence.tlsrpt_txt] {
        if state(lookup, mx != DnssecState::Unknown) == DnssecState::Bogus {
            findings.add(DNSSEC_BOGUS, &lookup.name, words(lookup));
        }
    }
    if has_too_many_iterations(&evidence.mx) {
        findings.add(DNSSEC_NSEC3_ITERATIONS, &evidence.mx.name, words(&evidence.mx));
    }
}

/// Whether a resolver gave up for the iterations of NSEC3.
pub(super) fn has_too_many_iterations<R>(lookup: &Lookup<R>) -> bool {
    lookup.extended_error.as_ref().is_some_and(|error| error.code == TOO_MANY_ITERATIONS)
}

/// Type, outcome and what else a resolver says of an answer.
pub(super) fn words<R: Record>(lookup: &Lookup<R>) -> String {
    let mut words = format!("{}: {}", R::MNEMONIC, lookup.outcome);
    if let Some(error) = &lookup.extended_error {
        words.push_str(&format!(", extended error {}", error.code));
        if !error.text.is_empty() {
            words.push_str(&format!(" {}", quoted(&error.text)));
        }
    }
    if let Some(unchecked) = lookup.unchecked {
        words.push_str(&format!(", without validation {unchecked}"));
    }
    words
}
