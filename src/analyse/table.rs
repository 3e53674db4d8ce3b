//! Tables with cells that are addressed by name, and the Wilson score interval: how far a share of a sample may lie from the share that it
//! estimates.

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Stable name, as `T3`.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What the groups are, as `tld`; `None` where the rows are of all domains.
    pub grouped_by: Option<String>,
    /// Columns but for group and row.
    pub columns: Vec<Column>,
    /// Rows; those of a group stand together.
    pub rows: Vec<Row>,
    /// What a reader has to know, a sentence each.
    pub notes: Vec<String>,
    /// Why there is nothing to show: what the table is about was not asked. Such a table has no rows and no notes.
    pub unmade: Option<String>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Stable name.
    pub key: String,
    /// What a person reads.
    pub title: String,
    /// What the shares in it are shares of; empty where it has none.
    pub of: String,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which domains; `None` for all of them.
    pub group: Option<String>,
    /// Stable name within the group; of a value from the network, the value.
    pub key: String,
    /// What a person reads.
    pub title: String,
    /// What the shares in the row are shares of, where it is not what the column says.
    pub of: Option<String>,
    /// A cell for each column.
    pub cells: Vec<Cell>,
}

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// So many of so many.
    Share {
        /// The part.
        n: u64,
        /// The whole, which the column or the row names.
        of: u64,
    },
    /// So many.
    Count(u64),
    /// A measure in the unit that the column names.
    Number(f64),
    /// A day since 1970.
    Day(i32),
    /// Nothing to say here.
    Empty,
}

impl Cell {
    /// The count; `None` for a measure or nothing.
    pub const fn n(&self) -> Option<u64> {
        match self {
            Self::Share { n, .. } | Self::Count(n) => Some(*n),
            Self::Number(_) | Self::Day(_) | Self::Empty => None,
        }
    }

    /// The whole of which it is a part.
    pub const fn of(&self) -> Option<u64> {
        match self {
            Self::Share { of, .. } => Some(*of),
            _ => None,
        }
    }

    /// The share, 0..=1; `None` where the whole is 0.
    pub fn share(&self) -> Option<f64> {
        match *self {
            Self::Share { n, of } if of > 0 => Some(n as f64 / of as f64),
            _ => None,
        }
    }

    /// The 95 % Wilson interval of the share.
    pub fn interval(&self) -> Option<Interval> {
        match *self {
            Self::Share { n, of } => wilson(n, of),
            _ => None,
        }
    }
}

impl Column {
    /// A column of counts with their share of what `of` names.
    pub fn new(key: &str, title: &str, of: &str) -> Self {
        Self { key: key.to_owned(), title: title.to_owned(), of: of.to_owned() }
    }
}

impl Row {
    /// A row of all domains.
    pub fn new(key: impl Into<String>, title: impl Into<String>, cells: Vec<Cell>) -> Self {
        Self { group: None, key: key.into(), title: title.into(), of: None, cells }
    }

    /// The row with a whole of its own.
    pub fn of(mut self, of: &str) -> Self {
        self.of = Some(of.to_owned());
        self
    }
}

impl Table {
    /// The cell of a row and a column in a group (`None`: of all domains).
    pub fn cell(&self, group: Option<&str>, row: &str, column: &str) -> Option<&Cell> {
        let at = self.columns.iter().position(|candidate| candidate.key == column)?;
        let row = self.rows.iter().find(|candidate| candidate.group.as_deref() == group && candidate.key == row)?;
        row.cells.get(at)
    }
}

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
    fn cells_are_found_by_their_names() {
        let row =
            |group: Option<&str>, n| Row { group: group.map(str::to_owned), ..Row::new("ok", "retrieved", vec![Cell::Share { n, of: 8 }]) };
        let table = Table {
            id: "T0".to_owned(),
            title: String::new(),
            grouped_by: Some("tld".to_owned()),
            columns: vec![Column::new("all", "all", "domains")],
            rows: vec![row(None, 6), row(Some("com"), 2)],
            notes: Vec::new(),
            unmade: None,
        };
        assert_eq!(table.cell(None, "ok", "all").and_then(Cell::n), Some(6));
        assert_eq!(table.cell(Some("com"), "ok", "all").and_then(Cell::share), Some(0.25));
        assert_eq!((table.cell(None, "ok", "some"), table.cell(Some("net"), "ok", "all")), (None, None));
        assert_eq!((Cell::Empty.n(), Cell::Number(1.0).share(), Cell::Share { n: 0, of: 0 }.interval()), (None, None, None));
    }

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
