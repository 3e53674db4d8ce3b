//! For tests: a certification authority that issues whatever is asked of it, right or wrong.

use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// An issuer with its own certificate.
pub(in crate::observe) struct Authority {
    pub(in crate::observe) der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// A leaf with its key.
pub(in crate::observe) struct Leaf {
    pub(in crate::observe) der: CertificateDer<'static>,
    pub(in crate::observe) key: PrivateKeyDer<'static>,
}

impl Authority {
    /// A root of its own.
    pub(in crate::observe) fn root(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = ca_params(name);
        Self { der: params.self_signed(&key).unwrap().der().clone(), issuer: Issuer::new(params, key) }
    }

    /// An issuer below this one, its parameters changed as wished.
    pub(in crate::observe) fn intermediate(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = ca_params(name);
        change(&mut params);
        Self { der: params.signed_by(&key, &self.issuer).unwrap().der().clone(), issuer: Issuer::new(params, key) }
    }

    /// A leaf for the names, its parameters changed as wished.
    pub(in crate::observe) fn leaf(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let params = leaf_params(names, change);
        Leaf { der: params.signed_by(&key, &self.issuer).unwrap().der().clone(), key: private(&key) }
    }

    /// A store that trusts this authority and nobody else.
    pub(in crate::observe) fn trusted(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        roots
    }
}

/// A leaf that nobody but itself vouches for.
pub(in crate::observe) fn self_signed(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Leaf {
    let key = KeyPair::generate().unwrap();
    Leaf { der: leaf_params(names, change).self_signed(&key).unwrap().der().clone(), key: private(&key) }
}

/// Authority Information Access: where the issuer's certificate can be downloaded.
pub(in crate::observe) fn ca_issuers(uri: &str) -> CustomExtension {
    let tagged = |tag: u8, contents: &[u8]| [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat();
    let ca_issuers = tagged(0x06, &[0x2b, 6, 1, 5, 5, 7, 48, 2]);
    let description = tagged(0x30, &[ca_issuers, tagged(0x86, uri.as_bytes())].concat());
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tagged(0x30, &description))
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn leaf_params(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "mta-sts.example.com");
    params.use_authority_key_identifier_extension = true;
    change(&mut params);
    params
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(key.serialize_der()).unwrap()
}
