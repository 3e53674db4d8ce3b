//! How the names of a policy and of the MX hosts that it does not cover differ.
//!
//! The classes are those of Ashiq, Fiebig and Chung (IMC 2025, section 4.5), ordered so that the most telling one wins.

use crate::name::suffix;

use super::assessment::Mismatch;
use super::coverage::Comparison;

/// Most differing characters of a typing error (Levenshtein distance).
const TYPO_DISTANCE: usize = 3;
/// A hostile policy and a hostile answer make more pairs than are worth comparing.
const MAX_HOSTS: usize = 64;
/// See [`MAX_HOSTS`].
const MAX_PATTERNS: usize = 256;

/// A pattern and the uncovered host that it is most like.
pub(super) struct Likeness<'a> {
    pub class: Mismatch,
    pub host: &'a str,
    pub pattern: &'a str,
}

/// For every uncovered host the pattern that it is most like; patterns that match another host count only as of the same domain.
pub(super) fn likenesses<'a>(comparison: &Comparison<'a>, patterns: &'a [String]) -> Vec<Likeness<'a>> {
    let stale = || comparison.stale.iter().copied().take(MAX_PATTERNS);
    let all = || patterns.iter().map(String::as_str).take(MAX_PATTERNS);
    let hosts = comparison.uncovered.iter().take(MAX_HOSTS).map(|uncovered| uncovered.host.name.as_str());
    hosts
        .filter_map(|host| {
            let by_stale = stale().map(|pattern| (class(pattern, host, true), pattern));
            let by_any = all().map(|pattern| (class(pattern, host, false), pattern));
            by_stale.chain(by_any).min_by_key(|(class, _)| *class).map(|(class, pattern)| Likeness { class, host, pattern })
        })
        .collect()
}

/// How a pattern that does not match a host differs from it; `in_full` also looks for what a slip of the pen explains.
fn class(pattern: &str, host: &str, in_full: bool) -> Mismatch {
    let pattern = pattern.to_ascii_lowercase();
    // A wildcard stands for one label, so it is compared with what is left of the host without one.
    let (bare, rest) = match pattern.strip_prefix("*.") {
        Some(bare) => (bare, host.split_once('.').map_or(host, |(_, parent)| parent)),
        None => (pattern.as_str(), host),
    };
    let (ours, theirs) = (suffix::registrable(bare), suffix::registrable(host));
    let same_domain = ours.is_some() && ours == theirs;
    if in_full && bare.split('.').any(|label| label == "mta-sts") {
        return Mismatch::PolicyHost;
    }
    if in_full && is_typo(bare, rest, same_domain) {
        return Mismatch::Typo;
    }
    match (ours.and_then(stem), theirs.and_then(stem)) {
        _ if same_domain => Mismatch::SameDomain,
        (Some((a, _)), Some((b, _))) if in_full && a == b => Mismatch::Tld,
        _ => Mismatch::DifferentDomain,
    }
}

/// The label that an owner registered, and the public suffix below which it is.
fn stem(registrable: &str) -> Option<(&str, &str)> {
    registrable.split_once('.')
}

fn is_typo(pattern: &str, host: &str, same_domain: bool) -> bool {
    let is_below = |name: &str, ancestor: &str| name.strip_suffix(ancestor).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if is_below(pattern, host) || is_below(host, pattern) || !within(pattern, host, TYPO_DISTANCE) {
        return false; // A label too few or too many is no slip of the pen.
    }
    if same_domain {
        return true;
    }
    // Two names of three letters each are always within the distance; what is one name misspelt agrees in most of its letters.
    let stems = (suffix::registrable(pattern).and_then(stem), suffix::registrable(host).and_then(stem));
    let (Some((a, a_suffix)), Some((b, b_suffix))) = stems else { return false };
    a_suffix == b_suffix && within(a, b, a.len().min(b.len()) / 2)
}

/// Whether the Levenshtein distance of two names is at most `limit`.
fn within(a: &str, b: &str, limit: usize) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > limit {
        return false;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i; // The cell above and to the left.
        let mut left = i + 1;
        let mut least = left;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b) {
            let cost = (diagonal + usize::from(x != y)).min(*cell + 1).min(left + 1);
            (diagonal, *cell, left) = (*cell, cost, cost);
            least = least.min(cost);
        }
        if least > limit {
            return false;
        }
    }
    row.last().is_some_and(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_levenshteins() {
        assert!(within("kitten", "sitting", 3) && !within("kitten", "sitting", 2));
        assert!(within("", "abc", 3) && !within("", "abcd", 3));
        assert!(within("same", "same", 0));
        assert!(!within("mail.example.com", "mx.example.net", 3));
    }

    #[test]
    fn classes_by_example() {
        for (pattern, host, expected) in [
            ("mta-sts.example.com", "mail.example.com", Mismatch::PolicyHost),
            ("mial.example.com", "mail.example.com", Mismatch::Typo),
            ("mail.exmaple.com", "mail.example.com", Mismatch::Typo),
            ("*.exmaple.com", "mail.example.com", Mismatch::Typo),
            ("mail.example.net", "mail.example.com", Mismatch::Tld),
            ("mail.example.co.uk", "mx.example.com", Mismatch::Tld),
            ("mailserver.example.com", "mx.example.com", Mismatch::SameDomain),
            ("*.example.com", "a.b.example.com", Mismatch::SameDomain),
            ("example.com", "mx.example.com", Mismatch::SameDomain),
            ("mx.foo.com", "mx.bar.com", Mismatch::DifferentDomain),
            ("aspmx.l.google.com", "mail.example.com", Mismatch::DifferentDomain),
            ("mail", "mail.example.com", Mismatch::DifferentDomain),
        ] {
            assert_eq!(class(pattern, host, true), expected, "{pattern} {host}");
        }
        assert_eq!(class("mx1.example.com", "mx2.example.com", false), Mismatch::SameDomain);
    }
}
