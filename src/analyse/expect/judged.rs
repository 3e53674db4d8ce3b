//! Rows judged by expectations: deviations added to the findings, waived findings taken from them.

use std::ops::Deref;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Builder, ListArray, RecordBatch, StringArray, StringBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use time::Date;

use super::file::{Expectations, Waiver};
use crate::analyse::filter::Filter;
use crate::classify::{Finding, Severity, StoredFinding};
use crate::dataset::{DatasetError, JudgementColumns, schema};

/// A finding that is left aside until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// The finding as it would be.
    pub finding: Finding,
    /// Why it is left aside.
    pub reason: String,
    /// The last day.
    pub until: Date,
}

/// A batch of rows, with what is waived of each: none of it is among the findings.
#[derive(Clone, Debug)]
pub struct SeenBatch {
    batch: RecordBatch,
    /// By row; empty where nothing is waived at all.
    waived: Vec<Vec<Waived>>,
}

impl From<RecordBatch> for SeenBatch {
    fn from(batch: RecordBatch) -> Self {
        Self { batch, waived: Vec::new() }
    }
}

impl Deref for SeenBatch {
    type Target = RecordBatch;

    fn deref(&self) -> &RecordBatch {
        &self.batch
    }
}

impl SeenBatch {
    /// The rows alone.
    pub fn into_rows(self) -> RecordBatch {
        self.batch
    }

    /// What is waived of a row.
    pub fn waived(&self, row: usize) -> &[Waived] {
        self.waived.get(row).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Expectations {
    /// The columns that have to be read to judge a row: all flat ones.
    pub(in crate::analyse) fn columns() -> Vec<String> {
        schema().fields().iter().map(|field| field.name().clone()).filter(|name| name != "evidence").collect()
    }

    /// The rows of a batch, judged. All of [`Self::columns`] have to be in it that the dataset has.
    ///
    /// # Errors
    /// If a column is missing or has another type.
    pub fn judge(&self, batch: RecordBatch) -> Result<SeenBatch, DatasetError> {
        let columns = JudgementColumns::of(&batch)?;
        let demanded = self.expectations.iter().map(|one| rows(&one.scope, &batch)).collect::<Result<Vec<_>, _>>()?;
        let open = self.waivers.iter().filter(|waiver| waiver.until >= self.today);
        let waivers = open.map(|waiver| Ok((waiver, rows(&waiver.scope, &batch)?))).collect::<Result<Vec<_>, DatasetError>>()?;
        let expected = self.expectations.iter().zip(&demanded).map(|(one, rows)| (one.table, rows));
        let scopes = expected.chain(waivers.iter().map(|(waiver, rows)| (waiver.line, rows)));
        scopes.filter(|(_, rows)| !rows.is_empty()).for_each(|(line, _)| self.applied.in_scope(line));
        let (mut findings, mut worst, mut waived) = (FindingLists::default(), Vec::new(), Vec::new());
        for row in 0..batch.num_rows() {
            let judgement = columns.row(row);
            let assessment = judgement.assessment();
            let is_in = |rows: &Vec<usize>| rows.binary_search(&row).is_ok();
            let demands = self.expectations.iter().zip(&demanded).filter(|(_, rows)| is_in(rows)).map(|(one, _)| one);
            let deviations = deviations(demands.map(|one| one.demand.deviation(&assessment, one.severity, &self.place(one.line))));
            let waiver_of =
                |finding: &Finding| waivers.iter().find(|(waiver, rows)| is_in(rows) && waiver.is_of(finding)).map(|(waiver, _)| *waiver);
            let waive = |waiver: &Waiver, finding: Finding| {
                self.applied.waived(waiver.line);
                waiver.waive(finding)
            };
            let (mut left_aside, mut severities) = (Vec::new(), Vec::new());
            for stored in &judgement.findings {
                match stored.known().and_then(|finding| Some((waiver_of(&finding)?, finding))) {
                    Some((waiver, finding)) => left_aside.push(waive(waiver, finding)),
                    None => {
                        severities.extend(Severity::from_word(stored.severity));
                        findings.push(stored);
                    }
                }
            }
            for finding in deviations {
                match waiver_of(&finding) {
                    Some(waiver) => left_aside.push(waive(waiver, finding)),
                    None => {
                        severities.push(finding.severity);
                        findings.push(&finding.stored());
                    }
                }
            }
            findings.end_row();
            worst.push(severities.into_iter().min().map(Severity::as_str));
            waived.push(left_aside);
        }
        Ok(SeenBatch { batch: replaced(&batch, findings.finish()?, Arc::new(StringArray::from(worst)))?, waived })
    }
}

/// The rows that a scope keeps.
fn rows(scope: &Filter, batch: &RecordBatch) -> Result<Vec<usize>, DatasetError> {
    let mut rows = Vec::new();
    scope.each_kept(batch, |row| rows.push(row))?;
    Ok(rows)
}

/// One finding per code: of several expectations the worse one, with what each says.
fn deviations(found: impl Iterator<Item = Option<Finding>>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for finding in found.flatten() {
        match all.iter_mut().find(|known| known.code == finding.code) {
            Some(known) => {
                known.severity = known.severity.min(finding.severity);
                known.detail = format!("{}; {}", known.detail, finding.detail);
                known.count += 1;
            }
            None => all.push(finding),
        }
    }
    all.sort_by_key(|finding| finding.code);
    all
}

impl Waiver {
    /// Whether it is about a finding. What tells a fact, or leaves something open, has nothing that could be waived.
    fn is_of(&self, finding: &Finding) -> bool {
        finding.severity != Severity::Info && self.codes.contains(&finding.code)
    }

    fn waive(&self, finding: Finding) -> Waived {
        Waived { finding, reason: self.reason.clone(), until: self.until }
    }
}

/// Column `findings`, row by row.
#[derive(Default)]
struct FindingLists {
    ends: Vec<usize>,
    count: usize,
    texts: [StringBuilder; 4],
    counts: Int32Builder,
}

impl FindingLists {
    fn push(&mut self, finding: &StoredFinding<'_>) {
        self.count += 1;
        let texts = [finding.code.as_str(), finding.severity, finding.subject, finding.detail];
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.append_value(text));
        self.counts.append_value(i32::try_from(finding.count).unwrap_or(i32::MAX));
    }

    fn end_row(&mut self) {
        self.ends.push(self.count);
    }

    fn finish(mut self) -> Result<ArrayRef, DatasetError> {
        let schema = schema();
        let (item, fields) = finding_fields(schema.field_with_name("findings")?)?;
        let [code, severity, subject, detail] = self.texts.each_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let columns = vec![code, severity, subject, detail, Arc::new(self.counts.finish()) as ArrayRef];
        let lengths = self.ends.iter().scan(0, |before, end| Some(end - std::mem::replace(before, *end)));
        let findings = StructArray::try_new(fields, columns, None)?;
        Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), Arc::new(findings), None)?))
    }
}

fn finding_fields(field: &Field) -> Result<(Arc<Field>, Fields), DatasetError> {
    if let DataType::List(item) = field.data_type()
        && let DataType::Struct(fields) = item.data_type()
    {
        return Ok((Arc::clone(item), fields.clone()));
    }
    Err(DatasetError::Column("findings".to_owned()))
}

/// The batch with other findings, and what follows from them.
fn replaced(batch: &RecordBatch, findings: ArrayRef, worst: ArrayRef) -> Result<RecordBatch, DatasetError> {
    let schema = schema();
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let (field, column) = match field.name().as_str() {
            "findings" => (Arc::new(schema.field_with_name("findings")?.clone()), Arc::clone(&findings)),
            "worst" => (Arc::clone(field), Arc::clone(&worst)),
            _ => (Arc::clone(field), Arc::clone(column)),
        };
        fields.push(field);
        columns.push(column);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
