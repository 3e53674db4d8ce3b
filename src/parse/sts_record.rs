//! The text of an `_mta-sts` record: RFC 8461 section 3.1.

use super::collector::{Collector, is_wsp, quote};
use super::fault::{FaultKind, Parsed};
use super::record_kind::RecordKind;
use super::tag_list::{self, Field};

/// Most characters of an id (RFC 8461 section 3.1).
const MAX_ID: usize = 32;

/// An MTA-STS record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StsRecord {
    /// The first `id`, best effort.
    pub id: Option<String>,
}

/// Reads the joined text of one record. A near miss (wrong version, quotes, ...) is not valid, has the faults that say how it misses,
/// and its other fields are read as far as they can be found.
pub fn parse(text: &[u8]) -> Parsed<StsRecord> {
    let mut faults = Collector::new();
    let list = tag_list::read(RecordKind::Sts, text, &mut faults);
    let mut record = StsRecord::default();
    let mut attempted = false;
    for field in &list.fields {
        report_field(field, attempted, &mut faults);
        if field.meant_name() == b"id" {
            record.id = record.id.or_else(|| text_of(field.meant_value().1));
            attempted |= field.spoilt || field.name() == Some(b"id") || !field.is_extension();
        }
    }
    if list.is_record && !attempted {
        faults.fatal(FaultKind::StsRecordIdMissing, text.len()..text.len(), "");
    }
    if list.fields.is_empty() && !list.is_record {
        record.id = loose_pairs(&String::from_utf8_lossy(text)).find(|(key, _)| *key == "id").and_then(|(_, id)| text_of(id.as_bytes()));
    }
    faults.into_parsed(record)
}

fn report_field(field: &Field<'_>, has_id: bool, faults: &mut Collector) {
    let meant = field.meant_name();
    let is_policy_key = matches!(meant.as_slice(), b"mode" | b"mx" | b"max_age" | b"version");
    if is_policy_key {
        faults.remark(FaultKind::StsRecordPolicyKeys, field.span(), quote(field.text));
    }
    if field.spoilt {
        return;
    }
    match field.name() {
        Some(b"id") if !has_id => return report_id(field, faults),
        _ if !field.is_extension() => return faults.fatal(FaultKind::StsRecordFieldSyntax, field.span(), quote(field.text)),
        _ if is_policy_key => return,
        _ => {}
    }
    let kind = match field.name() {
        Some(b"id") => FaultKind::StsRecordIdDuplicate,
        Some(b"v") => FaultKind::StsRecordVersionDuplicate,
        _ if meant == b"id" => FaultKind::StsRecordKeyCase,
        _ => FaultKind::StsRecordUnknownField,
    };
    faults.remark(kind, field.span(), quote(field.text));
}

fn report_id(field: &Field<'_>, faults: &mut Collector) {
    let (start, id) = field.value();
    let span = start..start + id.len();
    if id.iter().any(|&byte| is_wsp(byte)) {
        return faults.fatal(FaultKind::StsRecordFieldSyntax, field.span(), quote(field.text));
    }
    if id.is_empty() || !id.iter().all(u8::is_ascii_alphanumeric) {
        faults.fatal(FaultKind::StsRecordIdInvalid, span.clone(), quote(id));
    }
    if id.len() > MAX_ID {
        faults.fatal(FaultKind::StsRecordIdTooLong, span, format!("{} characters", id.len()));
    }
}

fn text_of(value: &[u8]) -> Option<String> {
    let text = value.trim_ascii();
    (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
}

/// Reads the text as forgiving senders do (trims, allows space round `=` and empty fields, takes the last id, whatever its characters);
/// `None` where even they find no record.
pub fn parse_lenient(text: &[u8]) -> Option<StsRecord> {
    let text = String::from_utf8_lossy(text);
    let mut pairs = loose_pairs(&text);
    pairs.next().filter(|pair| *pair == ("v", "STSv1"))?;
    let id = pairs.filter(|(key, id)| *key == "id" && !id.is_empty()).last()?.1;
    Some(StsRecord { id: Some(id.to_owned()) })
}

/// `key=value` between semicolons, trimmed; a field without `=` is a key without a value.
fn loose_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let fields = text.split(';').map(str::trim).filter(|field| !field.is_empty());
    fields.map(|field| field.split_once('=').map_or((field, ""), |(key, value)| (key.trim_end(), value.trim_start())))
}

/// Writes the record as it should be: an id that has other characters keeps its letters and digits, at most 32 of them.
/// `None` where nothing is left of it.
pub fn canonical(record: &StsRecord) -> Option<String> {
    let id: String = record.id.as_deref()?.chars().filter(char::is_ascii_alphanumeric).take(MAX_ID).collect();
    (!id.is_empty()).then(|| format!("{}; id={id};", RecordKind::Sts.words().version))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str) -> Vec<FaultKind> {
        parse(text.as_bytes()).faults.iter().map(|fault| fault.kind).collect()
    }

    #[test]
    fn every_fault_is_found_at_its_place() {
        use FaultKind::*;
        let parsed = parse(b" v=STSv1; id=20-24;; ID=1; x=\xff ");
        let found: Vec<_> = parsed.faults.iter().map(|fault| (fault.kind, fault.span.clone())).collect();
        let expected = [
            (StsRecordLeadingSpace, 0..1),
            (StsRecordNearMiss, 1..8),
            (StsRecordIdInvalid, 13..18),
            (StsRecordEmptyField, 18..20),
            (StsRecordKeyCase, 21..25),
            (StsRecordNonAscii, 29..30),
            (StsRecordTrailingSpace, 30..31),
        ];
        assert_eq!(found, expected);
        assert_eq!(parsed.value.id.as_deref(), Some("20-24"));
        assert!(!parsed.valid);
    }

    #[test]
    fn a_single_mistake_gives_a_single_fault() {
        use FaultKind::*;
        for (text, expected) in [
            ("v=STSv1 id=1", vec![StsRecordFieldSyntax]),
            ("v=STSv1; id=", vec![StsRecordIdInvalid]),
            ("v=STSv1; id", vec![StsRecordFieldSyntax]),
            ("v=STSv1; id:1", vec![StsRecordFieldSyntax]),
            ("v=STSv1; id=1 ", vec![StsRecordTrailingSpace]),
            ("v=STSv1; ; id=1", vec![StsRecordEmptyField]),
            ("v=STSv1; id=1; id=", vec![StsRecordFieldSyntax]),
            ("v=STSv1 ;id=1", vec![StsRecordVersionSpace]),
            ("v=STSv1\\; id=1", vec![StsRecordNearMiss, StsRecordEscapedSemicolon]),
            ("v=STSv1; id=1; note=a\\;", vec![StsRecordUnknownField, StsRecordEscapedSemicolon]),
            ("v=spf1 -all", vec![StsRecordUnrelatedTxt]),
            ("v=STSv1; id=1; a1234567890123456789012345678901=x", vec![StsRecordUnknownField]),
            ("v=STSv1; id=1; a12345678901234567890123456789012=x", vec![StsRecordFieldSyntax]),
        ] {
            assert_eq!(kinds(text), expected, "{text}");
        }
    }

    #[test]
    fn forgiving_senders_take_the_last_id() {
        let id = |text: &str| parse_lenient(text.as_bytes()).and_then(|record| record.id);
        assert_eq!(id(" v = STSv1;; id = 20-24 ; id=b;").as_deref(), Some("b"));
        assert_eq!(id("v=STSv1; id=20-24_x").as_deref(), Some("20-24_x"));
        for text in ["", "v=STSv2; id=1", "id=1; v=STSv1", "v=STSv1", "v=STSv1; id="] {
            assert_eq!(id(text), None, "{text}");
        }
    }

    #[test]
    fn near_misses_still_show_their_id() {
        for text in
            ["id=7; v=STSv1;", "\"v=STSv1; id=7\"", "V=STSv1; id=7", "v = STSv1; id = 7", "\u{feff}v=STSv1; id=7", "v=STSv1: x; id=7"]
        {
            let parsed = parse(text.as_bytes());
            assert!(!parsed.valid && parsed.has(FaultKind::StsRecordNearMiss), "{text}");
            assert_eq!(parsed.value.id.as_deref(), Some("7"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            "[ \"vV]{0,2}(v=STSv[12])?[;= \\\\a-zA-Z0-9é\t\r-]{0,40}".prop_map(String::into_bytes),
        ]) {
            let parsed = parse(&text);
            for fault in &parsed.faults {
                prop_assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len(), "{:?}", fault);
            }
            prop_assert!(parsed.faults.is_sorted_by_key(|fault| fault.span.start));
            if parsed.valid {
                prop_assert!(parsed.value.id.as_deref().is_some_and(|id| (1..=32).contains(&id.len())));
                prop_assert!(parse_lenient(&text).is_some());
            }
            if let Some(fixed) = canonical(&parsed.value) {
                let again = parse(fixed.as_bytes());
                prop_assert!(again.valid && again.faults.is_empty(), "{fixed}");
            }
        }

        #[test]
        fn what_the_grammar_generates_is_valid(
            id in "[A-Za-z0-9]{1,32}",
            before in proptest::collection::vec("[ \t]{0,2};[ \t]{0,2}[A-Zac-hj-z0-9][A-Za-z0-9_.-]{2,31}=[!-:<>?-~]{1,9}", 0..3),
            delimiter in "[ \t]{0,2};[ \t]{0,2}",
            end in "([ \t]{0,2};[ \t]{0,2})?",
        ) {
            let before = before.concat().replace("=>", "=<").replace(">", "<");
            let text = format!("v=STSv1{before}{delimiter}id={id}{end}");
            let parsed = parse(text.as_bytes());
            prop_assert!(parsed.valid, "{text:?} {:?}", parsed.faults);
            prop_assert_eq!(parsed.value.id, Some(id));
        }
    }
}
