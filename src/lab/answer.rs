//! From a question to its answer: which of a site's replies is meant, and how it is written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::https::RECEIVER;
use super::internet::Internet;
use super::places;
use super::providers::{self, Target};
use super::site::{Dnssec, Pin};
use super::site::{End, Exchange, Neighbour, Place, Reply, Site, Strings, Text};
use super::wire::{self, Question, Received, Writer};
use super::world::Role;

/// Buffers of one responder, used again for each message.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    name: Vec<u8>,
    text: Vec<u8>,
}

/// How a question arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    /// A resolver that validates.
    Resolver,
    /// A name server, which gives what it has.
    NameServer,
}

/// Answers one message into `out`. The type asked for, or `None` if there is nothing to send.
pub(super) fn answer(
    internet: &Internet,
    message: &[u8],
    transport: Transport,
    speaker: Speaker,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Answered {
    let question = match wire::read(message, &mut scratch.name) {
        Received::Question(question) => question,
        Received::Reject(id, rcode) => {
            wire::reject(id, rcode, out);
            return Answered { qtype: 0, send: true };
        }
        Received::Ignore => return Answered { qtype: 0, send: false },
    };
    let name = std::str::from_utf8(&scratch.name).unwrap_or_default();
    let found = internet.find(name);
    let zone = found.as_ref().map_or(Dnssec::Unsigned, |(_, _, site)| site.zone);
    let response = Response { internet, question, transport, speaker, zone, text: &mut scratch.text, out };
    let target = providers::target(name).filter(|_| matches!(question.qtype, wire::TYPE_A | wire::TYPE_AAAA));
    let send = match found {
        _ if name.is_empty() => response.write_root(),
        _ if has_no_such_tld(name) => response.empty(wire::NXDOMAIN),
        _ if target.is_some() && question.qtype == wire::TYPE_AAAA => response.empty(0),
        _ if let Some(Target::OfCustomer(address)) = target => response.write_address(name, address),
        Some((domain, Role::Neighbour(RECEIVER), site)) if site.neighbour(RECEIVER).is_none() => {
            response.write_web(domain, places::own(name))
        }
        Some((domain, Role::Apex, site)) if site.neighbour("@").is_none() && internet.has_own_web(domain, &site) => match question.qtype {
            wire::TYPE_A | wire::TYPE_AAAA => response.write_web(domain, places::REFUSED),
            _ => response.write_site(name, domain, Role::Apex, &site),
        },
        Some((domain, role, site)) => response.write_site(name, domain, role, &site),
        None if internet.is_elsewhere(name) => response.write_server(name),
        None if name.starts_with(TLSA_AT) => response.write_server(name),
        None => response.empty(wire::NXDOMAIN),
    };
    Answered { qtype: question.qtype, send }
}

/// Whether no top-level domain has this name: none is longer than 24 letters, and one is reserved for that (RFC 6761 section 6.4). Without
/// such names a world in which every name exists could not be distinguished from a resolver that lies.
fn has_no_such_tld(name: &str) -> bool {
    let tld = name.rsplit('.').next().unwrap_or_default();
    tld.len() > 24 || tld == "invalid"
}

/// What was done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    /// Type asked for; 0 if the message could not be read.
    pub(super) qtype: u16,
    /// Whether there is a response to send.
    pub(super) send: bool,
}

/// The labels of TLSA records in front of a mail server's name (RFC 7672 section 3).
const TLSA_AT: &str = "_25._tcp.";

struct Response<'r> {
    internet: &'r Internet,
    question: Question<'r>,
    transport: Transport,
    speaker: Speaker,
    /// What a validating resolver makes of what does not say otherwise.
    zone: Dnssec,
    text: &'r mut Vec<u8>,
    out: &'r mut Vec<u8>,
}

impl Response<'_> {
    fn empty(self, rcode: u8) -> bool {
        if let Some(writer) = begin(self.question, self.speaker, self.zone, rcode, self.out) {
            writer.finish(usize::MAX, false);
        }
        true
    }

    /// The root exists and has a name server, which nobody needs to ask.
    fn write_root(self) -> bool {
        if self.question.qtype != wire::TYPE_NS {
            return Self { zone: Dnssec::Secure, ..self }.empty(0);
        }
        let Some(mut writer) = begin(self.question, self.speaker, Dnssec::Secure, 0, self.out) else { return true };
        writer.record(wire::QUESTION_NAME, wire::TYPE_NS, 86_400, |out| wire::write_name(b"a.root-servers.net", out));
        writer.finish(usize::MAX, false);
        true
    }

    fn write_site(self, name: &str, domain: &str, role: Role<'_>, site: &Site) -> bool {
        match (role, self.question.qtype) {
            (Role::Apex, wire::TYPE_MX) => self.reply(domain, wire::TYPE_MX, &site.mx, write_exchange(domain)),
            (Role::StsRecord, wire::TYPE_TXT) => self.reply(domain, wire::TYPE_TXT, &site.sts, write_strings(domain)),
            (Role::TlsrptRecord, wire::TYPE_TXT) => self.reply(domain, wire::TYPE_TXT, &site.tlsrpt, write_strings(domain)),
            (Role::PolicyHost, wire::TYPE_A) => {
                self.reply(domain, wire::TYPE_A, &site.host_a, |place, _, out| out.extend_from_slice(&address(*place, domain).octets()))
            }
            (Role::PolicyHost, wire::TYPE_AAAA) => self.reply(domain, wire::TYPE_AAAA, &site.host_aaaa, write_aaaa),
            (Role::Neighbour(labels), _) => match site.neighbour(labels) {
                Some(neighbour) => self.write_neighbour(name, domain, neighbour),
                None => self.write_server(name),
            },
            (Role::Apex, wire::TYPE_A | wire::TYPE_AAAA | wire::TYPE_TXT | wire::TYPE_CNAME) => {
                match (site.neighbour("@"), self.question.qtype) {
                    (Some(neighbour), _) => self.write_neighbour(name, domain, neighbour),
                    (None, wire::TYPE_TXT | wire::TYPE_CNAME) => self.other(site.mx.end),
                    // To the census a mail server is a domain like any other, which may be one that does not exist.
                    (None, _) => self.write_server(name),
                }
            }
            (Role::PolicyHost, wire::TYPE_TXT) => match site.neighbour("mta-sts") {
                Some(neighbour) => self.write_neighbour(name, domain, neighbour),
                None => self.other(site.host_a.end),
            },
            // Another type at the same name: whether the name exists has to be the same for all of them.
            (Role::Apex, _) => self.other(site.mx.end),
            (Role::StsRecord, _) => self.other(site.sts.end),
            (Role::TlsrptRecord, _) => self.other(site.tlsrpt.end),
            (Role::PolicyHost, _) => self.other(site.host_a.end),
        }
    }

    fn write_neighbour(self, name: &str, domain: &str, neighbour: &Neighbour) -> bool {
        let internet = self.internet;
        match self.question.qtype {
            wire::TYPE_A => self.reply(domain, wire::TYPE_A, &given(internet, &neighbour.a), write_given),
            wire::TYPE_AAAA => self.reply(domain, wire::TYPE_AAAA, &given(internet, &neighbour.aaaa), write_given),
            wire::TYPE_TLSA => self.reply(domain, wire::TYPE_TLSA, &neighbour.tlsa, write_pin(internet, name)),
            wire::TYPE_CNAME => self.write_alias(domain, neighbour),
            wire::TYPE_MX => self.reply(domain, wire::TYPE_MX, &neighbour.mx, write_exchange(domain)),
            wire::TYPE_TXT => self.reply(domain, wire::TYPE_TXT, &neighbour.txt, write_strings(domain)),
            _ => self.other(neighbour.a.end),
        }
    }

    /// The alias at a name by itself.
    fn write_alias(self, domain: &str, neighbour: &Neighbour) -> bool {
        let alias = Reply { dnssec: neighbour.alias, ..Reply::records(neighbour.a.cname.iter().take(1).cloned().collect()) };
        self.reply(domain, wire::TYPE_CNAME, &alias, |target, text, out| write_target(target, domain, text, out))
    }

    fn write_address(self, name: &str, address: Option<Ipv4Addr>) -> bool {
        self.reply(name, wire::TYPE_A, &Reply::records(address.into_iter().collect()), write_a)
    }

    /// A web server that takes mail, too.
    fn write_web(self, domain: &str, address: Ipv4Addr) -> bool {
        match self.question.qtype {
            wire::TYPE_A => self.reply(domain, wire::TYPE_A, &Reply::records(vec![address]), write_a),
            wire::TYPE_MX => {
                self.reply(domain, wire::TYPE_MX, &Reply::records(vec![Exchange(10, "mx1.{d}".into())]), write_exchange(domain))
            }
            _ => self.empty(0),
        }
    }

    /// A server of which no case speaks: it has addresses and takes its own mail. Names that begin with an underscore are none, unless the
    /// world has TLSA records there.
    fn write_server(self, name: &str) -> bool {
        let internet = self.internet;
        let at = name.strip_prefix(TLSA_AT);
        let (_, server) = internet.mail_server(at.unwrap_or(name));
        let this = Self { zone: server.zone, ..self };
        match this.question.qtype {
            wire::TYPE_TLSA if at.is_some() && !server.tlsa.is_empty() => {
                this.reply(name, wire::TYPE_TLSA, &Reply::records(server.tlsa), write_pin(internet, name))
            }
            _ if name.starts_with('_') => this.empty(wire::NXDOMAIN),
            wire::TYPE_A => {
                let address = server.number.map_or_else(|| places::mail_a(name), places::numbered_mail_a);
                this.reply(name, wire::TYPE_A, &given(internet, &Reply::records(vec![address])), write_given)
            }
            wire::TYPE_AAAA => {
                let addresses = places::mail_aaaa(name).filter(|_| server.number.is_none()).into_iter().collect();
                this.reply(name, wire::TYPE_AAAA, &given(internet, &Reply::records(addresses)), write_given)
            }
            wire::TYPE_MX => this.reply(name, wire::TYPE_MX, &Reply::records(vec![Exchange(10, "{d}".into())]), write_exchange(name)),
            _ => this.empty(0),
        }
    }

    fn other(self, end: End) -> bool {
        self.empty(if end == End::Nxdomain { wire::NXDOMAIN } else { 0 })
    }

    fn reply<R>(self, domain: &str, kind: u16, reply: &Reply<R>, mut write: impl FnMut(&R, &mut Vec<u8>, &mut Vec<u8>)) -> bool {
        let rcode = match reply.end {
            End::Silent => return false,
            End::Answer | End::Loop | End::Malformed | End::Alias | End::OtherType | End::Referral | End::Unresolved => 0,
            End::Nxdomain => wire::NXDOMAIN,
            End::Servfail => wire::SERVFAIL,
            End::Refused => wire::REFUSED,
            End::Rcode(rcode) => rcode & 0x0F,
        };
        let limit = if self.transport == Transport::Udp { self.question.udp_limit() } else { usize::from(u16::MAX) };
        let dnssec = reply.dnssec.unwrap_or(self.zone);
        let Some(mut writer) = begin(self.question, self.speaker, dnssec, rcode, self.out) else { return true };
        let mut owner = wire::QUESTION_NAME;
        for target in &reply.cname {
            owner = writer.record(owner, wire::TYPE_CNAME, reply.ttl, |out| write_target(target, domain, self.text, out));
        }
        match reply.end {
            End::Loop => {
                let there =
                    writer.record(owner, wire::TYPE_CNAME, reply.ttl, |out| write_target(&"loop.{d}".into(), domain, self.text, out));
                writer.record(there, wire::TYPE_CNAME, reply.ttl, |out| out.extend_from_slice(&owner.to_be_bytes()));
            }
            End::Malformed => {
                let data = writer.record(owner, kind, reply.ttl, |out| out.extend_from_slice(&[0xFF, b'?']));
                writer.spoil(data);
            }
            End::OtherType => {
                let (other, data): (u16, &[u8]) =
                    if kind == wire::TYPE_A { (wire::TYPE_TXT, b"\x01x") } else { (wire::TYPE_A, &[192, 0, 2, 1]) };
                writer.record(owner, other, reply.ttl, |out| out.extend_from_slice(data));
            }
            End::Referral => writer.authority(owner, wire::TYPE_NS, reply.ttl, |out| wire::write_name(b"ns.hosting.example", out)),
            End::Unresolved => writer.deny_recursion(),
            // Behind an alias a resolver says by an SOA that there is nothing (RFC 2308 section 2.2).
            End::Answer | End::Nxdomain if reply.records.is_empty() && !reply.cname.is_empty() => {
                writer.authority(owner, wire::TYPE_SOA, reply.ttl, |out| {
                    wire::write_name(b"ns.hosting.example", out);
                    wire::write_name(b"hostmaster.hosting.example", out);
                    // Serial, refresh, retry, expire, and how long "no such name" may be kept.
                    out.extend([1_u32, 3600, 900, 86_400, 300].iter().flat_map(|number| number.to_be_bytes()));
                });
            }
            _ => {}
        }
        for record in &reply.records {
            writer.record(owner, kind, reply.ttl, |out| write(record, self.text, out));
        }
        writer.finish(limit, self.transport == Transport::Udp && reply.tcp_only);
        true
    }
}

/// Begins a response of which DNSSEC says this. Where validation fails the response is complete, and nothing is left to write.
fn begin<'w>(question: Question<'w>, speaker: Speaker, dnssec: Dnssec, rcode: u8, out: &'w mut Vec<u8>) -> Option<Writer<'w>> {
    let validates = speaker == Speaker::Resolver && !question.unchecked;
    let answers = matches!(rcode, 0 | wire::NXDOMAIN);
    let fails = validates && answers && matches!(dnssec, Dnssec::Bogus(_) | Dnssec::BogusUnexplained);
    let mut writer = Writer::new(question, if fails { wire::SERVFAIL } else { rcode }, out);
    match dnssec {
        Dnssec::Secure if validates && answers => writer.authenticated(),
        Dnssec::Bogus(code) | Dnssec::Ignored(code) if validates && answers => writer.extended_error(code),
        _ => {}
    }
    if !fails {
        return Some(writer);
    }
    writer.finish(usize::MAX, false);
    None
}

/// The address of a policy host.
fn address(place: Place, domain: &str) -> Ipv4Addr {
    match place {
        Place::Own => places::own(domain),
        Place::At(address) => address,
    }
}

/// The same reply with the addresses that the world's DNS gives of mail servers.
fn given<A: Copy + Into<IpAddr>>(internet: &Internet, reply: &Reply<A>) -> Reply<IpAddr> {
    let records = reply.records.iter().filter_map(|address| internet.mail_address((*address).into())).collect();
    let Reply { cname, end, ttl, tcp_only, dnssec, records: _ } = reply;
    Reply { cname: cname.clone(), records, end: *end, ttl: *ttl, tcp_only: *tcp_only, dnssec: *dnssec }
}

fn write_given(address: &IpAddr, _: &mut Vec<u8>, out: &mut Vec<u8>) {
    match address {
        IpAddr::V4(address) => out.extend_from_slice(&address.octets()),
        IpAddr::V6(address) => out.extend_from_slice(&address.octets()),
    }
}

fn write_target(target: &Text, domain: &str, text: &mut Vec<u8>, out: &mut Vec<u8>) {
    text.clear();
    target.write(domain, text);
    wire::write_name(text, out);
}

/// What appends the data of a record; a template is expanded in the second argument.
fn write_strings(domain: &str) -> impl FnMut(&Strings, &mut Vec<u8>, &mut Vec<u8>) {
    move |strings, text, out| {
        for string in strings {
            text.clear();
            string.write(domain, text);
            wire::write_string(text, out);
        }
    }
}

fn write_exchange(domain: &str) -> impl FnMut(&Exchange, &mut Vec<u8>, &mut Vec<u8>) {
    move |Exchange(preference, host), text, out| {
        out.extend_from_slice(&preference.to_be_bytes());
        write_target(host, domain, text, out);
    }
}

/// A TLSA record (RFC 6698 section 2.1) of the host that its owner stands for.
fn write_pin(internet: &Internet, owner: &str) -> impl FnMut(&Pin, &mut Vec<u8>, &mut Vec<u8>) {
    let host = owner.strip_prefix(TLSA_AT).unwrap_or(owner);
    move |pin, _, out| {
        out.extend([pin.0, pin.1, pin.2]);
        out.extend(internet.pinned(host, pin));
    }
}

fn write_a(address: &Ipv4Addr, _: &mut Vec<u8>, out: &mut Vec<u8>) {
    out.extend_from_slice(&address.octets());
}

fn write_aaaa(address: &Ipv6Addr, _: &mut Vec<u8>, out: &mut Vec<u8>) {
    out.extend_from_slice(&address.octets());
}
