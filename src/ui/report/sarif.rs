//! The report as SARIF 2.1.0 (OASIS), for systems that collect the results of checks: a rule a code, a result a finding.

use std::io::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::data::ReportError;
use crate::analyse::Scan;
use crate::analyse::report::{Entry, every_entry};
use crate::classify::{Asked, Code, Finding, Severity, catalogue};
use crate::ui::text::{safe, safe_json};
use crate::ui::waived;

/// Domains of which it is said one by one that something could not be determined.
const MAX_NOTIFICATIONS: usize = 1_000;

/// Writes the findings but those of severity info, which say that nothing has to be fixed.
///
/// # Errors
/// If the dataset cannot be read or the file not be written.
pub fn sarif(scan: &Scan, out: &mut impl Write) -> Result<(), ReportError> {
    let manifest = scan.manifest();
    let codes: Vec<Code> = catalogue().iter().copied().filter(|code| scan.counts().findings.contains_key(code.as_str())).collect();
    let driver = json!({
        "name": "stscan",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": codes.iter().copied().map(|code| rule(code, scan.counts().asked())).collect::<Vec<_>>(),
    });
    let mut run = json!({ "tool": { "driver": driver }, "automationDetails": { "id": format!("stscan/{}", manifest.run.run_id) } });
    if let Some(invented) = manifest.run.invented() {
        run["automationDetails"]["description"] = json!({ "text": invented });
    }
    let run = safe_json(&run.to_string());
    write!(
        out,
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{},\"results\":[",
        run.strip_suffix('}').unwrap_or(&run)
    )?;
    let mut separator = "\n";
    let mut undetermined = Undetermined::default();
    every_entry(scan, |entry| {
        undetermined.add(entry);
        for finding in &entry.assessment.findings {
            let Some(level) = level(finding.severity) else { continue };
            let index = codes.iter().position(|code| *code == finding.code);
            let result = result(entry.target.domain.as_str(), finding, level, index);
            write!(out, "{separator}{}", safe_json(&result.to_string()))?;
            separator = ",\n";
        }
        for waived in &entry.waived {
            let Some(level) = level(waived.finding.severity) else { continue };
            let mut result = result(entry.target.domain.as_str(), &waived.finding, level, None);
            result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": safe(&waived::reason(waived)) }]);
            write!(out, "{separator}{}", safe_json(&result.to_string()))?;
            separator = ",\n";
        }
        Ok::<(), ReportError>(())
    })?;
    let invented = manifest.run.invented().map(|invented| notification(&invented, None));
    let notifications: Vec<Value> = invented.into_iter().chain(undetermined.notifications()).collect();
    let invocation = json!({
        "executionSuccessful": manifest.finished_at.is_some(),
        "startTimeUtc": manifest.started_at,
        "endTimeUtc": manifest.finished_at.as_deref().unwrap_or(&manifest.started_at),
        "toolExecutionNotifications": notifications,
    });
    writeln!(out, "\n],\"invocations\":[{}]}}]}}", safe_json(&invocation.to_string()))?;
    Ok(out.flush()?)
}

/// What could not be determined: no results, since unknown is no verdict, but notifications of the run.
#[derive(Default)]
struct Undetermined {
    shown: Vec<Value>,
    more: usize,
}

impl Undetermined {
    fn add(&mut self, entry: &Entry) {
        if !entry.assessment.is_undetermined() {
            return;
        }
        if self.shown.len() >= MAX_NOTIFICATIONS {
            self.more += 1;
            return;
        }
        let domain = entry.target.domain.as_str();
        let open = entry.assessment.findings.iter().filter(|finding| finding.leaves_open());
        let why: Vec<String> = open.map(|finding| format!("{}: {}", finding.code, safe(&finding.detail))).collect();
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) };
        self.shown.push(notification(&format!("{domain}: could not be determined{why}"), Some(domain)));
    }

    fn notifications(self) -> impl Iterator<Item = Value> {
        let more = (self.more > 0).then(|| notification(&format!("{} more domains could not be determined", self.more), None));
        self.shown.into_iter().chain(more)
    }
}

fn notification(text: &str, domain: Option<&str>) -> Value {
    let mut notification = json!({ "level": "note", "message": { "text": text } });
    if let Some(domain) = domain {
        notification["locations"] = json!([{ "logicalLocations": [{ "name": domain, "fullyQualifiedName": domain, "kind": "resource" }] }]);
    }
    notification
}

/// The level of a result (SARIF 2.1.0 section 3.27.10); `None` for findings that are none.
const fn level(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::High => Some("error"),
        Severity::Medium => Some("warning"),
        Severity::Low => Some("note"),
        Severity::Info => None,
    }
}

fn rule(code: Code, asked: Asked) -> Value {
    let rule = code.rule();
    json!({
        "id": code,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": format!("{} {}", rule.summary, asked.specify(rule.effect)) },
        "help": { "text": format!("{} ({})", rule.remedy, rule.clause) },
        "defaultConfiguration": { "level": level(rule.severity).unwrap_or("none") },
    })
}

fn result(domain: &str, finding: &Finding, level: &str, rule_index: Option<usize>) -> Value {
    let particulars = [&finding.subject, &finding.detail].into_iter().filter(|text| !text.is_empty());
    let said: Vec<String> = std::iter::once(domain.to_owned()).chain(particulars.map(|text| safe(text))).collect();
    let summary = finding.code.rule().summary;
    // What stays the same from scan to scan, so that a collector knows a result again.
    let same = hex::encode(Sha256::digest(format!("{domain}\n{}\n{}", finding.code, finding.subject)));
    let mut result = json!({
        "ruleId": finding.code,
        "level": level,
        "message": { "text": format!("{}. {summary}", said.join(": ")) },
        "locations": [{ "logicalLocations": [{ "name": domain, "fullyQualifiedName": domain, "kind": "resource" }] }],
        "partialFingerprints": { "domainCodeSubject/v1": same },
    });
    if let Some(index) = rule_index {
        result["ruleIndex"] = json!(index);
    }
    result
}
