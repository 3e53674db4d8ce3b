//! Certificates that rcgen does not make, cut and put together by hand from those that it does.

use p521::ecdsa::signature::Signer as _;
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};

/// A key of P-521 that everyone knows, with signatures that are ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct P521;

impl P521 {
    /// The AlgorithmIdentifier id-ecPublicKey with secp521r1 (RFC 5480 section 2.1.1).
    const ALGORITHM: &[u8] = &[0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23];

    fn key() -> Result<p521::ecdsa::SigningKey, p521::ecdsa::Error> {
        let mut scalar = [0x17; 66];
        scalar[0] = 0;
        p521::ecdsa::SigningKey::from_slice(&scalar)
    }
}

impl SigningKey for P521 {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SignatureScheme::ECDSA_NISTP521_SHA512).then(|| Box::new(*self) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for P521 {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let refused = |error: p521::ecdsa::Error| rustls::Error::General(error.to_string());
        let signature: p521::ecdsa::DerSignature = Self::key().and_then(|key| key.try_sign(message)).map_err(refused)?;
        Ok(signature.as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

/// The AlgorithmIdentifiers ecdsa-with-SHA256 and ecdsa-with-SHA1 (RFC 5758 section 3.2, RFC 3279 section 2.2.3).
const ECDSA_WITH_SHA256: &[u8] = &[0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA1: &[u8] = &[0x30, 0x09, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01];

/// A certificate for the key of [`P521`], which rcgen does not know, in place of that of the issuer: its own key is replaced and it is
/// signed once more.
pub(super) fn with_p521_key(der: &[u8], issuer: &KeyPair) -> Result<CertificateDer<'static>, rcgen::Error> {
    let point = P521::key().map_err(|_| rcgen::Error::RingUnspecified)?.verifying_key().to_sec1_point(false);
    let public = sequence(&[P521::ALGORITHM, &tagged(0x03, &[&[0][..], point.as_bytes()].concat())].concat());
    let parts = parts(der)?;
    signed_again(&[&parts[..KEY], &[&public], &parts[KEY + 1..]].concat(), issuer)
}

/// The certificate without version and extensions, which version 1 does not have, signed once more.
pub(super) fn as_version_1(der: &[u8], issuer: &KeyPair) -> Result<CertificateDer<'static>, rcgen::Error> {
    signed_again(&parts(der)?[1..=KEY], issuer)
}

/// The certificate as if it were signed with SHA-1. The signature is none: who does not take the algorithm never looks at it.
pub(super) fn signed_with_sha1(der: &[u8]) -> Result<CertificateDer<'static>, rcgen::Error> {
    let parts = parts(der)?;
    let contents = [&parts[..2], &[ECDSA_WITH_SHA1], &parts[3..]].concat().concat();
    Ok(CertificateDer::from(sequence(&[&sequence(&contents), ECDSA_WITH_SHA1, &tagged(0x03, &[0; 72])].concat())))
}

/// Where the SubjectPublicKeyInfo is among the parts of a certificate with a version (RFC 5280 section 4.1).
const KEY: usize = 6;

/// The parts of what is signed of a certificate of version 3.
fn parts(der: &[u8]) -> Result<Vec<&[u8]>, rcgen::Error> {
    let parts = contents(der).and_then(contents).map(elements).unwrap_or_default();
    if parts.len() > KEY + 1 { Ok(parts) } else { Err(rcgen::Error::RingUnspecified) }
}

fn signed_again(parts: &[&[u8]], issuer: &KeyPair) -> Result<CertificateDer<'static>, rcgen::Error> {
    let signed = sequence(&parts.concat());
    let signature = rcgen::SigningKey::sign(issuer, &signed)?;
    let bits = tagged(0x03, &[&[0][..], &signature].concat());
    Ok(CertificateDer::from(sequence(&[&signed[..], ECDSA_WITH_SHA256, &bits].concat())))
}

/// The SubjectPublicKeyInfo of a certificate; one without a version has it one place further to the front.
pub(super) fn public_key(der: &[u8]) -> Option<&[u8]> {
    let parts = elements(contents(contents(der)?)?);
    let has_version = parts.first()?.first() == Some(&0xA0);
    parts.get(if has_version { KEY } else { KEY - 1 }).copied()
}

/// The DER elements one behind the other.
fn elements(mut der: &[u8]) -> Vec<&[u8]> {
    let mut elements = Vec::new();
    while let Some((_, length)) = span(der)
        && let Some((element, rest)) = der.split_at_checked(length)
    {
        elements.push(element);
        der = rest;
    }
    elements
}

/// Where the contents of the DER element at the front begin, and where it ends.
fn span(der: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*der.get(1)?);
    let octets = if first < 0x80 { 0 } else { first & 0x7F };
    let begin = 2 + octets;
    let length = der.get(2..begin)?.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
    Some((begin, begin + if octets == 0 { first } else { length }))
}

/// The contents of the DER element at the front.
fn contents(der: &[u8]) -> Option<&[u8]> {
    let (begin, end) = span(der)?;
    der.get(begin..end)
}

fn sequence(contents: &[u8]) -> Vec<u8> {
    tagged(0x30, contents)
}

fn tagged(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|octet| *octet == 0).collect();
    match contents.len() {
        short @ ..0x80 => [&[tag, short as u8], contents].concat(),
        _ => [&[tag, 0x80 | significant.len() as u8][..], &significant, contents].concat(),
    }
}
