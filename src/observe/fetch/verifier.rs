//! A certificate verifier that records what it is shown and lets the handshake go on.
//!
//! One connection then shows both what is wrong with the certificate and what is served behind it. The signature over the
//! handshake is still verified: a peer that does not hold the leaf's key does not get through.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// A chain as presented, the leaf first, and when.
#[derive(Debug)]
pub(super) struct Presented {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) at: UnixTime,
}

/// The verifier of one connection.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    seen: Arc<OnceLock<Presented>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl RecordingVerifier {
    /// A verifier and the cell in which it leaves the chain.
    pub(super) fn new(algorithms: WebPkiSupportedAlgorithms) -> (Arc<Self>, Arc<OnceLock<Presented>>) {
        let seen = Arc::new(OnceLock::new());
        (Arc::new(Self { seen: Arc::clone(&seen), algorithms }), seen)
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _host: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(leaf).chain(others).map(|der| der.clone().into_owned()).collect();
        self.seen.get_or_init(|| Presented { chain, at: now });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
