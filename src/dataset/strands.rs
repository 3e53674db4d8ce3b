//! The columns of a batch one by one, structs taken apart, and lists where they go into a file: each is packed, and waits for that, by itself.

use std::sync::{Arc, LazyLock, OnceLock};

use arrow::array::{Array as _, ArrayRef, AsArray as _, ListArray, RecordBatch, StructArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ArrowSchemaConverter;
use parquet::errors::ParquetError;
use parquet::schema::types::SchemaDescPtr;

use super::column::nulls;
use super::schema;

/// The columns that each row has for itself: whose it is, when it was asked and how fast the answers were.
pub(super) const OWN: [&str; 16] = [
    "ordinal",
    "domain",
    "rank",
    "line",
    "tld",
    "suffix",
    "org_domain",
    "scanned_at",
    "elapsed_ms",
    "carried",
    "evidence.mx.ttl",
    "evidence.mx.rtt_us",
    "evidence.sts_txt.ttl",
    "evidence.sts_txt.rtt_us",
    "evidence.tlsrpt_txt.ttl",
    "evidence.tlsrpt_txt.rtt_us",
];

/// A column that is no struct, with the structs around it of which it is the only field.
#[derive(Debug)]
pub(super) struct Strand {
    /// Its place in a batch, or that of the struct that it is in.
    root: usize,
    column: Alone,
    leaves: Vec<Alone>,
    /// The number of the first of these among all that Parquet sees.
    first_leaf: usize,
    /// Its place among the columns that each row has for itself.
    own: Option<usize>,
}

/// A table with one column alone.
#[derive(Debug)]
pub(super) struct Alone {
    schema: SchemaRef,
    /// As Parquet sees it; found out when it is asked for.
    described: OnceLock<SchemaDescPtr>,
    /// Where it is in an array that has others beside it: its place in each of the structs around it, the outermost first.
    path: Vec<usize>,
}

/// All columns, in the order of the schema.
pub(super) fn strands() -> &'static [Strand] {
    static STRANDS: LazyLock<Vec<Strand>> = LazyLock::new(|| {
        let mut next_leaf = 0;
        let strand = |(root, column): (usize, Alone)| {
            let (leaves, path) = (apart(column.field(), true), path(column.field()));
            let first_leaf = next_leaf;
            next_leaf += leaves.len();
            Strand { root, leaves, first_leaf, own: OWN.iter().position(|own| *own == path), column }
        };
        let of = |(root, field)| apart(field, false).into_iter().map(move |column| (root, column));
        schema().fields().iter().enumerate().flat_map(of).map(strand).collect()
    });
    &STRANDS
}

/// A field once for each column in it that is no struct, as if that were the only one; `lists` whether lists are taken apart, too.
fn apart(field: &FieldRef, lists: bool) -> Vec<Alone> {
    let around = |only: &Alone, data_type, place: Option<usize>| {
        Alone::new(field.as_ref().clone().with_data_type(data_type).into(), place.into_iter().chain(only.path.iter().copied()).collect())
    };
    let in_struct = |only: &Alone, place| around(only, DataType::Struct(Fields::from(vec![Arc::clone(only.field())])), Some(place));
    let in_list = |only: &Alone| around(only, DataType::List(Arc::clone(only.field())), None);
    match field.data_type() {
        DataType::Struct(children) => {
            let of_child = |(place, child)| apart(child, lists).into_iter().map(move |only| in_struct(&only, place));
            children.iter().enumerate().flat_map(of_child).collect()
        }
        DataType::List(elements) if lists => apart(elements, lists).iter().map(in_list).collect(),
        _ => vec![Alone::new(Arc::clone(field), Vec::new())],
    }
}

/// The names of the structs around a column, and its own.
fn path(field: &FieldRef) -> String {
    match field.data_type() {
        DataType::Struct(only) => only.iter().fold(field.name().clone(), |above, field| format!("{above}.{}", path(field))),
        _ => field.name().clone(),
    }
}

impl Alone {
    fn new(field: FieldRef, path: Vec<usize>) -> Self {
        Self { schema: Arc::new(Schema::new(vec![field])), described: OnceLock::new(), path }
    }

    /// The table as Parquet sees it.
    ///
    /// # Errors
    /// If Parquet has no such column.
    pub(super) fn described(&self) -> Result<SchemaDescPtr, ParquetError> {
        if let Some(described) = self.described.get() {
            return Ok(Arc::clone(described));
        }
        let described = Arc::new(ArrowSchemaConverter::new().convert(&self.schema)?);
        Ok(Arc::clone(self.described.get_or_init(|| described)))
    }

    /// The table.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Its column.
    pub(super) fn field(&self) -> &FieldRef {
        &self.schema.fields()[0]
    }

    /// The column of an array that has others beside it.
    ///
    /// # Errors
    /// If the array has it not.
    pub(super) fn of(&self, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        only(array, self.field(), &self.path)
    }
}

/// The column of this type, and at this place, of an array that has others beside it.
fn only(array: &ArrayRef, field: &FieldRef, path: &[usize]) -> Result<ArrayRef, ArrowError> {
    let missing = || ArrowError::SchemaError(format!("no column {}", field.name()));
    let Some((place, within)) = path.split_first() else { return Ok(Arc::clone(array)) };
    Ok(match field.data_type() {
        DataType::Struct(fields) => {
            let (around, field) = (array.as_struct_opt().ok_or_else(missing)?, fields.first().ok_or_else(missing)?);
            let column = only(around.columns().get(*place).ok_or_else(missing)?, field, within)?;
            Arc::new(StructArray::try_new(fields.clone(), vec![column], around.nulls().cloned())?)
        }
        DataType::List(elements) => {
            let around = array.as_list_opt::<i32>().ok_or_else(missing)?;
            let column = only(around.values(), elements, path)?;
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
    /// If the batch has no such column.
    pub(super) fn of(&self, batch: &RecordBatch) -> Result<ArrayRef, ArrowError> {
        let missing = || ArrowError::SchemaError(format!("no column {}", self.field().name()));
        self.column.of(batch.columns().get(self.root).ok_or_else(missing)?)
    }

    /// How many structs are around the column.
    pub(super) fn depth(&self) -> usize {
        self.column.path.len()
    }

    /// The number of the first of its leaves among all that Parquet sees.
    pub(super) fn first_leaf(&self) -> usize {
        self.first_leaf
    }

    /// Its place among the columns of [`OWN`], if it is one of them.
    pub(super) fn own(&self) -> Option<usize> {
        self.own
    }

    /// What the column is in every row of a batch, if it has no value and is the same in all.
    pub(super) fn nothing_in(&self, batch: &RecordBatch) -> Option<Nothing> {
        nothing_along(batch.columns().get(self.root)?, self.column.path.iter().copied())
    }

    /// The same of the column alone, with the structs around it.
    pub(super) fn nothing_of(&self, column: &ArrayRef) -> Option<Nothing> {
        nothing_along(column, self.column.path.iter().map(|_| 0))
    }

    /// So many rows of it.
    ///
    /// # Errors
    /// If there are not so many structs around the column, or it is no list.
    pub(super) fn nothing(&self, nothing: Nothing, rows: usize) -> Result<ArrayRef, ArrowError> {
        nothing.array(self.field(), rows)
    }
}

/// What a column is in every row, along the places in the structs around it, the outermost first.
fn nothing_along(mut column: &ArrayRef, path: impl ExactSizeIterator<Item = usize>) -> Option<Nothing> {
    let depth = path.len();
    for (depth, place) in path.enumerate() {
        if column.null_count() == column.len() {
            return Some(Nothing::Null(depth));
        }
        column = column.as_struct_opt().filter(|around| around.null_count() == 0)?.columns().get(place)?;
    }
    if column.null_count() == column.len() {
        return Some(Nothing::Null(depth));
    }
    let offsets = column.as_list_opt::<i32>().filter(|list| list.null_count() == 0)?.offsets();
    (offsets.first() == offsets.last()).then_some(Nothing::Empty)
}

/// What a column without a value is in every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Nothing {
    /// Null, the column itself or a struct around it; within so many structs that are there.
    Null(usize),
    /// A list without elements.
    Empty,
}

impl Nothing {
    /// What a column is in every row of several batches, from what it is in each.
    pub(super) fn in_all(mut batches: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        let first = batches.next()??;
        batches.all(|other| other == Some(first)).then_some(first)
    }

    fn array(self, field: &FieldRef, rows: usize) -> Result<ArrayRef, ArrowError> {
        let within = match self {
            Self::Null(0) => return Ok(nulls(field.data_type(), rows)),
            Self::Null(depth) => Self::Null(depth - 1),
            Self::Empty => Self::Empty,
        };
        match field.data_type() {
            DataType::Struct(only) => {
                let columns = only.iter().map(|field| within.array(field, rows)).collect::<Result<_, _>>()?;
                Ok(Arc::new(StructArray::try_new(only.clone(), columns, None)?))
            }
            DataType::List(elements) if self == Self::Empty => {
                let (offsets, values) = (OffsetBuffer::new_zeroed(rows), new_empty_array(elements.data_type()));
                Ok(Arc::new(ListArray::try_new(Arc::clone(elements), offsets, values, None)?))
            }
            _ => Err(ArrowError::SchemaError(format!("{} cannot be {self:?}", field.name()))),
        }
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
        let known: Vec<(&Strand, Nothing)> = strands().iter().filter_map(|strand| Some((strand, strand.nothing_in(&batch)?))).collect();
        assert!(known.len() > strands().len() / 2);
        assert!(known.iter().any(|(_, nothing)| *nothing == Nothing::Empty));
        assert!(known.iter().any(|(_, nothing)| matches!(nothing, Nothing::Null(depth) if *depth > 0)));
        for (strand, nothing) in known {
            assert_eq!(&strand.nothing(nothing, 2).unwrap(), &strand.of(&batch).unwrap(), "{}", strand.field());
        }
        let none: [Record; 0] = [];
        assert_eq!(record_batch(&none).unwrap().num_rows(), 0);
    }

    #[test]
    fn a_column_that_is_not_the_same_nothing_in_all_rows_is_none() {
        let mut runner = TestRunner::deterministic();
        let records = proptest::collection::vec(samples::record(), 20).new_tree(&mut runner).unwrap().current();
        for pair in records.windows(2) {
            let [one, two] = [&pair[..1], &pair[1..]].map(|record| record_batch(record).unwrap());
            let both = record_batch(pair).unwrap();
            for strand in strands() {
                let each = [&one, &two].map(|batch| strand.nothing_in(batch));
                let expected = if each[0] == each[1] { each[0] } else { None };
                assert_eq!(strand.nothing_in(&both), expected, "{}", strand.field());
            }
        }
    }
}
