//! `stscan schema`: the dataset's columns, types and meanings.

use std::io::Write;

use super::args::SchemaArguments;
use super::exit::{Exit, Failure};
use crate::dataset::{manifest_schema, schema_json, schema_markdown, schema_text};

/// Prints the columns as text, Markdown or JSON, or the JSON Schema of the manifest.
pub(super) fn run(arguments: &SchemaArguments) -> Result<Exit, Failure> {
    let mut out = anstream::stdout().lock();
    if arguments.manifest {
        writeln!(out, "{:#}", manifest_schema())?;
    } else if arguments.json {
        writeln!(out, "{:#}", schema_json())?;
    } else if arguments.markdown {
        write!(out, "{}", schema_markdown())?;
    } else {
        write!(out, "{}", schema_text())?;
    }
    Ok(Exit::Done)
}
