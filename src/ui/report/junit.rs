//! The report as JUnit XML, for systems that show tests: a test case a domain, failed where it has a finding of severity high or medium.

use std::io::Write;

use crate::analyse::Scan;
use crate::analyse::report::{Entry, Verdicts, every_entry, verdicts};
use crate::classify::{Delivery, Finding, Severity, rule};
use crate::ui::facts;

use super::ReportError;
use super::escape::Xml;

/// Writes every domain in the order of the dataset. One of which nothing is known is skipped, not passed.
///
/// # Errors
/// If the dataset cannot be read or the file not be written.
pub fn junit(scan: &Scan, out: &mut impl Write) -> Result<(), ReportError> {
    let manifest = scan.manifest();
    let Verdicts { rows, failed, unknown } = verdicts(scan)?;
    let counts =
        format!("tests=\"{rows}\" failures=\"{failed}\" errors=\"0\" skipped=\"{unknown}\" time=\"{:.3}\"", manifest.activity.seconds);
    let (name, time) = (Xml(&manifest.run.list.name), manifest.started_at.get(..19).unwrap_or_default());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"stscan\" {counts}>")?;
    writeln!(out, "<testsuite name=\"{name}\" {counts} timestamp=\"{}\">", Xml(time))?;
    every_entry(scan, |entry| {
        let seconds = f64::from(entry.evidence.elapsed_ms) / 1000.0;
        writeln!(out, "<testcase classname=\"{name}\" name=\"{}\" time=\"{seconds:.3}\">", Xml(entry.target.domain.as_str()))?;
        verdict(out, entry)?;
        writeln!(out, "</testcase>")?;
        Ok::<(), ReportError>(())
    })?;
    writeln!(out, "</testsuite>\n</testsuites>")?;
    Ok(out.flush()?)
}

fn verdict(out: &mut impl Write, entry: &Entry) -> Result<(), ReportError> {
    let assessment = &entry.assessment;
    let (failures, others): (Vec<&Finding>, Vec<&Finding>) =
        assessment.findings.iter().partition(|finding| finding.severity <= Severity::Medium);
    let said = Xml(facts::verdict(assessment));
    if let Some(worst) = failures.iter().min_by_key(|finding| finding.severity) {
        writeln!(out, "<failure type=\"{}\" message=\"{}: {said}\">", worst.severity, worst.code)?;
        failures.iter().try_for_each(|finding| line(out, finding))?;
        writeln!(out, "</failure>")?;
    } else if assessment.delivery == Delivery::Unknown {
        writeln!(out, "<skipped message=\"{said}\"/>")?;
    }
    let lesser: Vec<&Finding> = others.into_iter().filter(|finding| finding.severity == Severity::Low).collect();
    if !lesser.is_empty() {
        writeln!(out, "<system-out>")?;
        lesser.iter().try_for_each(|finding| line(out, finding))?;
        writeln!(out, "</system-out>")?;
    }
    Ok(())
}

fn line(out: &mut impl Write, finding: &Finding) -> Result<(), ReportError> {
    let (summary, remedy) = rule(finding.code).map_or(("", ""), |rule| (rule.summary, rule.remedy));
    let particulars = [&finding.subject, &finding.detail].map(|text| Xml(text).to_string());
    let particulars: Vec<String> = particulars.into_iter().filter(|text| !text.is_empty()).collect();
    let particulars = if particulars.is_empty() { String::new() } else { format!(" ({})", particulars.join(": ")) };
    Ok(writeln!(out, "{} {}{particulars}: {} Mend: {}", finding.severity, finding.code, Xml(summary), Xml(remedy))?)
}
