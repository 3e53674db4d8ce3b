//! What an authoritative server says: an answer, a referral to the servers of a zone below, or that there is nothing.

use super::zones::{Content, Data, Server, Zone};
use crate::lab::answer::{Scratch, Speaker, Transport, answer};
use crate::lab::internet::Internet;
use crate::lab::wire::{self, Received};

const HEADER: usize = 12;
const TYPE_NS: u16 = 2;
const TYPE_SOA: u16 = 6;
/// Seconds that every record here may be kept.
const TTL: u32 = 300;
/// QR and AA; QR alone.
const AUTHORITATIVE: u8 = 0x84;
const NOT_AUTHORITATIVE: u8 = 0x80;

/// Answers a message as the server at an address that serves these of the zones; false if there is nothing to send.
pub(super) fn reply(
    zones: &[Zone],
    at: Server,
    internet: &Internet,
    message: &[u8],
    transport: Transport,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> bool {
    let mut name = Vec::new();
    let Received::Question(question) = wire::read(message, &mut name) else { return false };
    let Ok(name) = std::str::from_utf8(&name) else { return false };
    let serves = |zone: &&Zone| zone.servers.iter().any(|server| server.1 == at.1);
    let Some(zone) = zones.iter().filter(|zone| is_below(name, zone.apex)).filter(serves).max_by_key(|zone| zone.apex.len()) else {
        out.clear();
        write(message, NOT_AUTHORITATIVE, wire::REFUSED, out);
        return true;
    };
    let cut = |child: &&Zone| child.apex.len() > zone.apex.len() && is_below(child.apex, zone.apex) && is_below(name, child.apex);
    if let Some(child) = zones.iter().filter(cut).min_by_key(|child| child.apex.len()) {
        refer(message, child, out);
        return true;
    }
    match zone.content {
        Content::World if is_ns_of(zone, name, question.qtype) => list_servers(message, zone, out),
        Content::World => {
            let send = answer(internet, message, transport, Speaker::NameServer, scratch, out).send;
            if let [_, _, flags, more, ..] = out.as_mut_slice() {
                (*flags, *more) = (*flags | 0x04, *more & 0x7F);
            }
            return send;
        }
        Content::Records(_) if is_ns_of(zone, name, question.qtype) => list_servers(message, zone, out),
        Content::Records(records) => look_up(message, name, question.qtype, zone, records, out),
    }
    true
}

/// An error or a lame answer of a server that serves nothing: this code and, if it points up, the root's servers.
pub(super) fn lame(zones: &[Zone], message: &[u8], rcode: u8, points_up: bool, out: &mut Vec<u8>) {
    out.clear();
    write(message, NOT_AUTHORITATIVE, rcode, out);
    if let Some(root) = zones.first().filter(|_| points_up) {
        for server in root.servers {
            record(Section::Authority, root.apex, TYPE_NS, out, |data| wire::write_name(server.0.as_bytes(), data));
        }
    }
}

fn is_ns_of(zone: &Zone, name: &str, kind: u16) -> bool {
    kind == TYPE_NS && name == zone.apex
}

/// Whether a name is this ancestor or below it.
fn is_below(name: &str, ancestor: &str) -> bool {
    ancestor.is_empty() || name.strip_suffix(ancestor).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn list_servers(message: &[u8], zone: &Zone, out: &mut Vec<u8>) {
    out.clear();
    write(message, AUTHORITATIVE, 0, out);
    for server in zone.servers {
        record(Section::Answer, zone.apex, TYPE_NS, out, |data| wire::write_name(server.0.as_bytes(), data));
    }
}

fn refer(message: &[u8], child: &Zone, out: &mut Vec<u8>) {
    out.clear();
    write(message, NOT_AUTHORITATIVE, 0, out);
    for server in child.servers {
        record(Section::Authority, child.apex, TYPE_NS, out, |data| wire::write_name(server.0.as_bytes(), data));
    }
    for server in child.servers.iter().filter(|_| child.glue) {
        record(Section::Additional, server.0, wire::TYPE_A, out, |data| data.extend_from_slice(&server.address().octets()));
    }
}

/// The records at a name; an alias is followed within the zone only as far as one step, as servers do for names of other zones.
fn look_up(message: &[u8], name: &str, kind: u16, zone: &Zone, records: &[(&str, Data)], out: &mut Vec<u8>) {
    out.clear();
    let here = || records.iter().filter(|(owner, _)| *owner == name);
    let exists = name == zone.apex || records.iter().any(|(owner, _)| is_below(owner, name));
    write(message, AUTHORITATIVE, if exists { 0 } else { wire::NXDOMAIN }, out);
    let mut found = false;
    for (owner, data) in here() {
        match data {
            Data::A(address) if kind == wire::TYPE_A => {
                record(Section::Answer, owner, kind, out, |data| data.extend_from_slice(&address.octets()));
            }
            Data::Mx(host) if kind == wire::TYPE_MX => record(Section::Answer, owner, kind, out, |data| {
                data.extend_from_slice(&[0, 10]);
                wire::write_name(host.as_bytes(), data);
            }),
            Data::Txt(text) if kind == wire::TYPE_TXT => {
                record(Section::Answer, owner, kind, out, |data| wire::write_string(text.as_bytes(), data));
            }
            Data::Cname(target) => {
                record(Section::Answer, owner, wire::TYPE_CNAME, out, |data| wire::write_name(target.as_bytes(), data));
            }
            _ => continue,
        }
        found = true;
    }
    if !found {
        record(Section::Authority, zone.apex, TYPE_SOA, out, |data| {
            wire::write_name(zone.servers.first().map_or(b"", |server| server.0.as_bytes()), data);
            wire::write_name(b"hostmaster.example", data);
            // Serial, refresh, retry, expire, and how long "no such name" may be kept.
            data.extend([1, 3600, 900, 86_400, TTL].iter().flat_map(|number| number.to_be_bytes()));
        });
    }
}

#[derive(Clone, Copy)]
enum Section {
    Answer = 6,
    Authority = 8,
    Additional = 10,
}

/// Header and question of a response; RD is given back.
fn write(message: &[u8], flags: u8, rcode: u8, out: &mut Vec<u8>) {
    let (id, question) = (message.get(..2).unwrap_or_default(), question(message));
    let recursion_desired = message.get(2).map_or(0, |flags| flags & 0x01);
    out.extend_from_slice(id);
    out.extend_from_slice(&[flags | recursion_desired, rcode, 0, 1, 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(question);
}

/// The question section of a message that was read before.
fn question(message: &[u8]) -> &[u8] {
    let mut at = HEADER;
    while let Some(length @ 1..) = message.get(at) {
        at += usize::from(*length) + 1;
    }
    message.get(HEADER..at + 5).unwrap_or_default()
}

/// Appends a record and counts it. Sections have to be written in their order.
fn record(section: Section, owner: &str, kind: u16, out: &mut Vec<u8>, write_data: impl FnOnce(&mut Vec<u8>)) {
    let mut data = Vec::new();
    write_data(&mut data);
    wire::write_name(owner.as_bytes(), out);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 1]);
    out.extend_from_slice(&TTL.to_be_bytes());
    out.extend_from_slice(&u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(&data);
    if let Some(count) = out.get_mut(section as usize + 1) {
        *count = count.saturating_add(1);
    }
}
