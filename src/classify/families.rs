//! What the codes of a family have in common: the rows that its rules are written as changes of.

use super::rule::{ResultType, Rule, Severity, Stage};

/// The TXT record at `_mta-sts.DOMAIN`.
pub(super) const STS_RECORD: Rule = Rule {
    severity: Severity::High,
    clause: "RFC 8461 section 3.1",
    effect: "Senders that follow the RFC act as if there were no record, so mail to the domain travels without MTA-STS; some less strict mail systems still use it.",
    stage: Some(Stage::Record),
    ..Rule::BASE
};

/// Of a record that senders read as it was meant.
pub(super) const STILL_WORKS: &str = "Mail is not affected: senders read the record as it was meant.";

/// The name and addresses of the policy host.
pub(super) const HOST: Rule = Rule {
    severity: Severity::High,
    clause: "RFC 8461 section 3.3",
    effect: "Senders cannot retrieve the policy: without a cached one they send without MTA-STS.",
    tlsrpt_result: Some(ResultType::StsPolicyFetchError),
    at_policy_host: true,
    stage: Some(Stage::Dns),
    ..Rule::BASE
};

/// The response to the request for the policy is none that a sender may use.
pub(super) const RESPONSE: Rule = Rule {
    severity: Severity::High,
    clause: "RFC 8461 section 3.3",
    effect: "Senders must not use the policy: without a cached one they send without MTA-STS.",
    tlsrpt_result: Some(ResultType::StsPolicyFetchError),
    at_policy_host: true,
    stage: Some(Stage::Http),
    ..Rule::BASE
};

/// The policy host cannot be connected to.
pub(super) const CONNECTION: Rule = Rule { stage: Some(Stage::Tcp), ..RESPONSE };

/// There is no TLS session with the policy host that a sender may use.
pub(super) const SESSION: Rule = Rule { stage: Some(Stage::Tls), ..RESPONSE };

/// The policy is retrieved, but something about it is worth a word.
pub(super) const RETRIEVED: Rule =
    Rule { severity: Severity::Info, effect: "None: the policy is retrieved all the same.", tlsrpt_result: None, stage: None, ..RESPONSE };

/// The policy is invalid.
pub(super) const POLICY: Rule = Rule {
    severity: Severity::High,
    clause: "RFC 8461 section 3.2",
    effect: "Senders that follow the RFC must not use the policy: without a cached one they send without MTA-STS. Less strict mail systems may still apply it.",
    tlsrpt_result: Some(ResultType::StsPolicyInvalid),
    stage: Some(Stage::Syntax),
    ..Rule::BASE
};

/// The policy is valid, yet not as it should be.
pub(super) const VALID_POLICY: Rule =
    Rule { severity: Severity::Low, effect: "None: the policy is valid all the same.", tlsrpt_result: None, stage: None, ..POLICY };

/// A body of CRLF lines.
macro_rules! policy {
    ($($line:literal),+ $(,)?) => { concat!($($line, "\r\n"),+) };
}
pub(super) use policy;

/// A policy without fault.
pub(super) const GOOD_POLICY: &str = policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800"];

/// The parts of a deployment taken together.
pub(super) const DEPLOYMENT: Rule = Rule { severity: Severity::Low, clause: "RFC 8461 section 5", ..Rule::BASE };

/// The MX records.
pub(super) const MX: Rule = Rule { clause: "RFC 5321 section 5.1", ..Rule::BASE };

/// The record at `_smtp._tls.DOMAIN` is not usable.
pub(super) const TLSRPT: Rule = Rule {
    severity: Severity::Medium,
    clause: "RFC 8460 section 3",
    effect: "Senders that follow the RFC send no reports to the domain; mail is not affected.",
    ..Rule::BASE
};

/// The record at `_smtp._tls.DOMAIN` is usable.
pub(super) const USABLE_TLSRPT: Rule = Rule { severity: Severity::Low, effect: "None: reports are sent all the same.", ..TLSRPT };

/// One destination of reports is not usable.
pub(super) const DESTINATION: Rule = Rule {
    severity: Severity::Medium,
    effect: "No reports reach this destination; without another one there are no reports at all.",
    ..TLSRPT
};
