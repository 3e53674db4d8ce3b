//! The verdict on a certificate chain: every kind of fault, and the facts of the leaf.
//!
//! A library's verifier stops at the first fault. Here name, time and trust are judged apart, so that a certificate that
//! has expired and names another host shows both. The rules:
//!
//! - *Name*: [`NoSan`](CertificateFault::NoSan) where the leaf has no SAN dNSName, else
//!   [`NameMismatch`](CertificateFault::NameMismatch) where none of them matches (RFC 8461 section 3.3: DNS-ID only, a
//!   wildcard only as the complete left-most label; the common name counts for nothing).
//! - *Time*: [`Expired`](CertificateFault::Expired) and [`NotYetValid`](CertificateFault::NotYetValid) for the leaf, or for a
//!   certificate on the way to the root.
//! - *Trust*: the path is built now; if it fails for its dates, it is built once more at the leaf's notBefore, the moment at
//!   which every certificate of a sound chain was valid, so that trust is judged without them. Where no path leads to a
//!   trusted root:
//!   1. the leaf is its own issuer: [`SelfSigned`](CertificateFault::SelfSigned);
//!   2. nothing that was sent issued the leaf, and the leaf says where its issuer can be downloaded (caIssuers by HTTP), or some
//!      other certificate that was sent does lead to a trusted root: [`IncompleteChain`](CertificateFault::IncompleteChain);
//!   3. all else: [`Untrusted`](CertificateFault::Untrusted).
//! - *Purpose*: [`WrongPurpose`](CertificateFault::WrongPurpose) where an extended key usage of the leaf, or of an issuer, leaves out
//!   servers. Trust is then judged as if it did not.
//! - What our library cannot verify, and senders' libraries can, is [`Unsupported`](CertificateFault::Unsupported).
//! - Whatever else breaks RFC 5280 is [`Malformed`](CertificateFault::Malformed).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};
use webpki::EndEntityCert;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::parse_x509_certificate;

use super::distinguished_name::{cut, to_rfc4514};
use super::leaf_key;
use super::long_path::{self, Purpose};
use crate::evidence::{Certificate, CertificateFault};
use crate::observe::tls::VERIFICATION_ALGORITHMS;
use crate::words;

/// Intermediates of a path that webpki builds.
const MAX_WEBPKI_INTERMEDIATES: usize = 6;
/// Octets of a certificate that webpki reads: its lengths have two octets.
const MAX_WEBPKI_OCTETS: usize = 0xFFFF;
/// Names of the leaf that are kept.
const MAX_SANS: usize = 100;
/// Octets of such a name that are kept; DNS has no longer ones.
const MAX_SAN_OCTETS: usize = 255;
/// Octets of the words for the faults that are kept.
const MAX_REASON_OCTETS: usize = 300;
/// X.509 extension Authority Information Access, and its access method caIssuers (RFC 5280 section 4.2.2.1).
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// Judges the chain as presented (the leaf first) for the host at the time; `None` for an empty chain.
pub(in crate::observe) fn examine(
    chain: &[CertificateDer<'_>],
    host: &ServerName<'_>,
    roots: &RootCertStore,
    now: UnixTime,
) -> Option<Certificate> {
    let (leaf_der, others) = chain.split_first()?;
    let leaf = parse_x509_certificate(leaf_der).ok().map(|(_, leaf)| leaf);
    let mut verdict = Verdict::default();
    if leaf.as_ref().is_some_and(is_for_others) {
        verdict.add(CertificateFault::WrongPurpose, "it is not for TLS servers (extended key usage)");
    }
    match EndEntityCert::try_from(leaf_der) {
        Ok(end_entity) => {
            if let Err(error) = end_entity.verify_is_valid_for_subject_name(host) {
                verdict.add(name_fault(leaf.as_ref()), words::path(&error));
            }
            judge_path(&end_entity, leaf.as_ref(), others, roots, now, &mut verdict);
        }
        Err(_) if leaf_der.len() > MAX_WEBPKI_OCTETS && leaf.is_some() => {
            verdict.add(CertificateFault::Unsupported, "it is larger than is supported here");
            judge_unreadable(leaf.as_ref(), now, &mut verdict);
            if !leaf.iter().flat_map(dns_names).any(|name| names_host(name, &host.to_str())) {
                verdict.add(name_fault(leaf.as_ref()), "by the fields of the leaf");
            }
        }
        Err(error) => {
            verdict.add(CertificateFault::Malformed, words::path(&error));
            judge_unreadable(leaf.as_ref(), now, &mut verdict);
        }
    }
    Some(describe(leaf_der, leaf.as_ref(), chain.len(), verdict))
}

/// Faults with the words for them.
#[derive(Default)]
struct Verdict {
    faults: Vec<CertificateFault>,
    reasons: Vec<String>,
}

impl Verdict {
    fn add(&mut self, fault: CertificateFault, why: &str) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
            self.reasons.push(format!("{fault}: {why}"));
        }
    }
}

/// Whether a SAN dNSName is the host, or a wildcard of its first label.
fn names_host(name: &str, host: &str) -> bool {
    let wildcard = name.strip_prefix("*.").zip(host.split_once('.'));
    name.eq_ignore_ascii_case(host) || wildcard.is_some_and(|(parent, (_, rest))| parent.eq_ignore_ascii_case(rest))
}

fn name_fault(leaf: Option<&X509Certificate<'_>>) -> CertificateFault {
    if leaf.is_some_and(|leaf| dns_names(leaf).next().is_none()) { CertificateFault::NoSan } else { CertificateFault::NameMismatch }
}

/// Whether its extended key usage leaves out servers.
fn is_for_others(leaf: &X509Certificate<'_>) -> bool {
    leaf.extended_key_usage().ok().flatten().is_some_and(|usage| !usage.value.server_auth)
}

/// Time and trust.
fn judge_path(
    end_entity: &EndEntityCert<'_>,
    leaf: Option<&X509Certificate<'_>>,
    others: &[CertificateDer<'_>],
    roots: &RootCertStore,
    now: UnixTime,
    verdict: &mut Verdict,
) {
    let path_for = |purpose, time| {
        let path = end_entity.verify_for_usage(VERIFICATION_ALGORITHMS.all, &roots.roots, others, time, purpose, None, None);
        match path.map(|_| ()) {
            Err(error) if others.len() > MAX_WEBPKI_INTERMEDIATES => match long_path::verify(end_entity, others, roots, time, purpose) {
                Err(webpki::Error::UnknownIssuer) if error != webpki::Error::MaximumPathDepthExceeded => Err(error),
                long => long,
            },
            short => short,
        }
    };
    let path_at = |time, verdict: &mut Verdict| match path_for(Purpose::Servers, time) {
        Err(error @ webpki::Error::RequiredEkuNotFoundContext(_)) => {
            verdict.add(CertificateFault::WrongPurpose, words::path(&error));
            path_for(Purpose::Any, time)
        }
        path => path,
    };
    let Err(error) = path_at(now, verdict) else { return };
    let Some(fault) = time_fault(&error) else {
        return judge_trust(&error, leaf, others, roots, verdict);
    };
    verdict.add(fault, words::path(&error));
    let issued = leaf.and_then(|leaf| u64::try_from(leaf.validity().not_before.timestamp()).ok());
    if let Some(issued) = issued.map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
        && let Err(error) = path_at(issued, verdict)
        && time_fault(&error).is_none()
    {
        judge_trust(&error, leaf, others, roots, verdict);
    }
}

pub(super) fn time_fault(error: &webpki::Error) -> Option<CertificateFault> {
    match error {
        webpki::Error::CertExpired { .. } | webpki::Error::InvalidCertValidity => Some(CertificateFault::Expired),
        webpki::Error::CertNotValidYet { .. } => Some(CertificateFault::NotYetValid),
        _ => None,
    }
}

fn judge_trust(
    error: &webpki::Error,
    leaf: Option<&X509Certificate<'_>>,
    others: &[CertificateDer<'_>],
    roots: &RootCertStore,
    verdict: &mut Verdict,
) {
    use webpki::Error::{CaUsedAsEndEntity, CertDistrusted, CertRevoked, InvalidSignatureForPublicKey, UnknownIssuer};
    let self_signed = leaf.is_some_and(|leaf| is_self_signed(leaf) && !is_root(leaf, roots));
    let fault = match error {
        CertRevoked => CertificateFault::Revoked,
        UnknownIssuer if self_signed => CertificateFault::SelfSigned,
        // Self-signed certificates are often marked as a CA, which the library then reports first.
        CaUsedAsEndEntity if self_signed => CertificateFault::SelfSigned,
        UnknownIssuer => missing_issuer(leaf, others, roots),
        error if is_our_limit(error, others) => CertificateFault::Unsupported,
        CertDistrusted | InvalidSignatureForPublicKey => CertificateFault::Untrusted,
        _ => CertificateFault::Malformed,
    };
    let why = match error {
        InvalidSignatureForPublicKey if fault == CertificateFault::Unsupported => {
            "an RSA key in the chain has a length that is not supported here"
        }
        webpki::Error::NameConstraintViolation if fault == CertificateFault::Unsupported => {
            "an issuer constrains directory names, which is not supported here"
        }
        _ => words::path(error),
    };
    verdict.add(fault, why);
    if self_signed {
        verdict.add(CertificateFault::SelfSigned, "its own issuer");
    }
}

/// Whether a path was refused for what our library lacks and senders' libraries have: algorithms but those that nobody should take,
/// RSA keys of any length, names constrained by directory, paths of any length.
pub(super) fn is_our_limit(error: &webpki::Error, others: &[CertificateDer<'_>]) -> bool {
    use webpki::Error as E;
    match error {
        E::MaximumPathDepthExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumSignatureChecksExceeded
        | E::MaximumNameConstraintComparisonsExceeded => true,
        E::UnsupportedSignatureAlgorithmContext(context) => !leaf_key::is_obsolete(&context.signature_algorithm_id),
        E::UnsupportedSignatureAlgorithmForPublicKeyContext(context) => {
            leaf_key::may_sign(&context.public_key_algorithm_id, &context.signature_algorithm_id)
        }
        E::InvalidSignatureForPublicKey => others.iter().any(|issuer| leaf_key::is_rsa_of_other_length(issuer)),
        E::NameConstraintViolation => others.iter().any(|issuer| constrains_directories(issuer)),
        _ => false,
    }
}

/// webpki takes any constraint on directory names for broken.
fn constrains_directories(der: &[u8]) -> bool {
    let Ok((_, certificate)) = parse_x509_certificate(der) else { return false };
    certificate.name_constraints().ok().flatten().is_some_and(|constraints| {
        let subtrees = constraints.value.permitted_subtrees.iter().chain(&constraints.value.excluded_subtrees).flatten();
        subtrees.into_iter().any(|subtree| matches!(subtree.base, GeneralName::DirectoryName(_)))
    })
}

fn is_root(certificate: &X509Certificate<'_>, roots: &RootCertStore) -> bool {
    let key = contents(certificate.public_key().raw);
    roots.roots.iter().any(|root| Some(root.subject_public_key_info.as_ref()) == key)
}

/// Its own issuer by name, unless the key identifiers say that another key of that name signed it.
pub(super) fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    let mut subject_key = None;
    let mut issuer_key = None;
    for extension in certificate.iter_extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(key) => subject_key = Some(key.0),
            ParsedExtension::AuthorityKeyIdentifier(authority) => issuer_key = authority.key_identifier.as_ref().map(|key| key.0),
            _ => {}
        }
    }
    certificate.subject().as_raw() == certificate.issuer().as_raw() && issuer_key.is_none_or(|key| subject_key.is_none_or(|own| own == key))
}

/// Rules 2 and 3 of the module's doc.
fn missing_issuer(leaf: Option<&X509Certificate<'_>>, others: &[CertificateDer<'_>], roots: &RootCertStore) -> CertificateFault {
    let Some(leaf) = leaf else { return CertificateFault::Untrusted };
    let sent: Vec<X509Certificate<'_>> =
        others.iter().filter_map(|der| parse_x509_certificate(der).ok()).map(|(_, certificate)| certificate).collect();
    if sent.iter().any(|issuer| issuer.subject().as_raw() == leaf.issuer().as_raw()) {
        return CertificateFault::Untrusted;
    }
    let leads_to_root = |certificate: &X509Certificate<'_>| {
        let issuer = contents(certificate.issuer().as_raw());
        roots.roots.iter().any(|root| Some(root.subject.as_ref()) == issuer)
    };
    if names_issuer_location(leaf) || sent.iter().any(leads_to_root) {
        CertificateFault::IncompleteChain
    } else {
        CertificateFault::Untrusted
    }
}

/// The contents of a DER sequence: trust anchors keep names without the outer header.
pub(super) fn contents(der: &[u8]) -> Option<&[u8]> {
    let (first, after) = der.get(1..)?.split_first()?;
    match first {
        0..=0x7f => Some(after),
        0x81..=0x84 => after.get(usize::from(first & 0x7f)..),
        _ => None,
    }
}

fn names_issuer_location(leaf: &X509Certificate<'_>) -> bool {
    leaf.iter_extensions().any(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityInfoAccess(access) => access.iter().any(|description| {
            description.access_method.to_id_string() == CA_ISSUERS
                && matches!(description.access_location, GeneralName::URI(uri) if uri.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http")))
        }),
        _ => false,
    })
}

/// What can be said of a leaf that the path builder does not accept at all (an X.509 version 1 certificate, say).
fn judge_unreadable(leaf: Option<&X509Certificate<'_>>, now: UnixTime, verdict: &mut Verdict) {
    let Some(leaf) = leaf else { return };
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let checks = [
        (CertificateFault::NoSan, dns_names(leaf).next().is_none()),
        (CertificateFault::Expired, leaf.validity().not_after.timestamp() < now),
        (CertificateFault::NotYetValid, leaf.validity().not_before.timestamp() > now),
        (CertificateFault::SelfSigned, is_self_signed(leaf)),
    ];
    for (fault, _) in checks.into_iter().filter(|(_, found)| *found) {
        verdict.add(fault, "by the fields of the leaf");
    }
}

fn describe(der: &[u8], leaf: Option<&X509Certificate<'_>>, chain_length: usize, mut verdict: Verdict) -> Certificate {
    verdict.faults.sort_unstable();
    let reason = (!verdict.reasons.is_empty()).then(|| cut(verdict.reasons.join("; "), MAX_REASON_OCTETS));
    Certificate {
        faults: verdict.faults,
        reason,
        subject: leaf.map(|leaf| to_rfc4514(leaf.subject())).unwrap_or_default(),
        sans: leaf
            .map(|leaf| dns_names(leaf).take(MAX_SANS).map(|name| cut(name.to_owned(), MAX_SAN_OCTETS)).collect())
            .unwrap_or_default(),
        issuer: leaf.map(|leaf| to_rfc4514(leaf.issuer())).unwrap_or_default(),
        not_before: leaf.and_then(|leaf| system_time(leaf.validity().not_before.timestamp())),
        not_after: leaf.and_then(|leaf| system_time(leaf.validity().not_after.timestamp())),
        key_type: leaf.map(leaf_key::key_type),
        key_bits: leaf.and_then(leaf_key::key_bits),
        signature_algorithm: leaf.map(leaf_key::signature_algorithm),
        sha256: hex::encode(Sha256::digest(der)),
        version: leaf.and_then(|leaf| u8::try_from(leaf.version().0).ok()).map(|version| version.saturating_add(1)),
        chain_length: u16::try_from(chain_length).unwrap_or(u16::MAX),
    }
}

fn dns_names<'a>(leaf: &'a X509Certificate<'_>) -> impl Iterator<Item = &'a str> {
    let names = leaf.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(names) => Some(names),
        _ => None,
    });
    names.into_iter().flat_map(|names| &names.general_names).filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(*name),
        _ => None,
    })
}

fn system_time(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

#[cfg(test)]
mod tests;
