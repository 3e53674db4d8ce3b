//! The report as data: CSV with one line per finding (a domain without findings has one line, too), JSON with one line per domain in the words
//! of `check --json`.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::analyse::report::{Entry, carried_columns, every_entry};
use crate::analyse::{AnalyseError, Scan};
use crate::classify::{Asked, Finding};
use crate::ui::tables::data::{INVENTED, field, invented_cell};
use crate::ui::text::safe_json;
use crate::ui::{facts, mail_servers};

/// A failure of ours or of the disk, never a fact about a domain.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The dataset cannot be read.
    #[error(transparent)]
    Analyse(#[from] AnalyseError),
    /// The report cannot be written.
    #[error("the report cannot be written: {0}")]
    Write(#[from] io::Error),
    /// A chart cannot be drawn.
    #[error("a chart of the report cannot be drawn: {0}")]
    Chart(String),
}

const HEADING: &str = "domain,rank,posture,delivery,worst,severity,code,subject,detail,meaning,remedy,verdict";

/// Writes the findings of every domain in the order of the dataset. Carried columns stand at the end, by their names.
///
/// # Errors
/// If the dataset cannot be read or the file not be written.
pub fn csv(scan: &Scan, out: &mut impl Write) -> Result<(), ReportError> {
    let carried = carried_columns(scan)?;
    let names: String = carried.iter().map(|name| format!(",{}", field(name))).collect();
    let invented = scan.manifest().run.invented();
    writeln!(out, "{HEADING}{}{names}", invented.as_ref().map_or("", |_| INVENTED))?;
    let invented = invented_cell(invented.as_deref());
    every_entry(scan, |entry| {
        let cells: String = carried.iter().map(|name| format!(",{}", field(cell(entry, name)))).collect();
        let verdict = field(&facts::verdict(&entry.assessment));
        for finding in findings(entry) {
            writeln!(out, "{},{finding},{verdict}{invented}{cells}", first_columns(entry))?;
        }
        Ok::<(), ReportError>(())
    })?;
    Ok(out.flush()?)
}

fn first_columns(entry: &Entry) -> String {
    let (target, assessment) = (&entry.target, &entry.assessment);
    let rank = target.rank.map_or_else(String::new, |rank| rank.to_string());
    let worst = assessment.worst().map_or("", |worst| worst.as_str());
    format!("{},{rank},{},{},{worst}", field(target.domain.as_str()), assessment.posture, assessment.delivery)
}

/// The columns from the severity on, a text a finding.
fn findings(entry: &Entry) -> Vec<String> {
    let known = entry.assessment.findings.iter().map(|finding| {
        let rule = finding.code.rule();
        let texts = [finding.code.as_str(), &finding.subject, &finding.detail, rule.summary, rule.remedy].map(field);
        format!("{},{}", finding.severity, texts.join(","))
    });
    let unknown = entry.unknown_codes.iter().map(|code| format!(",{},,,,", field(code)));
    let all: Vec<String> = known.chain(unknown).collect();
    if all.is_empty() { vec![",,,,,".to_owned()] } else { all }
}

fn cell<'e>(entry: &'e Entry, column: &str) -> &'e str {
    entry.target.carried.iter().find(|cell| &*cell.name == column).and_then(|cell| cell.value.as_deref()).unwrap_or_default()
}

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
        "protection": manifest.counts.asked().note(),
        "notes": scan.notes(),
    });
    if let Some(invented) = manifest.run.invented() {
        about["invented"] = json!(invented);
    }
    let text = safe_json(&about.to_string());
    write!(out, "{},\"domains\":[", text.strip_suffix('}').unwrap_or(&text))?;
    let mut separator = "\n";
    every_entry(scan, |entry| {
        write!(out, "{separator}{}", safe_json(&domain_object(entry).to_string()))?;
        separator = ",\n";
        Ok::<(), ReportError>(())
    })?;
    writeln!(out, "\n]}}")?;
    Ok(out.flush()?)
}

fn domain_object(entry: &Entry) -> Value {
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
        "mx_tls": assessment.mx_tls,
        "dane_state": assessment.dane_state,
        "delivery_dane": assessment.delivery_dane,
        "next_steps": mail_servers::next_steps(assessment),
        "findings": assessment.findings.iter().map(|one| finding(one, Asked::of(assessment))).collect::<Vec<_>>(),
        "unknown_codes": entry.unknown_codes,
        "publish": publish,
    })
}

fn finding(finding: &Finding, asked: Asked) -> Value {
    let rule = finding.code.rule();
    json!({
        "code": finding.code,
        "severity": finding.severity,
        "leaves_open": finding.leaves_open(),
        "subject": finding.subject,
        "detail": finding.detail,
        "count": finding.count,
        "summary": rule.summary,
        "effect": asked.specify(rule.effect),
        "remedy": rule.remedy,
    })
}
