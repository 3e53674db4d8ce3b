//! A second, wide ClientHello and what the server answered to it, which tells our own library's limits from a fault of the host.

use serde::{Deserialize, Serialize};

use super::fetch::{Certificate, FetchError, FetchFault};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// A version of the protocol, from the oldest.
    pub enum TlsVersion {
        /// SSL 3.0.
        Ssl3 = "SSLv3",
        /// TLS 1.0.
        Tls10 = "TLSv1.0",
        /// TLS 1.1.
        Tls11 = "TLSv1.1",
        /// TLS 1.2, the least that MTA-STS takes (RFC 8461 section 7.2).
        Tls12 = "TLSv1.2",
        /// TLS 1.3.
        Tls13 = "TLSv1.3",
    }
}

impl TlsVersion {
    /// Whether MTA-STS takes it.
    pub fn suffices(self) -> bool {
        self >= Self::Tls12
    }
}

/// What a TLS server answered when it was asked again for everything that some sender's library may have: TLS 1.0 to 1.3, all
/// suites, all groups. Nothing of it is verified beyond the certificate; below TLS 1.3 that is sent in the clear.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SecondHello {
    /// The version that the server chose; `None` if it sent no ServerHello.
    pub version: Option<TlsVersion>,
    /// The cipher suite that it chose, by its IANA name or as `0xC0FF`.
    pub cipher: Option<String>,
    /// The key exchange: the IANA name of its group or `0x00FF`, `dh-1024` for a group of that many bits that has no name, or `rsa`;
    /// `None` where the server did not get that far.
    pub key_exchange: Option<String>,
    /// Application protocol that ALPN settled on, as far as that is sent in the clear.
    pub alpn: Option<String>,
    /// The certificate; `None` where it is sent encrypted (TLS 1.3) or not at all.
    pub certificate: Option<Certificate>,
    /// Milliseconds of all of it, the connection included.
    pub elapsed_ms: u32,
    /// Why it told nothing more; `None` if the answer was read to its end.
    pub error: Option<FetchError>,
}

impl SecondHello {
    /// Whether a sender with another library than ours may get through, or this hello has not told.
    ///
    /// A server that speaks old versions alone, shows a certificate that nobody may accept, or says no to everything settles the matter.
    pub fn leaves_open(&self) -> bool {
        use FetchFault::{Reset, TlsAlert, TlsProtocol, TlsVersion};
        match self.version {
            Some(version) => version.suffices() && !self.certificate.as_ref().is_some_and(Certificate::is_refused),
            None => !self.error.as_ref().is_some_and(|error| matches!(error.fault, Reset | TlsAlert | TlsProtocol | TlsVersion)),
        }
    }
}
