//! What is to be said of the certificate of the policy host (RFC 8461 section 3.3).

use std::time::{Duration, SystemTime};

use crate::evidence::{Certificate, CertificateFault, FetchError, FetchFault};

use super::families::{RETRIEVED, SESSION};
use super::findings::{Findings, quoted, quoted_list};
use super::rule::{Code, ResultType, Rule, Severity, codes};

/// A certificate that expires sooner deserves a word.
const EXPIRES_SOON: Duration = Duration::from_secs(14 * 86_400);
/// Keys of RSA and DSA shorter than this, in bits, are weak (RFC 9325 section 4.5).
const LEAST_BITS: u16 = 2048;
/// Keys of elliptic curves shorter than this, in bits, are weak (the same).
const LEAST_CURVE_BITS: u16 = 224;
/// Certificates with a shorter lifetime are renewed all the time; for them only the last tenth of it is soon.
const SHORT_LIVED: Duration = Duration::from_secs(10 * 86_400);

/// The server's certificate is not acceptable.
const CERTIFICATE: Rule = Rule { tlsrpt_result: Some(ResultType::StsWebpkiInvalid), ..SESSION };

codes! {
    3080 STS_FETCH_TLS_WEAK = "sts-fetch-tls-weak" {
        severity: Low,
        clause: "RFC 9325 section 4",
        summary: "The policy host negotiates a weak cipher suite or key.",
        effect: "The session is easier to break than it need be; where the host has nothing else, only senders whose library still takes it retrieve the policy.",
        remedy: "Configure the web server by RFC 9325: ephemeral key exchange, authenticated encryption, RSA keys of 2048 bits or more.",
        stage: Some(Stage::Tls), // Where the host has nothing else.
        example: Some(Seen("certificate with an RSA key of 1024 bits", "certificate with an RSA key of 2048 bits, or an EC key of 256")),
        ..RETRIEVED
    }
    3085 STS_FETCH_TLS_UNVERIFIED = "sts-fetch-tls-unverified" {
        clause: "RFC 8461 section 3.3",
        summary: "The scanner's TLS library cannot complete or verify the session with the policy host, which says nothing of the host.",
        effect: "Not known: senders whose library has what the host asks for (a group, a key, a size) retrieve the policy.",
        remedy: "Nothing has to be fixed; a web server that also offers X25519 or P-256 and a certificate of common type and size is reached by everyone.",
        example: Some(Seen(
            "TLS 1.3 with secp521r1 as the only group",
            "TLS handshake: alert handshake_failure, whatever is offered",
        )),
        ..RETRIEVED
    }
    3100 STS_FETCH_CERT_NAME_MISMATCH = "sts-fetch-cert-name-mismatch" {
        summary: "The certificate of the policy host is valid for other names, not for mta-sts.DOMAIN.",
        remedy: "Obtain a certificate with mta-sts.DOMAIN as a subject alternative name and install it for that virtual host; *.DOMAIN also covers it, but DOMAIN alone or the provider's own name does not.",
        example: Some(Seen(
            "certificate for example.com, www.example.com",
            "certificate for example.com, mta-sts.example.com (or *.example.com)",
        )),
        ..CERTIFICATE
    }
    3110 STS_FETCH_CERT_NO_SAN = "sts-fetch-cert-no-san" {
        summary: "The certificate of the policy host has no subject alternative name of type DNS.",
        remedy: "Obtain a certificate that carries mta-sts.DOMAIN as a subject alternative name; the common name is not looked at.",
        example: Some(Seen(
            "certificate with common name mta-sts.example.com and no subjectAltName",
            "certificate with subjectAltName DNS:mta-sts.example.com",
        )),
        ..CERTIFICATE
    }
    3120 STS_FETCH_CERT_EXPIRED = "sts-fetch-cert-expired" {
        summary: "The certificate of the policy host, or one of its chain, has expired.",
        remedy: "Renew the certificate for mta-sts.DOMAIN and reload the web server; then find out why automatic renewal failed.",
        example: Some(Seen("notAfter: a week ago", "notAfter: in two months")),
        ..CERTIFICATE
    }
    3130 STS_FETCH_CERT_NOT_YET_VALID = "sts-fetch-cert-not-yet-valid" {
        summary: "The certificate of the policy host is not valid yet.",
        remedy: "Install the certificate that is valid now, and check the clock of the machine on which it was issued.",
        example: Some(Seen("notBefore: in a week", "notBefore: yesterday")),
        ..CERTIFICATE
    }
    3140 STS_FETCH_CERT_SELF_SIGNED = "sts-fetch-cert-self-signed" {
        summary: "The certificate of the policy host is self-signed.",
        remedy: "Obtain a certificate for mta-sts.DOMAIN from a public certification authority, for example by ACME; a self-signed one is often the default of a web server without a virtual host for the name.",
        example: Some(Seen(
            "subject CN=mta-sts.example.com, issuer CN=mta-sts.example.com",
            "subject CN=mta-sts.example.com, issuer a public certification authority",
        )),
        ..CERTIFICATE
    }
    3150 STS_FETCH_CERT_INCOMPLETE_CHAIN = "sts-fetch-cert-incomplete-chain" {
        summary: "The policy host does not send the intermediate certificates that lead to a trusted root.",
        effect: "Senders that do not fetch missing certificates, which is most of them, must not use the policy; browsers hide the fault.",
        remedy: "Configure the full chain: the certificate of mta-sts.DOMAIN followed by the intermediates (the file called fullchain.pem by many ACME clients).",
        example: Some(Seen(
            "sent: the certificate of mta-sts.example.com",
            "sent: the certificate of mta-sts.example.com, and that of the intermediate which issued it",
        )),
        ..CERTIFICATE
    }
    3160 STS_FETCH_CERT_UNTRUSTED = "sts-fetch-cert-untrusted" {
        summary: "The certificate of the policy host does not lead to a publicly trusted root, or its chain cannot be validated.",
        remedy: "Obtain a certificate for mta-sts.DOMAIN from a public certification authority; a private one is not known to other people's mail servers.",
        example: Some(Seen("the chain ends at CN=Example Internal CA", "the chain ends at a root of the web PKI")),
        ..CERTIFICATE
    }
    3170 STS_FETCH_CERT_REVOKED = "sts-fetch-cert-revoked" {
        summary: "The certificate of the policy host has been revoked.",
        effect: "Senders that check revocation must not use the policy.",
        remedy: "Obtain a new certificate for mta-sts.DOMAIN with a new key and install it.",
        example: Some(Seen("the issuer lists the certificate as revoked", "the issuer does not list it")),
        ..CERTIFICATE
    }
    3180 STS_FETCH_CERT_EXPIRING = "sts-fetch-cert-expiring" {
        severity: Low,
        summary: "The certificate of the policy host expires soon.",
        effect: "None yet; once it has expired, senders can no longer retrieve the policy.",
        remedy: "Check that automatic renewal for mta-sts.DOMAIN works and that the web server loads the new certificate.",
        example: Some(Seen("notAfter: in five days", "notAfter: in fifteen days")),
        ..RETRIEVED
    }
}

/// The codes by which a family of hosts says what is wrong with a certificate. Faults without a code of their own (revoked, another purpose)
/// have that of an untrusted one in some families.
pub(super) struct Family {
    pub name_mismatch: Code,
    pub no_san: Code,
    pub expired: Code,
    pub not_yet_valid: Code,
    pub self_signed: Code,
    pub incomplete_chain: Code,
    pub untrusted: Code,
    pub wrong_purpose: Code,
    pub revoked: Code,
    pub expiring: Code,
    pub unverified: Code,
}

/// Of policy hosts.
const POLICY_HOST: Family = Family {
    name_mismatch: STS_FETCH_CERT_NAME_MISMATCH,
    no_san: STS_FETCH_CERT_NO_SAN,
    expired: STS_FETCH_CERT_EXPIRED,
    not_yet_valid: STS_FETCH_CERT_NOT_YET_VALID,
    self_signed: STS_FETCH_CERT_SELF_SIGNED,
    incomplete_chain: STS_FETCH_CERT_INCOMPLETE_CHAIN,
    untrusted: STS_FETCH_CERT_UNTRUSTED,
    wrong_purpose: STS_FETCH_CERT_UNTRUSTED,
    revoked: STS_FETCH_CERT_REVOKED,
    expiring: STS_FETCH_CERT_EXPIRING,
    unverified: STS_FETCH_TLS_UNVERIFIED,
};

impl Family {
    /// The code of a fault, and the particulars.
    pub(super) fn fault(&self, fault: CertificateFault, certificate: &Certificate, scanned_at: SystemTime) -> (Code, String) {
        let reason = || quoted(certificate.reason.as_deref().unwrap_or_default());
        match fault {
            CertificateFault::NameMismatch => (self.name_mismatch, format!("valid for {}", quoted_list(&certificate.sans))),
            CertificateFault::NoSan => (self.no_san, format!("subject {}", quoted(&certificate.subject))),
            CertificateFault::Expired => (self.expired, age_words(certificate.not_after, scanned_at)),
            CertificateFault::NotYetValid => (self.not_yet_valid, age_words(certificate.not_before, scanned_at)),
            CertificateFault::SelfSigned => (self.self_signed, format!("subject {}", quoted(&certificate.subject))),
            CertificateFault::IncompleteChain => (self.incomplete_chain, issuer_words(certificate)),
            CertificateFault::Untrusted => (self.untrusted, issuer_words(certificate)),
            CertificateFault::Revoked => (self.revoked, issuer_words(certificate)),
            CertificateFault::Unsupported => (self.unverified, format!("the certificate cannot be verified here: {}", reason())),
            CertificateFault::WrongPurpose => (self.wrong_purpose, format!("cannot be validated: {}", reason())),
            CertificateFault::Malformed => (self.untrusted, format!("cannot be validated: {}", reason())),
        }
    }

    /// Whether the certificate expires soon, with the particulars.
    pub(super) fn expiry(&self, certificate: &Certificate, scanned_at: SystemTime) -> Option<(Code, String)> {
        let expired = certificate.faults.contains(&CertificateFault::Expired);
        let left = certificate.not_after.and_then(|end| end.duration_since(scanned_at).ok()).filter(|_| !expired)?;
        let lifetime = certificate.not_after.zip(certificate.not_before).and_then(|(end, start)| end.duration_since(start).ok());
        let last_tenth = lifetime.is_some_and(|lifetime| left < lifetime / 10);
        let short_lived = lifetime.is_some_and(|lifetime| lifetime < SHORT_LIVED);
        let soon = last_tenth || (left <= EXPIRES_SOON && !short_lived);
        soon.then(|| (self.expiring, age_words(certificate.not_after, scanned_at)))
    }
}

/// Adds what makes the certificate of a policy host unacceptable, or soon will.
pub(super) fn remark(certificate: &Certificate, host: &str, scanned_at: SystemTime, findings: &mut Findings) {
    let faults = certificate.faults.iter().map(|fault| POLICY_HOST.fault(*fault, certificate, scanned_at));
    for (code, detail) in faults.chain(POLICY_HOST.expiry(certificate, scanned_at)) {
        findings.add(code, host, detail);
    }
}

/// A short key, or a signature that can be forged. `error` is that of a handshake with the key.
pub(super) fn remark_strength(certificate: &Certificate, error: Option<&FetchError>, host: &str, findings: &mut Findings) {
    if has_short_key(certificate) {
        let key = key_words(certificate);
        match error.filter(|error| matches!(error.fault, FetchFault::TlsProtocol | FetchFault::TlsUnsupported)) {
            Some(error) => {
                let detail = format!("{key}, which the scanner's library does not take: {}", quoted(&error.text));
                // Whether a sender takes it depends on its library.
                findings.add_rated(STS_FETCH_TLS_WEAK, Severity::Medium, host, detail);
            }
            None => findings.add(STS_FETCH_TLS_WEAK, host, key),
        }
    }
    if let Some(signature) = weak_signature(certificate) {
        findings.add(STS_FETCH_TLS_WEAK, host, format!("signed with {signature}"));
    }
}

/// The algorithm of a signature that can be forged.
pub(super) fn weak_signature(certificate: &Certificate) -> Option<&str> {
    let signature = certificate.signature_algorithm.as_deref()?;
    ["md2", "md5", "sha1", "SHA1"].iter().any(|hash| signature.contains(hash)).then_some(signature)
}

/// The key of a certificate in words.
pub(super) fn key_words(certificate: &Certificate) -> String {
    let bits = certificate.key_bits.map_or_else(|| "unknown length".to_owned(), |bits| format!("{bits} bits"));
    format!("{} key of {bits}", certificate.key_type.as_deref().unwrap_or("unreadable"))
}

/// Whether the key is shorter than RFC 9325 wants it.
pub(super) fn has_short_key(certificate: &Certificate) -> bool {
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
