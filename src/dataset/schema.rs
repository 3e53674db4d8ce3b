//! The schema of table `domains`: names, order, types and meaning of its columns, documented in the Arrow fields themselves, and these as text,
//! Markdown and JSON.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde_json::{Map, Value, json};

use crate::classify::ResultType;
use crate::dataset::column::{COMMENT, List, RANGE, UNIT, Vocabularies, below, documented};
use crate::dataset::evidence::{EvidenceBuilder, TimesBuilder};
use crate::dataset::flat::{judgement_fields, judgement_words};
use crate::dataset::reports;
use crate::dataset::target::{CarriedBuilder, NameBuilder, TargetBuilder};
use crate::parse::policy::Mode;
use crate::vocabulary::{Vocabulary, vocabulary};

/// Version of the dataset's layout and columns. Added columns keep it; anything that an old reader would misread raises it.
pub const SCHEMA_VERSION: u32 = 2;

/// Key of the schema version in the metadata of the Arrow schema and of every Parquet file.
pub const SCHEMA_VERSION_KEY: &str = "stscan.schema_version";

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let metadata = HashMap::from([(SCHEMA_VERSION_KEY.to_owned(), SCHEMA_VERSION.to_string())]);
    Arc::new(Schema::new_with_metadata(columns(), metadata))
});

/// The schema of table `domains`.
pub fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

fn columns() -> Vec<Field> {
    let mut columns = TargetBuilder::fields();
    columns.extend(NameBuilder::fields());
    columns.extend(TimesBuilder::fields());
    columns.extend(judgement_fields());
    columns.push(documented::<List<CarriedBuilder>>("carried", "Further columns of the list, by `--carry`; empty without it.", None, None));
    let evidence = Field::new("evidence", DataType::Struct(EvidenceBuilder::fields().into()), true);
    let meaning = "What was seen: enough to judge again without sending a packet.";
    columns.push(evidence.with_metadata(HashMap::from([(COMMENT.to_owned(), meaning.to_owned())])));
    columns
}

vocabulary! {
    /// A table that stscan writes.
    pub enum Table {
        /// One row per domain of a scan.
        Domains = "domains",
        /// One row per TLS report and policy.
        Reports = "reports",
    }
}

impl Table {
    fn schema(self) -> SchemaRef {
        match self {
            Self::Domains => schema(),
            Self::Reports => reports::reports_schema(),
        }
    }
}

/// The columns of words of a table, with what their words mean.
pub fn vocabularies(table: Table) -> Vocabularies {
    let mut found = Vocabularies::default();
    match table {
        Table::Domains => {
            judgement_words(&mut found);
            // As read, so that others can stand there, too.
            found.add("policy_mode", Mode::MEANINGS.iter().copied());
            EvidenceBuilder::words_within("evidence", &mut found);
        }
        Table::Reports => {
            reports::words(&mut found);
            found.add("policy_mode", Mode::MEANINGS.iter().copied());
            found.add("failures[].result_type", ResultType::MEANINGS.iter().copied());
        }
    }
    found
}

/// A Markdown table of all words: the columns, the word and its meaning. Columns with the same words stand together.
pub fn schema_words_markdown(table: Table) -> String {
    let mut text = "| columns | word | meaning |\n|---|---|---|\n".to_owned();
    for (columns, words) in vocabularies(table).grouped() {
        let columns: Vec<String> = short(&columns).iter().map(|column| format!("`{column}`")).collect();
        let mut columns = columns.join(", ");
        for meaning in words {
            let _ = writeln!(text, "| {} | `{}` | {} |", std::mem::take(&mut columns), meaning.word, meaning.text().replace('|', "\\|"));
        }
    }
    text
}

/// The columns, those in the evidence that are called alike as one: `evidence...outcome`.
fn short(columns: &[&str]) -> Vec<String> {
    let mut short: Vec<String> = Vec::new();
    for column in columns {
        let name = match column.strip_prefix("evidence.").and_then(|path| path.rsplit('.').next()) {
            Some(last)
                if columns.iter().filter(|other| other.starts_with("evidence.") && other.ends_with(&format!(".{last}"))).count() > 1 =>
            {
                format!("evidence...{last}")
            }
            _ => (*column).to_owned(),
        };
        if !short.contains(&name) {
            short.push(name);
        }
    }
    short
}

/// For a terminal: the words of [`schema_words_markdown`].
pub fn schema_words_text(table: Table) -> String {
    let mut text = String::new();
    for (columns, words) in vocabularies(table).grouped() {
        let _ = writeln!(text, "{}", short(&columns).join(", ")); // Cannot fail, as below.
        for meaning in words {
            let _ = writeln!(text, "  {:<24} {}", meaning.word, meaning.text());
        }
    }
    text
}

/// A Markdown table: one line per field, nested fields by their path (`evidence.mx.records[].exchange`).
pub fn schema_markdown(table: Table) -> String {
    let mut text = "| column | type | unit | range | meaning |\n|---|---|---|---|---|\n".to_owned();
    for field in table.schema().fields() {
        markdown_lines(&mut text, field.name(), field);
    }
    text
}

/// For a terminal: path, type and meaning of every field on a line.
pub fn schema_text(table: Table) -> String {
    let mut text = String::new();
    for field in table.schema().fields() {
        text_lines(&mut text, field.name(), field);
    }
    text
}

fn text_lines(text: &mut String, path: &str, field: &Field) {
    let metadata = field.metadata();
    let of = |key: &str| metadata.get(key).map_or("", |value| value.as_str());
    let details: Vec<&str> = [of(UNIT), of(RANGE)].into_iter().filter(|detail| !detail.is_empty()).collect();
    let details = if details.is_empty() { String::new() } else { format!(" [{}]", details.join("; ")) };
    let _ = writeln!(text, "{path:<38} {:<20} {}{details}", type_name(field.data_type()), of(COMMENT)); // Cannot fail, as below.
    for (path, child) in children(path, field) {
        text_lines(text, &path, child);
    }
}

/// The fields of a struct, or of the structs in a list, with their paths.
fn children<'a>(path: &str, field: &'a Field) -> Vec<(String, &'a Field)> {
    match innermost(field.data_type()) {
        (suffix, DataType::Struct(children)) => {
            children.iter().map(|child| (below(&format!("{path}{suffix}"), child.name()), child.as_ref())).collect()
        }
        _ => Vec::new(),
    }
}

fn markdown_lines(text: &mut String, path: &str, field: &Field) {
    let of = |key: &str| field.metadata().get(key).map_or("", String::as_str).replace('|', "\\|");
    let kind = type_name(field.data_type()).replace('<', "&lt;"); // Else Markdown takes it for a tag of HTML.
    let _ = writeln!(text, "| `{path}` | {kind} | {} | {} | {} |", of(UNIT), of(RANGE), of(COMMENT)); // Writing to a String cannot fail.
    for (path, child) in children(path, field) {
        markdown_lines(text, &path, child);
    }
}

/// The type below any lists, and a `[]` for each of them.
fn innermost(data_type: &DataType) -> (String, &DataType) {
    match data_type {
        DataType::List(element) => {
            let (suffix, inner) = innermost(element.data_type());
            (suffix + "[]", inner)
        }
        other => (String::new(), other),
    }
}

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Timestamp(_, _) => "Timestamp(us, UTC)".to_owned(),
        DataType::List(element) => format!("List<{}>", type_name(element.data_type())),
        DataType::Struct(_) => "Struct".to_owned(),
        other => other.to_string(),
    }
}

/// An object with `table`, `schema_version` and `columns`; each column has `name`, `type`, `comment`, where they apply `unit`
/// and `range`, `words` with the meaning of each if it is a column of words, and `fields` if it is a struct or a list of structs.
pub fn schema_json(table: Table) -> Value {
    let words = vocabularies(table);
    let columns: Vec<Value> = table.schema().fields().iter().map(|field| field_json(field.name(), field, &words)).collect();
    let version = match table {
        Table::Domains => SCHEMA_VERSION,
        Table::Reports => reports::REPORTS_SCHEMA_VERSION,
    };
    json!({ "table": table, "schema_version": version, "columns": columns })
}

fn field_json(path: &str, field: &Field, words: &Vocabularies) -> Value {
    let mut object = Map::new();
    object.insert("name".to_owned(), field.name().as_str().into());
    object.insert("type".to_owned(), type_name(field.data_type()).into());
    for key in [COMMENT, UNIT, RANGE] {
        if let Some(value) = field.metadata().get(key) {
            object.insert(key.to_owned(), value.as_str().into());
        }
    }
    let meanings = words.of(path);
    if !meanings.is_empty() {
        let words: Map<String, Value> = meanings.iter().map(|meaning| (meaning.word.to_owned(), meaning.text().into())).collect();
        object.insert("words".to_owned(), words.into());
    }
    let children = children(path, field);
    if !children.is_empty() {
        object.insert("fields".to_owned(), children.iter().map(|(path, child)| field_json(path, child, words)).collect());
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undocumented(path: &str, field: &Field, found: &mut Vec<String>) {
        if !field.metadata().contains_key(COMMENT) || !field.is_nullable() {
            found.push(path.to_owned());
        }
        if let (_, DataType::Struct(children)) = innermost(field.data_type()) {
            children.iter().for_each(|child| undocumented(&format!("{path}.{}", child.name()), child, found));
        }
    }

    #[test]
    fn every_field_is_nullable_and_documented() {
        for table in Table::ALL {
            let mut found = Vec::new();
            table.schema().fields().iter().for_each(|field| undocumented(field.name(), field, &mut found));
            assert_eq!(found, Vec::<String>::new());
        }
    }

    fn only_portable_types(data_type: &DataType) -> bool {
        use DataType::*;
        match data_type {
            Utf8 | Boolean | Int16 | Int32 | Int64 | Float64 | Date32 | Binary => true,
            Timestamp(unit, zone) => *unit == arrow::datatypes::TimeUnit::Microsecond && zone.as_deref() == Some("UTC"),
            List(element) => only_portable_types(element.data_type()),
            Struct(fields) => fields.iter().all(|field| only_portable_types(field.data_type())),
            _ => false,
        }
    }

    #[test]
    fn no_type_that_readers_differ_on() {
        for table in Table::ALL {
            assert!(table.schema().fields().iter().all(|field| only_portable_types(field.data_type())));
        }
    }

    #[test]
    fn every_word_is_defined_in_a_sentence() {
        for table in Table::ALL {
            let found = vocabularies(*table);
            let mut columns: Vec<&str> = Vec::new();
            for (paths, words) in found.grouped() {
                columns.extend(paths);
                for meaning in words {
                    let text = meaning.text();
                    let is_sentence = text.ends_with('.')
                        && text.starts_with(|first: char| first.is_uppercase() || first.is_ascii_digit() || first == '`');
                    assert!(is_sentence && text.len() > 15 && !text.contains("[`"), "{}: {text}", meaning.word);
                }
            }
            // What has a range of words has a definition of each.
            let ranges = all_fields(table.schema().fields());
            for (path, field) in &ranges {
                let Some(range) = field.metadata().get(RANGE).filter(|range| range.starts_with(|c: char| c.is_alphabetic())) else {
                    continue;
                };
                let words: Vec<&str> = found.of(path).iter().map(|meaning| meaning.word).collect();
                assert_eq!(range.split(", ").collect::<Vec<_>>(), words, "{path}");
            }
            assert!(columns.iter().all(|column| ranges.iter().any(|(path, _)| path == column)), "{columns:?}");
        }
        let found = vocabularies(Table::Domains);
        for column in [
            "posture",
            "delivery_dane",
            "cause",
            "id_format",
            "rua_hosts[].scheme",
            "findings[].code",
            "evidence.mx.outcome",
            "accepted_by",
        ] {
            assert!(!found.of(column).is_empty(), "{column}");
        }
        assert_eq!(found.of("posture").iter().map(|meaning| meaning.word).collect::<Vec<_>>(), crate::classify::Posture::WORDS);
        assert!(found.of("domain").is_empty());
    }

    fn all_fields(fields: &arrow::datatypes::Fields) -> Vec<(String, arrow::datatypes::Field)> {
        fn walk(path: &str, field: &Field, found: &mut Vec<(String, Field)>) {
            found.push((path.to_owned(), field.clone()));
            children(path, field).into_iter().for_each(|(path, child)| walk(&path, child, found));
        }
        let mut found = Vec::new();
        fields.iter().for_each(|field| walk(field.name(), field, &mut found));
        found
    }

    #[test]
    fn both_renderings_name_every_field() {
        let markdown = schema_markdown(Table::Domains);
        assert!(markdown.contains("| `evidence.mx.records[].exchange` | Utf8 |"), "{markdown}");
        assert!(markdown.contains("| `evidence.sts_txt.records` | List&lt;List&lt;Binary>> |"), "{markdown}");
        assert!(markdown.contains("| `elapsed_ms` | Int32 | ms | 0.. |"), "{markdown}");
        let json = schema_json(Table::Domains);
        assert_eq!(json["columns"][0]["name"], "ordinal");
        assert_eq!(json["columns"].as_array().unwrap().last().unwrap()["fields"][0]["name"], "mx");
        assert_eq!(markdown.lines().count(), 2 + json.to_string().matches("\"comment\"").count());
        let column = |name: &str| json["columns"].as_array().unwrap().iter().find(|column| column["name"] == name).unwrap().clone();
        assert_eq!(column("posture")["words"]["enforce"], "A valid policy with mode enforce.");
        assert_eq!(column("domain")["words"], Value::Null);
        assert!(schema_words_markdown(Table::Domains).contains("| `delivery`, `delivery_lenient`, `delivery_dane` | `opportunistic` | "));
        assert!(schema_words_text(Table::Domains).contains("evidence...outcome"));
    }
}
