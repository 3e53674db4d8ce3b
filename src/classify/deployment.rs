//! Findings about the parts of a deployment against each other: record, policy, MX hosts and reports.

use time::{Date, Month, OffsetDateTime};

use crate::evidence::Evidence;
use crate::parse::policy::Mode;

use super::assessment::{Assessment, Coverage, DaneState, Mismatch, MxState, PolicyStage, Posture, RecordState};
use super::coverage::{Comparison, Uncovered};
use super::exchanges::Host;
use super::families::{DEPLOYMENT, GOOD_POLICY as GOOD, MX, STS_RECORD, USABLE_TLSRPT, policy};
use super::findings::{Findings, quoted, quoted_list};
use super::mismatch::Likeness;
use super::policy_host;
use super::rule::{ResultType, Rule, Severity, codes};

/// Policy and MX records disagree. The severity is that of mode enforce.
const COVERAGE: Rule =
    Rule { severity: Severity::High, clause: "RFC 8461 section 4.1", tlsrpt_result: Some(ResultType::ValidationFailure), ..Rule::BASE };

codes! {
    1340 STS_RECORD_WITHOUT_POLICY = "sts-record-without-policy" {
        clause: "RFC 8461 section 3.3",
        summary: "The record is valid, but the policy that it announces cannot be retrieved.",
        effect: "Senders that have no policy cached send without MTA-STS, and those that have one keep to it until it expires.",
        remedy: "Remove the cause that the finding about the policy host or the retrieval names, or, if MTA-STS is no longer wanted, serve a policy with mode none for as long as the old max_age and then remove the record.",
        example: Some(Seen(
            "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"\nGET https://mta-sts.example.com/.well-known/mta-sts.txt  404",
            "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"\nGET https://mta-sts.example.com/.well-known/mta-sts.txt  200, a policy",
        )),
        stage: None, // It follows from another.
        ..STS_RECORD
    }
    4010 STS_POLICY_WITHOUT_RECORD = "sts-policy-without-record" {
        severity: Medium,
        clause: "RFC 8461 section 3.1",
        summary: "A policy is served, but there is no record to announce it.",
        effect: "Senders do not look for the policy, so mail travels without MTA-STS.",
        remedy: "Publish the TXT record v=STSv1; id=20240115T120000; (with an id of your own) at _mta-sts.DOMAIN, or remove the policy if MTA-STS is no longer wanted.",
        example: Some(Seen(
            "_mta-sts.example.com. TXT  NXDOMAIN\nGET https://mta-sts.example.com/.well-known/mta-sts.txt  200, a policy",
            "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"\nGET https://mta-sts.example.com/.well-known/mta-sts.txt  200, a policy",
        )),
        ..Rule::BASE
    }
    6200 STS_POLICY_MX_WILDCARD_OWN_DOMAIN = "sts-policy-mx-wildcard-own-domain" {
        severity: Info,
        clause: "RFC 8461 section 10.4",
        summary: "An mx pattern allows every host directly below the domain itself.",
        effect: "Mail is not affected; a machine below the domain with a certificate of its own could pose as an MX host.",
        remedy: "Name the MX hosts if other parties run machines below the domain.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: *.example.com", "max_age: 604800"], GOOD)),
        ..Rule::BASE
    }
    8010 STS_MX_NONE_COVERED = "sts-mx-none-covered" {
        summary: "No MX host of the domain matches the policy.",
        effect: "With mode enforce senders that follow the RFC cannot deliver any mail to the domain; with mode testing they report failures.",
        remedy: "Add an mx line for every MX host to the policy and change the id of the record; until then set mode: testing if mail is lost.",
        example: Some(Seen(
            "example.com. MX 10 mail.new-host.example.\nmx: mail.old-host.example",
            "example.com. MX 10 mail.new-host.example.\nmx: mail.new-host.example",
        )),
        ..COVERAGE
    }
    8020 STS_MX_UNCOVERED = "sts-mx-uncovered" {
        summary: "An MX host of the domain does not match the policy.",
        effect: "With mode enforce senders that follow the RFC do not deliver to this host, so mail fails when the others cannot be reached.",
        remedy: "Add an mx line for the host to the policy and change the id of the record, or remove the host's MX record if it is out of service.",
        example: Some(Seen(
            "example.com. MX 10 mx1.example.com.\nexample.com. MX 20 mx2.example.com.\nmx: mx1.example.com",
            "example.com. MX 10 mx1.example.com.\nexample.com. MX 20 mx2.example.com.\nmx: *.example.com",
        )),
        ..COVERAGE
    }
    8030 STS_MX_UNCOVERED_DEPTH = "sts-mx-uncovered-depth" {
        summary: "An MX host lies more than one label below the domain of a wildcard pattern.",
        effect: "The asterisk stands for exactly one label, so the host does not match and with mode enforce is not delivered to; some senders let it match.",
        remedy: "Add an mx line with one asterisk directly in front of the parent of the host's name, or name the host in full.",
        example: Some(Seen(
            "example.com. MX 10 a.mail.example.com.\nmx: *.example.com",
            "example.com. MX 10 a.mail.example.com.\nmx: *.mail.example.com",
        )),
        ..COVERAGE
    }
    8040 STS_MX_BACKUP_UNCOVERED = "sts-mx-backup-uncovered" {
        severity: Medium,
        clause: "RFC 8461 section 8.4",
        summary: "Only MX hosts of the lowest priority do not match the policy.",
        effect: "Mail flows as long as the preferred hosts work; when they fail, the backup is refused.",
        remedy: "Add the backup hosts to the policy and change the id of the record, or give the backup up.",
        example: Some(Seen(
            "example.com. MX 10 mx1.example.com.\nexample.com. MX 50 backup.relay.example.\nmx: mx1.example.com",
            "example.com. MX 10 mx1.example.com.\nexample.com. MX 50 backup.relay.example.\nmx: mx1.example.com\nmx: backup.relay.example",
        )),
        ..COVERAGE
    }
    8050 STS_MX_TYPO = "sts-mx-typo" {
        summary: "An mx pattern differs from an MX host by a few characters only.",
        effect: "The pattern matches no host, and the host it was meant for is not covered.",
        remedy: "Copy the host's name from the MX record into the policy and change the id of the record.",
        example: Some(Seen(
            "example.com. MX 10 mail.example.com.\nmx: mial.example.com",
            "example.com. MX 10 mail.example.com.\nmx: mail.example.com",
        )),
        ..COVERAGE
    }
    8060 STS_MX_TLD_MISMATCH = "sts-mx-tld-mismatch" {
        summary: "An mx pattern has the name of an MX host's domain under another top-level domain.",
        effect: "The pattern matches no host, and the host it was meant for is not covered.",
        remedy: "Copy the host's name from the MX record into the policy and change the id of the record.",
        example: Some(Seen(
            "example.com. MX 10 mail.example.com.\nmx: mail.example.net",
            "example.com. MX 10 mail.example.com.\nmx: mail.example.com",
        )),
        ..COVERAGE
    }
    8070 STS_MX_STALE_PATTERN = "sts-mx-stale-pattern" {
        severity: Low,
        summary: "An mx pattern matches none of the present MX hosts.",
        effect: "Mail is not affected. A pattern for a spare host is fine, one for a former provider lets that provider pose as yours.",
        remedy: "Remove the pattern once max_age has passed since the host was last in use, and change the id of the record.",
        tlsrpt_result: None,
        example: Some(Seen(
            "example.com. MX 10 mail.example.com.\nmx: mail.example.com\nmx: *.former-provider.example",
            "example.com. MX 10 mail.example.com.\nmx: mail.example.com",
        )),
        ..COVERAGE
    }
    7030 STS_MODE_TESTING_LONG = "sts-mode-testing-long" {
        summary: "The mode has been testing for more than 30 days, by the date that the id of the record names.",
        effect: "Mail is not protected, unless DANE protects it, although the time of testing should have shown whether it can be.",
        remedy: "Read the TLS reports; when they show no failures of your own, set mode: enforce and change the id of the record.",
        example: Some(Seen(
            "_mta-sts.example.com. TXT \"v=STSv1; id=20240115T120000;\", mode: testing, and it is April",
            "_mta-sts.example.com. TXT \"v=STSv1; id=20240115T120000;\", mode: testing, and it is January",
        )),
        ..DEPLOYMENT
    }
    9010 STS_ENFORCE_WITHOUT_TLSRPT = "sts-enforce-without-tlsrpt" {
        clause: "RFC 8461 section 6",
        summary: "The policy is enforced, but no TLS reports are asked for.",
        effect: "When senders cannot deliver because of the policy, the domain is not informed.",
        remedy: "Publish a TXT record at _smtp._tls.DOMAIN: v=TLSRPTv1; rua=mailto:tls-reports@DOMAIN with an address that is read.",
        example: Some(Seen(
            "mode: enforce\n_smtp._tls.example.com. TXT  NXDOMAIN",
            "mode: enforce\n_smtp._tls.example.com. TXT \"v=TLSRPTv1; rua=mailto:tls-reports@example.com\"",
        )),
        ..DEPLOYMENT
    }
    9020 STS_WITHOUT_TLSRPT = "sts-without-tlsrpt" {
        clause: "RFC 8461 section 6",
        summary: "The domain uses MTA-STS, but asks for no TLS reports.",
        effect: "Failures stay unseen, so it cannot be known whether enforcing the policy is safe.",
        remedy: "Publish a TXT record at _smtp._tls.DOMAIN: v=TLSRPTv1; rua=mailto:tls-reports@DOMAIN with an address that is read.",
        example: Some(Seen(
            "mode: testing\n_smtp._tls.example.com. TXT  NXDOMAIN",
            "mode: testing\n_smtp._tls.example.com. TXT \"v=TLSRPTv1; rua=mailto:tls-reports@example.com\"",
        )),
        ..DEPLOYMENT
    }
    9030 STS_ON_NONMAIL_DOMAIN = "sts-on-nonmail-domain" {
        severity: Info,
        clause: "RFC 7505 section 3",
        summary: "The domain says with a null MX that it takes no mail, and yet it has a policy for mail.",
        effect: "None: nobody delivers mail to the domain.",
        remedy: "Remove the MTA-STS record and policy, or the null MX if the domain is meant to receive mail.",
        example: Some(Seen(
            "example.com. MX 0 .\n_mta-sts.example.com. TXT \"v=STSv1; id=1;\"",
            "example.com. MX 0 .\n_mta-sts.example.com. TXT  NXDOMAIN",
        )),
        ..DEPLOYMENT
    }
    9040 STS_DELEGATION_PARTIAL = "sts-delegation-partial" {
        clause: "RFC 8461 section 8.2",
        summary: "Of the record and the policy host only one is delegated to a provider, or each to another.",
        effect: "None at once; when the provider changes the policy, the id of the record does not change with it.",
        remedy: "Delegate _mta-sts.DOMAIN and mta-sts.DOMAIN to the same provider by CNAME, or change the id yourself after each change of the policy.",
        example: Some(Seen(
            "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"\nmta-sts.example.com. CNAME sts.provider.example.",
            "_mta-sts.example.com. CNAME _mta-sts.provider.example.\nmta-sts.example.com. CNAME sts.provider.example.",
        )),
        ..DEPLOYMENT
    }
    9050 STS_PROVIDER_STALE_POLICY = "sts-provider-stale-policy" {
        severity: Medium,
        clause: "RFC 8461 section 8.2",
        summary: "A provider serves a policy for the domain that matches none of its present MX hosts.",
        effect: "The provider keeps an old policy alive; with mode enforce senders cannot deliver.",
        remedy: "Enter the present MX hosts at the provider, or, if the contract has ended, remove the CNAME of mta-sts.DOMAIN and the record at _mta-sts.DOMAIN.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        example: Some(Seen(
            "mta-sts.example.com. CNAME sts.provider.example.\nexample.com. MX 10 mail.new-host.example.\nmx: mail.old-host.example",
            "mta-sts.example.com. CNAME sts.provider.example.\nexample.com. MX 10 mail.new-host.example.\nmx: mail.new-host.example",
        )),
        ..DEPLOYMENT
    }
    10040 MX_IMPLICIT = "mx-implicit" {
        severity: Low,
        summary: "The domain uses MTA-STS without an MX record, so that it counts as its own MX host.",
        effect: "The policy has to match the name of the domain itself.",
        remedy: "Publish an MX record with the name of the mail server and list that name in the policy.",
        example: Some(Seen("example.com. MX  no data\nexample.com. A 192.0.2.25", "example.com. MX 10 mail.example.com.")),
        ..MX
    }
    12200 TLSRPT_WITHOUT_STS_OR_DANE = "tlsrpt-without-sts-or-dane" {
        severity: Info,
        clause: "RFC 8460 section 1",
        summary: "The domain asks for TLS reports, but has no MTA-STS record, and no DANE as far as that was looked up.",
        effect: "Reports still tell of failures of STARTTLS, but there is no policy to report on.",
        remedy: "Deploy MTA-STS with mode testing, now that its reports would be received.",
        example: Some(Seen(
            "_smtp._tls.example.com. TXT \"v=TLSRPTv1; rua=mailto:a@example.com\"\n_mta-sts.example.com. TXT  NXDOMAIN",
            "_smtp._tls.example.com. TXT \"v=TLSRPTv1; rua=mailto:a@example.com\"\n_mta-sts.example.com. TXT \"v=STSv1; id=1;\"",
        )),
        ..USABLE_TLSRPT
    }
}

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
            findings.add_rated(STS_MX_NONE_COVERED, severity, domain, format!("MX hosts {}", quoted_list(hosts)));
        }
        Coverage::Some => {
            for Uncovered { host, .. } in &comparison.uncovered {
                findings.add_rated(STS_MX_UNCOVERED, severity, &host.name, format!("preference {}", host.preference));
            }
        }
    }
    for Uncovered { host, too_shallow } in &comparison.uncovered {
        if let Some(pattern) = too_shallow {
            findings.add_rated(STS_MX_UNCOVERED_DEPTH, severity, &host.name, format!("pattern {}", quoted(pattern)));
        }
    }
    for Likeness { class, host, pattern } in likenesses {
        match class {
            Mismatch::Typo => findings.add_rated(STS_MX_TYPO, severity, host, format!("pattern {}", quoted(pattern))),
            Mismatch::Tld => findings.add_rated(STS_MX_TLD_MISMATCH, severity, host, format!("pattern {}", quoted(pattern))),
            Mismatch::PolicyHost | Mismatch::SameDomain | Mismatch::DifferentDomain => {}
        }
    }
    if comparison.coverage == Coverage::None {
        if let Some(provider) = policy_host::delegate(evidence) {
            findings.add_rated(STS_PROVIDER_STALE_POLICY, Severity::Medium, domain, format!("policy served at {provider}"));
        }
        return; // That every pattern is stale has been said.
    }
    for pattern in &comparison.stale {
        findings.add_part(STS_MX_STALE_PATTERN, pattern, "");
    }
}

/// Whether only hosts of the lowest priority are uncovered.
pub(super) fn remark_backups(comparison: &Comparison<'_>, hosts: &[Host], mode: Mode, findings: &mut Findings) {
    let uncovered = |name: &str| comparison.uncovered.iter().any(|uncovered| uncovered.host.name == name);
    let last_covered = hosts.iter().filter(|host| !uncovered(&host.name)).map(|host| host.preference).max();
    let first_uncovered = comparison.uncovered.iter().map(|uncovered| uncovered.host.preference).min();
    if mode != Mode::None && last_covered.zip(first_uncovered).is_some_and(|(last, first)| first > last) {
        for Uncovered { host, .. } in &comparison.uncovered {
            findings.add(STS_MX_BACKUP_UNCOVERED, &host.name, format!("preference {}", host.preference));
        }
    }
}

/// What follows from the columns taken together. `transient`: the retrieval failed for a reason that may pass.
pub(super) fn remark_whole(evidence: &Evidence, assessment: &Assessment, transient: bool, findings: &mut Findings) {
    let domain = evidence.domain.as_str();
    let deployed = matches!(assessment.sts_state, RecordState::Valid | RecordState::Invalid | RecordState::Multiple);
    let unretrieved = |stage: &PolicyStage| !matches!(stage, PolicyStage::Ok | PolicyStage::Syntax) && !transient;
    if let Some(stage) = assessment.policy_stage.filter(unretrieved).filter(|_| assessment.sts_state == RecordState::Valid) {
        findings.add(STS_RECORD_WITHOUT_POLICY, &evidence.sts_txt.name, format!("retrieval fails at stage {stage}"));
    }
    if assessment.sts_state == RecordState::Absent && assessment.policy_stage == Some(PolicyStage::Ok) {
        findings.add(STS_POLICY_WITHOUT_RECORD, &evidence.domain.policy_host(), "");
    }
    if assessment.tlsrpt_state == RecordState::Absent && deployed {
        let enforced = assessment.posture == Posture::Enforce;
        findings.add(if enforced { STS_ENFORCE_WITHOUT_TLSRPT } else { STS_WITHOUT_TLSRPT }, domain, "");
    }
    let without_dane = matches!(assessment.dane_state, None | Some(DaneState::Absent | DaneState::Insecure));
    if assessment.tlsrpt_state == RecordState::Valid && assessment.sts_state == RecordState::Absent && without_dane {
        findings.add(TLSRPT_WITHOUT_STS_OR_DANE, domain, "");
    }
    if assessment.mx_state == MxState::None && deployed {
        findings.add(MX_IMPLICIT, domain, "");
    }
    if assessment.mx_state == MxState::Null && matches!(assessment.posture, Posture::Enforce | Posture::Testing) {
        findings.add(STS_ON_NONMAIL_DOMAIN, domain, format!("mode {}", assessment.posture));
    }
    if deployed {
        remark_delegation(evidence, findings);
    }
    if assessment.posture == Posture::Testing
        && let Some(days) = days_since_id(evidence, assessment).filter(|days| *days > LONG_TESTING_DAYS)
    {
        let id = assessment.sts_id.as_deref().unwrap_or_default();
        findings.add(STS_MODE_TESTING_LONG, domain, format!("id {} is {days} days old", quoted(id)));
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
            STS_DELEGATION_PARTIAL,
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
        findings.add(STS_POLICY_MX_WILDCARD_OWN_DOMAIN, pattern, "");
    }
}
