//! A field that carries its own documentation: Arrow metadata `comment`, and `unit` and `range` where they apply.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};

use super::kind::Column;

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
pub(in crate::dataset) fn documented<K: Column>(name: &str, comment: &str, unit: Option<&str>, range: Option<String>) -> Field {
    let comment = comment.trim_start().to_owned();
    let unit = unit.map(|unit| (UNIT, unit.to_owned()));
    let range = range.or_else(K::range).map(|range| (RANGE, range));
    let metadata = [Some((COMMENT, comment)), unit, range].into_iter().flatten().map(|(key, value)| (key.to_owned(), value));
    Field::new(name, K::data_type(), true).with_metadata(HashMap::from_iter(metadata))
}

/// Microseconds since 1970 in UTC.
pub(in crate::dataset) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A list of plain values or structs.
pub(super) fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new(ELEMENT, element, true)))
}
