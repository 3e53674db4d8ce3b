//! The manifest as JSON Schema.

use serde_json::{Value, json};

/// JSON Schema (2020-12) of `manifest.json`. Fields may be added; readers ignore what they do not know.
pub fn manifest_schema() -> Value {
    json!({})
}
