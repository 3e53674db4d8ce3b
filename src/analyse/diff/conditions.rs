//! What two scans were made and judged by, where it is not the same: then a difference may be one of the scans, not of the domains.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::analyse::scans::Scan;
use crate::dataset::Manifest;

/// Something by which two scans were made or judged, and in which they differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What it is: an option of `scan` as it is typed, or a name as in the manifest.
    pub what: String,
    /// In the old scan.
    pub old: Value,
    /// In the new one.
    pub new: Value,
}

/// What they were judged by.
fn judged_by(manifest: &Manifest) -> [(&'static str, Value); 3] {
    let run = &manifest.run;
    [
        ("catalogue version", run.catalogue_version.as_str().into()),
        ("rules of the program", run.tool.rules.as_deref().into()),
        ("public suffix list", run.public_suffix_list.as_str().into()),
    ]
}

/// What they were made by: options, roots, and whether DNSSEC was validated. The list has a note of its own.
fn made_by(manifest: &Manifest, option: &str) -> Value {
    manifest.run.configuration.get(option).cloned().unwrap_or(Value::Null)
}

/// All in which the scans differ, what judged them first.
pub(super) fn differing(old: &Scan, new: &Scan) -> Vec<Condition> {
    let (old, new) = (old.manifest(), new.manifest());
    let judged = judged_by(old).into_iter().zip(judged_by(new)).map(|((what, old), (_, new))| (what.to_owned(), old, new));
    let options: BTreeSet<&String> = old.run.configuration.keys().chain(new.run.configuration.keys()).collect();
    let options = options.into_iter().filter(|option| *option != "list");
    let options = options.map(|option| (format!("--{option}"), made_by(old, option), made_by(new, option)));
    let others = [
        ("root store", Value::from(old.run.root_store.as_str()), Value::from(new.run.root_store.as_str())),
        ("resolver validates", old.run.resolver_validates.into(), new.run.resolver_validates.into()),
    ];
    let all = judged.chain(options).chain(others.map(|(what, old, new)| (what.to_owned(), old, new)));
    all.filter(|(_, old, new)| old != new).map(|(what, old, new)| Condition { what, old, new }).collect()
}

/// A sentence on what judged them, and one on what they were made by; none where it is the same.
pub(super) fn notes(conditions: &[Condition]) -> Vec<String> {
    let judged =
        |condition: &&Condition| matches!(condition.what.as_str(), "catalogue version" | "rules of the program" | "public suffix list");
    let told = |conditions: Vec<&Condition>| {
        let told = conditions.iter().map(|one| format!("{} ({} and {})", one.what, shown(&one.old), shown(&one.new)));
        told.collect::<Vec<_>>().join(", ")
    };
    let (judging, making): (Vec<&Condition>, Vec<&Condition>) = conditions.iter().partition(judged);
    let mut notes = Vec::new();
    if !judging.is_empty() {
        notes.push(format!(
            "judged by different rules, {}: a change may be one of the rules; `stscan reclassify` judges both by today's",
            told(judging)
        ));
    }
    if !making.is_empty() {
        notes.push(format!(
            "the scans had different options, {}: a change may be one of what was asked, and not of the domain",
            told(making)
        ));
    }
    notes
}

/// A value as a person reads it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not given".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        other => other.to_string(),
    }
}
