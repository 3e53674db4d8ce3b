//! Columns of columns: lists, columns that are mostly null, the fields of structs.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, ListArray, NullBufferBuilder, StructArray, UInt32Array, new_empty_array, new_null_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Fields};
use arrow::error::ArrowError;

use super::group::elements;
use super::kind::{Column, ColumnReader, Vocabularies, list};
use crate::dataset::error::DatasetError;

/// Most rows of one batch. Offsets of Utf8 and Binary have 31 bits; 64 KB of body or of records in every row must fit.
pub const MAX_BATCH_ROWS: usize = 4096;

/// The shape of a list column: how many elements each row has, or that it is null.
#[derive(Debug)]
pub(in crate::dataset) struct Lengths {
    lengths: Vec<usize>,
    valid: NullBufferBuilder,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { lengths: Vec::new(), valid: NullBufferBuilder::new(0) }
    }
}

impl Lengths {
    /// Adds the same to so many rows.
    pub(in crate::dataset) fn append_times(&mut self, length: Option<usize>, rows: usize) {
        self.lengths.resize(self.lengths.len() + rows, length.unwrap_or(0));
        match length {
            Some(_) => self.valid.append_n_non_nulls(rows),
            None => self.valid.append_n_nulls(rows),
        }
    }

    /// The list column of a type of the schema, over its elements.
    pub(in crate::dataset) fn finish(mut self, data_type: &DataType, elements: ArrayRef) -> Result<ArrayRef, ArrowError> {
        let DataType::List(field) = data_type else {
            return Err(ArrowError::SchemaError(format!("{data_type} is no list")));
        };
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        Ok(Arc::new(ListArray::try_new(Arc::clone(field), offsets, elements, self.valid.finish())?))
    }
}

/// A column whose rows are mostly null, such as the exchanges of those who publish no policy: the builder sees the rows that are there;
/// the others cost nothing but their place.
#[derive(Debug)]
pub(in crate::dataset) struct Sparse<K> {
    /// For every row its place among those that are there.
    places: Vec<Option<u32>>,
    present: u32,
    column: Option<Box<K>>,
}

impl<K> Default for Sparse<K> {
    fn default() -> Self {
        Self { places: Vec::new(), present: 0, column: None }
    }
}

impl<K: Column> Column for Sparse<K> {
    type Value = K::Value;
    type Reader = K::Reader;

    fn data_type() -> DataType {
        K::data_type()
    }

    fn range() -> Option<String> {
        K::range()
    }

    fn words(path: &str, found: &mut Vocabularies) {
        K::words(path, found);
    }

    fn append_times(&mut self, value: Option<&K::Value>, rows: usize) {
        for _ in 0..rows {
            self.places.push(value.is_some().then_some(self.present));
            if value.is_some() {
                self.present += 1;
                self.column.get_or_insert_default().append(value);
            }
        }
    }

    fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let rows = self.places.len();
        match self.column {
            None => Ok(nulls(data_type, rows)),
            Some(column) if self.present as usize == rows => column.finish(data_type),
            Some(column) => take(&column.finish(data_type)?, &UInt32Array::from(self.places), None),
        }
    }
}

/// So many nulls. Whoever needs nulls of a type for a batch shares them: they would be a third of what a row without records takes.
pub(in crate::dataset) fn nulls(data_type: &DataType, rows: usize) -> ArrayRef {
    static SHARED: Shared = Shared::new();
    if rows > MAX_BATCH_ROWS {
        return new_null_array(data_type, rows);
    }
    SHARED.get(data_type, |data_type| new_null_array(data_type, MAX_BATCH_ROWS)).slice(0, rows)
}

/// Nothing of a type, shared: a batch has it for each list without elements, and that of a connection has a hundred columns.
fn nothing(data_type: &DataType) -> ArrayRef {
    static SHARED: Shared = Shared::new();
    SHARED.get(data_type, new_empty_array)
}

/// A column of each type that was asked for.
struct Shared(Mutex<Vec<ArrayRef>>);

impl Shared {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn get(&self, data_type: &DataType, make: impl FnOnce(&DataType) -> ArrayRef) -> ArrayRef {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shared.iter().find(|array| array.data_type() == data_type);
        known.map(Arc::clone).unwrap_or_else(|| {
            let array = make(data_type);
            shared.push(Arc::clone(&array));
            array
        })
    }
}

/// The column with nulls that are shared wherever it, or a field of its structs, has no value.
pub(in crate::dataset) fn with_shared_nulls(column: ArrayRef) -> Result<ArrayRef, ArrowError> {
    if column.null_count() == column.len() {
        return Ok(nulls(column.data_type(), column.len()));
    }
    let Some(columns) = column.as_struct_opt() else { return Ok(column) };
    let (fields, columns, valid) = columns.clone().into_parts();
    let columns = columns.into_iter().map(with_shared_nulls).collect::<Result<_, _>>()?;
    Ok(Arc::new(StructArray::try_new(fields, columns, valid)?))
}

/// A list. Most lists of a dataset are empty: the column of the elements begins with the first of them.
#[derive(Debug)]
pub(in crate::dataset) struct List<K> {
    lengths: Lengths,
    elements: Option<Box<K>>,
}

impl<K> Default for List<K> {
    fn default() -> Self {
        Self { lengths: Lengths::default(), elements: None }
    }
}

impl<K: Column> List<K> {
    /// Adds the same list to so many rows; `None` is null.
    pub(in crate::dataset) fn push_times(&mut self, elements: Option<&[K::Value]>, rows: usize) {
        self.lengths.append_times(elements.map(<[_]>::len), rows);
        for element in (0..rows).flat_map(|_| elements.unwrap_or_default()) {
            self.elements.get_or_insert_default().append(Some(element));
        }
    }
}

impl<K: Column> Column for List<K> {
    type Value = Vec<K::Value>;
    type Reader = ListReader<K::Reader>;

    fn data_type() -> DataType {
        list(K::data_type())
    }

    fn range() -> Option<String> {
        K::range()
    }

    fn words(path: &str, found: &mut Vocabularies) {
        K::words(&format!("{path}[]"), found);
    }

    fn append_times(&mut self, value: Option<&Vec<K::Value>>, rows: usize) {
        self.push_times(value.map(Vec::as_slice), rows);
    }

    fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let kind = element(data_type)?;
        let elements = self.elements.map_or_else(|| Ok(nothing(kind)), |elements| elements.finish(kind))?;
        self.lengths.finish(data_type, elements)
    }

    fn absent() -> Option<Self::Value> {
        Some(Vec::new())
    }
}

/// Reader of lists.
#[derive(Debug)]
pub(in crate::dataset) struct ListReader<R> {
    lists: ListArray,
    elements: R,
}

impl<R: ColumnReader> ColumnReader for ListReader<R> {
    type Value = Vec<R::Value>;

    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        let lists: ListArray = column.as_list_opt().cloned().ok_or_else(|| DatasetError::Column(path.to_owned()))?;
        let elements = R::of(lists.values(), &format!("{path}[]"))?;
        Ok(Self { lists, elements })
    }

    fn get(&self, row: usize) -> Result<Option<Self::Value>, DatasetError> {
        let all = || elements(&self.lists, row).filter_map(|index| self.elements.get(index).transpose()).collect();
        self.lists.is_valid(row).then(all).transpose()
    }
}

/// The type of a list's elements.
pub(in crate::dataset) fn element(data_type: &DataType) -> Result<&DataType, ArrowError> {
    match data_type {
        DataType::List(field) => Ok(field.data_type()),
        other => Err(ArrowError::SchemaError(format!("{other} is no list"))),
    }
}

/// The fields of a struct, or of the whole table, to be filled by name so that no two columns can change places.
#[derive(Debug)]
pub(in crate::dataset) struct Shape(Fields);

impl Shape {
    pub(in crate::dataset) fn of(data_type: &DataType) -> Result<Self, ArrowError> {
        match data_type {
            DataType::Struct(fields) => Ok(Self(fields.clone())),
            DataType::List(element) => Self::of(element.data_type()),
            other => Err(ArrowError::SchemaError(format!("{other} is no struct"))),
        }
    }

    pub(in crate::dataset) fn of_fields(fields: &Fields) -> Self {
        Self(fields.clone())
    }

    /// The type of a field.
    pub(in crate::dataset) fn kind(&self, name: &str) -> Result<&DataType, ArrowError> {
        let field = self.0.find(name).ok_or_else(|| ArrowError::SchemaError(format!("no field {name}")))?;
        Ok(field.1.data_type())
    }

    /// The struct column of these columns, which must be all of the fields in their order.
    pub(in crate::dataset) fn assemble(self, nulls: Option<NullBuffer>, columns: Vec<(&str, ArrayRef)>) -> Result<StructArray, ArrowError> {
        if let Some((field, (name, _))) = self.0.iter().zip(&columns).find(|(field, (name, _))| field.name() != name) {
            return Err(ArrowError::SchemaError(format!("field {} is given {name}", field.name())));
        }
        StructArray::try_new(self.0, columns.into_iter().map(|(_, column)| column).collect(), nulls)
    }
}
