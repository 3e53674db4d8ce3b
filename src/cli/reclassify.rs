//! `stscan reclassify`: old evidence judged by today's rules.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use super::args::ReclassifyArguments;
use super::exit::{Exit, Failure};
use super::plan::databases;
use crate::analyse::{Changes, reclassify};
use crate::dataset::Manifest;
use crate::ui::text::{safe, safe_json};

/// Judges again and says what changed.
pub(super) fn run(arguments: &ReclassifyArguments) -> Result<Exit, Failure> {
    let (manifest, changes) = reclassify(&arguments.dataset, &arguments.out, &databases(&arguments.asn_db)?)?;
    let mut out = anstream::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string_pretty(&summary(&manifest, &changes)).map_err(std::io::Error::from)?;
        writeln!(out, "{}", safe_json(&text))?;
        return Ok(Exit::Done);
    }
    let rows = changes.rows;
    writeln!(out, "{}: {rows} rows judged again, {} changed", arguments.out.display(), changes.changed)?;
    if let Some(origin) = &manifest.made_from {
        writeln!(out, "catalogue {} before, {} now", safe(&origin.catalogue_version), safe(&manifest.run.catalogue_version))?;
    }
    for (name, words) in [("posture", &changes.posture), ("delivery", &changes.delivery)] {
        for ((before, after), rows) in words {
            writeln!(out, "{name:<9} {:<14} to {:<14} {rows:>10}", safe(before), safe(after))?;
        }
    }
    let changed: Vec<_> = changes.codes.iter().filter(|(_, change)| change.appeared + change.gone > 0).collect();
    if !changed.is_empty() {
        writeln!(out, "\n{:<40} {:>10} {:>10} {:>10} {:>10}", "rows with the finding", "before", "after", "appeared", "gone")?;
    }
    for (code, change) in changed {
        let code = safe(code);
        writeln!(out, "{code:<40} {:>10} {:>10} {:>10} {:>10}", change.before, change.after, change.appeared, change.gone)?;
    }
    Ok(Exit::Done)
}

fn summary(manifest: &Manifest, changes: &Changes) -> Value {
    let words = |sum: &BTreeMap<(String, String), u64>| -> Vec<Value> {
        sum.iter().map(|((before, after), rows)| json!({ "before": before, "after": after, "rows": rows })).collect()
    };
    let code = |(code, change): (&String, &crate::analyse::CodeChange)| json!({ "code": code, "before": change.before, "after": change.after, "appeared": change.appeared, "gone": change.gone });
    json!({
        "rows": changes.rows,
        "changed": changes.changed,
        "made_from": manifest.made_from,
        "catalogue_version": manifest.run.catalogue_version,
        "codes": changes.codes.iter().map(code).collect::<Vec<_>>(),
        "posture": words(&changes.posture),
        "delivery": words(&changes.delivery),
    })
}
