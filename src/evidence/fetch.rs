//! One HTTPS exchange with a policy host, step by step.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::encoding;
use super::failure::FetchError;
use super::tls::{Certificate, SecondHello};
use crate::name::address::special_use;

/// Octets of body that are kept: all that a sender reads. One more is read to know that there is more.
pub const BODY_LIMIT: usize = 65_536;

/// Response headers that are kept, lower case. Many of them tell a filter against robots (`data/filters.csv`); of Set-Cookie the name of the
/// cookie alone is kept, since its value may be a person's.
pub const KEPT_HEADERS: &[&str] = &[
    "age",
    "alt-svc",
    "cache-control",
    "cf-mitigated",
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
    "set-cookie",
    "sg-captcha",
    "strict-transport-security",
    "transfer-encoding",
    "via",
    "www-authenticate",
    "x-amzn-waf-action",
    "x-azure-ref",
    "x-blocked-by-waf",
    "x-cache",
    "x-content-type-options",
    "x-dd-b",
    "x-iinfo",
    "x-kpsdk-ct",
    "x-powered-by",
    "x-sucuri-block",
    "x-sucuri-id",
    "x-vercel-mitigated",
];

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
    /// The answer to a second hello; `None` unless the handshake failed in a way that may be due to our library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_hello: Option<SecondHello>,
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
            second_hello: None,
        }
    }

    /// Addresses that a sender would have tried as well, where there was no connection to any. Special-use ones are nobody's to try,
    /// unless this scan did.
    pub fn untried(&self) -> impl Iterator<Item = IpAddr> {
        let private = self.tried.iter().any(|address| special_use(*address).is_some());
        let left = move |address: &&IpAddr| !self.tried.contains(address) && (private || special_use(**address).is_none());
        self.addresses.iter().filter(|_| self.address.is_none() && !self.tried.is_empty()).filter(left).copied()
    }

    /// The first value of a kept header (name in lower case).
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(kept, _)| kept == name).map(|(_, value)| value.as_slice())
    }
}
