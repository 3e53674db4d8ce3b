//! What a scan that looked around saw of the policy: in places where no sender looks, and at the other addresses of the policy host.

use std::borrow::Cow;
use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::evidence::{Certificate, Connection, Evidence, Fetch};
use crate::parse::content_coding;
use crate::parse::policy::parse_lenient;

use super::assessment::RecordState;
use super::deployment::declared::STS_POLICY_WITHOUT_RECORD;
use super::families::{HOST, RESPONSE};
use super::findings::{Findings, quoted, quoted_list};
use super::response::is_settled;
use super::retrieval::Retrieval;
use super::rule::codes;
use super::second_hello::leaves_open;

codes! {
    2090 STS_HOST_ADDRESS_FAMILY_MISMATCH = "sts-host-address-family-mismatch" {
        severity: Medium,
        summary: "The policy host serves different policies, or none, over IPv4 and over IPv6.",
        effect: "Which policy a sender sees depends on the protocol it prefers.",
        remedy: "Let the A and AAAA records of mta-sts.DOMAIN lead to web servers with the same file and the same certificate.",
        example: Some(Seen("192.0.2.1    200, a policy\n2001:db8::1  404", "192.0.2.1    200, a policy\n2001:db8::1  200, the same policy")),
        stage: None,
        ..HOST
    }
    2100 STS_HOST_ADDRESS_MISMATCH = "sts-host-address-mismatch" {
        severity: Medium,
        summary: "The addresses of the policy host serve different policies.",
        effect: "Which policy a sender sees depends on the address it happens to choose.",
        remedy: "Deploy the same file and certificate to every address of mta-sts.DOMAIN before the id of the record changes.",
        example: Some(Seen(
            "192.0.2.1  200, a policy of mode enforce\n192.0.2.2  200, a policy of mode testing",
            "192.0.2.1  200, a policy\n192.0.2.2  200, the same policy",
        )),
        stage: None,
        ..HOST
    }
    3200 STS_FETCH_WRONG_PATH = "sts-fetch-wrong-path" {
        clause: "RFC 8461 section 3.2",
        summary: "The policy is served at another path than /.well-known/mta-sts.txt.",
        remedy: "Move the file to /.well-known/mta-sts.txt on mta-sts.DOMAIN; senders ask for no other path.",
        example: Some(Seen(
            "GET https://mta-sts.example.com/.well-known/mta-sts.txt  404\nGET https://mta-sts.example.com/mta-sts.txt  200, a policy",
            "GET https://mta-sts.example.com/.well-known/mta-sts.txt  200, a policy",
        )),
        ..RESPONSE
    }
    3210 STS_FETCH_HTTP_ONLY = "sts-fetch-http-only" {
        clause: "RFC 8461 section 3.2",
        summary: "The policy is served over plain HTTP only.",
        remedy: "Serve it over HTTPS with a certificate for mta-sts.DOMAIN; senders never use plain HTTP.",
        example: Some(Seen(
            "mta-sts.example.com port 443: connection refused\nGET http://mta-sts.example.com/.well-known/mta-sts.txt  200, a policy",
            "GET https://mta-sts.example.com/.well-known/mta-sts.txt  200, a policy",
        )),
        stage: Some(Stage::Tls),
        ..RESPONSE
    }
}

/// Adds that the policy is served where no sender looks for it. Says nothing where it is also served in the right place.
pub(super) fn remark_elsewhere(evidence: &Evidence, retrieval: &Retrieval<'_>, findings: &mut Findings) {
    if evidence.extra_requests.is_empty() || retrieval.body.as_deref().is_some_and(|body| parse_lenient(body).is_some()) {
        return;
    }
    let host = evidence.domain.policy_host();
    let right = policy_url(evidence);
    for connection in evidence.extra_requests.iter().filter(|connection| connection.url != right && policy(connection).is_some()) {
        let code = if connection.url.starts_with("http://") { STS_FETCH_HTTP_ONLY } else { STS_FETCH_WRONG_PATH };
        findings.add(code, &host, format!("a policy at {}", quoted(&connection.url)));
    }
}

/// Adds that a policy is served that no record announces.
pub(super) fn remark_unannounced(evidence: &Evidence, sts_state: RecordState, findings: &mut Findings) {
    if evidence.extra_requests.is_empty() || sts_state != RecordState::Absent || evidence.fetch.is_some() {
        return;
    }
    let right = policy_url(evidence);
    if evidence.extra_requests.iter().any(|connection| connection.url == right && policy(connection).is_some()) {
        findings.add(STS_POLICY_WITHOUT_RECORD, &evidence.domain.policy_host(), "");
    }
}

/// Adds that the addresses of the policy host do not serve the same. Failures that may pass say nothing.
pub(super) fn remark_addresses(evidence: &Evidence, findings: &mut Findings) {
    if evidence.extra_requests.is_empty() {
        return; // One address alone agrees with itself.
    }
    let Some(own) = evidence.fetch.as_deref().and_then(own_view) else { return };
    let right = policy_url(evidence);
    let settled = |connection: &&Connection| {
        connection.tells_of_the_host() && is_settled(connection.status, &connection.headers, connection.body.as_deref())
    };
    let others = evidence.extra_requests.iter().filter(|connection| connection.url == right).filter(settled);
    let others = others.filter_map(|connection| Some((connection.address?.is_ipv6(), policy(connection))));
    let views: Vec<View<'_>> = std::iter::once(own).chain(others).collect();
    let family =
        |ipv6: bool| -> BTreeSet<Option<&str>> { views.iter().filter(|view| view.0 == ipv6).map(|view| view.1.as_deref()).collect() };
    let (ipv4, ipv6) = (family(false), family(true));
    let host = evidence.domain.policy_host();
    if !ipv4.is_empty() && !ipv6.is_empty() && ipv4.is_disjoint(&ipv6) {
        findings.add(STS_HOST_ADDRESS_FAMILY_MISMATCH, &host, format!("IPv4: {}; IPv6: {}", words(&ipv4), words(&ipv6)));
    }
    for served in [ipv4, ipv6].into_iter().filter(|served| served.len() > 1) {
        findings.add(STS_HOST_ADDRESS_MISMATCH, &host, words(&served));
    }
}

/// Where the policy has to be (RFC 8461 section 3.2).
fn policy_url(evidence: &Evidence) -> String {
    format!("https://{}/.well-known/mta-sts.txt", evidence.domain.policy_host())
}

/// Whether an address is IPv6, and the hash of the policy that it serves; `None` if it serves none.
type View<'e> = (bool, Option<Cow<'e, str>>);

/// What the retrieval itself saw; `None` where that settles nothing.
fn own_view(fetch: &Fetch) -> Option<View<'_>> {
    let beyond_us = leaves_open(fetch) || fetch.certificate.as_ref().is_some_and(Certificate::is_unverified);
    let may_pass = fetch.error.as_ref().is_some_and(|error| error.fault.may_pass());
    let settled = !beyond_us && !may_pass && is_settled(fetch.status, &fetch.headers, fetch.body.as_deref());
    let address = fetch.address.filter(|_| settled)?;
    let trusted = fetch.certificate.as_ref().is_some_and(|certificate| certificate.faults.is_empty());
    let served = served(fetch.status, &fetch.headers, fetch.body.as_deref(), fetch.body_sha256.as_deref());
    Some((address.is_ipv6(), served.filter(|_| trusted && fetch.error.is_none())))
}

/// The hash of the policy that a connection brought over plain HTTP or behind a valid certificate; `None` if it brought none.
fn policy(connection: &Connection) -> Option<Cow<'_, str>> {
    let trusted = connection.certificate_faults.as_ref().is_none_or(Vec::is_empty);
    let served = served(connection.status, &connection.headers, connection.body.as_deref(), connection.body_sha256.as_deref());
    served.filter(|_| trusted && connection.error.is_none())
}

/// The hash of a policy without its content codings: compressed or not, it is the same.
fn served<'e>(status: Option<u16>, headers: &[(String, Vec<u8>)], body: Option<&'e [u8]>, hash: Option<&'e str>) -> Option<Cow<'e, str>> {
    let text = content_coding::of_response(headers, body.filter(|_| status == Some(200))?).text?;
    parse_lenient(&text)?;
    match text {
        Cow::Borrowed(_) => hash.map(Cow::Borrowed),
        Cow::Owned(text) => Some(hex::encode(Sha256::digest(text)).into()),
    }
}

fn words(served: &BTreeSet<Option<&str>>) -> String {
    let hashes: Vec<&str> = served.iter().flatten().map(|hash| hash.get(..12).unwrap_or(hash)).collect();
    match (hashes.is_empty(), served.contains(&None)) {
        (true, _) => "no policy".to_owned(),
        (false, false) => format!("policies with SHA-256 {}", quoted_list(hashes)),
        (false, true) => format!("policies with SHA-256 {} and none", quoted_list(hashes)),
    }
}
