//! The zoo: every case by family, each with its hand-written truth.

mod answers;
mod dane;
mod elsewhere;
mod hosts;
mod hygiene;
mod mail_servers;
mod mail_tls;
mod near;
mod neighbours;
mod patterns;
mod policy_fields;
mod policy_text;
mod records;
mod responses;
mod tlsrpt;

use std::collections::HashMap;
use std::net::{Ipv6Addr, TcpListener};
use std::sync::{Arc, LazyLock};

use super::asked::Asked;
use super::case::Case;
use super::places;
use super::site::Dnssec;
use super::site::{End, Exchange, Neighbour, Site};
use super::truth::Truth;
use super::world::{Found, Occupant, Role, Server, World, role};

/// The top-level domain of the zoo (RFC 6761: never delegated).
const TLD: &str = ".test";

static CASES: LazyLock<Vec<Case>> = LazyLock::new(all);

/// Every case of the zoo, by family.
pub fn cases() -> &'static [Case] {
    &CASES
}

/// The zoo as a world. The first name of each case is `CASE.test`, the others are `CASE-000001.test` and so on.
#[derive(Debug)]
pub(super) struct Zoo {
    cases: Vec<(&'static Case, Arc<Site>)>,
    by_name: HashMap<&'static str, usize>,
    /// Mail servers that are told apart before TLS, by number: the case, the name in it, and which of the servers there.
    mail: Vec<(&'static Case, &'static Neighbour, usize)>,
}

impl Zoo {
    /// All cases that this machine can play.
    pub(super) fn new() -> Self {
        let ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        let cases: Vec<_> = cases().iter().filter(|case| ipv6 || !case.ipv6).map(|case| (case, Arc::new(case.site.clone()))).collect();
        let by_name = cases.iter().enumerate().map(|(place, (case, _))| (case.name, place)).collect();
        let mail = self::cases().iter().flat_map(|case| {
            let servers = move |neighbour: &'static Neighbour| (0..neighbour.mail.len()).map(move |place| (case, neighbour, place));
            case.site.neighbours.iter().flat_map(servers)
        });
        Self { cases, by_name, mail: mail.collect() }
    }

    fn place(&self, domain: &str) -> Option<&(&'static Case, Arc<Site>)> {
        let label = domain.strip_suffix(TLD)?;
        let unnumbered = || label.rsplit_once('-').filter(|(_, number)| number.len() >= 6 && number.bytes().all(|b| b.is_ascii_digit()));
        let place = self.by_name.get(label).or_else(|| self.by_name.get(unnumbered()?.0))?;
        self.cases.get(*place)
    }

    /// The case below which a name is.
    fn ancestor<'n>(&self, name: &'n str) -> Option<Found<'n>> {
        name.match_indices('.').find_map(|(dot, _)| {
            let (labels, domain) = (name.get(..dot)?, name.get(dot + 1..)?);
            self.place(domain).map(|(_, site)| (domain, Role::Neighbour(labels), Arc::clone(site)))
        })
    }
}

impl World for Zoo {
    fn names(&self) -> u64 {
        self.cases.len() as u64
    }

    fn is_endless(&self) -> bool {
        true
    }

    fn listed(&self, place: u64) -> String {
        let cases = self.names().max(1);
        match self.cases.get((place % cases) as usize) {
            Some((case, _)) if place < cases => format!("{}{TLD}", case.name),
            Some((case, _)) => format!("{}-{:06}{TLD}", case.name, place / cases),
            None => String::new(),
        }
    }

    fn truth(&self, domain: &str, asked: Asked) -> Option<Truth> {
        self.place(domain).map(|(case, _)| case.truth_when(asked))
    }

    /// The zoo has cases that show only so, and nobody there to spare.
    fn asked(&self) -> Asked {
        Asked::ALL
    }

    fn find<'n>(&self, name: &'n str) -> Option<Found<'n>> {
        let (role, domain) = role(name);
        match self.place(domain) {
            Some((_, site)) => Some((domain, role, Arc::clone(site))),
            None => self.ancestor(name),
        }
    }

    fn is_elsewhere(&self, name: &str) -> bool {
        // Targets of aliases to nothing.
        !name.ends_with(TLD) && !name.ends_with(".gone.example")
    }

    fn server(&self, host: &str) -> Server {
        let zone = self.find(host).map_or(Dnssec::Unsigned, |(_, _, site)| site.zone);
        Server { zone, ..Server::ordinary() }
    }

    fn numbered_addresses(&self) -> u16 {
        self.mail.len() as u16
    }

    fn occupant(&self, number: u16) -> Option<Occupant> {
        let (case, neighbour, place) = *self.mail.get(usize::from(number))?;
        let domain = format!("{}{TLD}", case.name);
        let host = if neighbour.labels == "@" { domain.clone() } else { format!("{}.{domain}", neighbour.labels) };
        Some(Occupant { mail: neighbour.mail.get(place)?.clone(), host, domain, place: place as u8 })
    }

    /// One that does not take its own mail.
    fn has_own_web(&self, domain: &str, site: &Site) -> bool {
        let takes_mail = |host: &Exchange| host.1.for_domain(domain) == domain.as_bytes();
        // Without MX records a domain takes it, too (RFC 5321 section 5.1).
        !(site.mx.records.is_empty() && site.mx.end == End::Answer || site.mx.records.iter().any(takes_mail))
    }
}

/// All cases, by family.
fn all() -> Vec<Case> {
    let families = [
        answers::cases(),
        records::cases(),
        tlsrpt::cases(),
        hosts::cases(),
        responses::cases(),
        policy_text::cases(),
        policy_fields::cases(),
        patterns::cases(),
        neighbours::cases(),
        elsewhere::cases(),
        hygiene::cases(),
        mail_servers::cases(),
        mail_tls::cases(),
        dane::cases(),
        near::cases(),
    ];
    let mut cases = near::declare(families.concat().into_iter().map(Case::settled).collect());
    number_mail_servers(&mut cases);
    cases
}

/// Gives every mail server that is declared an address of its own, unless the case says where it is: of IPv6 the second, so that a scan
/// that asks one address of each family asks both.
fn number_mail_servers(cases: &mut [Case]) {
    let neighbours = cases.iter_mut().flat_map(|case| &mut case.site.neighbours);
    let mut number = 0;
    for neighbour in neighbours.filter(|neighbour| !neighbour.mail.is_empty()) {
        let numbers = number..number + neighbour.mail.len() as u16;
        number = numbers.end;
        if neighbour.a.records.is_empty() && neighbour.aaaa.records.is_empty() {
            neighbour.a.records = numbers.clone().take(1).map(places::numbered_mail_a).collect();
            neighbour.aaaa.records = numbers.skip(1).map(places::numbered_mail_aaaa).collect();
        }
    }
}
