//! Values as they are typed: numbers with their bounds, lengths of time, names of local files. The command line and `--config` share them.

use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::exit::Failure;
use crate::dataset::Layout;
use crate::observe::fetch::MAX_TIMEOUT;
use crate::observe::scope::Scope;
use crate::place;
use crate::publish::Wishes;
use crate::ui::text::safe;
use crate::vocabulary::Vocabulary;

/// Queries or fetches per second at most; no network bears more.
const MAX_RATE: u32 = 10_000_000;
/// Domains or fetches in flight at most: each takes memory.
const MAX_IN_FLIGHT: u32 = 1_000_000;
/// Names that an option can speak of: more than there are.
const MAX_NAMES: u64 = 1_000_000_000_000;
/// Names of the list that a world of the lab brings.
pub(super) const MAX_LAB_NAMES: u64 = 100_000_000;
/// Shortest limit of time: less is no time for any answer.
const MIN_DURATION: Duration = Duration::from_millis(1);

/// Events per second; 0 stands for no limit.
pub(super) fn rate(text: &str) -> Result<u32, String> {
    whole(text, 0..=MAX_RATE)
}

/// Events per second, decimals allowed; 0 stands for no limit.
pub(super) fn decimal_rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.0..=f64::from(MAX_RATE)).contains(rate));
    rate.ok_or_else(|| format!("a number from 0 to {MAX_RATE} is expected"))
}

/// Whose MX hosts are asked.
pub(super) fn scope(text: &str) -> Result<Scope, String> {
    Scope::from_word(text).ok_or_else(|| format!("one of {} is expected", Scope::WORDS.join(", ")))
}

/// Domains or fetches in flight.
pub(super) fn in_flight(text: &str) -> Result<u32, String> {
    whole(text, 1..=MAX_IN_FLIGHT)
}

/// How many names, at least one.
pub(super) fn names(text: &str) -> Result<u64, String> {
    whole(text, 1..=MAX_NAMES)
}

/// How many names, or none.
pub(super) fn names_or_none(text: &str) -> Result<u64, String> {
    whole(text, 0..=MAX_NAMES)
}

/// How many names a world of the lab has.
pub(super) fn lab_names(text: &str) -> Result<u64, String> {
    whole(text, 1..=MAX_LAB_NAMES)
}

/// A TCP or UDP port.
pub(super) fn port(text: &str) -> Result<u16, String> {
    whole(text, 1..=u16::MAX)
}

/// A whole number within bounds; says which are possible where it is none.
pub(super) fn whole<T: FromStr + PartialOrd + Display>(text: &str, possible: RangeInclusive<T>) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| possible.contains(number));
    number.ok_or_else(|| format!("a whole number from {} to {} is expected", possible.start(), possible.end()))
}

/// A length of time: `2s`, `500ms`, or a bare number of seconds.
fn length(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let seconds = number.parse::<f64>().ok().map(|number| number * unit)?;
    (0.0..=MAX_TIMEOUT.as_secs_f64()).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

/// A limit of time. One bound for all of them, which is that of the fetcher.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (shortest, longest) = (MIN_DURATION.as_millis(), MAX_TIMEOUT.as_secs());
    length(text)
        .filter(|length| *length >= MIN_DURATION)
        .ok_or_else(|| format!("a length of time from {shortest}ms to {longest}s is expected, e.g. 2s or 500ms; a bare number is seconds"))
}

/// Pauses between the rounds of retries: lengths of time, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pauses(pub(super) Vec<Duration>);

/// `5s,30s`, `500ms` or `none`.
pub(super) fn pauses(text: &str) -> Result<Pauses, String> {
    if text == "none" {
        return Ok(Pauses(Vec::new()));
    }
    let all: Option<_> = text.split(',').map(|part| length(part.trim())).collect();
    let longest = MAX_TIMEOUT.as_secs();
    all.map(Pauses).ok_or_else(|| format!("pauses such as 5s,30s or the word none are expected, each at most {longest}s"))
}

/// An address of IPv4 or IPv6.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "an address of IPv4 or IPv6 is expected".to_owned())
}

/// How the files of a dataset lie.
pub(super) fn layout(text: &str) -> Result<Layout, String> {
    match text {
        "plain" => Ok(Layout::Plain),
        "hive" => Ok(Layout::Hive),
        _ => Err("plain or hive is expected".to_owned()),
    }
}

/// A file or folder of this machine that is written.
pub(super) fn local_path(path: PathBuf) -> Result<PathBuf, String> {
    match path.to_str() {
        Some(text) if is_url(text) => {
            Err("this is not written to a URL; name a file or folder of this machine and copy it there afterwards".to_owned())
        }
        _ => Ok(path),
    }
}

/// A dataset that is written: a folder of this machine, or a prefix of an object store.
pub(super) fn dataset_path(path: PathBuf) -> Result<PathBuf, String> {
    match path.to_str() {
        Some(text) if is_url(text) && !place::is_far(&path) => {
            let schemes: Vec<String> = place::SCHEMES.iter().map(|scheme| format!("{scheme}://BUCKET/PREFIX")).collect();
            Err(format!("no dataset is written there; name a folder of this machine, or one of {}", schemes.join(", ")))
        }
        _ => place::check(&path).map(|()| path),
    }
}

/// Whether a text begins as a URL does: `scheme:/`. One letter before the colon is a drive, not a scheme.
fn is_url(text: &str) -> bool {
    text.split_once(":/").is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
    })
}

/// What `--rua` says, checked.
pub(super) fn wishes(rua: &[String]) -> Result<Wishes, Failure> {
    let destination =
        |text: &String| Wishes::destination(text.trim()).map_err(|error| Failure::usage(format!("--rua {:?}: {error}", safe(text))));
    let mut destinations: Vec<String> = rua.iter().map(destination).collect::<Result<_, _>>()?;
    destinations.dedup();
    Ok(Wishes { rua: destinations, adds_rua: true, ..Wishes::default() })
}

/// A path as messages show it.
pub(super) fn shown(path: &Path) -> String {
    crate::ui::text::safe(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_bounds_that_are_told() {
        assert_eq!((rate("0"), rate("10000000"), port("443")), (Ok(0), Ok(MAX_RATE), Ok(443)));
        for (wrong, bounds) in [
            (rate("99999999999999").map(drop), "from 0 to 10000000"),
            (rate("-1").map(drop), "from 0 to 10000000"),
            (rate("much").map(drop), "from 0 to 10000000"),
            (in_flight("0").map(drop), "from 1 to 1000000"),
            (names("0").map(drop), "from 1 to"),
            (port("0").map(drop), "from 1 to 65535"),
            (port("70000").map(drop), "from 1 to 65535"),
        ] {
            let said = wrong.unwrap_err();
            assert!(said.contains(bounds), "{said}");
        }
    }

    #[test]
    fn a_limit_of_time_is_one_that_can_be_kept() {
        let right = [("0.2", 200), ("200ms", 200), ("2s", 2000), ("2", 2000), ("1.5s", 1500), ("1ms", 1), ("3600", 3_600_000)];
        for (text, milliseconds) in right {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for wrong in ["0", "0ms", "-1", "3600.1", "90000", "1e-12", "1e9", "NaN", "inf", "5m", "s", "ms", "2 h", "2sms", ""] {
            assert!(
                duration(wrong).unwrap_err().starts_with("a length of time from 1ms to 3600s is expected, e.g. 2s or 500ms"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn retry_rounds_are_pauses_or_none() {
        assert_eq!(pauses("5s,30s").unwrap().0, [5, 30].map(Duration::from_secs));
        assert_eq!(pauses("250ms, 1,0").unwrap().0, [250, 1000, 0].map(Duration::from_millis));
        assert!(pauses("none").unwrap().0.is_empty());
        for wrong in ["", "5m", "-1s", "1e9s", "s", "NaN"] {
            assert!(pauses(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_url_is_no_file() {
        for url in ["s3://bucket/x", "gs://b", "az://b/c", "https://example.org/x", "file:///tmp/x", "S3:/bucket/x", "git+ssh://x"] {
            assert!(local_path(url.into()).unwrap_err().contains("not written to a URL"), "{url}");
        }
        for (url, taken) in
            [("s3://bucket/x", true), ("gs://b", true), ("az://b/c", true), ("https://example.org/x", false), ("S3:/bucket/x", false)]
        {
            assert_eq!(dataset_path(url.into()).is_ok(), taken, "{url}");
        }
        for path in ["out", "./s3://x", "a/s3:/x", "C:/out", "2026-11-28T10:00/x", "week:47", "-", "/s3://x"] {
            assert_eq!(local_path(path.into()), Ok(PathBuf::from(path)));
        }
    }
}
