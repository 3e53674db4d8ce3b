//! Column chunks without a value, which are the same in every part of so many rows: most columns of most parts.

use std::collections::HashMap;
use std::iter;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::arrow::arrow_writer::ArrowColumnChunk;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::SerializedFileWriter;

use super::chunk::chunk as packed;
use super::coded::Coded;
use super::strands::{Alone, Nothing, Strand};

/// Chunks that are kept, of all columns for some numbers of rows.
const KEPT: usize = 2048;

/// What a chunk depends on: the column's number, what it is in every row, how many these are, and whether the column is compressed and has a
/// dictionary.
type Case = (usize, Nothing, usize, bool, bool);

/// A column of so many rows, which is this in each of them.
///
/// # Errors
/// If the column cannot be that, which is a mistake of the program.
pub(super) fn chunk(
    (strand, leaf): (&Strand, &Alone),
    nothing: Nothing,
    rows: usize,
    properties: &WriterPropertiesPtr,
) -> Result<Coded, ParquetError> {
    static KNOWN: Mutex<Option<HashMap<Case, Coded>>> = Mutex::new(None);
    let column = leaf.described()?.column(0);
    let is_compressed = properties.compression(column.path()) != Compression::UNCOMPRESSED;
    let has_dictionary = properties.dictionary_enabled(column.path());
    let place = strand.leaves().iter().take_while(|other| !std::ptr::eq(*other, leaf)).count();
    let case = (strand.first_leaf() + place, nothing, rows, is_compressed, has_dictionary);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(chunk) = known.get(&case) {
        return Ok(chunk.clone());
    }
    let array = strand.nothing(nothing, rows).and_then(|column| leaf.of(&column));
    let chunk = in_a_file(leaf, packed(leaf, iter::once(array), properties)?, properties)?;
    if known.len() >= KEPT {
        known.clear();
    }
    known.insert(case, chunk.clone());
    Ok(chunk)
}

/// A chunk as it would lie in a file at the very beginning.
fn in_a_file(leaf: &Alone, chunk: ArrowColumnChunk, properties: &WriterPropertiesPtr) -> Result<Coded, ParquetError> {
    let close = chunk.close().clone();
    let mut file = SerializedFileWriter::new(Vec::new(), leaf.described()?.root_schema_ptr(), Arc::clone(properties))?;
    let mut group = file.next_row_group()?;
    chunk.append_to_row_group(&mut group)?;
    let group = group.close()?;
    let column = group.column(0);
    let dictionary = column.dictionary_page_offset().map_or(0, |begin| column.data_page_offset().abs_diff(begin) as usize);
    let (begin, length) = column.byte_range();
    let bytes = Bytes::from(file.into_inner()?).slice(begin as usize..(begin + length) as usize);
    // The whole file would be kept with a slice of it.
    Ok(Coded { bytes: Bytes::copy_from_slice(&bytes), close: close.update_dictionary_location(dictionary)? })
}
