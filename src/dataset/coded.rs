//! A column chunk of rows that share their values: every value is laid down once in the dictionary, and each row is the codes of what it shares.
//!
//! The packer of the library looks each value of each row up among all that it has seen, and works out for each row where its lists begin, which
//! for fifty columns of the same thirty values was half of the cost of a part. The bytes are the same as the library's.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;
use arrow::array::{Array, ArrayRef, AsArray as _};
use arrow::datatypes::{DataType, Int16Type, Int32Type};
use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::arrow::arrow_writer::ArrowColumnChunk;
use parquet::basic::{Compression, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

use super::encoding::ZSTD_LEVEL;
use super::hybrid;
use super::strands::Alone;

/// Octets of a dictionary or of a page from which the library's packer does it: it knows when to give up a dictionary and to begin a page.
const MOST: usize = 256 << 10;
/// Octets of columns that are kept in case that another is the same, in all.
const MOST_KNOWN: usize = 4 << 20;

/// A column chunk as it lies in a file, and what its footer says of it.
#[derive(Clone)]
pub(super) struct Coded {
    pub(super) bytes: Bytes,
    pub(super) close: ColumnCloseResult,
}

impl Coded {
    /// Packed by the library, with everything that the footer says of it.
    ///
    /// # Errors
    /// If the library does not take the chunk.
    pub(super) fn of(leaf: &Alone, chunk: ArrowColumnChunk, properties: &WriterPropertiesPtr) -> Result<Self, ParquetError> {
        let close = chunk.close().clone();
        // It tells its bytes only to a file, at whose very beginning it lies then.
        let mut file = SerializedFileWriter::new(Vec::new(), leaf.described()?.root_schema_ptr(), Arc::clone(properties))?;
        let mut group = file.next_row_group()?;
        chunk.append_to_row_group(&mut group)?;
        let group = group.close()?;
        let column = group.column(0);
        let dictionary = column.dictionary_page_offset().map_or(0, |begin| column.data_page_offset().abs_diff(begin) as usize);
        let (begin, length) = column.byte_range();
        let bytes = Bytes::from(file.into_inner()?).slice(begin as usize..(begin + length) as usize);
        // The whole file would be kept with a slice of it.
        Ok(Self { bytes: Bytes::copy_from_slice(&bytes), close: close.update_dictionary_location(dictionary)? })
    }

    /// The same as another column, which has nothing but its pages.
    ///
    /// # Errors
    /// If what the footer says of it does not fit the column.
    pub(super) fn under(&self, column: &ColumnDescPtr) -> Result<Self, ParquetError> {
        let (close, of) = (&self.close, &self.close.metadata);
        let metadata = ColumnChunkMetaData::builder(column.clone())
            .set_compression(of.compression())
            .set_encodings(of.encodings().collect())
            .set_page_encoding_stats(of.page_encoding_stats().cloned().unwrap_or_default())
            .set_total_compressed_size(of.compressed_size())
            .set_total_uncompressed_size(of.uncompressed_size())
            .set_num_values(of.num_values())
            .set_data_page_offset(of.data_page_offset())
            .build()?;
        let close =
            ColumnCloseResult { metadata, bloom_filter: None, column_index: None, offset_index: close.offset_index.clone(), ..*close };
        Ok(Self { bytes: self.bytes.clone(), close })
    }
}

/// Which of the distinct rows the rows are.
pub(super) struct Keys {
    of_rows: Vec<u32>,
    /// The distinct ones in the order in which they occur first.
    order: Vec<u32>,
    /// How often each of them occurs.
    times: Vec<usize>,
}

impl Keys {
    pub(super) fn of(of_rows: Vec<u32>, distinct: usize) -> Self {
        let (mut order, mut times) = (Vec::new(), vec![0; distinct]);
        for key in &of_rows {
            if let Some(times) = times.get_mut(*key as usize) {
                if *times == 0 {
                    order.push(*key);
                }
                *times += 1;
            }
        }
        Self { of_rows, order, times }
    }

    /// For each row, which it is.
    pub(super) fn of_rows(&self) -> &[u32] {
        &self.of_rows
    }

    /// The distinct ones that occur, in the order in which they do first, and how often each does.
    fn each(&self) -> impl Iterator<Item = (u32, usize)> {
        self.order.iter().filter_map(|key| Some((*key, *self.times.get(*key as usize)?)))
    }
}

/// Lays down the columns of some rows, with one compressor for all of them: to make one costs more than most columns.
pub(super) struct Coder<'p> {
    properties: &'p WriterProperties,
    keys: &'p Keys,
    compressor: Compressor<'static>,
    known: Known,
}

impl<'p> Coder<'p> {
    /// # Errors
    /// If there is no memory for compressing.
    pub(super) fn new(properties: &'p WriterProperties, keys: &'p Keys) -> Result<Self, ParquetError> {
        Ok(Self { properties, keys, compressor: Compressor::new(ZSTD_LEVEL)?, known: Known::default() })
    }

    /// Lays down a column of which these are the distinct rows; `None` where it is none for this: without a value, of another kind or
    /// encoding, with statistics, or too large.
    ///
    /// # Errors
    /// If the column is not of the kind that it is described as, which is a mistake of the program.
    pub(super) fn chunk(&mut self, column: &ColumnDescPtr, distinct: &ArrayRef) -> Result<Option<Coded>, ParquetError> {
        let (path, properties, keys) = (column.path(), self.properties, self.keys);
        let is_usual = properties.dictionary_enabled(path) && properties.statistics_enabled(path) == EnabledStatistics::None;
        let Some(values) = Values::of(distinct).filter(|_| is_usual && properties.bloom_filter_properties(path).is_none()) else {
            return Ok(None);
        };
        let shape = Shape::of(distinct)?;
        let entries: usize = keys.each().map(|(key, times)| shape.row(key).len() * times).sum();
        let has_value = keys.each().any(|(key, _)| shape.row(key).iter().any(|entry| entry.value.is_some()));
        if !has_value || entries * size_of::<u16>() > MOST {
            return Ok(None);
        }
        let mut page = Vec::new();
        for (most, level) in [(column.max_rep_level(), Entry::repetition as fn(&Entry) -> u32), (column.max_def_level(), Entry::definition)]
        {
            if most > 0 {
                let begin = page.len();
                page.extend([0; size_of::<u32>()]);
                self.known.encode(&mut page, width(most.unsigned_abs().into()), keys, Numbers::of(&shape, |entry| Some(level(entry))));
                let length = (page.len() - begin - size_of::<u32>()) as u32;
                page.iter_mut().skip(begin).zip(length.to_le_bytes()).for_each(|(place, octet)| *place = octet);
            }
        }
        if let Values::Bool(value) = values {
            hybrid::pack(&mut page, 1, &Numbers::of(&shape, |entry| entry.value.map(|at| value(at as usize).into())).of_rows(keys));
            return self.laid_out(column, (page, entries), None).map(Some);
        }
        let Some(dictionary) = Dictionary::of(&values, &shape, keys) else { return Ok(None) };
        page.push(dictionary.bit_width());
        let codes = Numbers::of(&shape, |entry| dictionary.codes.get(entry.value? as usize).copied());
        self.known.encode(&mut page, dictionary.bit_width(), keys, codes);
        self.laid_out(column, (page, entries), Some(&dictionary)).map(Some)
    }

    /// The pages behind each other, and what the footer says of them.
    fn laid_out(
        &mut self,
        column: &ColumnDescPtr,
        (page, entries): (Vec<u8>, usize),
        dictionary: Option<&Dictionary>,
    ) -> Result<Coded, ParquetError> {
        let (compression, rows) = (self.properties.compression(column.path()), self.keys.of_rows.len());
        let mut packed = |octets: &[u8]| -> Result<Bytes, ParquetError> {
            Ok(match compression {
                Compression::UNCOMPRESSED => Bytes::copy_from_slice(octets),
                _ => self.compressor.compress(octets)?.into(),
            })
        };
        let mut file = TrackedWrite::new(Vec::new());
        let mut writer = SerializedPageWriter::new(&mut file);
        let mut kinds = Vec::new();
        let (mut begin, mut uncompressed) = (0, 0);
        if let Some(dictionary) = dictionary {
            let encoding = self.properties.dictionary_page_encoding();
            let values =
                Page::DictionaryPage { buf: packed(&dictionary.plain)?, num_values: dictionary.values, encoding, is_sorted: false };
            let written = writer.write_page(CompressedPage::new(values, dictionary.plain.len()))?;
            (begin, uncompressed) = (written.bytes_written as i64, written.uncompressed_size);
            kinds.push(PageEncodingStats { page_type: PageType::DICTIONARY_PAGE, encoding, count: 1 });
        }
        let encoding = if dictionary.is_some() { Encoding::RLE_DICTIONARY } else { Encoding::PLAIN };
        let data = Page::DataPage {
            buf: packed(&page)?,
            num_values: entries as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let written = writer.write_page(CompressedPage::new(data, page.len()))?;
        kinds.push(PageEncodingStats { page_type: PageType::DATA_PAGE, encoding, count: 1 });
        let bytes = Bytes::from(file.into_inner()?);
        let metadata = ColumnChunkMetaData::builder(column.clone())
            .set_compression(compression)
            .set_encodings(kinds.iter().map(|kind| kind.encoding).chain([Encoding::RLE]).collect())
            .set_page_encoding_stats(kinds)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size((uncompressed + written.uncompressed_size) as i64)
            .set_num_values(entries as i64)
            .set_dictionary_page_offset(dictionary.map(|_| 0))
            .set_data_page_offset(begin)
            .build()?;
        let mut pages = OffsetIndexBuilder::new();
        pages.append_row_count(rows as i64);
        pages.append_offset_and_size(begin, written.compressed_size as i32);
        pages.append_unencoded_byte_array_data_bytes(dictionary.and_then(|dictionary| dictionary.octets));
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(pages.build()),
        };
        Ok(Coded { bytes, close })
    }
}

/// A number for each entry of the distinct rows, those aside that have none: a level, or a code.
#[derive(PartialEq, Eq, Hash)]
struct Numbers {
    all: Vec<u32>,
    /// Where those of each distinct row end.
    ends: Vec<u32>,
}

impl Numbers {
    fn of(shape: &Shape, number: impl Fn(&Entry) -> Option<u32>) -> Self {
        let mut numbers = Self { all: Vec::with_capacity(shape.entries.len()), ends: Vec::with_capacity(shape.ends.len()) };
        for key in (0..).take(shape.ends.len()) {
            numbers.all.extend(shape.row(key).iter().filter_map(&number));
            numbers.ends.push(numbers.all.len() as u32);
        }
        numbers
    }

    fn octets(&self) -> usize {
        size_of_val(self.all.as_slice()) + size_of_val(self.ends.as_slice())
    }

    fn of_key(&self, key: u32) -> &[u32] {
        behind(&self.all, &self.ends, key)
    }

    /// Those of all rows.
    fn of_rows(&self, keys: &Keys) -> Vec<u32> {
        if self.ends.iter().copied().eq(1..=self.all.len() as u32) {
            // As many as rows: their room is known.
            return keys.of_rows.iter().map(|key| self.all.get(*key as usize).copied().unwrap_or_default()).collect();
        }
        let mut all = Vec::with_capacity(keys.each().map(|(key, times)| self.of_key(key).len() * times).sum());
        keys.of_rows.iter().for_each(|key| all.extend_from_slice(self.of_key(*key)));
        all
    }

    /// The number that all rows have in all their entries, and how many these are; `None` where they differ.
    fn only(&self, keys: &Keys) -> Option<(u32, usize)> {
        let mut each = keys.each().map(|(key, times)| (self.of_key(key), times)).filter(|(numbers, _)| !numbers.is_empty());
        let (first, times) = each.next()?;
        let number = *first.first()?;
        let is_only = |numbers: &[u32]| numbers.iter().all(|other| *other == number);
        let sum = |sum, (numbers, times): (&[u32], usize)| is_only(numbers).then_some(sum + numbers.len() * times);
        Some((number, each.try_fold(sum(0, (first, times))?, sum)?))
    }
}

/// What is known of the rows' other columns: whether a domain has MX records tells most levels and half of the codes of a dozen columns.
struct Known {
    /// Numbers of so many bits each, of all rows, as they are encoded.
    encoded: HashMap<(u8, Numbers), Vec<u8>, RandomState>,
    /// Octets that may still be kept.
    room: usize,
}

impl Default for Known {
    fn default() -> Self {
        Self { encoded: HashMap::default(), room: MOST_KNOWN }
    }
}

impl Known {
    /// Adds the numbers of all rows.
    fn encode(&mut self, page: &mut Vec<u8>, bits: u8, keys: &Keys, numbers: Numbers) {
        if let Some((number, count)) = numbers.only(keys) {
            return hybrid::encode_equal(page, bits, number, count);
        }
        let case = (bits, numbers);
        if let Some(encoded) = self.encoded.get(&case) {
            return page.extend_from_slice(encoded);
        }
        let begin = page.len();
        hybrid::encode(page, bits, &case.1.of_rows(keys));
        let encoded = page.get(begin..).unwrap_or_default();
        if let Some(left) = self.room.checked_sub(encoded.len() + case.1.octets()) {
            self.room = left;
            self.encoded.insert(case, encoded.to_vec());
        }
    }
}

/// Bits in which each number up to this one can be written.
fn width(most: u32) -> u8 {
    (u32::BITS - most.leading_zeros()) as u8
}

/// What the rows are in Parquet's terms: for each the entries that it has among the levels.
struct Shape {
    entries: Vec<Entry>,
    /// Where those of each row end.
    ends: Vec<u32>,
}

/// A value, or where one is missing.
struct Entry {
    repetition: u8,
    definition: u8,
    /// Its place in the innermost array.
    value: Option<u32>,
}

impl Entry {
    fn repetition(&self) -> u32 {
        self.repetition.into()
    }

    fn definition(&self) -> u32 {
        self.definition.into()
    }
}

impl Shape {
    /// # Errors
    /// If an array is not of the type that it says.
    fn of(column: &ArrayRef) -> Result<Self, ArrowError> {
        let mut shape = Self { entries: Vec::new(), ends: Vec::new() };
        for row in 0..column.len() {
            shape.add(column, row, (0, 0), 0)?;
            shape.ends.push(shape.entries.len() as u32);
        }
        Ok(shape)
    }

    /// Adds an element of an array that is within so many lists, with the levels that are known from around it (Parquet's nested encoding).
    fn add(&mut self, array: &ArrayRef, at: usize, (repetition, definition): (u8, u8), lists: u8) -> Result<(), ArrowError> {
        let mut ends_here = |definition, value| self.entries.push(Entry { repetition, definition, value });
        if array.is_null(at) {
            ends_here(definition, None);
        } else if let Some(only) = array.as_struct_opt() {
            let child = only.columns().first().ok_or_else(|| ArrowError::SchemaError("a struct without a field".to_owned()))?;
            self.add(child, at, (repetition, definition + 1), lists)?;
        } else if let Some(list) = array.as_list_opt::<i32>() {
            let [begin, end] = [at, at + 1].map(|place| list.value_offsets().get(place).copied().unwrap_or_default() as usize);
            if begin == end {
                ends_here(definition + 1, None);
            }
            for place in begin..end {
                let repetition = if place == begin { repetition } else { lists + 1 };
                self.add(list.values(), place, (repetition, definition + 2), lists + 1)?;
            }
        } else {
            ends_here(definition + 1, Some(at as u32));
        }
        Ok(())
    }

    fn row(&self, key: u32) -> &[Entry] {
        behind(&self.entries, &self.ends, key)
    }
}

/// What one of several has of what they have one behind the other, by where that of each ends.
fn behind<'a, T>(all: &'a [T], ends: &[u32], one: u32) -> &'a [T] {
    let one = one as usize;
    let begin = one.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or_default();
    ends.get(one).and_then(|end| all.get(begin as usize..*end as usize)).unwrap_or_default()
}

/// The values of a column, within whatever structs and lists.
enum Values<'v> {
    Octets(Box<dyn Fn(usize) -> &'v [u8] + 'v>),
    Int32(Box<dyn Fn(usize) -> i32 + 'v>),
    /// Without a dictionary: its codes would be as long.
    Bool(Box<dyn Fn(usize) -> bool + 'v>),
}

impl<'v> Values<'v> {
    /// `None` where the kind is not known here.
    fn of(array: &'v ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Struct(_) => return Self::of(array.as_struct().columns().first()?),
            DataType::List(_) => return Self::of(array.as_list::<i32>().values()),
            DataType::Utf8 => {
                let texts = array.as_string::<i32>();
                Self::Octets(Box::new(|at| texts.value(at).as_bytes()))
            }
            DataType::Binary => {
                let octets = array.as_binary::<i32>();
                Self::Octets(Box::new(|at| octets.value(at)))
            }
            DataType::Int16 => {
                let numbers = array.as_primitive::<Int16Type>();
                Self::Int32(Box::new(|at| numbers.value(at).into()))
            }
            DataType::Int32 => {
                let numbers = array.as_primitive::<Int32Type>();
                Self::Int32(Box::new(|at| numbers.value(at)))
            }
            DataType::Boolean => {
                let values = array.as_boolean();
                Self::Bool(Box::new(|at| values.value(at)))
            }
            _ => return None,
        })
    }

    /// A value as it lies in a dictionary (Parquet's plain encoding), and its own octets where their number is not given by its kind.
    fn plain(&self, at: usize) -> (Vec<u8>, Option<usize>) {
        match self {
            Self::Octets(value) => {
                let octets = value(at);
                ([&(octets.len() as u32).to_le_bytes(), octets].concat(), Some(octets.len()))
            }
            Self::Int32(value) => (value(at).to_le_bytes().into(), None),
            Self::Bool(value) => (vec![value(at).into()], None),
        }
    }
}

/// The values that occur, in the order in which they do.
struct Dictionary {
    plain: Vec<u8>,
    values: u32,
    /// The code of each value of the innermost array that occurs.
    codes: Vec<u32>,
    /// What the values of all rows take as they are, where their kind does not give it.
    octets: Option<i64>,
}

impl Dictionary {
    /// `None` where no row has a value, or they take too much room.
    fn of(values: &Values<'_>, shape: &Shape, keys: &Keys) -> Option<Self> {
        const UNSEEN: u32 = u32::MAX;
        let most = shape.entries.iter().filter_map(|entry| entry.value).max()?;
        let mut known: HashMap<Vec<u8>, u32, RandomState> = HashMap::default();
        let mut all = Self { plain: Vec::new(), values: 0, codes: vec![UNSEEN; most as usize + 1], octets: None };
        for (key, times) in keys.each() {
            for at in shape.row(key).iter().filter_map(|entry| entry.value) {
                let (plain, octets) = values.plain(at as usize);
                if let Some(octets) = octets {
                    *all.octets.get_or_insert(0) += (octets * times) as i64;
                }
                let next = all.values;
                let code = *known.entry(plain).or_insert_with_key(|plain| {
                    all.plain.extend_from_slice(plain);
                    all.values += 1;
                    next
                });
                all.codes.get_mut(at as usize).into_iter().for_each(|place| *place = code);
            }
        }
        (all.values > 0 && all.plain.len() <= MOST && all.bit_width() <= hybrid::MOST_BITS).then_some(all)
    }

    fn bit_width(&self) -> u8 {
        width(self.values.saturating_sub(1))
    }
}
