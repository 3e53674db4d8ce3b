//! From a question to its answer: which of a site's replies is meant, and how it is written.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::https::RECEIVER;
use super::internet::Internet;
use super::places;
use super::providers::{self, Target};
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

/// Answers one message into `out`. The type asked for, or `None` if there is nothing to send.
pub(super) fn answer(internet: &Internet, message: &[u8], transport: Transport, scratch: &mut Scratch, out: &mut Vec<u8>) -> Answered {
    let question = match wire::read(message, &mut scratch.name) {
        Received::Question(question) => question,
        Received::Reject(id, rcode) => {
            wire::reject(id, rcode, out);
            return Answered { qtype: 0, send: true };
        }
        Received::Ignore => return Answered { qtype: 0, send: false },
    };
    let name = std::str::from_utf8(&scratch.name).unwrap_or_default();
    let response = Response { question, transport, text: &mut scratch.text, out };
    let target = providers::target(name).filter(|_| matches!(question.qtype, wire::TYPE_A | wire::TYPE_AAAA));
    let send = match internet.find(name) {
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

struct Response<'r> {
    question: Question<'r>,
    transport: Transport,
    text: &'r mut Vec<u8>,
    out: &'r mut Vec<u8>,
}

impl Response<'_> {
    fn empty(self, rcode: u8) -> bool {
        Writer::new(self.question, rcode, self.out).finish(usize::MAX, false);
        true
    }

    /// The root exists and has a name server, which nobody needs to ask.
    fn write_root(self) -> bool {
        if self.question.qtype != wire::TYPE_NS {
            return self.empty(0);
        }
        let mut writer = Writer::new(self.question, 0, self.out);
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
                Some(neighbour) => self.write_neighbour(domain, neighbour),
                None => self.write_server(name),
            },
            (Role::Apex, wire::TYPE_A | wire::TYPE_AAAA | wire::TYPE_TXT) => match (site.neighbour("@"), self.question.qtype) {
                (Some(neighbour), _) => self.write_neighbour(domain, neighbour),
                (None, wire::TYPE_TXT) => self.other(site.mx.end),
                // To the census a mail server is a domain like any other, which may be one that does not exist.
                (None, _) => self.write_server(name),
            },
            (Role::PolicyHost, wire::TYPE_TXT) => match site.neighbour("mta-sts") {
                Some(neighbour) => self.write_neighbour(domain, neighbour),
                None => self.other(site.host_a.end),
            },
            // Another type at the same name: whether the name exists has to be the same for all of them.
            (Role::Apex, _) => self.other(site.mx.end),
            (Role::StsRecord, _) => self.other(site.sts.end),
            (Role::TlsrptRecord, _) => self.other(site.tlsrpt.end),
            (Role::PolicyHost, _) => self.other(site.host_a.end),
        }
    }

    fn write_neighbour(self, domain: &str, neighbour: &Neighbour) -> bool {
        match self.question.qtype {
            wire::TYPE_A => self.reply(domain, wire::TYPE_A, &neighbour.a, write_a),
            wire::TYPE_AAAA => self.reply(domain, wire::TYPE_AAAA, &neighbour.aaaa, write_aaaa),
            wire::TYPE_MX => self.reply(domain, wire::TYPE_MX, &neighbour.mx, write_exchange(domain)),
            wire::TYPE_TXT => self.reply(domain, wire::TYPE_TXT, &neighbour.txt, write_strings(domain)),
            _ => self.other(neighbour.a.end),
        }
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

    /// A server of which no case speaks: it has addresses and takes its own mail. Names that begin with an underscore are none.
    fn write_server(self, name: &str) -> bool {
        match self.question.qtype {
            _ if name.starts_with('_') => self.empty(wire::NXDOMAIN),
            wire::TYPE_A => self.reply(name, wire::TYPE_A, &Reply::records(vec![places::mail_a(name)]), write_a),
            wire::TYPE_AAAA => {
                self.reply(name, wire::TYPE_AAAA, &Reply::records(places::mail_aaaa(name).into_iter().collect()), write_aaaa)
            }
            wire::TYPE_MX => self.reply(name, wire::TYPE_MX, &Reply::records(vec![Exchange(10, "{d}".into())]), write_exchange(name)),
            _ => self.empty(0),
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
        let mut writer = Writer::new(self.question, rcode, self.out);
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

/// The address of a policy host.
fn address(place: Place, domain: &str) -> Ipv4Addr {
    match place {
        Place::Own => places::own(domain),
        Place::At(address) => address,
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

fn write_a(address: &Ipv4Addr, _: &mut Vec<u8>, out: &mut Vec<u8>) {
    out.extend_from_slice(&address.octets());
}

fn write_aaaa(address: &Ipv6Addr, _: &mut Vec<u8>, out: &mut Vec<u8>) {
    out.extend_from_slice(&address.octets());
}
