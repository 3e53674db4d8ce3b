//! The text of an `_smtp._tls` record: RFC 8460 section 3.

use super::collector::{Collector, is_wsp, quote, trim_wsp};
use super::fault::{FaultKind, Parsed};
use super::record_kind::RecordKind;
use super::report_uri;
pub use super::report_uri::{ReportScheme, ReportUri};
use super::tag_list::{self, Field};

/// Tags that only a DMARC record has (RFC 7489 section 6.3).
const DMARC_TAGS: &[&[u8]] = &[b"adkim", b"aspf", b"fo", b"np", b"p", b"pct", b"psd", b"rf", b"ri", b"ruf", b"sp", b"t"];

/// A TLSRPT record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsrptRecord {
    /// All destinations in order, best effort.
    pub rua: Vec<ReportUri>,
    /// Whether at least one destination is usable. A record can be valid and of no use (`rua=http://...`).
    pub usable: bool,
}

/// Reads the joined text of one record. A near miss is treated as in [`super::sts_record::parse`].
///
/// Repeated `rua` fields are all read: the grammar allows them and RFC 8460 has no rule of the first.
pub fn parse(text: &[u8]) -> Parsed<TlsrptRecord> {
    let mut faults = Collector::new();
    let list = tag_list::read(RecordKind::Tlsrpt, text, &mut faults);
    let mut record = TlsrptRecord::default();
    let mut attempts = 0;
    for field in &list.fields {
        let exact = field.name() == Some(b"rua");
        if exact {
            read_list(field.value(), &mut record.rua, &mut faults);
        } else if field.meant_name() == b"rua" {
            read_list(field.meant_value(), &mut record.rua, &mut Collector::new()); // One fault of the field is enough.
        }
        report_field(field, &mut faults);
        let attempted = exact || (field.meant_name() == b"rua" && (field.spoilt || !field.is_extension()));
        if attempted && attempts > 0 {
            faults.remark(FaultKind::TlsrptRuaRepeatedField, field.span(), "");
        }
        attempts += usize::from(attempted);
    }
    if list.is_record && attempts == 0 {
        faults.fatal(FaultKind::TlsrptRuaMissing, text.len()..text.len(), "");
    }
    report_several(text, &list.fields, &record.rua, &mut faults);
    record.usable = record.rua.iter().any(|report| report.usable);
    faults.into_parsed(record)
}

/// `tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri)`.
fn read_list((start, value): (usize, &[u8]), rua: &mut Vec<ReportUri>, faults: &mut Collector) {
    if value.first().is_some_and(|&byte| is_wsp(byte)) {
        faults.fatal(FaultKind::TlsrptRuaUriSyntax, start..start + 1, "white space after \"rua=\"");
    }
    let mut at = start;
    for entry in value.split(|&byte| byte == b',') {
        let (skipped, text) = trim_wsp(entry);
        if text.is_empty() {
            faults.fatal(FaultKind::TlsrptRuaEmpty, at..at + entry.len(), "");
        } else {
            rua.push(report_uri::read(text, at + skipped, faults));
        }
        at += entry.len() + 1;
    }
}

fn report_field(field: &Field<'_>, faults: &mut Collector) {
    let name = field.name().unwrap_or_default();
    let kind = match name {
        _ if field.spoilt || name == b"rua" => return,
        _ if name.eq_ignore_ascii_case(b"rua") => FaultKind::TlsrptKeyCase,
        _ if !field.is_extension() => return faults.fatal(FaultKind::TlsrptFieldSyntax, field.span(), quote(field.text)),
        _ if DMARC_TAGS.contains(&name) => FaultKind::TlsrptDmarcTags,
        _ => FaultKind::TlsrptUnknownField,
    };
    faults.remark(kind, field.span(), quote(field.text));
}

/// What is to be said of the destinations together.
fn report_several(text: &[u8], fields: &[Field<'_>], rua: &[ReportUri], faults: &mut Collector) {
    let span = fields.iter().find(|field| field.meant_name() == b"rua").map_or(text.len()..text.len(), Field::span);
    let mut distinct: Vec<&str> = rua.iter().map(|report| report.uri.as_str()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < rua.len() {
        faults.remark(FaultKind::TlsrptRuaDuplicate, span.clone(), "");
    }
    if distinct.len() > 1 && faults.is_valid() {
        faults.remark(FaultKind::TlsrptRuaMultiple, span, format!("{} destinations", distinct.len()));
    }
}

/// Writes the record as it should be, with every destination that is right or becomes so by `mailto:` in front or a size limit taken
/// away; `None` where there is none.
pub fn canonical(record: &TlsrptRecord) -> Option<String> {
    let mut uris: Vec<String> = Vec::new();
    for report in &record.rua {
        uris.extend(corrected(report).filter(|uri| !uris.contains(uri)));
    }
    (!uris.is_empty()).then(|| format!("{}; rua={};", RecordKind::Tlsrpt.words().version, uris.join(",")))
}

/// The destinations that [`canonical`] leaves out, as nobody but their owner knows what they should be.
pub fn beyond_correction(record: &TlsrptRecord) -> impl Iterator<Item = &str> {
    record.rua.iter().filter(|report| corrected(report).is_none()).map(|report| report.uri.as_str())
}

fn corrected(report: &ReportUri) -> Option<String> {
    let text = report.uri.rsplit_once('!').map_or(report.uri.as_str(), |(text, _)| text).trim();
    [text.to_owned(), format!("mailto:{text}")].into_iter().find(|uri| {
        let mut faults = Collector::new();
        let usable = report_uri::read(uri.as_bytes(), 0, &mut faults).usable && faults.is_valid();
        usable && faults.into_parsed(()).faults.iter().all(|fault| fault.kind != FaultKind::TlsrptRuaMailtoSyntax)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str) -> Vec<FaultKind> {
        parse(text.as_bytes()).faults.iter().map(|fault| fault.kind).collect()
    }

    #[test]
    fn faults_and_their_places() {
        use FaultKind::*;
        let parsed = parse(b"v=TLSRPTv1; rua=mailto:a@b.example!5m, ,x@y; p=none ");
        let found: Vec<_> = parsed.faults.iter().map(|fault| (fault.kind, fault.span.clone())).collect();
        let expected = [
            (TlsrptRuaSizeSuffix, 16..37),
            (TlsrptRuaEmpty, 38..39),
            (TlsrptRuaNoScheme, 40..43),
            (TlsrptDmarcTags, 45..51),
            (TlsrptRecordTrailingSpace, 51..52),
        ];
        assert_eq!(found, expected);
        assert_eq!(canonical(&parsed.value).as_deref(), Some("v=TLSRPTv1; rua=mailto:a@b.example,mailto:x@y;"));
    }

    #[test]
    fn repeated_fields_are_all_read() {
        use FaultKind::*;
        let text = "v=TLSRPTv1; rua=mailto:a@b.example; rua=mailto:c@d.example";
        assert_eq!(kinds(text), [TlsrptRuaMultiple, TlsrptRuaRepeatedField]);
        assert_eq!(parse(text.as_bytes()).value.rua.len(), 2);
    }

    #[test]
    fn a_broken_field_still_shows_its_destination() {
        for text in ["v=TLSRPTv1 rua=mailto:a@b.example", "v=TLSRPTv1; rua:mailto:a@b.example", "v=TLSRPTv1; RUA = mailto:a@b.example"] {
            let parsed = parse(text.as_bytes());
            assert!(!parsed.valid, "{text}");
            assert_eq!(parsed.value.rua.first().and_then(|report| report.host.as_deref()), Some("b.example"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            "(v=TLSRPTv[12])?;? ?(rua=)?[;=, !:@/\\[\\]%a-z0-9.é\t\r-]{0,40}".prop_map(String::into_bytes),
        ]) {
            let parsed = parse(&text);
            for fault in &parsed.faults {
                prop_assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len(), "{:?}", fault);
            }
            prop_assert!(!parsed.valid || !parsed.value.rua.is_empty());
            if let Some(fixed) = canonical(&parsed.value) {
                let again = parse(fixed.as_bytes());
                prop_assert!(again.valid && again.value.usable, "{fixed}");
            }
        }

        #[test]
        fn what_the_grammar_generates_is_valid(
            uris in proptest::collection::vec("(mailto:[a-z.+]{1,9}@[a-z]{1,5}\\.example|https://[a-z]{1,8}\\.example(:[1-9][0-9]{0,3})?/[a-z=?&]{0,9})", 1..4),
            comma in "[ \t]{0,2},[ \t]{0,2}",
            delimiter in "[ \t]{0,2};[ \t]{0,2}",
            end in "([ \t]{0,2};[ \t]{0,2})?",
        ) {
            let text = format!("v=TLSRPTv1{delimiter}rua={}{end}", uris.join(&comma));
            let parsed = parse(text.as_bytes());
            prop_assert!(parsed.valid && parsed.value.usable, "{text:?} {:?}", parsed.faults);
            prop_assert_eq!(parsed.value.rua.into_iter().map(|report| report.uri).collect::<Vec<_>>(), uris);
        }
    }
}
