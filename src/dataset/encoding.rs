//! How the columns are packed: what repeats by dictionary, what counts up by differences, names plain or by shared beginnings.

use std::io::Write;
use std::iter::zip;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::column::MAX_BATCH_ROWS;
use super::manifest::Manifest;
use super::schema;
use super::schema::SCHEMA_VERSION_KEY;

/// Rows of a row group at most; a part of the usual size is one group, which packs best and still fits into memory.
pub(super) const ROW_GROUP_ROWS: usize = 131_072;

/// Bytes of a row group at most before it is packed, so that a shard full of bodies does not pile up in memory.
pub(super) const ROW_GROUP_BYTES: usize = 64 << 20;

/// Bytes of a page at most.
const PAGE_BYTES: usize = 1 << 20;

/// Share of the row groups without a domain that its Bloom filter does not tell, at most: a filter has a power of two of bytes, 131,072 for 50,000 rows,
/// and tells all but one in some four thousand. At a hundredth, with half the bytes, who looks for one domain in a hundred million rows reads the names
/// of twenty parts that do not have it.
const BLOOM_FILTER_FPP: f64 = 0.001;

/// Level 1: level 3 saves a tenth of the bytes of rows without records and takes three times as long, which was a twelfth of what a scan
/// of such rows costs in all.
pub(super) const ZSTD_LEVEL: i32 = 1;

/// The column of what was seen, which has nearly all columns that Parquet sees. The others are few, and a part that is judged again is to
/// have them as one that was judged so in the first place, before anybody knows what will be in them.
const EVIDENCE: &str = "evidence";

/// Where a part says of which run it is.
pub(super) const RUN_ID: &str = "stscan.run_id";

/// What the columns that Parquet sees have in a part, in the order of the schema.
///
/// Most have no value in most parts: few domains have a policy, or mail servers that were asked. The packer of a column takes memory for
/// compressing, whether there is something to compress or not, which for 450 columns was more than all rows of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filled(Vec<Fill>);

/// What a column has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Fill {
    /// The same nothing in each row: some bytes.
    #[default]
    Empty,
    /// No value, but not the same nothing in each row: where its struct is missing, and how long its list is, stands with each column of it.
    /// Of 20,000 domains of which one in fifty has a policy that was 28 bytes per row over all columns, and is 13 when it is compressed.
    Levels,
    /// Values.
    Values,
}

impl Filled {
    /// Every column but those of these fields, which are not written.
    pub(super) fn but(unchanged: &[&str]) -> Self {
        let mut filled = Vec::new();
        for field in schema().fields() {
            let mut leaves = Vec::new();
            leaf_paths(field, Vec::new(), &mut leaves);
            let fill = if unchanged.contains(&field.name().as_str()) { Fill::Empty } else { Fill::Values };
            filled.resize(filled.len() + leaves.len(), fill);
        }
        Self(filled)
    }

    /// What has a value in these rows.
    pub(super) fn of(batch: &RecordBatch) -> Self {
        let (mut filled, mut leaf) = (Self::default(), 0);
        batch.columns().iter().for_each(|column| filled.note(column, Fill::Empty, &mut leaf));
        filled
    }

    /// Notes what is in the leaves of a column, of which this is the first.
    pub(super) fn note_at(&mut self, mut first_leaf: usize, column: &ArrayRef) {
        self.note(column, Fill::Empty, &mut first_leaf);
    }

    /// Adds what has a value in other rows.
    pub(super) fn add(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), Fill::default());
        zip(&mut self.0, &other.0).for_each(|(own, other)| *own = (*own).max(*other));
    }

    /// Notes what is in the leaves of an array; `around`, what they have by the structs and lists that they are in.
    fn note(&mut self, array: &ArrayRef, around: Fill, leaf: &mut usize) {
        if let Some(children) = array.as_struct_opt() {
            let varies = (1..array.len()).contains(&array.null_count());
            let around = if varies { Fill::Levels } else { around };
            return children.columns().iter().for_each(|child| self.note(child, around, leaf));
        }
        if let Some(list) = array.as_list_opt::<i32>() {
            let around = if list.values().is_empty() { around } else { Fill::Levels };
            return self.note(list.values(), around, leaf);
        }
        if self.0.len() <= *leaf {
            self.0.resize(*leaf + 1, Fill::Empty);
        }
        if let Some(fill) = self.0.get_mut(*leaf) {
            *fill = (*fill).max(if array.null_count() < array.len() { Fill::Values } else { around });
        }
        *leaf += 1;
    }

    fn of_leaf(&self, leaf: usize) -> Fill {
        self.0.get(leaf).copied().unwrap_or_default()
    }
}

/// What writes the rows of a part to `sink`; `filled` where it is known before the first row is written.
///
/// The Arrow schema is not put into the file: it says what the Parquet schema says, and beside that the meaning of each column, which were 130 KB
/// in each part, and read by everyone who asks a part for anything. `footer` of `whole.rs` gives it back.
///
/// # Errors
/// If the sink does not take the beginning.
pub(super) fn writer<W: Write + Send>(sink: W, manifest: &Manifest, filled: Option<&Filled>) -> Result<ArrowWriter<W>, ParquetError> {
    let options = ArrowWriterOptions::new().with_properties(properties(manifest, filled)).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(sink, schema(), options)
}

/// The settings of a part's file.
fn properties(manifest: &Manifest, filled: Option<&Filled>) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_data_page_size_limit(PAGE_BYTES)
        // Short pages would have every column compress before the first one ends, each with memory of its own.
        .set_data_page_row_count_limit(ROW_GROUP_ROWS)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_write_batch_size(MAX_BATCH_ROWS)
        .set_sorting_columns(Some(vec![SortingColumn { column_idx: 0, descending: false, nulls_first: false }]))
        .set_key_value_metadata(Some(footer(manifest)));
    let mut leaves = Vec::new();
    for field in schema().fields() {
        leaf_paths(field, Vec::new(), &mut leaves);
    }
    for (leaf, (path, data_type)) in leaves.into_iter().enumerate() {
        let is_evidence = path.parts().first().is_some_and(|field| field == EVIDENCE);
        let fill = filled.filter(|_| is_evidence).map_or(Fill::Values, |filled| filled.of_leaf(leaf));
        if fill == Fill::Empty {
            builder = builder.set_column_compression(path.clone(), Compression::UNCOMPRESSED);
        }
        if fill < Fill::Values {
            builder = builder.set_column_dictionary_enabled(path.clone(), false);
        } else if let Some(encoding) = encoding(&path, &data_type) {
            builder = builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path.clone(), encoding);
        }
        if path.string() == "domain" {
            builder = builder.set_column_bloom_filter_fpp(path.clone(), BLOOM_FILTER_FPP);
        }
        if is_ordered(&path, &data_type) {
            builder = builder.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
        }
    }
    builder.build()
}

/// Whether least and greatest value of a part may spare a reader the part. Every part has nearly every word, and to find the least and
/// greatest of them would be a tenth of the cost of writing it.
fn is_ordered(path: &ColumnPath, data_type: &DataType) -> bool {
    path.parts().len() == 1 && (!matches!(data_type, DataType::Utf8) || path.string() == "domain")
}

/// What every part says of itself.
fn footer(manifest: &Manifest) -> Vec<KeyValue> {
    let pair = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    vec![
        pair(SCHEMA_VERSION_KEY, &manifest.schema_version.to_string()),
        pair("stscan.catalogue_version", &manifest.run.catalogue_version),
        pair("stscan.version", &manifest.run.tool.version),
        pair(RUN_ID, &manifest.run.run_id),
    ]
}

/// The encoding of columns in which hardly a value repeats; `None` where a dictionary serves best.
///
/// Five names are four fifths of a row without records. Of 10,000 names in the order of ranks a name takes 7.4 bytes plain, 6.8 by its length and
/// 7.1 by the beginning that it shares with the name before; in the order of names 6.7, 6.4 and 5.6. The flat ones are plain, since some readers
/// know no other encoding of texts: that costs 0.7 to 2.3 bytes per row.
fn encoding(path: &ColumnPath, data_type: &DataType) -> Option<Encoding> {
    let last = path.parts().last().map_or("", String::as_str);
    match (last, data_type) {
        ("ordinal" | "scanned_at" | "rank" | "line" | "rtt_us" | "elapsed_ms", _) => Some(Encoding::DELTA_BINARY_PACKED),
        ("domain" | "org_domain", DataType::Utf8) if path.parts().len() == 1 => Some(Encoding::PLAIN),
        ("domain" | "org_domain" | "name", DataType::Utf8) => Some(Encoding::DELTA_BYTE_ARRAY),
        _ => None,
    }
}

/// The columns that Parquet sees below a field.
fn leaf_paths(field: &Field, mut path: Vec<String>, leaves: &mut Vec<(ColumnPath, DataType)>) {
    path.push(field.name().clone());
    match field.data_type() {
        DataType::Struct(children) => children.iter().for_each(|child| leaf_paths(child, path.clone(), leaves)),
        DataType::List(element) => {
            path.push("list".to_owned());
            leaf_paths(element, path, leaves);
        }
        leaf => leaves.push((ColumnPath::new(path), leaf.clone())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use parquet::bloom_filter::Sbbf;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;
    use crate::dataset::{MAX_BATCH_ROWS, Record, record_batch, samples};

    fn write(records: &[Record]) -> File {
        let file = tempfile::tempfile().unwrap();
        let mut filled = Filled::default();
        records.chunks(MAX_BATCH_ROWS).for_each(|records| filled.add(&Filled::of(&record_batch(records).unwrap())));
        let mut writer = writer(file.try_clone().unwrap(), &Manifest::begun(&samples::run()), Some(&filled)).unwrap();
        for records in records.chunks(MAX_BATCH_ROWS) {
            writer.write(&record_batch(records).unwrap()).unwrap();
        }
        writer.close().unwrap();
        file
    }

    #[test]
    fn every_leaf_of_the_schema_is_a_column_of_the_file() {
        let file = SerializedFileReader::new(write(&[samples::absent(0, "example.com")])).unwrap();
        let metadata = file.metadata();
        let mut leaves = Vec::new();
        schema().fields().iter().for_each(|field| leaf_paths(field, Vec::new(), &mut leaves));
        let columns: Vec<ColumnPath> =
            metadata.file_metadata().schema_descr().columns().iter().map(|column| column.path().clone()).collect();
        assert_eq!(leaves.into_iter().map(|(path, _)| path).collect::<Vec<_>>(), columns);
        let sorting = metadata.row_group(0).sorting_columns().unwrap();
        assert_eq!((sorting.len(), sorting[0].column_idx, sorting[0].descending), (1, 0, false));
        let footer = metadata.file_metadata().key_value_metadata().unwrap();
        let value = |key: &str| footer.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref());
        assert_eq!((value("stscan.schema_version"), value("stscan.run_id")), (Some("2"), Some("20261123-1")));
        assert_eq!((value("stscan.catalogue_version"), value("stscan.version")), (Some("1"), Some("0.1.0")));
    }

    #[test]
    fn what_has_no_value_is_not_compressed() {
        let file = SerializedFileReader::new(write(&[samples::absent(0, "example.com")])).unwrap();
        let columns = file.metadata().row_group(0).columns();
        let compression = |path: &str| columns.iter().find(|column| column.column_path().string() == path).unwrap().compression();
        assert!(matches!((compression("domain"), compression("policy_mode")), (Compression::ZSTD(_), Compression::ZSTD(_))));
        let compressed = columns.iter().filter(|column| column.compression() != Compression::UNCOMPRESSED).count();
        assert!((40..160).contains(&compressed), "{compressed} of {}", columns.len());
        let but = Filled::but(&["evidence"]);
        assert_eq!((but.0.len(), but.of_leaf(0), but.of_leaf(columns.len() - 1)), (columns.len(), Fill::Values, Fill::Empty));
    }

    #[test]
    fn a_reader_is_spared_the_row_groups_without_a_domain() {
        let records: Vec<Record> = (0..2_000).map(|ordinal| samples::absent(ordinal, &format!("d{ordinal}.example.com"))).collect();
        let file = write(&records);
        let reader = SerializedFileReader::new(file.try_clone().unwrap()).unwrap();
        let column = reader.metadata().row_group(0).column(1);
        assert_eq!(column.column_path().string(), "domain");
        let filter = Sbbf::read_from_column_chunk(column, &file).unwrap().unwrap();
        assert!((0..2_000).all(|ordinal| filter.check(format!("d{ordinal}.example.com").as_str())));
        let false_hits = (0..10_000).filter(|other| filter.check(format!("e{other}.example.com").as_str())).count();
        assert!(false_hits < 20, "{false_hits} of 10,000");
        let statistics = column.statistics().unwrap();
        assert_eq!(statistics.min_bytes_opt(), Some(b"d0.example.com".as_slice()));
    }

    #[test]
    fn rows_of_names_without_any_record_are_small() {
        let names = include_str!("../../data/opendns-random-domains.txt");
        let names: Vec<&str> = names.lines().filter(|name| crate::name::Domain::from_a_labels(name).is_some()).collect();
        let records: Vec<Record> = (0_u64..).zip(&names).map(|(ordinal, name)| samples::absent(ordinal, name)).collect();
        let bytes = |records| write(records).metadata().unwrap().len();
        // Apart from what the columns themselves take, which is the same for any number of rows.
        let (all, first) = (bytes(&records), bytes(&records[..1]));
        let per_row = (all - first) as f64 / (records.len() - 1) as f64;
        assert!(per_row < 64.0, "{per_row} bytes per row; {first} for the first of {}", records.len());
    }
}
