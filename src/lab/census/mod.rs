//! The census: for any name, what it publishes, at rates as measured in the wild.
//!
//! Shares of faults among domains with MTA-STS follow Ashiq, Fiebig and Chung, "Unraveling the Complexities of MTA-STS
//! Deployment and Management in Securing Email" (IMC 2025), sections 4 and 5; adoption is that of popular domains.

mod adopter;
mod names;

use std::sync::Arc;

use self::names::Draws;
use crate::classify::codes;

use super::asked::Asked;
use super::case::{Case, case};
use super::providers::{MAIL, with_mail};
use super::site::{End, Exchange, Neighbour, Site};
use super::truth::Truth;
use super::world::{Found, World, role};

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
    /// What most names publish, made once.
    common: Vec<(Case, Arc<Site>)>,
}

/// Places in [`Census::common`]; behind them one for each mail provider.
const COMMON: [fn() -> Case; 6] = [nxdomain, servfail, silent, no_mx, null_mx, wildcard_txt];
const COMMON_NXDOMAIN: usize = 0;
const COMMON_SERVFAIL: usize = 1;
const COMMON_SILENT: usize = 2;
const COMMON_NO_MX: usize = 3;
const COMMON_NULL_MX: usize = 4;
const COMMON_WILDCARD: usize = 5;

enum Kind {
    Common(usize),
    Rare(Box<Case>),
}

impl Census {
    pub(super) fn new(seed: u64) -> Self {
        let cases = COMMON.iter().map(|make| make()).chain((0..MAIL.len()).map(|provider| plain("plain", provider))).map(Case::settled);
        Self { seed, common: cases.map(|case| (case.clone(), Arc::new(case.site))).collect() }
    }

    fn site(&self, domain: &str) -> Arc<Site> {
        match self.kind(domain) {
            Kind::Common(place) => self.common.get(place).map_or_else(|| Arc::new(nxdomain().site), |(_, site)| Arc::clone(site)),
            Kind::Rare(case) => Arc::new(case.site),
        }
    }

    fn kind(&self, domain: &str) -> Kind {
        if domain == REPORTS {
            return Kind::Common(COMMON.len()); // It receives for so many that its own draw must not matter.
        }
        let mut draws = Draws::new(domain, self.seed);
        if let Some(common) = draws.one_of(&[(NXDOMAIN, COMMON_NXDOMAIN), (SERVFAIL, COMMON_SERVFAIL), (SILENT, COMMON_SILENT)]) {
            return Kind::Common(common);
        }
        if let Some(common) = draws.one_of(&[(NO_MX, COMMON_NO_MX), (NULL_MX, COMMON_NULL_MX)]) {
            return Kind::Common(common);
        }
        let provider = draws.weighted(MAIL.iter().map(|provider| provider.weight));
        match draws.one_of(&[(ADOPTERS, 0), (TLSRPT_ALONE, 1), (WILDCARD_TXT, 2)]) {
            Some(0) => Kind::Rare(Box::new(adopter::compose(&mut draws, provider))),
            Some(1) => Kind::Rare(Box::new(tlsrpt_alone(provider))),
            Some(_) => Kind::Common(COMMON_WILDCARD),
            None => Kind::Common(COMMON.len() + provider),
        }
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
        Some(match self.kind(domain) {
            Kind::Common(place) => self.common.get(place).map_or_else(|| nxdomain().truth, |(case, _)| case.truth_when(asked)),
            Kind::Rare(case) => case.settled().truth_when(asked),
        })
    }

    fn find<'n>(&self, name: &'n str) -> Option<Found<'n>> {
        let (role, domain) = role(name);
        Some((domain, role, self.site(domain)))
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
