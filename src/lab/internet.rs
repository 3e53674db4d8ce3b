//! The whole of a world without its servers: which names it has, what each publishes and what is true of it.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::{Arc, LazyLock};

use serde::Serialize;

use super::case::Case;
use super::census::Census;
use super::hostile;
use super::imc2025;
use super::places;
use super::site::Site;
use super::truth::Truth;
use super::zoo;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// A world of the lab.
    pub enum World {
        /// Every case and its near miss, evenly.
        Zoo = "zoo",
        /// Rates as measured in the wild; any list of names can be scanned against it.
        Census = "census",
        /// The population of a study: a scan has to print its tables again.
        Imc2025 = "imc2025",
        /// Text that would act on what shows it, in every place where a scan reads text.
        Hostile = "hostile",
    }
}

/// What a lab is made of; serialised, the options by name that say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LabConfig {
    /// Which world.
    #[serde(rename = "lab")]
    pub world: World,
    /// Names of the world's own list; by default the zoo has each case once, the census 10,000 names, and the other worlds all they have.
    #[serde(rename = "lab-names")]
    pub names: Option<u64>,
    /// Another seed makes another census.
    #[serde(rename = "lab-seed")]
    pub seed: u64,
}

impl Default for LabConfig {
    fn default() -> Self {
        Self { world: World::Zoo, names: None, seed: 1 }
    }
}

/// Names in a census by default.
const CENSUS_NAMES: u64 = 10_000;
/// The top-level domain of the zoo (RFC 6761: never delegated).
const ZOO_TLD: &str = ".test";

/// Which of the names that belong to a domain is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role<'n> {
    Apex,
    StsRecord,
    TlsrptRecord,
    PolicyHost,
    /// Another name by its labels in front of the domain.
    Neighbour(&'n str),
}

/// Splits a name into what is asked of a domain and the domain.
fn role(name: &str) -> (Role<'_>, &str) {
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

static CASES: LazyLock<Vec<Case>> = LazyLock::new(zoo::cases);

/// The domain below which a name is, in a world whose domains have two labels.
fn ancestor(name: &str, find: impl Fn(&str) -> Option<Case>) -> Option<(&str, Role<'_>, Arc<Site>)> {
    let (above, tld) = name.rsplit_once('.')?;
    let (labels, _) = above.rsplit_once('.')?;
    let domain = name.get(labels.len() + 1..).filter(|domain| domain.len() > tld.len())?;
    find(domain).map(|case| (domain, Role::Neighbour(labels), Arc::new(case.site)))
}

/// Every case of the zoo, by family.
pub fn cases() -> &'static [Case] {
    &CASES
}

/// A world: its names, what they publish, what is true of them. It needs no server and no memory for each name.
#[derive(Debug)]
pub struct Internet {
    config: LabConfig,
    zoo: Vec<(&'static Case, Arc<Site>)>,
    by_name: HashMap<&'static str, usize>,
    census: Census,
}

impl Internet {
    /// The world of a configuration. Cases that need an IPv6 loopback are part of it only where this machine has one.
    pub fn new(config: LabConfig) -> Self {
        let ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        let zoo: Vec<_> = cases().iter().filter(|case| ipv6 || !case.ipv6).map(|case| (case, Arc::new(case.site.clone()))).collect();
        let by_name = zoo.iter().enumerate().map(|(place, (case, _))| (case.name, place)).collect();
        Self { config, zoo, by_name, census: Census::new(config.seed) }
    }

    /// What the world is called.
    pub fn word(&self) -> &'static str {
        self.config.world.as_str()
    }

    /// How many names the world's own list has.
    pub fn len(&self) -> u64 {
        match (self.config.world, self.config.names) {
            (World::Imc2025, names) => names.unwrap_or(imc2025::NAMES).min(imc2025::NAMES),
            (World::Hostile, names) => names.unwrap_or(hostile::NAMES).min(hostile::NAMES),
            (_, Some(names)) => names,
            (World::Zoo, None) => self.zoo.len() as u64,
            (World::Census, None) => CENSUS_NAMES,
        }
    }

    /// Whether the list has no names.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The world's own list. The first name of each case of the zoo is `CASE.test`, the others are `CASE-000001.test` and so on.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.len()).map(|place| self.name(place))
    }

    fn name(&self, place: u64) -> String {
        let cases = self.zoo.len().max(1) as u64;
        match (self.config.world, self.zoo.get((place % cases) as usize)) {
            (World::Zoo, Some((case, _))) if place < cases => format!("{}{ZOO_TLD}", case.name),
            (World::Zoo, Some((case, _))) => format!("{}-{:06}{ZOO_TLD}", case.name, place / cases),
            (World::Imc2025, _) => imc2025::listed(place),
            (World::Hostile, _) => hostile::listed(place),
            _ => self.census.name(place),
        }
    }

    /// What is true of a domain; `None` for a name that is no domain of the world.
    pub fn truth(&self, domain: &str) -> Option<Truth> {
        match self.config.world {
            World::Zoo => self.zoo_place(domain).map(|(case, _)| case.truth.clone()),
            World::Census => Some(self.census.truth(domain)),
            World::Imc2025 => imc2025::find(domain).map(|case| case.truth),
            World::Hostile => None,
        }
    }

    /// The domain that a name belongs to, what the name is to it, and what the domain publishes.
    pub(super) fn find<'n>(&self, name: &'n str) -> Option<(&'n str, Role<'n>, Arc<Site>)> {
        let (role, domain) = role(name);
        match self.config.world {
            World::Zoo => match self.zoo_place(domain) {
                Some((_, site)) => Some((domain, role, Arc::clone(site))),
                None => self.zoo_ancestor(name),
            },
            World::Census => Some((domain, role, self.census.site(domain))),
            World::Imc2025 => match imc2025::find(domain) {
                Some(case) => Some((domain, role, Arc::new(case.site))),
                None => ancestor(name, imc2025::find),
            },
            World::Hostile => match hostile::find(domain) {
                Some(case) => Some((domain, role, Arc::new(case.site))),
                None => ancestor(name, hostile::find),
            },
        }
    }

    /// Every address at which policies are served.
    pub(super) fn addresses(&self) -> Vec<Ipv4Addr> {
        match self.config.world {
            World::Zoo | World::Census | World::Hostile => places::all().collect(),
            World::Imc2025 => places::all().chain(imc2025::addresses()).collect(),
        }
    }

    /// Whether a name without a site is that of a server of somebody else.
    pub(super) fn is_elsewhere(&self, name: &str) -> bool {
        let foreign = match self.config.world {
            // Targets of aliases to nothing.
            World::Zoo => !name.ends_with(ZOO_TLD) && !name.ends_with(".gone.example"),
            World::Census => false,
            World::Imc2025 | World::Hostile => true,
        };
        foreign && name.contains('.') && !name.starts_with('_')
    }

    /// Whether the web server of a domain is nobody's mail server: one of the zoo that does not take its own mail.
    pub(super) fn has_own_web(&self, domain: &str, site: &Site) -> bool {
        let takes_mail = |host: &super::site::Exchange| host.1.for_domain(domain) == domain.as_bytes();
        self.config.world == World::Zoo && !site.mx.records.iter().any(takes_mail)
    }

    /// The case below which a name is.
    fn zoo_ancestor<'n>(&self, name: &'n str) -> Option<(&'n str, Role<'n>, Arc<Site>)> {
        name.match_indices('.').find_map(|(dot, _)| {
            let (labels, domain) = (name.get(..dot)?, name.get(dot + 1..)?);
            self.zoo_place(domain).map(|(_, site)| (domain, Role::Neighbour(labels), Arc::clone(site)))
        })
    }

    fn zoo_place(&self, domain: &str) -> Option<&(&'static Case, Arc<Site>)> {
        let label = domain.strip_suffix(ZOO_TLD)?;
        let unnumbered = || label.rsplit_once('-').filter(|(_, number)| number.len() >= 6 && number.bytes().all(|b| b.is_ascii_digit()));
        let place = self.by_name.get(label).or_else(|| self.by_name.get(unnumbered()?.0))?;
        self.zoo.get(*place)
    }
}
