//! The mail servers of the census: who offers STARTTLS, whose certificate is good, who is signed and has TLSA records.
//!
//! Shares of certificates among adopters that run their own server follow Ashiq, Fiebig and Chung (IMC 2025, section 4.4); those of all
//! others Facebook's count of 2014 (STARTTLS at 76 % of MX hosts, a valid certificate at about half of these), as far as Cloudflare's of
//! 2024 (6 % of mail in the clear) leaves it in force. Signed domains, TLSA records and how many of these match follow Dukhovni's surveys
//! of 2024 (17 % of signed domains that take mail have TLSA records; 3.6 % of the hosts that have them do not match).

use xxhash_rust::xxh3::xxh3_64;

use super::names::Draws;
use crate::classify::codes::{self, Code};
use crate::lab::case::Case;
use crate::lab::places;
use crate::lab::site::{Dnssec, Ehlo, Greeting, Mail, Pin, Pinned, RIGHT, Starttls};
use crate::lab::site::{Session, Shape};
use crate::lab::truth::Expected;
use crate::lab::world::Server;

/// Draws of mail servers are others than those of their domains.
const SEED: u64 = 0x6D61_696C;
/// Parts per million of the domains whose zone is signed, and of these that have TLSA records where they run their own server.
const SIGNED: u64 = 65_000;
const WITH_TLSA: u64 = 175_000;
/// Parts per million of the servers with TLSA records that these do not match.
const MISMATCH: u64 = 36_000;
/// Addresses of servers that are told apart before TLS, for each fault.
const ADDRESSES: u16 = 8;

/// What is wrong with a mail server, and what a scan says of a domain all of whose servers are like that.
struct Fault {
    mail: fn() -> Mail,
    mx_tls: &'static str,
    codes: &'static [Code],
    /// Whether senders get TLS, if with a certificate that is no good: enough for DANE, whose records are of the key.
    tls: Tls,
}

/// What TLS a sender gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    Some,
    None,
    Untested,
    /// Of a version that some take.
    Old,
}

const fn certificate(mail: fn() -> Mail, codes: &'static [Code]) -> Fault {
    Fault { mail, mx_tls: "none", codes, tls: Tls::Some }
}

const fn without(mail: fn() -> Mail, codes: &'static [Code]) -> Fault {
    Fault { mail, mx_tls: "none", codes, tls: Tls::None }
}

const fn untested(mail: fn() -> Mail, codes: &'static [Code]) -> Fault {
    Fault { mail, mx_tls: "unknown", codes, tls: Tls::Untested }
}

/// The faults. What is said before TLS is told apart by addresses, which are numbered by the place here.
const FAULTS: [Fault; 11] = [
    without(|| Mail::ehlo(Ehlo::Says(b"250-mail\r\n250-SIZE 52428800\r\n250 8BITMIME\r\n")), &[codes::MX_NO_STARTTLS]),
    without(|| Mail::ehlo(Ehlo::Says(b"250-mail\r\n250 XXXXXXXA\r\n")), &[codes::MX_NO_STARTTLS, codes::MX_STARTTLS_STRIPPED]),
    without(|| Mail::starttls(Starttls::Says(b"502 not here\r\n")), &[codes::MX_STARTTLS_DOWNGRADE]),
    untested(|| Mail::greeting(Greeting::Refuses(b"421 4.7.0 too many connections\r\n")), &[codes::MX_REFUSED]),
    untested(|| Mail::greeting(Greeting::Refuses(b"554 5.7.1 blocked\r\n")), &[codes::MX_REFUSED]),
    // At an address of its own, since whoever finds some of one address gone asks no more there.
    untested(Mail::healthy, &[codes::MX_UNREACHABLE]),
    Fault { mail: || Mail::session(Session::OldByVersion), mx_tls: "none", codes: &[codes::MX_TLS_OLD], tls: Tls::Old },
    certificate(|| Mail::certificate(Shape::SelfSigned), &[codes::MX_CERT_SELF_SIGNED]),
    certificate(|| Mail::certificate(Shape::Names(vec!["*.hosting.example".into()])), &[codes::MX_CERT_NAME_MISMATCH]),
    certificate(|| Mail::certificate(Shape::Expired), &[codes::MX_CERT_EXPIRED]),
    certificate(|| Mail::certificate(Shape::Untrusted), &[codes::MX_CERT_UNTRUSTED]),
];

/// Faults that show before TLS stand first.
const BEFORE_TLS: usize = 6;
/// The place of the one whose port is closed.
const UNREACHABLE: usize = 5;

/// Parts per million of own servers of domains without MTA-STS, by the place in [`FAULTS`].
const OF_OTHERS: &[(u64, usize)] = &[
    (60_000, 0),
    (8_000, 1),
    (4_000, 2),
    (12_000, 3),
    (8_000, 4),
    (20_000, 5),
    (12_000, 6),
    (150_000, 7),
    (190_000, 8),
    (60_000, 9),
    (20_000, 10),
];
/// The same of adopters (self-managed MX hosts: 4.4 % invalid).
const OF_ADOPTERS: &[(u64, usize)] = &[(3_000, 0), (4_000, 3), (6_000, 5), (10_000, 7), (29_000, 8), (5_000, 9)];

/// What the mail servers of a domain are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Servers {
    pub(super) signed: bool,
    /// Whether they have TLSA records, and if so whether these match.
    tlsa: Option<bool>,
    fault: Option<usize>,
}

impl Servers {
    /// Those of a domain that runs its own.
    pub(super) fn own(domain: &str, seed: u64, adopter: bool) -> Self {
        let mut draws = Draws::new(domain, seed ^ SEED);
        let signed = draws.one_of(&[(SIGNED, ())]).is_some();
        let tlsa = draws.one_of(&[(WITH_TLSA, ())]).filter(|()| signed).map(|()| draws.one_of(&[(MISMATCH, ())]).is_none());
        Self { signed, tlsa, fault: draws.one_of(if adopter { OF_ADOPTERS } else { OF_OTHERS }) }
    }

    /// Those of a provider, which are in order; whether the domain is signed is its own affair.
    pub(super) fn hosted(domain: &str, seed: u64, host: &str) -> Self {
        let signed = Draws::new(domain, seed ^ SEED).one_of(&[(SIGNED, ())]).is_some();
        Self { signed, tlsa: has_tlsa(host).then_some(true), fault: None }
    }

    /// One of a domain's own servers.
    pub(super) fn server(self, host: &str) -> Server {
        let zone = if self.signed { Dnssec::Secure } else { Dnssec::Unsigned };
        let pin = |right| if right { RIGHT } else { Pin(3, 1, 1, Pinned::Other) };
        let mail = self.fault.and_then(|place| FAULTS.get(place)).map_or_else(Mail::healthy, |fault| (fault.mail)());
        let among = |count: u16| (xxh3_64(host.as_bytes()) % u64::from(count)) as u16;
        let number = self.fault.filter(|place| *place < BEFORE_TLS).map(|place| match place {
            UNREACHABLE => places::MAIL_REFUSING + among(256),
            _ => place as u16 * ADDRESSES + among(ADDRESSES),
        });
        Server { zone, tlsa: self.tlsa.map(pin).into_iter().collect(), mail, number }
    }

    /// The domain with what a scan says of it that asks its servers; of a provider's the zone is another.
    pub(super) fn judged(self, mut case: Case, hosted: bool) -> Case {
        let enforced = case.truth.delivery == Expected::Is("protected");
        let fault = self.fault.and_then(|place| FAULTS.get(place));
        if let Some(fault) = fault {
            case = case.mx_tls(fault.mx_tls).seen(fault.codes);
            if enforced {
                case = case.delivered(if fault.mx_tls == "none" { "refused" } else { "unknown" }, "");
                case.mail.delivery_dane = None;
            }
        }
        case = if self.signed { case.signed() } else { case };
        case.mail.unsigned_hosts = hosted;
        let Some(right) = self.tlsa else { return case.dane("absent") };
        if !self.signed {
            // The MX records lead there, and nobody vouches for them.
            return case.dane("insecure").seen(&[codes::DANE_MX_INSECURE]);
        }
        let tls = fault.map_or(Tls::Some, |fault| fault.tls);
        let (state, delivery) = match tls {
            Tls::Some if right => ("valid", "protected"),
            Tls::Some => ("mismatch", "refused"),
            Tls::None => ("mismatch", "refused"),
            Tls::Untested => ("valid", "unknown"),
            Tls::Old => ("valid", "unknown"),
        };
        case.mail.delivery_dane = Some(Expected::Is(delivery));
        let codes: &[Code] = if tls == Tls::Some && !right { &[codes::DANE_MISMATCH] } else { &[] };
        case.dane(state).seen(codes)
    }
}

/// The mail server of a provider, by the host's name.
pub(super) fn of_provider(host: &str) -> Option<Server> {
    has_tlsa(host).then(|| Server { zone: Dnssec::Secure, tlsa: vec![RIGHT], ..Server::ordinary() })
}

/// Providers with DANE at their mail servers.
fn has_tlsa(host: &str) -> bool {
    [".protonmail.ch", ".tutanota.de"].iter().any(|end| host.ends_with(end))
}

/// How many addresses are told apart before TLS.
pub(super) const NUMBERED: u16 = BEFORE_TLS as u16 * ADDRESSES;

/// What is at one of them.
pub(super) fn at(number: u16) -> Option<Mail> {
    FAULTS.get(usize::from(number / ADDRESSES)).map(|fault| (fault.mail)())
}
