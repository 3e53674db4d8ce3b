//! Well-known lists, told by what their files are called and how they begin: which list it is, its id and its day, so that a dataset can be
//! cited without anybody typing them.

use schemars::JsonSchema;

use crate::vocabulary::vocabulary;

vocabulary! {
    /// A list that researchers use.
    pub enum KnownList {
        /// Tranco (tranco-list.eu): registrable domains with ranks; each edition has an id.
        Tranco = "tranco",
        /// Cisco Umbrella's top million: hosts as they are asked for in DNS, with ranks.
        Umbrella = "umbrella",
        /// The Chrome UX Report: web origins, and buckets of ranks.
        Crux = "crux",
        /// The Majestic Million: registrable domains with ranks.
        Majestic = "majestic",
        /// Cloudflare Radar's domain rankings: registrable domains, in buckets of one file each.
        Radar = "cloudflare-radar",
    }
}

impl JsonSchema for KnownList {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KnownList".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

impl KnownList {
    /// Whether its names are hosts, so that a registrable domain may stand in it many times.
    pub fn is_of_hosts(self) -> bool {
        matches!(self, Self::Umbrella | Self::Crux)
    }

    /// Whether a rank stands for all ranks from the next smaller one on.
    pub fn has_buckets(self) -> bool {
        self == Self::Crux
    }

    /// What a reader of figures has to know. `registrable`: whether the names were folded.
    pub fn note(self, registrable: bool) -> Option<String> {
        let hosts = match self {
            Self::Umbrella => "Cisco Umbrella's list is of hosts as they are asked for in DNS",
            Self::Crux => "the CrUX list is of web origins",
            _ => return None,
        };
        let folded = if registrable {
            format!("{hosts}, folded to registrable domains (--registrable)")
        } else {
            format!("{hosts}, not of mail domains: shares are of hosts; --registrable folds them to registrable domains")
        };
        Some(if self.has_buckets() { format!("{folded}; its ranks are buckets, 5000 stands for 1,001 to 5,000") } else { folded })
    }
}

/// Greatest ranks of the buckets of CrUX.
pub const BUCKETS: &[u32] = &[
    1_000,
    5_000,
    10_000,
    50_000,
    100_000,
    500_000,
    1_000_000,
    5_000_000,
    10_000_000,
    50_000_000,
    100_000_000,
    500_000_000,
    1_000_000_000,
];

/// The ranks for which a bucket stands, as first and last.
pub fn bucket(rank: u32) -> (u32, u32) {
    let before = BUCKETS.iter().rev().find(|greatest| **greatest < rank).copied().unwrap_or(0);
    let last = BUCKETS.iter().find(|greatest| **greatest >= rank).copied().unwrap_or(rank);
    (before + 1, last)
}

/// What the names of a file tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Which list it is.
    pub known: Option<KnownList>,
    /// Its citable id.
    pub id: Option<String>,
    /// Its day (`2026-11-23`) or month (`2026-11`).
    pub date: Option<String>,
}

impl Told {
    /// By the source as it was named, the names of an archive's members, and the first line of the list.
    pub fn of<'a>(source: &'a str, members: impl IntoIterator<Item = &'a str>, first_line: &str) -> Self {
        let mut names = vec![source];
        names.extend(members);
        let told = names.iter().map(|name| Self::of_name(name)).reduce(Self::or).unwrap_or_default();
        let is_crux = first_line.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case("origin,rank");
        if !is_crux {
            return told;
        }
        // Its files are called by the month alone: `202611.csv.gz`.
        let month = names.iter().find_map(|name| month(last_part(name)));
        Self { known: Some(KnownList::Crux), id: told.id.or_else(|| month.clone()), date: told.date.or_else(|| month.map(dashed)) }
    }

    fn or(self, other: Self) -> Self {
        Self { known: self.known.or(other.known), id: self.id.or(other.id), date: self.date.or(other.date) }
    }

    fn of_name(name: &str) -> Self {
        let lower = name.to_lowercase();
        let file = last_part(name);
        let date = day(file);
        let known = if lower.contains("tranco") {
            KnownList::Tranco
        } else if lower.contains("umbrella") || (file.starts_with("top-1m-") && date.is_some()) {
            KnownList::Umbrella
        } else if lower.contains("crux") {
            KnownList::Crux
        } else if lower.contains("majestic_million") {
            KnownList::Majestic
        } else if lower.contains("cloudflare-radar") {
            KnownList::Radar
        } else {
            return Self { known: None, id: None, date };
        };
        let (id, date) = match known {
            KnownList::Tranco => (tranco_id(name), date),
            KnownList::Crux => {
                let month = month(file);
                (month.clone(), month.map(dashed).or(date))
            }
            _ => (date.clone(), date),
        };
        Self { known: Some(known), id, date }
    }
}

/// The last part of a path or URL, its query left out.
fn last_part(name: &str) -> &str {
    let path = if name.contains("://") { name.split(['?', '#']).next().unwrap_or_default() } else { name };
    path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path)
}

/// Tranco's id: of `tranco_K25GW.csv`, `tranco_K25GW-1m.csv.zip`, `tranco-list.eu/download/K25GW/1000000`, `.../list/K25GW/...` and
/// `.../download_daily/K25GW`.
fn tranco_id(name: &str) -> Option<String> {
    let file = last_part(name);
    let of_file = file.get(..7).filter(|start| start.eq_ignore_ascii_case("tranco_") || start.eq_ignore_ascii_case("tranco-"));
    let of_file = of_file.and_then(|_| file.get(7..)?.split(['-', '_', '.']).next());
    let mut parts = name.split('/');
    let of_url = || parts.find(|part| ["download", "list", "download_daily"].contains(part)).and_then(|_| parts.next());
    let found = of_file.filter(|id| is_tranco_id(id)).or_else(of_url).filter(|id| is_tranco_id(id));
    found.map(str::to_owned)
}

/// Four to seven capital letters and digits, no number alone.
fn is_tranco_id(text: &str) -> bool {
    (4..=7).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// The last day in a name, as `2026-11-23` or `20261123`: of a span its end.
fn day(name: &str) -> Option<String> {
    let runs = digits(name);
    let of_run = |(at, run): &(usize, &str)| match run.len() {
        8 => is_day(run).then(|| format!("{}-{}-{}", &run[..4], &run[4..6], &run[6..])),
        4 => {
            let whole = name.get(*at..*at + 10)?;
            let plain: String = whole.split(['-', '_']).collect();
            (plain.len() == 8 && is_day(&plain)).then(|| format!("{}-{}-{}", &plain[..4], &plain[4..6], &plain[6..]))
        }
        _ => None,
    };
    runs.iter().rev().find_map(of_run)
}

fn is_day(digits: &str) -> bool {
    let within = |range: std::ops::Range<usize>, least: u32, most: u32| {
        digits.get(range).and_then(|text| text.parse().ok()).is_some_and(|value: u32| (least..=most).contains(&value))
    };
    within(0..4, 2000, 2099) && within(4..6, 1, 12) && within(6..8, 1, 31)
}

/// A month in a name, as `202611`.
fn month(name: &str) -> Option<String> {
    let is_month = |run: &str| run.len() == 6 && is_day(&format!("{run}01"));
    digits(name).into_iter().map(|(_, run)| run).find(|run| is_month(run)).map(str::to_owned)
}

fn dashed(month: String) -> String {
    month.split_at_checked(4).map(|(year, month)| format!("{year}-{month}")).unwrap_or(month)
}

/// The runs of digits of a name, with their places.
fn digits(name: &str) -> Vec<(usize, &str)> {
    let (mut runs, mut start) = (Vec::new(), None);
    for (at, c) in name.char_indices().chain([(name.len(), ' ')]) {
        match (c.is_ascii_digit(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                runs.push((from, name.get(from..at).unwrap_or_default()));
                start = None;
            }
            _ => {}
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_by_the_names_of_their_files() {
        use KnownList::{Crux, Majestic, Radar, Tranco, Umbrella};
        for (name, known, id, date) in [
            ("lists/tranco_K25GW.csv", Some(Tranco), Some("K25GW"), None),
            ("tranco_K25GW-1m.csv.zip", Some(Tranco), Some("K25GW"), None),
            ("tranco-9WG2.csv.gz", Some(Tranco), Some("9WG2"), None),
            ("tranco_2026-11-23.csv", Some(Tranco), None, Some("2026-11-23")),
            ("tranco.csv.gz", Some(Tranco), None, None),
            ("https://tranco-list.eu/download/K25GW/1000000", Some(Tranco), Some("K25GW"), None),
            ("https://tranco-list.eu/list/K25GW/1000000", Some(Tranco), Some("K25GW"), None),
            ("https://tranco-list.eu/download_daily/K25GW", Some(Tranco), Some("K25GW"), None),
            ("https://tranco-list.eu/top-1m.csv.zip", Some(Tranco), None, None),
            ("top-1m-2026-11-23.csv.zip", Some(Umbrella), Some("2026-11-23"), Some("2026-11-23")),
            ("http://s3-us-west-1.amazonaws.com/umbrella-static/top-1m.csv.zip", Some(Umbrella), None, None),
            ("top-1m.csv.zip", None, None, None),
            ("crux-top-lists/data/global/202611.csv.gz", Some(Crux), Some("202611"), Some("2026-11")),
            ("majestic_million.csv", Some(Majestic), None, None),
            ("cloudflare-radar_top-1000000-domains_20261116-20261123.csv", Some(Radar), Some("2026-11-23"), Some("2026-11-23")),
            ("own-2026-11-23.txt", None, None, Some("2026-11-23")),
            ("domains.txt", None, None, None),
            ("", None, None, None),
        ] {
            let expected = Told { known, id: id.map(str::to_owned), date: date.map(str::to_owned) };
            assert_eq!(Told::of(name, [], "1,example.com"), expected, "{name}");
        }
    }

    #[test]
    fn members_and_the_header_tell_where_the_file_does_not() {
        let inside = Told::of("list.zip", ["tranco_K25GW.csv"], "1,example.com");
        assert_eq!((inside.known, inside.id.as_deref()), (Some(KnownList::Tranco), Some("K25GW")));
        let crux = Told::of("202611.csv.gz", [], "\u{feff}Origin,Rank\r");
        assert_eq!((crux.known, crux.id.as_deref(), crux.date.as_deref()), (Some(KnownList::Crux), Some("202611"), Some("2026-11")));
        assert_eq!(Told::of("current.csv.gz", [], "origin,rank").id, None);
    }

    #[test]
    fn buckets_of_ranks() {
        for (rank, expected) in [(1000, (1, 1000)), (5000, (1001, 5000)), (1_000_000, (500_001, 1_000_000)), (3, (1, 1000))] {
            assert_eq!(bucket(rank), expected);
        }
        let note = KnownList::Crux.note(false).unwrap();
        assert!(note.contains("buckets") && note.contains("--registrable"), "{note}");
        assert!(KnownList::Umbrella.note(true).unwrap().contains("folded") && KnownList::Tranco.note(false).is_none());
    }
}
