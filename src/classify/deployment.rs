//! Findings about the parts of a deployment against each other: record, policy, MX hosts and reports.

use time::{Date, Month, OffsetDateTime};

use crate::evidence::Evidence;
use crate::parse::policy::Mode;

use super::coverage::{Comparison, Uncovered};
use super::findings::{Findings, quoted, quoted_list};
use super::mismatch::Likeness;
use super::{Assessment, Coverage, Mismatch, MxState, PolicyStage, Posture, RecordState, Severity, policy_host};

/// Testing for longer, in whole days, is long.
const LONG_TESTING_DAYS: i64 = 30;

/// Policy against MX hosts. What a policy does not enforce is half as bad, and mode none asks for nothing.
pub(super) fn remark_coverage(
    evidence: &Evidence,
    mode: Mode,
    comparison: &Comparison<'_>,
    likenesses: &[Likeness<'_>],
    findings: &mut Findings,
) {
    let severity = match mode {
        Mode::Enforce => Severity::High,
        Mode::Testing => Severity::Medium,
        Mode::None => return,
    };
    let domain = evidence.domain.as_str();
    match comparison.coverage {
        Coverage::All => {}
        Coverage::None => {
            let hosts = comparison.uncovered.iter().map(|uncovered| &uncovered.host.name);
            findings.add_rated("sts-mx-none-covered", severity, domain, format!("MX hosts {}", quoted_list(hosts)));
        }
        Coverage::Some => {
            for Uncovered { host, .. } in &comparison.uncovered {
                findings.add_rated("sts-mx-uncovered", severity, &host.name, format!("preference {}", host.preference));
            }
        }
    }
    for Uncovered { host, too_shallow } in &comparison.uncovered {
        if let Some(pattern) = too_shallow {
            findings.add_rated("sts-mx-uncovered-depth", severity, &host.name, format!("pattern {}", quoted(pattern)));
        }
    }
    for Likeness { class, host, pattern } in likenesses {
        match class {
            Mismatch::Typo => findings.add_rated("sts-mx-typo", severity, host, format!("pattern {}", quoted(pattern))),
            Mismatch::Tld => findings.add_rated("sts-mx-tld-mismatch", severity, host, format!("pattern {}", quoted(pattern))),
            Mismatch::PolicyHost | Mismatch::SameDomain | Mismatch::DifferentDomain => {}
        }
    }
    if comparison.coverage == Coverage::None {
        if let Some(provider) = policy_host::delegate(evidence) {
            findings.add_rated("sts-provider-stale-policy", Severity::Medium, domain, format!("policy served at {provider}"));
        }
        return; // That every pattern is stale has been said.
    }
    for pattern in &comparison.stale {
        findings.add("sts-mx-stale-pattern", pattern, "");
    }
}

/// Whether only hosts of the lowest priority are uncovered.
pub(super) fn remark_backups(comparison: &Comparison<'_>, hosts: &[super::exchanges::Host], mode: Mode, findings: &mut Findings) {
    let uncovered = |name: &str| comparison.uncovered.iter().any(|uncovered| uncovered.host.name == name);
    let last_covered = hosts.iter().filter(|host| !uncovered(&host.name)).map(|host| host.preference).max();
    let first_uncovered = comparison.uncovered.iter().map(|uncovered| uncovered.host.preference).min();
    if mode != Mode::None && last_covered.zip(first_uncovered).is_some_and(|(last, first)| first > last) {
        for Uncovered { host, .. } in &comparison.uncovered {
            findings.add("sts-mx-backup-uncovered", &host.name, format!("preference {}", host.preference));
        }
    }
}

/// What follows from the columns taken together. `transient`: the retrieval failed for a reason that may pass.
pub(super) fn remark_whole(evidence: &Evidence, assessment: &Assessment, transient: bool, findings: &mut Findings) {
    let domain = evidence.domain.as_str();
    let deployed = matches!(assessment.sts_state, RecordState::Valid | RecordState::Invalid | RecordState::Multiple);
    let unretrieved = |stage: &PolicyStage| !matches!(stage, PolicyStage::Ok | PolicyStage::Syntax) && !transient;
    if let Some(stage) = assessment.policy_stage.filter(unretrieved).filter(|_| assessment.sts_state == RecordState::Valid) {
        findings.add("sts-record-without-policy", &evidence.sts_txt.name, format!("retrieval fails at stage {stage}"));
    }
    if assessment.sts_state == RecordState::Absent && assessment.policy_stage == Some(PolicyStage::Ok) {
        findings.add("sts-policy-without-record", &evidence.domain.policy_host(), "");
    }
    if assessment.tlsrpt_state == RecordState::Absent && deployed {
        let enforced = assessment.posture == Posture::Enforce;
        findings.add(if enforced { "sts-enforce-without-tlsrpt" } else { "sts-without-tlsrpt" }, domain, "");
    }
    if assessment.tlsrpt_state == RecordState::Valid && assessment.sts_state == RecordState::Absent {
        findings.add("tlsrpt-without-sts-or-dane", domain, "");
    }
    if assessment.mx_state == MxState::None && deployed {
        findings.add("mx-implicit", domain, "");
    }
    if assessment.mx_state == MxState::Null && matches!(assessment.posture, Posture::Enforce | Posture::Testing) {
        findings.add("sts-on-nonmail-domain", domain, format!("mode {}", assessment.posture));
    }
    if deployed {
        remark_delegation(evidence, findings);
    }
    if assessment.posture == Posture::Testing
        && let Some(days) = days_since_id(evidence, assessment).filter(|days| *days > LONG_TESTING_DAYS)
    {
        let id = assessment.sts_id.as_deref().unwrap_or_default();
        findings.add("sts-mode-testing-long", domain, format!("id {} is {days} days old", quoted(id)));
    }
}

fn remark_delegation(evidence: &Evidence, findings: &mut Findings) {
    if evidence.host_a.is_none() {
        return;
    }
    let (record, host) = (policy_host::record_delegate(evidence), policy_host::delegate(evidence));
    if record != host {
        let words = |to: Option<String>| to.unwrap_or_else(|| "the domain itself".to_owned());
        findings.add(
            "sts-delegation-partial",
            evidence.domain.as_str(),
            format!("record kept by {}, policy served by {}", words(record), words(host)),
        );
    }
}

/// Days between the date with which the id begins and the scan; `None` where it begins with none.
fn days_since_id(evidence: &Evidence, assessment: &Assessment) -> Option<i64> {
    let id = assessment.sts_id.as_deref()?;
    let (year, month, day) = (id.get(..4)?.parse().ok()?, id.get(4..6)?.parse::<u8>().ok()?, id.get(6..8)?.parse().ok()?);
    // Before 2016 there was no draft; a number of that size is a serial or a count of seconds.
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok().filter(|date| date.year() >= 2016)?;
    let scanned = evidence.scanned_at.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    let scanned = OffsetDateTime::from_unix_timestamp(i64::try_from(scanned).ok()?).ok()?.date();
    Some((scanned - date).whole_days())
}

/// A policy that allows every host directly below the domain itself.
pub(super) fn remark_own_wildcard(evidence: &Evidence, patterns: &[String], findings: &mut Findings) {
    let own = format!("*.{}", evidence.domain);
    if let Some(pattern) = patterns.iter().find(|pattern| pattern.eq_ignore_ascii_case(&own)) {
        findings.add("sts-policy-mx-wildcard-own-domain", pattern, "");
    }
}
