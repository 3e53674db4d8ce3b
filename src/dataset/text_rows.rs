//! The table as text, for pipes: JSON Lines and CSV, of the columns that are asked for.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Field, Float64Type, Int16Type, Int32Type, Int64Type, Schema, TimestampMicrosecondType};
use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use super::column::elements;
use super::error::DatasetError;
use super::micros;
use super::order::Order;
use super::packed::Piece;
use super::schema;
use crate::escape::{csv_field, safe_bytes, safe_json};
use crate::vocabulary::{nearest, vocabulary};

vocabulary! {
    /// A form of rows as text.
    pub enum RowForm {
        /// An object on each line, lists and structs as JSON has them.
        Jsonl = "jsonl",
        /// A table with a header; lists and structs in a cell are JSON.
        Csv = "csv",
    }
}

/// The word for all flat columns.
const FLAT: &str = "flat";
/// The column that is no flat one.
const EVIDENCE: &str = "evidence";

/// Columns that are asked for: names, and paths into lists and structs, as `findings.code` or `evidence.fetch.status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowColumns(Vec<String>);

impl Default for RowColumns {
    fn default() -> Self {
        Self(flat())
    }
}

fn flat() -> Vec<String> {
    schema().fields().iter().map(|field| field.name().clone()).filter(|name| name != EVIDENCE).collect()
}

impl RowColumns {
    /// Checks what was asked for; nothing stands for all flat columns, as the word `flat` does among others.
    ///
    /// # Errors
    /// A sentence that names what is no column.
    pub fn chosen<S: AsRef<str>>(asked: &[S]) -> Result<Self, String> {
        let mut columns: Vec<String> = Vec::new();
        for path in asked.iter().map(AsRef::as_ref).map(str::trim) {
            let new = if path == FLAT { flat() } else { vec![checked(path)?] };
            columns.extend(new.into_iter().filter(|name| asked.len() > 1 || !name.is_empty()));
        }
        let mut seen = Vec::new();
        columns.retain(|name| {
            let is_new = !seen.contains(name);
            seen.push(name.clone());
            is_new
        });
        Ok(if columns.is_empty() { Self::default() } else { Self(columns) })
    }
}

/// A path, if there is such a column.
fn checked(path: &str) -> Result<String, String> {
    let plain = path.replace("[]", "");
    let mut parts = plain.split('.');
    let schema = schema();
    let first = parts.next().unwrap_or_default();
    let field = schema.fields().iter().find(|field| field.name() == first);
    let mut field = field.ok_or_else(|| unknown(path, schema.fields().iter().map(|field| field.name().as_str())))?.clone();
    for part in parts {
        let DataType::Struct(children) = innermost(field.data_type()) else {
            return Err(format!("there is no column {path:?}: {} has no fields", field.name()));
        };
        let child = children.iter().find(|child| child.name() == part);
        field = child.ok_or_else(|| unknown(path, children.iter().map(|child| child.name().as_str())))?.clone();
    }
    Ok(plain)
}

fn unknown<'n>(path: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    let last = path.rsplit('.').next().unwrap_or(path);
    let meant = nearest(last, known).map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    format!("there is no column {path:?}{meant} (`stscan schema` has all; flat stands for all but evidence)")
}

fn innermost(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::List(element) => innermost(element.data_type()),
        plain => plain,
    }
}

/// Writes rows as text.
pub(crate) struct TextWriter {
    output: BufWriter<Box<dyn Write + Send>>,
    /// What errors call the output.
    name: PathBuf,
    form: RowForm,
    columns: RowColumns,
}

impl fmt::Debug for TextWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextWriter({})", self.name.display())
    }
}

impl TextWriter {
    /// Writes the header where the form has one, and passes it on at once.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub(crate) fn new(output: Box<dyn Write + Send>, name: PathBuf, form: RowForm, columns: RowColumns) -> Result<Self, DatasetError> {
        let mut writer = Self { output: BufWriter::new(output), name, form, columns };
        if form == RowForm::Csv {
            let header = writer.columns.0.iter().map(|name| csv_field(name)).collect::<Vec<_>>().join(",");
            writer.put(|out| writeln!(out, "{header}"))?;
        }
        Ok(writer)
    }

    fn put(&mut self, write: impl FnOnce(&mut BufWriter<Box<dyn Write + Send>>) -> io::Result<()>) -> Result<(), DatasetError> {
        let written = write(&mut self.output).and_then(|()| self.output.flush());
        written.map_err(|error| DatasetError::io("write", &self.name)(error))
    }

    /// Writes a batch, and passes it on at once.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), DatasetError> {
        let (form, columns) = (self.form, self.columns.clone());
        self.put(|out| (0..batch.num_rows()).try_for_each(|row| writeln!(out, "{}", line(batch, row, form, &columns))))
    }

    /// Writes rows by their ordinals, whatever their order in the pieces, and gives their number.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub(crate) fn write_in_order(&mut self, pieces: Vec<Piece>) -> Result<u64, DatasetError> {
        let order = Order::of(pieces)?;
        let rows = order.len() as u64;
        order.each_batch(|batch| self.write(&batch))?;
        Ok(rows)
    }
}

/// The header of a table of CSV.
pub(crate) fn csv_heading(schema: &Schema) -> String {
    schema.fields().iter().map(|field| csv_field(field.name())).collect::<Vec<_>>().join(",")
}

/// A row of a batch with all its columns, as CSV.
pub(crate) fn csv_row(batch: &RecordBatch, row: usize) -> String {
    batch.columns().iter().map(|column| cell(&value(column, row))).collect::<Vec<_>>().join(",")
}

/// A row.
fn line(batch: &RecordBatch, row: usize, form: RowForm, RowColumns(columns): &RowColumns) -> String {
    let value = |path: &String| {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let value = batch.column_by_name(first).map_or(Value::Null, |column| value(column, row));
        rest.split('.').filter(|part| !part.is_empty()).fold(value, |value, part| below(&value, part))
    };
    match form {
        RowForm::Jsonl => {
            let object: Map<String, Value> = columns.iter().map(|path| (path.clone(), value(path))).collect();
            safe_json(&Value::Object(object).to_string())
        }
        RowForm::Csv => columns.iter().map(|path| cell(&value(path))).collect::<Vec<_>>().join(","),
    }
}

/// The field of a struct, or of each struct of a list.
fn below(value: &Value, field: &str) -> Value {
    match value {
        Value::Object(object) => object.get(field).cloned().unwrap_or_default(),
        Value::Array(values) => values.iter().map(|value| below(value, field)).collect(),
        _ => Value::Null,
    }
}

/// A cell of CSV, neither torn apart nor run as a formula.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => csv_field(text),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => csv_field(&safe_json(&value.to_string())),
    }
}

/// A value as JSON: times by RFC 3339, bytes as text in which what is no UTF-8 is escaped as `\xNN`.
fn value(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::Timestamp(..) => {
            let time = OffsetDateTime::from(micros::to_time(column.as_primitive::<TimestampMicrosecondType>().value(row)));
            time.format(&Rfc3339).map_or(Value::Null, Value::String)
        }
        DataType::Date32 => {
            let days = i64::from(column.as_primitive::<Date32Type>().value(row));
            Date::from_julian_day(2_440_588)
                .ok()
                .and_then(|epoch| epoch.checked_add(time::Duration::days(days)))
                .map_or(Value::Null, |day| day.to_string().into())
        }
        DataType::Binary => safe_bytes(column.as_binary::<i32>().value(row)).into(),
        DataType::List(_) => {
            let lists = column.as_list::<i32>();
            elements(lists, row).map(|index| value(lists.values(), index)).collect()
        }
        DataType::Struct(fields) => {
            let group = column.as_struct();
            let member = |(field, column): (&std::sync::Arc<Field>, &ArrayRef)| (field.name().clone(), value(column, row));
            Value::Object(fields.iter().zip(group.columns()).map(member).collect())
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::dataset::{record_batch, samples};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(form: RowForm, columns: &[&str]) -> String {
        let mut record = samples::absent(7, "example.com");
        record.target.list = "=cmd|' /C calc'!A0".into();
        record.assessment.mx_hosts = vec!["mx1.example.com".to_owned(), "mx2, \"quoted\".example.com".to_owned()];
        let output = Shared::default();
        let columns = RowColumns::chosen(columns).unwrap();
        let mut writer = TextWriter::new(Box::new(output.clone()), "here".into(), form, columns).unwrap();
        writer.write(&record_batch(&[record]).unwrap()).unwrap();
        drop(writer);
        String::from_utf8(output.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn rows_are_objects_or_cells() {
        let columns = ["ordinal", "domain", "posture", "mx_hosts", "evidence.mx.outcome", "findings.code", "policy_usable"];
        let text = written(RowForm::Jsonl, &columns);
        let object: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert_eq!(object["domain"], "example.com");
        assert_eq!(object["mx_hosts"][1], "mx2, \"quoted\".example.com");
        assert!(object["evidence.mx.outcome"].is_string() && object["findings.code"].is_array(), "{object}");
        let table = written(RowForm::Csv, &columns);
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), columns);
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!((row.get(0), row.get(1)), (Some("7"), Some("example.com")));
        let hosts: Vec<String> = serde_json::from_str(row.get(3).unwrap()).unwrap();
        assert_eq!(hosts[1], "mx2, \"quoted\".example.com");
    }

    #[test]
    fn no_cell_is_a_formula_and_evidence_comes_on_demand() {
        let table = written(RowForm::Csv, &["list", "domain"]);
        assert!(table.ends_with("\n\"'=cmd|' /C calc'!A0\",example.com\n"), "{table}");
        let all = written(RowForm::Jsonl, &[]);
        let object: Value = serde_json::from_str(&all).unwrap();
        assert!(object.get("evidence").is_none() && object.get("posture").is_some() && object.get("policy_hosts").is_some());
        let with: Value = serde_json::from_str(&written(RowForm::Jsonl, &["flat", "evidence"])).unwrap();
        assert!(with["evidence"]["mx"]["outcome"].is_string() && with["delivery"].is_string());
    }

    #[test]
    fn what_is_no_column_is_told() {
        for (asked, part) in [
            ("postur", "did you mean posture?"),
            ("evidence.fetch.statu", "did you mean status?"),
            ("posture.word", "posture has no fields"),
            ("", "there is no column"),
        ] {
            let error = RowColumns::chosen(&[asked]).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(RowColumns::chosen(&["domain", "findings[].code", "domain"]).unwrap().0, ["domain", "findings.code"]);
    }
}
