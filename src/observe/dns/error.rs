//! What keeps the DNS engine from starting, in one sentence that says what to do.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why no scan can start with these resolvers. What the network does later is an outcome, never an error.
#[derive(Debug, Error)]
pub enum DnsError {
    /// The system's resolver configuration cannot be read, or names no resolver.
    #[error("the system's resolver configuration cannot be used ({reason}); name resolvers with --resolver ADDR")]
    SystemResolvers {
        /// What the reader of the configuration said.
        reason: String,
    },
    /// A text that is no resolver address.
    #[error("{text:?} is no resolver address ({reason}); write it as 192.0.2.1, 192.0.2.1:53, 2001:db8::1 or [2001:db8::1]:53")]
    Address {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A text that is no encrypted resolver.
    #[error(
        "{text:?} is no encrypted resolver ({reason}); write it as tls://192.0.2.1#dns.example or https://192.0.2.1/dns-query#dns.example"
    )]
    EncryptedAddress {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file of resolvers or root hints that cannot be read.
    #[error("cannot read the file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A line of a resolvers file that is no resolver.
    #[error("{path}:{line}: {text:?} is no resolver ({reason}); write one per line, as for --resolver")]
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
    #[error("{}", no_root_hint(path, at.as_ref()))]
    RootHints {
        /// The file.
        path: PathBuf,
        /// Number and text of the line that cannot be read; `None` if there is no address at all.
        at: Option<(usize, String)>,
    },
    /// Not one root server answers as a root server does.
    #[error(
        "no root server answers ({reason}); check that queries to name servers are let out of this network, or use a resolver (--resolver ADDR)"
    )]
    NoRoot {
        /// What became of asking them.
        reason: String,
    },
    /// No threads are to be had for resolving.
    #[error("no threads can be had for resolving: {0}")]
    Threads(#[source] io::Error),
    /// There is no resolver to ask.
    #[error("there is no resolver to ask; name one with --resolver ADDR")]
    NoResolvers,
    /// A file of resolvers that has none.
    #[error("the file {0} names no resolver; write one per line, as for --resolver")]
    NoneInFile(PathBuf),
    /// No socket towards a resolver could be opened.
    #[error("cannot open a UDP socket towards resolver {resolver} ({source}); drop this resolver or raise the limit of open files")]
    Socket {
        /// The resolver.
        resolver: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Not one resolver can be relied on.
    #[error(
        "no resolver can be used{}; check the network, name others with --resolver ADDR, or take them as they are with --trust-resolvers",
        listed(failed)
    )]
    NoneUsable {
        /// Each resolver and what is wrong with it.
        failed: Vec<(SocketAddr, String)>,
    },
}

fn no_root_hint(path: &Path, at: Option<&(usize, String)>) -> String {
    let path = path.display();
    match at {
        Some((line, text)) => format!("{path}:{line}: {text:?} is no root hint; write A and AAAA records or one address a line"),
        None => format!("the root hints {path} have no address; write one a line"),
    }
}

/// The first resolvers and what is wrong with each, in parentheses.
fn listed(failed: &[(SocketAddr, String)]) -> String {
    const MAX_SHOWN: usize = 5;
    let mut shown: Vec<_> = failed.iter().take(MAX_SHOWN).map(|(resolver, reason)| format!("{resolver}: {reason}")).collect();
    if failed.len() > MAX_SHOWN {
        shown.push(format!("and {} more", failed.len() - MAX_SHOWN));
    }
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join("; ")) }
}
