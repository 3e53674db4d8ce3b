//! What a kind of column is: its Arrow type, the builder that fills it, the reader that takes it apart, and a field that carries its own
//! documentation (Arrow metadata `comment`, and `unit` and `range` where they apply).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field as ArrowField, TimeUnit};
use arrow::error::ArrowError;

use super::group::Group;
use crate::dataset::error::DatasetError;
use crate::vocabulary::Meaning;

/// A kind of column, and the builder of one.
pub(in crate::dataset) trait Column: Default {
    /// What a row holds, if it is not null.
    type Value;
    /// The way back.
    type Reader: ColumnReader<Value = Self::Value>;

    /// The type in the schema.
    fn data_type() -> DataType;

    /// The values that can occur, where the kind defines them: the words of a vocabulary.
    fn range() -> Option<String> {
        None
    }

    /// Adds the columns of words at this place and below it, with what their words mean.
    fn words(_: &str, _: &mut Vocabularies) {}

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

/// Columns of words by their paths, as `evidence.mx.outcome`, each with its words in the order of the documentation.
#[derive(Clone, Debug, Default)]
pub struct Vocabularies(Vec<(String, Vec<Meaning>)>);

impl Vocabularies {
    /// Adds a column. Of a list the path is that of the list.
    pub(in crate::dataset) fn add(&mut self, path: &str, words: impl IntoIterator<Item = Meaning>) {
        let words: Vec<Meaning> = words.into_iter().collect();
        if !words.is_empty() {
            self.0.push((path.trim_end_matches("[]").to_owned(), words));
        }
    }

    /// The words of a column; none where it is no column of words.
    pub fn of(&self, path: &str) -> &[Meaning] {
        self.0.iter().find(|(known, _)| known == path).map_or(&[], |(_, words)| words)
    }

    /// Every vocabulary once, with the columns that have it, in the order of the first of them.
    pub fn grouped(&self) -> Vec<(Vec<&str>, &[Meaning])> {
        let mut groups: Vec<(Vec<&str>, &[Meaning])> = Vec::new();
        for (path, words) in &self.0 {
            match groups.iter_mut().find(|(_, known)| known == words) {
                Some((columns, _)) => columns.push(path),
                None => groups.push((vec![path], words)),
            }
        }
        groups
    }
}

/// The path of a field of the struct at `path`, or of the table, whose path is empty.
pub(in crate::dataset) fn below(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
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

/// Metadata key: what the field means, in a sentence.
pub const COMMENT: &str = "comment";
/// Metadata key: unit of a number.
pub const UNIT: &str = "unit";
/// Metadata key: values that can occur, as an interval or as the words of a closed vocabulary.
pub const RANGE: &str = "range";
/// Name of a list's inner field, as the Parquet format has it.
const ELEMENT: &str = "element";

/// The nullable field of a declared column: its doc comment, of which every line begins with a space, its unit and its range, which is
/// that of its kind where the declaration gives none.
pub(in crate::dataset) fn documented<K: Column>(name: &str, comment: &str, unit: Option<&str>, range: Option<String>) -> ArrowField {
    let comment = comment.trim_start().to_owned();
    let unit = unit.map(|unit| (UNIT, unit.to_owned()));
    let range = range.or_else(K::range).map(|range| (RANGE, range));
    let metadata = [Some((COMMENT, comment)), unit, range].into_iter().flatten().map(|(key, value)| (key.to_owned(), value));
    ArrowField::new(name, K::data_type(), true).with_metadata(HashMap::from_iter(metadata))
}

/// Microseconds since 1970 in UTC.
pub(in crate::dataset) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A list of plain values or structs.
pub(super) fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(ArrowField::new(ELEMENT, element, true)))
}
