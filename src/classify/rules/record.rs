//! `sts-record-*`: the TXT record at `_mta-sts.DOMAIN` (RFC 8461 section 3.1).

use super::super::Severity::{High, Info, Low, Medium};
use super::super::rule::Rule;

const R: Rule = Rule { severity: High, clause: "RFC 8461 section 3.1", effect: NO_RECORD, ..Rule::BASE };

const GOOD: &str = "v=STSv1; id=20240115T120000;";
const NO_RECORD: &str = "Senders that follow the RFC act as if there were no record, so mail to the domain travels without MTA-STS; some forgiving senders still use it.";
const NO_SENDER: &str = "No sender recognises the record, so mail to the domain travels without MTA-STS.";
const STILL_WORKS: &str = "Mail is not affected: senders read the record as it was meant.";

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "sts-record-absent",
        severity: Info,
        summary: "No MTA-STS record is published for the domain.",
        effect: "Senders use TLS when it is offered, accept any certificate, and can be talked out of TLS by an attacker on the path.",
        remedy: "To deploy MTA-STS, first serve a policy at https://mta-sts.DOMAIN/.well-known/mta-sts.txt with mode testing, then publish the TXT record at _mta-sts.DOMAIN.",
        ..R
    },
    Rule {
        code: "sts-record-dns-error",
        severity: Info,
        summary: "The lookup of the MTA-STS record failed, so it is not known whether there is one.",
        effect: "A sender that meets the same failure uses the policy it has cached, or sends without MTA-STS if it has none.",
        remedy: "If it persists, query every authoritative name server of the zone for TXT at _mta-sts.DOMAIN and mend the one that answers SERVFAIL or REFUSED or not at all; check DNSSEC signatures as well.",
        ..R
    },
    Rule {
        code: "sts-record-cname",
        severity: Info,
        summary: "The name _mta-sts.DOMAIN is a CNAME, so the record is kept elsewhere.",
        effect: "None: RFC 8461 allows it and senders must follow the alias.",
        remedy: "Nothing to mend. Keep the alias only as long as the provider that it leads to serves your policy.",
        ..R
    },
    Rule {
        code: "sts-record-cname-dangling",
        summary: "The name _mta-sts.DOMAIN is a CNAME to a name that does not exist.",
        effect: "Mail travels without MTA-STS, and whoever can register or claim the target can publish a record for the domain.",
        remedy: "Delete the CNAME at _mta-sts.DOMAIN, or have the provider set up the name that it leads to. Do the same for the CNAME of the policy host.",
        ..R
    },
    Rule {
        code: "sts-record-cname-loop",
        summary: "The CNAME chain of _mta-sts.DOMAIN leads back to itself.",
        effect: "No sender can look the record up, so mail travels without MTA-STS.",
        remedy: "Follow the chain with a DNS tool, find the alias that points backwards, and replace it with the TXT record or the provider's name.",
        ..R
    },
    Rule {
        code: "sts-record-wrong-name",
        severity: Medium,
        summary: "A record of MTA-STS or TLS reporting is published at a name where no sender looks for it.",
        effect: "The misplaced record has no effect.",
        remedy: "Publish text that begins with v=STSv1 at _mta-sts.DOMAIN and text that begins with v=TLSRPTv1 at _smtp._tls.DOMAIN, and remove each from every other name.",
        ..R
    },
    Rule {
        code: "sts-record-wildcard-txt",
        severity: Low,
        clause: "RFC 4592 section 2",
        summary: "A wildcard answers TXT questions for _mta-sts.DOMAIN or _smtp._tls.DOMAIN.",
        effect: "None as long as the text is no record of MTA-STS or TLS reporting, but some senders give up when they find unrelated text at the name.",
        remedy: "Narrow the wildcard TXT or CNAME record so that it does not answer for names that begin with an underscore.",
        ..R
    },
    Rule {
        code: "sts-record-unrelated-txt",
        severity: Low,
        summary: "There is a TXT record at _mta-sts.DOMAIN that has nothing to do with MTA-STS.",
        effect: "Senders must discard it, yet a few join all TXT records of the name or expect exactly one, and then find no policy.",
        remedy: "Move the text to the name where it belongs, or remove it; a wildcard TXT record of the zone is a common cause.",
        example: Some(("google-site-verification=abc123", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-multiple",
        summary: "More than one MTA-STS record is published.",
        effect: "Senders that follow the RFC must assume that there is none, so mail travels without MTA-STS; some senders take any one of them.",
        remedy: "Keep exactly one TXT record that begins with v=STSv1 at _mta-sts.DOMAIN, the one with the id of the policy now served, and delete the others.",
        ..R
    },
    Rule {
        code: "sts-record-near-miss",
        summary: "The TXT record was meant as an MTA-STS record, but does not begin with v=STSv1 as it must.",
        remedy: "Publish the text as v=STSv1; id=20240115T120000; with nothing in front, no quotation marks of your own, and equals signs and semicolons as shown.",
        example: Some(("v:STSv1; id:20240115T120000", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-unknown-version",
        summary: "The record names a version of MTA-STS that does not exist.",
        effect: NO_SENDER,
        remedy: "Write v=STSv1; this is the only version there is.",
        example: Some(("v=STSv2; id=20240115T120000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-version-case",
        summary: "The version is not written as STSv1 in exactly this case.",
        remedy: "Write v=STSv1 with a small v on both sides of STS, which is in capitals.",
        example: Some(("v=STSV1; id=20240115T120000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-version-not-first",
        summary: "The version is not the first field of the record.",
        remedy: "Put v=STSv1 in front of all other fields.",
        example: Some(("id=20240115T120000; v=STSv1;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-version-space",
        severity: Medium,
        summary: "There is a space between v=STSv1 and its semicolon.",
        effect: "The grammar allows it, but where other TXT records share the name senders discard every record that does not begin with v=STSv1; and this one with them.",
        remedy: "Remove the space, so that the record begins with v=STSv1; exactly.",
        example: Some(("v=STSv1 ; id=20240115T120000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-version-duplicate",
        severity: Medium,
        clause: "RFC 8461 section 3.2",
        summary: "The field v stands more than once in the record.",
        effect: "The first one counts; a sender that checks the record in full may refuse it.",
        remedy: "Keep the first v=STSv1 and remove the other; two records that were joined into one are a common cause.",
        example: Some(("v=STSv1; id=20240115T120000; v=STSv1;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-leading-space",
        summary: "The record begins with white space.",
        remedy: "Remove the white space in front of v=STSv1; pasting from a web page is a common cause.",
        example: Some((" v=STSv1; id=20240115T120000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-literal-quotes",
        summary: "The record contains quotation marks as part of its text.",
        effect: NO_SENDER,
        remedy: "Enter the text without quotation marks: the web interface of the DNS provider adds those that a zone file needs.",
        example: Some(("\"v=STSv1; id=20240115T120000;\"", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-escaped-semicolon",
        summary: "A semicolon of the record is escaped, so that the escape is part of the text.",
        remedy: "Enter plain semicolons: the backslash or %3B is an escape of zone files and URLs that the DNS provider stored as text.",
        example: Some(("v=STSv1\\; id=20240115T120000\\;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-non-ascii",
        summary: "The record contains bytes outside US-ASCII.",
        remedy: "Type the record again by hand: a byte order mark, a no-break space or typographic quotation marks were pasted with it.",
        example: Some(("v=STSv1;\u{a0}id=20240115T120000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-control-char",
        summary: "The record contains a control character.",
        remedy: "Type the record again by hand, in one line without line breaks.",
        example: Some(("v=STSv1; id=20240115T120000;\n", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-split-strings",
        severity: Info,
        summary: "The record is stored as several character-strings.",
        effect: "None: senders join them without a space in between.",
        remedy: "Nothing to mend. A record this short fits into one string, which is easier to read.",
        ..R
    },
    Rule {
        code: "sts-record-field-syntax",
        summary: "A field of the record is not written as name=value.",
        remedy: "Write every field as name=value without spaces around the equals sign or inside the value, and separate fields by semicolons.",
        example: Some(("v=STSv1; id = 20240115T120000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-empty-field",
        summary: "There is nothing between two semicolons of the record.",
        remedy: "Remove the surplus semicolon: one may end the record, but no two may follow each other.",
        example: Some(("v=STSv1;; id=20240115T120000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-trailing-space",
        summary: "The record ends with white space and without a semicolon.",
        remedy: "Remove the white space at the end, or end the record with a semicolon.",
        example: Some(("v=STSv1; id=20240115T120000 ", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-key-case",
        summary: "The name of a field is not in small letters.",
        effect: "Senders that follow the RFC take it for an unknown field, miss the id, and act as if there were no record.",
        remedy: "Write the names v and id in small letters.",
        example: Some(("v=STSv1; ID=20240115T120000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-id-missing",
        summary: "The record has no id.",
        effect: "The record is invalid and senders act as if there were none; without an id they could not tell when the policy changes.",
        remedy: "Add an id of 1 to 32 letters and digits after the version, as in v=STSv1; id=20240115T120000; where the id is the time of the policy's last change.",
        example: Some(("v=STSv1;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-id-invalid",
        summary: "The id contains something other than letters and digits.",
        remedy: "Use 1 to 32 letters and digits, with no hyphens, dots, colons or underscores: 20240115T120000 instead of 2024-01-15T12:00:00.",
        example: Some(("v=STSv1; id=2024-01-15;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-id-too-long",
        summary: "The id has more than 32 characters.",
        remedy: "Shorten the id to 1 to 32 letters and digits; a date and time such as 20240115T120000 is enough.",
        example: Some(("v=STSv1; id=20240115T120000000000000000000000000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-id-duplicate",
        severity: Medium,
        clause: "RFC 8461 section 3.2",
        summary: "The field id stands more than once in the record.",
        effect: "The first one counts, yet some senders take the last and others refuse the record, so an update may reach only some of them.",
        remedy: "Keep one id, that of the policy now served.",
        example: Some(("v=STSv1; id=20240115T120000; id=20230101T000000;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-unknown-field",
        severity: Low,
        clause: "RFC 8461 section 3.2",
        summary: "The record has a field that RFC 8461 does not define.",
        effect: "None: senders ignore fields that they do not know.",
        remedy: "Remove the field unless you know what reads it; a record needs v and id only.",
        example: Some(("v=STSv1; id=20240115T120000; note=hello;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-policy-keys",
        severity: Medium,
        summary: "The record contains mode, mx or max_age, which belong into the policy.",
        effect: "Senders ignore them in the record; written as in the policy, with a colon, they make the record invalid.",
        remedy: "Keep only v and id in the TXT record, and put mode, mx and max_age into https://mta-sts.DOMAIN/.well-known/mta-sts.txt.",
        example: Some(("v=STSv1; id=20240115T120000; mode=enforce;", GOOD)),
        ..R
    },
    Rule {
        code: "sts-record-ttl-short",
        severity: Info,
        clause: "RFC 8460 section 7",
        summary: "The TTL of the record, as the resolver gave it, is below one hour.",
        effect: STILL_WORKS,
        remedy: "A TTL of one hour to one day makes it harder to suppress the record by disturbing DNS; shorten it only around a change.",
        ..R
    },
    Rule {
        code: "sts-record-ttl-long",
        severity: Low,
        clause: "RFC 8461 section 8.1",
        summary: "The TTL of the record is above one day.",
        effect: "For as long as the TTL lasts after a change, senders do not learn that there is a new policy, and the old one has to keep working.",
        remedy: "Set the TTL of _mta-sts.DOMAIN to one day or less, for example 3600 seconds.",
        ..R
    },
    Rule {
        code: "sts-record-without-policy",
        clause: "RFC 8461 section 3.3",
        summary: "The record is valid, but the policy that it announces cannot be retrieved.",
        effect: "Senders that have no policy cached send without MTA-STS, and those that have one keep to it until it expires.",
        remedy: "Mend what the finding about the policy host or the retrieval says, or, if MTA-STS is no longer wanted, serve a policy with mode none for as long as the old max_age and then remove the record.",
        ..R
    },
];
