//! The record of `_smtp._tls` as each implementation that sends reports reads it (RFC 8460 section 3).

use super::fields::is_extension_name;
use super::quirks::{Destinations, KeyStart, Profile, Reports};
use super::record::{after_version, chosen, delimiter, without_space};
use crate::evidence::Txt;

const VERSION: &str = "TLSRPTv1";

/// Where the implementation would send reports; `None` if how it reads the record is not known.
pub(super) fn destinations(profile: &Profile, records: &[Txt]) -> Option<Vec<String>> {
    let reports = profile.reports?;
    let texts: Vec<String> = records.iter().map(|record| String::from_utf8_lossy(&record.joined()).into_owned()).collect();
    Some(chosen(reports.choice, profile.white, VERSION, &texts, |text| read(&reports, text)).unwrap_or_default())
}

/// The destinations in a record; `None` if it is refused or has none.
fn read(reports: &Reports, text: &str) -> Option<Vec<String>> {
    let found = match reports.destinations {
        Destinations::AnyScheme(start) => grammar(after_version(text, VERSION)?, start)?,
        Destinations::MailAndWeb => pairs(text)?,
    };
    (!found.is_empty()).then_some(found)
}

/// Fields by the ABNF, the values of `rua` as URIs of any scheme.
fn grammar(mut rest: &str, start: KeyStart) -> Option<Vec<String>> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (name, tail) = rest.split_once('=')?;
        let tail = match name {
            "rua" => uris(tail, &mut found)?,
            _ if is_extension_name(name, start) => {
                let length = tail.bytes().take_while(|byte| byte.is_ascii_graphic() && !b";=".contains(byte)).count();
                tail.get(length..).filter(|_| length > 0)?
            }
            _ => return None,
        };
        rest = match delimiter(tail) {
            Some(rest) => rest,
            None if tail.is_empty() => "",
            None => return None,
        };
    }
    Some(found)
}

/// URIs between commas, white space around these and at the end; what follows them.
fn uris<'t>(mut text: &'t str, found: &mut Vec<String>) -> Option<&'t str> {
    let wsp = [' ', '\t'];
    loop {
        let (uri, tail) = text.split_at_checked(text.find([',', '!', ';', ' ', '\t']).unwrap_or(text.len()))?;
        let (scheme, opaque) = uri.split_once(':')?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if !is_scheme || (opaque.starts_with('/') && has_bad_escape(opaque)) || uri.contains(|c: char| c.is_ascii_control()) {
            return None;
        }
        found.push(uri.to_owned());
        let tail = tail.trim_start_matches(wsp);
        match tail.strip_prefix(',') {
            Some(next) => text = next.trim_start_matches(wsp),
            None => return Some(tail),
        }
    }
}

/// A percent sign without two hexadecimal digits (RFC 3986 section 2.1).
fn has_bad_escape(text: &str) -> bool {
    let is_escape = |rest: &str| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    text.split('%').skip(1).any(|rest| !is_escape(rest))
}

/// Pairs in any case, white space dropped wherever it is; the first destination that is neither mail nor web ends its list.
fn pairs(text: &str) -> Option<Vec<String>> {
    let (mut version, mut found) = (false, Vec::new());
    for (key, value) in text.split(';').filter_map(|field| field.split_once('=')) {
        let value = without_space(value);
        match without_space(key).to_ascii_lowercase().as_str() {
            "v" => version = value.eq_ignore_ascii_case(VERSION),
            "rua" => found.extend(value.split(',').map_while(destination)),
            _ => {}
        }
    }
    version.then_some(found)
}

fn destination(entry: &str) -> Option<String> {
    let (scheme, rest) = entry.split_once(':').filter(|(_, rest)| !rest.is_empty())?;
    ["mailto", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then(|| format!("{scheme}:{rest}"))
}
