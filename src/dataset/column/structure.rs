//! Structs: every field declared once, and from that the schema, the builder and the reader.

use arrow::array::NullBufferBuilder;
use arrow::buffer::NullBuffer;

/// Which rows of a struct are there.
#[derive(Debug)]
pub(in crate::dataset) struct Validity(NullBufferBuilder);

impl Default for Validity {
    fn default() -> Self {
        Self(NullBufferBuilder::new(0))
    }
}

impl Validity {
    /// Adds so many rows.
    pub(in crate::dataset) fn append(&mut self, valid: bool, rows: usize) {
        match (valid, rows) {
            (_, 1) => self.0.append(valid),
            (true, _) => self.0.append_n_non_nulls(rows),
            (false, _) => self.0.append_n_nulls(rows),
        }
    }

    /// The rows that are null; `None` if none is.
    pub(in crate::dataset) fn finish(mut self) -> Option<NullBuffer> {
        self.0.finish()
    }
}

/// Declares the columns of a struct: `Builder, Reader of Value { columns }`. A column has a doc comment, which becomes its description,
/// `#[unit = ""]` and `#[range = ""]` where they apply, its name (with the field of the value in brackets where that is another) and its
/// kind, a [`Column`](super::kind::Column).
///
/// * `Builder<C>`: the value is `Value<C::Value>`.
/// * `as { Value { field, .. } }`: the value in terms of its columns, where it is more than a struct of them; both a pattern and an
///   expression. A column `= expression` is computed from the others when it is written, and not read.
/// * `beside (field: Type)`: fields of the value that are no columns of the struct; [`read`](ColumnReader::get) is given them.
macro_rules! columns {
    (
        $(#[$meta:meta])* $Builder:ident $(<$C:ident>)?, $Reader:ident of $Value:ident {
            $($(#[doc = $doc:literal])+ $(#[unit = $unit:expr])? $(#[range = $range:expr])? $column:ident $(($field:ident))?: $Kind:ty,)+
        }
    ) => {
        columns! {
            $(#[$meta])* $Builder $(<$C>)?, $Reader of $Value $(<<$C as Column>::Value>)? as { $Value { $($($field:)? $column),+ } } {
                $($(#[doc = $doc])+ $(#[unit = $unit])? $(#[range = $range])? $column: $Kind,)+
            }
        }
    };
    (
        $(#[$meta:meta])* $Builder:ident $(<$C:ident>)?, $Reader:ident of $Value:ty as { $($shape:tt)+ } {
            $($(#[doc = $doc:literal])+ $(#[unit = $unit:expr])? $(#[range = $range:expr])? $column:ident: $Kind:ty $(= $derived:expr)?,)+
        }
    ) => {
        columns! {
            @inherent $(#[$meta])* $Builder $(<$C>)?, $Reader of [$Value] as { $($shape)+ } beside () {
                $($(#[doc = $doc])+ $(#[unit = $unit])? $(#[range = $range])? $column: $Kind $(= $derived)?,)+
            }
        }

        impl $(<$C: Column>)? Column for $Builder $(<$C>)? {
            type Value = $Value;
            type Reader = $Reader $(<$C>)?;

            fn data_type() -> arrow::datatypes::DataType {
                arrow::datatypes::DataType::Struct(Self::fields().into())
            }

            fn words(path: &str, found: &mut crate::dataset::column::kind::Vocabularies) {
                Self::words_within(path, found);
            }

            fn append_times(&mut self, value: Option<&Self::Value>, rows: usize) {
                self.add(value, rows);
            }

            fn finish(self, data_type: &arrow::datatypes::DataType) -> Result<arrow::array::ArrayRef, arrow::error::ArrowError> {
                Ok(std::sync::Arc::new(self.into_struct(data_type)?))
            }
        }

        impl $(<$C: Column>)? ColumnReader for $Reader $(<$C>)? {
            type Value = $Value;

            fn of(column: &arrow::array::ArrayRef, path: &str) -> Result<Self, DatasetError> {
                Self::new(Group::of(column, path)?)
            }

            fn get(&self, row: usize) -> Result<Option<Self::Value>, DatasetError> {
                self.read(row)
            }
        }
    };
    (
        $(#[$meta:meta])* $Builder:ident, $Reader:ident of $Value:ident beside ($($beside:ident: $Beside:ty),+) {
            $($(#[doc = $doc:literal])+ $(#[unit = $unit:expr])? $(#[range = $range:expr])? $column:ident: $Kind:ty,)+
        }
    ) => {
        columns! {
            @inherent $(#[$meta])* $Builder, $Reader of [$Value] as { $Value { $($beside,)+ $($column),+ } } beside ($($beside: $Beside),+) {
                $($(#[doc = $doc])+ $(#[unit = $unit])? $(#[range = $range])? $column: $Kind,)+
            }
        }
    };
    (
        @inherent $(#[$meta:meta])* $Builder:ident $(<$C:ident>)?, $Reader:ident of [$Value:ty] as { $($shape:tt)+ }
        beside ($($beside:ident: $Beside:ty),*) {
            $($(#[doc = $doc:literal])+ $(#[unit = $unit:expr])? $(#[range = $range:expr])? $column:ident: $Kind:ty $(= $derived:expr)?,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub(in crate::dataset) struct $Builder $(<$C>)? {
            valid: Validity,
            $($column: $Kind,)+
        }

        impl $(<$C: Column>)? Default for $Builder $(<$C>)? {
            fn default() -> Self {
                Self { valid: Validity::default(), $($column: Default::default(),)+ }
            }
        }

        impl $(<$C: Column>)? $Builder $(<$C>)? {
            /// The fields of the struct, in their order.
            pub(in crate::dataset) fn fields() -> Vec<arrow::datatypes::Field> {
                vec![$({
                    let (unit, range): (&[&str], &[String]) = (&[$($unit)?], &[$(String::from($range))?]);
                    documented::<$Kind>(stringify!($column), concat!($($doc),+), unit.first().copied(), range.first().cloned())
                },)+]
            }

            /// The columns of words of the struct at `path`; of the table the path is empty.
            #[allow(dead_code)] // Not every table needs it.
            pub(in crate::dataset) fn words_within(path: &str, found: &mut crate::dataset::column::kind::Vocabularies) {
                $(<$Kind as Column>::words(&crate::dataset::column::kind::below(path, stringify!($column)), found);)+
            }

            #[allow(dead_code)] // Not every table is filled by rows.
            #[allow(unused_variables)] // What stands beside the columns is in the pattern, too.
            pub(in crate::dataset) fn add(&mut self, value: Option<&$Value>, rows: usize) {
                self.valid.append(value.is_some(), rows);
                match value {
                    Some($($shape)+) => {
                        $(columns!(@derive $column $(= $derived)?);)+
                        $(self.$column.append_times(Field::<<$Kind as Column>::Value>::written($column), rows);)+
                    }
                    None => { $(self.$column.append_times(None, rows);)+ }
                }
            }

            /// The columns with their names, in their order.
            pub(in crate::dataset) fn into_columns(
                self,
                shape: &Shape,
            ) -> Result<Vec<(&'static str, arrow::array::ArrayRef)>, arrow::error::ArrowError> {
                Ok(vec![$((stringify!($column), self.$column.finish(shape.kind(stringify!($column))?)?),)+])
            }

            #[allow(dead_code)] // What the table itself has is no struct.
            pub(in crate::dataset) fn into_struct(
                mut self,
                data_type: &arrow::datatypes::DataType,
            ) -> Result<arrow::array::StructArray, arrow::error::ArrowError> {
                let shape = Shape::of(data_type)?;
                let valid = std::mem::take(&mut self.valid).finish();
                let columns = self.into_columns(&shape)?;
                shape.assemble(valid, columns)
            }
        }

        /// The way back.
        #[derive(Debug)]
        #[allow(dead_code)] // Columns that are computed from others are not read.
        pub(in crate::dataset) struct $Reader $(<$C: Column>)? {
            group: Group,
            $($column: Slot<$Kind>,)+
        }

        impl $(<$C: Column>)? $Reader $(<$C>)? {
            pub(in crate::dataset) fn new(group: Group) -> Result<Self, DatasetError> {
                Ok(Self { $($column: Slot::of(&group, stringify!($column))?,)+ group })
            }

            pub(in crate::dataset) fn read(&self, row: usize $(, $beside: $Beside)*) -> Result<Option<$Value>, DatasetError> {
                if !self.group.is_valid(row) {
                    return Ok(None);
                }
                $(columns!(@read self, row, $column $(= $derived)?);)+
                Ok(Some($($shape)+))
            }
        }
    };
    (@derive $column:ident) => {};
    (@derive $column:ident = $derived:expr) => { let $column = &$derived; };
    (@read $self:ident, $row:ident, $column:ident) => { let $column = $self.$column.get($row)?; };
    (@read $self:ident, $row:ident, $column:ident = $derived:expr) => {};
}

pub(in crate::dataset) use columns;
