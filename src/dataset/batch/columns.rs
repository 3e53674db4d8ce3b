//! What every builder is made of: texts that are safe in Utf8, lists, structs.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, NullBufferBuilder, StringBuilder, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Fields};
use arrow::error::ArrowError;

/// A Utf8 column. NUL, which some readers take for the end of a text, becomes U+FFFD.
#[derive(Debug, Default)]
pub(super) struct Texts(StringBuilder);

impl Texts {
    pub(super) fn append(&mut self, text: Option<&str>) {
        self.0.append_option(text.map(without_nul));
    }

    pub(super) fn append_shown(&mut self, value: Option<impl Display>) {
        self.append(value.map(|value| value.to_string()).as_deref());
    }

    pub(super) fn finish(mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// The shape of a list column: how many elements each row has, or that it is null.
#[derive(Debug)]
pub(super) struct Lengths {
    lengths: Vec<usize>,
    valid: NullBufferBuilder,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { lengths: Vec::new(), valid: NullBufferBuilder::new(0) }
    }
}

impl Lengths {
    pub(super) fn append(&mut self, length: Option<usize>) {
        self.lengths.push(length.unwrap_or(0));
        self.valid.append(length.is_some());
    }

    /// The list column of a type of the schema, over its elements.
    pub(super) fn finish(mut self, data_type: &DataType, elements: ArrayRef) -> Result<ArrayRef, ArrowError> {
        let DataType::List(field) = data_type else {
            return Err(ArrowError::SchemaError(format!("{data_type} is no list")));
        };
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        Ok(Arc::new(ListArray::try_new(Arc::clone(field), offsets, elements, self.valid.finish())?))
    }
}

/// The type of a list's elements.
pub(super) fn element(data_type: &DataType) -> Result<&DataType, ArrowError> {
    match data_type {
        DataType::List(field) => Ok(field.data_type()),
        other => Err(ArrowError::SchemaError(format!("{other} is no list"))),
    }
}

/// A List<Utf8> column.
#[derive(Debug, Default)]
pub(super) struct TextLists {
    lengths: Lengths,
    texts: Texts,
}

impl TextLists {
    pub(super) fn append<T: Display>(&mut self, texts: Option<&[T]>) {
        self.lengths.append(texts.map(<[T]>::len));
        texts.into_iter().flatten().for_each(|text| self.texts.append_shown(Some(text)));
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.lengths.finish(data_type, self.texts.finish())
    }
}

/// The fields of a struct, or of the whole table, to be filled by name so that no two columns can change places.
#[derive(Debug)]
pub(super) struct Shape(Fields);

impl Shape {
    pub(super) fn of(data_type: &DataType) -> Result<Self, ArrowError> {
        match data_type {
            DataType::Struct(fields) => Ok(Self(fields.clone())),
            DataType::List(element) => Self::of(element.data_type()),
            other => Err(ArrowError::SchemaError(format!("{other} is no struct"))),
        }
    }

    pub(super) fn of_fields(fields: &Fields) -> Self {
        Self(fields.clone())
    }

    /// The type of a field.
    pub(super) fn kind(&self, name: &str) -> Result<&DataType, ArrowError> {
        let field = self.0.find(name).ok_or_else(|| ArrowError::SchemaError(format!("no field {name}")))?;
        Ok(field.1.data_type())
    }

    /// The struct column made of these columns, which must be all of the fields in their order.
    pub(super) fn assemble(self, nulls: Option<NullBuffer>, columns: Vec<(&str, ArrayRef)>) -> Result<StructArray, ArrowError> {
        if let Some((field, (name, _))) = self.0.iter().zip(&columns).find(|(field, (name, _))| field.name() != name) {
            return Err(ArrowError::SchemaError(format!("field {} is given {name}", field.name())));
        }
        StructArray::try_new(self.0, columns.into_iter().map(|(_, column)| column).collect(), nulls)
    }
}

/// Milliseconds as 31 bits hold them (24 days).
pub(super) fn saturated(milliseconds: u32) -> i32 {
    i32::try_from(milliseconds).unwrap_or(i32::MAX)
}
