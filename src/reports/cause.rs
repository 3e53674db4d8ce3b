//! What a reported failure points to: the codes of the catalogue that explain it, by RFC 8460 section 4.3 and the reasons that senders give.

use crate::classify::codes::*;
use crate::classify::{Code, ResultType};
use crate::parse::mx_pattern::matches_lenient;

/// A failure as far as it tells its cause.
#[derive(Clone, Copy, Debug)]
pub struct Reported<'a> {
    /// `result-type` in lower case.
    pub result_type: &'a str,
    /// `failure-reason-code`.
    pub reason: Option<&'a str>,
    /// `receiving-mx-hostname`.
    pub mx_host: Option<&'a str>,
    /// Patterns of the policy that the sender had; none where it had none, or does not tell.
    pub patterns: &'a [String],
}

/// Codes of which one explains a failure, as far as it goes without a scan. The first is the one that it most likely is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// Exactly these: the reason tells.
    Codes(&'static [Code]),
    /// Those that the catalogue gives this result type; the first is the likeliest.
    Type(ResultType, Code),
    /// The MX host is not among those of the policy.
    Uncovered,
    /// The policy cannot be had: any fault of the policy host but for its certificate.
    Fetch,
    /// The policy's text.
    Policy,
    /// The policy host's certificate.
    PolicyHostCertificate,
    /// DANE and DNSSEC.
    Dane,
    /// Nothing that the catalogue has.
    Unexplained,
}

impl Reported<'_> {
    /// The code that it most likely is; `None` where the failure does not tell.
    pub fn code(&self) -> Option<Code> {
        match self.cause() {
            Cause::Codes(codes) => codes.first().copied(),
            Cause::Type(_, code) => Some(code),
            Cause::Uncovered => Some(STS_MX_UNCOVERED),
            _ => None,
        }
    }

    /// Whether a finding of this code explains it.
    pub fn is_explained_by(&self, code: &str) -> bool {
        let Some(code) = Code::from_word(code) else { return false };
        // A code without a result type is nothing that a delivery meets.
        let result = code.rule().tlsrpt_result;
        let begins = |beginning: &str| code.as_str().starts_with(beginning);
        match self.cause() {
            Cause::Codes(codes) => codes.contains(&code),
            Cause::Type(of_type, first) => result == Some(of_type) || code == first,
            Cause::Uncovered => UNCOVERED.contains(&code),
            Cause::Fetch => result == Some(ResultType::StsPolicyFetchError),
            Cause::Policy if begins("sts-fetch-content-type-") => result.is_some(),
            Cause::Policy => result == Some(ResultType::StsPolicyInvalid) || code == STS_FETCH_TOO_LARGE,
            Cause::PolicyHostCertificate => result == Some(ResultType::StsWebpkiInvalid) || code == STS_FETCH_SNI_UNPROVISIONED,
            Cause::Dane => result.is_some() && (begins("dane-") || begins("dnssec-")),
            Cause::Unexplained => false,
        }
    }

    /// Whether the sender says that it delivered all the same, by a policy that it had cached: nothing has failed yet.
    pub fn is_carried_by_cache(&self) -> bool {
        self.reason.is_some_and(|reason| reason.ends_with("+fallback-to-cached-policy"))
    }

    fn cause(&self) -> Cause {
        let reason = self.reason.unwrap_or_default().to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        match self.result_type {
            "starttls-not-supported" => Cause::Type(ResultType::StarttlsNotSupported, MX_NO_STARTTLS),
            "certificate-host-mismatch" if self.is_outside_of_the_policy() => Cause::Uncovered,
            "certificate-host-mismatch" => Cause::Type(ResultType::CertificateHostMismatch, MX_CERT_NAME_MISMATCH),
            "certificate-expired" => Cause::Type(ResultType::CertificateExpired, MX_CERT_EXPIRED),
            "certificate-not-trusted" => Cause::Type(ResultType::CertificateNotTrusted, MX_CERT_UNTRUSTED),
            "validation-failure" => match () {
                () if says(&["mx_hosts_mismatch", "mtasts-policy-mx-mismatch"]) || self.is_outside_of_the_policy() => Cause::Uncovered,
                () if says(&["alert-70", "alert 70", "protocol version", "protocol_version"]) => Cause::Codes(&[MX_TLS_OLD]),
                () if says(&["timeout", "timed out", "closed", "reset"]) => Cause::Codes(&[MX_UNREACHABLE]),
                () if says(&["dane"]) => Cause::Dane,
                () => Cause::Unexplained,
            },
            "sts-policy-fetch-error" => fetch(&reason),
            "sts-policy-invalid" => Cause::Policy,
            "sts-webpki-invalid" => policy_host_certificate(&reason),
            "tlsa-invalid" | "dnssec-invalid" | "dane-required" => Cause::Dane,
            _ => Cause::Unexplained,
        }
    }

    fn is_outside_of_the_policy(&self) -> bool {
        let host = self.mx_host.unwrap_or_default().trim();
        !host.is_empty() && !self.patterns.is_empty() && !self.patterns.iter().any(|pattern| matches_lenient(pattern, host))
    }
}

const UNCOVERED: &[Code] =
    &[STS_MX_UNCOVERED, STS_MX_NONE_COVERED, STS_MX_UNCOVERED_DEPTH, STS_MX_BACKUP_UNCOVERED, STS_MX_TYPO, STS_MX_TLD_MISMATCH];

/// Why a fetch failed, by the status or the words that the sender gives.
fn fetch(reason: &str) -> Cause {
    let has_number = |number: &str| reason.split(|c: char| !c.is_ascii_digit()).any(|word| word == number);
    let is_server_error = || ["500", "502", "503", "504"].into_iter().any(has_number);
    match () {
        () if has_number("404") => Cause::Codes(&[STS_FETCH_NOT_FOUND]),
        () if has_number("403") => Cause::Codes(&[STS_FETCH_STATUS_FORBIDDEN, STS_FETCH_UA_FILTERED]),
        () if has_number("429") => Cause::Codes(&[STS_FETCH_RATE_LIMITED]),
        () if is_server_error() => Cause::Codes(&[STS_FETCH_SERVER_ERROR]),
        () => Cause::Fetch,
    }
}

/// What is wrong with the certificate, by the words that the sender gives.
fn policy_host_certificate(reason: &str) -> Cause {
    match () {
        () if reason.contains("expired") => Cause::Codes(&[STS_FETCH_CERT_EXPIRED]),
        () if reason.contains("self-signed") || reason.contains("self signed") => Cause::Codes(&[STS_FETCH_CERT_SELF_SIGNED]),
        () if reason.contains("hostname") || reason.contains("host-mismatch") => {
            Cause::Codes(&[STS_FETCH_CERT_NAME_MISMATCH, STS_FETCH_CERT_NO_SAN, STS_FETCH_SNI_UNPROVISIONED])
        }
        () => Cause::PolicyHostCertificate,
    }
}

/// Whether a sender would report what a finding of this code says.
pub fn is_of_deliveries(code: &str) -> bool {
    Code::from_word(code).is_some_and(|code| code.rule().tlsrpt_result.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported<'a>(result_type: &'a str, reason: Option<&'a str>, mx_host: Option<&'a str>, patterns: &'a [String]) -> Reported<'a> {
        Reported { result_type, reason, mx_host, patterns }
    }

    #[test]
    fn failures_point_to_codes() {
        let patterns = ["*.example.com".to_owned()];
        let code = |result_type, reason, mx_host| reported(result_type, reason, mx_host, &patterns).code().map(|code| code.as_str());
        assert_eq!(code("starttls-not-supported", None, Some("mx.example.com")), Some("mx-no-starttls"));
        assert_eq!(code("certificate-host-mismatch", None, Some("mx.example.com")), Some("mx-cert-name-mismatch"));
        assert_eq!(code("certificate-host-mismatch", None, Some("mx.example.net")), Some("sts-mx-uncovered"));
        assert_eq!(code("validation-failure", Some("MX_HOSTS_MISMATCH"), None), Some("sts-mx-uncovered"));
        assert_eq!(code("validation-failure", Some("tls-remote-alert-70-protocol-version-not-supported"), None), Some("mx-tls-old"));
        assert_eq!(code("validation-failure", Some("X509_V_ERR_PATH_LENGTH_EXCEEDED"), Some("mx.example.com")), None);
        assert_eq!(code("sts-policy-fetch-error", Some("bad https response code: 404"), None), Some("sts-fetch-not-found"));
        assert_eq!(code("sts-policy-fetch-error", None, None), None);
        assert_eq!(code("tls-too-modern", None, None), None);
    }

    #[test]
    fn findings_explain_failures() {
        let explains = |result_type, reason, code| reported(result_type, reason, None, &[]).is_explained_by(code);
        assert!(explains("sts-policy-fetch-error", None, "sts-host-nxdomain"));
        assert!(explains("sts-policy-fetch-error", Some("dns-lookup+fallback-to-cached-policy"), "sts-fetch-connect-timeout"));
        assert!(!explains("sts-policy-fetch-error", None, "sts-fetch-cert-expired"), "that one has a type of its own");
        assert!(!explains("sts-policy-fetch-error", None, "sts-fetch-tls12-only"), "no delivery meets that");
        assert!(explains("certificate-not-trusted", None, "mx-cert-self-signed"));
        assert!(!explains("certificate-expired", None, "mx-cert-self-signed"));
        assert!(explains("sts-policy-invalid", None, "sts-policy-bom") && !explains("sts-policy-invalid", None, "sts-policy-eol-lf"));
        assert!(explains("sts-webpki-invalid", None, "sts-fetch-cert-expired"));
        assert!(!explains("sts-webpki-invalid", None, "mx-cert-expired"), "it is the policy host's certificate");
        assert!(explains("validation-failure", Some("mtasts-policy-mx-mismatch"), "sts-mx-typo"));
        assert!(!explains("validation-failure", None, "mx-cert-expired"));
        assert!(reported("sts-policy-fetch-error", Some("x+fallback-to-cached-policy"), None, &[]).is_carried_by_cache());
    }

    #[test]
    fn what_senders_can_see_is_told_by_the_catalogue() {
        assert!(is_of_deliveries("mx-cert-expired"));
        assert!(!is_of_deliveries("tlsrpt-absent"));
    }
}
