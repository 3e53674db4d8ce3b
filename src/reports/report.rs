//! A report as it was read: every field that RFC 8460 section 4.4 names, null where it is absent or senseless.

use std::collections::BTreeSet;
use std::net::IpAddr;

use time::OffsetDateTime;

use super::envelope::DomainFrom;
use super::quote::Warning;

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// `organization-name`.
    pub organization: Option<String>,
    /// `contact-info`.
    pub contact: Option<String>,
    /// `report-id`, which is not unique.
    pub report_id: Option<String>,
    /// Begin of the range.
    pub begin: Option<OffsetDateTime>,
    /// End of the range.
    pub end: Option<OffsetDateTime>,
    /// The policies, in their order.
    pub policies: Vec<PolicyResult>,
    /// How it deviates.
    pub warnings: BTreeSet<Warning>,
}

/// What a report says of one policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyResult {
    /// `policy-type` in lower case; known are `sts`, `tlsa` and `no-policy-found`.
    pub policy_type: Option<String>,
    /// `policy-domain` as A-labels in lower case.
    pub domain: Option<String>,
    /// Where it was found; `None` where it was not, or is none.
    pub domain_from: Option<DomainFrom>,
    /// Whether the report tells no policy domain at all, so that what stands around it may.
    pub(super) is_domain_missing: bool,
    /// `policy-string`: lines of the policy, or TLSA records.
    pub policy_string: Option<Vec<String>>,
    /// `mx-host`: patterns of the policy.
    pub mx_host: Option<Vec<String>>,
    /// Sessions that kept to the policy; `None` is unknown.
    pub successful: Option<u64>,
    /// Sessions that did not; `None` is unknown.
    pub failed: Option<u64>,
    /// What went wrong. Their events overlap: they are no parts of `failed`.
    pub failures: Vec<Failure>,
}

/// One of the `failure-details`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// `result-type` in lower case.
    pub result_type: Option<String>,
    /// `failure-reason-code`: free text.
    pub reason: Option<String>,
    /// `receiving-mx-hostname`.
    pub mx_host: Option<String>,
    /// `receiving-mx-helo`.
    pub mx_helo: Option<String>,
    /// `sending-mta-ip`.
    pub sending_ip: Option<IpAddr>,
    /// `receiving-ip`.
    pub receiving_ip: Option<IpAddr>,
    /// `additional-information`.
    pub more: Option<String>,
    /// `failed-session-count`; `None` is unknown.
    pub events: Option<u64>,
}

/// The policy types of RFC 8460 section 4.4.
pub(super) const POLICY_TYPES: [&str; 3] = ["sts", "tlsa", "no-policy-found"];

/// The result types of RFC 8460 section 4.3, and the one by which a failed fetch of the policy is told.
pub(super) const RESULT_TYPES: [&str; 11] = [
    "starttls-not-supported",
    "certificate-host-mismatch",
    "certificate-expired",
    "certificate-not-trusted",
    "validation-failure",
    "tlsa-invalid",
    "dnssec-invalid",
    "dane-required",
    "sts-policy-fetch-error",
    "sts-policy-invalid",
    "sts-webpki-invalid",
];
