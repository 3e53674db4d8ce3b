//! The report as JUnit XML, for systems that show tests: one test case per domain, failed where it has a finding of severity high or
//! medium.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::data::{ReportError, of_code, unexplained};
use crate::analyse::Scan;
use crate::analyse::report::{Entry, every_entry};
use crate::analyse::senders::{Seen, Testimony};
use crate::classify::{Finding, Severity};
use crate::ui::text::safe;
use crate::ui::{facts, waived};

/// Writes every domain in the order of the dataset. With TLS reports a failure says what senders report of it, and a domain of which they
/// report failures that no finding explains is failed, too. One without a fault of which something could not be determined is skipped, not passed.
///
/// Memory: the whole report, about half a kilobyte per domain and what is said of it; the systems that read JUnit hold as much.
///
/// # Errors
/// If the dataset cannot be read or the file not be written.
pub fn junit(scan: &Scan, seen: Option<&Seen>, out: &mut impl Write) -> Result<(), ReportError> {
    let manifest = scan.manifest();
    let name = text(&manifest.run.list.name);
    let mut suite = TestSuite::new(name.clone());
    suite.timestamp = manifest.started_at.parse().ok();
    suite.set_time(Duration::try_from_secs_f64(manifest.activity.seconds).unwrap_or_default());
    every_entry(scan, |entry| {
        let said = seen.and_then(|seen| seen.testimony(entry.target.domain.as_str(), &entry.assessment.mx_hosts));
        let mut case = TestCase::new(text(entry.target.domain.as_str()), status(entry, said.as_ref()));
        case.set_classname(name.clone()).set_time(Duration::from_millis(entry.evidence.elapsed_ms.into()));
        let mut remarks = lines(entry, said.as_ref(), |severity| severity == Severity::Low);
        remarks.extend(entry.waived.iter().map(|one| visible(&waived::line(one)) + "\n"));
        if !remarks.is_empty() {
            case.set_system_out(remarks);
        }
        suite.add_test_case(case);
        Ok::<(), ReportError>(())
    })?;
    for (label, said) in scan.provenance().whole_lines() {
        suite.add_property((XmlString::new(label), text(&said)));
    }
    let invented = manifest.run.invented();
    if let Some(invented) = &invented {
        suite.add_property(("invented", invented.as_str()));
        suite.set_system_out(format!("Note: {invented}"));
    }
    let mut report = Report::new(if invented.is_some() { "stscan (built-in lab: all results are invented)" } else { "stscan" });
    report.time = suite.time;
    report.add_test_suite(suite);
    report.serialize(&mut *out).map_err(io_error)?;
    Ok(out.flush()?)
}

/// What became of the test: the verdict, and what has to be fixed.
fn status(entry: &Entry, said: Option<&Testimony>) -> TestCaseStatus {
    let verdict = facts::verdict(&entry.assessment);
    let failures = facts::cause_first(&entry.assessment).into_iter().filter(|finding| is_failure(finding.severity));
    let reported = reported(entry, said);
    let failed = |kind: &str, message: String| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let description = format!("{}{reported}", lines(entry, said, is_failure));
        status.set_type(kind).set_message(message).set_description(description);
        status
    };
    // The first of the worst: the cause, where the domain is broken.
    match failures.min_by_key(|finding| (Some(finding.code) != entry.assessment.cause(), finding.severity)) {
        Some(worst) => failed(worst.severity.as_str(), format!("{}: {verdict}", worst.code)),
        None if !reported.is_empty() => failed("reported-by-senders", format!("failures that no finding explains: {verdict}")),
        None if entry.assessment.is_undetermined() => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(undetermined(entry));
            status
        }
        None => TestCaseStatus::success(),
    }
}

/// Why a domain is neither failed nor passed.
fn undetermined(entry: &Entry) -> String {
    let open = entry.assessment.findings.iter().filter(|finding| finding.leaves_open());
    let open: Vec<String> = open.map(|finding| format!("{} ({})", finding.code, visible(&finding.detail))).collect();
    if open.is_empty() { "could not be determined".to_owned() } else { format!("could not be determined: {}", open.join(", ")) }
}

const fn is_failure(severity: Severity) -> bool {
    matches!(severity, Severity::High | Severity::Medium)
}

/// The findings of some severities, one per line, that of the cause first.
fn lines(entry: &Entry, said: Option<&Testimony>, of: fn(Severity) -> bool) -> String {
    facts::cause_first(&entry.assessment).into_iter().filter(|finding| of(finding.severity)).map(|finding| line(finding, said)).collect()
}

/// What senders report and no finding explains, one per line.
fn reported(entry: &Entry, said: Option<&Testimony>) -> String {
    let all = said.into_iter().flat_map(|said| unexplained(said, entry));
    all.map(|(_, reasons, sentence)| format!("reported by senders, not seen by the scan: {} ({})\n", visible(&sentence), visible(&reasons)))
        .collect()
}

fn line(finding: &Finding, said: Option<&Testimony>) -> String {
    let rule = finding.code.rule();
    let particulars: Vec<String> =
        [&finding.subject, &finding.detail].into_iter().filter(|text| !text.is_empty()).map(|text| visible(text)).collect();
    let particulars = if particulars.is_empty() { String::new() } else { format!(" ({})", particulars.join(": ")) };
    let senders = said.map(|said| of_code(said, finding.code.as_str())).filter(|sentence| !sentence.is_empty());
    let senders = senders.map_or_else(String::new, |sentence| format!(" Senders: {}.", visible(&sentence)));
    format!("{} {}{particulars}: {} Fix: {}{senders}\n", finding.severity, finding.code, rule.summary, rule.remedy)
}

fn text(text: &str) -> XmlString {
    XmlString::new(visible(text))
}

/// Text from the network: what cannot be seen is escaped visibly, which leaves U+FFFE and U+FFFF of what XML 1.0 cannot hold.
fn visible(text: &str) -> String {
    safe(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// The failure of the output itself, so that a closed pipe is known as one.
fn io_error(error: SerializeError) -> ReportError {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let found = causes.find_map(|cause| Some(io::Error::new(cause.downcast_ref::<Arc<io::Error>>()?.kind(), cause.to_string())));
    ReportError::Write(found.unwrap_or_else(|| io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn text_is_no_markup_and_a_closed_pipe_is_one() {
        let mut report = Report::new("stscan");
        report.add_test_suite(TestSuite::new(text("\u{0}\u{ffff}\u{1b}[0m]]>\"")));
        assert!(report.to_string().unwrap().contains("name=\"\\u{0}\u{fffd}\\u{1b}[0m]]&gt;&quot;\""), "{report:?}");
        let error = io_error(report.serialize(Closed).unwrap_err());
        assert!(matches!(&error, ReportError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe), "{error:?}");
    }
}
