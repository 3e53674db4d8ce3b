//! Certificates on the fly: one root for each lab, one key for all leaves, a leaf of the asked-for shape for each policy host.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use p521::ecdsa::signature::Signer as _;
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

/// Public keys of 1024 and of 16384 bits (RFC 8017 appendix A.1.1) and a private one of 2048 (RFC 5958). They protect nothing.
const RSA_1024: ForeignKey = ForeignKey(include_bytes!("keys/rsa-1024-public.der"));
const RSA_16384: ForeignKey = ForeignKey(include_bytes!("keys/rsa-16384-public.der"));
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

    /// The leaf behind so many intermediates, numbered from the leaf's issuer up, their parameters changed as wished. All have one key:
    /// what differs is their names.
    fn long_chain(
        &self,
        leaf: &CertificateParams,
        intermediates: usize,
        change: impl Fn(usize, &mut CertificateParams),
    ) -> Result<Vec<CertificateDer<'static>>, rcgen::Error> {
        let params: Vec<CertificateParams> = (1..=intermediates)
            .map(|number| {
                let mut params = authority(&format!("stscan lab intermediate {number} of {intermediates}"));
                change(number, &mut params);
                params
            })
            .collect();
        let mut chain = Vec::new();
        let mut below = leaf;
        for issuer in &params {
            chain.push(below.signed_by(&self.leaf_key, &Issuer::from_params(issuer, &self.leaf_key))?.der().clone());
            below = issuer;
        }
        chain.push(below.signed_by(&self.leaf_key, &self.root)?.der().clone());
        Ok(chain)
    }

    fn signing_key(&self, shape: &Shape) -> Arc<dyn SigningKey> {
        match shape {
            Shape::ShortKey => Arc::new(RSA_1024),
            Shape::LongKey => Arc::new(RSA_16384),
            Shape::P521Key => Arc::new(P521),
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
            Shape::ManyNames(others) => {
                let other = |number| format!("customer-number-{number:05}.hosting-of-many-names.example");
                std::iter::once(host.to_owned()).chain((0..*others).map(other)).collect()
            }
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
                Shape::ShortKey => params.signed_by(&RSA_1024, issuer),
                Shape::LongKey => params.signed_by(&RSA_16384, issuer),
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
            Shape::Chain(intermediates) => self.long_chain(&params, *intermediates, |_, _| {})?,
            Shape::TooLongForItsIssuer => self.long_chain(&params, 8, |number, params| {
                if number == 8 {
                    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(3));
                }
            })?,
            Shape::ExpiredIssuer => self.long_chain(&params, 8, |number, params| {
                if number == 4 {
                    params.not_after = now - Duration::days(7);
                }
            })?,
            Shape::P521Key => {
                let issuer = authority("stscan lab intermediate of P-521");
                let issuer_der = issuer.signed_by(&self.leaf_key, &self.root)?.der().clone();
                let leaf = params.signed_by(&self.leaf_key, &Issuer::from_params(&issuer, &self.leaf_key))?;
                vec![with_p521_key(leaf.der(), &self.leaf_key)?, issuer_der]
            }
            _ => vec![signed(&self.intermediate)?, self.intermediate_der.clone()],
        })
    }
}

/// The public half of an RSA key.
///
/// Its signatures are no signatures: who does not take its length never looks at them, and no library of ours would make them.
#[derive(Clone, Copy, Debug)]
struct ForeignKey(&'static [u8]);

impl PublicKeyData for ForeignKey {
    fn der_bytes(&self) -> &[u8] {
        self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for ForeignKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SignatureScheme::RSA_PSS_SHA256).then(|| Box::new(*self) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for ForeignKey {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(vec![0x5A; self.0.len() & !0xF]) // About as long as the modulus.
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}

/// A key of P-521 that everyone knows, with signatures that are ones.
#[derive(Clone, Copy, Debug)]
struct P521;

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

/// A certificate for the key of [`P521`], which rcgen does not know, in place of that of the issuer: its own key is replaced and it is
/// signed once more.
fn with_p521_key(der: &[u8], issuer: &KeyPair) -> Result<CertificateDer<'static>, rcgen::Error> {
    const ECDSA_WITH_SHA256: &[u8] = &[0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
    let point = P521::key().map_err(|_| rcgen::Error::RingUnspecified)?.verifying_key().to_sec1_point(false);
    let public = sequence(&[P521::ALGORITHM, &tagged(0x03, &[&[0][..], point.as_bytes()].concat())].concat());
    let own = issuer.subject_public_key_info();
    let contents = contents(contents(der).unwrap_or_default()).unwrap_or_default();
    let place = contents.windows(own.len()).position(|window| window == own).ok_or(rcgen::Error::RingUnspecified)?;
    let signed = sequence(&[&contents[..place], &public, &contents[place + own.len()..]].concat());
    let signature = rcgen::SigningKey::sign(issuer, &signed)?;
    let bits = tagged(0x03, &[&[0][..], &signature].concat());
    Ok(CertificateDer::from(sequence(&[&signed[..], ECDSA_WITH_SHA256, &bits].concat())))
}

/// The contents of the DER element at the front.
fn contents(der: &[u8]) -> Option<&[u8]> {
    let (length, rest) = match der.get(1..)?.split_first()? {
        (first @ ..0x80, rest) => (usize::from(*first), rest),
        (first, rest) => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (length.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
        }
    };
    rest.get(..length)
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
