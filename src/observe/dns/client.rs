//! One lookup from question to outcome: attempts on one resolver after another, TCP after truncation, the best result kept.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::answer::ResourceRecord;
use super::counters::DnsCounters;
use super::error::DnsError;
use super::limits::DnsLimits;
use crate::evidence::{Lookup, Mx, Txt};

/// How the engine asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsConfig {
    /// Resolvers to ask, in turn; at least one.
    pub resolvers: Vec<SocketAddr>,
    /// How long an attempt waits for its answer, from the moment its query leaves; TCP after truncation waits as long again.
    pub timeout: Duration,
    /// Attempts a lookup has before it fails, each on another resolver where there is one; at least 1.
    pub tries: u16,
    /// UDP sockets, each with its own random port, towards each resolver, for each worker; at least 1.
    pub sockets_per_resolver: usize,
    /// Octets of receive buffer to ask the kernel for, for each socket; the kernel may grant less.
    pub receive_buffer: usize,
}

impl DnsConfig {
    /// The defaults (2 s, 3 tries, 4 sockets, 4 MiB) for these resolvers.
    pub fn new(resolvers: Vec<SocketAddr>) -> Self {
        Self { resolvers, timeout: Duration::from_secs(2), tries: 3, sockets_per_resolver: 4, receive_buffer: 4 << 20 }
    }
}

/// The DNS engine of one worker thread; clones share it. Its drivers stop when the last clone is gone.
#[derive(Clone)]
pub struct Dns;

impl Dns {
    /// Opens the sockets and starts the drivers. Must be called within a tokio `LocalSet` of a runtime with IO and time.
    ///
    /// # Errors
    /// [`DnsError::NoResolvers`], or [`DnsError::Socket`] where a resolver cannot be reached from this machine at all.
    pub fn new(config: &DnsConfig, limits: Arc<DnsLimits>, counters: Arc<DnsCounters>) -> Result<Self, DnsError>;

    /// The least receive buffer that the kernel granted to a socket, in octets as the kernel counts them.
    pub fn receive_buffer(&self) -> usize;

    /// Asks for records at a name (A-labels, underscores allowed; `.` is the root). Never fails: whatever happens is an outcome.
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R>;

    /// MX records.
    pub async fn lookup_mx(&self, name: &str) -> Lookup<Mx>;
    /// TXT records.
    pub async fn lookup_txt(&self, name: &str) -> Lookup<Txt>;
    /// A records.
    pub async fn lookup_a(&self, name: &str) -> Lookup<Ipv4Addr>;
    /// AAAA records.
    pub async fn lookup_aaaa(&self, name: &str) -> Lookup<Ipv6Addr>;
}
