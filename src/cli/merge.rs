//! `stscan merge`: the shards of a list as one dataset.

use std::io::Write;

use super::args::MergeArguments;
use super::exit::{Exit, Failure};
use super::values::shown;
use crate::dataset;
use crate::ui::tables::{accounting_line, counted, grouped};

/// Merges and says what came out.
pub(super) fn run(arguments: &MergeArguments) -> Result<Exit, Failure> {
    let manifest = dataset::merge(&arguments.datasets, &arguments.out)?;
    let mut out = anstream::stdout().lock();
    let shards = counted(manifest.merged_from.len() as u64, "shard");
    writeln!(
        out,
        "{shards} of {:?} merged: {} rows in {}",
        manifest.run.list.name,
        grouped(manifest.counts.rows),
        counted(manifest.parts.len() as u64, "part")
    )?;
    if let Some(invented) = manifest.run.invented() {
        writeln!(out, "  Note: {invented}")?;
    }
    if let Some(accounting) = manifest.accounting {
        writeln!(out, "  {}", accounting_line(accounting))?;
    }
    for shard in &manifest.merged_from {
        let [first, end] = shard.ordinals;
        writeln!(out, "  {}: {} rows from ordinal {first} on, run {}", shard.shard, grouped(end - first), shard.run_id)?;
    }
    writeln!(out, "\n{}", shown(&arguments.out))?;
    Ok(Exit::Done)
}
