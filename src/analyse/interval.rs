//! The Wilson score interval: how far a share of a sample may lie from the share that it estimates.

/// The 97.5 % quantile of the normal distribution, for an interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// An interval within 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// The 95 % Wilson score interval of `n` among `of` (E. B. Wilson, Probable Inference, the Law of Succession, and Statistical
/// Inference, 1927); `None` where `of` is 0 or less than `n`.
pub fn wilson(n: u64, of: u64) -> Option<Interval> {
    if of == 0 || n > of {
        return None;
    }
    let (total, share, square) = (of as f64, n as f64 / of as f64, Z * Z);
    let centre = share + square / (2.0 * total);
    let spread = Z * (share * (1.0 - share) / total + square / (4.0 * total * total)).sqrt();
    let bound = |sum: f64| (sum / (1.0 + square / total)).clamp(0.0, 1.0);
    // At the ends the bound is the share itself; rounding must not push it beyond.
    let low = if n == 0 { 0.0 } else { bound(centre - spread).min(share) };
    let high = if n == of { 1.0 } else { bound(centre + spread).max(share) };
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_examples() {
        // Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3.
        for (n, of, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)] {
            let interval = wilson(n, of).unwrap();
            assert!((interval.low - low).abs() < 5e-5 && (interval.high - high).abs() < 5e-5, "{n}/{of}: {interval:?}");
        }
        assert_eq!((wilson(0, 0), wilson(2, 1)), (None, None));
    }

    proptest! {
        #[test]
        fn the_share_lies_within_and_more_data_narrow(n in 0_u64..1_000_000, rest in 0_u64..1_000_000) {
            let of = n + rest;
            prop_assume!(of > 0);
            let interval = wilson(n, of).unwrap();
            let share = n as f64 / of as f64;
            prop_assert!(0.0 <= interval.low && interval.low <= share && share <= interval.high && interval.high <= 1.0, "{interval:?}");
            let more = wilson(n * 4, of * 4).unwrap();
            prop_assert!(more.high - more.low <= interval.high - interval.low);
            let other = wilson(rest, of).unwrap();
            prop_assert!((other.low - (1.0 - interval.high)).abs() < 1e-9, "symmetric");
        }
    }
}
