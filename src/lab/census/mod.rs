//! The census: for any name, what it publishes, at rates as measured in the wild.
//!
//! Shares of faults among domains with MTA-STS follow Ashiq, Fiebig and Chung, "Unraveling the Complexities of MTA-STS
//! Deployment and Management in Securing Email" (IMC 2025), sections 4 and 5; adoption is that of popular domains.

mod adopter;
mod mail;
mod names;

use std::sync::Arc;

use self::mail::Servers;
use self::names::Draws;
use crate::classify::codes;

use super::asked::Asked;
use super::case::{Case, case};
use super::providers::{MAIL, with_mail};
use super::site::{End, Exchange, Neighbour, Site};
use super::truth::Truth;
use super::world::{Found, Occupant, Server, World, role};

/// Names of its own list by default.
const NAMES: u64 = 10_000;
/// Parts per million of all names.
const NXDOMAIN: u64 = 40_000;
const SERVFAIL: u64 = 3_000;
const SILENT: u64 = 500;
/// Parts per million of the names that exist.
const NO_MX: u64 = 190_000;
const NULL_MX: u64 = 30_000;
/// Parts per million of the names with MX hosts.
const ADOPTERS: u64 = 24_000;
const TLSRPT_ALONE: u64 = 4_000;
const WILDCARD_TXT: u64 = 4_000;

/// Where reports go that do not stay at home.
const REPORTS: &str = "reports.example";

/// A world without a list of its names.
#[derive(Debug)]
pub(super) struct Census {
    seed: u64,
    /// What most names publish, made once: unsigned and signed.
    common: Vec<(Case, [Arc<Site>; 2])>,
}

/// Places in [`Census::common`]; behind them one for each mail provider.
const COMMON: [fn() -> Case; 6] = [nxdomain, servfail, silent, no_mx, null_mx, wildcard_txt];
const COMMON_NXDOMAIN: usize = 0;
const COMMON_SERVFAIL: usize = 1;
const COMMON_SILENT: usize = 2;
const COMMON_NO_MX: usize = 3;
const COMMON_NULL_MX: usize = 4;
const COMMON_WILDCARD: usize = 5;

/// What a domain is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A place in [`COMMON`].
    Common(usize),
    /// Mail with a provider, by its place in [`MAIL`], and nothing else.
    Plain(usize),
    Adopter(usize),
    TlsrptAlone(usize),
}

/// Places in [`MAIL`] of those who run their own servers: one, two, and the domain itself.
const OWN: usize = 3;
/// Labels of their hosts.
const HOSTS: [&str; 3] = ["mail.", "mx1.", "mx2."];

/// The domain that a mail server belongs to that is called like those of domains with their own.
fn owner(host: &str) -> &str {
    let domain = HOSTS.iter().find_map(|label| host.strip_prefix(label)).filter(|domain| domain.contains('.'));
    domain.unwrap_or(host)
}

/// Whether the mail servers of a domain, if it had its own, would be called like those of a provider.
fn is_of_provider(domain: &str) -> bool {
    let hosts = MAIL.iter().skip(OWN).flat_map(|mail| mail.hosts);
    hosts.copied().any(|host| match host.rsplit_once('}') {
        // One for each customer.
        Some((_, end)) => domain.ends_with(end),
        None => host == domain || owner(host) == domain,
    })
}

impl Kind {
    /// Where it receives mail, by a place in [`MAIL`]; `None` where it receives none.
    fn provider(self) -> Option<usize> {
        match self {
            Self::Plain(provider) | Self::Adopter(provider) | Self::TlsrptAlone(provider) => Some(provider),
            Self::Common(COMMON_NO_MX) => Some(2),
            Self::Common(COMMON_WILDCARD) => Some(1),
            Self::Common(_) => None,
        }
    }

    /// Whether a host is one of its own mail servers, in a domain of this name.
    fn has_server(self, host: &str, domain: &str) -> bool {
        let label = host.strip_suffix(domain).unwrap_or_default();
        match self.provider() {
            Some(0) => label == "mail.",
            Some(1) => label == "mx1." || label == "mx2.",
            Some(2) => label.is_empty(),
            _ => false,
        }
    }
}

impl Census {
    pub(super) fn new(seed: u64) -> Self {
        let cases = COMMON.iter().map(|make| make()).chain((0..MAIL.len()).map(|provider| plain("plain", provider))).map(Case::settled);
        let sites = |case: &Case| [case.clone(), case.clone().signed()].map(|case| Arc::new(case.site));
        Self { seed, common: cases.map(|case| (case.clone(), sites(&case))).collect() }
    }

    /// What the mail servers of a domain are like; `None` if it has none.
    fn servers(&self, domain: &str, kind: Kind) -> Option<Servers> {
        let provider = kind.provider()?;
        Some(match MAIL.get(provider).and_then(|mail| mail.hosts.first()).filter(|_| provider >= OWN) {
            Some(host) => Servers::hosted(domain, self.seed, host),
            None => Servers::own(domain, self.seed, matches!(kind, Kind::Adopter(_))),
        })
    }

    fn site(&self, domain: &str) -> Arc<Site> {
        // What is called like a mail server is in the zone of its domain.
        let (owner, kind) = (owner(domain), self.kind(domain));
        let signed = self.servers(owner, self.kind(owner)).is_some_and(|servers| servers.signed);
        match self.common_place(kind).and_then(|place| self.common.get(place)) {
            Some((_, sites)) => Arc::clone(&sites[usize::from(signed)]),
            None => Arc::new(if signed { self.case(domain, kind).signed().site } else { self.case(domain, kind).site }),
        }
    }

    fn common_place(&self, kind: Kind) -> Option<usize> {
        match kind {
            Kind::Common(place) => Some(place),
            Kind::Plain(provider) => Some(COMMON.len() + provider),
            Kind::Adopter(_) | Kind::TlsrptAlone(_) => None,
        }
    }

    /// What a domain of this kind publishes, its mail servers apart.
    fn case(&self, domain: &str, kind: Kind) -> Case {
        match (kind, self.common_place(kind).and_then(|place| self.common.get(place))) {
            (_, Some((case, _))) => case.clone(),
            (Kind::Adopter(_), _) => {
                let (_, mut draws) = self.draw(domain);
                adopter::compose(&mut draws, kind.provider().unwrap_or_default()).settled()
            }
            (Kind::TlsrptAlone(provider), _) => tlsrpt_alone(provider).settled(),
            (Kind::Common(_) | Kind::Plain(_), None) => nxdomain(),
        }
    }

    fn kind(&self, domain: &str) -> Kind {
        self.draw(domain).0
    }

    /// What a domain is, and the draws that are left.
    fn draw(&self, domain: &str) -> (Kind, Draws) {
        let mut draws = Draws::new(domain, self.seed);
        if domain == REPORTS {
            return (Kind::Plain(0), draws); // It receives for so many that its own draw must not matter.
        }
        if is_of_provider(domain) {
            return (Kind::Plain(OWN), draws); // Its hosts are those of its customers.
        }
        if let Some(common) = draws.one_of(&[(NXDOMAIN, COMMON_NXDOMAIN), (SERVFAIL, COMMON_SERVFAIL), (SILENT, COMMON_SILENT)]) {
            return (Kind::Common(common), draws);
        }
        if let Some(common) = draws.one_of(&[(NO_MX, COMMON_NO_MX), (NULL_MX, COMMON_NULL_MX)]) {
            return (Kind::Common(common), draws);
        }
        let provider = draws.weighted(MAIL.iter().map(|provider| provider.weight));
        let kind = match draws.one_of(&[(ADOPTERS, 0), (TLSRPT_ALONE, 1), (WILDCARD_TXT, 2)]) {
            Some(0) => Kind::Adopter(provider),
            Some(1) => Kind::TlsrptAlone(provider),
            Some(_) => Kind::Common(COMMON_WILDCARD),
            None => Kind::Plain(provider),
        };
        (kind, draws)
    }
}

impl World for Census {
    fn names(&self) -> u64 {
        NAMES
    }

    fn is_endless(&self) -> bool {
        true
    }

    fn listed(&self, place: u64) -> String {
        names::name(self.seed, place)
    }

    fn truth(&self, domain: &str, asked: Asked) -> Option<Truth> {
        let kind = self.kind(domain);
        let case = self.case(domain, kind);
        let case = match self.servers(domain, kind) {
            Some(servers) => servers.judged(case, kind.provider().is_some_and(|provider| provider >= OWN)),
            None => case,
        };
        Some(case.truth_when(asked))
    }

    fn find<'n>(&self, name: &'n str) -> Option<Found<'n>> {
        // TLSA records are those of mail servers.
        if name.starts_with("_25._tcp.") {
            return None;
        }
        let (role, domain) = role(name);
        Some((domain, role, self.site(domain)))
    }

    fn server(&self, host: &str) -> Server {
        let domain = owner(host);
        let kind = self.kind(domain);
        match self.servers(domain, kind).filter(|_| kind.has_server(host, domain)) {
            Some(servers) => servers.server(host),
            None => mail::of_provider(host).unwrap_or(Server::ordinary()),
        }
    }

    fn numbered_addresses(&self) -> u16 {
        mail::NUMBERED
    }

    fn occupant(&self, number: u16) -> Option<Occupant> {
        let nobody = || "mail.invalid".to_owned();
        mail::at(number).map(|mail| Occupant { mail, host: nobody(), domain: nobody(), place: 0 })
    }

    fn is_elsewhere(&self, _name: &str) -> bool {
        false
    }
}

fn nxdomain() -> Case {
    without(case("nxdomain", "The domain does not exist.")).mx_end(End::Nxdomain).mx_state("nxdomain")
}

fn servfail() -> Case {
    failing(case("servfail", "SERVFAIL for everything."), End::Servfail)
}

fn silent() -> Case {
    failing(case("silent", "No name server answers."), End::Silent).waits()
}

fn no_mx() -> Case {
    without(case("no-mx", "No MX.")).mx(&[]).mx_state("none").code(codes::MX_NONE)
}

fn null_mx() -> Case {
    without(case("null-mx", "A null MX."))
        .site(|site| site.mx.records = vec![Exchange(0, ".".into())])
        .mx_state("null")
        .code(codes::MX_NULL)
}

fn wildcard_txt() -> Case {
    let case = case("wildcard-txt", "A wildcard TXT record answers for every name.").sts("v=spf1 -all").tlsrpt("v=spf1 -all");
    let case = case.neighbour(Neighbour::txt("*", "v=spf1 -all"));
    let case = case.no_record().codes(&[codes::STS_RECORD_ABSENT, codes::STS_RECORD_UNRELATED_TXT, codes::STS_RECORD_WILDCARD_TXT]);
    case.no_tlsrpt_record().code(codes::TLSRPT_UNRELATED_TXT)
}

/// Mail with one of the providers, neither MTA-STS nor TLSRPT.
fn plain(name: &'static str, provider: usize) -> Case {
    with_mail(without(case(name, "Mail, but neither MTA-STS nor TLSRPT.")), provider)
}

fn tlsrpt_alone(provider: usize) -> Case {
    with_mail(case("tlsrpt-alone", "TLSRPT without MTA-STS."), provider).sts_end(End::Nxdomain).no_record().code(codes::STS_RECORD_ABSENT)
}

fn without(case: Case) -> Case {
    let case = case.sts_end(End::Nxdomain).no_record().code(codes::STS_RECORD_ABSENT);
    case.tlsrpt_end(End::Nxdomain).no_tlsrpt_record()
}

fn failing(case: Case, end: End) -> Case {
    let case = case.mx_end(end).unknown_mx().sts_end(end).unknown_record();
    case.tlsrpt_end(end).code(codes::TLSRPT_DNS_ERROR).tlsrpt_state("unknown")
}
