//! The names of the study's world: an index under each of the top-level domains of Table 1.

/// What the study says of one top-level domain (Table 1, the snapshot of 2024-09-29).
pub(super) struct Zone {
    pub(super) tld: &'static str,
    /// Domains with an MTA-STS record.
    pub(super) adopters: u64,
    /// How many of these ask for TLS reports, too: a figure, read by eye as 70, 52, 75 and 54 per cent.
    pub(super) reporting: u64,
    /// Domains that ask for TLS reports without MTA-STS: as many as make the sums of Table 1, which it gives for .com and .org.
    pub(super) reports_only: u64,
}

pub(super) const ZONES: &[Zone] = &[
    Zone { tld: "com", adopters: 53_800, reporting: 37_660, reports_only: 52_641 - 37_660 },
    Zone { tld: "net", adopters: 6_183, reporting: 3_215, reports_only: 0 },
    Zone { tld: "org", adopters: 7_355, reporting: 5_516, reports_only: 7_192 - 5_516 },
    Zone { tld: "se", adopters: 692, reporting: 374, reports_only: 0 },
];

/// Domains with an MTA-STS record. Their indices come first.
pub(super) const ADOPTERS: u64 = 68_030;
/// All domains of the world.
pub(super) const NAMES: u64 = ADOPTERS + 14_981 + 1_676;

/// A domain by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) index: u64,
    /// Whether it has an MTA-STS record.
    pub(super) adopter: bool,
    /// Whether it asks for TLS reports.
    pub(super) reports: bool,
}

/// The place of an index and its top-level domain; `None` behind the end.
fn locate(index: u64) -> Option<(Place, &'static str)> {
    let mut rest = index;
    for zone in ZONES {
        if rest < zone.adopters {
            return Some((Place { index, adopter: true, reports: rest < zone.reporting }, zone.tld));
        }
        rest -= zone.adopters;
    }
    for zone in ZONES {
        if rest < zone.reports_only {
            return Some((Place { index, adopter: false, reports: true }, zone.tld));
        }
        rest -= zone.reports_only;
    }
    None
}

/// A multiplier without a common factor with [`NAMES`].
const SHUFFLE: u64 = 30_011;

/// The name at a place of the world's list, which is in such an order that its beginning is a fair sample of all of it.
pub(super) fn listed(place: u64) -> String {
    name(place % NAMES * SHUFFLE % NAMES)
}

/// The name at an index: `d004711.com`.
pub(super) fn name(index: u64) -> String {
    format!("d{index:06}.{}", locate(index).map_or("com", |(_, tld)| tld))
}

/// The place of a name; `None` if it is no domain of this world.
pub(super) fn place(domain: &str) -> Option<Place> {
    let (label, tld) = domain.split_once('.')?;
    let digits = label.strip_prefix('d').filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (place, expected) = locate(digits.parse().ok()?)?;
    (tld == expected).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zones_make_the_sums() {
        let sum = |part: fn(&Zone) -> u64| ZONES.iter().map(part).sum::<u64>();
        assert_eq!(sum(|zone| zone.adopters), ADOPTERS);
        assert_eq!(sum(|zone| zone.reports_only), NAMES - ADOPTERS);
        assert_eq!((locate(NAMES - 1).is_some(), locate(NAMES)), (true, None));
    }

    #[test]
    fn names_and_places_agree() {
        for index in [0, 53_799, 53_800, 59_982, 59_983, 67_338, 68_029, 68_030, NAMES - 1] {
            assert_eq!(place(&name(index)).unwrap().index, index);
        }
        assert_eq!((0..NAMES).map(listed).collect::<std::collections::HashSet<_>>().len() as u64, NAMES);
        for stranger in ["d000000.net", "d53800.net", "d999999.com", "e000000.com", "d00000x.com", "d000000.com.com", "com", ""] {
            assert_eq!(place(stranger), None, "{stranger}");
        }
    }
}
