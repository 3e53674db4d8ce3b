//! The columns of a batch one by one, structs taken apart, and lists where they go into a file: each is packed, and waits for that, by itself.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array as _, ArrayRef, AsArray as _, ListArray, RecordBatch, StructArray};
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::column::nulls;
use super::schema;

/// A column that is no struct, with the structs around it of which it is the only field.
#[derive(Debug)]
pub(super) struct Strand {
    column: Alone,
    leaves: Vec<Alone>,
}

/// A table with one column alone.
#[derive(Debug)]
pub(super) struct Alone(SchemaRef);

/// All columns, in the order of the schema.
pub(super) fn strands() -> &'static [Strand] {
    static STRANDS: LazyLock<Vec<Strand>> = LazyLock::new(|| {
        let strand = |field: FieldRef| {
            let leaves = apart(&field, true).into_iter().map(Alone::new).collect();
            Strand { column: Alone::new(field), leaves }
        };
        schema().fields().iter().flat_map(|field| apart(field, false)).map(strand).collect()
    });
    &STRANDS
}

/// A field once for each column in it that is no struct, as if that were the only one; `lists` whether lists are taken apart, too.
fn apart(field: &FieldRef, lists: bool) -> Vec<FieldRef> {
    let around = |data_type: DataType| Arc::new(field.as_ref().clone().with_data_type(data_type));
    match field.data_type() {
        DataType::Struct(children) => {
            let only = children.iter().flat_map(|child| apart(child, lists));
            only.map(|only| around(DataType::Struct(Fields::from(vec![only])))).collect()
        }
        DataType::List(elements) if lists => apart(elements, lists).into_iter().map(|only| around(DataType::List(only))).collect(),
        _ => vec![Arc::clone(field)],
    }
}

impl Alone {
    fn new(field: FieldRef) -> Self {
        Self(Arc::new(Schema::new(vec![field])))
    }

    /// The table.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.0
    }

    /// Its column.
    pub(super) fn field(&self) -> &FieldRef {
        &self.0.fields()[0]
    }

    /// The column of an array that has others beside it.
    ///
    /// # Errors
    /// If the array has it not.
    pub(super) fn of(&self, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        only(array, self.field())
    }
}

/// The column of this type of an array that has others beside it.
fn only(array: &ArrayRef, field: &FieldRef) -> Result<ArrayRef, ArrowError> {
    let missing = || ArrowError::SchemaError(format!("no column {}", field.name()));
    if array.data_type() == field.data_type() {
        return Ok(Arc::clone(array));
    }
    Ok(match field.data_type() {
        DataType::Struct(fields) => {
            let (around, field) = (array.as_struct_opt().ok_or_else(missing)?, fields.first().ok_or_else(missing)?);
            let column = only(around.column_by_name(field.name()).ok_or_else(missing)?, field)?;
            Arc::new(StructArray::try_new(fields.clone(), vec![column], around.nulls().cloned())?)
        }
        DataType::List(elements) => {
            let around = array.as_list_opt::<i32>().ok_or_else(missing)?;
            let column = only(around.values(), elements)?;
            Arc::new(ListArray::try_new(Arc::clone(elements), around.offsets().clone(), column, around.nulls().cloned())?)
        }
        _ => return Err(missing()),
    })
}

impl Strand {
    /// A table with this column alone.
    pub(super) fn schema(&self) -> &SchemaRef {
        self.column.schema()
    }

    /// The column with the structs around it.
    pub(super) fn field(&self) -> &FieldRef {
        self.column.field()
    }

    /// The columns that Parquet sees, which are several where it is a list of structs.
    pub(super) fn leaves(&self) -> &[Alone] {
        &self.leaves
    }

    /// The column of a batch.
    ///
    /// # Errors
    /// If the batch has other columns than the schema.
    pub(super) fn of(&self, batch: &RecordBatch) -> Result<ArrayRef, ArrowError> {
        let name = self.field().name();
        self.column.of(batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")))?)
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

/// The batch of which these are all strands.
///
/// # Errors
/// If they are not.
pub(super) fn batch_of(strands: &[ArrayRef]) -> Result<RecordBatch, ArrowError> {
    let (schema, mut rest) = (schema(), strands);
    let column = |field: &FieldRef| {
        let (own, behind) =
            rest.split_at_checked(apart(field, false).len()).ok_or_else(|| ArrowError::SchemaError("too few columns".to_owned()))?;
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
        let (own, behind) = rest.split_at_checked(apart(child, false).len()).ok_or_else(missing)?;
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
