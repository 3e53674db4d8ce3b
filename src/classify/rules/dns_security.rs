//! `dane-*` and `dnssec-*`: what stands beside MTA-STS (RFC 7672, RFC 4035).

use super::super::rule::{ResultType, Rule, Status};

const DANE: Rule = Rule { clause: "RFC 7672 section 2", status: Status::Dane, ..Rule::BASE };
const DNSSEC: Rule = Rule { clause: "RFC 4035 section 3.2.3", status: Status::Planned, ..Rule::BASE };

pub(super) const DANE_RULES: &[Rule] = &[
    Rule {
        code: "dane-present",
        summary: "The MX hosts have TLSA records, so senders with DANE authenticate them.",
        effect: "Mail from senders with DANE is protected without MTA-STS.",
        remedy: "Nothing to mend; renew the TLSA records before the keys change.",
        ..DANE
    },
    Rule {
        code: "dane-and-sts",
        clause: "RFC 8461 section 2",
        summary: "The domain uses both DANE and MTA-STS.",
        effect: "Senders that know both must not let MTA-STS override a failure of DANE.",
        remedy: "Nothing to mend; keep the certificates valid for both.",
        ..DANE
    },
];

pub(super) const DNSSEC_RULES: &[Rule] = &[
    Rule {
        code: "dnssec-absent",
        clause: "RFC 8460 section 7",
        summary: "The zone of the domain is not signed with DNSSEC.",
        effect: "An attacker who can forge DNS answers can suppress the record where no policy is cached.",
        remedy: "Sign the zone if the registrar and the DNS provider support it.",
        ..DNSSEC
    },
    Rule {
        code: "dnssec-bogus",
        summary: "The DNSSEC signatures of the domain do not validate.",
        effect: "Senders behind validating resolvers get no answer at all for the domain.",
        remedy: "Compare the DS record at the registrar with the keys of the zone, and renew expired signatures.",
        tlsrpt_result: Some(ResultType::DnssecInvalid),
        ..DNSSEC
    },
];
