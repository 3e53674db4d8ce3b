//! What DNSSEC says of an answer: secure, insecure, bogus, or not to be known (RFC 4035 section 4.3).

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
