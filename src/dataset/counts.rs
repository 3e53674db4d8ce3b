//! How many rows are in which state, by part, so that a resumed scan sums up rightly.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch, StringArray};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::ADDED;
use super::error::DatasetError;
use super::flat::FindingColumns;
use crate::classify::Asked;
use crate::name::provider::{Service, provider};

/// Rows by the word in a column. Rows without a word are not counted.
pub type Tally = BTreeMap<String, u64>;

/// Declares what is counted once: a field of [`Counts`], and the function that counts it in a batch, given the field's name.
macro_rules! counts {
    ($($(#[$meta:meta])* $field:ident = $count:ident,)+) => {
        /// Rows of a part, or of the whole dataset, by state.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub struct Counts {
            /// Rows in all.
            pub rows: u64,
            $($(#[$meta])* pub $field: Tally,)+
        }

        impl Counts {
            /// The columns that are counted, as they are read from a part.
            pub(crate) const COLUMNS: &[&str] = &["policy_provider", "mx_hosts", $(stringify!($field),)+];

            /// Counts the rows of a batch of table `domains`.
            ///
            /// # Errors
            /// If a counted column is missing or has another type.
            pub fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
                Self::of_times(batch, &vec![1; batch.num_rows()])
            }

            /// The same of rows of which there are so many each.
            pub(super) fn of_times(batch: &RecordBatch, times: &[u64]) -> Result<Self, DatasetError> {
                Ok(Self { rows: times.iter().sum(), $($field: $count(batch, stringify!($field), times)?,)+ })
            }

            /// Adds the counts of other rows.
            pub fn add(&mut self, other: &Self) {
                self.rows += other.rows;
                $(add(&mut self.$field, &other.$field);)+
            }
        }
    };
}

counts! {
    /// By column `mx_state`.
    mx_state = words,
    /// By column `sts_state`.
    sts_state = words,
    /// By column `tlsrpt_state`.
    tlsrpt_state = words,
    /// By column `policy_stage`; rows for which nothing was fetched are not counted.
    policy_stage = words,
    /// By column `posture`.
    posture = words,
    /// By column `delivery`.
    delivery = words,
    /// By column `mx_tls`; rows whose MX hosts were not to be asked over SMTP are not counted.
    #[serde(default)]
    mx_tls = words,
    /// By column `dane_state`; rows for whose MX hosts TLSA was not to be looked up are not counted.
    #[serde(default)]
    dane_state = words,
    /// By column `mx_dnssec`, likewise.
    #[serde(default)]
    mx_dnssec = words,
    /// By column `delivery_dane`, likewise.
    #[serde(default)]
    delivery_dane = words,
    /// By column `worst`; rows without a finding are not counted.
    worst = words,
    /// Rows that have the finding at least once, by its code.
    findings = finding_codes,
    /// Rows whose policy host is a CNAME to a well-known provider, by the provider's name.
    #[serde(default)]
    policy_providers = policy_providers,
    /// Rows whose most preferred MX is a well-known provider's, by the provider's name.
    #[serde(default)]
    mail_providers = mail_providers,
}

impl Counts {
    /// What was asked of the MX hosts.
    pub fn asked(&self) -> Asked {
        Asked::of_scan(!self.mx_tls.is_empty(), !self.dane_state.is_empty())
    }
}

fn add(sum: &mut Tally, more: &Tally) {
    for (word, rows) in more {
        *sum.entry(word.clone()).or_default() += rows;
    }
}

fn words(batch: &RecordBatch, column: &str, times: &[u64]) -> Result<Tally, DatasetError> {
    if ADDED.contains(&column) && batch.column_by_name(column).is_none() {
        return Ok(Tally::new());
    }
    Ok(count(texts(batch, column)?.iter().zip(times).filter_map(|(word, rows)| Some((word?, *rows)))))
}

fn texts<'b>(batch: &'b RecordBatch, column: &str) -> Result<&'b StringArray, DatasetError> {
    let texts = batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    texts.ok_or_else(|| DatasetError::Column(column.to_owned()))
}

fn policy_providers(batch: &RecordBatch, _: &str, times: &[u64]) -> Result<Tally, DatasetError> {
    let hosts = texts(batch, "policy_provider")?.iter().zip(times);
    Ok(count(hosts.filter_map(|(host, rows)| Some((provider(Service::Policy, host?)?, *rows)))))
}

fn mail_providers(batch: &RecordBatch, _: &str, times: &[u64]) -> Result<Tally, DatasetError> {
    const COLUMN: &str = "mx_hosts";
    let lists = batch.column_by_name(COLUMN).and_then(|column| column.as_list_opt::<i32>());
    let lists = lists.ok_or_else(|| DatasetError::Column(COLUMN.to_owned()))?;
    let hosts = lists.values().as_string_opt::<i32>().ok_or_else(|| DatasetError::Column(COLUMN.to_owned()))?;
    let ranges = lists.offsets().iter().zip(lists.offsets().iter().skip(1)).zip(times);
    let first = ranges.filter(|((start, end), _)| start < end).filter_map(|((start, _), rows)| Some((usize::try_from(*start).ok()?, rows)));
    Ok(count(first.filter_map(|(first, rows)| Some((provider(Service::Mail, hosts.value(first))?, *rows)))))
}

/// Words, each with how many rows have it.
fn count<'w>(words: impl Iterator<Item = (&'w str, u64)>) -> Tally {
    let mut counted = Words::default();
    words.for_each(|(word, rows)| counted.add(word, rows, None));
    counted.finish()
}

fn finding_codes(batch: &RecordBatch, _: &str, times: &[u64]) -> Result<Tally, DatasetError> {
    let findings = FindingColumns::of_batch(batch)?;
    let mut counted = Words::default();
    for (row, rows) in times.iter().enumerate() {
        findings.codes(row).for_each(|code| counted.add(code, *rows, Some(row)));
    }
    Ok(counted.finish())
}

/// Words and in how many rows they came. There are few of them, and most rows bring the same in the same order.
#[derive(Default)]
struct Words<'w> {
    /// With the last row that had the word, where a row may have it more than once.
    list: Vec<(&'w str, u64, Option<usize>)>,
    /// Where the next word is expected.
    next: usize,
}

impl<'w> Words<'w> {
    /// Adds a word of so many rows; where they are told apart, once only.
    fn add(&mut self, word: &'w str, times: u64, row: Option<usize>) {
        let is_it = |(known, ..): &(&str, u64, Option<usize>)| *known == word;
        let place = if self.list.get(self.next).is_some_and(is_it) { Some(self.next) } else { self.list.iter().position(is_it) };
        let place = place.unwrap_or_else(|| {
            self.list.push((word, 0, None));
            self.list.len() - 1
        });
        if let Some((_, rows, last)) = self.list.get_mut(place)
            && (row.is_none() || *last != row)
        {
            (*rows, *last) = (*rows + times, row);
        }
        self.next = if place + 1 < self.list.len() { place + 1 } else { 0 };
    }

    fn finish(self) -> Tally {
        self.list.into_iter().filter(|(_, rows, _)| *rows > 0).map(|(word, rows, _)| (word.to_owned(), rows)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Posture, Severity, codes};
    use crate::dataset::{record_batch, samples};

    #[test]
    fn a_finding_counts_once_a_row() {
        let mut record = samples::absent(0, "example.com");
        record.assessment.posture = Posture::Broken;
        record.assessment.findings =
            vec![samples::finding(codes::MX_CNAME, Severity::Low), samples::finding(codes::MX_CNAME, Severity::High)];
        record.assessment.policy_provider = Some("mta-sts.tech".to_owned());
        record.assessment.mx_hosts = vec!["aspmx.l.google.com".to_owned(), "mail.protonmail.ch".to_owned()];
        let batch = record_batch(&[record, samples::absent(1, "example.net"), samples::absent(2, "example.org")]).unwrap();
        let counts = Counts::of(&batch).unwrap();
        assert_eq!((counts.rows, counts.posture["absent"], counts.posture["broken"]), (3, 2, 1));
        assert_eq!((counts.findings[codes::MX_CNAME.as_str()], counts.findings[codes::MX_IMPLICIT.as_str()]), (1, 2));
        assert_eq!((counts.worst["high"], counts.worst["info"]), (1, 2));
        assert_eq!((counts.policy_providers.len(), counts.policy_providers["PowerDMARC"]), (1, 1));
        assert_eq!((counts.mail_providers.len(), counts.mail_providers["Google"]), (1, 1));
        let mut sum = counts.clone();
        sum.add(&counts);
        assert_eq!((sum.rows, sum.findings[codes::MX_IMPLICIT.as_str()], sum.policy_stage.len()), (6, 4, 0));
    }
}
