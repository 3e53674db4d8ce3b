//! The lab: a small Internet on loopback whose truth is known.
//!
//! DNS over UDP and TCP and HTTPS policy hosts, all on loopback ports, without root. Every answer is computed from the
//! name and a seed, so a world of ten million names needs no memory, and any list of real names can be scanned
//! against it. What a correct scan has to say of each name is written by hand beside what the name publishes: the lab
//! knows nothing of the scanner's own rules, or it would only agree with it. A journal of requests lets tests
//! assert how polite the scanner was.

mod answer;
mod asked;
pub(crate) mod case;
mod census;
mod certificate;
mod consequences;
mod der;
mod handshake;
mod hierarchy;
mod hostile;
mod http;
mod https;
mod internet;
mod journal;
mod mail_tls;
mod packing;
pub(crate) mod places;
pub(crate) mod providers;
mod scripted;
mod servers;
pub(crate) mod site;
mod smtp;
mod transport;
pub(crate) mod truth;
mod wire;
pub(crate) mod world;
mod zoo;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

pub use self::asked::{Asked, Whose};
pub use self::case::Case;
pub use self::hierarchy::Hierarchy;
pub use self::internet::Internet;
pub(crate) use self::journal::Journal;
pub use self::journal::{Counts, MailVisit};
pub(crate) use self::places::BEYOND_LOOPBACK;
pub use self::places::mail_server;
pub use self::truth::{Expected, Truth, spoken_codes};
pub use self::zoo::cases;

use self::certificate::Authority;
use self::servers::Servers;

/// A running lab; it stops when it is dropped.
#[derive(Debug)]
pub struct Lab {
    servers: Servers,
    root: Hierarchy,
    internet: Arc<Internet>,
    journal: Arc<Journal>,
    authority: Arc<Authority>,
}

impl Lab {
    /// Serves a world: starts the servers on free loopback ports, on threads of their own.
    ///
    /// # Errors
    /// If no sockets can be opened or no threads started.
    pub fn start(world: Internet) -> io::Result<Self> {
        let authority = Arc::new(Authority::new()?);
        let (internet, journal) = (Arc::new(world.certified(Arc::clone(&authority))), Arc::<Journal>::default());
        let servers = Servers::start(&internet, &journal, &authority)?;
        let root = Hierarchy::flat(&internet)?;
        Ok(Self { servers, root, internet, journal, authority })
    }

    /// Where the resolver listens, over UDP and over TCP.
    pub fn dns_addr(&self) -> SocketAddr {
        self.servers.dns
    }

    /// The root server for scans that resolve from the root; it serves the whole world.
    pub fn root_addr(&self) -> SocketAddr {
        self.root.first_root()
    }

    /// Has the root server take questions and say nothing, or answer again.
    pub fn silence_root(&self, silent: bool) {
        self.root.fall_silent(silent);
    }

    /// Starts a hierarchy of name servers with a root of its own, whose zones of the zoo are those of this lab.
    ///
    /// # Errors
    /// If no sockets can be opened or no threads started.
    pub fn start_hierarchy(&self) -> io::Result<Hierarchy> {
        Hierarchy::deep(&self.internet)
    }

    /// The port of every policy host.
    pub fn https_port(&self) -> u16 {
        self.servers.https_port
    }

    /// The port for plain HTTP of every policy host.
    pub fn http_port(&self) -> u16 {
        self.servers.http_port
    }

    /// The port of every mail server.
    pub fn smtp_port(&self) -> u16 {
        self.servers.smtp_port
    }

    /// The root that a scan has to trust.
    pub fn ca_pem(&self) -> &str {
        self.authority.root_pem()
    }

    /// The world that is served.
    pub fn internet(&self) -> &Arc<Internet> {
        &self.internet
    }

    /// The world's own list.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.internet.names()
    }

    /// What is true of a domain; see [`Internet::truth`].
    pub fn truth(&self, domain: &str) -> Option<Truth> {
        self.internet.truth(domain)
    }

    /// What has been asked so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }
}
