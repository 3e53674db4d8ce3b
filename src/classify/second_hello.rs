//! What a failed handshake says of the policy host once it has been asked again with a wide hello: a fault of the host, or a limit of our
//! TLS library, which senders with another one do not share.

use std::time::SystemTime;

use crate::evidence::{Certificate, Fetch, FetchFault, SecondHello, TlsVersion};

use super::certificate;
use super::certificate::declared::{STS_FETCH_TLS_UNVERIFIED, STS_FETCH_TLS_WEAK};
use super::connecting::declared::STS_FETCH_TLS_OLD;
use super::findings::{Findings, quoted};
use super::rule::Severity;

/// Whether the handshake failed for what our library lacks, so that senders may get through. A certificate that nobody may accept settles
/// the matter all the same.
pub(super) fn leaves_open(fetch: &Fetch) -> bool {
    let Some(error) = &fetch.error else { return false };
    match (&fetch.second_hello, &fetch.certificate) {
        (Some(hello), _) => hello.leaves_open(),
        (None, Some(certificate)) => !certificate.is_refused() && has_other_key(error.fault, certificate),
        (None, None) => false,
    }
}

/// Whether the handshake failed for a key that our library does not take. Evidence of earlier versions knows short ones only.
fn has_other_key(fault: FetchFault, certificate: &Certificate) -> bool {
    fault == FetchFault::TlsUnsupported || (fault == FetchFault::TlsProtocol && certificate::has_short_key(certificate))
}

/// Adds why the handshake failed where that is not what the error says; whether it did.
pub(super) fn remark(fetch: &Fetch, host: &str, scanned_at: SystemTime, findings: &mut Findings) -> bool {
    let (Some(error), open) = (&fetch.error, leaves_open(fetch)) else { return false };
    let why = format!("{}: {}", error.fault, quoted(&error.text));
    let Some(hello) = &fetch.second_hello else {
        let Some(certificate) = fetch.certificate.as_ref().filter(|shown| has_other_key(error.fault, shown)) else { return false };
        // A short key has its own finding.
        if !certificate::has_short_key(certificate) {
            findings.add(STS_FETCH_TLS_UNVERIFIED, host, format!("{why}; {}", certificate::key_words(certificate)));
        }
        return true;
    };
    if let Some(certificate) = &hello.certificate {
        certificate::remark(certificate, host, scanned_at, findings);
        certificate::remark_strength(certificate, None, host, findings);
    }
    let detail = || format!("{why}; a hello that offers everything: {}", words(hello));
    match hello.version {
        Some(version) if !version.suffices() => findings.add(STS_FETCH_TLS_OLD, host, detail()),
        Some(TlsVersion::Tls12) if hello.cipher.as_deref().is_some_and(is_legacy) => {
            findings.add_rated(STS_FETCH_TLS_WEAK, Severity::Medium, host, detail());
        }
        _ if open => findings.add(STS_FETCH_TLS_UNVERIFIED, host, detail()),
        found => return found.is_some(),
    }
    true
}

/// Whether a suite of TLS 1.2 is none of today: no ephemeral key exchange over elliptic curves, or no authenticated encryption
/// (RFC 9325 section 4.2).
fn is_legacy(cipher: &str) -> bool {
    has_legacy_exchange(cipher) || is_weak(cipher)
}

/// Whether keys are exchanged by RSA or over a finite field, which some libraries no longer have.
pub(super) fn has_legacy_exchange(cipher: &str) -> bool {
    !cipher.starts_with("TLS_ECDHE_")
}

/// Whether a suite lacks forward secrecy or authenticated encryption.
pub(super) fn is_weak(cipher: &str) -> bool {
    let authenticated = ["_GCM_", "_CCM", "_CHACHA20_"].iter().any(|mode| cipher.contains(mode));
    !authenticated || !["TLS_ECDHE_", "TLS_DHE_"].iter().any(|exchange| cipher.starts_with(exchange))
}

pub(super) fn words(hello: &SecondHello) -> String {
    let chosen = [hello.version.map(TlsVersion::as_str), hello.cipher.as_deref(), hello.key_exchange.as_deref()];
    let mut parts: Vec<String> = chosen.into_iter().flatten().map(str::to_owned).collect();
    if let Some(certificate) = &hello.certificate {
        parts.push(certificate::key_words(certificate));
    }
    if let Some(error) = &hello.error {
        parts.push(format!("{}, {}", error.fault, quoted(&error.text)));
    }
    parts.join(", ")
}
