//! The report as JSON: one object, one line per domain, in the words of `check --json`.

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::analyse::Scan;
use crate::analyse::report::{Entry, every_entry};
use crate::classify::{Asked, Finding};
use crate::ui::facts;
use crate::ui::text::safe_json;

use super::error::ReportError;

/// Version of the layout of the object; raised where a key changes its meaning or goes.
const VERSION: u32 = 1;

/// Writes every domain in the order of the dataset.
///
/// # Errors
/// If the dataset cannot be read or the file not be written.
pub fn json(scan: &Scan, out: &mut impl Write) -> Result<(), ReportError> {
    let manifest = scan.manifest();
    let mut about = json!({
        "report_version": VERSION,
        "run_id": manifest.run.run_id,
        "list": manifest.run.list.name,
        "started_at": manifest.started_at,
        "finished_at": manifest.finished_at,
        "catalogue_version": manifest.run.catalogue_version,
        "counts": manifest.counts,
        "protection": Asked::of_scans().note(),
        "notes": scan.notes(),
    });
    if let Some(invented) = manifest.run.invented() {
        about["invented"] = json!(invented);
    }
    let text = safe_json(&about.to_string());
    write!(out, "{},\"domains\":[", text.strip_suffix('}').unwrap_or(&text))?;
    let mut separator = "\n";
    every_entry(scan, |entry| {
        write!(out, "{separator}{}", safe_json(&domain(entry).to_string()))?;
        separator = ",\n";
        Ok::<(), ReportError>(())
    })?;
    writeln!(out, "\n]}}")?;
    Ok(out.flush()?)
}

fn domain(entry: &Entry) -> Value {
    let (target, assessment) = (&entry.target, &entry.assessment);
    let carried: Map<String, Value> = target.carried.iter().map(|cell| (cell.name.to_string(), json!(cell.value))).collect();
    let publish = facts::to_publish(&entry.evidence, assessment)
        .map(|publish| json!({ "sts_record": publish.sts_record, "tlsrpt_record": publish.tlsrpt_record, "policy": publish.policy }));
    json!({
        "domain": target.domain.as_str(),
        "rank": target.rank,
        "carried": carried,
        "posture": assessment.posture,
        "delivery": assessment.delivery,
        "delivery_lenient": assessment.delivery_lenient,
        "worst": assessment.worst(),
        "verdict": facts::verdict(assessment),
        "undetermined": assessment.is_undetermined(),
        "findings": assessment.findings.iter().map(finding).collect::<Vec<_>>(),
        "unknown_codes": entry.unknown_codes,
        "publish": publish,
    })
}

fn finding(finding: &Finding) -> Value {
    let rule = finding.code.rule();
    json!({
        "code": finding.code,
        "severity": finding.severity,
        "leaves_open": finding.leaves_open(),
        "subject": finding.subject,
        "detail": finding.detail,
        "summary": rule.summary,
        "effect": Asked::of_scans().specify(rule.effect),
        "remedy": rule.remedy,
    })
}
