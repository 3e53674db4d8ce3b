//! Times as the dataset keeps them: whole microseconds since 1970, in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, rounded down; times that 64 bits cannot hold become the nearest that they can.
pub(super) fn from_time(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos().div_ceil(1000)).map_or(i64::MIN, |micros| -micros),
    }
}

/// The time that [`from_time`] made the number of; 1970 where the platform cannot hold it.
pub(super) fn to_time(micros: i64) -> SystemTime {
    let distance = Duration::from_micros(micros.unsigned_abs());
    let time = if micros < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_of_a_microsecond_are_rounded_down() {
        assert_eq!(from_time(UNIX_EPOCH + Duration::from_nanos(1_999)), 1);
        assert_eq!(from_time(UNIX_EPOCH - Duration::from_nanos(1)), -1);
        assert_eq!(from_time(UNIX_EPOCH - Duration::from_micros(1)), -1);
    }

    proptest! {
        #[test]
        fn microseconds_survive(micros in any::<i64>()) {
            prop_assert_eq!(from_time(to_time(micros)), micros);
        }
    }
}
