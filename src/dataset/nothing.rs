//! Column chunks without a value, which are the same in every part of so many rows: most columns of most parts.

use std::collections::HashMap;
use std::iter;
use std::sync::{Mutex, PoisonError};

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesPtr;

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
    let chunk = Coded::of(leaf, packed(leaf, iter::once(array), properties)?, properties)?;
    if known.len() >= KEPT {
        known.clear();
    }
    known.insert(case, chunk.clone());
    Ok(chunk)
}
