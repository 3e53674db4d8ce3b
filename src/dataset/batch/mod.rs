//! From rows to Arrow: a struct of typed builders a struct of the schema, filled row by row.

mod carried;
mod columns;
mod connection;
mod evidence;
mod fetch;
mod judgement;
mod lookup;
mod neighbour;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Builder, Int64Builder, RecordBatch, StringArray, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field};

use crate::classify::Assessment;
use crate::name::suffix;

use self::carried::CarriedBuilder;
use self::columns::{Shape, Texts, saturated};
use self::evidence::EvidenceBuilder;
use self::judgement::JudgementBuilder;

use super::read::{ColumnGroup as Group, EvidenceColumns};
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

/// The rows of another dataset's batch with the columns that judgement fills made anew; target, times and evidence are taken over as they
/// are. A judgement a row.
///
/// # Errors
/// If a column is missing, or there are not as many judgements as rows.
pub fn rejudged_batch(batch: &RecordBatch, assessments: &[Assessment]) -> Result<RecordBatch, DatasetError> {
    if assessments.len() != batch.num_rows() {
        return Err(DatasetError::Inconsistent(format!("{} judgements of {} rows", assessments.len(), batch.num_rows())));
    }
    let (mut names, mut judgement) = (NameBuilder::default(), JudgementBuilder::default());
    let domains: StringArray = Group::table(batch).column("domain")?;
    for (domain, assessment) in domains.iter().zip(assessments) {
        names.append(domain.unwrap_or_default());
        judgement.append(assessment);
    }
    let schema = schema();
    let shape = Shape::of_fields(schema.fields());
    let mut made: Vec<(&str, ArrayRef)> = names.finish();
    made.extend(judgement.finish(&shape)?);
    let kept = |name: &str| batch.column_by_name(name).cloned().ok_or_else(|| DatasetError::Column(name.to_owned()));
    let column = |field: &Arc<Field>| -> Result<ArrayRef, DatasetError> {
        let name = field.name().as_str();
        match made.iter().find(|(made, _)| *made == name) {
            Some((_, column)) => Ok(Arc::clone(column)),
            None if name == "evidence" => evidence_of_today(batch, field.data_type()),
            None if name == "carried" && batch.column_by_name(name).is_none() => nothing_carried(batch.num_rows(), field.data_type()),
            None => kept(name),
        }
    };
    let columns = schema.fields().iter().map(column).collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// Column `evidence` as it is, or encoded anew where an older version wrote it with fewer columns.
fn evidence_of_today(batch: &RecordBatch, data_type: &DataType) -> Result<ArrayRef, DatasetError> {
    if let Some(evidence) = batch.column_by_name("evidence").filter(|evidence| evidence.data_type() == data_type) {
        return Ok(Arc::clone(evidence));
    }
    let columns = EvidenceColumns::of(batch)?;
    let mut builder = EvidenceBuilder::default();
    for row in 0..batch.num_rows() {
        builder.append(&columns.row(row)?);
    }
    Ok(builder.finish(data_type)?)
}

/// The same rows without what was carried along from the list.
///
/// # Errors
/// If the batch has other columns than the schema.
pub fn with_nothing_carried(batch: &RecordBatch) -> Result<RecordBatch, DatasetError> {
    let schema = schema();
    let column = |field: &Arc<Field>| match field.name().as_str() {
        "carried" => nothing_carried(batch.num_rows(), field.data_type()),
        name => batch.column_by_name(name).cloned().ok_or_else(|| DatasetError::Column(name.to_owned())),
    };
    let columns = schema.fields().iter().map(column).collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// Column `carried` of a dataset that is older than it.
fn nothing_carried(rows: usize, data_type: &DataType) -> Result<ArrayRef, DatasetError> {
    let mut builder = CarriedBuilder::default();
    (0..rows).for_each(|_| builder.append(&[]));
    Ok(builder.finish(data_type)?)
}

/// Columns that are read off the domain's name.
#[derive(Debug, Default)]
struct NameBuilder {
    tld: Texts,
    suffix: Texts,
    org_domain: Texts,
}

impl NameBuilder {
    fn append(&mut self, domain: &str) {
        self.tld.append(domain.rsplit('.').next());
        self.suffix.append(suffix::public_suffix(domain));
        self.org_domain.append(suffix::registrable(domain));
    }

    fn finish(self) -> Vec<(&'static str, ArrayRef)> {
        vec![("tld", self.tld.finish()), ("suffix", self.suffix.finish()), ("org_domain", self.org_domain.finish())]
    }
}

#[derive(Debug, Default)]
struct TableBuilder {
    ordinal: Int64Builder,
    domain: Texts,
    rank: Int32Builder,
    list: Texts,
    names: NameBuilder,
    scanned_at: TimestampMicrosecondBuilder,
    elapsed_ms: Int32Builder,
    judgement: JudgementBuilder,
    carried: CarriedBuilder,
    evidence: EvidenceBuilder,
}

impl TableBuilder {
    fn append(&mut self, record: &Record) {
        let domain = &record.target.domain;
        self.ordinal.append_value(i64::try_from(record.target.ordinal).unwrap_or(i64::MAX));
        self.domain.append(Some(domain.as_str()));
        self.rank.append_option(record.target.rank);
        self.list.append(Some(&record.target.list));
        self.names.append(domain.as_str());
        self.scanned_at.append_value(micros::from_time(record.evidence.scanned_at));
        self.elapsed_ms.append_value(saturated(record.evidence.elapsed_ms));
        self.judgement.append(&record.assessment);
        self.carried.append(&record.target.carried);
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
