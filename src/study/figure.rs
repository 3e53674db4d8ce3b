//! A published figure, and where a dataset has its own.

use crate::analyse::stats::TableId;

/// Figures that one table of `stats` repeats.
pub(super) struct Block {
    pub(super) table: TableId,
    pub(super) title: &'static str,
    pub(super) figures: &'static [Figure],
}

/// A published figure.
#[derive(Clone, Copy)]
pub(super) struct Figure {
    /// Stable name within its block.
    pub(super) key: &'static str,
    /// What a person reads, with its place in the publication.
    pub(super) title: &'static str,
    pub(super) value: Value,
    /// Group of the cell.
    pub(super) group: Option<&'static str>,
    pub(super) row: &'static str,
    /// The cells of these columns are summed up; without any the dataset cannot have the figure.
    pub(super) columns: &'static [&'static str],
    /// Why the lab's world does not fix it; `None` if it does.
    pub(super) open: Option<&'static str>,
    /// Whether the world fixes it only for a scan that asks MX hosts over SMTP.
    pub(super) smtp: bool,
}

/// What is published.
#[derive(Clone, Copy)]
pub(super) enum Value {
    /// So many domains.
    Count(u64),
    /// A share as printed, in units of its last digit, and how many digits stand behind the point: 0.078 % is (78, 3).
    Percent(u32, u32),
    /// The same of a whole that no scan has to see again.
    PercentOf(u32, u32, u64),
}

/// So many domains.
pub(super) const fn count(key: &'static str, title: &'static str, n: u64, row: &'static str, columns: &'static [&'static str]) -> Figure {
    Figure { key, title, value: Value::Count(n), group: None, row, columns, open: None, smtp: false }
}

/// A share, in units of its last digit, with so many digits behind the point.
pub(super) const fn percent(
    key: &'static str,
    title: &'static str,
    (units, digits): (u32, u32),
    row: &'static str,
    columns: &'static [&'static str],
) -> Figure {
    Figure { value: Value::Percent(units, digits), ..count(key, title, 0, row, columns) }
}

/// A figure that no single scan has.
pub(super) const fn absent(key: &'static str, title: &'static str, n: u64, why: &'static str) -> Figure {
    count(key, title, n, "", &[]).open(why)
}

impl Figure {
    pub(super) const fn group(self, group: &'static str) -> Self {
        Self { group: Some(group), ..self }
    }

    /// Of a whole that is published, too.
    pub(super) const fn of(self, whole: u64) -> Self {
        match self.value {
            Value::Percent(units, digits) => Self { value: Value::PercentOf(units, digits, whole), ..self },
            Value::Count(_) | Value::PercentOf(..) => self,
        }
    }

    /// The world fixes it for a scan that asks MX hosts over SMTP.
    pub(super) const fn smtp(self) -> Self {
        Self { smtp: true, ..self }
    }

    /// The world does not fix it, for this reason.
    pub(super) const fn open(self, why: &'static str) -> Self {
        Self { open: Some(why), ..self }
    }
}
