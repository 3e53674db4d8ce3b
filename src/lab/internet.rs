//! A world that can be served: which names it has, what each publishes and what is true of it, also as files, for those who want to compare a
//! dataset with it themselves.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::asked::Asked;
use super::census::Census;
use super::certificate::{Authority, slot};
use super::hostile::Hostile;
use super::places;
use super::site::{Pin, Pinned};
use super::site::{Shape, Site};
use super::truth::Truth;
use super::world::{Found, Occupant, Role, Server, World};
use super::zoo::Zoo;

/// A world without its servers.
#[derive(Debug)]
pub struct Internet {
    word: &'static str,
    world: Box<dyn World>,
    names: Option<u64>,
    /// Who certifies its servers, once it is served.
    authority: Option<Arc<Authority>>,
    /// Whether DNS gives the addresses at which mail servers are, in place of those of the public Internet.
    mail_on_loopback: bool,
}

impl Internet {
    /// Every case and its near miss, evenly. Cases that need an IPv6 loopback are part of it only where this machine has one.
    pub fn zoo() -> Self {
        Self::of("zoo", Zoo::new())
    }

    /// Rates as measured in the wild; any list of names can be scanned against it. Another seed makes another census.
    pub fn census(seed: u64) -> Self {
        Self::of("census", Census::new(seed))
    }

    /// Text that would act on what shows it, in every place where a scan reads text.
    pub fn hostile() -> Self {
        Self::of("hostile", Hostile)
    }

    /// A world of another module.
    pub(crate) fn of(word: &'static str, world: impl World + 'static) -> Self {
        Self { word, world: Box::new(world), names: None, authority: None, mail_on_loopback: false }
    }

    /// The same with so many names in its own list, or all that it has if those are fewer; `None` leaves the number as it is.
    pub fn with_names(self, names: Option<u64>) -> Self {
        Self { names: names.or(self.names), ..self }
    }

    /// The same with the addresses of mail servers on loopback in DNS, for programs that cannot be told to look for them there. A scan
    /// then finds private addresses.
    pub fn with_mail_on_loopback(self) -> Self {
        Self { mail_on_loopback: true, ..self }
    }

    /// The same, its servers certified by this authority.
    pub(super) fn certified(self, authority: Arc<Authority>) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// What the world is called.
    pub fn word(&self) -> &'static str {
        self.word
    }

    /// How many names the world's own list has.
    pub fn len(&self) -> u64 {
        match self.names {
            Some(names) if self.world.is_endless() => names,
            Some(names) => names.min(self.world.names()),
            None => self.world.names(),
        }
    }

    /// Whether the list has no names.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The world's own list.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.len()).map(|place| self.world.listed(place))
    }

    /// What is true of a domain for a scan that asks what scans of this world ask unless the user says otherwise; `None` for a name that is
    /// no domain of the world.
    pub fn truth(&self, domain: &str) -> Option<Truth> {
        self.truth_when(domain, self.asked())
    }

    /// What is true of a domain for a scan that asks this of mail servers.
    pub fn truth_when(&self, domain: &str, asked: Asked) -> Option<Truth> {
        self.world.truth(domain, asked)
    }

    /// What a scan of it asks of mail servers unless the user says otherwise.
    pub fn asked(&self) -> Asked {
        self.world.asked()
    }

    /// The domain that a name belongs to, what the name is to it, and what the domain publishes.
    pub(super) fn find<'n>(&self, name: &'n str) -> Option<Found<'n>> {
        self.world.find(name)
    }

    /// Every address at which policies are served.
    pub(super) fn addresses(&self) -> Vec<Ipv4Addr> {
        self.world.addresses()
    }

    /// The addresses at which mail servers are asked: those that depend on names, and those that are told apart before TLS.
    pub(super) fn mail_addresses(&self) -> Vec<Ipv4Addr> {
        places::mail_servers(self.world.numbered_addresses()).collect()
    }

    /// Who is at an address that is told apart before TLS.
    pub(super) fn occupant(&self, address: Ipv4Addr) -> Option<Occupant> {
        self.world.occupant(places::number(address)?)
    }

    /// The mail server of a name, and its domain.
    pub(super) fn mail_server<'n>(&self, host: &'n str) -> (&'n str, Server) {
        let found = self.find(host);
        let neighbour = found.as_ref().and_then(|(_, role, site)| match role {
            Role::Apex => site.neighbour("@"),
            Role::Neighbour(labels) => site.neighbour(labels),
            _ => None,
        });
        let server = match (&found, neighbour.and_then(|neighbour| neighbour.mail.first())) {
            (Some((_, _, site)), Some(mail)) => Server { mail: mail.clone(), zone: site.zone, ..Server::ordinary() },
            _ => self.world.server(host),
        };
        (found.map_or(host, |(domain, ..)| domain), server)
    }

    /// The data of a TLSA record of a mail server; none where nothing is served.
    pub(super) fn pinned(&self, host: &str, pin: &Pin) -> Vec<u8> {
        let Some(authority) = &self.authority else { return Vec::new() };
        let (domain, server) = self.mail_server(host);
        let leaf = |slot, shape: &Shape| authority.leaf(host, domain, slot, shape).map(|leaf| leaf.cert.clone()).unwrap_or_default();
        let chain = match (pin.3, &server.mail.rsa_certificate) {
            (Pinned::RsaLeaf, Some(shape)) => leaf(slot::RSA, shape),
            _ => leaf(slot::MAIL, &server.mail.certificate),
        };
        let reissued = if pin.3 == Pinned::Reissued { leaf(slot::REISSUED, &Shape::Valid) } else { Vec::new() };
        authority.pinned(pin, &chain, &reissued)
    }

    /// The address that DNS gives of a mail server that is at this one, if any.
    pub(super) fn mail_address(&self, address: IpAddr) -> Option<IpAddr> {
        match places::mail_server(address) {
            there if self.mail_on_loopback && there != address => (there.is_ipv4() == address.is_ipv4()).then_some(there),
            _ => Some(address),
        }
    }

    /// Whether a name without a site is that of a server of somebody else.
    pub(super) fn is_elsewhere(&self, name: &str) -> bool {
        name.contains('.') && !name.starts_with('_') && self.world.is_elsewhere(name)
    }

    /// Whether the web server of a domain is nobody's mail server.
    pub(super) fn has_own_web(&self, domain: &str, site: &Site) -> bool {
        self.world.has_own_web(domain, site)
    }
}

/// The list that [`Internet::write`] makes.
pub const LIST_FILE: &str = "names.txt";
/// The truth that [`Internet::write`] makes.
pub const TRUTH_FILE: &str = "truth.jsonl";

impl Internet {
    /// Writes the world's own list as `names.txt`, a name a line, and what is true of it as `truth.jsonl`, an object a line.
    /// The folder is made if it does not exist.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        std::fs::create_dir_all(dir)?;
        let mut list = BufWriter::new(File::create(dir.join(LIST_FILE))?);
        let mut truths = BufWriter::new(File::create(dir.join(TRUTH_FILE))?);
        for name in self.names() {
            writeln!(list, "{name}")?;
            if let Some(truth) = self.truth(&name) {
                writeln!(truths, "{}", truth.to_json(&name))?;
            }
        }
        list.flush()?;
        truths.flush()
    }
}

impl Truth {
    /// The truth of a domain as an object: `domain`, `case`, `findings` (codes), and the asserted columns.
    pub fn to_json(&self, domain: &str) -> Value {
        let mut object = Map::new();
        object.insert("domain".to_owned(), json!(domain));
        object.insert("case".to_owned(), json!(self.case));
        object.insert("findings".to_owned(), json!(self.codes));
        object.extend(self.columns().map(|(column, word)| (column.to_owned(), json!(word))));
        Value::Object(object)
    }
}
