//! Columns: Arrow types with their builders and readers, from single values to the structs that are declared field by field.

mod group;
pub(super) mod kind;
mod nested;
mod plain;
mod structure;

pub(super) use self::group::time;
pub use self::group::{ADDED, Group, Lists, elements, text};
pub use self::kind::{COMMENT, RANGE, UNIT, Vocabularies};
pub use self::nested::MAX_BATCH_ROWS;

pub(super) use self::kind::{Column, ColumnReader, Field, Slot};
pub(super) use self::kind::{below, documented};
pub(super) use self::nested::{List, Shape, Sparse, nulls, with_shared_nulls};
pub(super) use self::plain::{Bool, Bytes, Day, Int16, Int32, Int64, Shown, Text, TextForm, Time, Word};
pub(super) use self::structure::{Validity, columns};
