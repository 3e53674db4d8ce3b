//! Those who receive the TLS reports of a domain.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::lookup::{Lookup, Mx};

/// Where the reports of one destination go (RFC 8460 section 3). Asked once in a scan, however many domains name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReceiverLookup {
    /// The mail domain or the HTTPS host of the destination, lower case.
    pub host: String,
    /// MX of a mail domain; `None` for an HTTPS host.
    pub mx: Option<Lookup<Mx>>,
    /// A of an HTTPS host, or of a mail domain without MX; `None` where it was not asked for.
    pub a: Option<Lookup<Ipv4Addr>>,
    /// AAAA, likewise.
    pub aaaa: Option<Lookup<Ipv6Addr>>,
    /// A TLS handshake with an HTTPS host, and no request; `None` unless asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
}

impl ReceiverLookup {
    /// A destination of which nothing is known yet.
    pub const fn new(host: String) -> Self {
        Self { host, mx: None, a: None, aaaa: None, connection: None }
    }
}
