//! How a dataset is published, and the dataset described for machines: Croissant (ML Commons, 1.0) and Data Package (Frictionless), both
//! made from the schema.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, SchemaRef};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::analyse::provenance::Provenance;
use crate::dataset::reports::{ReportsManifest, reports_schema};
use crate::dataset::{COMMENT, Manifest, RANGE, Table, UNIT, Vocabularies, schema, vocabularies};
use crate::vocabulary::{Meaning, vocabulary};

use super::flat::{Companion, FlatForm};

vocabulary! {
    /// What becomes of the local parts of mailboxes.
    pub enum Mailboxes {
        /// A keyed hash of the mailbox takes the place of its local part.
        Hash = "hash",
        /// A fixed word takes the place of every local part.
        Drop = "drop",
        /// They stay.
        Keep = "keep",
    }
}

/// How a dataset is published.
#[derive(Clone, Debug)]
pub struct Publication {
    /// What becomes of mailboxes.
    pub mailboxes: Mailboxes,
    /// Key of the hashes.
    pub key: [u8; 32],
    /// Whether the columns that the list brought along stay; they often name people.
    pub keep_carried: bool,
    /// In which form companion tables without lists are written, if they are.
    pub flat: Option<FlatForm>,
    /// The licence, as an SPDX identifier or a URL; nothing is guessed.
    pub licence: Option<String>,
    /// Date of publication, as `2026-11-23`.
    pub date: String,
}

impl Publication {
    /// The present date in UTC.
    pub fn today() -> String {
        OffsetDateTime::now_utc().date().to_string()
    }
}

/// What the descriptions say of a dataset, whatever its table.
#[derive(Debug)]
pub(super) struct Described {
    /// Name of the table, of its record set, of its resource and of the folder of its parts.
    pub(super) table: &'static str,
    pub(super) schema: SchemaRef,
    /// The table of which its words are.
    pub(super) words: Table,
    pub(super) run_id: String,
    pub(super) started_at: String,
    pub(super) title: String,
    /// In a sentence.
    pub(super) summary: String,
    /// How to cite it, as far as the manifest knows; who made it is for the publisher to add.
    pub(super) citation: String,
    /// What a row is.
    pub(super) rows_are: &'static str,
    /// Columns that tell rows apart.
    pub(super) key: &'static [&'static str],
    /// Where it comes from.
    pub(super) provenance: Provenance,
    pub(super) files: Vec<DescribedFile>,
    /// Tables without lists beside it.
    pub(super) companions: Vec<Companion>,
}

/// A part of the table.
#[derive(Debug)]
pub(super) struct DescribedFile {
    pub(super) file: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Described {
    pub(super) fn scan(manifest: &Manifest) -> Self {
        let invented = manifest.run.invented().map_or("", |_| " (invented data of stscan's built-in lab)");
        let files = manifest.parts.iter().map(|part| {
            let (file, sha256) = (part.file.clone(), part.sha256.clone());
            DescribedFile { file, rows: part.rows, bytes: part.bytes, sha256 }
        });
        Self {
            table: "domains",
            schema: schema(),
            words: Table::Domains,
            run_id: manifest.run.run_id.clone(),
            started_at: manifest.started_at.to_string(),
            title: format!("MTA-STS and SMTP TLS reporting of {}{invented}", manifest.run.list.name),
            summary: summary(manifest),
            citation: citation(manifest),
            rows_are: "One row per domain, sorted by ordinal.",
            key: &["ordinal"],
            provenance: Provenance::of(&manifest.run.run_id, manifest),
            files: files.collect(),
            companions: Vec::new(),
        }
    }

    pub(super) fn reports(manifest: &ReportsManifest) -> Self {
        let files = manifest.parts.iter().map(|part| {
            let (file, sha256) = (part.file.clone(), part.sha256.clone());
            DescribedFile { file, rows: part.rows, bytes: part.bytes, sha256 }
        });
        let what = format!("{} TLS reports (RFC 8460)", manifest.accounting.reports);
        Self {
            table: "reports",
            schema: reports_schema(),
            words: Table::Reports,
            run_id: manifest.run_id.clone(),
            started_at: manifest.started_at.to_string(),
            title: what.clone(),
            summary: format!("{what} as mail senders wrote them, read by stscan: one row per report and policy, its failures nested."),
            citation: format!(
                "{what}, read on {} with stscan {}",
                manifest.started_at.get(..10).unwrap_or(&manifest.started_at),
                manifest.tool.version
            ),
            rows_are: "One row per report and policy, in the order in which the reports were found.",
            key: &["report_key", "policy_index"],
            provenance: Provenance::of_reports(&manifest.run_id, manifest),
            files: files.collect(),
            companions: Vec::new(),
        }
    }

    /// The folder of the parts, with `/`; empty where they lie beside the description.
    fn folder(&self) -> String {
        match self.files.first() {
            Some(part) => part.file.rfind('/').and_then(|at| part.file.get(..=at)).unwrap_or_default().to_owned(),
            None => format!("{}/", self.table),
        }
    }

    fn name(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        format!("stscan-{}", self.run_id.chars().map(plain).collect::<String>())
    }
}

/// What can be said of the dataset in a sentence.
pub(super) fn summary(manifest: &Manifest) -> String {
    let invented = manifest.run.invented().map_or_else(String::new, |invented| format!(" Note: {invented}."));
    format!(
        "MTA-STS (RFC 8461) and SMTP TLS reporting (RFC 8460) of {} domains of the list {:?}, scanned by stscan from {} to {}: one row per domain, with the judgement and the evidence that it rests on.{invented}",
        manifest.counts.rows,
        manifest.run.list.name,
        manifest.started_at,
        manifest.finished_at.as_deref().unwrap_or("(unfinished)"),
    )
}

/// How to cite it, as far as the manifest knows; who made it is for the publisher to add.
pub(super) fn citation(manifest: &Manifest) -> String {
    let invented = manifest.run.invented().map_or("", |_| " (invented data of its built-in lab)");
    format!(
        "MTA-STS and SMTP TLS reporting of {}, scan {} of {}, made with stscan {}{invented}",
        manifest.run.list.id.as_ref().unwrap_or(&manifest.run.list.name),
        manifest.run.run_id,
        manifest.started_at.get(..10).unwrap_or(&manifest.started_at),
        manifest.run.tool.version
    )
}

/// The summary and, a line each, where the dataset comes from.
fn about(of: &Described) -> String {
    let lines = of.provenance.whole_lines().into_iter().map(|(label, text)| format!("\n{label}: {text}"));
    format!("{}\n{}", of.summary, lines.collect::<String>())
}

/// `croissant.json`.
pub(super) fn croissant(of: &Described, publication: &Publication) -> Value {
    let table = of.table;
    let files = of.files.iter().map(|part| {
        json!({
            "@type": "cr:FileObject",
            "@id": part.file,
            "name": part.file,
            "description": format!("{} rows", part.rows),
            "contentUrl": part.file,
            "contentSize": format!("{} B", part.bytes),
            "encodingFormat": "application/x-parquet",
            "sha256": part.sha256,
        })
    });
    // Not contained in anything: readers then look for the files beside this description.
    let set = json!({
        "@type": "cr:FileSet",
        "@id": "parts",
        "name": "parts",
        "description": "All parts of the table.",
        "encodingFormat": "application/x-parquet",
        "includes": format!("{}*.parquet", of.folder()),
    });
    let words = vocabularies(of.words);
    let croissant_field = |field: &Arc<Field>| croissant_field((field, field.name()), table, &Place::of(field), &words);
    let fields: Vec<Value> = of.schema.fields().iter().map(croissant_field).collect();
    let key = |column: &&str| json!({ "@id": format!("{table}/{column}") });
    let mut dataset = json!({
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": of.name(),
        "description": about(of),
        "citeAs": of.citation,
        "version": "1.0.0",
        "datePublished": publication.date,
        "distribution": files.chain([set]).collect::<Vec<_>>(),
        "recordSet": [{
            "@type": "cr:RecordSet",
            "@id": table,
            "name": table,
            "description": of.rows_are,
            "key": match of.key {
                [only] => key(only),
                several => several.iter().map(key).collect(),
            },
            "field": fields,
        }],
    });
    if let Some(licence) = &publication.licence {
        dataset["license"] = licence.as_str().into();
    }
    dataset
}

/// Where the values of a field are: a column, and a path into it that starts again below each list.
#[derive(Clone)]
struct Place<'f> {
    column: &'f str,
    paths: Vec<String>,
    /// Lists of structs on the way.
    lists: usize,
}

impl<'f> Place<'f> {
    fn of(column: &'f Field) -> Self {
        Self { column: column.name(), paths: Vec::new(), lists: 0 }
    }

    /// The place of a field of this struct, or of the structs of this list.
    fn within(&self, field: &Field, repeated: bool) -> Self {
        let mut paths = self.paths.clone();
        match paths.last_mut().filter(|_| !repeated) {
            Some(path) => *path = format!("{path}.{}", field.name()),
            None => paths.push(field.name().clone()),
        }
        Self { column: self.column, paths, lists: self.lists + usize::from(repeated) }
    }

    /// `None` within a list in a list: a path of Croissant 1.0 leads into one only, and readers stop at a second one with an error.
    fn source(&self) -> Option<Value> {
        if self.lists > 1 {
            return None;
        }
        let mut source = json!({ "fileSet": { "@id": "parts" }, "extract": { "column": self.column } });
        if !self.paths.is_empty() {
            source["transform"] = self.paths.iter().map(|path| json!({ "jsonPath": path })).collect();
        }
        Some(source)
    }
}

/// A column, or a field within one. Structs have no values of their own: their fields have.
/// `path`: its path in the schema.
fn croissant_field((field, path): (&Field, &str), parent: &str, place: &Place<'_>, words: &Vocabularies) -> Value {
    let id = format!("{parent}/{}", field.name());
    let (kind, repeated) = element(field.data_type());
    let mut value = json!({ "@type": "cr:Field", "@id": id, "name": id, "description": described(field, words.of(path)) });
    if repeated {
        value["repeated"] = true.into();
    }
    let kind_of = field.data_type();
    match kind {
        DataType::Struct(fields) => {
            let below = |field: &Field| format!("{path}{}.{}", lists(kind_of), field.name());
            let sub = |field: &Arc<Field>| croissant_field((field, &below(field)), &id, &place.within(field, repeated), words);
            value["subField"] = fields.iter().map(sub).collect();
        }
        plain => {
            value["dataType"] = croissant_type(plain).into();
            if let Some(source) = place.source() {
                value["source"] = source;
            }
        }
    }
    value
}

/// A `[]` for each list around the elements.
fn lists(data_type: &DataType) -> String {
    match data_type {
        DataType::List(field) => format!("{}[]", lists(field.data_type())),
        _ => String::new(),
    }
}

/// What the field means and, of a column of words, what each of them does.
fn described(field: &Field, words: &[Meaning]) -> String {
    let comment = comment(field);
    if words.is_empty() {
        return comment;
    }
    let words: Vec<String> = words.iter().map(|meaning| format!("{}: {}", meaning.word, meaning.text())).collect();
    format!("{comment} Words: {}", words.join(" "))
}

/// The type of the innermost elements, and whether there are lists around them.
fn element(data_type: &DataType) -> (&DataType, bool) {
    match data_type {
        DataType::List(field) => (element(field.data_type()).0, true),
        plain => (plain, false),
    }
}

fn croissant_type(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "sc:Boolean",
        DataType::Int16 | DataType::Int32 | DataType::Int64 => "sc:Integer",
        DataType::Float64 => "sc:Float",
        DataType::Timestamp(..) => "sc:DateTime",
        DataType::Date32 => "sc:Date",
        _ => "sc:Text",
    }
}

fn comment(field: &Field) -> String {
    let comment = field.metadata().get(COMMENT).cloned().unwrap_or_default();
    match field.metadata().get(UNIT) {
        Some(unit) => format!("{comment} Unit: {unit}."),
        None => comment,
    }
}

/// The context that the specification gives.
fn context() -> Value {
    json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "data": { "@id": "cr:data", "@type": "@json" },
        "dataType": { "@id": "cr:dataType", "@type": "@vocab" },
        "dct": "http://purl.org/dc/terms/",
        "equivalentProperty": "cr:equivalentProperty",
        "examples": { "@id": "cr:examples", "@type": "@json" },
        "extract": "cr:extract",
        "field": "cr:field",
        "fileProperty": "cr:fileProperty",
        "fileObject": "cr:fileObject",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "parentField": "cr:parentField",
        "path": "cr:path",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "samplingRate": "cr:samplingRate",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform"
    })
}

/// `datapackage.json`.
pub(super) fn data_package(of: &Described, publication: &Publication) -> Value {
    let words = vocabularies(of.words);
    let fields: Vec<Value> = of.schema.fields().iter().map(|field| frictionless_field(field, words.of(field.name()))).collect();
    // A single path stands alone: not every reader takes a list of one.
    let path = match of.files.as_slice() {
        [only] => json!(only.file),
        parts => parts.iter().map(|part| part.file.as_str()).collect(),
    };
    let mut package = json!({
        "profile": "data-package",
        "name": of.name(),
        "id": of.run_id,
        "title": of.title,
        "description": of.summary,
        "provenance": of.provenance,
        "created": of.started_at,
        "resources": [{
            "name": of.table,
            "path": path,
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
            "schema": { "fields": fields, "primaryKey": of.key },
        }],
    });
    if let Some(resources) = package["resources"].as_array_mut() {
        resources.extend(of.companions.iter().map(companion));
    }
    if let Some(licence) = &publication.licence {
        let key = if licence.contains("://") { "path" } else { "name" };
        package["licenses"] = json!([{ key: licence }]);
    }
    package
}

/// A column; of one of words with all of them and, as Data Package 2.0 has it, what each means.
fn frictionless_field(field: &Field, words: &[Meaning]) -> Value {
    let mut value = json!({
        "name": field.name(),
        "type": frictionless_type(field.data_type()),
        "description": described(field, words),
    });
    let is_open = field.metadata().get(RANGE).is_none();
    if !words.is_empty() && *field.data_type() == DataType::Utf8 {
        value["categories"] = words.iter().map(|meaning| json!({ "value": meaning.word, "label": meaning.text() })).collect();
        if !is_open {
            value["constraints"] = json!({ "enum": words.iter().map(|meaning| meaning.word).collect::<Vec<_>>() });
        }
    }
    value
}

/// A table without lists, to be joined with the first one by `ordinal`.
fn companion(of: &Companion) -> Value {
    let (format, media_type) = match of.form {
        FlatForm::Parquet => ("parquet", "application/vnd.apache.parquet"),
        FlatForm::Csv => ("csv", "text/csv"),
    };
    let fields = of.schema.fields().iter();
    let fields =
        fields.map(|field| json!({ "name": field.name(), "type": frictionless_type(field.data_type()), "description": comment(field) }));
    let mut resource = json!({
        "name": of.name,
        "path": of.file,
        "format": format,
        "mediatype": media_type,
        "schema": {
            "fields": fields.collect::<Vec<_>>(),
            "primaryKey": ["ordinal", "place"],
            "foreignKeys": [{ "fields": "ordinal", "reference": { "resource": "domains", "fields": "ordinal" } }],
        },
    });
    if of.form == FlatForm::Csv {
        resource["dialect"] = json!({ "commentChar": "#" });
    }
    resource
}

fn frictionless_type(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "boolean",
        DataType::Int16 | DataType::Int32 | DataType::Int64 => "integer",
        DataType::Float64 => "number",
        DataType::Timestamp(..) => "datetime",
        DataType::Date32 => "date",
        DataType::List(_) => "array",
        DataType::Struct(_) => "object",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field that holds values, by its id.
    fn leaves<'v>(fields: &'v Value, found: &mut Vec<&'v Value>) {
        for field in fields.as_array().unwrap() {
            match field.get("subField") {
                Some(below) => leaves(below, found),
                None => found.push(field),
            }
        }
    }

    #[test]
    fn a_reader_finds_the_values_of_every_field() {
        let words = vocabularies(Table::Domains);
        let field = |field: &Arc<Field>| croissant_field((field, field.name()), "domains", &Place::of(field), &words);
        let fields: Value = schema().fields().iter().map(field).collect();
        let mut found = Vec::new();
        leaves(&fields, &mut found);
        assert!(found.len() > 200);
        for field in &found {
            let id = field["@id"].as_str().unwrap();
            let in_two_lists = [
                "/mx_hosts/alias/records/",
                "/mx_hosts/tlsa/",
                "/mx_hosts/conversations/",
                "/rua_hosts/mx/records/",
                "/rua_hosts/connection/headers/",
                "/extra_requests/headers/",
            ];
            let in_two_lists = in_two_lists.iter().any(|place| id.contains(place));
            assert_eq!(field["source"]["extract"]["column"].is_string(), !in_two_lists, "{field}");
            assert!(field["dataType"].is_string(), "{field}");
        }
        let described = |id: &str| found.iter().find(|field| field["@id"] == id).unwrap()["description"].as_str().unwrap().to_owned();
        for (id, part) in [
            ("domains/posture", "enforce: A valid policy with mode enforce."),
            ("domains/evidence/mx/outcome", "nxdomain: "),
            ("domains/evidence/mx_hosts/conversations/error/stage", "starttls: "),
            ("domains/rua_hosts/scheme", "mailto: The report is sent by mail"),
            ("domains/findings/severity", "high: "),
        ] {
            assert!(described(id).contains(part), "{id}: {}", described(id));
        }
        assert!(!described("domains/domain").contains("Words:"));
        let source = |id: &str| found.iter().find(|field| field["@id"] == id).unwrap()["source"].clone();
        assert_eq!(source("domains/domain")["transform"], Value::Null);
        assert_eq!(source("domains/findings/code")["transform"], json!([{ "jsonPath": "code" }]));
        assert_eq!(source("domains/evidence/fetch/error/code")["transform"], json!([{ "jsonPath": "fetch.error.code" }]));
        let nested = json!([{ "jsonPath": "mx_hosts" }, { "jsonPath": "a.outcome" }]);
        assert_eq!(source("domains/evidence/mx_hosts/a/outcome")["transform"], nested);
    }
}
