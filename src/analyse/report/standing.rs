//! How the domains of each cell of a carried column stand: the tables by owner.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use super::line::Urgency;
use crate::classify::Delivery;

/// Different cells up to which a column is counted; one with more says of a domain what it is, not who is responsible.
const MAX_CELLS: usize = 50_000;
/// Domains from which on a column with another cell for each of them is no table.
const FEW: u64 = 10;

/// How some domains stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Domains in all.
    pub domains: u64,
    /// Those that senders deliver to over authenticated TLS only.
    pub protected: u64,
    urgencies: [u64; Urgency::ALL.len()],
}

impl Standing {
    /// Adds a domain.
    pub fn add(&mut self, urgency: Urgency, delivery: Delivery) {
        self.domains += 1;
        self.protected += u64::from(delivery == Delivery::Protected);
        if let Some(count) = self.urgencies.get_mut(urgency as usize) {
            *count += 1;
        }
    }

    /// Domains of some urgencies.
    pub fn of(&self, is: impl Fn(Urgency) -> bool) -> u64 {
        Urgency::ALL.iter().zip(self.urgencies).filter(|(urgency, _)| is(**urgency)).map(|(_, count)| count).sum()
    }

    /// Domains that need work.
    pub fn work(&self) -> u64 {
        self.of(Urgency::is_work)
    }

    fn minus(self, others: impl Iterator<Item = Self>) -> Self {
        others.fold(self, |mut rest, other| {
            rest.domains = rest.domains.saturating_sub(other.domains);
            rest.protected = rest.protected.saturating_sub(other.protected);
            rest.urgencies.iter_mut().zip(other.urgencies).for_each(|(rest, other)| *rest = rest.saturating_sub(other));
            rest
        })
    }
}

/// The cells of a carried column, those with most domains that need work first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByCell {
    /// The column.
    pub column: String,
    /// The cells; `None`: domains without one.
    pub cells: Vec<(Option<String>, Standing)>,
}

/// Counts by column and cell.
#[derive(Default)]
pub(super) struct Counting {
    whole: Standing,
    columns: BTreeMap<String, BTreeMap<String, Standing>>,
    overflowed: HashSet<String>,
}

impl Counting {
    /// Adds a domain with its cells.
    pub(super) fn add<'c>(&mut self, urgency: Urgency, delivery: Delivery, cells: impl Iterator<Item = (&'c str, &'c str)>) {
        self.whole.add(urgency, delivery);
        for (column, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
            if self.overflowed.contains(column) {
                continue;
            }
            let counted = match self.columns.get_mut(column) {
                Some(counted) => counted,
                None => self.columns.entry(column.to_owned()).or_default(),
            };
            if let Some(standing) = counted.get_mut(cell) {
                standing.add(urgency, delivery);
            } else if counted.len() < MAX_CELLS {
                counted.entry(cell.to_owned()).or_default().add(urgency, delivery);
            } else {
                self.columns.remove(column);
                self.overflowed.insert(column.to_owned());
            }
        }
    }

    /// All domains.
    pub(super) const fn whole(&self) -> Standing {
        self.whole
    }

    /// The columns in this order that tell domains apart.
    pub(super) fn finish(mut self, order: &[String]) -> Vec<ByCell> {
        let whole = self.whole;
        let of_column = |column: &String| {
            let counted = self.columns.remove(column)?;
            let rest = whole.minus(counted.values().copied());
            let mut cells: Vec<(Option<String>, Standing)> = counted.into_iter().map(|(cell, standing)| (Some(cell), standing)).collect();
            if rest.domains > 0 {
                cells.push((None, rest));
            }
            cells.sort_by_key(|(_, standing)| (Reverse(standing.work()), Reverse(standing.domains)));
            let is_key = whole.domains >= FEW && cells.len() as u64 == whole.domains;
            (cells.len() > 1 && !is_key).then(|| ByCell { column: column.clone(), cells })
        };
        order.iter().filter_map(of_column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_counted_by_every_cell_and_those_without_one() {
        let mut counting = Counting::default();
        let mut add = |urgency, delivery, owner, id: &str| {
            counting.add(urgency, delivery, [("owner", owner), ("id", id), ("same", "x")].into_iter());
        };
        add(Urgency::Refused, Delivery::Refused, "a", "1");
        add(Urgency::Fine, Delivery::Protected, "b", "2");
        add(Urgency::Fine, Delivery::Protected, "b", "3");
        for id in 4..=12 {
            add(Urgency::Medium, Delivery::Opportunistic, "", &id.to_string());
        }
        let found = counting.finish(&["same", "owner", "id", "gone"].map(str::to_owned));
        let [owner] = found.as_slice() else { panic!("{found:?}") };
        let shown: Vec<_> = owner.cells.iter().map(|(cell, of)| (cell.as_deref(), of.domains, of.work(), of.protected)).collect();
        assert_eq!(shown, [(None, 9, 9, 0), (Some("a"), 1, 1, 0), (Some("b"), 2, 0, 2)]);
    }
}
