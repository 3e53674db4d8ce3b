//! One HTTPS exchange with a policy host, step by step.

use std::net::IpAddr;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::encoding;
use crate::vocabulary::vocabulary;

/// Octets of body that are kept: all that a sender reads. One more is read to know that there is more.
pub const BODY_LIMIT: usize = 65_536;

/// Response headers that are kept, lower case.
pub const KEPT_HEADERS: &[&str] = &[
    "age",
    "alt-svc",
    "cache-control",
    "cf-ray",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expires",
    "last-modified",
    "location",
    "retry-after",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "via",
    "www-authenticate",
    "x-cache",
    "x-content-type-options",
    "x-powered-by",
];

vocabulary! {
    /// A step of the exchange.
    pub enum FetchStage {
        /// Choosing an address that may be connected to.
        Address = "address",
        /// TCP connection.
        Connect = "connect",
        /// TLS handshake.
        Tls = "tls",
        /// Request and response head.
        Http = "http",
        /// Response body.
        Body = "body",
    }
}

vocabulary! {
    /// What ended an exchange before it was complete.
    pub enum FetchFault {
        /// Every address is special-use (private, loopback, link-local, ...) and not allowed.
        SpecialUseAddress = "special-use-address",
        /// Every address is on the opt-out list.
        Excluded = "excluded",
        /// Connection refused.
        Refused = "refused",
        /// Connection reset, or closed before the exchange was complete.
        Reset = "reset",
        /// No answer in time.
        Timeout = "timeout",
        /// Network or host unreachable.
        Unreachable = "unreachable",
        /// The peer ended the handshake with a TLS alert.
        TlsAlert = "tls-alert",
        /// The peer has no TLS version or cipher in common with us (TLS 1.2 is the least, RFC 8461 section 7.2).
        TlsVersion = "tls-version",
        /// The peer does not speak TLS, or breaks its rules.
        TlsProtocol = "tls-protocol",
        /// The response is not HTTP.
        HttpProtocol = "http-protocol",
        /// The body ended before its declared length.
        Truncated = "truncated",
        /// A fault of this machine (no descriptor, no port); says nothing of the domain.
        Local = "local-error",
        /// Anything else; see the text.
        Other = "other",
    }
}

/// Where and why an exchange ended early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FetchError {
    /// The step that failed.
    pub stage: FetchStage,
    /// Why, as a stable code.
    pub fault: FetchFault,
    /// The TLS alert that the peer sent, by its number (RFC 8446 section 6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// Why, in words, at most 300 characters.
    pub text: String,
}

/// The TLS alert of a server that does not know the name it was asked for: unrecognized_name (RFC 6066 section 3).
pub const UNRECOGNIZED_NAME: u8 = 112;

impl FetchError {
    /// An error that is no TLS alert.
    pub fn new(stage: FetchStage, fault: FetchFault, text: impl Into<String>) -> Self {
        Self { stage, fault, alert: None, text: text.into() }
    }

    /// Whether this machine is at fault (no descriptor, no buffer, no route), which says nothing of the host.
    pub fn is_local(&self) -> bool {
        self.fault == FetchFault::Local
    }
}

vocabulary! {
    /// What is wrong with a certificate chain. A chain may have several faults; the exchange goes on so that all are seen.
    pub enum CertificateFault {
        /// No SAN dNSName matches the policy host (RFC 8461 section 3.3, RFC 6125).
        NameMismatch = "name-mismatch",
        /// The leaf has no SAN dNSName at all.
        NoSan = "no-san",
        /// notAfter has passed.
        Expired = "expired",
        /// notBefore is in the future.
        NotYetValid = "not-yet-valid",
        /// The leaf is its own issuer and no trusted root.
        SelfSigned = "self-signed",
        /// Issuers are missing between the leaf and any root: the leaf names where to get them, the server did not send them.
        IncompleteChain = "incomplete-chain",
        /// The chain ends at an issuer that is no trusted root.
        Untrusted = "untrusted",
        /// A certificate of the chain is revoked.
        Revoked = "revoked",
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
    /// Certificates presented, the leaf included.
    pub chain_length: u16,
}

/// Milliseconds that each stage took; `None` where it was not reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Timings {
    /// TCP connection (the last one tried).
    pub connect_ms: Option<u32>,
    /// TLS handshake.
    pub tls_ms: Option<u32>,
    /// From the request to the end of the response head.
    pub http_ms: Option<u32>,
    /// Body.
    pub body_ms: Option<u32>,
    /// All of it.
    pub total_ms: u32,
}

/// One GET of `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fetch {
    /// Addresses of the policy host that resolution gave, in the order in which they would be tried.
    pub addresses: Vec<IpAddr>,
    /// Addresses to which a connection was attempted.
    pub tried: Vec<IpAddr>,
    /// The address that answered.
    pub address: Option<IpAddr>,
    /// Protocol version, as `TLSv1.2` or `TLSv1.3`.
    pub tls_version: Option<String>,
    /// Cipher suite by its IANA name.
    pub tls_cipher: Option<String>,
    /// Application protocol that ALPN settled on.
    pub alpn: Option<String>,
    /// The certificate; `None` if the handshake did not get that far.
    pub certificate: Option<Certificate>,
    /// The response head as it was sent, where it breaks HTTP's grammar and was read nevertheless; where none could be read, what came in
    /// its place. At most 64 KiB.
    #[serde(default, with = "encoding::optional_bytes", skip_serializing_if = "Option::is_none")]
    pub head: Option<Vec<u8>>,
    /// HTTP version, as `HTTP/1.1`.
    pub http_version: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Kept headers, names in lower case, values as bytes and in one line, in the order received.
    #[serde(with = "encoding::headers")]
    pub headers: Vec<(String, Vec<u8>)>,
    /// The first [`BODY_LIMIT`] octets of the body; `None` if no response head arrived.
    #[serde(with = "encoding::optional_bytes")]
    pub body: Option<Vec<u8>>,
    /// Whether there was more body than is kept.
    pub body_cut: bool,
    /// SHA-256 of the kept body, lower-case hex.
    pub body_sha256: Option<String>,
    /// Milliseconds of each stage.
    pub timings: Timings,
    /// What ended the exchange early; `None` if a whole response (or the kept part of it) arrived.
    pub error: Option<FetchError>,
}

impl Fetch {
    /// An exchange that has not begun.
    pub fn new(addresses: Vec<IpAddr>) -> Self {
        Self {
            addresses,
            tried: Vec::new(),
            address: None,
            tls_version: None,
            tls_cipher: None,
            alpn: None,
            certificate: None,
            head: None,
            http_version: None,
            status: None,
            headers: Vec::new(),
            body: None,
            body_cut: false,
            body_sha256: None,
            timings: Timings::default(),
            error: None,
        }
    }

    /// The first value of a kept header (name in lower case).
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(kept, _)| kept == name).map(|(_, value)| value.as_slice())
    }
}
