//! Certificates on the fly: one root for each lab, one key for all leaves, a leaf of the asked-for shape for each policy host.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
    SanType,
};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use time::{Duration, OffsetDateTime};

use super::site::Shape;

/// Leaves that are kept; after that all are dropped and made again.
const KEPT_LEAVES: usize = 4096;

/// A public key of 1024 bits (RFC 8017 appendix A.1.1) and a private one of 2048 (RFC 5958). They protect nothing.
const RSA_1024: &[u8] = include_bytes!("keys/rsa-1024-public.der");
const RSA_2048: &[u8] = include_bytes!("keys/rsa-2048.der");

/// authorityInfoAccess (RFC 5280 section 4.2.2.1) with caIssuers at `http://ca.lab.test/issuer.crt`.
const AIA_OID: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
const AIA_URL: &[u8] = b"http://ca.lab.test/issuer.crt";

/// The certification authorities of a lab.
pub(super) struct Authority {
    root: Issuer<'static, KeyPair>,
    root_pem: String,
    /// Below the root; sent with the leaves, as public authorities do.
    intermediate: Issuer<'static, KeyPair>,
    intermediate_der: CertificateDer<'static>,
    /// A root that nobody trusts.
    stranger: Issuer<'static, KeyPair>,
    stranger_der: CertificateDer<'static>,
    leaf_key: KeyPair,
    signing_key: Arc<dyn SigningKey>,
    rsa_key: KeyPair,
    rsa_signing_key: Arc<dyn SigningKey>,
    leaves: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

fn failed(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("the lab cannot make its certificates: {error}"))
}

impl Authority {
    pub(super) fn new() -> io::Result<Self> {
        let (root_params, root_key) = (authority("stscan lab root"), key()?);
        let root_pem = root_params.self_signed(&root_key).map_err(failed)?.pem();
        let root = Issuer::new(root_params, root_key);
        let (params, intermediate_key) = (authority("stscan lab intermediate"), key()?);
        let intermediate_der = params.signed_by(&intermediate_key, &root).map_err(failed)?.der().clone();
        let intermediate = Issuer::new(params, intermediate_key);
        let (params, stranger_key) = (authority("stscan lab stranger"), key()?);
        let stranger_der = params.self_signed(&stranger_key).map_err(failed)?.der().clone();
        let stranger = Issuer::new(params, stranger_key);
        let leaf_key = key()?;
        let signing_key = any_supported_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()))).map_err(failed)?;
        let rsa = PrivatePkcs8KeyDer::from(RSA_2048);
        let rsa_key = KeyPair::from_pkcs8_der_and_sign_algo(&rsa, &rcgen::PKCS_RSA_SHA256).map_err(failed)?;
        let rsa_signing_key = any_supported_type(&PrivateKeyDer::Pkcs8(rsa)).map_err(failed)?;
        Ok(Self {
            root,
            root_pem,
            intermediate,
            intermediate_der,
            stranger,
            stranger_der,
            leaf_key,
            signing_key,
            rsa_key,
            rsa_signing_key,
            leaves: Mutex::default(),
        })
    }

    /// The root that a scan of the lab has to trust.
    pub(super) fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// The chain and key for a host of a domain; `None` if a name cannot be in a certificate.
    pub(super) fn leaf(&self, host: &str, domain: &str, shape: &Shape) -> Option<Arc<CertifiedKey>> {
        let lock = || self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = lock().get(host) {
            return Some(Arc::clone(leaf));
        }
        let chain = self.issue(host, domain, shape).ok()?;
        let leaf = Arc::new(CertifiedKey::new(chain, self.signing_key(shape)));
        let mut leaves = lock();
        if leaves.len() >= KEPT_LEAVES {
            leaves.clear();
        }
        leaves.insert(host.to_owned(), Arc::clone(&leaf));
        Some(leaf)
    }

    fn signing_key(&self, shape: &Shape) -> Arc<dyn SigningKey> {
        match shape {
            Shape::ShortKey => Arc::new(ShortKey),
            Shape::RsaKey => Arc::clone(&self.rsa_signing_key),
            _ => Arc::clone(&self.signing_key),
        }
    }

    fn issue(&self, host: &str, domain: &str, shape: &Shape) -> Result<Vec<CertificateDer<'static>>, rcgen::Error> {
        let names: Vec<String> = match shape {
            Shape::Wildcard => vec![format!("*.{domain}"), domain.to_owned()],
            Shape::Names(names) => names.iter().map(|name| String::from_utf8_lossy(&name.for_domain(domain)).into_owned()).collect(),
            Shape::ExpiredMismatch => vec![format!("www.{domain}")],
            Shape::NoSan => Vec::new(),
            _ => vec![host.to_owned()],
        };
        let mut params = CertificateParams::default();
        params.subject_alt_names =
            names.iter().map(|name| Ok(SanType::DnsName(name.as_str().try_into()?))).collect::<Result<_, rcgen::Error>>()?;
        params.distinguished_name = match shape {
            Shape::Called(name) => common_name(&String::from_utf8_lossy(&name.for_domain(domain))),
            _ => common_name(names.first().map_or(host, String::as_str)),
        };
        let now = OffsetDateTime::now_utc();
        let (from, to) = match shape {
            Shape::Expired | Shape::ExpiredMismatch => (-97, -7),
            Shape::NotYetValid => (7, 97),
            Shape::Expiring => (-85, 5),
            Shape::FifteenDays => (-75, 15),
            _ => (-30, 60),
        };
        (params.not_before, params.not_after) = (now + Duration::days(from), now + Duration::days(to));
        params.use_authority_key_identifier_extension = !matches!(shape, Shape::SelfSigned);
        if *shape == Shape::Incomplete {
            params.custom_extensions = vec![CustomExtension::from_oid_content(AIA_OID, authority_information_access())];
        }
        let signed = |issuer: &Issuer<'static, KeyPair>| {
            let leaf = match shape {
                Shape::ShortKey => params.signed_by(&ShortKey, issuer),
                Shape::RsaKey => params.signed_by(&self.rsa_key, issuer),
                _ => params.signed_by(&self.leaf_key, issuer),
            };
            leaf.map(|leaf| leaf.der().clone())
        };
        Ok(match shape {
            Shape::SelfSigned => vec![params.self_signed(&self.leaf_key)?.der().clone()],
            Shape::Untrusted => vec![signed(&self.stranger)?, self.stranger_der.clone()],
            Shape::Incomplete => vec![signed(&self.intermediate)?],
            Shape::Wildcard => vec![signed(&self.root)?],
            _ => vec![signed(&self.intermediate)?, self.intermediate_der.clone()],
        })
    }
}

/// The public half of an RSA key of 1024 bits.
///
/// Its signatures are no signatures: who insists on longer keys never looks at them, and no library of ours would make them.
#[derive(Debug)]
struct ShortKey;

impl PublicKeyData for ShortKey {
    fn der_bytes(&self) -> &[u8] {
        RSA_1024
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for ShortKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SignatureScheme::RSA_PSS_SHA256).then(|| Box::new(Self) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for ShortKey {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(vec![0x5A; 128])
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}

fn key() -> io::Result<KeyPair> {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(failed)
}

fn common_name(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    // An X.520 common name has at most 64 characters.
    subject.push(DnType::CommonName, name.get(..64).unwrap_or(name));
    subject
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - Duration::days(365), now + Duration::days(3650));
    params
}

/// SEQUENCE { SEQUENCE { OID id-ad-caIssuers, [6] URL } }
fn authority_information_access() -> Vec<u8> {
    const CA_ISSUERS: &[u8] = &[0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    let url = [&[0x86, AIA_URL.len() as u8], AIA_URL].concat();
    let inner = [CA_ISSUERS, &url].concat();
    let description = [&[0x30, inner.len() as u8], inner.as_slice()].concat();
    [&[0x30, description.len() as u8], description.as_slice()].concat()
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}
