//! A TLS handshake that goes on whatever certificate it is shown, so that one connection shows both what is wrong with the certificate
//! and what is served behind it; and whether a handshake that failed leaves a question for a second hello.
//!
//! The signature over the handshake is still verified: a peer that does not hold the leaf's key does not get through.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, ProtocolVersion, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_rustls::{Connect, TlsConnector};
use webpki::{EndEntityCert, RawPublicKeyEntity};
use x509_parser::parse_x509_certificate;

use super::answer::Answer;
use super::p521::{self, VERIFICATION_ALGORITHMS};
use crate::evidence::{FetchError, FetchFault, SecondHello, UNRECOGNIZED_NAME};
use crate::observe::certificate;

/// What all handshakes of a kind have in common.
pub(in crate::observe) struct Handshaker {
    config: ClientConfig,
}

/// A chain as presented, the leaf first, and when.
#[derive(Debug)]
pub(in crate::observe) struct Presented {
    pub(in crate::observe) chain: Arc<Vec<CertificateDer<'static>>>,
    pub(in crate::observe) at: UnixTime,
}

/// What one handshake has shown so far.
#[derive(Debug, Default)]
pub(in crate::observe) struct Shown {
    presented: OnceLock<Presented>,
    client_auth: AtomicBool,
}

impl Shown {
    /// The certificates, if it has come to them.
    pub(in crate::observe) fn presented(&self) -> Option<&Presented> {
        self.presented.get()
    }

    /// Whether the server has asked for a certificate of ours.
    pub(in crate::observe) fn client_auth(&self) -> bool {
        self.client_auth.load(Relaxed)
    }
}

impl Handshaker {
    /// TLS 1.2 and 1.3, these protocols offered by ALPN, every session new: a resumed one shows no certificate.
    ///
    /// # Errors
    /// If the TLS library refuses its own defaults.
    pub(in crate::observe) fn new(alpn: &[&str]) -> Result<Self, Error> {
        let nothing = Arc::new(Shown::default());
        let mut config = ClientConfig::builder_with_provider(Arc::new(p521::provider()))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&nothing) as Arc<dyn ServerCertVerifier>)
            .with_client_cert_resolver(nothing);
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config.resumption = Resumption::disabled();
        Ok(Self { config })
    }

    /// Begins a handshake; what it has shown can be read whatever becomes of it.
    pub(in crate::observe) fn begin<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        name: ServerName<'static>,
        stream: S,
    ) -> (Connect<S>, Arc<Shown>) {
        let shown = Arc::new(Shown::default());
        let mut config = self.config.clone();
        config.enable_sni = matches!(name, ServerName::DnsName(_));
        config.dangerous().set_certificate_verifier(Arc::clone(&shown) as Arc<dyn ServerCertVerifier>);
        config.client_auth_cert_resolver = Arc::clone(&shown) as Arc<dyn ResolvesClientCert>;
        (TlsConnector::from(Arc::new(config)).connect(name, stream), shown)
    }
}

impl ServerCertVerifier for Shown {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _host: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<_> = std::iter::once(leaf).chain(others).map(|der| der.clone().into_owned()).collect();
        self.presented.get_or_init(|| Presented { chain: Arc::new(chain), at: now });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match unreadable_key(leaf) {
            Some(key) => verify_by_key(message, &key, signature),
            None => verify_tls12_signature(message, leaf, signature, &VERIFICATION_ALGORITHMS),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match unreadable_key(leaf) {
            Some(key) => verify_tls13_signature_with_raw_key(message, &key, signature, &VERIFICATION_ALGORITHMS),
            None => verify_tls13_signature(message, leaf, signature, &VERIFICATION_ALGORITHMS),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        VERIFICATION_ALGORITHMS.supported_schemes()
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.client_auth.store(true, Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// The key of a leaf that webpki cannot read as a whole (X.509 version 1, say) and others can.
fn unreadable_key(leaf: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    if EndEntityCert::try_from(leaf).is_ok() {
        return None;
    }
    let (_, fields) = parse_x509_certificate(leaf).ok()?;
    Some(SubjectPublicKeyInfoDer::from(fields.public_key().raw.to_vec()))
}

/// In TLS 1.2 a scheme does not fix the curve, so several algorithms may be meant.
fn verify_by_key(
    message: &[u8],
    key: &SubjectPublicKeyInfoDer<'_>,
    signature: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let refused = || Error::InvalidCertificate(rustls::CertificateError::BadSignature);
    let key = RawPublicKeyEntity::try_from(key).map_err(|_| Error::InvalidCertificate(rustls::CertificateError::BadEncoding))?;
    let algorithms = VERIFICATION_ALGORITHMS.mapping.iter().find(|(scheme, _)| *scheme == signature.scheme).ok_or_else(refused)?.1;
    let fits = algorithms.iter().any(|algorithm| key.verify_signature(*algorithm, message, signature.signature()).is_ok());
    if fits { Ok(HandshakeSignatureValid::assertion()) } else { Err(refused()) }
}

/// What the two sides agreed on: version, cipher suite and group by their IANA names.
pub(in crate::observe) struct Session {
    pub(in crate::observe) version: Option<String>,
    pub(in crate::observe) cipher: Option<String>,
    pub(in crate::observe) key_exchange: Option<String>,
    pub(in crate::observe) alpn: Option<String>,
}

impl Session {
    pub(in crate::observe) fn of(session: &ClientConnection) -> Self {
        let version = session.protocol_version().map(|version| match version {
            ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
            ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
            other => format!("{other:?}"),
        });
        Self {
            version,
            // rustls puts the version into the names of TLS 1.3's suites, IANA does not.
            cipher: session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1)),
            key_exchange: session.negotiated_key_exchange_group().map(|group| super::registry::group_name(group.name().into())),
            alpn: session.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
        }
    }
}

/// Whether a handshake failed in a way in which those fail that ask for more than our library has; `shown` is whether it came to a
/// certificate.
///
/// A server that showed its certificate had agreed on all else, and one that does not know the name has said so.
pub(in crate::observe) fn leaves_a_question(error: &FetchError, shown: bool) -> bool {
    let refused = matches!(
        error.fault,
        FetchFault::TlsAlert | FetchFault::TlsVersion | FetchFault::TlsProtocol | FetchFault::Reset | FetchFault::Other
    );
    error.stage == crate::evidence::FetchStage::Tls && !shown && refused && error.alert != Some(UNRECOGNIZED_NAME)
}

/// A signature that our library cannot verify is no bad signature.
pub(in crate::observe) fn unsupported(error: FetchError, shown: &Shown) -> FetchError {
    let beyond_us = shown.presented().and_then(|seen| seen.chain.first()).is_some_and(|leaf| !certificate::key_is_supported(leaf));
    match error.fault {
        FetchFault::TlsProtocol if beyond_us => FetchError { fault: FetchFault::TlsUnsupported, ..error },
        _ => error,
    }
}

/// The answer to a second hello that was begun at this time, for the host.
pub(in crate::observe) fn second_hello(
    answer: Answer,
    host: &str,
    roots: &RootCertStore,
    begun: Instant,
    error: Option<FetchError>,
) -> SecondHello {
    let name = ServerName::try_from(host).ok();
    SecondHello {
        version: answer.version,
        cipher: answer.cipher,
        key_exchange: answer.key_exchange,
        alpn: answer.alpn,
        certificate: name.and_then(|name| certificate::examine(&answer.chain, &name, roots, UnixTime::now())),
        elapsed_ms: u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX),
        error,
    }
}
