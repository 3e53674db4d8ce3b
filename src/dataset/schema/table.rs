//! The columns of table `domains`: names, order, types and meaning, documented in the Arrow fields themselves.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::dataset::column::{COMMENT, List, documented};
use crate::dataset::evidence::{EvidenceBuilder, TimesBuilder};
use crate::dataset::flat::judgement_fields;
use crate::dataset::target::{CarriedBuilder, NameBuilder, TargetBuilder};

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
