//! How far the retrieval of the policy got, and whether what stopped it may pass (RFC 8461 section 3.3).

use std::time::{Duration, SystemTime};

use crate::evidence::{
    Certificate, CertificateFault, Evidence, Fetch, FetchError, FetchFault, FetchStage, Lookup, Outcome, UNRECOGNIZED_NAME, status_may_pass,
};
use crate::parse::media_type;

use super::findings::{Findings, quoted, quoted_list};
use super::policy_host;
use super::{PolicyStage, Severity};

/// A retrieval that took longer, in milliseconds, is slow.
const SLOW_MS: u32 = 10_000;
/// Caches in front of the policy host should keep the policy no longer than this, in seconds (RFC 8461 section 8.2).
const LONGEST_CACHING: u64 = 60;
/// A certificate that expires sooner deserves a word.
const EXPIRES_SOON: Duration = Duration::from_secs(14 * 86_400);
/// Keys of RSA and DSA shorter than this, in bits, are weak (RFC 9325 section 4.5).
const LEAST_BITS: u16 = 2048;
/// Keys of elliptic curves shorter than this, in bits, are weak (the same).
const LEAST_CURVE_BITS: u16 = 224;
/// Certificates with a shorter lifetime are renewed all the time; for them only the last tenth of it is soon.
const SHORT_LIVED: Duration = Duration::from_secs(10 * 86_400);

/// What became of the retrieval.
pub(super) struct Retrieval<'a> {
    /// `None` if nothing was fetched, [`PolicyStage::Ok`] if a text arrived over a valid session, else the first stage that failed.
    pub stage: Option<PolicyStage>,
    /// Whether the failure says little of the domain: it may pass, or was ours.
    pub transient: bool,
    /// The text behind status 200, also where the certificate is not valid.
    pub body: Option<&'a [u8]>,
}

impl Retrieval<'_> {
    const NOTHING: Self = Self { stage: None, transient: true, body: None };

    fn failed(stage: PolicyStage, transient: bool) -> Self {
        Self { stage: Some(stage), transient, body: None }
    }
}

/// Reads the lookups of the policy host and the exchange with it.
pub(super) fn read<'a>(evidence: &'a Evidence, findings: &mut Findings) -> Retrieval<'a> {
    if evidence.host_a.is_none() && evidence.host_aaaa.is_none() && evidence.fetch.is_none() {
        return Retrieval::NOTHING;
    }
    let host = evidence.domain.policy_host();
    policy_host::remark(evidence, &host, findings);
    let lookups_settled = [settled(evidence.host_a.as_ref()), settled(evidence.host_aaaa.as_ref())];
    let Some(fetch) = &evidence.fetch else {
        return without_exchange(evidence, lookups_settled);
    };
    remark(fetch, &host, evidence.scanned_at, findings);
    let body = fetch.body.as_deref().filter(|_| fetch.status == Some(200) && fetch.error.is_none() && !fetch.body_cut);
    let (stage, transient) = match first_failure(fetch) {
        None => (Some(PolicyStage::Ok), false),
        Some(Failure::NotTried) => (None, true),
        // Another address, whose lookup failed, might have answered.
        Some(Failure::At(PolicyStage::Tcp, _)) if lookups_settled.contains(&false) => (Some(PolicyStage::Tcp), true),
        Some(Failure::At(stage, transient)) => (Some(stage), transient),
    };
    Retrieval { stage, transient, body }
}

fn settled<R>(lookup: Option<&Lookup<R>>) -> bool {
    lookup.is_some_and(|lookup| lookup.outcome.is_conclusive())
}

fn without_exchange(evidence: &Evidence, lookups_settled: [bool; 2]) -> Retrieval<'static> {
    let (Some(a), Some(aaaa)) = (&evidence.host_a, &evidence.host_aaaa) else {
        return Retrieval::NOTHING;
    };
    let excluded = a.outcome == Outcome::Excluded || aaaa.outcome == Outcome::Excluded;
    let has_address = !a.records.is_empty() || !aaaa.records.is_empty();
    match excluded || has_address {
        true => Retrieval::NOTHING,
        false => Retrieval::failed(PolicyStage::Dns, lookups_settled.contains(&false)),
    }
}

enum Failure {
    /// The exchange was not even begun, for a reason of ours.
    NotTried,
    /// The stage, and whether the failure may pass.
    At(PolicyStage, bool),
}

/// The first stage that failed. The certificate counts before what came after the handshake, since the exchange goes on despite it.
fn first_failure(fetch: &Fetch) -> Option<Failure> {
    let at = |stage, transient| Some(Failure::At(stage, transient));
    let error = fetch.error.as_ref();
    match error.map(|error| (error.stage, error.fault, error.fault.may_pass())) {
        Some((_, FetchFault::Excluded, _)) => return Some(Failure::NotTried),
        Some((FetchStage::Address, _, transient)) => return at(PolicyStage::Dns, transient),
        Some((FetchStage::Connect, _, transient)) => return at(PolicyStage::Tcp, transient),
        // Reset before a certificate is shown: whoever listens there does not speak TLS to us, as a closed port does not.
        Some((FetchStage::Tls, FetchFault::Reset, transient)) if fetch.certificate.is_none() => return at(PolicyStage::Tcp, transient),
        Some((FetchStage::Tls, _, transient)) => return at(PolicyStage::Tls, transient),
        Some((FetchStage::Http | FetchStage::Body, ..)) | None => {}
    }
    match (&fetch.certificate, error, fetch.status) {
        (None, ..) => at(PolicyStage::Tls, true), // No verdict: never taken for a valid certificate.
        (Some(certificate), ..) if !certificate.faults.is_empty() => at(PolicyStage::Tls, false),
        (_, Some(error), status) => at(PolicyStage::Http, error.fault.may_pass() || status.is_some_and(status_may_pass)),
        (_, None, Some(200)) if fetch.body_cut => at(PolicyStage::Http, false),
        (_, None, Some(200)) if fetch.body.is_some() => None,
        (_, None, status) => at(PolicyStage::Http, status.is_none_or(|status| status == 200 || status_may_pass(status))),
    }
}

/// All that is to be said of the exchange, whether or not it came to a policy.
fn remark(fetch: &Fetch, host: &str, scanned_at: SystemTime, findings: &mut Findings) {
    if let Some(error) = &fetch.error {
        remark_error(error, host, fetch, findings);
    }
    if let Some(certificate) = &fetch.certificate {
        remark_certificate(certificate, host, scanned_at, findings);
        remark_strength(certificate, fetch.error.as_ref(), host, findings);
    }
    if fetch.tls_version.as_deref() == Some("TLSv1.2") {
        findings.add("sts-fetch-tls12-only", host, "");
    }
    if fetch.timings.total_ms > SLOW_MS && fetch.error.is_none() {
        findings.add("sts-fetch-slow", host, format!("{} ms", fetch.timings.total_ms));
    }
    if let Some(status) = fetch.status {
        remark_status(status, fetch, host, findings);
        if status == 200 {
            remark_response(fetch, host, findings);
        }
    }
}

fn remark_error(error: &FetchError, host: &str, fetch: &Fetch, findings: &mut Findings) {
    let code = match (error.fault, error.stage) {
        (FetchFault::Local | FetchFault::Excluded, _) => return, // Says nothing of the domain.
        (FetchFault::SpecialUseAddress, _) => "sts-host-private-address",
        (FetchFault::Refused, _) => "sts-fetch-connect-refused",
        (FetchFault::Reset, _) => "sts-fetch-connect-reset",
        (FetchFault::Truncated, _) => "sts-fetch-truncated",
        (FetchFault::TlsVersion, _) => "sts-fetch-tls-old",
        // The library refuses to sign in with such a key; that has been said of the certificate.
        (FetchFault::TlsProtocol, _) if fetch.certificate.as_ref().is_some_and(has_short_key) => return,
        (FetchFault::TlsAlert | FetchFault::TlsProtocol, _) => "sts-fetch-tls-alert",
        (FetchFault::HttpProtocol, _) => "sts-fetch-status",
        (_, FetchStage::Address | FetchStage::Connect) => "sts-fetch-connect-timeout",
        (FetchFault::Timeout, _) => "sts-fetch-timeout",
        (_, FetchStage::Tls) => "sts-fetch-tls-alert",
        (_, FetchStage::Http | FetchStage::Body) => "sts-fetch-status",
    };
    let tried: Vec<String> = fetch.addresses.iter().map(ToString::to_string).collect();
    findings.add(
        code,
        host,
        format!("{} at stage {}: {}; addresses {}", error.fault, error.stage, quoted(&error.text), quoted_list(tried)),
    );
    if error.alert == Some(UNRECOGNIZED_NAME) {
        findings.add("sts-fetch-sni-unprovisioned", host, quoted(&error.text));
    }
}

fn remark_certificate(certificate: &Certificate, host: &str, scanned_at: SystemTime, findings: &mut Findings) {
    for fault in &certificate.faults {
        let (code, detail) = match fault {
            CertificateFault::NameMismatch => ("sts-fetch-cert-name-mismatch", format!("valid for {}", quoted_list(&certificate.sans))),
            CertificateFault::NoSan => ("sts-fetch-cert-no-san", format!("subject {}", quoted(&certificate.subject))),
            CertificateFault::Expired => ("sts-fetch-cert-expired", age_words(certificate.not_after, scanned_at)),
            CertificateFault::NotYetValid => ("sts-fetch-cert-not-yet-valid", age_words(certificate.not_before, scanned_at)),
            CertificateFault::SelfSigned => ("sts-fetch-cert-self-signed", format!("subject {}", quoted(&certificate.subject))),
            CertificateFault::IncompleteChain => ("sts-fetch-cert-incomplete-chain", issuer_words(certificate)),
            CertificateFault::Untrusted => ("sts-fetch-cert-untrusted", issuer_words(certificate)),
            CertificateFault::Revoked => ("sts-fetch-cert-revoked", issuer_words(certificate)),
            CertificateFault::Malformed => {
                ("sts-fetch-cert-untrusted", format!("cannot be validated: {}", quoted(certificate.reason.as_deref().unwrap_or_default())))
            }
        };
        findings.add(code, host, detail);
    }
    let expired = certificate.faults.contains(&CertificateFault::Expired);
    if let Some(left) = certificate.not_after.and_then(|end| end.duration_since(scanned_at).ok()).filter(|_| !expired) {
        let lifetime = certificate.not_after.zip(certificate.not_before).and_then(|(end, start)| end.duration_since(start).ok());
        let last_tenth = lifetime.is_some_and(|lifetime| left < lifetime / 10);
        let short_lived = lifetime.is_some_and(|lifetime| lifetime < SHORT_LIVED);
        if last_tenth || (left <= EXPIRES_SOON && !short_lived) {
            findings.add("sts-fetch-cert-expiring", host, age_words(certificate.not_after, scanned_at));
        }
    }
}

/// A short key, or a signature that can be forged. Weak cipher suites are not seen: none is offered, so that a host which has nothing
/// else fails the handshake.
fn remark_strength(certificate: &Certificate, error: Option<&FetchError>, host: &str, findings: &mut Findings) {
    if has_short_key(certificate) {
        let key =
            format!("{} key of {} bits", certificate.key_type.as_deref().unwrap_or_default(), certificate.key_bits.unwrap_or_default());
        match error.filter(|error| error.fault == FetchFault::TlsProtocol) {
            Some(error) => findings.add_rated(
                "sts-fetch-tls-weak",
                Severity::High,
                host,
                format!("{key}; the handshake fails: {}", quoted(&error.text)),
            ),
            None => findings.add("sts-fetch-tls-weak", host, key),
        }
    }
    let signature = certificate.signature_algorithm.as_deref().unwrap_or_default();
    if ["md2", "md5", "sha1", "SHA1"].iter().any(|hash| signature.contains(hash)) {
        findings.add("sts-fetch-tls-weak", host, format!("signed with {signature}"));
    }
}

fn has_short_key(certificate: &Certificate) -> bool {
    let least = match certificate.key_type.as_deref() {
        Some("RSA" | "DSA") => LEAST_BITS,
        Some("EC") => LEAST_CURVE_BITS,
        _ => 0,
    };
    certificate.key_bits.is_some_and(|bits| bits < least)
}

fn issuer_words(certificate: &Certificate) -> String {
    format!("issuer {}, certificates sent: {}", quoted(&certificate.issuer), certificate.chain_length)
}

/// How far a date of a certificate is from the scan, in whole days.
fn age_words(date: Option<SystemTime>, scanned_at: SystemTime) -> String {
    let days = |duration: Duration| duration.as_secs() / 86_400;
    match date.map(|date| date.duration_since(scanned_at)) {
        None => "the date cannot be read".to_owned(),
        Some(Ok(ahead)) => format!("in {} days", days(ahead)),
        Some(Err(behind)) => format!("{} days ago", days(behind.duration())),
    }
}

fn remark_status(status: u16, fetch: &Fetch, host: &str, findings: &mut Findings) {
    let code = match status {
        200 => return,
        300..=303 | 305..=308 => "sts-fetch-redirect",
        403 => "sts-fetch-status-forbidden",
        404 | 410 => "sts-fetch-not-found",
        429 => "sts-fetch-rate-limited",
        500..=599 => "sts-fetch-server-error",
        _ => "sts-fetch-status",
    };
    let target = fetch.header("location").filter(|_| code == "sts-fetch-redirect");
    findings.add(code, host, target.map_or_else(|| format!("status {status}"), |to| format!("status {status} to {}", quoted(to))));
    if matches!(status, 403 | 503)
        && let Some(filter) = filter_in_front(fetch)
    {
        findings.add("sts-fetch-ua-filtered", host, format!("status {status}, header {filter}"));
    }
}

/// The header by which a well-known filter against robots gives itself away.
fn filter_in_front(fetch: &Fetch) -> Option<String> {
    const FILTERS: &[&str] = &["cloudflare", "akamai", "sucuri", "imperva", "incapsula", "ddos-guard", "datadome", "qrator", "bunnycdn"];
    let server = fetch.header("server").map(|value| String::from_utf8_lossy(value).to_ascii_lowercase());
    let known =
        server.filter(|server| FILTERS.iter().any(|filter| server.contains(filter))).map(|server| format!("server: {}", quoted(server)));
    known.or_else(|| fetch.header("cf-ray").map(|value| format!("cf-ray: {}", quoted(value))))
}

/// What the head of a response with status 200 says.
fn remark_response(fetch: &Fetch, host: &str, findings: &mut Findings) {
    for fault in &media_type::parse(fetch.header("content-type")).faults {
        findings.add_fault(fault, host, "");
    }
    if fetch.body_cut {
        findings.add("sts-fetch-too-large", host, "");
    }
    if fetch.http_version.as_deref() == Some("HTTP/1.0") {
        findings.add("sts-fetch-http10", host, "");
    }
    let has = |name: &str, what: &str| {
        fetch.header(name).map(|value| String::from_utf8_lossy(value).to_ascii_lowercase()).filter(|value| value.contains(what))
    };
    if let Some(encoding) = has("content-encoding", "").filter(|encoding| !matches!(encoding.trim(), "" | "identity")) {
        findings.add("sts-fetch-content-encoding", host, quoted(encoding));
    }
    if has("x-content-type-options", "nosniff").is_some() {
        findings.add("sts-fetch-content-type-nosniff", host, "");
    }
    let age = fetch.header("age").and_then(decimal).filter(|age| *age > 0);
    if let Some(age) = age {
        findings.add("sts-fetch-served-from-cache", host, format!("age {age} seconds"));
    } else if let Some(cache) = has("x-cache", "hit") {
        findings.add("sts-fetch-served-from-cache", host, format!("x-cache: {}", quoted(cache)));
    }
    if let Some(seconds) = fetch.header("cache-control").and_then(max_age).filter(|seconds| *seconds > LONGEST_CACHING) {
        findings.add("sts-fetch-cache-control-long", host, format!("max-age {seconds} seconds"));
    }
}

fn decimal(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// `max-age` of a Cache-Control header (RFC 9111 section 5.2.2.1).
fn max_age(value: &[u8]) -> Option<u64> {
    let value = std::str::from_utf8(value).ok()?.to_ascii_lowercase();
    value.split(',').find_map(|directive| directive.trim().strip_prefix("max-age=")?.trim_matches('"').parse().ok())
}
