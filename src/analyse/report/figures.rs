//! The tables of a report: those of `stats`, made by it.

use crate::analyse::error::AnalyseError;
use crate::analyse::scans::Scan;
use crate::analyse::stats::{By, StatsOptions, TableId, stats};
use crate::analyse::table::Table;
use crate::classify::CATALOGUE_VERSION;
use crate::dataset::Manifest;

/// Bins of the plot by rank, at most about so many.
const RANK_BINS: u32 = 25;

/// Tables of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The tables that `stats` prints where none are named.
    pub tables: Vec<Table>,
    /// Table T2 by rank; `None` where the list has no ranks.
    pub by_rank: Option<Table>,
    /// Ranks in a bin of it.
    pub rank_bin: u32,
    /// What is to be known of the tables, a sentence each.
    pub notes: Vec<String>,
}

/// Makes the tables; `last_rank` is the greatest rank of the list.
///
/// # Errors
/// If the dataset cannot be read.
pub fn figures(scan: &Scan, last_rank: Option<i32>) -> Result<Figures, AnalyseError> {
    let scans = std::slice::from_ref(scan);
    let made = stats(scans, &StatsOptions::default())?;
    let rank_bin = bin(last_rank.and_then(|rank| u32::try_from(rank).ok()).unwrap_or_default());
    let by_rank = match last_rank {
        Some(_) => {
            let options = StatsOptions { tables: vec![TableId::T2], by: Some(By::Rank), rank_bin, ..StatsOptions::default() };
            stats(scans, &options)?.tables.into_iter().next()
        }
        None => None,
    };
    Ok(Figures { tables: made.tables, by_rank, rank_bin, notes: made.notes })
}

/// The least of 1, 2, 5, 10, 20, 50 ... ranks that gives no more bins than wanted.
fn bin(last_rank: u32) -> u32 {
    let steps = (0..10_u32).flat_map(|power| [1, 2, 5].map(|digit| 10_u32.saturating_pow(power).saturating_mul(digit)));
    steps.into_iter().find(|step| last_rank / step < RANK_BINS).unwrap_or(u32::MAX)
}

/// What is to be said where the dataset was judged by other rules than today's.
pub(super) fn versions(manifest: &Manifest) -> Option<String> {
    let judged_by = &manifest.run.catalogue_version;
    (judged_by != CATALOGUE_VERSION).then(|| {
        format!("judged by version {judged_by} of the catalogue, explained by version {CATALOGUE_VERSION}: `stscan reclassify` judges them again")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_round_and_not_too_many() {
        assert_eq!([0, 40, 60, 10_000, 1_000_000, u32::MAX].map(bin), [1, 2, 5, 500, 50_000, 200_000_000]);
    }
}
