//! The record of `_mta-sts` as each implementation finds and reads it.

use std::borrow::Cow;

use super::fields::is_extension_name;
use super::quirks::{Beginning, Choice, KeyStart, Misfit, Pairs, Profile, Record, SecondId, Spaces, White};
use crate::evidence::Txt;

const VERSION: &str = "STSv1";

/// Whether the records make the implementation ask for a policy.
pub(super) fn finds(profile: &Profile, records: &[Txt]) -> bool {
    let texts: Vec<String> = records.iter().map(|record| String::from_utf8_lossy(&record.joined()).into_owned()).collect();
    chosen(profile.choice, profile.white, VERSION, &texts, |text| reads(profile, text).then_some(())).is_some()
}

/// What is read from the record that counts; `None` if none does or it cannot be read.
pub(super) fn chosen<T>(choice: Choice, white: White, version: &str, texts: &[String], reads: impl Fn(&str) -> Option<T>) -> Option<T> {
    match (choice, texts) {
        (Choice::OnlyTxt, [text]) => reads(text),
        (Choice::OnlyTxt, _) => None,
        (Choice::Joined, texts) => reads(&texts.concat()),
        (Choice::AnyReadable, texts) => texts.iter().find_map(|text| reads(text)),
        (Choice::OneThat(beginning), texts) => {
            let mut candidates = texts.iter().filter(|text| begins(beginning, white, version, text));
            candidates.next().and_then(|text| reads(text)).filter(|_| candidates.next().is_none())
        }
    }
}

fn begins(beginning: Beginning, white: White, version: &str, text: &str) -> bool {
    match beginning {
        Beginning::AsciiPrefix => text.is_ascii() && text.strip_prefix("v=").is_some_and(|text| text.starts_with(version)),
        Beginning::Delimited => after_version(text, version).is_some(),
        Beginning::Word => {
            let field = format!("v={version}");
            let (start, rest) = white.trim(text).split_at_checked(field.len()).unwrap_or_default();
            start.eq_ignore_ascii_case(&field) && !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        }
    }
}

/// What follows the version and its delimiter.
pub(super) fn after_version<'t>(text: &'t str, version: &str) -> Option<&'t str> {
    delimiter(text.strip_prefix("v=")?.strip_prefix(version)?)
}

/// What follows `*WSP ";" *WSP`.
pub(super) fn delimiter(text: &str) -> Option<&str> {
    let wsp = [' ', '\t'];
    text.trim_start_matches(wsp).strip_prefix(';').map(|rest| rest.trim_start_matches(wsp))
}

fn reads(profile: &Profile, text: &str) -> bool {
    match profile.record {
        Record::VersionOnly => text.strip_prefix("v=STSv1;").is_some(),
        Record::Grammar(start, second_id) => after_version(text, VERSION).is_some_and(|fields| grammar(fields, start, second_id)),
        Record::Pairs(pairs) => read_pairs(&pairs, profile.white, text),
    }
}

/// `sts-field *(delim sts-field) [delim]`, one of them an id.
fn grammar(mut rest: &str, start: KeyStart, second_id: SecondId) -> bool {
    let mut has_id = false;
    while !rest.is_empty() {
        let Some((name, tail)) = rest.split_once('=').filter(|(name, _)| is_extension_name(name, start)) else { return false };
        let length = tail.bytes().take_while(|byte| byte.is_ascii_graphic() && !b";=".contains(byte)).count();
        let Some((value, tail)) = tail.split_at_checked(length).filter(|(value, _)| !value.is_empty()) else { return false };
        if name == "id" {
            if has_id && second_id == SecondId::Refused {
                return false;
            }
            if !has_id && !is_id(value) {
                return false;
            }
            has_id = true;
        }
        rest = match delimiter(tail) {
            Some(rest) => rest,
            None => return has_id && tail.is_empty(),
        };
    }
    has_id
}

fn is_id(value: &str) -> bool {
    value.len() <= 32 && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn read_pairs(pairs: &Pairs, white: White, text: &str) -> bool {
    let text = match text.split_once(':') {
        Some((_, after)) if pairs.colon_cuts => after,
        _ => text,
    };
    let (mut version, mut id) = (None, None);
    for field in text.split(';').filter(|field| !field.is_empty()) {
        if white.trim(field).is_empty() {
            match pairs.blank {
                Misfit::Refused => return false,
                Misfit::Skipped | Misfit::Empty => continue,
            }
        }
        let Ok(pair) = pair(pairs, white, field) else { return false };
        let Some((key, value)) = pair else { continue };
        match key.as_ref() {
            "v" => {
                let right = value == VERSION || (pairs.any_case && value.eq_ignore_ascii_case(VERSION));
                version = Some(right && !(pairs.every_version && version == Some(false)));
            }
            "id" => id = Some(pairs.empty_id || !value.is_empty()),
            _ => {}
        }
    }
    version == Some(true) && id == Some(true)
}

/// A field that spoils the whole record.
struct Spoilt;

type Pair<'t> = (Cow<'t, str>, Cow<'t, str>);

/// Key and value of a field; `None` where it is passed over.
fn pair<'t>(pairs: &Pairs, white: White, field: &'t str) -> Result<Option<Pair<'t>>, Spoilt> {
    let field = if pairs.spaces == Spaces::AroundBoth { field } else { white.trim(field) };
    let (key, value) = match (field.split_once('='), pairs.lone) {
        (Some((_, value)), _) if value.contains('=') && !pairs.second_equals => return Err(Spoilt),
        (Some(pair), _) => pair,
        (None, Misfit::Refused) => return Err(Spoilt),
        (None, Misfit::Skipped) => return Ok(None),
        (None, Misfit::Empty) => (field, ""),
    };
    let (key, value) = match pairs.spaces {
        Spaces::AroundField if field.contains([' ', '\t']) => return Err(Spoilt),
        Spaces::AroundField | Spaces::AroundFieldOnly => (key.into(), value.into()),
        Spaces::AroundBoth => (white.trim(key).into(), white.trim(value).into()),
        Spaces::Everywhere => (without_space(key), without_space(value)),
    };
    Ok(Some((if pairs.any_case { Cow::Owned(key.to_ascii_lowercase()) } else { key }, value)))
}

pub(super) fn without_space(text: &str) -> Cow<'_, str> {
    text.replace(|c: char| c.is_ascii_whitespace(), "").into()
}
