//! What a row of the catalogue of finding codes says.

use crate::vocabulary::vocabulary;

use super::Severity;

vocabulary! {
    /// What it takes to see the fault that a code stands for.
    pub enum Status {
        /// Judged from the evidence of one scan.
        Active = "active",
        /// Reserved: needs a conversation with the MX hosts.
        Smtp = "smtp",
        /// Reserved: needs TLSA lookups.
        Dane = "dane",
        /// Reserved: needs two or more scans of the domain.
        History = "history",
        /// Reserved: needs a look-up or a request that the probe does not make.
        Planned = "planned",
        /// Never a finding of one domain: it shows in the whole of a scan only, where a query over the dataset counts it.
        Aggregate = "aggregate",
    }
}

vocabulary! {
    /// Result types of TLS reports (RFC 8460 section 4.3): what senders report where the fault shows.
    pub enum ResultType {
        /// The MX offers no STARTTLS (section 4.3.1).
        StarttlsNotSupported = "starttls-not-supported",
        /// The certificate of the MX names another host (section 4.3.1).
        CertificateHostMismatch = "certificate-host-mismatch",
        /// The certificate of the MX has expired (section 4.3.1).
        CertificateExpired = "certificate-expired",
        /// No trusted root vouches for the certificate of the MX (section 4.3.1).
        CertificateNotTrusted = "certificate-not-trusted",
        /// Another failure of the TLS session with the MX, a name that no pattern allows included (section 4.3.1).
        ValidationFailure = "validation-failure",
        /// DNSSEC does not validate (section 4.3.2.1).
        DnssecInvalid = "dnssec-invalid",
        /// The policy cannot be retrieved (section 4.3.2.2).
        StsPolicyFetchError = "sts-policy-fetch-error",
        /// The policy cannot be validated (section 4.3.2.2).
        StsPolicyInvalid = "sts-policy-invalid",
        /// The certificate of the policy host is not valid (section 4.3.2.2).
        StsWebpkiInvalid = "sts-webpki-invalid",
    }
}

/// One row of the catalogue. The texts are whole sentences, fit to be shown to a postmaster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable code.
    pub code: &'static str,
    /// Severity where nothing in the case changes it.
    pub severity: Severity,
    /// Where the rule is written down.
    pub clause: &'static str,
    /// What is the case, in one sentence.
    pub summary: &'static str,
    /// What it does to mail.
    pub effect: &'static str,
    /// How to mend it.
    pub remedy: &'static str,
    /// What TLS reports call it, where they have a word for it.
    pub tlsrpt_result: Option<ResultType>,
    /// What it takes to see it.
    pub status: Status,
    /// A text that has the fault, and one that has not: a TXT record, the body of a policy or a Content-Type.
    pub example: Option<(&'static str, &'static str)>,
}

impl Rule {
    /// The row that others are written as a change of.
    pub(super) const BASE: Self = Self {
        code: "",
        severity: Severity::Info,
        clause: "",
        summary: "",
        effect: "",
        remedy: "",
        tlsrpt_result: None,
        status: Status::Active,
        example: None,
    };
}
