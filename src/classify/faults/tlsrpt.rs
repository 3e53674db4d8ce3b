//! `tlsrpt-*`: what is wrong with the text of the TXT record at `_smtp._tls.DOMAIN` (RFC 8460 section 3).

use super::super::families::{TLSRPT, USABLE_TLSRPT};
use super::super::rule::codes;

pub(super) const GOOD: &str = "v=TLSRPTv1; rua=mailto:tls-reports@example.com";

codes! {
    12040 TLSRPT_UNRELATED_TXT = "tlsrpt-unrelated-txt" of TlsrptUnrelatedTxt {
        severity: Low,
        summary: "There is a TXT record at _smtp._tls.DOMAIN that has nothing to do with TLS reports.",
        effect: "Senders must discard it.",
        remedy: "Move the text to the name where it belongs, or remove it; a wildcard TXT record of the zone is a common cause.",
        example: Some(Text("v=spf1 -all", GOOD)),
        ..TLSRPT
    }
    12050 TLSRPT_MULTIPLE = "tlsrpt-multiple" of TlsrptMultiple {
        summary: "More than one TLSRPT record is published.",
        effect: "Senders that follow the RFC must assume that there is none and send no reports.",
        remedy: "Merge the records into one that lists all destinations: v=TLSRPTv1; rua=mailto:a@example.com,mailto:b@example.net.",
        example: Some(Seen(
            "_smtp._tls.example.com. TXT \"v=TLSRPTv1; rua=mailto:a@example.com\"\n_smtp._tls.example.com. TXT \"v=TLSRPTv1; rua=mailto:b@example.com\"",
            "_smtp._tls.example.com. TXT \"v=TLSRPTv1; rua=mailto:a@example.com,mailto:b@example.com\"",
        )),
        ..TLSRPT
    }
    12060 TLSRPT_NEAR_MISS = "tlsrpt-near-miss" of TlsrptNearMiss {
        summary: "The TXT record was meant as a TLSRPT record, but does not begin with v=TLSRPTv1 as it must.",
        remedy: "Publish the text as v=TLSRPTv1; rua=mailto:tls-reports@DOMAIN with nothing in front and the version in exactly this case.",
        example: Some(Text("v=tlsrptv1; rua=mailto:tls-reports@example.com", GOOD)),
        ..TLSRPT
    }
    12070 TLSRPT_UNKNOWN_VERSION = "tlsrpt-unknown-version" of TlsrptUnknownVersion {
        summary: "The record names a version of TLSRPT that does not exist.",
        remedy: "Write v=TLSRPTv1; this is the only version there is.",
        example: Some(Text("v=TLSRPTv2; rua=mailto:tls-reports@example.com", GOOD)),
        ..TLSRPT
    }
    12080 TLSRPT_VERSION_NOT_FIRST = "tlsrpt-version-not-first" of TlsrptVersionNotFirst {
        summary: "The version is not the first field of the TLSRPT record.",
        remedy: "Put v=TLSRPTv1 in front of all other fields.",
        example: Some(Text("rua=mailto:tls-reports@example.com; v=TLSRPTv1", GOOD)),
        ..TLSRPT
    }
    12090 TLSRPT_VERSION_SPACE = "tlsrpt-version-space" of TlsrptVersionSpace {
        severity: Low,
        summary: "There is a space between v=TLSRPTv1 and its semicolon.",
        effect: "The grammar allows it, but where other TXT records share the name senders discard every record that does not begin with v=TLSRPTv1; and this one with them.",
        remedy: "Remove the space, so that the record begins with v=TLSRPTv1; exactly.",
        example: Some(Text("v=TLSRPTv1 ; rua=mailto:tls-reports@example.com", GOOD)),
        ..TLSRPT
    }
    12100 TLSRPT_LEADING_SPACE = "tlsrpt-leading-space" of TlsrptLeadingSpace {
        summary: "The TLSRPT record begins with white space.",
        remedy: "Remove the white space in front of v=TLSRPTv1.",
        example: Some(Text(" v=TLSRPTv1; rua=mailto:tls-reports@example.com", GOOD)),
        ..TLSRPT
    }
    12110 TLSRPT_LITERAL_QUOTES = "tlsrpt-literal-quotes" of TlsrptLiteralQuotes {
        summary: "The TLSRPT record contains quotation marks as part of its text.",
        remedy: "Enter the text without quotation marks: the web interface of the DNS provider adds those that a zone file needs.",
        example: Some(Text("\"v=TLSRPTv1; rua=mailto:tls-reports@example.com\"", GOOD)),
        ..TLSRPT
    }
    12120 TLSRPT_NON_ASCII = "tlsrpt-non-ascii" of TlsrptNonAscii {
        summary: "The TLSRPT record contains bytes outside US-ASCII.",
        remedy: "Type the record again by hand: a no-break space or typographic quotation marks were pasted with it.",
        example: Some(Text("v=TLSRPTv1;\u{a0}rua=mailto:tls-reports@example.com", GOOD)),
        ..TLSRPT
    }
    12130 TLSRPT_FIELD_SYNTAX = "tlsrpt-field-syntax" of TlsrptFieldSyntax {
        summary: "A field of the TLSRPT record is not written as name=value.",
        remedy: "Write every field as name=value without spaces around the equals sign, and separate fields by semicolons.",
        example: Some(Text("v=TLSRPTv1; rua = mailto:tls-reports@example.com", GOOD)),
        ..TLSRPT
    }
    12140 TLSRPT_EMPTY_FIELD = "tlsrpt-empty-field" of TlsrptEmptyField {
        summary: "There is nothing between two semicolons of the TLSRPT record.",
        remedy: "Remove the surplus semicolon: one may end the record, but no two may follow each other.",
        example: Some(Text("v=TLSRPTv1;; rua=mailto:tls-reports@example.com", GOOD)),
        ..TLSRPT
    }
    12150 TLSRPT_RECORD_TRAILING_SPACE = "tlsrpt-record-trailing-space" of TlsrptRecordTrailingSpace {
        summary: "The TLSRPT record ends with white space and without a semicolon.",
        remedy: "Remove the white space at the end, or end the record with a semicolon.",
        example: Some(Text("v=TLSRPTv1; rua=mailto:tls-reports@example.com ", GOOD)),
        ..TLSRPT
    }
    12160 TLSRPT_KEY_CASE = "tlsrpt-key-case" of TlsrptKeyCase {
        summary: "The name of a field of the TLSRPT record is not in small letters.",
        effect: "Senders that follow the RFC take it for an unknown field, find no rua, and send no reports.",
        remedy: "Write the names v and rua in small letters.",
        example: Some(Text("v=TLSRPTv1; RUA=mailto:tls-reports@example.com", GOOD)),
        ..TLSRPT
    }
    12170 TLSRPT_UNKNOWN_FIELD = "tlsrpt-unknown-field" of TlsrptUnknownField {
        summary: "The TLSRPT record has a field that RFC 8460 does not define.",
        remedy: "Remove the field unless you know what reads it; a record needs v and rua only.",
        example: Some(Text("v=TLSRPTv1; rua=mailto:tls-reports@example.com; note=hello", GOOD)),
        ..USABLE_TLSRPT
    }
    12180 TLSRPT_DMARC_TAGS = "tlsrpt-dmarc-tags" of TlsrptDmarcTags {
        summary: "The TLSRPT record has tags of DMARC, such as p or ruf.",
        effect: "Senders ignore the tags.",
        remedy: "Remove all fields but v and rua; policy tags belong into the record at _dmarc.DOMAIN.",
        example: Some(Text("v=TLSRPTv1; p=reject; rua=mailto:tls-reports@example.com", GOOD)),
        ..USABLE_TLSRPT
    }
}
