//! Trusted roots: the web PKI's, compiled in, and those of the user's PEM files.

use std::path::PathBuf;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::config::FetchConfigError;

/// Release of the compiled-in roots, for the manifest.
pub const ROOTS_VERSION: &str = "webpki-roots 1.0.10";

/// The roots of the web PKI as Mozilla trusts them, and those of the PEM files.
///
/// # Errors
/// Names the first file that cannot be read, is no PEM, has no certificate or one that cannot be a root.
pub fn load_roots(files: &[PathBuf]) -> Result<RootCertStore, FetchConfigError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for path in files {
        let pem = std::fs::read(path).map_err(|error| FetchConfigError::RootsUnreadable(path.clone(), error))?;
        add_roots(&mut roots, &path.display().to_string(), &pem)?;
    }
    Ok(roots)
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
    match roots.len() == before {
        true => Err(FetchConfigError::RootsEmpty(name.to_owned())),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn pem_files_add_to_the_built_in_roots() {
        let built_in = load_roots(&[]).unwrap().len();
        assert!(built_in > 100);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for name in ["one", "two"] {
            file.write_all(rcgen::generate_simple_self_signed(vec![name.into()]).unwrap().cert.pem().as_bytes()).unwrap();
        }
        assert_eq!(load_roots(&[file.path().to_owned()]).unwrap().len(), built_in + 2);
    }

    #[test]
    fn bad_files_are_named() {
        let missing = load_roots(&["no/such/roots.pem".into()]).unwrap_err();
        assert!(matches!(missing, FetchConfigError::RootsUnreadable(..)) && missing.to_string().contains("no/such/roots.pem"));
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
