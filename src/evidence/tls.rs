//! What a TLS server shows: its certificate, and its answer to a second hello, which tells our own library's limits from a fault of the host.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::encoding;
use super::failure::{FetchError, FetchFault, FetchStage};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What is wrong with a certificate chain. A chain may have several faults; the exchange goes on so that all are seen.
    pub enum CertificateFault {
        /// No SAN dNSName matches the host (RFC 8461 sections 3.3 and 4.2, RFC 6125).
        NameMismatch = "name-mismatch",
        /// The leaf has no SAN dNSName at all.
        NoSan = "no-san",
        /// It has expired: notAfter has passed.
        Expired = "expired",
        /// It is not valid yet: notBefore is in the future.
        NotYetValid = "not-yet-valid",
        /// The leaf is its own issuer and no trusted root.
        SelfSigned = "self-signed",
        /// Issuers are missing between the leaf and any root: the leaf names where to get them, the server did not send them.
        IncompleteChain = "incomplete-chain",
        /// The chain ends at an issuer that is no trusted root.
        Untrusted = "untrusted",
        /// A certificate of the chain is revoked.
        Revoked = "revoked",
        /// The leaf is not for servers: its extended key usage leaves out serverAuth (RFC 5280 section 4.2.1.12).
        WrongPurpose = "wrong-purpose",
        /// Our library cannot verify it: a key, an algorithm or a length of the chain that it does not have. Says nothing of the host.
        Unsupported = "unsupported",
        /// A certificate that cannot be read, or a chain that breaks another rule of RFC 5280.
        Malformed = "malformed",
    }
}

/// The certificate that the policy host presented and the verdict on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Everything that is wrong with it; empty if it is valid for the policy host. The dataset's `verdict` is `valid` or the first.
    pub faults: Vec<CertificateFault>,
    /// Each fault in words.
    pub reason: Option<String>,
    /// Subject of the leaf (RFC 4514).
    pub subject: String,
    /// SAN dNSNames of the leaf, at most 100.
    pub sans: Vec<String>,
    /// Issuer of the leaf (RFC 4514).
    pub issuer: String,
    /// notBefore of the leaf; `None` if it cannot be read.
    #[serde(with = "encoding::optional_time")]
    pub not_before: Option<SystemTime>,
    /// notAfter of the leaf; `None` if it cannot be read.
    #[serde(with = "encoding::optional_time")]
    pub not_after: Option<SystemTime>,
    /// Algorithm of the leaf's key: `RSA`, `EC`, `Ed25519`, `DSA`, or the object identifier of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_type: Option<String>,
    /// Length of that key in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_bits: Option<u16>,
    /// How the leaf is signed, as `sha256WithRSAEncryption`, or an object identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_algorithm: Option<String>,
    /// SHA-256 of the leaf in DER, lower-case hex.
    pub sha256: String,
    /// X.509 version of the leaf, 1 to 3; `None` if it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u8>,
    /// Certificates presented, the leaf included.
    pub chain_length: u16,
}

impl Certificate {
    /// Whether senders must refuse it, whatever their library can verify.
    pub fn is_refused(&self) -> bool {
        self.faults.iter().any(|fault| *fault != CertificateFault::Unsupported)
    }

    /// Whether it is valid or not lies beyond our library.
    pub fn is_unverified(&self) -> bool {
        !self.is_refused() && !self.faults.is_empty()
    }
}

vocabulary! {
    /// A version of the protocol, from the oldest.
    pub enum TlsVersion {
        /// SSL 3.0 (RFC 6101).
        Ssl3 = "SSLv3",
        /// TLS 1.0 (RFC 2246).
        Tls10 = "TLSv1.0",
        /// TLS 1.1 (RFC 4346).
        Tls11 = "TLSv1.1",
        /// TLS 1.2, the least that MTA-STS takes (RFC 8461 section 7.2).
        Tls12 = "TLSv1.2",
        /// TLS 1.3 (RFC 8446).
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
#[non_exhaustive]
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
            // A connection that did not come to its hello settles nothing.
            None => !self
                .error
                .as_ref()
                .is_some_and(|error| error.stage == FetchStage::Tls && matches!(error.fault, Reset | TlsAlert | TlsProtocol | TlsVersion)),
        }
    }
}
