//! What a kind of column is: its Arrow type, the builder that fills it and the reader that takes it apart.

use std::fmt;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::dataset::error::DatasetError;

use super::group::Group;

/// A kind of column, and the builder of one.
pub(in crate::dataset) trait Column: Default {
    /// What a row holds, if it is not null.
    type Value;
    /// The way back.
    type Reader: ColumnReader<Value = Self::Value>;

    /// The type in the schema.
    fn data_type() -> DataType;

    /// The values that can occur, where the kind itself tells: the words of a vocabulary.
    fn range() -> Option<String> {
        None
    }

    /// Adds the same to so many rows; `None` is null.
    fn append_times(&mut self, value: Option<&Self::Value>, rows: usize);

    /// Adds a row.
    fn append(&mut self, value: Option<&Self::Value>) {
        self.append_times(value, 1);
    }

    /// The column, in its type with all documentation, as the schema has it.
    fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError>;

    /// What a field that is never null holds in datasets that are older than its column.
    fn absent() -> Option<Self::Value> {
        None
    }
}

/// Reader of a kind of column.
pub(in crate::dataset) trait ColumnReader: Sized {
    /// What a row holds, if it is not null.
    type Value;

    /// Takes the column; `path` is its name in errors.
    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError>;

    /// The value of a row; `None` where it is null.
    fn get(&self, row: usize) -> Result<Option<Self::Value>, DatasetError>;
}

/// A field of a struct as a value that may be null: the value itself, or an `Option` of it.
pub(in crate::dataset) trait Field<T>: Sized {
    /// What is written; `None` for null.
    fn written(&self) -> Option<&T>;
    /// The field of what was read; `None` if it may not be null.
    fn read(value: Option<T>) -> Option<Self>;
}

impl<T> Field<T> for T {
    fn written(&self) -> Option<&T> {
        Some(self)
    }

    fn read(value: Option<T>) -> Option<Self> {
        value
    }
}

impl<T> Field<T> for Option<T> {
    fn written(&self) -> Option<&T> {
        self.as_ref()
    }

    fn read(value: Option<T>) -> Option<Self> {
        Some(value)
    }
}

impl<T> Field<T> for Option<Box<T>> {
    fn written(&self) -> Option<&T> {
        self.as_deref()
    }

    fn read(value: Option<T>) -> Option<Self> {
        Some(value.map(Box::new))
    }
}

/// The reader of a declared column in its struct, or that the dataset is older than the column.
pub(in crate::dataset) struct Slot<K: Column> {
    path: String,
    reader: Option<K::Reader>,
}

impl<K: Column> Slot<K> {
    /// Finds the column.
    ///
    /// # Errors
    /// If it has another type.
    pub(in crate::dataset) fn of(group: &Group, name: &str) -> Result<Self, DatasetError> {
        let path = group.path_of(name);
        let reader = group.array(name).map(|column| K::Reader::of(column, &path)).transpose()?;
        Ok(Self { path, reader })
    }

    /// The field of a row.
    ///
    /// # Errors
    /// If the value is none that this version writes; if the column is missing and the field may not be null.
    pub(in crate::dataset) fn get<F: Field<K::Value>>(&self, row: usize) -> Result<F, DatasetError> {
        let value = self.reader.as_ref().map_or(Ok(None), |reader| reader.get(row))?;
        if let Some(field) = F::read(value) {
            return Ok(field);
        }
        K::absent().and_then(|value| F::read(Some(value))).ok_or_else(|| match self.reader {
            Some(_) => DatasetError::Value { column: self.path.clone(), value: "null".to_owned() },
            None => DatasetError::Column(self.path.clone()),
        })
    }
}

impl<K: Column> fmt::Debug for Slot<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("path", &self.path).finish_non_exhaustive()
    }
}
