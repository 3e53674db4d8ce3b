//! From a JSON object to a report: RFC 8460 section 4.4, and what real senders make of it.

use time::{Duration, OffsetDateTime};

use super::envelope::DomainFrom;
use super::field::Fields;
use super::json::Json;
use super::limits::{MAX_FAILURES, MAX_POLICIES};
use super::quote::{Refusal, Warning};
use super::report::{Failure, POLICY_TYPES, PolicyResult, RESULT_TYPES, Report};

/// A range of a day that is a little long is none that has to be told.
const LONG_RANGE: Duration = Duration::hours(25);

/// A report, or why the value is none; `now` tells which dates are in the future.
pub(super) fn report(value: &Json, now: OffsetDateTime) -> Result<Report, Refusal> {
    let tells_of_a_report = ["organization-name", "date-range", "report-id", "contact-info"].iter().any(|key| value.get(key).is_some());
    let policies = value.get("policies").filter(|policies| matches!(policies, Json::List(_) | Json::Object(_)));
    let policies = policies.filter(|_| tells_of_a_report).ok_or(Refusal::NotTlsrpt)?;
    let mut fields = Fields::new(now);
    let mut report = Report {
        organization: fields.required_text(value.get("organization-name")),
        contact: fields.required_text(value.get("contact-info")),
        report_id: fields.required_text(value.get("report-id")),
        ..Report::default()
    };
    (report.begin, report.end) = range(&mut fields, value.get("date-range"));
    let policies = fields.objects(Some(policies));
    if policies.is_empty() {
        fields.warn(Warning::EmptyPolicies);
    }
    if policies.len() > MAX_POLICIES {
        return Err(Refusal::TooLarge);
    }
    report.policies = policies.into_iter().map(|policy| policy_result(&mut fields, policy)).collect::<Result<_, _>>()?;
    report.warnings = fields.warnings;
    Ok(report)
}

fn range(fields: &mut Fields, value: Option<&Json>) -> (Option<OffsetDateTime>, Option<OffsetDateTime>) {
    let Some(range) = fields.required(value) else { return (None, None) };
    if !matches!(range, Json::Object(_)) {
        fields.warn(Warning::WrongType);
        return (None, None);
    }
    let begin = fields.moment(range.get("start-datetime"));
    let end = fields.moment(range.get("end-datetime"));
    if let (Some(begin), Some(end)) = (begin, end) {
        if end < begin {
            fields.warn(Warning::DateReversed);
        } else if end - begin > LONG_RANGE {
            fields.warn(Warning::DateRangeLong);
        }
    }
    (begin, end)
}

/// An object that the RFC requires; the empty one where it is absent or something else.
fn object<'j>(fields: &mut Fields, value: Option<&'j Json>) -> Option<&'j Json> {
    let value = fields.required(value)?;
    if matches!(value, Json::Object(_)) {
        return Some(value);
    }
    fields.warn(Warning::WrongType);
    None
}

fn policy_result(fields: &mut Fields, value: &Json) -> Result<PolicyResult, Refusal> {
    let mut result = PolicyResult { is_domain_missing: true, ..PolicyResult::default() };
    if let Some(policy) = object(fields, value.get("policy")) {
        result.policy_type = word(fields, policy.get("policy-type"), &POLICY_TYPES, Warning::UnknownPolicyType);
        let domain = fields.required(policy.get("policy-domain"));
        result.domain = fields.domain(domain).map(|domain| domain.to_string());
        result.domain_from = result.domain.is_some().then_some(DomainFrom::Report);
        result.is_domain_missing = !matches!(domain, Some(Json::Text(_)));
        result.policy_string = fields.texts(policy.get("policy-string"));
        let mx_host = fields.either(policy, "mx-host", "mx-host-pattern");
        result.mx_host = fields.texts(mx_host);
    }
    if let Some(summary) = object(fields, value.get("summary")) {
        result.successful = fields.count(summary.get("total-successful-session-count"), Some(0));
        result.failed = fields.count(summary.get("total-failure-session-count"), Some(0));
    }
    let failures = fields.objects(value.get("failure-details"));
    if failures.len() > MAX_FAILURES {
        return Err(Refusal::TooLarge);
    }
    result.failures = failures.into_iter().map(|value| failure(fields, value)).collect();
    Ok(result)
}

fn failure(fields: &mut Fields, value: &Json) -> Failure {
    let mx_host = fields.either(value, "receiving-mx-hostname", "receiving-mx-host-name");
    let more = fields.either(value, "additional-information", "additional-info-uri");
    Failure {
        result_type: word(fields, value.get("result-type"), &RESULT_TYPES, Warning::UnknownResultType),
        reason: fields.text(value.get("failure-reason-code")),
        mx_host: fields.text(mx_host),
        mx_helo: fields.text(value.get("receiving-mx-helo")),
        sending_ip: fields.address(value.get("sending-mta-ip")),
        receiving_ip: fields.address(value.get("receiving-ip")),
        more: fields.text(more),
        events: fields.count(value.get("failed-session-count"), None),
    }
}

/// A word in lower case; others than the known ones are kept and told.
fn word(fields: &mut Fields, value: Option<&Json>, known: &[&str], unknown: Warning) -> Option<String> {
    let word = fields.required_text(value)?.trim().to_lowercase();
    if word.is_empty() {
        fields.warn(Warning::MissingField);
        return None;
    }
    if !known.contains(&word.as_str()) {
        fields.warn(unknown);
    }
    Some(word)
}
