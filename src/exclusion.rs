//! The opt-out list: domains (with all below them), addresses, blocks and ranges that are never contacted.
//!
//! Whoever asked not to be contacted may have been noted down in any notation. What can be read in one way only is read; everything else
//! is an error, as a line that is taken for a name that nobody has would be an opt-out that is not honoured.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::IpNet;
use thiserror::Error;

use crate::name::address::carried_v4;
use crate::name::{Domain, suffix};

/// How much of a line an error shows, in characters.
const MAX_SHOWN: usize = 100;

/// Who has asked not to be scanned.
#[derive(Clone, Debug, Default)]
pub struct Exclusion {
    domains: HashSet<Box<str>>,
    v4: Ranges<u32>,
    v6: Ranges<u128>,
    patterns: Vec<Octets>,
    entries: usize,
}

/// One range per octet of an IPv4 address.
type Octets = [RangeInclusive<u8>; 4];

/// A line of an opt-out list that cannot be read in one way only.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {text:?} {reason}")]
pub struct ExclusionError {
    /// Line number, from 1.
    pub line: usize,
    /// The entry, or its beginning.
    pub text: String,
    /// What keeps it from being read.
    pub reason: Unreadable,
}

/// What keeps an entry of an opt-out list from being read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Unreadable {
    /// None of what can stand there.
    #[error("is neither a domain name nor an address, a block (192.0.2.0/24) or a range (192.0.2.1-192.0.2.9)")]
    Nothing,
    /// A text that ends in a number, in whatever notation: short forms, octal and hexadecimal ones mean different hosts to different
    /// programs, and no top-level domain is a number.
    #[error(
        "ends in a number, so it is no name, and it is no address of four decimal numbers from 0 to 255 without leading zeros; \
         write the address out, or the block, as 192.0.2.0/24"
    )]
    Number,
    /// An AS number.
    #[error("is an AS number, which does not say which addresses; write the blocks that it announces")]
    AsNumber,
    /// A range whose ends are the wrong way round or of different kinds.
    #[error("is no range: it ends before it begins, or its end is no address of the same kind")]
    Range,
    /// A block whose length or mask is none.
    #[error("is no block: behind the slash a length is expected that such an address can have, or a netmask")]
    Block,
    /// A single label that no top-level domain is.
    #[error("is a single label and no top-level domain, so no name is below it")]
    SingleLabel,
}

enum Entry {
    Domain(Domain),
    V4(u32, u32),
    V6(u128, u128),
    Octets(Octets),
}

impl Exclusion {
    /// Reads one entry per line; blank lines and what follows `#` or `;` are ignored.
    ///
    /// # Errors
    /// At the first line that cannot be read: to go on without it would contact somebody who asked not to be.
    pub fn parse(text: &str) -> Result<Self, ExclusionError> {
        let mut list = Self::default();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let text = line.split(['#', ';']).next().unwrap_or_default().trim();
            if !text.is_empty() {
                let unreadable = |reason| ExclusionError { line: index + 1, text: text.chars().take(MAX_SHOWN).collect(), reason };
                list.insert(entry(text).map_err(unreadable)?);
            }
        }
        list.v4.order();
        list.v6.order();
        Ok(list)
    }

    fn insert(&mut self, entry: Entry) {
        self.entries += 1;
        match entry {
            Entry::Domain(domain) => drop(self.domains.insert(domain.as_str().into())),
            Entry::V4(first, last) => self.v4.0.push((first, last)),
            Entry::V6(first, last) => {
                // What is written as IPv4-mapped is met as IPv4.
                let (mapped_first, mapped_last) = (Ipv6Addr::from(first).to_ipv4_mapped(), Ipv6Addr::from(last).to_ipv4_mapped());
                if let (Some(first), Some(last)) = (mapped_first, mapped_last) {
                    self.v4.0.push((first.into(), last.into()));
                }
                self.v6.0.push((first, last));
            }
            Entry::Octets(octets) => self.patterns.push(octets),
        }
    }

    /// Whether the name or one of its ancestors is on the list. The name is lower case without a trailing dot.
    pub fn covers_name(&self, name: &str) -> bool {
        !self.domains.is_empty()
            && std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent))
                .any(|ancestor| self.domains.contains(ancestor))
    }

    /// Whether the address is on the list, or the IPv4 address to which packets for it are carried (NAT64, 6to4, Teredo).
    pub fn covers_address(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.covers_v4(address),
            IpAddr::V6(address) => {
                let carried = address.to_ipv4_mapped().or_else(|| carried_v4(address));
                self.v6.contain(address.into()) || carried.is_some_and(|address| self.covers_v4(address))
            }
        }
    }

    fn covers_v4(&self, address: Ipv4Addr) -> bool {
        let matches = |octets: &Octets| octets.iter().zip(address.octets()).all(|(possible, octet)| possible.contains(&octet));
        self.v4.contain(address.into()) || self.patterns.iter().any(matches)
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries
    }

    /// Whether nobody is excluded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Ranges of numbers, both ends included: once they are ordered, ascending and disjoint.
#[derive(Clone, Debug, Default)]
struct Ranges<T>(Vec<(T, T)>);

impl<T: Copy + Ord> Ranges<T> {
    fn order(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by(|next, before| {
            let overlap = next.0 <= before.1;
            if overlap {
                before.1 = before.1.max(next.1);
            }
            overlap
        });
    }

    fn contain(&self, number: T) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, last)| number <= *last)
    }
}

fn entry(text: &str) -> Result<Entry, Unreadable> {
    if is_as_number(text) {
        return Err(Unreadable::AsNumber);
    }
    if let Ok(address) = bare(text).parse::<IpAddr>() {
        return Ok(range(address, address));
    }
    if let Some((base, length)) = text.split_once('/')
        && let Ok(base) = bare(base.trim()).parse::<IpAddr>()
    {
        return block(base, length.trim()).ok_or(Unreadable::Block);
    }
    if let Some(octets) = octets(text) {
        return octets.map(Entry::Octets);
    }
    let dashed = text.replace('\u{2013}', "-");
    if let Some((first, last)) = dashed.split_once('-')
        && let Ok(first) = bare(first.trim()).parse::<IpAddr>()
        && let Some(range) = between(first, bare(last.trim()))
    {
        return range;
    }
    if ends_in_number(text) {
        return Err(Unreadable::Number);
    }
    let name = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')).unwrap_or(text);
    let domain = Domain::from_input(name).map_err(|_| Unreadable::Nothing)?;
    if domain.labels().nth(1).is_none() && !suffix::is_top_level(domain.as_str()) {
        return Err(Unreadable::SingleLabel);
    }
    Ok(Entry::Domain(domain))
}

/// An address without the brackets around it.
fn bare(text: &str) -> &str {
    text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text)
}

fn range(first: IpAddr, last: IpAddr) -> Entry {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => Entry::V4(first.into(), last.into()),
        (IpAddr::V4(_) | IpAddr::V6(_), _) => Entry::V6(wide(first), wide(last)),
    }
}

fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// A block by the length of its prefix or by its netmask.
fn block(base: IpAddr, length: &str) -> Option<Entry> {
    let is_decimal = length.bytes().all(|octet| octet.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    let net = match length.parse() {
        Ok(length) if is_decimal => IpNet::new(base, length).ok()?,
        _ => IpNet::with_netmask(base, length.parse().ok()?).ok()?,
    };
    Some(range(net.network(), net.broadcast()))
}

/// `192.0.2.0-255`, `192.0.2.*`, `10.0.0-3.*`: a range or `*` in place of octets. `None` where it is not meant so.
fn octets(text: &str) -> Option<Result<Octets, Unreadable>> {
    let dashed = text.replace('\u{2013}', "-");
    let parts: Vec<&str> = dashed.split('.').map(str::trim).collect();
    let is_part = |part: &&str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit() || b"*- ".contains(&octet));
    let [a, b, c, d] = parts.as_slice() else { return None };
    if !parts.iter().all(is_part) {
        return None;
    }
    let all = [octet(a), octet(b), octet(c), octet(d)];
    Some(match all {
        [Some(a), Some(b), Some(c), Some(d)] => Ok([a, b, c, d]),
        _ if text.contains(['-', '\u{2013}']) => Err(Unreadable::Range),
        _ => Err(Unreadable::Number),
    })
}

fn octet(text: &str) -> Option<RangeInclusive<u8>> {
    let number = |text: &str| {
        let text = text.trim();
        text.parse::<u8>().ok().filter(|_| text == "0" || !text.starts_with('0'))
    };
    match text.split_once('-') {
        _ if text == "*" => Some(0..=u8::MAX),
        Some((first, last)) => Some(number(first)?..=number(last)?).filter(|range| !range.is_empty()),
        None => number(text).map(|octet| octet..=octet),
    }
}

/// The range from an address to another one, or to the last group of an IPv6 address. `None` where a name may be meant, as
/// `192.0.2.1-static.example.com`.
fn between(first: IpAddr, last: &str) -> Option<Result<Entry, Unreadable>> {
    let last_group = || match first {
        IpAddr::V6(first) if (1..=4).contains(&last.len()) => {
            let group = u16::from_str_radix(last, 16).ok()?;
            let [a, b, c, d, e, f, g, _] = first.segments();
            Some(IpAddr::from([a, b, c, d, e, f, g, group]))
        }
        _ => None,
    };
    let Some(end) = last.parse().ok().or_else(last_group) else {
        let is_name = first.is_ipv4() && !ends_in_number(last) && Domain::from_input(last).is_ok();
        return (!is_name).then_some(Err(Unreadable::Range));
    };
    Some(if first.is_ipv4() == end.is_ipv4() && first <= end { Ok(range(first, end)) } else { Err(Unreadable::Range) })
}

/// `AS64496`, `ASN 64496`, `AS1.10`, also several with a dash between them; with any text behind white space.
fn is_as_number(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let number = |text: &str| {
        let mut parts = text.split('.');
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
        parts.by_ref().take(2).all(digits) && parts.next().is_none()
    };
    let without_prefix = |text: &str| text.strip_prefix("asn").or_else(|| text.strip_prefix("as")).map(str::to_owned);
    let Some(rest) = without_prefix(&lower) else { return false };
    let word = rest.trim_start_matches([' ', '\t', ':']).split([' ', '\t', ',']).next().unwrap_or_default();
    word.split('-').all(|piece| number(&without_prefix(piece).unwrap_or_else(|| piece.to_owned())))
}

/// Whether the last label is a number, decimal, octal or hexadecimal, whatever stands before it.
fn ends_in_number(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let label = text.rsplit(['.', '/']).next().unwrap_or_default().trim();
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    // Of digits and hyphens alone: no top-level domain is.
    let digits =
        |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'-');
    digits(label) || hexadecimal.is_some_and(|digits| digits.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn covers(entry: &str, address: &str) -> bool {
        Exclusion::parse(entry).unwrap().covers_address(address.parse().unwrap())
    }

    #[test]
    fn names_below_an_entry_are_covered() {
        let list = Exclusion::parse("# asked by mail\nExample.COM\n*.example.net # all of it\n192.0.2.0/24\n2001:db8::1\n").unwrap();
        assert!(list.covers_name("example.com") && list.covers_name("_mta-sts.mail.example.com") && list.covers_name("example.net"));
        assert!(!list.covers_name("example.org") && !list.covers_name("notexample.com"));
        assert!(list.covers_address("192.0.2.77".parse().unwrap()) && list.covers_address("::ffff:192.0.2.77".parse().unwrap()));
        assert!(list.covers_address("2001:db8::1".parse().unwrap()) && !list.covers_address("2001:db8::2".parse().unwrap()));
        assert_eq!(list.len(), 4);
        let list =
            Exclusion::parse("; asked by phone\n.example.org\ngov ; all of it\nxn--p1ai\ntest\n1.2.3.4-static.example.info").unwrap();
        assert!(list.covers_name("a.example.org") && list.covers_name("x.gov") && list.covers_name("x.test"));
        assert!(list.covers_name("1.2.3.4-static.example.info") && !list.covers_name("example.info"));
    }

    #[test]
    fn ranges_are_read_in_all_notations() {
        for (entry, inside, outside) in [
            ("192.0.2.1-192.0.2.9", ["192.0.2.1", "192.0.2.9"], ["192.0.2.0", "192.0.2.10"]),
            ("192.0.2.1 - 192.0.2.9", ["192.0.2.1", "192.0.2.9"], ["192.0.2.0", "192.0.2.10"]),
            ("192.0.2.1\u{2013}192.0.2.9", ["192.0.2.1", "192.0.2.9"], ["192.0.2.0", "192.0.2.10"]),
            ("192.0.2.250-192.0.3.5", ["192.0.2.255", "192.0.3.0"], ["192.0.2.249", "192.0.3.6"]),
            ("192.0.2.0-255", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
            ("192.0.2.*", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
            ("192.0.2-3.7", ["192.0.2.7", "192.0.3.7"], ["192.0.2.8", "192.0.4.7"]),
            ("192.0.2.0/255.255.255.0", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
            ("192.0.2.77/24", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["2001:db8::1", "::1"]),
            ("2001:db8::1-2001:db8::ff", ["2001:db8::1", "2001:db8::ff"], ["2001:db8::", "2001:db8::100"]),
            ("2001:db8::1-ff", ["2001:db8::1", "2001:db8::ff"], ["2001:db8::", "2001:db8::100"]),
            ("[2001:db8::]/120", ["2001:db8::", "2001:db8::ff"], ["2001:db7::", "2001:db8::100"]),
            ("::ffff:192.0.2.0/120", ["192.0.2.0", "::ffff:192.0.2.9"], ["192.0.3.0", "::ffff:192.0.3.0"]),
            ("192.0.2.1", ["64:ff9b::192.0.2.1", "2002:c000:201::1"], ["64:ff9b::192.0.2.2", "192.0.2.2"]),
        ] {
            assert!(inside.iter().all(|address| covers(entry, address)), "{entry}");
            assert!(!outside.iter().any(|address| covers(entry, address)), "{entry}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_or_none_is_an_error_and_never_a_name() {
        for (entry, reason) in [
            ("192.0.2", Unreadable::Number),
            ("192.0.2.", Unreadable::Number),
            ("192.0.2/24", Unreadable::Number),
            ("127.1", Unreadable::Number),
            ("010.0.0.1", Unreadable::Number),
            ("192.0.2.08", Unreadable::Number),
            ("300.1.2.3", Unreadable::Number),
            ("192.0.2.1.5", Unreadable::Number),
            ("192.0.2-3", Unreadable::Number),
            ("3221225985", Unreadable::Number),
            ("0xC0000201", Unreadable::Number),
            ("0x7f.0.0.0x1", Unreadable::Number),
            ("example.0x", Unreadable::Number),
            ("*.192.0.2.1", Unreadable::Number),
            ("http://192.0.2.1", Unreadable::Number),
            ("AS64496", Unreadable::AsNumber),
            ("as64496", Unreadable::AsNumber),
            ("ASN 64496 Example Inc", Unreadable::AsNumber),
            ("AS64496-AS64511", Unreadable::AsNumber),
            ("AS1.10", Unreadable::AsNumber),
            ("192.0.2.9-192.0.2.1", Unreadable::Range),
            ("192.0.2.9-1", Unreadable::Range),
            ("192.0.2.0-256", Unreadable::Range),
            ("192.0.2.1-2001:db8::1", Unreadable::Range),
            ("192.0.2.1-192.0.2", Unreadable::Range),
            ("192.0.2.010-192.0.2.20", Unreadable::Number),
            ("2001:db8::ff-2001:db8::1", Unreadable::Range),
            ("2001:db8::1-fffff", Unreadable::Range),
            ("1.2.3.4/99", Unreadable::Block),
            ("1.2.3.4/024", Unreadable::Block),
            ("1.2.3.0/0.0.0.255", Unreadable::Block),
            ("2001:db8::/129", Unreadable::Block),
            ("192.0.2.1:443", Unreadable::Nothing),
            ("fe80::1%eth0", Unreadable::Nothing),
            ("https://example.com/", Unreadable::Nothing),
            ("postmaster@example.com", Unreadable::Nothing),
            ("example.com, example.net", Unreadable::Nothing),
            ("192.0.2.0/24 Example Inc", Unreadable::Block),
            ("<!DOCTYPE html>", Unreadable::Nothing),
            ("*", Unreadable::Nothing),
            ("ORG-EX1-RIPE", Unreadable::SingleLabel),
        ] {
            let error = Exclusion::parse(&format!("example.com\n\n{entry}\n")).map(|_| ()).unwrap_err();
            assert_eq!((error.line, error.reason), (3, reason), "{entry}");
        }
        assert!(Exclusion::parse("as64496.net\nas5.sa\nas1-2.as\nasn.example\nasia").is_ok(), "names, all of them");
    }

    proptest! {
        #[test]
        fn ranges_cover_what_lies_between(ranges in proptest::collection::vec((0u32..400, 0u32..40), 1..12), number in 0u32..500) {
            let text: String = ranges.iter().map(|(first, more)| format!("{}-{}\n", Ipv4Addr::from(*first), Ipv4Addr::from(first + more))).collect();
            let expected = ranges.iter().any(|(first, more)| (*first..=first + more).contains(&number));
            prop_assert_eq!(Exclusion::parse(&text).unwrap().covers_address(Ipv4Addr::from(number).into()), expected);
        }

        #[test]
        fn no_number_becomes_a_name(text in "[0-9.]{1,16}(-[0-9.]{1,16})?|0x[0-9a-f]{0,8}(\\.0x[0-9a-f]{1,2}){0,3}|(as|AS|asn)[0-9]{1,9}") {
            if let Ok(list) = Exclusion::parse(&text) {
                prop_assert!(list.domains.is_empty(), "{}", text);
            }
        }
    }
}
