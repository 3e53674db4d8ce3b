//! Hosts of others that a domain names: those that take its mail and those that receive its TLS reports.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::lookup::{Lookup, Mx};

/// The addresses of an MX host.
///
/// A host that many domains name is asked once in a scan, so resolver, attempts and times are those of that one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HostLookup {
    /// The host as it stands in the MX records: lower case, no trailing dot.
    pub host: String,
    /// A of the host.
    pub a: Lookup<Ipv4Addr>,
    /// AAAA of the host.
    pub aaaa: Lookup<Ipv6Addr>,
}

/// Where the reports of one destination go (RFC 8460 section 3). Asked once in a scan, as a [`HostLookup`] is.
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

impl HostLookup {
    /// What became of the two questions for a host.
    pub const fn new(host: String, a: Lookup<Ipv4Addr>, aaaa: Lookup<Ipv6Addr>) -> Self {
        Self { host, a, aaaa }
    }
}

impl ReceiverLookup {
    /// A destination of which nothing is known yet.
    pub const fn new(host: String) -> Self {
        Self { host, mx: None, a: None, aaaa: None, connection: None }
    }
}
