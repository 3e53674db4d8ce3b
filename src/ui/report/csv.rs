//! The report as CSV: one line per finding, so that a spreadsheet can filter by any column; a domain without findings has one line, too.

use std::io::Write;

use crate::analyse::Scan;
use crate::analyse::report::{Entry, carried_columns, every_entry};
use crate::ui::facts;
use crate::ui::tables::csv::{INVENTED, field, invented_cell};

use super::error::ReportError;

const HEADING: &str = "domain,rank,posture,delivery,worst,severity,code,subject,detail,meaning,remedy,verdict";

/// Writes the findings of every domain in the order of the dataset. Carried columns stand at the end, by their names.
///
/// # Errors
/// If the dataset cannot be read or the file not be written.
pub fn csv(scan: &Scan, out: &mut impl Write) -> Result<(), ReportError> {
    let carried = carried_columns(scan)?;
    let mut names: String = carried.iter().map(|name| format!(",{}", field(name))).collect();
    let invented = scan.manifest().run.invented();
    if invented.is_some() {
        names.push_str(INVENTED);
    }
    writeln!(out, "{HEADING}{names}")?;
    every_entry(scan, |entry| {
        let mut cells: String = carried.iter().map(|name| format!(",{}", field(cell(entry, name)))).collect();
        cells.push_str(&invented_cell(invented.as_deref()));
        let verdict = field(&facts::verdict(&entry.assessment));
        for finding in findings(entry) {
            writeln!(out, "{},{finding},{verdict}{cells}", domain(entry))?;
        }
        Ok::<(), ReportError>(())
    })?;
    Ok(out.flush()?)
}

fn domain(entry: &Entry) -> String {
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
