//! A row group packed column by column: what a packer holds back of a column until its page is full is there for one column at a time.
//!
//! Row by row the packers of all columns fill side by side, each with eight bytes per value that it finds in its dictionary; and the rows are
//! brought into their order as a whole. For a part of 50,000 rows that was 50 MB, more than the rows themselves.

use std::iter::zip;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedRowGroupWriter;

use super::encoding::EVIDENCE;
use super::hashing::Hashing;
use super::order::Sequence;
use super::schema;
use crate::pause::{Step, pause};

/// Ends a file, into which nothing was written, with one row group of all rows of the batches, in this order.
pub(super) fn finish_with(writer: ArrowWriter<Hashing>, batches: Vec<RecordBatch>, order: &Sequence) -> Result<Hashing, ParquetError> {
    let (mut writer, factory) = writer.into_serialized_writer()?;
    let mut packers = factory.create_column_writers(0)?.into_iter();
    let mut group = writer.next_row_group()?;
    // The columns of the batches, the last on top, so that each goes when it is packed.
    let mut rest: Vec<Vec<ArrayRef>> = batches.into_iter().map(|batch| batch.columns().iter().rev().cloned().collect()).collect();
    for field in schema().fields() {
        let columns: Vec<ArrayRef> = rest.iter_mut().filter_map(Vec::pop).collect();
        if field.name() == EVIDENCE {
            let columns: Vec<StructArray> = columns.iter().map(|column| column.as_struct().clone()).collect();
            for child in 0..columns.first().map_or(0, StructArray::num_columns) {
                let (field, alone) = alone(field, &columns, child)?;
                pack(&field, &alone, order, &mut packers, &mut group)?;
            }
        } else {
            pack(field, &columns, order, &mut packers, &mut group)?;
        }
        pause(Step::PartBegun);
    }
    group.close()?;
    writer.into_inner()
}

/// A struct with one of its columns alone, whose place among the others does not matter for how it is packed.
fn alone(field: &Field, columns: &[StructArray], child: usize) -> Result<(Field, Vec<ArrayRef>), ParquetError> {
    let (mut of, mut alone) = (Fields::empty(), Vec::with_capacity(columns.len()));
    for column in columns {
        let (Some(field), Some(only)) = (column.fields().get(child), column.columns().get(child)) else { continue };
        of = Fields::from(vec![Arc::clone(field)]);
        let array = StructArray::try_new(of.clone(), vec![Arc::clone(only)], column.nulls().cloned());
        alone.push(Arc::new(array.map_err(packing)?) as ArrayRef);
    }
    Ok((Field::new(field.name(), DataType::Struct(of), field.is_nullable()), alone))
}

/// Packs a column of the table, which may be several of the file, and puts it into the row group.
fn pack(
    field: &Field,
    columns: &[ArrayRef],
    order: &Sequence,
    packers: &mut impl Iterator<Item = ArrowColumnWriter>,
    group: &mut SerializedRowGroupWriter<'_, Hashing>,
) -> Result<(), ParquetError> {
    let mut own: Vec<ArrowColumnWriter> = packers.take(leaves(field.data_type())).collect();
    for column in order.of(columns) {
        for (packer, leaf) in zip(&mut own, compute_leaves(field, &column.map_err(packing)?)?) {
            packer.write(&leaf)?;
        }
    }
    own.into_iter().try_for_each(|packer| packer.close()?.append_to_row_group(group))
}

/// How many columns of the file a column of the table is.
fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        DataType::List(element) => leaves(element.data_type()),
        _ => 1,
    }
}

fn packing(error: ArrowError) -> ParquetError {
    ParquetError::External(Box::new(error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::dataset::draft::Draft;
    use crate::dataset::encoding::writer;
    use crate::dataset::manifest::Manifest;
    use crate::dataset::order::Order;
    use crate::dataset::packed::Piece;
    use crate::dataset::{record_batch, samples};

    #[test]
    fn the_file_is_the_same_as_if_it_were_packed_row_by_row() {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let mut records: Vec<_> = (0..3000).map(|ordinal| samples::absent(ordinal, &format!("d{ordinal}.example.com"))).collect();
        records.extend(proptest::collection::vec(samples::record(), 200).new_tree(&mut runner).unwrap().current());
        // Some in long runs, some dealt out one by one.
        for (ordinal, record) in (0..).zip(&mut records) {
            record.target.ordinal = if ordinal < 1400 { ordinal } else { 1400 + (ordinal - 1400) * 7 % 1800 };
        }
        let batches: Vec<RecordBatch> = records.chunks(700).map(|records| record_batch(records).unwrap()).collect();
        let folder = tempfile::tempdir().unwrap();
        let written = |name: &str, by_columns: bool| {
            let path = folder.path().join(name);
            let draft = Draft::begin(&path).unwrap();
            let sink = Hashing::new(draft.file().unwrap());
            let order = Order::of(batches.iter().cloned().map(Piece::Loose).collect()).unwrap();
            let mut writer = writer(sink, &Manifest::begun(&samples::run()), Some(order.filled())).unwrap();
            let sink = if by_columns {
                let (batches, order) = order.into_one_group().ok().unwrap();
                finish_with(writer, batches, &order).unwrap()
            } else {
                order.each_batch(|batch| Ok(writer.write(&batch).unwrap())).unwrap();
                writer.into_inner().unwrap()
            };
            sink.finish().unwrap();
            draft.put_in_place().unwrap();
            fs::read(path).unwrap()
        };
        assert!(written("rows", false) == written("columns", true));
    }
}
