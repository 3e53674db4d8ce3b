//! Ids of records: kept while the text of the policy stays, else later than any that was made before.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{Date, OffsetDateTime};

/// Most characters of an id (RFC 8461 section 3.1).
const MAX_ID: usize = 32;

/// What an earlier publication made of a domain, of one stage of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishedBefore {
    /// The policy's text.
    pub policy: String,
    /// The id that its record had.
    pub id: String,
}

/// What new ids go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The time of which a new id speaks.
    pub at: SystemTime,
    /// What an earlier publication into the same folder said of today.
    pub now: Option<PublishedBefore>,
    /// What it said of the day on which to go on.
    pub later: Option<PublishedBefore>,
}

impl Ids {
    /// Ids of this time, of a domain of which nothing was published before.
    pub fn at(at: SystemTime) -> Self {
        Self { at, now: None, later: None }
    }
}

/// Whether senders take it for an id.
pub(super) fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The time in UTC, as `YYYYMMDDhhmmss`: digits only, and later than any id of an earlier time. A second more where that is among those
/// that it must not be.
pub(super) fn new(at: SystemTime, avoided: &[&str]) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default();
    let ids = (seconds..).map(of_second);
    ids.take(avoided.len() + 1).find(|id| !avoided.contains(&id.as_str())).unwrap_or_else(|| of_second(seconds))
}

fn of_second(seconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, month) = (at.date(), u8::from(at.month()));
    format!("{:04}{month:02}{:02}{:02}{:02}{:02}", date.year(), date.day(), at.hour(), at.minute(), at.second())
}

/// The date with which an id of ours begins.
pub(super) fn date(id: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| id.get(range)?.parse::<u16>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ids_grow_and_avoid_those_in_use() {
        let at = UNIX_EPOCH + Duration::from_secs(1_706_745_600);
        assert_eq!(new(at, &[]), "20240201000000");
        assert_eq!(new(at, &["20240201000000", "20240201000001", "x"]), "20240201000002");
        assert!(new(at + Duration::from_secs(1), &[]) > new(at, &[]));
        assert_eq!(date("20240201000000").map(|date| date.to_string()).as_deref(), Some("2024-02-01"));
        assert_eq!((date("2024"), date("20241301000000"), date("")), (None, None, None));
    }

    #[test]
    fn what_senders_take_for_an_id() {
        assert!(is_id("1") && is_id(&"a".repeat(32)));
        assert!(!is_id("") && !is_id(&"a".repeat(33)) && !is_id("2024-01-01") && !is_id("\u{e9}"));
    }
}
