//! `tlsrpt-*`: the TXT record at `_smtp._tls.DOMAIN` (RFC 8460 section 3).

use super::super::Severity::{Info, Low, Medium};
use super::super::rule::Rule;

pub(super) const GOOD: &str = "v=TLSRPTv1; rua=mailto:tls-reports@example.com";

/// The record is not usable.
pub(super) const RECORD: Rule = Rule {
    severity: Medium,
    clause: "RFC 8460 section 3",
    effect: "Senders that follow the RFC send no reports to the domain; mail is not affected.",
    ..Rule::BASE
};

/// The record is usable.
pub(super) const USABLE: Rule = Rule { severity: Low, effect: "None: reports are sent all the same.", ..RECORD };

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "tlsrpt-absent",
        severity: Info,
        summary: "No record that asks for TLS reports is published for the domain.",
        effect: "Senders do not tell the domain when they fail to deliver to it over TLS.",
        remedy: "Publish a TXT record at _smtp._tls.DOMAIN: v=TLSRPTv1; rua=mailto:tls-reports@DOMAIN with an address that is read.",
        ..RECORD
    },
    Rule {
        code: "tlsrpt-dns-error",
        severity: Info,
        summary: "The lookup of the TLSRPT record failed, so it is not known whether there is one.",
        effect: "A sender that meets the same failure sends no reports.",
        remedy: "If it persists, query every authoritative name server of the zone for TXT at _smtp._tls.DOMAIN and mend the one that fails; check DNSSEC signatures as well.",
        ..RECORD
    },
    Rule {
        code: "tlsrpt-cname",
        severity: Info,
        summary: "The name _smtp._tls.DOMAIN is a CNAME, so the record is kept elsewhere.",
        effect: "None: senders follow the alias.",
        remedy: "Nothing to mend. Keep the alias only as long as the provider that it leads to receives your reports.",
        ..RECORD
    },
    Rule {
        code: "tlsrpt-unrelated-txt",
        severity: Low,
        summary: "There is a TXT record at _smtp._tls.DOMAIN that has nothing to do with TLS reports.",
        effect: "Senders must discard it.",
        remedy: "Move the text to the name where it belongs, or remove it; a wildcard TXT record of the zone is a common cause.",
        example: Some(("v=spf1 -all", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-multiple",
        summary: "More than one TLSRPT record is published.",
        effect: "Senders that follow the RFC must assume that there is none and send no reports.",
        remedy: "Merge the records into one that lists all destinations: v=TLSRPTv1; rua=mailto:a@example.com,mailto:b@example.net.",
        ..RECORD
    },
    Rule {
        code: "tlsrpt-near-miss",
        summary: "The TXT record was meant as a TLSRPT record, but does not begin with v=TLSRPTv1 as it must.",
        remedy: "Publish the text as v=TLSRPTv1; rua=mailto:tls-reports@DOMAIN with nothing in front and the version in exactly this case.",
        example: Some(("v=tlsrptv1; rua=mailto:tls-reports@example.com", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-unknown-version",
        summary: "The record names a version of TLSRPT that does not exist.",
        remedy: "Write v=TLSRPTv1; this is the only version there is.",
        example: Some(("v=TLSRPTv2; rua=mailto:tls-reports@example.com", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-version-not-first",
        summary: "The version is not the first field of the TLSRPT record.",
        remedy: "Put v=TLSRPTv1 in front of all other fields.",
        example: Some(("rua=mailto:tls-reports@example.com; v=TLSRPTv1", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-version-space",
        severity: Low,
        summary: "There is a space between v=TLSRPTv1 and its semicolon.",
        effect: "The grammar allows it, but where other TXT records share the name senders discard every record that does not begin with v=TLSRPTv1; and this one with them.",
        remedy: "Remove the space, so that the record begins with v=TLSRPTv1; exactly.",
        example: Some(("v=TLSRPTv1 ; rua=mailto:tls-reports@example.com", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-leading-space",
        summary: "The TLSRPT record begins with white space.",
        remedy: "Remove the white space in front of v=TLSRPTv1.",
        example: Some((" v=TLSRPTv1; rua=mailto:tls-reports@example.com", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-literal-quotes",
        summary: "The TLSRPT record contains quotation marks as part of its text.",
        remedy: "Enter the text without quotation marks: the web interface of the DNS provider adds those that a zone file needs.",
        example: Some(("\"v=TLSRPTv1; rua=mailto:tls-reports@example.com\"", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-non-ascii",
        summary: "The TLSRPT record contains bytes outside US-ASCII.",
        remedy: "Type the record again by hand: a no-break space or typographic quotation marks were pasted with it.",
        example: Some(("v=TLSRPTv1;\u{a0}rua=mailto:tls-reports@example.com", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-field-syntax",
        summary: "A field of the TLSRPT record is not written as name=value.",
        remedy: "Write every field as name=value without spaces around the equals sign, and separate fields by semicolons.",
        example: Some(("v=TLSRPTv1; rua = mailto:tls-reports@example.com", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-empty-field",
        summary: "There is nothing between two semicolons of the TLSRPT record.",
        remedy: "Remove the surplus semicolon: one may end the record, but no two may follow each other.",
        example: Some(("v=TLSRPTv1;; rua=mailto:tls-reports@example.com", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-record-trailing-space",
        summary: "The TLSRPT record ends with white space and without a semicolon.",
        remedy: "Remove the white space at the end, or end the record with a semicolon.",
        example: Some(("v=TLSRPTv1; rua=mailto:tls-reports@example.com ", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-key-case",
        summary: "The name of a field of the TLSRPT record is not in small letters.",
        effect: "Senders that follow the RFC take it for an unknown field, find no rua, and send no reports.",
        remedy: "Write the names v and rua in small letters.",
        example: Some(("v=TLSRPTv1; RUA=mailto:tls-reports@example.com", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-unknown-field",
        summary: "The TLSRPT record has a field that RFC 8460 does not define.",
        remedy: "Remove the field unless you know what reads it; a record needs v and rua only.",
        example: Some(("v=TLSRPTv1; rua=mailto:tls-reports@example.com; note=hello", GOOD)),
        ..USABLE
    },
    Rule {
        code: "tlsrpt-dmarc-tags",
        summary: "The TLSRPT record has tags of DMARC, such as p or ruf.",
        effect: "Senders ignore the tags.",
        remedy: "Remove all fields but v and rua; policy tags belong into the record at _dmarc.DOMAIN.",
        example: Some(("v=TLSRPTv1; p=reject; rua=mailto:tls-reports@example.com", GOOD)),
        ..USABLE
    },
    Rule {
        code: "tlsrpt-ttl-short",
        severity: Info,
        clause: "RFC 8460 section 7",
        summary: "The TTL of the TLSRPT record, as the resolver gave it, is below one hour.",
        remedy: "A TTL of one hour to one day makes it harder to divert reports by disturbing DNS.",
        ..USABLE
    },
    Rule {
        code: "tlsrpt-without-sts-or-dane",
        severity: Info,
        clause: "RFC 8460 section 1",
        summary: "The domain asks for TLS reports, but has no MTA-STS record; DANE was not looked up.",
        effect: "Reports still tell of failures of STARTTLS, but there is no policy to report on.",
        remedy: "Deploy MTA-STS with mode testing, now that its reports would be received.",
        ..USABLE
    },
    Rule {
        code: "tlsrpt-https-cert-invalid",
        severity: Info,
        summary: "The certificate of the HTTPS endpoint for reports is not valid.",
        effect: "Senders may ignore the fault; some will not deliver reports.",
        remedy: "Install a valid certificate for the host of the rua.",
        ..USABLE
    },
    Rule {
        code: "tlsrpt-https-endpoint-error",
        clause: "RFC 8460 section 5.4",
        summary: "The HTTPS endpoint for reports cannot be reached.",
        effect: "Reports are lost.",
        remedy: "Start the endpoint, or replace it by a mail address that is read.",
        ..USABLE
    },
];
