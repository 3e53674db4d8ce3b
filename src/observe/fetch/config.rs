//! How policies are fetched, and whom a fetch trusts: the roots of the web PKI, compiled in, and those of PEM texts.

use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Longest contact text in octets.
const MAX_CONTACT_OCTETS: usize = 200;
/// Longest limit of time that may be set.
pub(crate) const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// How policies are fetched. [`FetchConfig::default`] is what the documentation promises.
///
/// Serialised, it is the options by name; a field that sets only the pace is marked by `sets_pace`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FetchConfig {
    /// TCP port of policy hosts, from 1; other than 443 only for labs.
    pub https_port: u16,
    /// TCP port for plain HTTP, which only a scan that looks around uses, from 1; other than 80 only for labs.
    pub http_port: u16,
    /// Limit for one TCP connection attempt; above 0, at most an hour.
    #[serde(serialize_with = "as_seconds")]
    pub connect_timeout: Duration,
    /// Limit for the whole exchange, waiting for a permit not included (RFC 8461 section 3.3 suggests one minute);
    /// above 0, at most an hour.
    #[serde(rename = "fetch-timeout", serialize_with = "as_seconds")]
    pub total_timeout: Duration,
    /// Fetches begun a second, in all; 0 for no limit.
    #[serde(serialize_with = "sets_pace")]
    pub fetch_rate: u32,
    /// Connections a second to one policy-host address; 0 for no limit.
    #[serde(serialize_with = "sets_pace")]
    pub host_rate: u32,
    /// Fetches in flight, from 1.
    #[serde(skip)]
    pub fetch_concurrency: usize,
    /// Whether loopback, private and other special-use addresses may be connected to.
    pub allow_private: bool,
    /// How operators reach whoever runs the scan, for the User-Agent: printable ASCII without parentheses and
    /// backslashes (RFC 9110 section 5.6.5, comments), at most 200 octets.
    #[serde(serialize_with = "sets_pace")]
    pub contact: Option<String>,
}

/// Key of the object that a marked option is serialised to.
pub(crate) const PACE: &str = "sets only the pace";

/// Marks an option that decides nothing of what is seen, only how fast: it is serialised as an object of [`PACE`] and its value, by which
/// whoever writes the options down finds it.
pub(crate) fn sets_pace<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map([(PACE, value)])
}

/// A length of time as users give it.
fn as_seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            https_port: 443,
            http_port: 80,
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(60),
            fetch_rate: 200,
            host_rate: 10,
            fetch_concurrency: 256,
            allow_private: false,
            contact: None,
        }
    }
}

impl FetchConfig {
    /// The User-Agent of every request: `stscan/VERSION`, with the contact in a comment if there is one.
    pub fn user_agent(&self) -> String {
        let product = concat!("stscan/", env!("CARGO_PKG_VERSION"));
        match &self.contact {
            Some(contact) => format!("{product} (+{contact})"),
            None => product.to_owned(),
        }
    }

    /// # Errors
    /// At the first setting that is out of its range.
    pub(super) fn check(&self) -> Result<(), FetchConfigError> {
        for (option, port) in [("--https-port", self.https_port), ("--http-port", self.http_port)] {
            if port == 0 {
                return Err(FetchConfigError::Port(option));
            }
        }
        for (option, limit) in [("--connect-timeout", self.connect_timeout), ("--fetch-timeout", self.total_timeout)] {
            if limit.is_zero() || limit > MAX_TIMEOUT {
                return Err(FetchConfigError::Timeout(option));
            }
        }
        if !(1..=tokio::sync::Semaphore::MAX_PERMITS).contains(&self.fetch_concurrency) {
            return Err(FetchConfigError::Concurrency);
        }
        match &self.contact {
            Some(contact) if !is_contact(contact) => Err(FetchConfigError::Contact(contact.clone())),
            _ => Ok(()),
        }
    }
}

/// A comment that cannot break out of its parentheses nor out of the header.
fn is_contact(text: &str) -> bool {
    (1..=MAX_CONTACT_OCTETS).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'(' | b')' | b'\\'))
}

/// Why fetching cannot be set up.
#[derive(Debug, Error)]
pub enum FetchConfigError {
    /// The port that this option sets is 0.
    #[error("{0} 0: the port of policy hosts has to be from 1 to 65535")]
    Port(&'static str),
    /// The limit that this option sets is 0 or above an hour.
    #[error("{0}: the limit has to be more than 0 seconds and at most an hour")]
    Timeout(&'static str),
    /// The number of fetches in flight is 0 or absurdly large.
    #[error("--fetch-concurrency: at least one fetch has to be allowed")]
    Concurrency,
    /// The roots that this machine trusts cannot be had.
    #[error(
        "--platform-roots: this machine has no trusted roots that can be read ({0}); install its CA certificates, or leave the option out"
    )]
    NoPlatformRoots(String),
    /// The contact does not fit into a User-Agent.
    #[error(
        "--contact {0:?}: the contact has to be 1 to {MAX_CONTACT_OCTETS} printable ASCII characters without parentheses and backslashes"
    )]
    Contact(String),
    /// A text of trusted roots (its name, what is wrong) is no PEM, or a certificate in it cannot be a root.
    #[error("--ca-file {0}: {1}; give a PEM file of CA certificates")]
    RootsInvalid(String, String),
    /// A text of trusted roots has no certificate in it.
    #[error("--ca-file {0}: no certificate in it; give a PEM file of CA certificates")]
    RootsEmpty(String),
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[source] rustls::Error),
}

/// Release of the compiled-in roots, for the manifest.
pub const ROOTS_VERSION: &str = "webpki-roots 1.0.10";
/// When that version was published, by the index of its registry.
pub const ROOTS_DATE: &str = "2026-10-19";

/// The roots of the web PKI as Mozilla trusts them.
pub fn built_in_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// The roots that this machine trusts, and what the manifest says of them: how many, and a hash of them.
///
/// # Errors
/// Where there is none that can be read.
pub fn platform_roots() -> Result<(RootCertStore, String), FetchConfigError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // What is no root for us, as many stores have some of, is none.
    let (good, _) = roots.add_parsable_certificates(found.certs.iter().cloned());
    if good == 0 {
        let why = found.errors.first().map_or_else(|| "there is none".to_owned(), ToString::to_string);
        return Err(FetchConfigError::NoPlatformRoots(why));
    }
    let mut hashes: Vec<_> = found.certs.iter().map(Sha256::digest).collect();
    hashes.sort();
    hashes.dedup();
    let hash = hashes.iter().fold(Sha256::new(), |all, one| all.chain_update(one)).finalize();
    Ok((roots, format!("platform, {good} certificates, sha256:{}", hex::encode(hash))))
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

    fn with(change: impl FnOnce(&mut FetchConfig)) -> Result<(), FetchConfigError> {
        let mut config = FetchConfig::default();
        change(&mut config);
        config.check()
    }

    #[test]
    fn the_defaults_are_in_range() {
        assert!(FetchConfig::default().check().is_ok());
    }

    #[test]
    fn settings_out_of_range_name_the_option() {
        for (result, option) in [
            (with(|c| c.https_port = 0), "--https-port"),
            (with(|c| c.http_port = 0), "--http-port"),
            (with(|c| c.connect_timeout = Duration::ZERO), "--connect-timeout"),
            (with(|c| c.total_timeout = Duration::MAX), "--fetch-timeout"),
            (with(|c| c.fetch_concurrency = 0), "--fetch-concurrency"),
            (with(|c| c.contact = Some(String::new())), "--contact"),
            (with(|c| c.contact = Some("a\r\nX-Evil: 1".into())), "--contact"),
            (with(|c| c.contact = Some("a) b".into())), "--contact"),
            (with(|c| c.contact = Some("über".into())), "--contact"),
            (with(|c| c.contact = Some("x".repeat(201))), "--contact"),
        ] {
            let message = result.unwrap_err().to_string();
            assert!(message.starts_with(option), "{message}");
        }
    }

    #[test]
    fn the_user_agent_names_the_contact() {
        let mut config = FetchConfig { contact: Some("mailto:scan@example.org".into()), ..FetchConfig::default() };
        assert!(config.check().is_ok());
        assert_eq!(config.user_agent(), format!("stscan/{} (+mailto:scan@example.org)", env!("CARGO_PKG_VERSION")));
        config.contact = None;
        assert_eq!(config.user_agent(), format!("stscan/{}", env!("CARGO_PKG_VERSION")));
    }

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
