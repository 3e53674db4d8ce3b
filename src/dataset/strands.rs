//! The columns of a batch one by one, structs taken apart: each is packed, and waits for that, by itself.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StructArray};
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::column::nulls;
use super::schema;

/// A column that is no struct, with the structs around it of which it is the only field.
#[derive(Debug)]
pub(super) struct Strand {
    /// Its place in the table and, within each of the structs, among the fields.
    path: Vec<usize>,
    /// A table with this column alone.
    schema: SchemaRef,
}

/// All columns, in the order of the schema.
pub(super) fn strands() -> &'static [Strand] {
    static STRANDS: LazyLock<Vec<Strand>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for (place, field) in schema().fields().iter().enumerate() {
            for (mut path, field) in below(field) {
                path.insert(0, place);
                all.push(Strand { path, schema: Arc::new(Schema::new(vec![field])) });
            }
        }
        all
    });
    &STRANDS
}

/// The strands of a field, each with its path within it.
fn below(field: &FieldRef) -> Vec<(Vec<usize>, FieldRef)> {
    let DataType::Struct(children) = field.data_type() else { return vec![(Vec::new(), Arc::clone(field))] };
    let mut all = Vec::new();
    for (place, child) in children.iter().enumerate() {
        for (mut path, child) in below(child) {
            path.insert(0, place);
            let alone = field.as_ref().clone().with_data_type(DataType::Struct(Fields::from(vec![child])));
            all.push((path, Arc::new(alone)));
        }
    }
    all
}

impl Strand {
    /// A table with this column alone.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The column with the structs around it.
    pub(super) fn field(&self) -> &FieldRef {
        &self.schema.fields()[0]
    }

    /// The column of a batch.
    ///
    /// # Errors
    /// If the batch has other columns than the schema.
    pub(super) fn of(&self, batch: &RecordBatch) -> Result<ArrayRef, ArrowError> {
        let missing = || ArrowError::SchemaError(format!("no column {}", self.field().name()));
        let (place, within) = self.path.split_first().ok_or_else(missing)?;
        alone(batch.columns().get(*place).ok_or_else(missing)?, self.field(), within).ok_or_else(missing)
    }

    /// How many structs around the column are there in every row before one, or the column itself, that is in none; `None` where it is not so.
    pub(super) fn nothing_in(column: &ArrayRef) -> Option<usize> {
        if column.null_count() == column.len() {
            return Some(0);
        }
        let only = column.as_struct_opt().filter(|around| around.null_count() == 0)?.columns().first()?;
        Self::nothing_in(only).map(|depth| depth + 1)
    }

    /// So many rows of nothing within so many structs.
    ///
    /// # Errors
    /// If there are not so many structs around the column.
    pub(super) fn nothing(&self, depth: usize, rows: usize) -> Result<ArrayRef, ArrowError> {
        nothing(self.field(), depth, rows)
    }
}

fn nothing(field: &FieldRef, depth: usize, rows: usize) -> Result<ArrayRef, ArrowError> {
    match (depth, field.data_type()) {
        (0, data_type) => Ok(nulls(data_type, rows)),
        (_, DataType::Struct(only)) => {
            let within = only.iter().map(|field| nothing(field, depth - 1, rows)).collect::<Result<_, _>>()?;
            Ok(Arc::new(StructArray::try_new(only.clone(), within, None)?))
        }
        _ => Err(ArrowError::SchemaError(format!("{} is no struct", field.name()))),
    }
}

/// The structs with one column each, along a path; `field` is what becomes of it.
fn alone(array: &ArrayRef, field: &FieldRef, path: &[usize]) -> Option<ArrayRef> {
    let Some((place, within)) = path.split_first() else { return Some(Arc::clone(array)) };
    let (around, DataType::Struct(only)) = (array.as_struct_opt()?, field.data_type()) else { return None };
    let column = alone(around.columns().get(*place)?, only.first()?, within)?;
    Some(Arc::new(StructArray::try_new(only.clone(), vec![column], around.nulls().cloned()).ok()?))
}

/// The batch of which these are all strands.
///
/// # Errors
/// If they are not.
pub(super) fn batch_of(strands: &[ArrayRef]) -> Result<RecordBatch, ArrowError> {
    let (schema, mut rest) = (schema(), strands);
    let column = |field: &FieldRef| {
        let (own, behind) =
            rest.split_at_checked(below(field).len()).ok_or_else(|| ArrowError::SchemaError("too few columns".to_owned()))?;
        rest = behind;
        joined(field, own)
    };
    let columns = schema.fields().iter().map(column).collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema, columns)
}

/// The field of which these are the strands.
fn joined(field: &FieldRef, strands: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
    let missing = || ArrowError::SchemaError(format!("no column {}", field.name()));
    let first = strands.first().ok_or_else(missing)?;
    let DataType::Struct(children) = field.data_type() else { return Ok(Arc::clone(first)) };
    let within: Vec<ArrayRef> = strands.iter().filter_map(|strand| strand.as_struct_opt()?.columns().first().cloned()).collect();
    let mut rest = within.as_slice();
    let column = |child: &FieldRef| {
        let (own, behind) = rest.split_at_checked(below(child).len()).ok_or_else(missing)?;
        rest = behind;
        joined(child, own)
    };
    let columns = children.iter().map(column).collect::<Result<_, _>>()?;
    Ok(Arc::new(StructArray::try_new(children.clone(), columns, first.nulls().cloned())?))
}

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::TestRunner;

    use super::*;
    use crate::dataset::{Record, record_batch, samples};

    #[test]
    fn a_batch_is_taken_apart_and_put_together_again() {
        let records = proptest::collection::vec(samples::record(), 50).new_tree(&mut TestRunner::deterministic()).unwrap().current();
        let batch = record_batch(&records).unwrap();
        let strands: Vec<ArrayRef> = strands().iter().map(|strand| strand.of(&batch).unwrap()).collect();
        assert_eq!(batch_of(&strands).unwrap(), batch);
    }

    #[test]
    fn what_has_no_value_is_known_and_is_there_again() {
        let batch = record_batch(&[samples::absent(0, "example.com"), samples::absent(1, "example.org")]).unwrap();
        let nothing = |strand: &&Strand| Strand::nothing_in(&strand.of(&batch).unwrap()).is_some();
        assert!(strands().iter().filter(nothing).count() > strands().len() / 2);
        for strand in strands() {
            let column = strand.of(&batch).unwrap();
            if let Some(depth) = Strand::nothing_in(&column) {
                assert_eq!(&strand.nothing(depth, 2).unwrap(), &column, "{}", strand.field());
            }
        }
        let none: [Record; 0] = [];
        assert_eq!(record_batch(&none).unwrap().num_rows(), 0);
    }
}
