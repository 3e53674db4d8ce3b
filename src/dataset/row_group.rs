//! A row group packed column by column: what a packer holds back of a column until its page is full is there for one column at a time.
//!
//! Row by row the packers of all columns fill side by side, each with eight bytes per value that it finds in its dictionary and 160 KB for
//! packing; and the rows are brought into their order as a whole. For a part of 50,000 rows that was 50 to 100 MB, more than the rows themselves.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{concat, take};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Encoding, Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnDescPtr;

use super::chunk::{chunk, packing};
use super::coded::{Coded, Coder, Keys};
use super::column::MAX_BATCH_ROWS;
use super::hashing::{Ended, Hashing};
use super::nothing;
use super::order::Sequence;
use super::packed::Piece;
use super::strands::{Nothing, Strand, strands};
use crate::pause::{Step, pause};

/// Ends a file, into which nothing was written, with one row group of all rows of the pieces, in this order.
pub(super) fn finish_with(writer: ArrowWriter<Hashing>, pieces: &[Piece], order: &Sequence) -> Ended {
    let (mut writer, _) = writer.into_serialized_writer()?;
    pack_all(&mut writer, pieces, order)?;
    let footer = writer.finish()?;
    Ok((footer, writer.inner_mut().finish()))
}

fn pack_all(writer: &mut SerializedFileWriter<Hashing>, pieces: &[Piece], order: &Sequence) -> Result<(), ParquetError> {
    let (properties, rows) = (Arc::clone(writer.properties()), order.len());
    let (mut coder, mut names) = (Coder::new(&properties, order.keys())?, Vec::new());
    let mut group = writer.next_row_group()?;
    for (place, strand) in strands().iter().enumerate() {
        if let Some(nothing) = Nothing::in_all(pieces.iter().map(|piece| piece.nothing_in(place, strand))) {
            for leaf in strand.leaves() {
                let Coded { bytes, close } = nothing::chunk((strand, leaf), nothing, rows, &properties)?;
                group.append_column(&bytes, close)?;
            }
        } else {
            let columns: Vec<ArrayRef> =
                pieces.iter().map(|piece| piece.column(place, strand)).collect::<Result<_, _>>().map_err(packing)?;
            if strand.own().is_some() {
                pack(&mut group, &mut names, strand, (columns, order), &properties)?;
            } else {
                let distinct = concat(&columns.iter().map(AsRef::as_ref).collect::<Vec<_>>()).map_err(packing)?;
                pack_shared(&mut group, &mut coder, strand, (&distinct, order.keys()), &properties)?;
            }
        }
        pause(Step::PartBegun);
    }
    group.close().map(drop)
}

/// Packs the columns that Parquet sees of one of ours, of which the rows share the distinct values.
fn pack_shared(
    group: &mut SerializedRowGroupWriter<'_, Hashing>,
    coder: &mut Coder<'_>,
    strand: &Strand,
    (distinct, keys): (&ArrayRef, &Keys),
    properties: &WriterPropertiesPtr,
) -> Result<(), ParquetError> {
    for leaf in strand.leaves() {
        let distinct = leaf.of(distinct).map_err(packing)?;
        match coder.chunk(&leaf.described()?.column(0), &distinct)? {
            Some(Coded { bytes, close }) => group.append_column(&bytes, close)?,
            None => chunk(leaf, spread(&distinct, keys.of_rows()), properties)?.append_to_row_group(group)?,
        }
    }
    Ok(())
}

/// The rows that have these keys, of a column of the distinct ones.
fn spread<'k>(distinct: &'k ArrayRef, keys: &'k [u32]) -> impl Iterator<Item = Result<ArrayRef, ArrowError>> + 'k {
    keys.chunks(MAX_BATCH_ROWS).map(|keys| take(distinct, &UInt32Array::from(keys.to_vec()), None))
}

/// Columns of names that have been packed, and what they are in each piece.
type Names = Vec<(Vec<ArrayRef>, Coded)>;

/// Packs the columns that Parquet sees of one of ours, one by one.
fn pack(
    group: &mut SerializedRowGroupWriter<'_, Hashing>,
    names: &mut Names,
    strand: &Strand,
    (columns, order): (Vec<ArrayRef>, &Sequence),
    properties: &WriterPropertiesPtr,
) -> Result<(), ParquetError> {
    if let [leaf] = strand.leaves() {
        let column = leaf.described()?.column(0);
        if column.physical_type() != Type::BYTE_ARRAY || properties.dictionary_enabled(column.path()) {
            return chunk(leaf, order.gathered(columns), properties)?.append_to_row_group(group);
        }
        // The registrable domain of most domains is the domain itself, and in a zone's list of all.
        let twin = names.iter().find(|(others, name)| is_twin(name, &column, properties) && *others == columns);
        let name = match twin {
            Some((_, name)) => name.under(&column)?,
            None => Coded::of(leaf, chunk(leaf, order.gathered(columns.clone()), properties)?, properties)?,
        };
        let close = name.close.clone();
        let appended = group.append_column(&name.bytes, close).map(drop);
        names.push((columns, name));
        return appended;
    }
    let stretches: Vec<ArrayRef> = order.gathered(columns).collect::<Result<_, _>>().map_err(packing)?;
    for leaf in strand.leaves() {
        let stretches = stretches.iter().map(|column| leaf.of(column));
        chunk(leaf, stretches, properties)?.append_to_row_group(group)?;
    }
    Ok(())
}

/// Whether a column that has the same values as the packed one has the same pages, and nothing else.
fn is_twin(packed: &Coded, column: &ColumnDescPtr, properties: &WriterPropertiesPtr) -> bool {
    let (of, path) = (&packed.close.metadata, column.path());
    let levels = |column: &ColumnDescPtr| (column.max_def_level(), column.max_rep_level(), column.physical_type());
    levels(&of.column_descr_ptr()) == levels(column)
        && of.compression() == properties.compression(path)
        && of.encodings().collect::<Vec<_>>().contains(&properties.encoding(path).unwrap_or(Encoding::PLAIN))
        && properties.statistics_enabled(path) == EnabledStatistics::None
        && properties.bloom_filter_properties(path).is_none()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use arrow::array::{AsArray as _, StringArray};
    use parquet::arrow::ProjectionMask;
    use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};
    use parquet::file::metadata::PageIndexPolicy;

    use super::*;
    use crate::dataset::draft::Draft;
    use crate::dataset::encoding::writer;
    use crate::dataset::folded::Folded;
    use crate::dataset::manifest::Manifest;
    use crate::dataset::order::Order;
    use crate::dataset::packed::Packed;
    use crate::dataset::{Record, RowBuilder, record_batch, samples};

    #[test]
    fn the_file_is_the_same_as_if_it_were_packed_row_by_row() {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let mut records: Vec<_> = (0..3000).map(|ordinal| samples::absent(ordinal, &format!("d{ordinal}.example.com"))).collect();
        records.extend(proptest::collection::vec(samples::record(), 200).new_tree(&mut runner).unwrap().current());
        packed_as_row_by_row(records);
    }

    #[test]
    fn so_it_is_where_all_names_are_registrable_domains() {
        packed_as_row_by_row((0..5000).map(|ordinal| samples::absent(ordinal, &format!("d{ordinal}.example"))).collect());
    }

    #[test]
    fn pages_of_a_column_that_is_another_ones_twin_are_found() {
        let name = |ordinal| format!("a-name-so-long-that-all-together-take-more-than-a-page-{ordinal}.example");
        let records: Vec<Record> = (0..20_000).map(|ordinal| samples::absent(ordinal, &name(ordinal))).collect();
        let pieces = records.chunks(MAX_BATCH_ROWS).map(|records| Piece::Loose(batch(records))).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part");
        by_columns(&path, Order::of(pieces).unwrap());
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Required);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(fs::File::open(path).unwrap(), options).unwrap();
        let columns = ProjectionMask::columns(reader.parquet_schema(), ["domain", "org_domain"]);
        let last = RowSelection::from(vec![RowSelector::skip(19_990), RowSelector::select(10)]);
        let rows = reader.with_projection(columns).with_row_selection(last).build().unwrap().next().unwrap().unwrap();
        let expected = StringArray::from_iter_values((19_990..20_000).map(name));
        assert_eq!(rows.columns().iter().map(|names| names.as_string::<i32>()).collect::<Vec<_>>(), [&expected, &expected]);
    }

    fn batch(records: &[Record]) -> Folded {
        Folded::of(record_batch(records).unwrap()).unwrap()
    }

    /// Writes a part by its columns.
    fn by_columns(path: &Path, order: Order) {
        let draft = Draft::begin(path).unwrap();
        let sink = Hashing::new(draft.file().unwrap());
        let writer = writer(sink, &Manifest::begun(&samples::run()), Some(order.filled())).unwrap();
        let (pieces, order) = order.into_one_group().ok().unwrap();
        finish_with(writer, &pieces, &order).unwrap().1.unwrap();
        draft.put_in_place().unwrap();
    }

    /// Writes a part row by row.
    fn by_rows(path: &Path, order: Order) {
        let draft = Draft::begin(path).unwrap();
        let sink = Hashing::new(draft.file().unwrap());
        let mut writer = writer(sink, &Manifest::begun(&samples::run()), Some(order.filled())).unwrap();
        let write = |batch| {
            writer.write(&batch).unwrap();
            Ok(())
        };
        order.each_batch(write).unwrap();
        writer.finish().unwrap();
        writer.inner_mut().finish().unwrap();
        draft.put_in_place().unwrap();
    }

    fn packed_as_row_by_row(mut records: Vec<Record>) {
        let judgements = [0, 1, 2].map(|hosts| Arc::new(samples::with_mail(&records[0], hosts).assessment));
        // Some in long runs, some dealt out one by one; the mail of many is with one of three.
        let dealt = records.len() as u64 - 1400;
        for (ordinal, record) in (0..).zip(&mut records) {
            record.target.ordinal = if ordinal < 1400 { ordinal } else { 1400 + (ordinal - 1400) * 7 % dealt };
            if ordinal < 3000 {
                *record = samples::with_mail(record, (ordinal * ordinal % 7 % 3) as usize);
            }
        }
        let folded = |records: &[Record]| {
            let mut rows = RowBuilder::default();
            for Record { target, evidence, assessment } in records {
                match judgements.iter().find(|judgement| judgement.as_ref() == assessment) {
                    Some(judgement) => rows.push_shared(target, evidence, judgement),
                    None => rows.push(target, evidence, assessment),
                }
            }
            rows.fold().unwrap()
        };
        for records in records.chunks(MAX_BATCH_ROWS) {
            assert_eq!(folded(records).unfold().unwrap(), batch(records).unfold().unwrap());
            assert!(folded(records).distinct() < 400);
        }
        let folder = tempfile::tempdir().unwrap();
        let written = |name: &str, write: fn(&Path, Order), piece: &dyn Fn(&[Record]) -> Piece| {
            let path = folder.path().join(name);
            write(&path, Order::of(records.chunks(700).map(piece).collect()).unwrap());
            fs::read(path).unwrap()
        };
        let packed = |rows: Folded| Piece::Packed(Packed::of(&[rows]).unwrap());
        let rows = written("rows", by_rows, &|records| Piece::Loose(batch(records)));
        assert!(written("columns", by_columns, &|records| Piece::Loose(batch(records))) == rows);
        assert!(written("packed", by_columns, &|records| packed(batch(records))) == rows);
        assert!(written("folded", by_columns, &|records| Piece::Loose(folded(records))) == rows);
        assert!(written("folded and packed", by_columns, &|records| packed(folded(records))) == rows);
        assert!(written("unfolded", by_rows, &|records| Piece::Loose(folded(records))) == rows);
    }
}
