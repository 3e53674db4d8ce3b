//! The columns of table `domains`: names, order, types and meaning, documented in the Arrow fields themselves.

mod documented;
mod evidence;
mod render;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::classify::{Coverage, Delivery, Mismatch, MxState, PolicyStage, Posture, RecordState, Severity};
use crate::parse::senders::Sender;

pub use self::documented::{COMMENT, RANGE, UNIT};
pub use self::render::{schema_json, schema_markdown, schema_text};

use self::documented::{field, group, list, range, timestamp, unit, words};

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
    let mut columns = target_columns();
    columns.extend(mx_and_record_columns());
    columns.extend(policy_columns());
    columns.extend(verdict_columns());
    columns.push(field("carried", list(carried()), "Further columns of the list, by `--carry`; empty without it."));
    columns.push(field("evidence", evidence::evidence(), "What was seen: enough to judge again without sending a packet."));
    columns
}

fn carried() -> DataType {
    group(vec![
        field("name", DataType::Utf8, "The column, as it was asked for."),
        field("value", DataType::Utf8, "Its cell, at most 256 bytes; null where it is empty."),
    ])
}

fn target_columns() -> Vec<Field> {
    use DataType::{Int32, Int64, Utf8};
    vec![
        range(field("ordinal", Int64, "Position of the target in the input; parts are sorted by it."), "0.."),
        field("domain", Utf8, "The domain: A-labels, lower case, no trailing dot."),
        range(field("rank", Int32, "Rank in the list; null if the list has none."), "1.."),
        field("list", Utf8, "Name of the list that the target comes from."),
        field("tld", Utf8, "Last label of the domain."),
        field("suffix", Utf8, "Public suffix of the domain, the private section of the list included."),
        field("org_domain", Utf8, "Registrable domain; null where the domain is itself a public suffix."),
        field("scanned_at", timestamp(), "Start of the probe."),
        unit(range(field("elapsed_ms", Int32, "Length of the probe."), "0.."), "ms"),
    ]
}

fn mx_and_record_columns() -> Vec<Field> {
    use DataType::Utf8;
    let record_states = || RecordState::ALL.iter().map(|word| word.as_str());
    vec![
        words(
            field("mx_state", Utf8, "Whether the domain says where its mail goes: null is a null MX (RFC 7505), none is no MX at all."),
            MxState::ALL.iter().map(|word| word.as_str()),
        ),
        field("mx_hosts", list(Utf8), "MX names in order of preference, lower case, no trailing dot."),
        field("mx_provider", Utf8, "Registrable domain of the most preferred MX."),
        words(
            field("sts_state", Utf8, "The MTA-STS record; invalid includes text that was meant as a record and is none to a sender."),
            record_states(),
        ),
        field("sts_id", Utf8, "The record's id, best effort."),
    ]
}

fn policy_columns() -> Vec<Field> {
    use DataType::{Int64, Utf8};
    vec![
        words(
            field(
                "policy_stage",
                Utf8,
                "How the retrieval of the policy ended: ok, or the first stage that failed; null if nothing was fetched.",
            ),
            PolicyStage::ALL.iter().map(|word| word.as_str()),
        ),
        field("policy_mode", Utf8, "The policy's mode as read, best effort also from an invalid policy."),
        unit(field("policy_max_age", Int64, "The policy's max_age as read, best effort also from an invalid policy."), "s"),
        field("policy_mx", list(Utf8), "The policy's mx patterns as read; null if no policy text was retrieved."),
        field("policy_provider", Utf8, "Registrable domain of the CNAME target of the policy host; null where it is no CNAME."),
    ]
}

fn verdict_columns() -> Vec<Field> {
    use DataType::Utf8;
    let deliveries = || Delivery::ALL.iter().map(|word| word.as_str());
    let severities = || Severity::ALL.iter().map(|word| word.as_str());
    let finding = group(vec![
        field("code", Utf8, "Code of the catalogue; `stscan explain CODE` says more."),
        words(field("severity", Utf8, "How much it matters in this case."), severities()),
        field("subject", Utf8, "What it is about: a host, a field, an owner name; empty where it is the domain itself."),
        field("detail", Utf8, "The particulars; text from the network is quoted and escaped."),
    ]);
    vec![
        words(field("tlsrpt_state", Utf8, "The TLSRPT record, as sts_state."), RecordState::ALL.iter().map(|word| word.as_str())),
        field("tlsrpt_rua", list(Utf8), "The addresses to which TLS reports go."),
        words(field("posture", Utf8, "The deployment in one word."), Posture::ALL.iter().map(|word| word.as_str())),
        words(field("delivery", Utf8, "What a sender that follows RFC 8461 does with mail today, nothing cached."), deliveries()),
        words(field("delivery_lenient", Utf8, "The same for forgiving senders."), deliveries()),
        words(
            field(
                "accepted_by",
                list(Utf8),
                "The known implementations that would use this record and this policy; null if no policy text was retrieved.",
            ),
            Sender::ALL.iter().map(|word| word.as_str()),
        ),
        words(
            field("mx_coverage", Utf8, "How many of the MX hosts match the policy; null where there is nothing to compare."),
            Coverage::ALL.iter().map(|word| word.as_str()),
        ),
        words(field("mismatch", Utf8, "Where coverage is not all: how the names differ."), Mismatch::ALL.iter().map(|word| word.as_str())),
        words(field("worst", Utf8, "Severity of the worst finding; null if there is none."), severities()),
        field("findings", list(finding), "What is to be said of the domain, in the catalogue's order."),
    ]
}
