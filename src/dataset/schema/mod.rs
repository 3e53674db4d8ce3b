//! The schema of table `domains`, and the schema as documentation.

mod render;
mod table;

pub use self::render::{schema_json, schema_markdown, schema_text};
pub use self::table::{SCHEMA_VERSION, SCHEMA_VERSION_KEY, schema};
