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
    /// A resolvers file that cannot be read.
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
            Self::File { path, source } => write!(f, "cannot read the resolvers file {}: {source}", path.display()),
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
            Self::File { source, .. } | Self::Socket { source, .. } => Some(source),
            _ => None,
        }
    }
}
