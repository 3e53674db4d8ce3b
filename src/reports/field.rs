//! Fields of a report: texts, lists, counts, times, addresses and names as senders write them, and what deviates in each.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::json::{self, Json};
use super::limits::{MAX_COUNT, MAX_LIST, MAX_TEXT};
use super::quote::Warning;
use crate::name::Domain;

/// Reads fields, and gathers how they deviate.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) warnings: BTreeSet<Warning>,
    now: OffsetDateTime,
}

/// How long before a time may be in the future: clocks differ, and a range may end on the next day.
const MAX_AHEAD: Duration = Duration::hours(48);
/// RFC 8460 is of 2018, and its drafts are of 2016.
const FIRST_YEAR: i32 = 2016;

/// Marks that change the direction of writing.
fn turns_writing(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Fields {
    pub(super) fn new(now: OffsetDateTime) -> Self {
        Self { warnings: BTreeSet::new(), now }
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        self.warnings.insert(warning);
    }

    /// A value that is there: neither absent nor null nor "".
    pub(super) fn present<'j>(&self, value: Option<&'j Json>) -> Option<&'j Json> {
        value.filter(|value| !matches!(value, Json::Null) && !matches!(value, Json::Text(text) if text.is_empty()))
    }

    /// As [`Self::present`], of what the RFC requires.
    pub(super) fn required<'j>(&mut self, value: Option<&'j Json>) -> Option<&'j Json> {
        let present = self.present(value);
        if present.is_none() {
            self.warn(Warning::MissingField);
        }
        present
    }

    /// The value of a key, or of the key that some senders write in its place.
    pub(super) fn either<'j>(&mut self, object: &'j Json, key: &str, variant: &str) -> Option<&'j Json> {
        let variant = || object.get(variant).inspect(|_| _ = self.warnings.insert(Warning::KeyVariant));
        object.get(key).or_else(variant)
    }

    /// A text that may be absent.
    pub(super) fn text(&mut self, value: Option<&Json>) -> Option<String> {
        match self.present(value)? {
            Json::Text(text) => Some(self.kept(text)),
            _ => self.wrong(),
        }
    }

    /// A text that the RFC requires.
    pub(super) fn required_text(&mut self, value: Option<&Json>) -> Option<String> {
        let value = self.required(value);
        self.text(value)
    }

    /// A value of another type than it should have.
    fn wrong<T>(&mut self) -> Option<T> {
        self.warn(Warning::WrongType);
        None
    }

    /// A text as it is kept: not longer than others, told where it could do harm.
    fn kept(&mut self, text: &str) -> String {
        let mut kept = text;
        if kept.len() > MAX_TEXT {
            let end = (0..=MAX_TEXT).rev().find(|end| kept.is_char_boundary(*end)).unwrap_or_default();
            kept = kept.get(..end).unwrap_or_default();
            self.warn(Warning::TextCut);
        }
        if kept.chars().any(|c| c.is_control() || turns_writing(c)) {
            self.warn(Warning::ControlChar);
        }
        kept.to_owned()
    }

    /// A list of texts that may be absent.
    pub(super) fn texts(&mut self, value: Option<&Json>) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        match self.present(value)? {
            Json::List(list) => list.iter().for_each(|element| self.element(element, &mut texts)),
            Json::Text(text) => {
                self.warn(Warning::StringForArray);
                text.lines().for_each(|line| self.line(line, &mut texts));
            }
            _ => return self.wrong(),
        }
        if texts.len() > MAX_LIST {
            texts.truncate(MAX_LIST);
            self.warn(Warning::ListCut);
        }
        Some(texts)
    }

    fn element(&mut self, element: &Json, texts: &mut Vec<String>) {
        match element {
            Json::Text(text) => self.line(text, texts),
            Json::Null => {}
            _ => _ = self.wrong::<()>(),
        }
    }

    /// A text of a list; one that is itself a list in JSON is opened, once.
    fn line(&mut self, text: &str, texts: &mut Vec<String>) {
        if texts.len() > MAX_LIST {
            return; // One more than are kept, which tells that there are more.
        }
        if text.trim_start().starts_with('[')
            && let Ok((Json::List(list), _)) = json::value(text)
        {
            self.warn(Warning::JsonInString);
            for element in &list {
                match element {
                    Json::Text(_) if texts.len() > MAX_LIST => return,
                    Json::Text(text) => texts.push(self.kept(text)),
                    _ => _ = self.wrong::<()>(),
                }
            }
        } else {
            texts.push(self.kept(text));
        }
    }

    /// The elements of an array of objects; an object by itself is one element, and what is no object is dropped.
    pub(super) fn objects<'j>(&mut self, value: Option<&'j Json>) -> Vec<&'j Json> {
        match self.present(value) {
            None => Vec::new(),
            Some(object @ Json::Object(_)) => {
                self.warn(Warning::ObjectForArray);
                vec![object]
            }
            Some(Json::List(list)) => {
                let objects: Vec<&Json> = list.iter().filter(|element| matches!(element, Json::Object(_))).collect();
                if objects.len() < list.len() {
                    self.warn(Warning::WrongType);
                }
                objects
            }
            Some(_) => {
                self.warn(Warning::WrongType);
                Vec::new()
            }
        }
    }

    /// A count of sessions; `absent` is what it is where it is not there.
    pub(super) fn count(&mut self, value: Option<&Json>, absent: Option<u64>) -> Option<u64> {
        let count = match value {
            None | Some(Json::Null) => {
                self.warn(Warning::CountMissing);
                return absent;
            }
            Some(Json::Unsigned(count)) => Some(*count),
            Some(Json::Float(count)) => self.whole(*count),
            Some(Json::Text(text)) => self.digits(text.trim()),
            Some(_) => None,
        };
        let count = count.filter(|count| *count <= MAX_COUNT);
        if count.is_none() {
            self.warn(Warning::CountInvalid);
        }
        count
    }

    fn whole(&mut self, number: f64) -> Option<u64> {
        let is_count = number.fract() == 0.0 && (0.0..=MAX_COUNT as f64).contains(&number);
        is_count.then(|| self.warn(Warning::CountAsFloat))?;
        Some(number as u64)
    }

    fn digits(&mut self, text: &str) -> Option<u64> {
        let is_count = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let count = text.parse().ok().filter(|count| is_count && *count <= MAX_COUNT)?;
        self.warn(Warning::CountAsString);
        Some(count)
    }

    /// A moment that the RFC requires.
    pub(super) fn moment(&mut self, value: Option<&Json>) -> Option<OffsetDateTime> {
        let value = self.required(value)?;
        let read = if let Json::Text(text) = value { self.rfc3339(text.trim()) } else { None };
        let Some(moment) = read else {
            self.warn(Warning::DateInvalid);
            return None;
        };
        if moment.year() < FIRST_YEAR || moment - self.now > MAX_AHEAD {
            self.warn(Warning::DateOutOfRange);
            return None;
        }
        Some(moment)
    }

    /// RFC 3339, with a blank in place of the T, and without zone or time where need be.
    fn rfc3339(&mut self, text: &str) -> Option<OffsetDateTime> {
        let text = if text.as_bytes().get(10) == Some(&b' ') { Cow::from(text.replacen(' ', "T", 1)) } else { Cow::from(text) };
        let parsed = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().and_then(|moment| moment.checked_to_offset(UtcOffset::UTC));
        if let Some(moment) = parsed(&text) {
            return Some(moment);
        }
        let completed = if text.len() == 10 { format!("{text}T00:00:00Z") } else { format!("{text}Z") };
        let moment = parsed(&completed)?;
        self.warn(Warning::DateWithoutZone);
        Some(moment)
    }

    /// An address that may be absent.
    pub(super) fn address(&mut self, value: Option<&Json>) -> Option<IpAddr> {
        let Json::Text(text) = self.present(value)? else { return self.wrong() };
        let address = text.trim().parse::<IpAddr>().ok();
        if address.is_none() {
            self.warn(Warning::BadIp);
        }
        address.map(|address| address.to_canonical())
    }

    /// A policy domain that may be absent.
    pub(super) fn domain(&mut self, value: Option<&Json>) -> Option<Domain> {
        let Json::Text(text) = self.present(value)? else { return self.wrong() };
        let text = text.trim();
        match Domain::from_input(text) {
            Ok(domain) => {
                if !text.is_ascii() {
                    self.warn(Warning::ULabel);
                }
                Some(domain)
            }
            Err(_) => {
                self.warn(Warning::BadDomain);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        Fields::new(OffsetDateTime::parse("2025-03-12T00:00:00Z", &Rfc3339).unwrap())
    }

    fn json(text: &str) -> Json {
        json::value(text).unwrap().0
    }

    fn warned(fields: &Fields) -> Vec<&str> {
        fields.warnings.iter().map(|warning| warning.as_str()).collect()
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        let cases: [(&str, Option<u64>, &[&str]); 12] = [
            ("7", Some(7), &[]),
            ("9007199254740991", Some(MAX_COUNT), &[]),
            ("9007199254740992", None, &["count-invalid"]),
            ("-1", None, &["count-invalid"]),
            ("18446744073709551616", None, &["count-invalid"]),
            ("1e30", None, &["count-invalid"]),
            ("3.0", Some(3), &["count-as-float"]),
            ("3.5", None, &["count-invalid"]),
            ("\" 12 \"", Some(12), &["count-as-string"]),
            ("\"+12\"", None, &["count-invalid"]),
            ("\"\"", None, &["count-invalid"]),
            ("null", Some(0), &["count-missing"]),
        ];
        for (text, expected, warnings) in cases {
            let mut fields = fields();
            assert_eq!(fields.count(Some(&json(text)), Some(0)), expected, "{text}");
            assert_eq!(warned(&fields), warnings, "{text}");
        }
    }

    #[test]
    fn times_are_read_as_far_as_they_mean_something() {
        let cases: [(&str, Option<&str>, &[&str]); 11] = [
            ("2025-03-10T00:00:00Z", Some("2025-03-10T00:00:00Z"), &[]),
            ("2025-03-10t01:00:00.5+01:00", Some("2025-03-10T00:00:00.5Z"), &[]),
            ("2025-03-10 00:00:00Z", Some("2025-03-10T00:00:00Z"), &[]),
            ("2025-03-10T00:00:00", Some("2025-03-10T00:00:00Z"), &["date-without-zone"]),
            ("2025-03-10", Some("2025-03-10T00:00:00Z"), &["date-without-zone"]),
            ("10.3.2025", None, &["date-invalid"]),
            ("2025-02-30T00:00:00Z", None, &["date-invalid"]),
            ("10000-01-01T00:00:00Z", None, &["date-invalid"]),
            ("2015-12-31T23:59:59Z", None, &["date-out-of-range"]),
            ("2025-03-14T00:00:00Z", Some("2025-03-14T00:00:00Z"), &[]),
            ("2025-03-14T00:00:01Z", None, &["date-out-of-range"]),
        ];
        for (text, expected, warnings) in cases {
            let mut fields = fields();
            let moment = fields.moment(Some(&Json::Text(text.to_owned())));
            assert_eq!(moment, expected.map(|text| OffsetDateTime::parse(text, &Rfc3339).unwrap()), "{text}");
            assert_eq!(warned(&fields), warnings, "{text}");
        }
    }

    #[test]
    fn names_are_a_labels() {
        for (text, expected, warnings) in [
            (" Example.COM. ", Some("example.com"), &[] as &[&str]),
            ("bücher.example", Some("xn--bcher-kva.example"), &["u-label"]),
            ("exa mple.com", None, &["bad-domain"]),
            ("192.0.2.1", None, &["bad-domain"]),
            ("", None, &[]),
        ] {
            let mut fields = fields();
            let domain = fields.domain(Some(&Json::Text(text.to_owned())));
            assert_eq!(domain.as_ref().map(Domain::as_str), expected, "{text}");
            assert_eq!(warned(&fields), warnings, "{text}");
        }
    }

    #[test]
    fn addresses_are_canonical() {
        for (text, expected, warnings) in [
            ("2001:DB8:0::1", Some("2001:db8::1"), &[] as &[&str]),
            ("::ffff:192.0.2.7", Some("192.0.2.7"), &[]),
            ("", None, &[]),
            ("fe80::1%eth0", None, &["bad-ip"]),
            ("999.1.1.1", None, &["bad-ip"]),
        ] {
            let mut fields = fields();
            let address = fields.address(Some(&Json::Text(text.to_owned())));
            assert_eq!(address.map(|address| address.to_string()).as_deref(), expected, "{text}");
            assert_eq!(warned(&fields), warnings, "{text}");
        }
    }

    #[test]
    fn lists_are_read_however_they_are_written() {
        for (text, expected, warnings) in [
            (r#"["a","b"]"#, &["a", "b"] as &[&str], &[] as &[&str]),
            (r#""a\r\nb\n""#, &["a", "b"], &["string-for-array"]),
            (r#"["[\"a\",\"b\"]"]"#, &["a", "b"], &["json-in-string"]),
            (r#"["[no list"]"#, &["[no list"], &[]),
            (r#"["a",7,null]"#, &["a"], &["wrong-type"]),
        ] {
            let mut fields = fields();
            assert_eq!(fields.texts(Some(&json(text))).unwrap(), expected, "{text}");
            assert_eq!(warned(&fields), warnings, "{text}");
        }
        let mut fields = fields();
        let long = Json::List(vec![Json::Text("ü".repeat(600)); 1001]);
        let texts = fields.texts(Some(&long)).unwrap();
        assert_eq!((texts.len(), texts[0].len()), (1000, 1024));
        assert_eq!(warned(&fields), ["text-cut", "list-cut"]);
    }
}
