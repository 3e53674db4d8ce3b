//! Trusted roots: the web PKI's, compiled in, and those of PEM texts.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::config::FetchConfigError;

/// Release of the compiled-in roots, for the manifest.
pub const ROOTS_VERSION: &str = "webpki-roots 1.0.10";

/// The roots of the web PKI as Mozilla trusts them.
pub fn built_in_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// Adds every certificate of a PEM text to the roots; `name` is what messages call the text.
///
/// # Errors
/// Where the text is no PEM, has no certificate or one that cannot be a root.
pub fn add_roots(roots: &mut RootCertStore, name: &str, pem: &[u8]) -> Result<(), FetchConfigError> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()))
            .map_err(|why| FetchConfigError::RootsInvalid(name.to_owned(), why))?;
    }
    if roots.len() == before { Err(FetchConfigError::RootsEmpty(name.to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_texts_add_to_the_built_in_roots() {
        let mut roots = built_in_roots();
        let built_in = roots.len();
        assert!(built_in > 100);
        let pem = |name: &str| rcgen::generate_simple_self_signed(vec![name.into()]).unwrap().cert.pem();
        add_roots(&mut roots, "x.pem", (pem("one") + &pem("two")).as_bytes()).unwrap();
        assert_eq!(roots.len(), built_in + 2);
    }

    #[test]
    fn bad_texts_are_named() {
        let mut roots = RootCertStore::empty();
        for text in [&b""[..], b"hello\n"] {
            assert!(matches!(add_roots(&mut roots, "x.pem", text), Err(FetchConfigError::RootsEmpty(_))));
        }
        for text in ["-----BEGIN CERTIFICATE-----\nAAAA\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let error = add_roots(&mut roots, "x.pem", text.as_bytes()).unwrap_err();
            assert!(matches!(error, FetchConfigError::RootsInvalid(..)) && error.to_string().contains("x.pem"), "{error}");
        }
        assert!(roots.is_empty());
    }

    #[test]
    fn the_stated_version_is_the_locked_one() {
        let lock = include_str!("../../../Cargo.lock");
        let (name, version) = ROOTS_VERSION.split_once(' ').unwrap();
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")), "update ROOTS_VERSION");
    }
}
