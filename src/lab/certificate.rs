//! Certificates on the fly: one root for each lab, one key for all leaves, a leaf of the asked-for shape for each policy host.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use sha2::{Digest, Sha256, Sha512};
use time::{Duration, OffsetDateTime};

use super::der::{P521, as_version_1, public_key, signed_with_sha1, with_p521_key};
use super::site::Shape;
use super::site::{Pin, Pinned};

/// Leaves that are kept; after that all are dropped and made again.
const KEPT_LEAVES: usize = 4096;

/// Public keys of 1024 and of 16384 bits (RFC 8017 appendix A.1.1) and a private one of 2048 (RFC 5958). They protect nothing.
const RSA_1024: ForeignKey = ForeignKey(include_bytes!("keys/rsa-1024-public.der"));
const RSA_16384: ForeignKey = ForeignKey(include_bytes!("keys/rsa-16384-public.der"));
const RSA_2048: &[u8] = include_bytes!("keys/rsa-2048.der");

/// authorityInfoAccess (RFC 5280 section 4.2.2.1) with caIssuers at `http://ca.lab.test/issuer.crt`.
const AIA_OID: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
const AIA_URL: &[u8] = b"http://ca.lab.test/issuer.crt";

/// Which of a host's certificates is meant.
pub(super) mod slot {
    /// That of its web server.
    pub(crate) const WEB: u8 = 0;
    /// That of its mail server.
    pub(crate) const MAIL: u8 = 1;
    /// The one for an RSA key of its mail server.
    pub(crate) const RSA: u8 = 2;
    /// That of its mail server for those who name nobody.
    pub(crate) const UNNAMED: u8 = 3;
    /// Another one for the same key, which is not presented.
    pub(crate) const REISSUED: u8 = 4;
    /// What is added for each further mail server of the host.
    pub(crate) const NEXT: u8 = 8;
}

/// The certification authorities of a lab.
pub(super) struct Authority {
    root: Issuer<'static, KeyPair>,
    root_pem: String,
    root_der: CertificateDer<'static>,
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
    leaves: Mutex<HashMap<(String, u8), Arc<CertifiedKey>>>,
}

fn failed(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("the lab cannot make its certificates: {error}"))
}

impl Authority {
    pub(super) fn new() -> io::Result<Self> {
        let (root_params, root_key) = (authority("stscan lab root"), key()?);
        let root_certificate = root_params.self_signed(&root_key).map_err(failed)?;
        let (root_pem, root_der) = (root_certificate.pem(), root_certificate.der().clone());
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
            root_der,
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

    pub(super) fn root_der(&self) -> &CertificateDer<'static> {
        &self.root_der
    }

    /// The chain and key for a host of a domain; `None` if a name cannot be in a certificate. A host that has several, at other ports and
    /// addresses, has them in slots of their own.
    pub(super) fn leaf(&self, host: &str, domain: &str, slot: u8, shape: &Shape) -> Option<Arc<CertifiedKey>> {
        let lock = || self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (host.to_owned(), slot);
        if let Some(leaf) = lock().get(&key) {
            return Some(Arc::clone(leaf));
        }
        let chain = self.issue(host, domain, shape).ok()?;
        let leaf = Arc::new(CertifiedKey::new(chain, self.signing_key(shape)));
        let mut leaves = lock();
        if leaves.len() >= KEPT_LEAVES {
            leaves.clear();
        }
        // Whoever came first decides: TLSA records and handshakes have to speak of the same certificate.
        Some(Arc::clone(leaves.entry(key).or_insert(leaf)))
    }

    /// The data of a TLSA record for a chain; `reissued` is another certificate for the same key.
    pub(super) fn pinned(&self, pin: &Pin, chain: &[CertificateDer<'_>], reissued: &[CertificateDer<'_>]) -> Vec<u8> {
        let Pin(_, selector, matching, what) = pin;
        let certificate: &[u8] = match what {
            Pinned::Leaf | Pinned::RsaLeaf => chain.first().map_or(&[], |der| der),
            Pinned::Issuer => &self.intermediate_der,
            Pinned::Stranger => &self.stranger_der,
            Pinned::Root => &self.root_der,
            Pinned::Reissued => reissued.first().map_or(&[], |der| der),
            Pinned::Other => b"nobody's",
            Pinned::Octets(count) => return vec![0x5A; *count],
        };
        let compared = match selector {
            1 => public_key(certificate).unwrap_or(certificate),
            _ => certificate,
        };
        match matching {
            0 => compared.to_vec(),
            2 => Sha512::digest(compared).to_vec(),
            _ => Sha256::digest(compared).to_vec(),
        }
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
        (params.not_before, params.not_after) = (away(now, from), away(now, to));
        params.use_authority_key_identifier_extension = !matches!(shape, Shape::SelfSigned);
        if *shape == Shape::WrongPurpose {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }
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
            Shape::UntrustedAlone => vec![signed(&self.stranger)?],
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
                    params.not_after = away(now, -7);
                }
            })?,
            Shape::P521Key | Shape::Version1 | Shape::Sha1 => {
                let issuer = authority("stscan lab intermediate of old and rare certificates");
                let issuer_der = issuer.signed_by(&self.leaf_key, &self.root)?.der().clone();
                let leaf = params.signed_by(&self.leaf_key, &Issuer::from_params(&issuer, &self.leaf_key))?;
                let leaf = match shape {
                    Shape::P521Key => with_p521_key(leaf.der(), &self.leaf_key)?,
                    Shape::Version1 => as_version_1(leaf.der(), &self.leaf_key)?,
                    _ => signed_with_sha1(leaf.der())?,
                };
                vec![leaf, issuer_der]
            }
            _ => vec![signed(&self.intermediate)?, self.intermediate_der.clone()],
        })
    }
}

/// A time so many whole days away, with an hour to spare: a certificate is made when it is asked for, after the beginning of the scan.
fn away(now: OffsetDateTime, days: i64) -> OffsetDateTime {
    now + Duration::days(days) + Duration::hours(days.signum())
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
