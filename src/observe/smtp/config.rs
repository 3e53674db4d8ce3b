//! How mail servers are asked. [`SmtpConfig::default`] is what the documentation promises.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;

use crate::observe::fetch::sets_pace;

/// How mail servers are asked.
///
/// Serialised, it is the options by name; a field that sets only the pace is marked by `sets_pace`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SmtpConfig {
    /// TCP port of mail servers, from 1; other than 25 only for labs.
    pub smtp_port: u16,
    /// The name given with EHLO; `None` for the reverse name of the own address if it resolves back, else the host name.
    #[serde(serialize_with = "sets_pace")]
    pub ehlo: Option<String>,
    /// Connections a second in all; 0 for no limit.
    #[serde(serialize_with = "sets_pace")]
    pub smtp_rate: f64,
    /// Connections a second to one address, always one at a time; a provider, by the registrable domain of the MX name, gets four times as
    /// many. 0 for no limit; `None` for 0.5, and for no limit on loopback.
    #[serde(serialize_with = "sets_pace")]
    pub smtp_host_rate: Option<f64>,
    /// Mail servers in different networks that have to answer, or this network does not let port 25 through; empty for the first MX hosts
    /// of the list.
    #[serde(serialize_with = "sets_pace")]
    pub smtp_canary: Vec<String>,
    /// An address at which nobody may answer (TEST-NET-1, RFC 5737), or somebody on the way answers for others.
    #[serde(serialize_with = "sets_pace")]
    pub smtp_canary_dead: Option<IpAddr>,
    /// Whether every address of a host is asked, and not one of each family.
    pub smtp_all_addresses: bool,
    /// Whether every name is asked, also where address and certificate are known from others.
    pub smtp_every_name: bool,
    /// Limit for one TCP connection attempt; above 0, at most an hour.
    #[serde(skip)]
    pub connect_timeout: Duration,
    /// Limit for the greeting, which mail servers delay on purpose; at least a minute but in labs.
    #[serde(serialize_with = "in_seconds")]
    pub smtp_greeting_timeout: Duration,
    /// Conversations in flight, from 1.
    #[serde(skip)]
    pub concurrency: usize,
    /// Whether loopback, private and other special-use addresses may be connected to.
    #[serde(skip)]
    pub allow_private: bool,
}

/// A length of time as users give it.
fn in_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

impl Default for SmtpConfig {
    fn default() -> Self {
        Self {
            smtp_port: 25,
            ehlo: None,
            smtp_rate: 20.0,
            smtp_host_rate: None,
            smtp_canary: Vec::new(),
            smtp_canary_dead: None,
            smtp_all_addresses: false,
            smtp_every_name: false,
            connect_timeout: Duration::from_secs(10),
            smtp_greeting_timeout: Duration::from_secs(60),
            concurrency: 1000,
            allow_private: false,
        }
    }
}
