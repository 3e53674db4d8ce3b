//! Columns of single values: texts, words, numbers, bytes, times.

use std::any::type_name;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::{self, Debug, Display};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use arrow::array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, BinaryArray, BinaryBuilder, BooleanArray, BooleanBuilder, PrimitiveArray,
    PrimitiveBuilder, StringArray, StringBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Date32Type, Int16Type, Int32Type, Int64Type};
use arrow::error::ArrowError;

use super::group;
use super::kind::{Column, ColumnReader, Vocabularies, timestamp};
use crate::dataset::error::DatasetError;
use crate::dataset::micros;
use crate::name::Domain;
use crate::vocabulary::{Meaning, Vocabulary};

/// The array of a column, if it has the type.
fn downcast<A: Array + Clone + 'static>(column: &ArrayRef, path: &str) -> Result<A, DatasetError> {
    column.as_any().downcast_ref::<A>().cloned().ok_or_else(|| DatasetError::Column(path.to_owned()))
}

fn unreadable(path: &str, value: impl Display) -> DatasetError {
    DatasetError::Value { column: path.to_owned(), value: value.to_string() }
}

/// What is kept as a text.
pub(in crate::dataset) trait TextForm: Sized {
    /// The text.
    fn as_text(&self) -> &str;
    /// What a text stands for; `None` if it is none of ours.
    fn of_text(text: &str) -> Option<Self>;
    /// The texts that there are with what they mean, where they are words.
    fn meanings() -> Vec<Meaning> {
        Vec::new()
    }
}

impl TextForm for String {
    fn as_text(&self) -> &str {
        self
    }

    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl TextForm for Arc<str> {
    fn as_text(&self) -> &str {
        self
    }

    fn of_text(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl TextForm for Domain {
    fn as_text(&self) -> &str {
        self.as_str()
    }

    fn of_text(text: &str) -> Option<Self> {
        Self::from_a_labels(text)
    }
}

/// Utf8. NUL, which some readers take for the end of a text, becomes U+FFFD.
#[derive(Debug)]
pub(in crate::dataset) struct Text<S = String>(StringBuilder, PhantomData<S>);

/// Values that a column has room for in the beginning, and octets of their texts. Few, for a worker has hundreds of columns of several shards
/// under way, of which a shard's late rows have one row or two; in a usual batch they double some times.
const FIRST_ROOM: (usize, usize) = (64, 512);

/// What was built without the room that it did not use: one row of a late target would keep that of a thousand.
fn shrunk(mut column: impl Array + 'static) -> ArrayRef {
    column.shrink_to_fit();
    Arc::new(column)
}

impl<S> Default for Text<S> {
    fn default() -> Self {
        Self(StringBuilder::with_capacity(FIRST_ROOM.0, FIRST_ROOM.1), PhantomData)
    }
}

impl<S> Text<S> {
    /// Adds a row.
    pub(in crate::dataset) fn push(&mut self, text: Option<&str>) {
        self.0.append_option(text.map(without_nul));
    }

    /// Adds the same to so many rows.
    fn push_times(&mut self, text: Option<&str>, rows: usize) {
        match text {
            Some(text) => self.0.append_value_n(without_nul(text), rows),
            None => self.0.append_nulls(rows),
        }
    }

    /// The column.
    pub(in crate::dataset) fn into_array(mut self) -> ArrayRef {
        shrunk(self.0.finish())
    }
}

fn without_nul(text: &str) -> Cow<'_, str> {
    if text.as_bytes().contains(&0) { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

impl<S: TextForm> Column for Text<S> {
    type Value = S;
    type Reader = TextReader<S>;

    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn words(path: &str, found: &mut Vocabularies) {
        found.add(path, S::meanings());
    }

    fn append_times(&mut self, value: Option<&S>, rows: usize) {
        self.push_times(value.map(S::as_text), rows);
    }

    fn finish(self, _: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(self.into_array())
    }
}

/// Reader of texts.
#[derive(Debug)]
pub(in crate::dataset) struct TextReader<S> {
    texts: StringArray,
    path: String,
    kind: PhantomData<S>,
}

impl<S: TextForm> ColumnReader for TextReader<S> {
    type Value = S;

    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        Ok(Self { texts: downcast(column, path)?, path: path.to_owned(), kind: PhantomData })
    }

    fn get(&self, row: usize) -> Result<Option<S>, DatasetError> {
        let text = group::text(&self.texts, row);
        text.map(|text| S::of_text(text).ok_or_else(|| unreadable(&self.path, text))).transpose()
    }
}

/// Utf8 of a closed vocabulary.
#[derive(Debug)]
pub(in crate::dataset) struct Word<V>(Text, PhantomData<V>);

impl<V> Default for Word<V> {
    fn default() -> Self {
        Self(Text::default(), PhantomData)
    }
}

/// The words of a vocabulary, as documentation gives them.
pub(in crate::dataset) fn words<V: Vocabulary>() -> String {
    V::WORDS.join(", ")
}

impl<V: Vocabulary> Column for Word<V> {
    type Value = V;
    type Reader = WordReader<V>;

    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn range() -> Option<String> {
        Some(words::<V>())
    }

    fn words(path: &str, found: &mut Vocabularies) {
        found.add(path, V::MEANINGS.iter().copied());
    }

    fn append_times(&mut self, value: Option<&V>, rows: usize) {
        self.0.push_times(value.map(|value| value.word()), rows);
    }

    fn finish(self, _: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(self.0.into_array())
    }
}

/// Reader of words.
#[derive(Debug)]
pub(in crate::dataset) struct WordReader<V> {
    words: StringArray,
    path: String,
    vocabulary: PhantomData<V>,
}

impl<V: Vocabulary> ColumnReader for WordReader<V> {
    type Value = V;

    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        Ok(Self { words: downcast(column, path)?, path: path.to_owned(), vocabulary: PhantomData })
    }

    fn get(&self, row: usize) -> Result<Option<V>, DatasetError> {
        let word = group::text(&self.words, row);
        word.map(|word| V::of_word(word).ok_or_else(|| unreadable(&self.path, word))).transpose()
    }
}

/// Utf8 of what has a text form, such as addresses. Few resolvers are asked, so the last one written is remembered.
#[derive(Debug)]
pub(in crate::dataset) struct Shown<T> {
    texts: Text,
    last: Option<(T, String)>,
}

impl<T> Default for Shown<T> {
    fn default() -> Self {
        Self { texts: Text::default(), last: None }
    }
}

impl<T: Copy + PartialEq + Display + FromStr> Column for Shown<T> {
    type Value = T;
    type Reader = ShownReader<T>;

    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn append_times(&mut self, value: Option<&T>, rows: usize) {
        let Some(value) = value else { return self.texts.push_times(None, rows) };
        if self.last.as_ref().is_none_or(|(last, _)| last != value) {
            self.last = Some((*value, value.to_string()));
        }
        self.texts.push_times(self.last.as_ref().map(|(_, text)| text.as_str()), rows);
    }

    fn finish(self, _: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(self.texts.into_array())
    }
}

/// Values that a [`ShownReader`] remembers: a scan asks few resolvers, so that each is parsed once.
const MAX_KNOWN: usize = 4;

/// Reader of what has a text form.
pub(in crate::dataset) struct ShownReader<T> {
    texts: StringArray,
    path: String,
    /// The values that were read last, by their rows.
    known: RefCell<Vec<(usize, T)>>,
}

impl<T> Debug for ShownReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShownReader<{}>({})", type_name::<T>(), self.path)
    }
}

impl<T: Copy + FromStr> ColumnReader for ShownReader<T> {
    type Value = T;

    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        Ok(Self { texts: downcast(column, path)?, path: path.to_owned(), known: RefCell::default() })
    }

    fn get(&self, row: usize) -> Result<Option<T>, DatasetError> {
        let Some(text) = group::text(&self.texts, row) else { return Ok(None) };
        let mut known = self.known.borrow_mut();
        if let Some((_, value)) = known.iter().find(|(row, _)| self.texts.value(*row) == text) {
            return Ok(Some(*value));
        }
        let value = text.parse().map_err(|_| unreadable(&self.path, text))?;
        if known.len() == MAX_KNOWN {
            known.remove(0);
        }
        known.push((row, value));
        Ok(Some(value))
    }
}

/// A number of Arrow type `A` that is `T` in memory; what `A` cannot hold becomes the greatest that it can.
#[derive(Debug)]
pub(in crate::dataset) struct Number<A: ArrowPrimitiveType, T>(PrimitiveBuilder<A>, PhantomData<T>);

pub(in crate::dataset) type Int16<T> = Number<Int16Type, T>;
pub(in crate::dataset) type Int32<T> = Number<Int32Type, T>;
pub(in crate::dataset) type Int64<T> = Number<Int64Type, T>;
/// Date32: days since 1970.
pub(in crate::dataset) type Day = Number<Date32Type, i32>;

impl<A: ArrowPrimitiveType, T> Default for Number<A, T> {
    fn default() -> Self {
        Self(PrimitiveBuilder::with_capacity(FIRST_ROOM.0), PhantomData)
    }
}

impl<A: ArrowPrimitiveType, T: Copy + TryFrom<A::Native>> Column for Number<A, T>
where
    A::Native: TryFrom<T> + Display,
{
    type Value = T;
    type Reader = NumberReader<A, T>;

    fn data_type() -> DataType {
        A::DATA_TYPE
    }

    fn append_times(&mut self, value: Option<&T>, rows: usize) {
        match value {
            Some(value) => self.0.append_value_n(A::Native::try_from(*value).unwrap_or(A::Native::MAX_TOTAL_ORDER), rows),
            None => self.0.append_nulls(rows),
        }
    }

    fn finish(mut self, _: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(shrunk(self.0.finish()))
    }
}

/// Reader of numbers.
#[derive(Debug)]
pub(in crate::dataset) struct NumberReader<A: ArrowPrimitiveType, T> {
    numbers: PrimitiveArray<A>,
    path: String,
    kind: PhantomData<T>,
}

impl<A: ArrowPrimitiveType, T: TryFrom<A::Native>> ColumnReader for NumberReader<A, T>
where
    A::Native: Display,
{
    type Value = T;

    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        Ok(Self { numbers: downcast(column, path)?, path: path.to_owned(), kind: PhantomData })
    }

    fn get(&self, row: usize) -> Result<Option<T>, DatasetError> {
        let number = self.numbers.is_valid(row).then(|| self.numbers.value(row));
        number.map(|number| T::try_from(number).map_err(|_| unreadable(&self.path, number))).transpose()
    }
}

/// Boolean.
#[derive(Debug)]
pub(in crate::dataset) struct Bool(BooleanBuilder);

impl Default for Bool {
    fn default() -> Self {
        Self(BooleanBuilder::with_capacity(FIRST_ROOM.0))
    }
}

impl Column for Bool {
    type Value = bool;
    type Reader = BooleanArray;

    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn append_times(&mut self, value: Option<&bool>, rows: usize) {
        match value {
            Some(value) => self.0.append_n(rows, *value),
            None => self.0.append_nulls(rows),
        }
    }

    fn finish(mut self, _: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(shrunk(self.0.finish()))
    }
}

impl ColumnReader for BooleanArray {
    type Value = bool;

    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        downcast(column, path)
    }

    fn get(&self, row: usize) -> Result<Option<bool>, DatasetError> {
        Ok(self.is_valid(row).then(|| self.value(row)))
    }
}

/// Binary.
#[derive(Debug)]
pub(in crate::dataset) struct Bytes(BinaryBuilder);

impl Default for Bytes {
    fn default() -> Self {
        Self(BinaryBuilder::with_capacity(FIRST_ROOM.0, FIRST_ROOM.1))
    }
}

impl Column for Bytes {
    type Value = Vec<u8>;
    type Reader = BinaryArray;

    fn data_type() -> DataType {
        DataType::Binary
    }

    fn append_times(&mut self, value: Option<&Vec<u8>>, rows: usize) {
        match value {
            Some(value) => self.0.append_value_n(value, rows),
            None => self.0.append_nulls(rows),
        }
    }

    fn finish(mut self, _: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(shrunk(self.0.finish()))
    }
}

impl ColumnReader for BinaryArray {
    type Value = Vec<u8>;

    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        downcast(column, path)
    }

    fn get(&self, row: usize) -> Result<Option<Vec<u8>>, DatasetError> {
        Ok(self.is_valid(row).then(|| self.value(row).to_vec()))
    }
}

/// A time, in whole microseconds.
#[derive(Debug)]
pub(in crate::dataset) struct Time(TimestampMicrosecondBuilder);

impl Default for Time {
    fn default() -> Self {
        Self(TimestampMicrosecondBuilder::with_capacity(FIRST_ROOM.0))
    }
}

impl Column for Time {
    type Value = SystemTime;
    type Reader = TimestampMicrosecondArray;

    fn data_type() -> DataType {
        timestamp()
    }

    fn append_times(&mut self, value: Option<&SystemTime>, rows: usize) {
        match value {
            Some(time) => self.0.append_value_n(micros::from_time(*time), rows),
            None => self.0.append_nulls(rows),
        }
    }

    fn finish(mut self, _: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(shrunk(self.0.finish().with_timezone("UTC")))
    }
}

impl ColumnReader for TimestampMicrosecondArray {
    type Value = SystemTime;

    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        downcast(column, path)
    }

    fn get(&self, row: usize) -> Result<Option<SystemTime>, DatasetError> {
        Ok(group::time(self, row))
    }
}
