//! Companion tables without lists, for R, spreadsheets and BI tools: a row for each finding, MX host and destination of reports, to be joined
//! with the table by `ordinal` or `domain`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::analyse::provenance::Provenance;
use crate::analyse::scans::AnalyseError;
use crate::dataset::{COMMENT, ColumnGroup, DatasetError, Draft, Layout, ListColumn, Reader, csv_heading, csv_row, elements, text};
use crate::name::suffix;
use crate::place;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// The form of the companion tables.
    pub enum FlatForm {
        /// Parquet, packed with zstd.
        Parquet = "parquet",
        /// CSV, with lines at its head that begin with `#` and say where the table comes from.
        Csv = "csv",
    }
}

/// Rows that are read at once.
const ROWS: usize = 8192;
/// Where a file says of which run it is, and all else about where it comes from.
const PROVENANCE: &str = "stscan.provenance";

/// A companion table as it was written.
#[derive(Clone, Debug)]
pub(super) struct Companion {
    /// Path from the dataset's folder.
    pub(super) file: String,
    pub(super) name: &'static str,
    pub(super) schema: SchemaRef,
    pub(super) form: FlatForm,
}

/// A table: its columns, and its rows of some rows of the dataset.
struct Table {
    name: &'static str,
    schema: SchemaRef,
    /// What is read.
    columns: &'static [&'static str],
    rows: fn(&RecordBatch, &SchemaRef) -> Result<RecordBatch, DatasetError>,
}

fn tables() -> [Table; 3] {
    [
        Table { name: "findings", schema: findings_schema(), columns: &["ordinal", "domain", "findings"], rows: findings },
        Table { name: "mx", schema: mx_schema(), columns: &["ordinal", "domain", "mx_hosts", "evidence.mx.records"], rows: mx },
        Table { name: "rua", schema: rua_schema(), columns: &["ordinal", "domain", "tlsrpt_rua", "rua_hosts"], rows: rua },
    ]
}

/// Writes the tables of a dataset into its folder.
///
/// # Errors
/// If the dataset cannot be read or the disk fails.
pub(super) fn write(dataset: &Reader, form: FlatForm, provenance: &Provenance) -> Result<Vec<Companion>, AnalyseError> {
    let name = Layout::of(dataset.dir()).flat();
    let folder = dataset.dir().join(name);
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        AnalyseError::Request(format!("cannot write {}: {error}; see to it and give the command again", path.display()))
    };
    place::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    let mut written = Vec::new();
    for table in tables() {
        let file = format!("{name}/{}.{form}", table.name);
        let path = dataset.dir().join(&file);
        let draft = Draft::begin(&path)?;
        let written_to = draft.file().map_err(|error| failed(&path, &error))?;
        let mut out = Out::new(written_to, form, &table.schema, provenance).map_err(|error| failed(&path, &error))?;
        for part in &dataset.manifest().parts {
            for batch in dataset.part_in_batches(part, Some(table.columns), ROWS)? {
                let rows = (table.rows)(&batch?, &table.schema)?;
                out.write(&rows).map_err(|error| failed(&path, &error))?;
            }
        }
        out.finish().map_err(|error| failed(&path, &error))?;
        draft.put_in_place()?;
        written.push(Companion { file, name: table.name, schema: table.schema, form });
    }
    Ok(written)
}

/// A file that is being written.
enum Out {
    Parquet(Box<ArrowWriter<File>>),
    Csv(BufWriter<File>),
}

type Written<T> = Result<T, Box<dyn std::error::Error>>;

impl Out {
    fn new(file: File, form: FlatForm, schema: &SchemaRef, provenance: &Provenance) -> Written<Self> {
        match form {
            FlatForm::Parquet => {
                let about = KeyValue::new(PROVENANCE.to_owned(), serde_json::to_string(provenance)?);
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_key_value_metadata(Some(vec![about]))
                    .build();
                Ok(Self::Parquet(Box::new(ArrowWriter::try_new(file, Arc::clone(schema), Some(properties))?)))
            }
            FlatForm::Csv => {
                let mut out = BufWriter::new(file);
                for (label, text) in provenance.whole_lines() {
                    writeln!(out, "# {label}: {}", crate::escape::safe(&text))?;
                }
                writeln!(out, "{}", csv_heading(schema))?;
                Ok(Self::Csv(out))
            }
        }
    }

    fn write(&mut self, rows: &RecordBatch) -> Written<()> {
        match self {
            Self::Parquet(writer) => Ok(writer.write(rows)?),
            Self::Csv(out) => Ok((0..rows.num_rows()).try_for_each(|row| writeln!(out, "{}", csv_row(rows, row)))?),
        }
    }

    /// The file is on the disk when this returns.
    fn finish(self) -> Written<()> {
        let file = match self {
            Self::Parquet(writer) => writer.into_inner()?,
            Self::Csv(out) => out.into_inner().map_err(std::io::IntoInnerError::into_error)?,
        };
        Ok(file.sync_all()?)
    }
}

fn field(name: &str, data_type: DataType, comment: &str) -> Field {
    Field::new(name, data_type, true).with_metadata(std::collections::HashMap::from([(COMMENT.to_owned(), comment.to_owned())]))
}

/// Which row of the dataset, and which element of its list.
fn keys(of: &str) -> Vec<Field> {
    vec![
        field("ordinal", DataType::Int64, "Position of the domain in the input, from 0: the key of the table."),
        field("domain", DataType::Utf8, "The domain."),
        field("place", DataType::Int32, &format!("Which {of} of the domain, from 1.")),
    ]
}

fn schema(of: &str, columns: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new([keys(of), columns].concat()))
}

fn findings_schema() -> SchemaRef {
    schema(
        "finding",
        vec![
            field("code", DataType::Utf8, "Code of the catalogue; `stscan explain CODE` says more."),
            field("severity", DataType::Utf8, "How much it matters in this case: high, medium, low, info."),
            field("subject", DataType::Utf8, "What it is about; empty where it is the domain itself."),
            field("detail", DataType::Utf8, "The particulars."),
            field("count", DataType::Int32, "In how many places it was found."),
        ],
    )
}

fn mx_schema() -> SchemaRef {
    schema(
        "MX host, the most preferred first,",
        vec![
            field("host", DataType::Utf8, "The MX host."),
            field("org_domain", DataType::Utf8, "Its registrable domain; null where it has none."),
            field("preference", DataType::Int32, "Its preference; the least is tried first."),
        ],
    )
}

fn rua_schema() -> SchemaRef {
    schema(
        "destination of TLS reports",
        vec![
            field("uri", DataType::Utf8, "The destination as written."),
            field("scheme", DataType::Utf8, "How a report travels: mailto, https, other."),
            field("host", DataType::Utf8, "The mail domain or the HTTPS host; null where the text names none."),
            field("org_domain", DataType::Utf8, "Its registrable domain; null where it has none."),
        ],
    )
}

/// The keys of the elements of a column of lists, and where each stands among all elements.
struct Keyed {
    columns: Vec<ArrayRef>,
    places: Vec<usize>,
    /// The row of each.
    rows: Vec<usize>,
}

fn keyed(batch: &RecordBatch, lists: &ListArray) -> Result<Keyed, DatasetError> {
    let table = ColumnGroup::table(batch);
    let (ordinals, domains): (Int64Array, StringArray) = (table.column("ordinal")?, table.column("domain")?);
    let all = (0..batch.num_rows()).flat_map(|row| elements(lists, row).enumerate().map(move |(place, index)| (row, place, index)));
    let all: Vec<(usize, usize, usize)> = all.collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(all.iter().map(|(row, ..)| Some(ordinals.value(*row))).collect::<Int64Array>()),
        Arc::new(all.iter().map(|(row, ..)| text(&domains, *row)).collect::<StringArray>()),
        Arc::new(all.iter().map(|(_, place, _)| i32::try_from(place + 1).ok()).collect::<Int32Array>()),
    ];
    Ok(Keyed { columns, places: all.iter().map(|(.., index)| *index).collect(), rows: all.iter().map(|(row, ..)| *row).collect() })
}

impl Keyed {
    fn texts(&self, of: &StringArray) -> ArrayRef {
        Arc::new(self.places.iter().map(|index| text(of, *index)).collect::<StringArray>())
    }

    fn finish(self, schema: &SchemaRef, further: Vec<ArrayRef>) -> Result<RecordBatch, DatasetError> {
        Ok(RecordBatch::try_new(Arc::clone(schema), [self.columns, further].concat())?)
    }
}

fn findings(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, DatasetError> {
    let (lists, finding) = ColumnGroup::table(batch).groups("findings")?;
    let keyed = keyed(batch, &lists)?;
    let mut further = Vec::new();
    for name in ["code", "severity", "subject", "detail"] {
        further.push(keyed.texts(&finding.column(name)?));
    }
    let count: Option<Int32Array> = finding.added("count")?;
    let count = keyed.places.iter().map(|index| Some(count.as_ref().map_or(1, |count| count.value(*index))));
    further.push(Arc::new(count.collect::<Int32Array>()));
    keyed.finish(schema, further)
}

fn mx(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, DatasetError> {
    let table = ColumnGroup::table(batch);
    let ListColumn { lists, values } = table.lists::<StringArray>("mx_hosts")?;
    let (records, record) = table.group("evidence")?.group("mx")?.groups("records")?;
    let (preferences, exchanges): (Int32Array, StringArray) = (record.column("preference")?, record.column("exchange")?);
    let keyed = keyed(batch, &lists)?;
    let host = |index: &usize| text(&values, *index);
    let domains = keyed.places.iter().map(|index| host(index).and_then(suffix::registrable)).collect::<StringArray>();
    let preference = |(row, index): (&usize, &usize)| {
        let of_host = elements(&records, *row).filter(|at| text(&exchanges, *at) == host(index));
        of_host.map(|at| preferences.value(at)).min()
    };
    let preferences = keyed.rows.iter().zip(&keyed.places).map(preference).collect::<Int32Array>();
    let further: Vec<ArrayRef> = vec![keyed.texts(&values), Arc::new(domains), Arc::new(preferences)];
    keyed.finish(schema, further)
}

fn rua(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, DatasetError> {
    let table = ColumnGroup::table(batch);
    let ListColumn { lists, values } = table.lists::<StringArray>("tlsrpt_rua")?;
    let keyed = keyed(batch, &lists)?;
    let mut further = vec![keyed.texts(&values)];
    // Both lists have the same elements, but in a dataset that is older than the second one, where that is null.
    let taken_apart = table.added_groups("rua_hosts")?;
    for name in ["scheme", "host", "org_domain"] {
        let column =
            taken_apart.as_ref().map(|(hosts, host)| Ok::<_, DatasetError>((hosts, host.column::<StringArray>(name)?))).transpose()?;
        let starts: Vec<usize> = keyed.rows.iter().map(|row| elements(&lists, *row).start).collect();
        let value = |at: usize| {
            let (row, index, start) = (keyed.rows.get(at)?, keyed.places.get(at)?, starts.get(at)?);
            let (hosts, texts) = column.as_ref()?;
            let element = elements(hosts, *row).nth(index.checked_sub(*start)?)?;
            text(texts, element)
        };
        further.push(Arc::new((0..keyed.places.len()).map(value).collect::<StringArray>()));
    }
    keyed.finish(schema, further)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{record_batch, samples};

    #[test]
    fn each_element_has_a_row() {
        let mut first = samples::absent(3, "example.com");
        first.assessment = crate::classify::classify(&first.evidence);
        first.assessment.mx_hosts = vec!["mx1.example.com".to_owned(), "mx.example.net".to_owned()];
        first.assessment.tlsrpt_rua = vec!["mailto:a@example.org".to_owned()];
        let second = samples::absent(4, "example.org");
        let expected = first.assessment.findings.len() + second.assessment.findings.len();
        let batch = record_batch(&[second, first]).unwrap();
        let rows = mx(&batch, &mx_schema()).unwrap();
        let column = |rows: &RecordBatch, name: &str| -> Vec<Option<String>> {
            let texts: StringArray = ColumnGroup::table(rows).column(name).unwrap();
            texts.iter().map(|text| text.map(str::to_owned)).collect()
        };
        let texts = |all: &[&str]| all.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(column(&rows, "domain"), texts(&["example.com", "example.com"]));
        assert_eq!(column(&rows, "org_domain"), texts(&["example.com", "example.net"]));
        let rows = rua(&batch, &rua_schema()).unwrap();
        assert_eq!((column(&rows, "uri"), column(&rows, "host")), (texts(&["mailto:a@example.org"]), vec![None]));
        let rows = findings(&batch, &findings_schema()).unwrap();
        assert!(expected > 1 && rows.num_rows() == expected, "{expected}");
    }
}
