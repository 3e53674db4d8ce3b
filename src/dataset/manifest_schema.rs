//! The manifest as JSON Schema.

use serde_json::{Map, Value, json};

use super::SCHEMA_VERSION;

/// JSON Schema (2020-12) of `manifest.json`. Fields may be added; readers ignore what they do not know.
pub fn manifest_schema() -> Value {
    let mut fields = run_fields();
    fields.extend(course_fields());
    let mut schema = object("The run of a dataset of stscan. A part that it does not list does not exist.", fields);
    schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".to_owned(), format!("stscan manifest, schema version {SCHEMA_VERSION}").into());
    Value::Object(schema)
}

type FieldList = Vec<(&'static str, Value)>;

/// What was to be done.
fn run_fields() -> FieldList {
    let tool = vec![("version", text("Version of stscan.")), ("git_revision", optional(text("Git revision of the build.")))];
    let list = vec![
        ("name", text("What it is called.")),
        ("id", optional(text("Its citable id."))),
        ("sha256", optional(text("SHA-256 of its bytes, lower-case hex; of several files, each, with spaces between."))),
        ("lines", optional(count("Lines; null where they are not counted yet."))),
    ];
    vec![
        ("schema_version", count("Version of the layout and of the columns.")),
        ("run_id", text("Name of the run; kept when it is resumed.")),
        ("tool", group("The program, as last used.", tool)),
        ("catalogue_version", text("Version of the catalogue of findings.")),
        ("fingerprint", text("SHA-256 of everything that must be the same for the run to be resumed, lower-case hex.")),
        ("configuration", options("Options that shape the result, by name.")),
        ("pace", options("Options that shape only the pace, as last used.")),
        ("shard_rows", count("Targets in a part.")),
        ("list", group("The list that was scanned.", list)),
        ("public_suffix_list", text("Version of the public suffix list.")),
        ("root_store", text("Version of the trusted roots.")),
        ("resolvers", array("Resolvers asked, as last used.", text("Address and port."))),
        ("user_agent", text("User-Agent of the policy fetches.")),
    ]
}

/// What became of it.
fn course_fields() -> FieldList {
    let accounting = vec![
        ("lines", count("Lines read.")),
        ("rows", count("Rows of table domains.")),
        ("rejected", count("Lines that are no domain name.")),
        ("duplicates", count("Names that had been read before.")),
        ("excluded", count("Names on the opt-out list.")),
        ("not_selected", count("Names left out by --top, --sample, --skip or --shard.")),
        ("blank", count("Blank lines, comments and headings.")),
    ];
    let activity = vec![
        ("seconds", number("Time spent scanning, in seconds.")),
        ("dns_queries", count("DNS queries sent, repetitions included.")),
        ("dns_retries", count("DNS queries that repeat one that got no usable answer.")),
        ("fetches", count("HTTPS exchanges begun.")),
        ("retried_targets", count("Times that a target was tried again before its shard closed.")),
        ("dns", group("What became of the DNS queries.", dns_fields())),
        ("shared", group("Questions that many domains have in common, by what the answers were wanted for.", shared_fields())),
    ];
    let rates = vec![
        ("domains", number("Rows a second.")),
        ("dns_queries", number("DNS queries a second.")),
        ("fetches", number("HTTPS exchanges a second.")),
    ];
    vec![
        ("started_at", time("Start of the run.")),
        ("resumed_at", array("When the run was resumed.", time("A time."))),
        ("finished_at", optional(time("End of the run; null while it is unfinished."))),
        ("accounting", optional(group("What became of every line: lines is the sum of the others; null while unfinished.", accounting))),
        ("counts", counts("Rows by state, over all parts.")),
        ("activity", group("What was sent, over all sessions of the run.", activity)),
        ("rates", group("Rates reached, over all sessions of the run.", rates)),
        ("parts", array("The parts, by shard.", group("A file of table domains.", part_fields()))),
        ("made_from", optional(made_from())),
    ]
}

fn dns_fields() -> FieldList {
    vec![
        ("timeouts", count("Queries that got no answer in time.")),
        ("tcp", count("Queries sent over TCP.")),
        ("unexpected", count("Datagrams dropped because they answer nothing that was asked: late, stray or forged.")),
        ("malformed", count("Answers that could not be read, or that speak of something else.")),
        ("local_errors", count("Queries that this machine could not send.")),
        ("kernel_drops", count("Datagrams that the kernel dropped because a receive buffer was full, as far as it has said so.")),
        ("retreats", count("How often fewer queries were let into flight because answers were lost.")),
        ("pauses", count("How often no resolver answered and the scan waited.")),
        ("paused_seconds", number("How long it waited so.")),
        ("receive_buffer", count("Octets of receive buffer that the kernel granted to each socket, as last used.")),
    ]
}

fn shared_fields() -> FieldList {
    let kind = |description: &str| {
        let fields = vec![
            ("hits", count("Times that the answer was known, or waited for while somebody else asked.")),
            ("misses", count("Times that it had to be asked for.")),
            ("entries", count("Answers kept at the end of the last session.")),
            ("expired", count("Answers found too old when they were wanted.")),
            ("evicted", count("Answers dropped for want of room.")),
        ];
        group(description, fields)
    };
    vec![
        ("mx_hosts", kind("Addresses of MX hosts.")),
        ("policy_targets", kind("Addresses of what policy hosts are aliases of.")),
        ("report_receivers", kind("MX and addresses of those who receive reports.")),
        ("around", kind("What only a scan asks that looks around.")),
    ]
}

fn part_fields() -> FieldList {
    vec![
        ("file", text("Path from the dataset's folder.")),
        ("shard", count("The shard: ordinals from shard * shard_rows on.")),
        ("ordinals", array("Ordinals of its rows, in runs.", array("First, and one past the last.", count("An ordinal.")))),
        ("rows", count("Rows.")),
        ("bytes", count("Length of the file.")),
        ("sha256", text("SHA-256 of the file, lower-case hex.")),
        ("counts", counts("Its rows by state.")),
    ]
}

fn made_from() -> Value {
    let tool = vec![("version", text("Version of stscan.")), ("git_revision", optional(text("Git revision of the build.")))];
    let fields = vec![
        ("made_by", text("The command: reclassify or export.")),
        ("made_at", time("When.")),
        ("options", options("Options of the command that shape the result.")),
        ("run_id", text("Name of the run.")),
        ("tool", group("The program that wrote it.", tool)),
        ("catalogue_version", text("Version of the catalogue of findings by which it was judged.")),
        ("public_suffix_list", text("Version of the public suffix list by which it was judged.")),
        ("made_from", json!({ "description": "What it was itself made from, likewise.", "type": ["object", "null"] })),
    ];
    group("The dataset from which this one was made without sending a packet; null where a scan wrote it.", fields)
}

fn counts(description: &str) -> Value {
    let tally = |description: &str| json!({ "description": description, "type": "object", "additionalProperties": count("Rows.") });
    let fields = vec![
        ("rows", count("Rows in all.")),
        ("mx_state", tally("By column mx_state.")),
        ("sts_state", tally("By column sts_state.")),
        ("tlsrpt_state", tally("By column tlsrpt_state.")),
        ("policy_stage", tally("By column policy_stage; rows for which nothing was fetched are not counted.")),
        ("posture", tally("By column posture.")),
        ("delivery", tally("By column delivery.")),
        ("worst", tally("By column worst; rows without a finding are not counted.")),
        ("findings", tally("Rows that have the finding at least once, by its code.")),
        ("policy_providers", tally("Rows whose policy host is a CNAME to a well-known provider, by the provider's name.")),
        ("mail_providers", tally("Rows whose most preferred MX is a well-known provider's, by the provider's name.")),
    ];
    group(description, fields)
}

/// An object of which every field is there.
fn object(description: &str, fields: FieldList) -> Map<String, Value> {
    let required: Vec<Value> = fields.iter().map(|(name, _)| (*name).into()).collect();
    let properties: Map<String, Value> = fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    Map::from_iter([
        ("description".to_owned(), description.into()),
        ("type".to_owned(), "object".into()),
        ("required".to_owned(), required.into()),
        ("properties".to_owned(), properties.into()),
    ])
}

fn group(description: &str, fields: FieldList) -> Value {
    Value::Object(object(description, fields))
}

fn array(description: &str, items: Value) -> Value {
    json!({ "description": description, "type": "array", "items": items })
}

fn options(description: &str) -> Value {
    json!({ "description": description, "type": "object" })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

fn time(description: &str) -> Value {
    json!({ "description": description, "type": "string", "format": "date-time" })
}

fn number(description: &str) -> Value {
    json!({ "description": description, "type": "number", "minimum": 0 })
}

fn count(description: &str) -> Value {
    json!({ "description": description, "type": "integer", "minimum": 0 })
}

/// The same, or null.
fn optional(mut schema: Value) -> Value {
    if let Some(kind) = schema.get("type").cloned() {
        schema["type"] = json!([kind, "null"]);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::manifest::{AccountingEntry, Activity, Manifest, Options, Part};
    use crate::dataset::{Counts, record_batch, samples};

    /// A manifest in which nothing is empty.
    fn written() -> Value {
        let mut manifest = Manifest::begun(&samples::run());
        let counts = Counts::of(&record_batch(&[samples::absent(0, "example.com")]).unwrap()).unwrap();
        let part = Part { file: "f".to_owned(), shard: 0, ordinals: vec![[0, 1]], rows: 1, bytes: 1, sha256: String::new(), counts };
        manifest.list(part, Activity::default());
        manifest.end(AccountingEntry::default(), samples::run().list);
        let made_from = manifest
            .derived("export", Options::from([("mailboxes".to_owned(), "hash".into())]))
            .derived("reclassify", Options::new())
            .made_from;
        serde_json::to_value(Manifest { made_from, ..manifest.resumed(&samples::run()) }).unwrap()
    }

    fn check(path: &str, schema: &Value, value: &Value) {
        assert!(schema["description"].is_string(), "{path} is not documented");
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
            check(&format!("{path}[{index}]"), &schema["items"], element);
        }
        if let (Some(fields), Some(documented)) = (value.as_object(), schema["properties"].as_object()) {
            let (names, known): (Vec<_>, Vec<_>) = (fields.keys().collect(), documented.keys().collect());
            assert_eq!(names, known, "{path}");
            fields.iter().for_each(|(name, field)| check(&format!("{path}.{name}"), &documented[name], field));
        }
    }

    #[test]
    fn the_schema_describes_a_written_manifest() {
        check("manifest", &manifest_schema(), &written());
    }
}
