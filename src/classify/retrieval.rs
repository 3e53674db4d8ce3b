//! How far the retrieval of the policy got, and whether what stopped it may pass (RFC 8461 section 3.3).

use std::borrow::Cow;
use std::time::SystemTime;

use crate::evidence::{Evidence, Fetch, FetchFault, FetchStage, Lookup, Outcome, TlsVersion, status_may_pass};

use super::assessment::PolicyStage;
use super::families::RETRIEVED;
use super::findings::Findings;
use super::response::{self, Answer};
use super::rule::codes;
use super::{certificate, connecting, policy_host, second_hello};

codes! {
    3090 STS_FETCH_TLS12_ONLY = "sts-fetch-tls12-only" {
        clause: "RFC 8461 section 7.2",
        summary: "The policy host speaks TLS 1.2, but not TLS 1.3.",
        remedy: "Enable TLS 1.3 when the web server is next updated.",
        example: Some(Seen("TLS handshake: TLS 1.2, though TLS 1.3 was offered", "TLS handshake: TLS 1.3")),
        ..RETRIEVED
    }
    3300 STS_FETCH_SLOW = "sts-fetch-slow" {
        severity: Low,
        summary: "The retrieval of the policy took more than ten seconds.",
        effect: "Impatient senders give up, and mail waits for the others.",
        remedy: "Serve the policy as a static file from a host that is awake; check for addresses of mta-sts.DOMAIN that do not answer.",
        example: Some(Seen("connected, handshake, response: 11 seconds", "connected, handshake, response: 90 ms")),
        ..RETRIEVED
    }
}

/// A retrieval that took longer, in milliseconds, is slow.
const SLOW_MS: u32 = 10_000;
/// What became of the retrieval.
pub(super) struct Retrieval<'a> {
    /// `None` if nothing was fetched, [`PolicyStage::Ok`] if a text arrived over a valid session, else the first stage that failed.
    pub stage: Option<PolicyStage>,
    /// Whether the failure says little of the domain: it may pass, or was ours.
    pub transient: bool,
    /// The text behind status 200 without its content codings, also where the certificate is not valid.
    pub body: Option<Cow<'a, [u8]>>,
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
    let answer = Answer::of(fetch);
    let (stage, transient) = match first_failure(fetch, &answer) {
        None => (Some(PolicyStage::Ok), false),
        Some(Failure::NotTried) => (None, true),
        // Another address, whose lookup failed, might have answered.
        Some(Failure::At(stage @ (PolicyStage::Dns | PolicyStage::Tcp), _)) if lookups_settled.contains(&false) => (Some(stage), true),
        // So might one that was not tried.
        Some(Failure::At(PolicyStage::Tcp, _)) if fetch.untried().next().is_some() => (Some(PolicyStage::Tcp), true),
        Some(Failure::At(stage, transient)) => (Some(stage), transient),
    };
    remark(fetch, &answer, &host, evidence.scanned_at, transient, findings);
    Retrieval { stage, transient, body: answer.into_text(fetch) }
}

/// The text of the policy as it was retrieved, without its content codings, also where the certificate is not valid; `None` where there is none.
pub fn retrieved_text(evidence: &Evidence) -> Option<Vec<u8>> {
    read(evidence, &mut Findings::default()).body.map(Cow::into_owned)
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
    if excluded || has_address { Retrieval::NOTHING } else { Retrieval::failed(PolicyStage::Dns, lookups_settled.contains(&false)) }
}

enum Failure {
    /// The exchange was not even begun, for a reason of ours.
    NotTried,
    /// The stage, and whether the failure may pass.
    At(PolicyStage, bool),
}

/// The first stage that failed. The certificate counts before what came after the handshake, since the exchange goes on despite it.
fn first_failure(fetch: &Fetch, answer: &Answer<'_>) -> Option<Failure> {
    let at = |stage, transient| Some(Failure::At(stage, transient));
    let error = fetch.error.as_ref();
    match error.map(|error| (error.stage, error.fault, error.fault.may_pass())) {
        Some((_, FetchFault::Excluded, _)) => return Some(Failure::NotTried),
        Some((FetchStage::Address, _, transient)) => return at(PolicyStage::Dns, transient),
        Some((FetchStage::Connect, _, transient)) => return at(PolicyStage::Tcp, transient),
        Some((FetchStage::Tls, ..)) if second_hello::leaves_open(fetch) => return at(PolicyStage::Tls, true),
        Some((FetchStage::Tls, ..)) if fetch.second_hello.as_ref().is_some_and(|hello| hello.version.is_some()) => {
            return at(PolicyStage::Tls, false);
        }
        Some((FetchStage::Tls, FetchFault::TlsUnsupported, _)) => return at(PolicyStage::Tls, false), // For its certificate.
        // Reset before a certificate is shown: whoever listens there does not speak TLS to us, as a closed port does not.
        Some((FetchStage::Tls, FetchFault::Reset, transient)) if fetch.certificate.is_none() => return at(PolicyStage::Tcp, transient),
        Some((FetchStage::Tls, _, transient)) => return at(PolicyStage::Tls, transient),
        Some(_) | None => {}
    }
    match (&fetch.certificate, error, fetch.status) {
        (None, ..) => at(PolicyStage::Tls, true), // No verdict: never taken for a valid certificate.
        (Some(certificate), ..) if certificate.is_refused() => at(PolicyStage::Tls, false),
        (Some(certificate), ..) if certificate.is_unverified() => at(PolicyStage::Tls, true),
        (_, Some(error), status) => at(PolicyStage::Http, error.fault.may_pass() || status.is_some_and(status_may_pass)),
        // A filter against robots has answered in place of the host, which may answer others.
        (_, None, _) if answer.filter.is_some() => at(PolicyStage::Http, true),
        (_, None, Some(200)) if fetch.body_cut || answer.coding.fault.is_some() => at(PolicyStage::Http, false),
        (_, None, Some(200)) if fetch.body.is_some() => None,
        (_, None, status) => at(PolicyStage::Http, status.is_none_or(|status| status == 200 || status_may_pass(status))),
    }
}

/// All that is to be said of the exchange, whether or not it came to a policy. `transient`: what ended it is no verdict.
fn remark(fetch: &Fetch, answer: &Answer<'_>, host: &str, scanned_at: SystemTime, transient: bool, findings: &mut Findings) {
    let explained = second_hello::remark(fetch, host, scanned_at, findings);
    if let Some(error) = fetch.error.as_ref().filter(|_| !explained) {
        connecting::remark(error, host, fetch, transient, findings);
    }
    if let Some(certificate) = &fetch.certificate {
        certificate::remark(certificate, host, scanned_at, findings);
        certificate::remark_strength(certificate, fetch.error.as_ref(), host, findings);
    }
    let second = fetch.second_hello.as_ref().and_then(|hello| hello.version);
    if fetch.tls_version.as_deref() == Some(TlsVersion::Tls12.as_str()) || second == Some(TlsVersion::Tls12) {
        findings.add(STS_FETCH_TLS12_ONLY, host, "");
    }
    if fetch.timings.total_ms > SLOW_MS && fetch.error.is_none() {
        findings.add(STS_FETCH_SLOW, host, format!("{} ms", fetch.timings.total_ms));
    }
    if let Some(status) = fetch.status {
        match &answer.filter {
            Some(filter) => response::remark_filter(filter, status, host, findings),
            None => response::remark_status(status, fetch, host, transient, findings),
        }
        if status == 200 && answer.filter.is_none() {
            response::remark_head(fetch, &answer.coding, host, findings);
        }
    }
}
