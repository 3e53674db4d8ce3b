//! From a report to its rows: one per policy; a report without policies keeps one, so that none vanishes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use time::Date;

use crate::parse::policy;
use crate::reports::{DomainFrom, Failure, Found, PolicyResult, Report, Reported, Warning};

/// A report and one of its policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportRow {
    /// Key of the report.
    pub report_key: Arc<str>,
    /// Position of the report in the run.
    pub report_index: u64,
    /// Position of the policy in the report; `None` where it has none.
    pub policy_index: Option<u64>,
    /// Policies of the report.
    pub policies: u64,
    /// Registrable domain of the sender.
    pub reporter: Option<Arc<str>>,
    /// As read.
    pub organization: Option<Arc<str>>,
    /// As read.
    pub contact: Option<Arc<str>>,
    /// As read.
    pub report_id: Option<Arc<str>>,
    /// Of the mail's header, the file's name or the subject.
    pub submitter: Option<Arc<str>>,
    /// Domain of `From`.
    pub from_domain: Option<Arc<str>>,
    /// Domain of the DKIM signature, unverified.
    pub dkim_domain: Option<Arc<str>>,
    /// Begin of the range.
    pub begin: Option<SystemTime>,
    /// End of the range.
    pub end: Option<SystemTime>,
    /// The mail's `Date`.
    pub received_at: Option<SystemTime>,
    /// The range's first day, in days since 1970.
    pub day: Option<i32>,
    /// As read, in lower case.
    pub policy_type: Option<String>,
    /// A-labels.
    pub policy_domain: Option<String>,
    /// Where it was found.
    pub policy_domain_from: Option<DomainFrom>,
    /// As read.
    pub policy_string: Option<Vec<String>>,
    /// Patterns of the policy's text.
    pub policy_mx: Option<Vec<String>>,
    /// As read.
    pub mx_host: Option<Vec<String>>,
    /// Of the policy's text.
    pub policy_mode: Option<String>,
    /// Of the policy's text.
    pub policy_max_age: Option<u64>,
    /// Sessions.
    pub successful: Option<u64>,
    /// Sessions.
    pub failed: Option<u64>,
    /// What went wrong.
    pub failures: Vec<FailureRow>,
    /// How the report deviates.
    pub warnings: Vec<Warning>,
    /// The file.
    pub source: Arc<str>,
    /// Where in the file.
    pub part: Option<Arc<str>>,
}

/// A failure of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureRow {
    /// As read, in lower case.
    pub result_type: Option<String>,
    /// As read.
    pub reason: Option<String>,
    /// Finding code to which it points.
    pub code: Option<String>,
    /// As read.
    pub mx_host: Option<String>,
    /// As read.
    pub mx_helo: Option<String>,
    /// Canonical.
    pub sending_ip: Option<IpAddr>,
    /// Canonical.
    pub receiving_ip: Option<IpAddr>,
    /// As read.
    pub more: Option<String>,
    /// Sessions, which overlap those of other failures.
    pub events: Option<u64>,
}

impl ReportRow {
    /// The patterns of the policy that the sender had: of its text, else of `mx-host`.
    pub fn patterns(&self) -> &[String] {
        let of_text = self.policy_mx.as_deref().filter(|patterns| !patterns.is_empty());
        of_text.or(self.mx_host.as_deref()).unwrap_or_default()
    }

    /// The rows of a report.
    pub(super) fn of(found: Found, report_index: u64) -> Vec<Self> {
        let Found { key, report, envelope, source, part } = found;
        let Report { organization, contact, report_id, begin, end, policies, warnings } = report;
        let shared = |text: Option<String>| text.map(Arc::<str>::from);
        let row = Self {
            report_key: key.into(),
            report_index,
            policy_index: None,
            policies: policies.len() as u64,
            reporter: shared(envelope.reporter(contact.as_deref())),
            organization: shared(organization),
            contact: shared(contact),
            report_id: shared(report_id),
            submitter: envelope.submitter().map(Arc::from),
            from_domain: shared(envelope.from_domain),
            dkim_domain: shared(envelope.dkim_domain),
            begin: begin.map(SystemTime::from),
            end: end.map(SystemTime::from),
            received_at: envelope.received_at,
            day: begin.map(|begin| days_since_1970(begin.date())),
            policy_type: None,
            policy_domain: None,
            policy_domain_from: None,
            policy_string: None,
            policy_mx: None,
            mx_host: None,
            policy_mode: None,
            policy_max_age: None,
            successful: None,
            failed: None,
            failures: Vec::new(),
            warnings: warnings.into_iter().collect(),
            source: source.into(),
            part: shared(part),
        };
        if policies.is_empty() {
            return vec![row];
        }
        policies.into_iter().zip(0..).map(|(policy, index)| row.with(policy, index)).collect()
    }

    fn with(&self, policy: PolicyResult, index: u64) -> Self {
        let mut row = Self {
            policy_index: Some(index),
            policy_domain: policy.domain,
            policy_domain_from: policy.domain_from,
            successful: policy.successful,
            failed: policy.failed,
            mx_host: policy.mx_host,
            ..self.clone()
        };
        // TLSA records are no text of a policy.
        if let Some(lines) =
            policy.policy_string.as_ref().filter(|lines| policy.policy_type.as_deref() != Some("tlsa") && !lines.is_empty())
        {
            let read = policy::parse(lines.join("\r\n").as_bytes()).value;
            (row.policy_mode, row.policy_max_age, row.policy_mx) = (read.mode, read.max_age, Some(read.mx));
        }
        (row.policy_string, row.policy_type) = (policy.policy_string, policy.policy_type);
        row.failures = policy.failures.into_iter().map(|failure| FailureRow::of(failure, row.patterns())).collect();
        row
    }

    /// Bytes that the row takes, roughly.
    pub(super) fn weight(&self) -> usize {
        let texts = |list: &Option<Vec<String>>| list.iter().flatten().map(|text| text.len() + 24).sum::<usize>();
        let failures = self.failures.iter().map(FailureRow::weight).sum::<usize>();
        1024 + texts(&self.policy_string) + texts(&self.policy_mx) + texts(&self.mx_host) + failures
    }
}

impl FailureRow {
    fn of(failure: Failure, patterns: &[String]) -> Self {
        let Failure { result_type, reason, mx_host, mx_helo, sending_ip, receiving_ip, more, events } = failure;
        let reported = result_type.as_deref().map(|result_type| Reported {
            result_type,
            reason: reason.as_deref(),
            mx_host: mx_host.as_deref(),
            patterns,
        });
        let code = reported.and_then(|reported| reported.code()).map(|code| code.as_str().to_owned());
        Self { result_type, reason, code, mx_host, mx_helo, sending_ip, receiving_ip, more, events }
    }

    fn weight(&self) -> usize {
        let texts = [&self.result_type, &self.reason, &self.mx_host, &self.mx_helo, &self.more];
        100 + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }
}

/// 1970-01-01 as a Julian day.
const EPOCH: i32 = 2_440_588;

/// Days since 1970, as Arrow counts them.
fn days_since_1970(day: Date) -> i32 {
    day.to_julian_day() - EPOCH
}
