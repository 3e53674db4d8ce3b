//! The key of a leaf and how the leaf is signed, in the words of RFC 3279 and RFC 4055.

use std::ops::RangeInclusive;

use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::EndEntityCert;
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;
use x509_parser::public_key::PublicKey;

use super::distinguished_name::cut;
use crate::observe::tls::VERIFICATION_ALGORITHMS;

/// Octets of an object identifier that are kept.
const MAX_OID_OCTETS: usize = 64;

/// Lengths of RSA keys that ring takes.
const RSA_BITS: RangeInclusive<u16> = 2048..=8192;

const KEYS: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.10", "RSA"), // For PSS alone.
    ("1.2.840.10045.2.1", "EC"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

const SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.2.840.10040.4.3", "dsa-with-SHA1"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

fn named(table: &[(&str, &str)], oid: String) -> String {
    table.iter().find(|(known, _)| *known == oid).map_or_else(|| cut(oid, MAX_OID_OCTETS), |(_, name)| (*name).to_owned())
}

/// The algorithm of the key.
pub(super) fn key_type(leaf: &X509Certificate<'_>) -> String {
    named(KEYS, leaf.public_key().algorithm.algorithm.to_id_string())
}

/// The length of the key in bits; `None` where it cannot be read.
pub(super) fn key_bits(leaf: &X509Certificate<'_>) -> Option<u16> {
    let key = leaf.public_key();
    let bits = match (key.parsed().ok()?, key_type(leaf).as_str()) {
        (PublicKey::RSA(rsa), _) => {
            let zeros = rsa.modulus.iter().take_while(|octet| **octet == 0).count();
            let first = rsa.modulus.get(zeros)?;
            (rsa.modulus.len() - zeros) * 8 - first.leading_zeros() as usize
        }
        // P-521 fills 66 octets but for seven bits.
        (key @ PublicKey::EC(_), _) if key.key_size() == 528 => 521,
        (_, "Ed25519") => 256,
        (_, "Ed448") => 456,
        (key, _) => key.key_size(),
    };
    u16::try_from(bits).ok().filter(|bits| *bits > 0)
}

/// The algorithm of the signature.
pub(super) fn signature_algorithm(leaf: &X509Certificate<'_>) -> String {
    named(SIGNATURES, leaf.signature_algorithm.algorithm.to_id_string())
}

/// Whether our library can verify what the key of a certificate signs; `true` where the certificate cannot be read.
pub(in crate::observe) fn is_supported(der: &CertificateDer<'_>) -> bool {
    let Ok(certificate) = EndEntityCert::try_from(der) else { return true };
    let fits = |algorithm: &&dyn SignatureVerificationAlgorithm| {
        !matches!(
            certificate.verify_signature(*algorithm, &[], &[]),
            Err(webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_))
        )
    };
    VERIFICATION_ALGORITHMS.all.iter().any(fits) && !is_rsa_of_other_length(der)
}

/// Whether the key is one of RSA, but shorter or longer than ring takes it.
pub(super) fn is_rsa_of_other_length(der: &[u8]) -> bool {
    parse_x509_certificate(der).is_ok_and(|(_, certificate)| {
        key_type(&certificate) == "RSA" && !key_bits(&certificate).is_some_and(|bits| RSA_BITS.contains(&bits))
    })
}

const OID_RSA: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];
const OID_EC_KEY: &[u8] = &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const OID_ECDSA_SHA1: &[u8] = &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01];
const OID_DSA: &[u8] = &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x38, 0x04];

/// Whether an AlgorithmIdentifier, its outer header left out, is one of MD2, MD5, SHA-1 or DSA, which no library should take any more.
pub(super) fn is_obsolete(signature_algorithm: &[u8]) -> bool {
    let hash = signature_algorithm.strip_prefix(OID_RSA).and_then(<[u8]>::first);
    hash.is_some_and(|hash| (2..=5).contains(hash))
        || signature_algorithm.starts_with(OID_ECDSA_SHA1)
        || signature_algorithm.starts_with(OID_DSA)
}

/// Whether a key of one AlgorithmIdentifier may make signatures of another, or it is not known; an elliptic curve makes none of RSA.
pub(super) fn may_sign(key: &[u8], signature_algorithm: &[u8]) -> bool {
    key.starts_with(OID_RSA) == signature_algorithm.starts_with(OID_RSA)
        && (!key.starts_with(OID_EC_KEY) || signature_algorithm.starts_with(&[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04]))
}
