//! What keeps the DNS engine from starting, in one sentence that says what to do.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why no scan can start with these resolvers. What the network does later is an outcome, never an error.
#[derive(Debug)]
pub enum DnsError {
    /// The system's resolver configuration cannot be read, or names no resolver.
    SystemResolvers {
        /// What the reader of the configuration said.
        reason: String,
    },
    /// A text that is no resolver address.
    Address {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A text that is no encrypted resolver.
    EncryptedAddress {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file of resolvers or root hints that cannot be read.
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A line of a resolvers file that is no resolver address.
    Line {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// The text of the line.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file of root hints that cannot be used.
    RootHints {
        /// The file.
        path: PathBuf,
        /// Number and text of the line that cannot be read; `None` if there is no address at all.
        at: Option<(usize, String)>,
    },
    /// Not one root server answers as a root server does.
    NoRoot {
        /// What became of asking them.
        reason: String,
    },
    /// No threads are to be had for resolving.
    Threads(io::Error),
    /// There is no resolver to ask.
    NoResolvers,
    /// No socket towards a resolver could be opened.
    Socket {
        /// The resolver.
        resolver: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Not one resolver can be relied on.
    NoneUsable {
        /// Each resolver and what is wrong with it.
        failed: Vec<(SocketAddr, String)>,
    },
}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SystemResolvers { reason } => {
                write!(f, "the system's resolver configuration cannot be used ({reason}); name resolvers with --resolver ADDR")
            }
            Self::Address { text, reason } => {
                write!(
                    f,
                    "{text:?} is no resolver address ({reason}); write it as 192.0.2.1, 192.0.2.1:53, 2001:db8::1 or [2001:db8::1]:53"
                )
            }
            Self::EncryptedAddress { text, reason } => {
                write!(
                    f,
                    "{text:?} is no encrypted resolver ({reason}); write it as tls://192.0.2.1#dns.example or https://192.0.2.1/dns-query#dns.example"
                )
            }
            Self::File { path, source } => write!(f, "cannot read the file {}: {source}", path.display()),
            Self::RootHints { path, at: Some((line, text)) } => {
                write!(f, "{}:{line}: {text:?} is no root hint; write A and AAAA records or one address a line", path.display())
            }
            Self::RootHints { path, at: None } => write!(f, "the root hints {} have no address; write one a line", path.display()),
            Self::NoRoot { reason } => write!(
                f,
                "no root server answers ({reason}); check that queries to name servers are let out of this network, or use a resolver (--resolver ADDR)"
            ),
            Self::Threads(source) => write!(f, "no threads can be had for resolving: {source}"),
            Self::Line { path, line, text, reason } => {
                write!(f, "{}:{line}: {text:?} is no resolver address ({reason}); write one ADDR[:PORT] a line", path.display())
            }
            Self::NoResolvers => f.write_str("there is no resolver to ask; name one with --resolver ADDR"),
            Self::Socket { resolver, source } => {
                write!(
                    f,
                    "cannot open a UDP socket towards resolver {resolver} ({source}); drop this resolver or raise the limit of open files"
                )
            }
            Self::NoneUsable { failed } => {
                f.write_str("no resolver can be used")?;
                for (index, (resolver, reason)) in failed.iter().take(5).enumerate() {
                    write!(f, "{}{resolver}: {reason}", if index == 0 { " (" } else { "; " })?;
                }
                match failed.len() {
                    0 => {}
                    1..=5 => f.write_str(")")?,
                    more => write!(f, "; and {} more)", more - 5)?,
                }
                f.write_str("; check the network, name others with --resolver ADDR, or take them as they are with --trust-resolvers")
            }
        }
    }
}

impl std::error::Error for DnsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } | Self::Socket { source, .. } | Self::Threads(source) => Some(source),
            _ => None,
        }
    }
}
