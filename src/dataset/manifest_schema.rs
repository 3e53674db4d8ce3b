//! The manifest as JSON Schema, made from the types and what their documentation says.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use super::manifest::Manifest;
use super::reports::{REPORTS_SCHEMA_VERSION, ReportsManifest};
use super::schema::{SCHEMA_VERSION, Table};

/// JSON Schema (2020-12) of `manifest.json`. Fields may be added; readers ignore what they do not know.
pub fn manifest_schema(table: Table) -> Value {
    // As it is written: fields that older versions did not write are there, too.
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| settings.inline_subschemas = true);
    let settings = settings.with_transform(RecursiveTransform(join_lines));
    let (mut schema, title) = match table {
        Table::Domains => {
            let schema = settings.into_generator().into_root_schema_for::<Manifest>();
            (schema, format!("stscan manifest, schema version {SCHEMA_VERSION}"))
        }
        Table::Reports => {
            let schema = settings.into_generator().into_root_schema_for::<ReportsManifest>();
            (schema, format!("stscan manifest of TLS reports, schema version {REPORTS_SCHEMA_VERSION}"))
        }
    };
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

/// Descriptions are sentences, wherever they were broken in the source.
fn join_lines(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::dataset::manifest::{Activity, Attachment, MergedShard, Options, Part};
    use crate::dataset::{Counts, record_batch, samples};
    use crate::input::Accounting;

    /// A manifest in which nothing is empty.
    fn written() -> Value {
        let mut manifest = Manifest::begun(&samples::run());
        let counts = Counts::of(&record_batch(&[samples::absent(0, "example.com")]).unwrap()).unwrap();
        let part = Part {
            file: "f".to_owned(),
            shard: 0,
            ordinals: vec![[0, 1]],
            rows: 1,
            bytes: 1,
            sha256: String::new(),
            counts,
            tool: Some(samples::run().tool),
            catalogue_version: Some("1".to_owned()),
            domain_filters: vec![[4, 32]],
        };
        manifest.list(part, Activity::default());
        manifest.end(Accounting::default(), samples::run().list, Some(Attachment { bytes: 1, sha256: "f".to_owned() }));
        let made_from = manifest
            .derived("export", Options::from([("mailboxes".to_owned(), "hash".into())]))
            .derived("reclassify", Options::new())
            .made_from;
        let merged = MergedShard {
            shard: "0/1".to_owned(),
            run_id: "1".to_owned(),
            manifest_sha256: "f".to_owned(),
            started_at: manifest.started_at.clone(),
            finished_at: manifest.started_at.clone(),
            ordinals: [0, 1],
            made_from: made_from.clone(),
        };
        serde_json::to_value(Manifest { made_from, merged_from: vec![merged], ..manifest.resumed(&samples::run()) }).unwrap()
    }

    /// The schema itself, or the one that it refers to where a value may also be null.
    fn resolved<'s>(schema: &'s Value, root: &'s Value) -> &'s Value {
        let reference = schema["anyOf"].as_array().into_iter().flatten().find_map(|choice| choice["$ref"].as_str());
        reference.map_or(schema, |reference| root.pointer(reference.trim_start_matches('#')).unwrap())
    }

    fn check(path: &str, schema: &Value, value: &Value, root: &Value) {
        if value.is_null() && schema["anyOf"].as_array().is_some_and(|choices| choices.iter().any(|choice| choice["type"] == "null")) {
            return;
        }
        let schema = resolved(schema, root);
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_u64() => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let kinds: Vec<&Value> = schema["type"].as_array().map_or(vec![&schema["type"]], |kinds| kinds.iter().collect());
        assert!(kinds.iter().any(|allowed| *allowed == kind), "{path} is of type {kind}, the schema has {kinds:?}");
        for (index, element) in value.as_array().into_iter().flatten().enumerate() {
            check(&format!("{path}[{index}]"), &schema["items"], element, root);
        }
        if let (Some(fields), Some(documented)) = (value.as_object(), schema["properties"].as_object()) {
            let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(names(fields), names(documented), "{path}");
            assert_eq!(schema["required"].as_array().unwrap().len(), fields.len(), "{path}: all of them are there");
            for (name, field) in fields {
                assert!(documented[name]["description"].is_string(), "{path}.{name} is not documented");
                check(&format!("{path}.{name}"), &documented[name], field, root);
            }
        }
    }

    #[test]
    fn the_schema_describes_a_written_manifest() {
        let schema = manifest_schema(Table::Domains);
        assert!(schema["description"].is_string() && schema["properties"]["started_at"]["format"] == "date-time");
        check("manifest", &schema, &written(), &schema);
    }
}
