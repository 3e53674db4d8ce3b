//! The report as data: CSV with one line per finding (a domain without findings has one line, too), JSON with one line per domain in the words
//! of `check --json`.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::analyse::report::{Entry, every_entry};
use crate::analyse::senders::{Confirmation, Seen, Testimony, day_text};
use crate::analyse::{AnalyseError, Scan};
use crate::classify::{Asked, Assessment, Finding};
use crate::publish::Wishes;
use crate::ui::provenance::csv_head;
use crate::ui::tables::data::{INVENTED, field, invented_cell};
use crate::ui::tables::grouped;
use crate::ui::text::safe_json;
use crate::ui::{facts, mail_servers, waived};

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

const HEADING: &str = "domain,rank,posture,delivery,cause,worst,severity,code,subject,detail,meaning,remedy,verdict";

/// Writes the findings of every domain in the order of the dataset, of a domain that of its cause first. Carried columns stand at the end, by their names. With TLS reports a
/// column says what senders report of a finding, and what no finding explains has a line of its own. Above the heading lines that begin
/// with `#` say where it comes from, unless it is to be `bare`.
///
/// # Errors
/// If the dataset cannot be read or the file not be written.
pub fn csv(scan: &Scan, seen: Option<&Seen>, bare: bool, out: &mut impl Write) -> Result<(), ReportError> {
    if !bare {
        out.write_all(csv_head(&[scan.provenance()]).as_bytes())?;
    }
    let carried = scan.carried_columns()?;
    let names: String = carried.iter().map(|name| format!(",{}", field(name))).collect();
    let invented = scan.manifest().run.invented();
    let of_senders = if seen.is_some() { ",senders" } else { "" };
    let is_expecting = scan.expectations().is_some();
    let (of_waivers, not_waived) = if is_expecting { (",waived", ",") } else { ("", "") };
    writeln!(out, "{HEADING}{of_senders}{of_waivers}{}{names}", invented.as_ref().map_or("", |_| INVENTED))?;
    let invented = invented_cell(invented.as_deref());
    every_entry(scan, |entry| {
        let cells: String = carried.iter().map(|name| format!(",{}", field(cell(entry, name)))).collect();
        let verdict = field(&facts::verdict(&entry.assessment));
        let said = seen.map(|seen| seen.testimony(entry.target.domain.as_str(), &entry.assessment.mx_hosts));
        for (code, finding) in findings(entry) {
            let senders =
                said.as_ref().map(|said| format!(",{}", field(&said.as_ref().map_or_else(String::new, |said| of_code(said, code)))));
            writeln!(out, "{},{finding},{verdict}{}{not_waived}{invented}{cells}", first_columns(entry), senders.unwrap_or_default())?;
        }
        for waived in &entry.waived {
            let (senders, waiver) = (if seen.is_some() { "," } else { "" }, field(&waived::reason(waived)));
            let finding = finding_columns(&waived.finding);
            writeln!(out, "{},{finding},{verdict}{senders},{waiver}{invented}{cells}", first_columns(entry))?;
        }
        for said in said.iter().flatten() {
            for (hosts, reasons, sentence) in unexplained(said, entry) {
                let (subject, reasons, sentence) = (field(&hosts), field(&reasons), field(&sentence));
                let finding = format!(",,{subject},{reasons},{},", field("reported by senders, not seen by the scan"));
                writeln!(out, "{},{finding},{verdict},{sentence}{not_waived}{invented}{cells}", first_columns(entry))?;
            }
        }
        Ok::<(), ReportError>(())
    })?;
    Ok(out.flush()?)
}

fn first_columns(entry: &Entry) -> String {
    let (target, assessment) = (&entry.target, &entry.assessment);
    let rank = target.rank.map_or_else(String::new, |rank| rank.to_string());
    let worst = assessment.worst().map_or("", |worst| worst.as_str());
    let cause = assessment.cause().map_or("", |cause| cause.as_str());
    format!("{},{rank},{},{},{cause},{worst}", field(target.domain.as_str()), assessment.posture, assessment.delivery)
}

/// The codes of a domain's findings, in the order in which they are written.
fn codes(entry: &Entry) -> impl Iterator<Item = &str> + Clone {
    facts::cause_first(&entry.assessment).into_iter().map(|finding| finding.code.as_str())
}

/// What senders report and no finding explains: the MX hosts, the reasons, and all of it in a sentence.
pub(super) fn unexplained(said: &Testimony, entry: &Entry) -> Vec<(String, String, String)> {
    let all = said.unexplained(codes(entry));
    all.iter().map(|failure| (failure.hosts.join(" "), failure.reasons.join("; "), failure.sentence(said, grouped))).collect()
}

/// What senders say of a finding, in a sentence; nothing where they cannot know of it.
pub(super) fn of_code(said: &Testimony, code: &str) -> String {
    match said.of_code(code) {
        Some(confirmation) => confirmation.sentence(said, grouped),
        None if said.has_not_met(code) => format!("not seen in {} sessions {}", grouped(said.all()), said.window()),
        None => String::new(),
    }
}

/// The code and the columns from the severity on, a text a finding.
fn findings(entry: &Entry) -> Vec<(&str, String)> {
    let known = facts::cause_first(&entry.assessment).into_iter().map(|finding| (finding.code.as_str(), finding_columns(finding)));
    let unknown = entry.unknown_codes.iter().map(|code| (code.as_str(), format!(",{},,,,", field(code))));
    let all: Vec<(&str, String)> = known.chain(unknown).collect();
    if all.is_empty() { vec![("", ",,,,,".to_owned())] } else { all }
}

/// The columns from the severity on.
fn finding_columns(finding: &Finding) -> String {
    let rule = finding.code.rule();
    let texts = [finding.code.as_str(), &finding.subject, &finding.detail, rule.summary, rule.remedy].map(field);
    format!("{},{}", finding.severity, texts.join(","))
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
pub fn json(scan: &Scan, seen: Option<&Seen>, wishes: &Wishes, out: &mut impl Write) -> Result<(), ReportError> {
    let manifest = scan.manifest();
    let mut about = json!({
        "report_version": VERSION,
        "provenance": scan.provenance(),
        "run_id": manifest.run.run_id,
        "list": manifest.run.list.name,
        "started_at": manifest.started_at,
        "finished_at": manifest.finished_at,
        "catalogue_version": manifest.run.catalogue_version,
        "counts": scan.counts(),
        "protection": scan.counts().asked().note(),
        "notes": scan.notes(),
    });
    if let Some(invented) = manifest.run.invented() {
        about["invented"] = json!(invented);
    }
    if let Some(seen) = seen {
        let days = seen.days();
        about["tls_reports"] = json!({
            "reports": seen.report_count(),
            "reporters": seen.reporter_count(),
            "first_day": days.as_ref().map(|(first, _)| first),
            "last_day": days.as_ref().map(|(_, last)| last),
        });
    }
    let text = safe_json(&about.to_string());
    write!(out, "{},\"domains\":[", text.strip_suffix('}').unwrap_or(&text))?;
    let mut separator = "\n";
    every_entry(scan, |entry| {
        let mut object = domain_object(entry, wishes);
        if scan.expectations().is_some() {
            object["waived"] = entry.waived.iter().map(waived::object).collect();
        }
        if let Some(seen) = seen {
            add_senders(&mut object, entry, seen);
        }
        write!(out, "{separator}{}", safe_json(&object.to_string()))?;
        separator = ",\n";
        Ok::<(), ReportError>(())
    })?;
    writeln!(out, "\n]}}")?;
    Ok(out.flush()?)
}

fn domain_object(entry: &Entry, wishes: &Wishes) -> Value {
    let (target, assessment) = (&entry.target, &entry.assessment);
    let carried: Map<String, Value> = target.carried.iter().map(|cell| (cell.name.to_string(), json!(cell.value))).collect();
    let publish = facts::to_publish(&entry.evidence, assessment, wishes).map(|decision| facts::publication(&decision));
    json!({
        "domain": target.domain.as_str(),
        "rank": target.rank,
        "carried": carried,
        "posture": assessment.posture,
        "delivery": assessment.delivery,
        "delivery_lenient": assessment.delivery_lenient,
        "cause": assessment.cause(),
        "worst": assessment.worst(),
        "verdict": facts::verdict(assessment),
        "undetermined": assessment.is_undetermined(),
        "mx_tls": assessment.mx_tls,
        "dane_state": assessment.dane_state,
        "delivery_dane": assessment.delivery_dane,
        "next_steps": mail_servers::next_steps(assessment),
        "findings": facts::cause_first(assessment).into_iter().map(|one| finding(one, assessment)).collect::<Vec<_>>(),
        "unknown_codes": entry.unknown_codes,
        "publish": publish,
    })
}

/// Adds what senders say to the object of a domain and to those of its findings.
fn add_senders(object: &mut Value, entry: &Entry, seen: &Seen) {
    let said = seen.testimony(entry.target.domain.as_str(), &entry.assessment.mx_hosts);
    let confirmation = |said: &Testimony, confirmation: &Confirmation| {
        json!({
            "result_types": confirmation.result_types,
            "reasons": confirmation.reasons,
            "mx_hosts": confirmation.hosts,
            "events": confirmation.events,
            "reporters": confirmation.reporters,
            "last_day": confirmation.last_day.map(day_text),
            "carried_by_cache": confirmation.carried_by_cache,
            "sentence": confirmation.sentence(said, grouped),
        })
    };
    object["senders"] = said.as_ref().map_or(Value::Null, |said| {
        let sessions =
            said.sessions.iter().map(|(kind, of)| ((*kind).to_owned(), json!({ "successful": of.successful, "failed": of.failed })));
        json!({
            "sessions_by_policy_type": sessions.collect::<Map<_, _>>(),
            "reporters": said.reporters,
            "last_day": said.last_day.map(day_text),
            "window_end": said.window_end.map(day_text),
            "not_seen_by_the_scan": said.unexplained(codes(entry)).iter().map(|one| confirmation(said, one)).collect::<Vec<_>>(),
        })
    });
    let findings = object["findings"].as_array_mut().into_iter().flatten();
    for (finding, code) in findings.zip(codes(entry)) {
        let of_code = said.as_ref().and_then(|said| said.of_code(code).map(|one| confirmation(said, &one)));
        finding["senders"] = of_code.unwrap_or(Value::Null);
        finding["not_seen_in_sessions"] = json!(said.as_ref().filter(|said| said.has_not_met(code)).map(Testimony::all));
    }
}

fn finding(finding: &Finding, assessment: &Assessment) -> Value {
    let rule = finding.code.rule();
    json!({
        "is_cause": Some(finding.code) == assessment.cause(),
        "code": finding.code,
        "severity": finding.severity,
        "leaves_open": finding.leaves_open(),
        "subject": finding.subject,
        "detail": finding.detail,
        "count": finding.count,
        "summary": rule.summary,
        "effect": Asked::of(assessment).specify(rule.effect),
        "remedy": rule.remedy,
    })
}
