//! Days since 1970 and their text.

use time::{Date, OffsetDateTime};

/// A day since 1970 as `2025-03-10`.
pub fn day_text(day: i32) -> String {
    const EPOCH: i32 = 2_440_588;
    Date::from_julian_day(day.saturating_add(EPOCH)).map_or_else(|_| day.to_string(), |date| date.to_string())
}

/// The day of a moment in microseconds since 1970.
pub(super) fn day_of(seconds: i64) -> Option<i32> {
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok()?.date();
    Some(date.to_julian_day() - 2_440_588)
}
