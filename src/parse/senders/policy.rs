//! The policy as each implementation reads it, and the names of MX hosts held against its patterns.

use super::fields::fields;
use super::quirks::{Counts, Keys, Matching, Media, MxLines, Policy, Profile, RootDot};
use super::text::{decode, read_number};
use crate::parse::fault::FaultKind;
use crate::parse::grammar::{has_pattern_syntax, is_ipv4_like};
use crate::parse::media_type;
use crate::parse::policy::{LenientPolicy, Mode};

const VERSION: &str = "STSv1";

/// The values of the keys that mean something, in order.
#[derive(Default)]
struct Values<'t> {
    version: Vec<&'t str>,
    mode: Vec<&'t str>,
    max_age: Vec<&'t str>,
    mx: Vec<&'t str>,
}

/// The policy in a response; `None` if the implementation uses none.
pub(super) fn read(profile: &Profile, body: &[u8], content_type: Option<&[u8]>) -> Option<LenientPolicy> {
    let policy = &profile.policy;
    if !is_plain(profile.media, content_type) {
        return None;
    }
    let charset = media_type::parse(content_type).value.charset;
    let body = policy.most_octets.and_then(|most| body.get(..most)).unwrap_or(body);
    let text = decode(policy.encoding, body, charset.as_deref())?;
    let mut values = Values::default();
    for (key, value) in fields(policy, profile.white, &text)? {
        let folded = if policy.keys == Keys::AnyCase { key.to_ascii_lowercase() } else { key.to_owned() };
        match folded.as_str() {
            "version" => values.version.push(value),
            "mode" => values.mode.push(value),
            "max_age" => values.max_age.push(value),
            "mx" => values.mx.push(value),
            _ => {}
        }
    }
    judge(policy, &values)
}

fn judge(policy: &Policy, values: &Values<'_>) -> Option<LenientPolicy> {
    let is_version = |value: &str| (value == VERSION || (policy.version_optional && value.eq_ignore_ascii_case(VERSION))).then_some(());
    if !(values.version.is_empty() && policy.version_optional) {
        one(policy, &values.version, is_version)?;
    }
    let mode = match values.mode.as_slice() {
        [] if policy.mode_optional => Mode::None,
        modes => one(policy, modes, |value| mode(policy, value))?,
    };
    let max_age = match values.max_age.as_slice() {
        [] => policy.max_age.otherwise?,
        ages => one(policy, ages, |value| seconds(policy, value))?,
    };
    let mx: Option<Vec<String>> = match policy.mx {
        MxLines::Anything => Some(values.mx.iter().map(|&pattern| pattern.to_owned()).collect()),
        MxLines::NotEmpty => Some(values.mx.iter().filter(|pattern| !matches!(**pattern, "" | "*.")).map(|&p| p.to_owned()).collect()),
        MxLines::Grammar(dot) => values.mx.iter().map(|pattern| pattern_of(pattern, dot)).collect(),
    };
    let mx = mx.filter(|mx| !mx.is_empty() || (mode == Mode::None && !policy.none_needs_mx))?;
    Some(LenientPolicy { mode, max_age, mx })
}

/// The value that counts of several of a kind; `None` if there is none, or one that has to be right and is not.
fn one<T>(policy: &Policy, values: &[&str], reads: impl Fn(&str) -> Option<T>) -> Option<T> {
    if policy.all_checked && values.iter().any(|value| reads(value).is_none()) {
        return None;
    }
    match policy.counts {
        Counts::First => values.first(),
        Counts::Last => values.last(),
        Counts::Only => values.first().filter(|_| values.len() == 1),
    }
    .and_then(|value| reads(value))
}

fn mode(policy: &Policy, value: &str) -> Option<Mode> {
    if policy.mode_any_case { Mode::from_word(&value.to_ascii_lowercase()) } else { Mode::from_word(value) }
}

/// max_age in whole seconds, not below 0.
fn seconds(policy: &Policy, value: &str) -> Option<u64> {
    let (least, most) = policy.max_age.range;
    let number = read_number(policy.max_age.number, value).filter(|number| (least..=most).contains(number));
    number.map(|number| number as u64).or(policy.max_age.otherwise)
}

fn pattern_of(pattern: &str, dot: RootDot) -> Option<String> {
    let bare = if dot == RootDot::Ignored { pattern.strip_suffix('.').unwrap_or(pattern) } else { pattern };
    is_usable(bare).then(|| bare.to_owned())
}

/// Whether the Content-Type lets the policy be read.
fn is_plain(media: Media, content_type: Option<&[u8]>) -> bool {
    let value = String::from_utf8_lossy(content_type.unwrap_or_default());
    let essence = value.split(';').next().unwrap_or_default().trim();
    match media {
        Media::Unread => true,
        Media::Essence => essence.eq_ignore_ascii_case("text/plain"),
        Media::SmallEssence => essence == "text/plain",
        Media::Whole => {
            // A semicolon at the end is no error to the library that they use.
            let parsed = media_type::parse(Some(value.trim_end_matches([';', ' ', '\t']).as_bytes()));
            parsed.valid && !parsed.has(FaultKind::StsFetchContentTypeMalformed)
        }
    }
}

/// Whether the pattern covers the host.
pub(super) fn covers(matching: Matching, pattern: &str, host: &str) -> bool {
    if matching.grammar && !is_usable(pattern) {
        return false;
    }
    let host = if matching.trims { host.trim() } else { host };
    let pattern = bare(matching.pattern_dot, pattern).to_ascii_lowercase();
    let host = bare(matching.host_dot, host).to_ascii_lowercase();
    let Some(base) = pattern.strip_prefix("*.") else { return pattern == host };
    match host.strip_suffix(base).and_then(|labels| labels.strip_suffix('.')) {
        Some(labels) => matching.any_depth || !labels.contains('.'),
        None => false,
    }
}

/// Whether a text is a pattern by the grammar of RFC 8461 section 3.2, which sets no lengths, and no address.
pub(super) fn is_usable(pattern: &str) -> bool {
    has_pattern_syntax(pattern) && !is_ipv4_like(pattern.strip_prefix("*.").unwrap_or(pattern))
}

fn bare(dot: RootDot, name: &str) -> &str {
    match dot {
        RootDot::Ignored => name.strip_suffix('.').unwrap_or(name),
        RootDot::Kept => name,
    }
}
