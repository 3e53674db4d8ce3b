//! The dataset: one wide table in Parquet parts, and the manifest that says which parts exist.
//!
//! On disk:
//! ```text
//! DIR/.lock                        held while a scan writes the folder
//! DIR/manifest.json                the run; a part that it does not list does not exist
//! DIR/domains/part-00000.parquet   one row per target of shard 0, sorted by ordinal
//! DIR/rejected.csv, DIR/.spool     written by the input
//! DIR/.command                     the command that began the scan, for a repair
//! DIR/aside                        what a repair found among the parts that is none
//! ```
//! In a tree of `--layout hive` the folder is called `list=NAME/date=YYYY-MM-DD`; the parts lie in it, and `_manifest.json`, `_rejected.csv` and
//! `_aside` beside them.
//! A part is written under a temporary name, synced and renamed; then the manifest that lists it is replaced in the same way.
//! So a crash at any moment leaves a valid dataset of whole shards, and to resume is to scan the shards that are not listed.

mod batch;
mod chunk;
mod coded;
mod column;
mod columns;
mod command;
mod contain;
mod counts;
mod derived;
mod draft;
mod encoding;
mod error;
mod evidence;
mod flat;
mod folded;
mod folder;
mod hashing;
mod hybrid;
mod layout;
mod lookup;
mod manifest;
mod manifest_schema;
mod merge;
mod micros;
mod nothing;
mod order;
mod packed;
mod part;
mod read;
pub mod reports;
mod resume;
mod row_group;
#[cfg(test)]
pub(crate) mod samples;
mod schema;
mod shards;
mod splice;
mod store;
mod strands;
mod stream;
mod target;
mod text_rows;
pub(crate) mod tree;
mod verify;
mod whole;

pub use self::batch::{Record, record_batch};
pub(crate) use self::batch::{RowBuilder, rejudged_batch, with_nothing_carried, with_policy_hosts, without_validation};
pub(crate) use self::column::{COMMENT, Group as ColumnGroup, Lists as ListColumn, RANGE, UNIT, elements, text};
pub use self::column::{MAX_BATCH_ROWS, Vocabularies};
pub use self::command::ScanCommand;
pub use self::counts::{Counts, Tally};
pub(crate) use self::derived::{DerivedDataset, Judge};
pub(crate) use self::draft::Draft;
pub use self::error::DatasetError;
pub use self::evidence::EvidenceColumns;
pub use self::flat::JudgementColumns;
pub(crate) use self::flat::PolicyHostColumn;
pub(crate) use self::folded::Folded;
pub(crate) use self::folder::{SPOOL, duplicates_path, rejected_path};
pub(crate) use self::layout::Layout;
pub(crate) use self::manifest::check_accounting;
pub use self::manifest::{
    Activity, Attachment, List, Manifest, MergedShard, Options, Origin, Part, Rates, RunDescription, Timestamp, Tool, invented,
};
pub use self::manifest_schema::manifest_schema;
pub(crate) use self::merge::merge;
pub(crate) use self::packed::{Packed, Piece};
pub(crate) use self::read::PartFile;
pub use self::read::{PartBatches, Reader};
pub(crate) use self::resume::{make_way, refuse_unless_usable};
pub use self::schema::{
    SCHEMA_VERSION, SCHEMA_VERSION_KEY, Table, schema, schema_json, schema_markdown, schema_text, schema_words_markdown, schema_words_text,
    vocabularies,
};
pub use self::store::{Dataset, SHARD_ROWS};
pub(crate) use self::stream::StreamWriter;
pub use self::target::TargetColumns;
pub use self::text_rows::{RowColumns, RowForm};
pub(crate) use self::text_rows::{TextWriter, csv_heading, csv_row};
pub(crate) use self::verify::{Repair, Verified, repair, verify};
pub use self::whole::{Damage, Problem};
