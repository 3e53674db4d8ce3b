//! How the engine asks: resolvers, patience and what it may take of the machine.

use std::net::SocketAddr;
use std::time::Duration;

/// Sockets of one worker, unless there are more resolvers than that.
const MAX_SOCKETS: usize = 256;
/// The longest wait for an answer.
pub(super) const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// How the engine asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsConfig {
    /// Resolvers to ask, in turn; at least one.
    pub resolvers: Vec<SocketAddr>,
    /// How long an attempt waits for its answer, from the moment its query leaves; TCP after truncation waits as long again. At most
    /// an hour.
    pub timeout: Duration,
    /// Attempts a lookup has before it fails, each on another resolver where there is one; at least 1.
    pub tries: u16,
    /// UDP sockets, each with its own random port, towards each resolver, for each worker; at least 1. Fewer are opened where that
    /// would make more than 256 in all.
    pub sockets_per_resolver: usize,
    /// Octets of receive buffer to ask the kernel for, for each socket; the kernel may grant less.
    pub receive_buffer: usize,
    /// Queries in flight at most towards each resolver, for each worker; fewer while answers are lost.
    pub in_flight: usize,
    /// TCP connections at a time, for each worker; at least 1.
    pub connections: usize,
    /// How long to wait for a resolver when none answers: `None` is for ever. Zero is not to ask whether a silent resolver is alive: every
    /// silence counts against the name.
    pub patience: Option<Duration>,
    /// Whether letters are asked for in random case, which a reply then has to repeat (draft-vixie-dnsext-dns0x20).
    pub mix_case: bool,
}

impl DnsConfig {
    /// The defaults (2 s, 3 tries, 4 sockets, 4 MiB, 4,096 queries, 64 connections, for ever) for these resolvers.
    pub fn new(resolvers: Vec<SocketAddr>) -> Self {
        Self {
            resolvers,
            timeout: Duration::from_secs(2),
            tries: 3,
            sockets_per_resolver: 4,
            receive_buffer: 4 << 20,
            in_flight: 4096,
            connections: 64,
            patience: None,
            mix_case: false,
        }
    }

    /// Sockets towards each resolver.
    pub(super) fn sockets(&self) -> usize {
        self.sockets_per_resolver.min(MAX_SOCKETS / self.resolvers.len().max(1)).max(1)
    }
}
