//! From rows to Arrow: a struct of typed builders a struct of the schema, filled row by row.

mod carried;
mod columns;
mod connection;
mod evidence;
mod fetch;
mod judgement;
mod lookup;
mod names;
mod neighbour;
mod rejudged;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Builder, Int64Builder, RecordBatch, TimestampMicrosecondBuilder};

use crate::classify::Assessment;
use crate::evidence::Evidence;
use crate::input::Target;

use self::carried::CarriedBuilder;
pub use self::columns::MAX_BATCH_ROWS;
use self::columns::{Shape, Texts, saturated};
use self::evidence::EvidenceBuilder;
use self::judgement::JudgementBuilder;
use self::names::NameBuilder;
pub use self::rejudged::{rejudged_batch, with_nothing_carried};

use super::{DatasetError, Record, micros, schema};

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
    ordinal: Int64Builder,
    domain: Texts,
    rank: Int32Builder,
    list: Texts,
    names: NameBuilder,
    scanned_at: TimestampMicrosecondBuilder,
    elapsed_ms: Int32Builder,
    judgement: JudgementBuilder,
    /// The judgement of the last rows, as many as are not in `judgement` yet.
    shared: Option<(Arc<Assessment>, usize)>,
    carried: CarriedBuilder,
    evidence: EvidenceBuilder,
}

impl RowBuilder {
    /// Adds a row. A batch has at most [`MAX_BATCH_ROWS`].
    pub fn push(&mut self, target: &Target, evidence: &Evidence, assessment: &Assessment) {
        self.lay_down_shared();
        self.judgement.append(assessment);
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
        let domain = &target.domain;
        self.rows += 1;
        self.ordinal.append_value(i64::try_from(target.ordinal).unwrap_or(i64::MAX));
        self.domain.append(Some(domain.as_str()));
        self.rank.append_option(target.rank);
        self.list.append(Some(&target.list));
        self.names.append(domain.as_str());
        self.scanned_at.append_value(micros::from_time(evidence.scanned_at));
        self.elapsed_ms.append_value(saturated(evidence.elapsed_ms));
        self.carried.append(&target.carried);
        self.evidence.append(evidence);
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// The rows as a batch, in the order in which they came.
    ///
    /// # Errors
    /// If the columns do not fit the schema, which is a mistake of the program.
    pub fn finish(mut self) -> Result<RecordBatch, DatasetError> {
        self.lay_down_shared();
        let schema = schema();
        let shape = Shape::of_fields(schema.fields());
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("ordinal", Arc::new(self.ordinal.finish())),
            ("domain", self.domain.finish()),
            ("rank", Arc::new(self.rank.finish())),
            ("list", self.list.finish()),
        ];
        columns.extend(self.names.finish());
        columns.push(("scanned_at", Arc::new(self.scanned_at.finish().with_timezone("UTC"))));
        columns.push(("elapsed_ms", Arc::new(self.elapsed_ms.finish())));
        columns.extend(self.judgement.finish(&shape)?);
        columns.push(("carried", self.carried.finish(shape.kind("carried")?)?));
        columns.push(("evidence", self.evidence.finish(shape.kind("evidence")?)?));
        Ok(RecordBatch::from(shape.assemble(None, columns)?).with_schema(schema)?)
    }
}
