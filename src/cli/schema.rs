//! `stscan schema`: the columns of a table, their types and meanings.

use std::io::Write;

use super::args::SchemaArguments;
use super::exit::{Exit, Failure};
use crate::dataset::{Table, manifest_schema, schema_json, schema_markdown, schema_text, schema_words_markdown, schema_words_text};

/// Prints the columns as text, Markdown or JSON, or the JSON Schema of the manifest.
pub(super) fn run(arguments: &SchemaArguments) -> Result<Exit, Failure> {
    let word = &arguments.table;
    let table = Table::from_word(word).ok_or_else(|| Failure::usage(format!("--table {word:?}: domains and reports are possible")))?;
    let mut out = anstream::stdout().lock();
    if arguments.manifest {
        writeln!(out, "{:#}", manifest_schema(table))?;
    } else if arguments.json {
        writeln!(out, "{:#}", schema_json(table))?;
    } else if arguments.markdown {
        write!(out, "{}\n{}", schema_markdown(table), schema_words_markdown(table))?;
    } else {
        write!(out, "{}\nWords and what they mean:\n{}", schema_text(table), schema_words_text(table))?;
    }
    Ok(Exit::Done)
}
