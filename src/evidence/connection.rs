//! Connections besides that of the retrieval, in short; made only by a scan that looks around.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::encoding;
use super::failure::{FetchError, FetchFault};
use super::fetch::Fetch;
use super::tls::{CertificateFault, SecondHello};

/// Octets of body that are kept of such a connection: enough to tell a policy from a web page.
pub const SHORT_BODY_LIMIT: usize = 4096;

/// What became of one connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Connection {
    /// What was asked for; of a receiver of reports, which is sent no request, its scheme and host.
    pub url: String,
    /// The address that answered, or was tried last; `None` if none was tried.
    pub address: Option<IpAddr>,
    /// What is wrong with the certificate, empty if nothing is; `None` if none was presented.
    pub certificate_faults: Option<Vec<CertificateFault>>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Kept headers, as those of a [`Fetch`].
    #[serde(default, with = "encoding::headers", skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, Vec<u8>)>,
    /// The first [`SHORT_BODY_LIMIT`] octets of the body.
    #[serde(with = "encoding::optional_bytes")]
    pub body: Option<Vec<u8>>,
    /// SHA-256 of the first [`BODY_LIMIT`](super::fetch::BODY_LIMIT) octets of the body, lower-case hex.
    pub body_sha256: Option<String>,
    /// Milliseconds of all of it.
    pub total_ms: u32,
    /// What ended it early; `None` if all that was asked for arrived.
    pub error: Option<FetchError>,
    /// The answer to a second hello; `None` unless the handshake failed in a way that may be due to our library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_hello: Option<SecondHello>,
}

impl Connection {
    /// The short of an exchange.
    pub fn new(url: String, fetch: Fetch) -> Self {
        let body = fetch.body.map(|mut body| {
            body.truncate(SHORT_BODY_LIMIT);
            body
        });
        Self {
            url,
            address: fetch.address.or(fetch.tried.last().copied()),
            certificate_faults: fetch.certificate.map(|certificate| certificate.faults),
            status: fetch.status,
            headers: fetch.headers,
            body,
            body_sha256: fetch.body_sha256,
            total_ms: fetch.timings.total_ms,
            error: fetch.error,
            second_hello: fetch.second_hello,
        }
    }

    /// Whether another attempt would hardly tell more: nothing failed that may be gone with the next.
    pub fn is_conclusive(&self) -> bool {
        let may_pass = |error: &FetchError| error.fault.may_pass() && error.fault != FetchFault::TlsUnsupported;
        !self.error.as_ref().is_some_and(may_pass) && !self.status.is_some_and(status_may_pass)
    }

    /// Whether it says something of the host: conclusive, and within what our TLS library can do.
    pub fn tells_of_the_host(&self) -> bool {
        let beyond_us = self.error.as_ref().is_some_and(|error| error.fault == FetchFault::TlsUnsupported)
            || self.second_hello.as_ref().is_some_and(SecondHello::leaves_open)
            || self.certificate_faults.as_deref() == Some(&[CertificateFault::Unsupported]);
        self.is_conclusive() && !beyond_us
    }
}

impl FetchFault {
    /// Whether another attempt may go better, or the fault is ours.
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Timeout | Self::Unreachable | Self::TlsUnsupported | Self::Local | Self::Other | Self::Excluded)
    }
}

/// Whether a status says that another request may go better: too many requests, or a fault of the server (RFC 9110 section 15.6).
pub const fn status_may_pass(status: u16) -> bool {
    matches!(status, 429 | 500..=599)
}
