//! Trusted roots: the web PKI's, compiled in, and those of PEM texts.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

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
    let wrong = |why: String| FetchConfigError::RootsInvalid(name.to_owned(), why);
    for (place, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
        let certificate = certificate.map_err(|error| wrong(format!("certificate {place} {}", fault(&error))))?;
        roots.add(certificate).map_err(|_| wrong(format!("certificate {place} is no X.509 certificate that can be a root")))?;
    }
    if roots.len() == before { Err(FetchConfigError::RootsEmpty(name.to_owned())) } else { Ok(()) }
}

/// What is wrong with a PEM text, in words; those of the library give bytes as numbers.
fn fault(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "is cut: it begins and has no line -----END CERTIFICATE-----",
        pem::Error::Base64Decode(_) => "is not Base64 between its BEGIN and END lines",
        pem::Error::IllegalSectionStart { .. } => "begins with a line that is no BEGIN line of PEM",
        _ => "cannot be read as PEM",
    }
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
        for (text, said) in [
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "x.pem: certificate 1 is cut"),
            ("-----BEGIN CERTIFICATE-----\nMI!B\n-----END CERTIFICATE-----\n", "x.pem: certificate 1 is not Base64"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x.pem: certificate 1 is no X.509 certificate"),
        ] {
            let error = add_roots(&mut roots, "x.pem", text.as_bytes()).unwrap_err();
            assert!(matches!(error, FetchConfigError::RootsInvalid(..)) && error.to_string().contains(said), "{error}");
            assert!(!error.to_string().contains('['), "no bytes as numbers: {error}");
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
