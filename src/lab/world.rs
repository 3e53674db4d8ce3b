//! What a world is to the servers: a name belongs to a domain and has a role there, and the domain publishes what it publishes.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::asked::Asked;
use super::case::Case;
use super::places;
use super::site::Site;
use super::site::{Dnssec, Mail, Pin};
use super::truth::Truth;

/// Which of the names that belong to a domain is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role<'n> {
    Apex,
    StsRecord,
    TlsrptRecord,
    PolicyHost,
    /// Another name by its labels in front of the domain.
    Neighbour(&'n str),
}

/// A mail server of which no domain says anything.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Server {
    /// What a validating resolver makes of every answer about it.
    pub(crate) zone: Dnssec,
    pub(crate) tlsa: Vec<Pin>,
    pub(crate) mail: Mail,
    /// The number of its address among those that are told apart before TLS; `None` for one that depends on the name.
    pub(crate) number: Option<u16>,
}

impl Server {
    /// One where all is right and nothing is signed.
    pub(crate) const fn ordinary() -> Self {
        Self { zone: Dnssec::Unsigned, tlsa: Vec::new(), mail: Mail::healthy(), number: None }
    }
}

/// Who is at an address that is told apart before TLS.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Occupant {
    pub(crate) mail: Mail,
    /// The host and its domain, for clients that do not say whom they mean.
    pub(crate) host: String,
    pub(crate) domain: String,
    /// Which of the host's servers it is.
    pub(crate) place: u8,
}

/// The domain that a name belongs to, what the name is to it, and what the domain publishes.
pub(crate) type Found<'n> = (&'n str, Role<'n>, Arc<Site>);

/// Names, what they publish, and what is true of them. It needs no server, and no memory for each name.
pub(crate) trait World: fmt::Debug + Send + Sync {
    /// How many names its own list has, unless the user says otherwise.
    fn names(&self) -> u64;

    /// Whether its own list can be longer than that.
    fn is_endless(&self) -> bool {
        false
    }

    /// The name at a place of its own list.
    fn listed(&self, place: u64) -> String;

    /// What is true of a domain; `None` for a name that is no domain of the world, or of which nothing is known.
    fn truth(&self, domain: &str, asked: Asked) -> Option<Truth>;

    /// What a scan of it asks unless the user says otherwise.
    fn asked(&self) -> Asked {
        Asked::NOTHING
    }

    /// Whom a name belongs to; `None` for a name below none of its domains.
    fn find<'n>(&self, name: &'n str) -> Option<Found<'n>>;

    /// Every address at which policies are served.
    fn addresses(&self) -> Vec<Ipv4Addr> {
        places::all().collect()
    }

    /// Whether a name of two labels or more that belongs to no domain may be that of a server of somebody else.
    fn is_elsewhere(&self, _name: &str) -> bool {
        true
    }

    /// The mail server of this name, if no domain says anything of it.
    fn server(&self, _host: &str) -> Server {
        Server::ordinary()
    }

    /// How many addresses are told apart before TLS.
    fn numbered_addresses(&self) -> u16 {
        0
    }

    /// Who is at one of them.
    fn occupant(&self, _number: u16) -> Option<Occupant> {
        None
    }

    /// Whether the web server of a domain is nobody's mail server.
    fn has_own_web(&self, _domain: &str, _site: &Site) -> bool {
        false
    }
}

/// Splits a name into what is asked of a domain and the domain.
pub(crate) fn role(name: &str) -> (Role<'_>, &str) {
    let known = [("_mta-sts.", Role::StsRecord), ("_smtp._tls.", Role::TlsrptRecord), ("mta-sts.", Role::PolicyHost)]
        .into_iter()
        .find_map(|(prefix, role)| name.strip_prefix(prefix).map(|domain| (role, domain)));
    match (known, name.split_once('.')) {
        (Some(found), _) => found,
        // No domain that anybody registers begins with an underscore.
        (None, Some((label, domain))) if label.starts_with('_') => (Role::Neighbour(label), domain),
        _ => (Role::Apex, name),
    }
}

/// Finds a name in a world whose domains have two labels, and are made when they are asked for.
pub(crate) fn find_case<'n>(name: &'n str, case: impl Fn(&str) -> Option<Case>) -> Option<Found<'n>> {
    let (role, domain) = role(name);
    if let Some(case) = case(domain) {
        return Some((domain, role, Arc::new(case.site)));
    }
    let (above, tld) = name.rsplit_once('.')?;
    let (labels, _) = above.rsplit_once('.')?;
    let domain = name.get(labels.len() + 1..).filter(|domain| domain.len() > tld.len())?;
    case(domain).map(|case| (domain, Role::Neighbour(labels), Arc::new(case.site)))
}
