//! Batches of one dataset turned into those of another: judged again, or without what the list brought along.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};

use crate::classify::{Assessment, PolicyHost};
use crate::dataset::column::{ADDED, Column, Group, List, Shape};
use crate::dataset::error::DatasetError;
use crate::dataset::evidence::{EvidenceColumns, EvidenceRows};
use crate::dataset::flat::{JudgementBuilder, POLICY_HOSTS, PolicyHostColumn};
use crate::dataset::schema;
use crate::dataset::target::{CarriedBuilder, NameBuilder};

/// The rows of another dataset's batch with the columns that judgement fills computed again; target, times and evidence are taken over as they
/// are. A judgement a row.
///
/// # Errors
/// If a column is missing, or there are not as many judgements as rows.
pub fn rejudged_batch(batch: &RecordBatch, assessments: &[Arc<Assessment>]) -> Result<RecordBatch, DatasetError> {
    if assessments.len() != batch.num_rows() {
        return Err(DatasetError::Inconsistent(format!("{} judgements of {} rows", assessments.len(), batch.num_rows())));
    }
    let (mut names, mut judgement) = (NameBuilder::default(), JudgementBuilder::default());
    let domains: StringArray = Group::table(batch).column("domain")?;
    for (domain, assessment) in domains.iter().zip(assessments) {
        names.append(domain.unwrap_or_default());
        judgement.append_times(assessment, 1);
    }
    let schema = schema();
    let shape = Shape::of_fields(schema.fields());
    let mut made: Vec<(&str, ArrayRef)> = names.into_columns();
    made.extend(judgement.finish(&shape)?);
    let column = |field: &Arc<Field>| -> Result<ArrayRef, DatasetError> {
        let name = field.name().as_str();
        match made.iter().find(|(made, _)| *made == name) {
            Some((_, column)) => Ok(Arc::clone(column)),
            None if name == "evidence" => evidence_of_today(batch, field.data_type()),
            None => batch.column_by_name(name).map_or_else(|| absent(field, batch.num_rows()), |column| Ok(Arc::clone(column))),
        }
    };
    let columns = schema.fields().iter().map(column).collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// Column `evidence` as it is, or encoded again where another version wrote it with other columns, or said other things of them.
fn evidence_of_today(batch: &RecordBatch, data_type: &DataType) -> Result<ArrayRef, DatasetError> {
    if let Some(evidence) = batch.column_by_name("evidence").filter(|evidence| evidence.data_type() == data_type) {
        return Ok(Arc::clone(evidence));
    }
    let columns = EvidenceColumns::of(batch)?;
    let mut builder = EvidenceRows::default();
    for row in 0..batch.num_rows() {
        builder.push(&columns.row(row)?);
    }
    Ok(builder.finish(data_type)?)
}

/// The same rows, of which no answer says whether it was validated: the resolver was not trusted to.
///
/// # Errors
/// If a value is none that this version writes.
pub fn without_validation(batch: &RecordBatch) -> Result<RecordBatch, DatasetError> {
    let schema = batch.schema();
    let of_today = self::schema();
    let (columns, mut builder) = (EvidenceColumns::of(batch)?, EvidenceRows::default());
    for row in 0..batch.num_rows() {
        let mut evidence = columns.row(row)?;
        // Its own probe knows better.
        if !evidence.mx_asked.is_some_and(|asked| asked.validates) {
            evidence.forget_validation();
        }
        builder.push(&evidence);
    }
    let field = of_today.field_with_name("evidence")?.clone();
    let evidence = builder.finish(field.data_type())?;
    let place = schema.index_of("evidence")?;
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    let mut arrays = batch.columns().to_vec();
    if let (Some(slot), Some(array)) = (fields.get_mut(place), arrays.get_mut(place)) {
        (*slot, *array) = (Arc::new(field), evidence);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// The same rows with what `change` makes of the addresses of their policy hosts.
///
/// # Errors
/// If the batch has other columns than the schema.
pub fn with_policy_hosts(batch: &RecordBatch, change: impl Fn(PolicyHost) -> PolicyHost) -> Result<RecordBatch, DatasetError> {
    let known = PolicyHostColumn::of(batch)?;
    let changed = |row| Some(known.row(row)?.into_iter().map(&change).collect());
    let rows: Vec<Option<Vec<PolicyHost>>> = (0..batch.num_rows()).map(changed).collect();
    let schema = batch.schema();
    let column = |(field, column): (&Arc<Field>, &ArrayRef)| match field.name().as_str() {
        POLICY_HOSTS => PolicyHostColumn::written(&rows, field.data_type()),
        _ => Ok(Arc::clone(column)),
    };
    let columns = schema.fields().iter().zip(batch.columns()).map(column).collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// The same rows without what was carried along from the list.
///
/// # Errors
/// If the batch has other columns than the schema.
pub fn with_nothing_carried(batch: &RecordBatch) -> Result<RecordBatch, DatasetError> {
    let schema = schema();
    let column = |field: &Arc<Field>| match field.name().as_str() {
        "carried" => nothing_carried(batch.num_rows(), field.data_type()),
        "evidence" => evidence_of_today(batch, field.data_type()),
        name => match batch.column_by_name(name) {
            // What is said of a column is a part of its type where it is nested.
            Some(column) if column.data_type() != field.data_type() => Ok(cast(column, field.data_type())?),
            Some(column) => Ok(Arc::clone(column)),
            None => absent(field, batch.num_rows()),
        },
    };
    let columns = schema.fields().iter().map(column).collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// What stands for a column that a dataset lacks.
fn absent(field: &Field, rows: usize) -> Result<ArrayRef, DatasetError> {
    match field.name().as_str() {
        "carried" => nothing_carried(rows, field.data_type()),
        name if ADDED.contains(&name) => Ok(new_null_array(field.data_type(), rows)),
        name => Err(DatasetError::Column(name.to_owned())),
    }
}

/// Column `carried` of a dataset that is older than it.
fn nothing_carried(rows: usize, data_type: &DataType) -> Result<ArrayRef, DatasetError> {
    let mut builder = List::<CarriedBuilder>::default();
    builder.push_times(Some(&[]), rows);
    Ok(builder.finish(data_type)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{record_batch, samples};

    /// A field of which nothing is said.
    fn bare(field: &Arc<Field>) -> Arc<Field> {
        let data_type = match field.data_type() {
            DataType::Struct(fields) => DataType::Struct(fields.iter().map(bare).collect()),
            DataType::List(element) => DataType::List(bare(element)),
            plain => plain.clone(),
        };
        Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
    }

    #[test]
    fn what_another_version_says_of_columns_does_not_matter() {
        let today = record_batch(&[samples::absent(0, "example.com"), samples::absent(1, "example.org")]).unwrap();
        let fields: Vec<Arc<Field>> = today.schema().fields().iter().map(bare).collect();
        let columns = fields.iter().zip(today.columns()).map(|(field, column)| cast(column, field.data_type()).unwrap()).collect();
        let other = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        assert_ne!(other.schema(), today.schema());
        assert_eq!(with_nothing_carried(&other).unwrap(), with_nothing_carried(&today).unwrap());
    }

    #[test]
    fn columns_that_were_added_are_null_and_others_are_missed() {
        let today = record_batch(&[samples::absent(0, "example.com"), samples::absent(1, "example.org")]).unwrap();
        let without = |left_out: &[&str]| {
            let schema = today.schema();
            let kept = (0..schema.fields().len()).filter(|place| !left_out.contains(&schema.field(*place).name().as_str()));
            today.project(&kept.collect::<Vec<_>>()).unwrap()
        };
        let old = without(&[ADDED, &["carried"]].concat());
        let judged: Vec<_> = (0..2).map(|_| Arc::new(Assessment::default())).collect();
        for filled in [with_nothing_carried(&old).unwrap(), rejudged_batch(&old, &judged).unwrap()] {
            assert_eq!(filled.schema(), today.schema());
            // What judgement fills with a list is a list without elements.
            let added = ADDED.iter().filter(|name| **name != "rua_hosts");
            assert!(added.clone().count() == ADDED.len() - 1);
            assert!(added.into_iter().all(|name| filled.column_by_name(name).unwrap().null_count() == 2));
        }
        let error = with_nothing_carried(&without(&["posture"])).unwrap_err();
        assert!(matches!(error, DatasetError::Column(name) if name == "posture"));
    }
}
