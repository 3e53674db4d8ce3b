//! From rows to Arrow: a struct of typed builders a struct of the schema, filled row by row.

mod columns;
mod connection;
mod evidence;
mod fetch;
mod judgement;
mod lookup;
mod neighbour;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Builder, Int64Builder, RecordBatch, TimestampMicrosecondBuilder};

use crate::name::suffix;

use self::columns::{Shape, Texts, saturated};
use self::evidence::EvidenceBuilder;
use self::judgement::JudgementBuilder;

use super::{DatasetError, Record, micros, schema};

/// Most rows of one batch. Offsets of Utf8 and Binary have 31 bits; 64 KB of body or of records in every row must fit.
pub const MAX_BATCH_ROWS: usize = 4096;

/// The rows as one batch of table `domains`, in the order given.
///
/// # Errors
/// If there are more than [`MAX_BATCH_ROWS`].
pub fn record_batch(records: &[Record]) -> Result<RecordBatch, DatasetError> {
    if records.len() > MAX_BATCH_ROWS {
        return Err(DatasetError::Encoding(format!("{} rows in a batch of at most {MAX_BATCH_ROWS}", records.len())));
    }
    let mut builder = TableBuilder::default();
    records.iter().for_each(|record| builder.append(record));
    builder.finish()
}

#[derive(Debug, Default)]
struct TableBuilder {
    ordinal: Int64Builder,
    domain: Texts,
    rank: Int32Builder,
    list: Texts,
    tld: Texts,
    suffix: Texts,
    org_domain: Texts,
    scanned_at: TimestampMicrosecondBuilder,
    elapsed_ms: Int32Builder,
    judgement: JudgementBuilder,
    evidence: EvidenceBuilder,
}

impl TableBuilder {
    fn append(&mut self, record: &Record) {
        let domain = &record.target.domain;
        self.ordinal.append_value(i64::try_from(record.target.ordinal).unwrap_or(i64::MAX));
        self.domain.append(Some(domain.as_str()));
        self.rank.append_option(record.target.rank);
        self.list.append(Some(&record.target.list));
        self.tld.append(Some(domain.tld()));
        self.suffix.append(suffix::public_suffix(domain.as_str()));
        self.org_domain.append(suffix::registrable(domain.as_str()));
        self.scanned_at.append_value(micros::from_time(record.evidence.scanned_at));
        self.elapsed_ms.append_value(saturated(record.evidence.elapsed_ms));
        self.judgement.append(&record.assessment);
        self.evidence.append(&record.evidence);
    }

    fn finish(mut self) -> Result<RecordBatch, DatasetError> {
        let schema = schema();
        let shape = Shape::of_fields(schema.fields());
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("ordinal", Arc::new(self.ordinal.finish())),
            ("domain", self.domain.finish()),
            ("rank", Arc::new(self.rank.finish())),
            ("list", self.list.finish()),
            ("tld", self.tld.finish()),
            ("suffix", self.suffix.finish()),
            ("org_domain", self.org_domain.finish()),
            ("scanned_at", Arc::new(self.scanned_at.finish().with_timezone("UTC"))),
            ("elapsed_ms", Arc::new(self.elapsed_ms.finish())),
        ];
        columns.extend(self.judgement.finish(&shape)?);
        columns.push(("evidence", self.evidence.finish(shape.kind("evidence")?)?));
        Ok(RecordBatch::from(shape.assemble(None, columns)?).with_schema(schema)?)
    }
}
