//! A field that carries its own documentation: Arrow metadata `comment`, and `unit` and `range` where they apply.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

/// Metadata key: what the field means, in a sentence.
pub const COMMENT: &str = "comment";
/// Metadata key: unit of a number.
pub const UNIT: &str = "unit";
/// Metadata key: values that can occur, as an interval or as the words of a closed vocabulary.
pub const RANGE: &str = "range";
/// Name of a list's inner field, as the Parquet format has it.
pub(super) const ELEMENT: &str = "element";

/// A nullable field with its documentation.
pub(super) fn field(name: &str, data_type: DataType, comment: &str) -> Field {
    Field::new(name, data_type, true).with_metadata(HashMap::from([(COMMENT.to_owned(), comment.to_owned())]))
}

/// Adds a unit to a field.
pub(super) fn unit(field: Field, unit: &str) -> Field {
    with(field, UNIT, unit)
}

/// Adds the interval of the values to a field.
pub(super) fn range(field: Field, range: &str) -> Field {
    with(field, RANGE, range)
}

/// Adds the words of a closed vocabulary to a field.
pub(super) fn words(field: Field, words: impl IntoIterator<Item = &'static str>) -> Field {
    let words: Vec<_> = words.into_iter().collect();
    with(field, RANGE, &words.join(", "))
}

fn with(field: Field, key: &str, value: &str) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.insert(key.to_owned(), value.to_owned());
    field.with_metadata(metadata)
}

/// Microseconds since 1970 in UTC.
pub(super) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A list of plain values.
pub(super) fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new(ELEMENT, element, true)))
}

/// A struct of documented fields.
pub(super) fn group(fields: Vec<Field>) -> DataType {
    DataType::Struct(Fields::from(fields))
}
