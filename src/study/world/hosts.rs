//! Who serves the policies of the study's world, who receives its mail, and from which addresses, laid out for the study's heuristic.
//!
//! A policy host of the domain's own has no alias and shares its address with at most four others (self-managed: 5 domains at most);
//! a provider has an alias and an address for 50 domains or more (third party); small ones have both for 39 or 40 (unclassified).

use std::net::Ipv4Addr;

use crate::classify::codes::{self, Code};
use crate::lab::case::Case;
use crate::lab::places;
use crate::lab::providers::{MAIL, with_hosting, with_mail};
use crate::lab::site::Mail as Mailer;
use crate::lab::site::{Exchange, Shape};
use crate::lab::truth::Expected;
use crate::lab::world::Server;

/// Who serves a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Own,
    /// A provider of Table 2, by its place in [`crate::lab::providers::HOSTING`].
    Provider(usize),
    /// One of 25 providers of 151 or 152 domains each that Table 2 does not name.
    Unnamed,
    /// One of 353 providers that are too small to be distinguished from administrators of their own domains.
    Small,
}

/// How its address takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    /// Refused.
    Closed,
    /// No answer to a SYN.
    Dead,
}

const OWN_DOMAINS: u64 = 5;
const OWN_ADDRESSES: u64 = 25_344_u64.div_ceil(OWN_DOMAINS);
const UNNAMED: u64 = 25;
const SMALL: u64 = 353;
/// Closed addresses of the small: each is that of ten domains.
const SMALL_CLOSED: u64 = 30;

/// An address of a block of loopback by its number, which is below 62,500.
fn address(block: u8, number: u64) -> Ipv4Addr {
    Ipv4Addr::new(127, block, (number / 250) as u8, 1 + (number % 250) as u8)
}

const OWN_BLOCK: u8 = 16;
const UNNAMED_BLOCK: u8 = 17;
const SMALL_BLOCK: u8 = 18;
/// What is added to a block for its addresses at which nobody listens.
const CLOSED: u8 = 16;

/// Every address of this world at which policies are served, beside those of the providers that all worlds have.
pub(super) fn addresses() -> impl Iterator<Item = Ipv4Addr> {
    let block = |block, count| (0..count).map(move |number| address(block, number));
    block(OWN_BLOCK, OWN_ADDRESSES).chain(block(UNNAMED_BLOCK, UNNAMED)).chain(block(SMALL_BLOCK, SMALL))
}

impl Host {
    /// The case with its alias and its address; `rank` counts the domains of this host.
    pub(super) fn of(self, case: Case, rank: u64, door: Door) -> Case {
        let (case, block, number) = match self {
            Self::Own => (case, OWN_BLOCK, rank / OWN_DOMAINS),
            Self::Provider(place) => return with_hosting(case, place),
            Self::Unnamed => {
                (alias(case, format!("{{-}}.mta-sts.policy-host-{:02}.example", rank % UNNAMED)), UNNAMED_BLOCK, rank % UNNAMED)
            }
            Self::Small if door == Door::Closed => (small(case, rank), SMALL_BLOCK, rank % SMALL_CLOSED),
            Self::Small => (small(case, rank), SMALL_BLOCK, rank % SMALL),
        };
        match door {
            Door::Open => case.host_at(address(block, number)),
            Door::Closed => case.host_at(address(block + CLOSED, number)),
            Door::Dead => case.host_at(places::FULL),
        }
    }
}

fn small(case: Case, rank: u64) -> Case {
    alias(case, format!("{{-}}.mta-sts.small-host-{:03}.example", rank % SMALL))
}

fn alias(case: Case, target: String) -> Case {
    let aliased = case.site(|site| {
        site.host_a.cname = vec![target.clone().into()];
        site.host_aaaa.cname = vec![target.into()];
    });
    aliased.code(codes::STS_HOST_CNAME).code(codes::STS_DELEGATION_PARTIAL)
}

/// A way to receive mail. The study's heuristic distinguishes own servers (the name of the domain), third parties (50 domains or more)
/// and those between, which it does not classify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mail {
    /// A host below the domain.
    Own,
    /// Two of them.
    OwnTwo,
    /// One of the great mail providers in turn.
    Shared,
    /// A small provider, of 35 to 40 domains.
    Small,
    Tutanota,
    /// A letter is wrong in the MX record: the one inconsistent domain among those with one provider for both.
    TutanotaTypo,
    /// The forwarding of a registrar.
    Porkbun,
    /// 4,722 domains, which the study names as an exception from its heuristic.
    Mxascen,
    /// A host of its own for each customer, and patterns of somebody else.
    Lucidgrow,
    /// The first of its two hosts.
    Mxrouting,
    /// Both of them.
    MxroutingBoth,
    /// A host that is in order, and one in reserve: of two third parties, by the letter.
    Relay(char),
    /// One of the small providers that have two hosts, by what is wrong with them.
    SmallOf(&'static str),
}

/// Certificates of the MX hosts of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MxCertificates {
    Valid,
    /// None is valid for its host.
    Invalid(MxFault),
    /// That of the first is valid, that of the second is not.
    SecondInvalid(MxFault),
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MxFault {
    Mismatch,
    SelfSigned,
    Expired,
}

impl MxFault {
    fn shape(self) -> Shape {
        match self {
            Self::Mismatch => Shape::Names(vec!["*.hosting.example".into()]),
            Self::SelfSigned => Shape::SelfSigned,
            Self::Expired => Shape::Expired,
        }
    }

    const fn code(self) -> Code {
        match self {
            Self::Mismatch => codes::MX_CERT_NAME_MISMATCH,
            Self::SelfSigned => codes::MX_CERT_SELF_SIGNED,
            Self::Expired => codes::MX_CERT_EXPIRED,
        }
    }
}

impl MxCertificates {
    /// The server at one of a domain's hosts, the first or another.
    pub(super) fn server(self, first: bool) -> Server {
        let certificate = match self {
            Self::Invalid(fault) => fault.shape(),
            Self::SecondInvalid(fault) if !first => fault.shape(),
            Self::SecondInvalid(_) | Self::Valid => Shape::Valid,
        };
        Server { mail: Mailer::certificate(certificate), ..Server::ordinary() }
    }

    /// The case with what a scan says that asks its MX hosts.
    pub(super) fn judged(self, case: Case) -> Case {
        let (fault, mx_tls, enforced) = match self {
            Self::Valid => return case,
            Self::Invalid(fault) => (fault, "none", "refused"),
            Self::SecondInvalid(fault) => (fault, "some", "partial"),
        };
        let case = case.mx_tls(mx_tls).seen(&[fault.code()]);
        if case.truth.delivery == Expected::Is("protected") { case.delivered(enforced, enforced) } else { case }
    }
}

/// The servers of third parties whose certificates are no good, by the host's name; `None` for any other host.
pub(super) fn third_party(host: &str) -> Option<Server> {
    let second = |fault| Some(MxCertificates::SecondInvalid(fault).server(!host.starts_with("mx2.")));
    match host.split_once('.')?.1 {
        "mxrouting.net" => {
            Some(if host.starts_with("relay.") { Server::ordinary() } else { MxCertificates::Invalid(MxFault::Mismatch).server(true) })
        }
        "mail-relay-a.example" => second(MxFault::Mismatch),
        "mail-relay-b.example" => second(MxFault::Expired),
        small if small.starts_with("small-invalid-") => Some(MxCertificates::Invalid(MxFault::Mismatch).server(true)),
        small if small.starts_with("small-second-") => second(MxFault::Mismatch),
        _ => None,
    }
}

/// Places in [`MAIL`] of providers that host no policies: those between the domains' own hosts and Tutanota.
const SHARED: std::ops::Range<usize> = 3..11;
/// Domains of a small provider.
const SMALL_DOMAINS: u64 = 40;

impl Mail {
    /// The case with its MX records and patterns to match; `rank` counts the domains that are alike.
    pub(super) fn of(self, case: Case, rank: u64) -> Case {
        match self {
            Self::Own => case.mx(&["mail.{d}"]).patterns(&["mail.{d}"]),
            Self::OwnTwo => case.mx(&["mail.{d}", "mail2.{d}"]).patterns(&["mail.{d}", "mail2.{d}"]),
            Self::Shared => {
                let place = SHARED.start + (rank % SHARED.len() as u64) as usize;
                with_mail(case, place).patterns(MAIL.get(place).map_or(&[], |mail| mail.patterns))
            }
            Self::Small => {
                let host = format!("mx.small-mail-{:03}.example", rank / SMALL_DOMAINS);
                case.patterns(&[&host]).site(|site| site.mx.records = vec![Exchange(10, host.into())])
            }
            Self::Tutanota => case.mx(&["mail.tutanota.de"]).patterns(&["mail.tutanota.de"]),
            Self::TutanotaTypo => case.mx(&["mial.tutanota.de"]).patterns(&["mail.tutanota.de"]),
            Self::Porkbun => case.mx(&["fwd1.porkbun.com", "fwd2.porkbun.com"]).patterns(&["fwd1.porkbun.com", "fwd2.porkbun.com"]),
            Self::Mxascen => case.mx(&["mx.l.mxascen.com"]).patterns(&["mx.l.mxascen.com"]),
            Self::Mxrouting => case.mx(&["server.mxrouting.net"]).patterns(&["server.mxrouting.net"]),
            Self::MxroutingBoth => {
                let hosts = ["relay.mxrouting.net", "server.mxrouting.net"];
                case.mx(&hosts).patterns(&hosts)
            }
            Self::Relay(letter) => two_hosts(case, &format!("mail-relay-{letter}.example")),
            Self::SmallOf(kind) => two_hosts(case, &format!("small-{kind}-{:03}.example", rank / SMALL_DOMAINS)),
            Self::Lucidgrow => case.mx(&["{-}.mx.lucidgrow.com"]).patterns(&["*.mail.protection.outlook.com"]),
        }
    }
}

/// The hosts `mx1` and `mx2` of a provider.
fn two_hosts(case: Case, provider: &str) -> Case {
    let hosts = ["mx1", "mx2"].map(|label| format!("{label}.{provider}"));
    let patterns: Vec<&str> = hosts.iter().map(String::as_str).collect();
    case.patterns(&patterns).site(|site| {
        site.mx.records = hosts.clone().into_iter().zip([10, 20]).map(|(host, preference)| Exchange(preference, host.into())).collect();
    })
}
