//! How many rows are in which state, by part, so that a resumed scan sums up rightly.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{AsArray, RecordBatch};
use serde::{Deserialize, Serialize};

use super::DatasetError;
use super::read::FindingColumns;

/// Rows by the word in a column. Rows without a word are not counted.
pub type Tally = BTreeMap<String, u64>;

/// Rows of a part, or of the whole dataset, by state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows in all.
    pub rows: u64,
    /// By column `mx_state`.
    pub mx_state: Tally,
    /// By column `sts_state`.
    pub sts_state: Tally,
    /// By column `tlsrpt_state`.
    pub tlsrpt_state: Tally,
    /// By column `policy_stage`; rows for which nothing was fetched are not counted.
    pub policy_stage: Tally,
    /// By column `posture`.
    pub posture: Tally,
    /// By column `delivery`.
    pub delivery: Tally,
    /// By column `worst`; rows without a finding are not counted.
    pub worst: Tally,
    /// Rows that have the finding at least once, by its code.
    pub findings: Tally,
}

impl Counts {
    /// Counts the rows of a batch of table `domains`.
    ///
    /// # Errors
    /// If a counted column is missing or has another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        Ok(Self {
            rows: batch.num_rows() as u64,
            mx_state: tally(batch, "mx_state")?,
            sts_state: tally(batch, "sts_state")?,
            tlsrpt_state: tally(batch, "tlsrpt_state")?,
            policy_stage: tally(batch, "policy_stage")?,
            posture: tally(batch, "posture")?,
            delivery: tally(batch, "delivery")?,
            worst: tally(batch, "worst")?,
            findings: finding_codes(batch)?,
        })
    }

    /// Adds the counts of other rows.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        let Self { rows: _, mx_state, sts_state, tlsrpt_state, policy_stage, posture, delivery, worst, findings } = self;
        let others = [
            &other.mx_state,
            &other.sts_state,
            &other.tlsrpt_state,
            &other.policy_stage,
            &other.posture,
            &other.delivery,
            &other.worst,
            &other.findings,
        ];
        for (sum, more) in [mx_state, sts_state, tlsrpt_state, policy_stage, posture, delivery, worst, findings].into_iter().zip(others) {
            for (word, rows) in more {
                *sum.entry(word.clone()).or_default() += rows;
            }
        }
    }
}

fn tally(batch: &RecordBatch, column: &str) -> Result<Tally, DatasetError> {
    let words = batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    let mut counted = BTreeMap::<&str, u64>::new();
    for word in words.ok_or_else(|| DatasetError::Column(column.to_owned()))?.iter().flatten() {
        *counted.entry(word).or_default() += 1;
    }
    Ok(owned(counted))
}

fn finding_codes(batch: &RecordBatch) -> Result<Tally, DatasetError> {
    let findings = FindingColumns::of_batch(batch)?;
    let mut counted = BTreeMap::<&str, u64>::new();
    for row in 0..batch.num_rows() {
        let codes: BTreeSet<&str> = findings.get(row).iter().map(|finding| finding.code).collect();
        for code in codes {
            *counted.entry(code).or_default() += 1;
        }
    }
    Ok(owned(counted))
}

fn owned(counted: BTreeMap<&str, u64>) -> Tally {
    counted.into_iter().map(|(word, rows)| (word.to_owned(), rows)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Posture, Severity};
    use crate::dataset::{record_batch, samples};

    #[test]
    fn a_finding_counts_once_a_row() {
        let mut record = samples::absent(0, "example.com");
        record.assessment.posture = Posture::Broken;
        record.assessment.findings = vec![samples::finding("mx-cname", Severity::Low), samples::finding("mx-cname", Severity::High)];
        let batch = record_batch(&[record, samples::absent(1, "example.net"), samples::absent(2, "example.org")]).unwrap();
        let counts = Counts::of(&batch).unwrap();
        assert_eq!((counts.rows, counts.posture["absent"], counts.posture["broken"]), (3, 2, 1));
        assert_eq!((counts.findings["mx-cname"], counts.findings["mx-implicit"]), (1, 2));
        assert_eq!((counts.worst["high"], counts.worst["info"]), (1, 2));
        let mut sum = counts.clone();
        sum.add(&counts);
        assert_eq!((sum.rows, sum.findings["mx-implicit"], sum.policy_stage.len()), (6, 4, 0));
    }
}
