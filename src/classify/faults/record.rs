//! `sts-record-*`: what is wrong with the text of the TXT record at `_mta-sts.DOMAIN` (RFC 8461 section 3.1).

use super::super::families::STS_RECORD;
use super::super::rule::codes;

const GOOD: &str = "v=STSv1; id=20240115T120000;";
const NO_SENDER: &str = "No sender recognises the record, so mail to the domain travels without MTA-STS.";

codes! {
    1080 STS_RECORD_UNRELATED_TXT = "sts-record-unrelated-txt" of StsRecordUnrelatedTxt {
        severity: Low,
        summary: "There is a TXT record at _mta-sts.DOMAIN that has nothing to do with MTA-STS.",
        effect: "Senders must discard it, yet a few join all TXT records of the name or expect exactly one, and then find no policy.",
        remedy: "Move the text to the name where it belongs, or remove it; a wildcard TXT record of the zone is a common cause.",
        example: Some(Text("google-site-verification=abc123", GOOD)),
        stage: None,
        ..STS_RECORD
    }
    1090 STS_RECORD_MULTIPLE = "sts-record-multiple" of StsRecordMultiple {
        summary: "More than one MTA-STS record is published.",
        effect: "Senders that follow the RFC must assume that there is none, so mail travels without MTA-STS; some senders take any one of them.",
        remedy: "Keep exactly one TXT record that begins with v=STSv1 at _mta-sts.DOMAIN, the one with the id of the policy now served, and delete the others.",
        example: Some(Seen(
            "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"\n_mta-sts.example.com. TXT \"v=STSv1; id=2;\"",
            "_mta-sts.example.com. TXT \"v=STSv1; id=2;\"\n_mta-sts.example.com. TXT \"site-verification=abc\"",
        )),
        ..STS_RECORD
    }
    1100 STS_RECORD_NEAR_MISS = "sts-record-near-miss" of StsRecordNearMiss {
        summary: "The TXT record was meant as an MTA-STS record, but does not begin with v=STSv1 as it must.",
        remedy: "Publish the text as v=STSv1; id=20240115T120000; with nothing in front, no quotation marks of your own, and equals signs and semicolons as shown.",
        example: Some(Text("v:STSv1; id:20240115T120000", GOOD)),
        ..STS_RECORD
    }
    1110 STS_RECORD_UNKNOWN_VERSION = "sts-record-unknown-version" of StsRecordUnknownVersion {
        summary: "The record names a version of MTA-STS that does not exist.",
        effect: NO_SENDER,
        remedy: "Write v=STSv1; this is the only version there is.",
        example: Some(Text("v=STSv2; id=20240115T120000;", GOOD)),
        ..STS_RECORD
    }
    1120 STS_RECORD_VERSION_CASE = "sts-record-version-case" of StsRecordVersionCase {
        summary: "The version is not written as STSv1 in exactly this case.",
        remedy: "Write v=STSv1 with a small v on both sides of STS, which is in capitals.",
        example: Some(Text("v=STSV1; id=20240115T120000;", GOOD)),
        ..STS_RECORD
    }
    1130 STS_RECORD_VERSION_NOT_FIRST = "sts-record-version-not-first" of StsRecordVersionNotFirst {
        summary: "The version is not the first field of the record.",
        remedy: "Put v=STSv1 in front of all other fields.",
        example: Some(Text("id=20240115T120000; v=STSv1;", GOOD)),
        ..STS_RECORD
    }
    1140 STS_RECORD_VERSION_SPACE = "sts-record-version-space" of StsRecordVersionSpace {
        severity: Medium,
        summary: "There is a space between v=STSv1 and its semicolon.",
        effect: "The grammar allows it, but where other TXT records share the name senders discard every record that does not begin with v=STSv1; and this one with them.",
        remedy: "Remove the space, so that the record begins with v=STSv1; exactly.",
        example: Some(Text("v=STSv1 ; id=20240115T120000;", GOOD)),
        ..STS_RECORD
    }
    1150 STS_RECORD_VERSION_DUPLICATE = "sts-record-version-duplicate" of StsRecordVersionDuplicate {
        severity: Medium,
        clause: "RFC 8461 section 3.2",
        summary: "The field v stands more than once in the record.",
        effect: "The first one counts; a sender that checks the record in full may refuse it.",
        remedy: "Keep the first v=STSv1 and remove the other; two records that were joined into one are a common cause.",
        example: Some(Text("v=STSv1; id=20240115T120000; v=STSv1;", GOOD)),
        stage: None,
        ..STS_RECORD
    }
    1160 STS_RECORD_LEADING_SPACE = "sts-record-leading-space" of StsRecordLeadingSpace {
        summary: "The record begins with white space.",
        remedy: "Remove the white space in front of v=STSv1; pasting from a web page is a common cause.",
        example: Some(Text(" v=STSv1; id=20240115T120000;", GOOD)),
        ..STS_RECORD
    }
    1170 STS_RECORD_LITERAL_QUOTES = "sts-record-literal-quotes" of StsRecordLiteralQuotes {
        summary: "The record contains quotation marks as part of its text.",
        effect: NO_SENDER,
        remedy: "Enter the text without quotation marks: the web interface of the DNS provider adds those that a zone file needs.",
        example: Some(Text("\"v=STSv1; id=20240115T120000;\"", GOOD)),
        ..STS_RECORD
    }
    1180 STS_RECORD_ESCAPED_SEMICOLON = "sts-record-escaped-semicolon" of StsRecordEscapedSemicolon {
        summary: "A semicolon of the record is escaped, so that the escape is part of the text.",
        remedy: "Enter plain semicolons: the backslash or %3B is an escape of zone files and URLs that the DNS provider stored as text.",
        example: Some(Text("v=STSv1\\; id=20240115T120000\\;", GOOD)),
        ..STS_RECORD
    }
    1190 STS_RECORD_NON_ASCII = "sts-record-non-ascii" of StsRecordNonAscii {
        summary: "The record contains bytes outside US-ASCII.",
        remedy: "Type the record again by hand: a byte order mark, a no-break space or typographic quotation marks were pasted with it.",
        example: Some(Text("v=STSv1;\u{a0}id=20240115T120000;", GOOD)),
        ..STS_RECORD
    }
    1200 STS_RECORD_CONTROL_CHAR = "sts-record-control-char" of StsRecordControlChar {
        summary: "The record contains a control character.",
        remedy: "Type the record again by hand, in one line without line breaks.",
        example: Some(Text("v=STSv1; id=20240115T120000;\n", GOOD)),
        ..STS_RECORD
    }
    1210 STS_RECORD_SPLIT_STRINGS = "sts-record-split-strings" of StsRecordSplitStrings {
        severity: Info,
        summary: "The record is stored as several character-strings.",
        effect: "None: senders join them without a space in between.",
        remedy: "Nothing to fix. A record this short fits into one string, which is easier to read.",
        example: Some(Seen("_mta-sts.example.com. TXT \"v=STSv1; \" \"id=1;\"", "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"")),
        stage: None,
        ..STS_RECORD
    }
    1220 STS_RECORD_FIELD_SYNTAX = "sts-record-field-syntax" of StsRecordFieldSyntax {
        summary: "A field of the record is not written as name=value.",
        remedy: "Write every field as name=value without spaces around the equals sign or inside the value, and separate fields by semicolons.",
        example: Some(Text("v=STSv1; id = 20240115T120000;", GOOD)),
        ..STS_RECORD
    }
    1230 STS_RECORD_EMPTY_FIELD = "sts-record-empty-field" of StsRecordEmptyField {
        summary: "There is nothing between two semicolons of the record.",
        remedy: "Remove the surplus semicolon: one may end the record, but no two may follow each other.",
        example: Some(Text("v=STSv1;; id=20240115T120000;", GOOD)),
        ..STS_RECORD
    }
    1240 STS_RECORD_TRAILING_SPACE = "sts-record-trailing-space" of StsRecordTrailingSpace {
        summary: "The record ends with white space and without a semicolon.",
        remedy: "Remove the white space at the end, or end the record with a semicolon.",
        example: Some(Text("v=STSv1; id=20240115T120000 ", GOOD)),
        ..STS_RECORD
    }
    1250 STS_RECORD_KEY_CASE = "sts-record-key-case" of StsRecordKeyCase {
        summary: "The name of a field is not in small letters.",
        effect: "Senders that follow the RFC take it for an unknown field, miss the id, and act as if there were no record.",
        remedy: "Write the names v and id in small letters.",
        example: Some(Text("v=STSv1; ID=20240115T120000;", GOOD)),
        ..STS_RECORD
    }
    1260 STS_RECORD_ID_MISSING = "sts-record-id-missing" of StsRecordIdMissing {
        summary: "The record has no id.",
        effect: "The record is invalid and senders act as if there were none; without an id they could not tell when the policy changes.",
        remedy: "Add an id of 1 to 32 letters and digits after the version, as in v=STSv1; id=20240115T120000; where the id is the time of the policy's last change.",
        example: Some(Text("v=STSv1;", GOOD)),
        ..STS_RECORD
    }
    1270 STS_RECORD_ID_INVALID = "sts-record-id-invalid" of StsRecordIdInvalid {
        summary: "The id contains something other than letters and digits.",
        remedy: "Use 1 to 32 letters and digits, with no hyphens, dots, colons or underscores: 20240115T120000 instead of 2024-01-15T12:00:00.",
        example: Some(Text("v=STSv1; id=2024-01-15;", GOOD)),
        ..STS_RECORD
    }
    1280 STS_RECORD_ID_TOO_LONG = "sts-record-id-too-long" of StsRecordIdTooLong {
        summary: "The id has more than 32 characters.",
        remedy: "Shorten the id to 1 to 32 letters and digits; a date and time such as 20240115T120000 is enough.",
        example: Some(Text("v=STSv1; id=20240115T120000000000000000000000000;", GOOD)),
        ..STS_RECORD
    }
    1290 STS_RECORD_ID_DUPLICATE = "sts-record-id-duplicate" of StsRecordIdDuplicate {
        severity: Medium,
        clause: "RFC 8461 section 3.2",
        summary: "The field id stands more than once in the record.",
        effect: "The first one counts, yet some senders take the last and others refuse the record, so an update may reach only some of them.",
        remedy: "Keep one id, that of the policy now served.",
        example: Some(Text("v=STSv1; id=20240115T120000; id=20230101T000000;", GOOD)),
        stage: None,
        ..STS_RECORD
    }
    1300 STS_RECORD_UNKNOWN_FIELD = "sts-record-unknown-field" of StsRecordUnknownField {
        severity: Low,
        clause: "RFC 8461 section 3.2",
        summary: "The record has a field that RFC 8461 does not define.",
        effect: "None: senders ignore fields that they do not know.",
        remedy: "Remove the field unless you know what reads it; a record needs v and id only.",
        example: Some(Text("v=STSv1; id=20240115T120000; note=hello;", GOOD)),
        stage: None,
        ..STS_RECORD
    }
    1310 STS_RECORD_POLICY_KEYS = "sts-record-policy-keys" of StsRecordPolicyKeys {
        severity: Medium,
        summary: "The record contains mode, mx or max_age, which belong into the policy.",
        effect: "Senders ignore them in the record; written as in the policy, with a colon, they make the record invalid.",
        remedy: "Keep only v and id in the TXT record, and put mode, mx and max_age into https://mta-sts.DOMAIN/.well-known/mta-sts.txt.",
        example: Some(Text("v=STSv1; id=20240115T120000; mode=enforce;", GOOD)),
        stage: None,
        ..STS_RECORD
    }
}
