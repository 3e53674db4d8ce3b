//! From rows to Arrow: the builders of all columns, filled row by row.

mod rejudged;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::error::ArrowError;

use crate::classify::Assessment;
use crate::evidence::Evidence;
use crate::input::Target;

use super::column::{Column, List, MAX_BATCH_ROWS, Shape, with_shared_nulls};
use super::error::DatasetError;
use super::evidence::{EvidenceRows, TimesBuilder};
use super::flat::JudgementBuilder;
use super::schema::schema;
use super::target::{CarriedBuilder, NameBuilder, TargetBuilder};

pub use self::rejudged::{rejudged_batch, with_nothing_carried, with_policy_hosts, without_validation};

/// One row to be: a target, what was seen of it and what that means.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The target.
    pub target: Target,
    /// What the probe saw.
    pub evidence: Evidence,
    /// What it means.
    pub assessment: Assessment,
}

/// The rows as one batch of table `domains`, in the order given.
///
/// # Errors
/// If there are more than [`MAX_BATCH_ROWS`].
pub fn record_batch(records: &[Record]) -> Result<RecordBatch, DatasetError> {
    if records.len() > MAX_BATCH_ROWS {
        return Err(DatasetError::Encoding(format!("{} rows in a batch of at most {MAX_BATCH_ROWS}", records.len())));
    }
    let mut builder = RowBuilder::default();
    records.iter().for_each(|record| builder.push(&record.target, &record.evidence, &record.assessment));
    builder.finish()
}

/// Rows of table `domains` on their way to a batch: columns from the first row on, so that many cost little memory.
#[derive(Debug, Default)]
pub struct RowBuilder {
    rows: usize,
    target: TargetBuilder,
    names: NameBuilder,
    times: TimesBuilder,
    judgement: JudgementBuilder,
    /// The judgement of the last rows, as many as are not in `judgement` yet.
    shared: Option<(Arc<Assessment>, usize)>,
    carried: List<CarriedBuilder>,
    evidence: EvidenceRows,
}

impl RowBuilder {
    /// Adds a row. A batch has at most [`MAX_BATCH_ROWS`].
    pub fn push(&mut self, target: &Target, evidence: &Evidence, assessment: &Assessment) {
        self.lay_down_shared();
        self.judgement.append_times(assessment, 1);
        self.push_seen(target, evidence);
    }

    /// Adds a row as [`RowBuilder::push`] does. One judgement of many rows in a row is laid down for all of them at once.
    pub fn push_shared(&mut self, target: &Target, evidence: &Evidence, assessment: &Arc<Assessment>) {
        match &mut self.shared {
            Some((shared, rows)) if Arc::ptr_eq(shared, assessment) => *rows += 1,
            _ => {
                self.lay_down_shared();
                self.shared = Some((Arc::clone(assessment), 1));
            }
        }
        self.push_seen(target, evidence);
    }

    fn lay_down_shared(&mut self) {
        if let Some((assessment, rows)) = self.shared.take() {
            self.judgement.append_times(&assessment, rows);
        }
    }

    fn push_seen(&mut self, target: &Target, evidence: &Evidence) {
        self.rows += 1;
        self.target.add(Some(target), 1);
        self.names.append(target.domain.as_str());
        self.times.append(Some(&(evidence.scanned_at, evidence.elapsed_ms)));
        self.carried.append(Some(&target.carried));
        self.evidence.push(evidence);
    }

    /// The rows as a batch, in the order in which they came.
    ///
    /// # Errors
    /// If the columns do not fit the schema, which is a mistake of the program.
    pub fn finish(mut self) -> Result<RecordBatch, DatasetError> {
        self.lay_down_shared();
        let schema = schema();
        let shape = Shape::of_fields(schema.fields());
        let mut columns: Vec<(&str, ArrayRef)> = self.target.into_columns(&shape)?;
        columns.extend(self.names.into_columns());
        columns.extend(self.times.into_columns(&shape)?);
        columns.extend(self.judgement.finish(&shape)?);
        columns.push(("carried", self.carried.finish(shape.kind("carried")?)?));
        columns.push(("evidence", self.evidence.finish(shape.kind("evidence")?)?));
        let shared = |(name, column)| Ok((name, with_shared_nulls(column)?));
        let columns = columns.into_iter().map(shared).collect::<Result<_, ArrowError>>()?;
        Ok(RecordBatch::from(shape.assemble(None, columns)?).with_schema(schema)?)
    }
}
