//! What is to be said of the certificate of an MX host, each fault by itself (RFC 8461 section 4.2).

use std::time::SystemTime;

use crate::evidence::{Certificate, CertificateFault};
use crate::parse::mx_pattern::matches_lenient;

use super::certificate::{Family, has_short_key, key_words, weak_signature};
use super::rule::{ResultType, Rule, Severity, codes};
use super::verdict::{Remark, Verdict};

/// The certificate is not acceptable under MTA-STS. The severity is that of mode enforce.
const CERTIFICATE: Rule = Rule {
    severity: Severity::High,
    clause: "RFC 8461 section 4.2",
    effect: "With mode enforce senders do not deliver to the host; with mode testing they report a failure.",
    tlsrpt_result: Some(ResultType::CertificateNotTrusted),
    ..Rule::BASE
};

codes! {
    10164 MX_TLS_UNVERIFIED = "mx-tls-unverified" {
        leaves_open: true,
        clause: "RFC 8461 section 4.2",
        summary: "The scanner's TLS library cannot complete or verify the session with an MX host, which says nothing of the host.",
        effect: "Unknown: senders whose library has what the host asks for (a group, a key, a size) deliver.",
        remedy: "Nothing has to be fixed; a mail server that also offers X25519 or P-256 and a certificate of common type and size is reached by everyone.",
        example: Some(Seen("TLS 1.3 with secp521r1 as the only group", "TLS 1.3 with X25519")),
        ..Rule::BASE
    }
    11010 MX_CERT_NAME_MISMATCH = "mx-cert-name-mismatch" {
        summary: "The certificate of an MX host is not valid for its name.",
        remedy: "Obtain a certificate with the name that stands in the MX record as a subject alternative name.",
        tlsrpt_result: Some(ResultType::CertificateHostMismatch),
        example: Some(Seen(
            "example.com. MX 10 mail.example.com., certificate for www.example.com",
            "example.com. MX 10 mail.example.com., certificate for mail.example.com (or *.example.com)",
        )),
        ..CERTIFICATE
    }
    11015 MX_CERT_MATCHES_POLICY_ONLY = "mx-cert-matches-policy-only" {
        severity: Info,
        summary: "The certificate of an MX host is valid for a name that the policy allows, but not for the host.",
        effect: "Senders with Postfix before 3.10.5 and a policy plug-in deliver all the same; senders that follow the RFC do not.",
        remedy: "Obtain a certificate with the name that stands in the MX record; a name that the policy allows is not enough.",
        tlsrpt_result: None,
        example: Some(Seen(
            "example.com. MX 10 mail.example.com., mx: *.example.com, certificate for mx.example.com",
            "example.com. MX 10 mail.example.com., mx: *.example.com, certificate for mail.example.com",
        )),
        ..CERTIFICATE
    }
    11020 MX_CERT_NO_SAN = "mx-cert-no-san" {
        summary: "The certificate of an MX host has no subject alternative name of type DNS.",
        remedy: "Obtain a certificate that carries the host's name as a subject alternative name; the common name is not looked at.",
        tlsrpt_result: Some(ResultType::CertificateHostMismatch),
        example: Some(Seen(
            "certificate with common name mail.example.com and no subjectAltName",
            "certificate with subjectAltName DNS:mail.example.com",
        )),
        ..CERTIFICATE
    }
    11025 MX_CERT_V1 = "mx-cert-v1" {
        clause: "RFC 5280 section 4.1.2.1",
        summary: "The certificate of an MX host is of X.509 version 1, which has no extensions and so no subject alternative names.",
        remedy: "Obtain a certificate of version 3 from a public certification authority; nobody has issued others for decades.",
        tlsrpt_result: Some(ResultType::CertificateHostMismatch),
        example: Some(Seen("Version: 1 (0x0)", "Version: 3 (0x2)")),
        ..CERTIFICATE
    }
    11030 MX_CERT_EXPIRED = "mx-cert-expired" {
        summary: "The certificate of an MX host, or one of its chain, has expired.",
        remedy: "Renew the certificate and reload the mail server, which many forget after an automatic renewal.",
        tlsrpt_result: Some(ResultType::CertificateExpired),
        example: Some(Seen("notAfter: a week ago", "notAfter: in two months")),
        ..CERTIFICATE
    }
    11035 MX_CERT_NOT_YET_VALID = "mx-cert-not-yet-valid" {
        summary: "The certificate of an MX host is not valid yet.",
        remedy: "Install the certificate that is valid now, and check the clock of the machine on which it was issued.",
        example: Some(Seen("notBefore: in a week", "notBefore: yesterday")),
        ..CERTIFICATE
    }
    11040 MX_CERT_SELF_SIGNED = "mx-cert-self-signed" {
        summary: "The certificate of an MX host is self-signed.",
        remedy: "Obtain a certificate for the host's name from a public certification authority.",
        example: Some(Seen(
            "subject CN=mail.example.com, issuer CN=mail.example.com",
            "subject CN=mail.example.com, issuer a public certification authority",
        )),
        ..CERTIFICATE
    }
    11045 MX_CERT_INCOMPLETE_CHAIN = "mx-cert-incomplete-chain" {
        summary: "An MX host does not send the intermediate certificates that lead to a trusted root.",
        effect: "With mode enforce senders that do not fetch missing certificates, which is most of them, do not deliver to the host.",
        remedy: "Configure the full chain: the host's certificate followed by the intermediates (the file called fullchain.pem by many ACME clients).",
        example: Some(Seen(
            "sent: the certificate of mail.example.com",
            "sent: the certificate of mail.example.com, and that of the intermediate which issued it",
        )),
        ..CERTIFICATE
    }
    11050 MX_CERT_UNTRUSTED = "mx-cert-untrusted" {
        summary: "The certificate of an MX host does not lead to a publicly trusted root, or its chain cannot be validated.",
        remedy: "Install a certificate of a public certification authority together with its intermediate certificates.",
        example: Some(Seen("the chain ends at CN=Example Internal CA", "the chain ends at a root of the web PKI")),
        ..CERTIFICATE
    }
    11055 MX_CERT_WRONG_PURPOSE = "mx-cert-wrong-purpose" {
        clause: "RFC 5280 section 4.2.1.12",
        summary: "The certificate of an MX host is not one for servers.",
        remedy: "Obtain a certificate whose extended key usage has serverAuth (TLS Web Server Authentication), or that has none.",
        example: Some(Seen("extended key usage: clientAuth", "extended key usage: serverAuth")),
        ..CERTIFICATE
    }
    11057 MX_CERT_WEAK = "mx-cert-weak" {
        severity: Medium,
        clause: "RFC 9325 section 4.5",
        summary: "The certificate of an MX host has a short key or a signature that can be forged.",
        effect: "Some senders refuse such certificates, others take them; it depends on the library and its settings.",
        remedy: "Obtain a certificate with an RSA key of 2048 bits or more, or an EC key of 256, signed with SHA-256 or better.",
        tlsrpt_result: None,
        example: Some(Seen("certificate with an RSA key of 1024 bits", "certificate with an RSA key of 2048 bits, or an EC key of 256")),
        ..CERTIFICATE
    }
    11060 MX_CERT_EXPIRING = "mx-cert-expiring" {
        severity: Low,
        summary: "The certificate of an MX host expires soon.",
        effect: "None yet; once it has expired, senders with an enforced policy no longer deliver to the host.",
        remedy: "Check that automatic renewal works and that the mail server loads the new certificate.",
        tlsrpt_result: None,
        example: Some(Seen("notAfter: in five days", "notAfter: in fifteen days")),
        ..CERTIFICATE
    }
}

/// Of MX hosts.
const MX_HOST: Family = Family {
    name_mismatch: MX_CERT_NAME_MISMATCH,
    no_san: MX_CERT_NO_SAN,
    expired: MX_CERT_EXPIRED,
    not_yet_valid: MX_CERT_NOT_YET_VALID,
    self_signed: MX_CERT_SELF_SIGNED,
    incomplete_chain: MX_CERT_INCOMPLETE_CHAIN,
    untrusted: MX_CERT_UNTRUSTED,
    wrong_purpose: MX_CERT_WRONG_PURPOSE,
    revoked: MX_CERT_UNTRUSTED,
    expiring: MX_CERT_EXPIRING,
    unverified: MX_TLS_UNVERIFIED,
};

/// Whether a sender under MTA-STS accepts a certificate, and all that is to be said of it.
pub(super) fn judge(certificate: &Certificate, scanned_at: SystemTime, remarks: &mut Vec<Remark>) -> Verdict {
    let weak = weakness(certificate);
    let is_old = certificate.version.is_some_and(|version| version < 3);
    let mut verdict = Verdict::Passes;
    for fault in &certificate.faults {
        let (code, detail) = MX_HOST.fault(*fault, certificate, scanned_at);
        match fault {
            // Whether a sender takes a short key depends on its library; a signature that can be forged no current one takes.
            CertificateFault::Unsupported if weak.is_some() => verdict = verdict.or_open(),
            CertificateFault::Malformed if is_old || weak.is_some() => verdict = Verdict::Fails, // For what is said below.
            CertificateFault::Unsupported => {
                remarks.push(Remark::open(code, detail));
                verdict = verdict.or_open();
            }
            _ => {
                remarks.push(Remark::stops(code, detail));
                verdict = Verdict::Fails;
            }
        }
    }
    if let Some(version) = certificate.version.filter(|_| is_old) {
        remarks.push(Remark::stops(MX_CERT_V1, format!("version {version}")));
        verdict = Verdict::Fails;
    }
    let refused = certificate.faults.contains(&CertificateFault::Malformed);
    remarks.extend(weak.map(|weakness| if refused { Remark::stops(MX_CERT_WEAK, weakness) } else { Remark::fact(MX_CERT_WEAK, weakness) }));
    remarks.extend(MX_HOST.expiry(certificate, scanned_at).map(|(code, detail)| Remark::fact(code, detail)));
    verdict
}

fn weakness(certificate: &Certificate) -> Option<String> {
    let key = has_short_key(certificate).then(|| key_words(certificate));
    let signature = weak_signature(certificate).map(|algorithm| format!("signed with {algorithm}"));
    let words: Vec<String> = key.into_iter().chain(signature).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// A name of the certificate that a pattern of the policy allows, where none is that of the host: old senders are content with it.
pub(super) fn name_of_policy<'c>(certificate: &'c Certificate, patterns: &[String]) -> Option<&'c str> {
    let fits = |name: &str| patterns.iter().any(|pattern| pattern.eq_ignore_ascii_case(name) || matches_lenient(pattern, name));
    let mismatch = certificate.faults.contains(&CertificateFault::NameMismatch);
    certificate.sans.iter().map(String::as_str).find(|name| mismatch && fits(name))
}
