//! What every builder is made of: texts that are safe in Utf8, lists, structs.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    Array, ArrayRef, ListArray, NullBufferBuilder, StringBuilder, StructArray, UInt32Array, new_empty_array, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Fields};
use arrow::error::ArrowError;

/// Most rows of one batch. Offsets of Utf8 and Binary have 31 bits; 64 KB of body or of records in every row must fit.
pub const MAX_BATCH_ROWS: usize = 4096;

/// A Utf8 column. NUL, which some readers take for the end of a text, becomes U+FFFD.
#[derive(Debug)]
pub(super) struct Texts(StringBuilder);

/// Room that a column begins with: that of words in the rows of a usual batch. What is not used is given back at the end.
const FIRST_ROOM: (usize, usize) = (2048, 16 * 1024);

impl Default for Texts {
    fn default() -> Self {
        Self(StringBuilder::with_capacity(FIRST_ROOM.0, FIRST_ROOM.1))
    }
}

impl Texts {
    pub(super) fn append(&mut self, text: Option<&str>) {
        self.0.append_option(text.map(without_nul));
    }

    /// Adds the same to so many rows.
    pub(super) fn append_times(&mut self, text: Option<&str>, rows: usize) {
        match text {
            Some(text) => self.0.append_value_n(without_nul(text), rows),
            None => self.0.append_nulls(rows),
        }
    }

    /// Adds a word of ours.
    pub(super) fn append_word(&mut self, word: &'static str) {
        self.0.append_value(word);
    }

    pub(super) fn append_shown(&mut self, value: Option<impl Display>) {
        self.append(value.map(|value| value.to_string()).as_deref());
    }

    pub(super) fn finish(mut self) -> ArrayRef {
        let mut column = self.0.finish();
        column.shrink_to_fit();
        Arc::new(column)
    }
}

fn without_nul(text: &str) -> Cow<'_, str> {
    if text.as_bytes().contains(&0) { text.replace('\0', "\u{fffd}").into() } else { text.into() }
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

    /// Adds the same to so many rows.
    pub(super) fn append_times(&mut self, length: Option<usize>, rows: usize) {
        self.lengths.resize(self.lengths.len() + rows, length.unwrap_or(0));
        match length {
            Some(_) => self.valid.append_n_non_nulls(rows),
            None => self.valid.append_n_nulls(rows),
        }
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

/// Builders of a column whose rows are mostly absent, such as the exchanges of those who publish no policy. They see the rows that are
/// there; the others cost nothing but their place.
#[derive(Debug)]
pub(super) struct Sparse<B> {
    /// For every row its place among those that are there.
    places: Vec<Option<u32>>,
    present: u32,
    builder: Option<Box<B>>,
}

impl<B> Default for Sparse<B> {
    fn default() -> Self {
        Self { places: Vec::new(), present: 0, builder: None }
    }
}

impl<B: Default> Sparse<B> {
    /// Notes a row; gives the builder to append it to if it is there.
    pub(super) fn append<R>(&mut self, row: Option<R>) -> Option<(&mut B, R)> {
        let place = row.is_some().then_some(self.present);
        self.places.push(place);
        row.map(|row| {
            self.present += 1;
            (&mut **self.builder.get_or_insert_default(), row)
        })
    }

    /// The column; `finish` makes the one of the rows that are there.
    pub(super) fn finish(
        self,
        data_type: &DataType,
        finish: impl FnOnce(B, &DataType) -> Result<ArrayRef, ArrowError>,
    ) -> Result<ArrayRef, ArrowError> {
        let rows = self.places.len();
        match self.builder {
            None => Ok(nulls(data_type, rows)),
            Some(builder) if self.present as usize == rows => finish(*builder, data_type),
            Some(builder) => take(&finish(*builder, data_type)?, &UInt32Array::from(self.places), None),
        }
    }
}

/// So many nulls. Whoever needs nulls of a type shares them: they would be a third of what a row without records takes.
fn nulls(data_type: &DataType, rows: usize) -> ArrayRef {
    static SHARED: Mutex<Vec<ArrayRef>> = Mutex::new(Vec::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = shared.iter().find(|array| array.data_type() == data_type && array.len() >= rows);
    let array = known.map(Arc::clone).unwrap_or_else(|| {
        let array = new_null_array(data_type, rows.max(MAX_BATCH_ROWS));
        shared.push(Arc::clone(&array));
        array
    });
    array.slice(0, rows)
}

/// A list column whose rows are mostly empty; as [`Sparse`].
#[derive(Debug)]
pub(super) struct SparseLists<B> {
    lengths: Lengths,
    builder: Option<Box<B>>,
}

impl<B> Default for SparseLists<B> {
    fn default() -> Self {
        Self { lengths: Lengths::default(), builder: None }
    }
}

impl<B: Default> SparseLists<B> {
    /// Adds a row of elements, each by `append`.
    pub(super) fn append<E>(&mut self, elements: &[E], append: impl Fn(&mut B, &E)) {
        self.lengths.append(Some(elements.len()));
        for element in elements {
            append(self.builder.get_or_insert_default(), element);
        }
    }

    /// The column; `finish` makes the one of the elements.
    pub(super) fn finish(
        self,
        data_type: &DataType,
        finish: impl FnOnce(B, &DataType) -> Result<ArrayRef, ArrowError>,
    ) -> Result<ArrayRef, ArrowError> {
        let kind = element(data_type)?;
        let elements = self.builder.map_or_else(|| Ok(new_empty_array(kind)), |builder| finish(*builder, kind))?;
        self.lengths.finish(data_type, elements)
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
        self.append_times(texts, 1);
    }

    /// Adds the same to so many rows.
    pub(super) fn append_times<T: Display>(&mut self, texts: Option<&[T]>, rows: usize) {
        self.lengths.append_times(texts.map(<[T]>::len), rows);
        if let Some(texts @ [_, ..]) = texts {
            (0..rows).for_each(|_| texts.iter().for_each(|text| self.texts.append_shown(Some(text))));
        }
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
