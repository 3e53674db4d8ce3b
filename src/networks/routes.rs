//! Texts of routes: pyasn's (`192.0.2.0/24`, AS), CAIDA's pfx2as (`192.0.2.0`, 24, AS) and iptoasn's (first and last address, AS, country,
//! name), fields apart by tabs or blanks. The longest prefix counts.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::network::{Network, country_code};

/// How much of a line an error shows, in characters.
const MAX_SHOWN: usize = 60;

/// Addresses from `first` to `last`, all of one origin.
#[derive(Clone, Copy, Debug)]
struct Range {
    first: u128,
    last: u128,
    /// Place among the origins.
    origin: u32,
}

/// A text of routes, as ranges that do not overlap, in their order.
#[derive(Debug)]
pub(super) struct Routes {
    ranges: Vec<Range>,
    origins: Vec<Network>,
}

impl Routes {
    /// Reads a text; lines that begin with `;` or `#` are comments.
    ///
    /// # Errors
    /// A sentence that names the first line that is no route.
    pub(super) fn read(octets: &[u8]) -> Result<Self, String> {
        let (mut ranges, mut origins) = (Vec::new(), Origins::default());
        for (index, line) in octets.split(|octet| *octet == b'\n').enumerate() {
            let text = String::from_utf8_lossy(line);
            let text = text.trim();
            if text.is_empty() || text.starts_with(['#', ';']) {
                continue;
            }
            let Some((first, last, network)) = route(text) else {
                let shown: String = text.chars().take(MAX_SHOWN).collect();
                return Err(format!(
                    "line {} is no route: {shown:?}; an mmdb file is read, and lines of prefix and AS number (pyasn, pfx2as, iptoasn)",
                    index + 1
                ));
            };
            if network != Network::default() {
                ranges.push(Range { first, last, origin: origins.place(network) });
            }
        }
        if ranges.is_empty() {
            return Err("it has no route in it".to_owned());
        }
        Ok(Self { ranges: flattened(ranges), origins: origins.list })
    }

    /// The origin of an address.
    pub(super) fn look_up(&self, address: IpAddr) -> Network {
        let number = number(address);
        let behind = self.ranges.partition_point(|range| range.first <= number);
        let found = behind.checked_sub(1).and_then(|place| self.ranges.get(place)).filter(|range| number <= range.last);
        found.and_then(|range| self.origins.get(range.origin as usize)).cloned().unwrap_or_default()
    }
}

/// Number of an origin, its organisation and its country.
type Key = (Option<u32>, Option<String>, Option<String>);

/// Origins, each once: a million routes have some eighty thousand.
#[derive(Default)]
struct Origins {
    list: Vec<Network>,
    places: HashMap<Key, u32>,
}

impl Origins {
    fn place(&mut self, network: Network) -> u32 {
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let key = (network.asn, network.org.clone(), network.country.clone());
        *self.places.entry(key).or_insert_with(|| {
            self.list.push(network);
            next
        })
    }
}

/// An address as a number; those of IPv4 as IPv6 has them (RFC 4291 section 2.5.5.2).
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// First and last address of a line, and their origin.
fn route(line: &str) -> Option<(u128, u128, Network)> {
    // Names of organisations have blanks in them.
    let fields: Vec<&str> = if line.contains('\t') { line.split('\t').map(str::trim).collect() } else { line.split_whitespace().collect() };
    match fields.as_slice() {
        [prefix, origin] => prefix.parse().ok().and_then(|net| of_prefix(net, origin)),
        [address, length, origin] if length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit()) => {
            of_prefix(IpNet::new(address.parse().ok()?, length.parse().ok()?).ok()?, origin)
        }
        [first, last, origin, more @ ..] => {
            let (first, last): (IpAddr, IpAddr) = (first.parse().ok()?, last.parse().ok()?);
            let known = |text: &&&str| !text.is_empty() && **text != "None" && **text != "Not routed" && **text != "-";
            let network = Network {
                asn: origin_asn(origin)?,
                country: more.first().filter(known).and_then(|country| country_code(country)),
                org: more.get(1).filter(known).map(|org| (*org).to_owned()),
            };
            (first.is_ipv4() == last.is_ipv4() && first <= last).then(|| (number(first), number(last), network))
        }
        _ => None,
    }
}

fn of_prefix(net: IpNet, origin: &str) -> Option<(u128, u128, Network)> {
    Some((number(net.network()), number(net.broadcast()), Network { asn: origin_asn(origin)?, ..Network::default() }))
}

/// The AS number; of several (`64500_64501`, `64500,64501`, `{64500,64501}`) the first. `Some(None)` for 0, which stands for none.
fn origin_asn(text: &str) -> Option<Option<u32>> {
    let first = text.trim_start_matches('{').split(['_', ',', '}']).next()?;
    let digits = first.strip_prefix("AS").unwrap_or(first);
    digits.parse().ok().map(|asn: u32| Some(asn).filter(|asn| *asn != 0))
}

/// Ranges within ranges as ranges side by side: the inner one counts.
fn flattened(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by_key(|range| (range.first, Reverse(range.last)));
    let (mut flat, mut open): (Vec<Range>, Vec<Range>) = (Vec::with_capacity(ranges.len()), Vec::new());
    // The first address that is not in `flat` yet; `None` behind the last address that there is.
    let mut cursor = Some(0);
    let mut emit = |last: u128, origin: u32, cursor: &mut Option<u128>| {
        if let Some(first) = cursor.filter(|first| *first <= last) {
            flat.push(Range { first, last, origin });
            *cursor = last.checked_add(1);
        }
    };
    for range in ranges {
        while let Some(outer) = open.pop_if(|outer| outer.last < range.first) {
            emit(outer.last, outer.origin, &mut cursor);
        }
        if let (Some(outer), Some(before)) = (open.last(), range.first.checked_sub(1)) {
            emit(before, outer.origin, &mut cursor);
        }
        cursor = cursor.map(|cursor| cursor.max(range.first));
        open.push(range);
    }
    while let Some(outer) = open.pop() {
        emit(outer.last, outer.origin, &mut cursor);
    }
    flat
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asn(routes: &Routes, address: &str) -> Option<u32> {
        routes.look_up(address.parse().unwrap()).asn
    }

    #[test]
    fn the_longest_prefix_counts_in_every_notation() {
        for text in [
            "; IP-ASN32-DAT file\n192.0.2.0/24\t64500\n192.0.2.64/26\t64501\n192.0.2.64/32\t64502\n2001:db8::/32\t64503\r\n",
            "192.0.2.0\t24\t64500\n192.0.2.64\t26\t64501_64999\n192.0.2.64\t32\t64502,64999\n2001:db8::\t32\t64503\n",
            "# any\n192.0.2.0 24 64500\n192.0.2.64 26 {64501,64999}\n192.0.2.64/32 AS64502\n2001:db8:: 32 64503",
            "192.0.2.0\t192.0.2.255\t64500\tDE\tA\n192.0.2.64\t192.0.2.127\t64501\tDE\tB b\n192.0.2.64\t192.0.2.64\t64502\tNone\t\n2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64503\tUS\tC\n",
        ] {
            let routes = Routes::read(text.as_bytes()).unwrap();
            let expected = [
                ("192.0.2.0", Some(64500)),
                ("192.0.2.63", Some(64500)),
                ("192.0.2.64", Some(64502)),
                ("192.0.2.65", Some(64501)),
                ("192.0.2.127", Some(64501)),
                ("192.0.2.128", Some(64500)),
                ("192.0.2.255", Some(64500)),
                ("192.0.3.0", None),
                ("192.0.1.255", None),
                ("2001:db8::1", Some(64503)),
                ("2001:db9::", None),
                ("::", None),
            ];
            for (address, origin) in expected {
                assert_eq!(asn(&routes, address), origin, "{address} of {text}");
            }
        }
    }

    #[test]
    fn what_is_not_routed_is_unknown_and_other_lines_are_errors() {
        let routes =
            Routes::read(b"0.0.0.0\t0.255.255.255\t0\tNone\tNot routed\n192.0.2.0\t192.0.2.255\t64500\tde\tBeispiel AG\n").unwrap();
        assert_eq!(routes.look_up("0.1.2.3".parse().unwrap()), Network::default());
        let expected = Network { asn: Some(64500), org: Some("Beispiel AG".to_owned()), country: Some("DE".to_owned()) };
        assert_eq!(routes.look_up("192.0.2.9".parse().unwrap()), expected);
        for bad in
            ["192.0.2.0/33\t1", "192.0.2.0/24", "example.com\t1", "192.0.2.0\t24\tx", "192.0.2.9\t192.0.2.1\t1\tDE\tA", "1\t2\t3\t4\t5\t6"]
        {
            let error = Routes::read(format!("# comment\n192.0.2.0/24 1\n{bad}\n").as_bytes()).unwrap_err();
            assert!(error.starts_with("line 3 is no route"), "{error}");
        }
        assert!(Routes::read(b"# nothing\n").is_err());
    }

    #[test]
    fn the_whole_space_is_a_range() {
        let routes = Routes::read(b"::/0 1\n0.0.0.0/0 2\nffff::/16 3\n").unwrap();
        assert_eq!(asn(&routes, "::"), Some(1));
        assert_eq!(asn(&routes, "0.0.0.0"), Some(2));
        assert_eq!(asn(&routes, "255.255.255.255"), Some(2));
        assert_eq!(asn(&routes, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), Some(3));
    }

    proptest! {
        #[test]
        fn as_if_every_prefix_were_tried(prefixes in proptest::collection::vec((any::<u8>(), 24_u8..=32), 1..20), probe in any::<u8>()) {
            let nets: Vec<IpNet> = prefixes.iter().map(|(last, length)| IpNet::new([192, 0, 2, *last].into(), *length).unwrap().trunc()).collect();
            let text: String = nets.iter().enumerate().map(|(index, net)| format!("{net}\t{}\n", index + 1)).collect();
            let routes = Routes::read(text.as_bytes()).unwrap();
            let address: IpAddr = [192, 0, 2, probe].into();
            let best = nets.iter().filter(|net| net.contains(&address)).map(IpNet::prefix_len).max();
            let found = routes.look_up(address).asn.map(|asn| nets[asn as usize - 1]);
            prop_assert_eq!(found.map(|net| (net.contains(&address), net.prefix_len())), best.map(|length| (true, length)));
        }
    }
}
