//! A DNS message as the reply to each kind of question.
#![no_main]

use std::net::{Ipv4Addr, Ipv6Addr};

use stscan::evidence::{Mx, Outcome, Txt};
use stscan::observe::dns::{ResourceRecord, read_reply};

const NAME: &str = "_mta-sts.example.com";

libfuzzer_sys::fuzz_target!(|message: &[u8]| {
    let Some((flags, rest)) = message.split_first() else { return };
    let tcp = flags & 1 != 0;
    // A reply has to repeat its question, which a fuzzer hardly finds: mostly it is given.
    if flags & 2 != 0 {
        read::<Txt>(rest, tcp);
        return;
    }
    match flags >> 2 & 3 {
        0 => read::<Txt>(&asked::<Txt>(rest), tcp),
        1 => read::<Mx>(&asked::<Mx>(rest), tcp),
        2 => read::<Ipv4Addr>(&asked::<Ipv4Addr>(rest), tcp),
        _ => read::<Ipv6Addr>(&asked::<Ipv6Addr>(rest), tcp),
    }
});

/// The first ten octets are flags and counts, the question is put in behind them.
fn asked<R: ResourceRecord>(rest: &[u8]) -> Vec<u8> {
    let (header, behind) = rest.split_at(rest.len().min(8));
    let mut message = vec![0, 7];
    message.extend_from_slice(header);
    message.resize(10, 0);
    message.splice(4..4, [0, 1]);
    for label in NAME.split('.') {
        message.push(label.len() as u8);
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    message.extend_from_slice(&R::TYPE.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    message.extend_from_slice(behind);
    message
}

fn read<R: ResourceRecord>(message: &[u8], tcp: bool) {
    if let Some(lookup) = read_reply::<R>(NAME, message, tcp) {
        assert_eq!(lookup.outcome == Outcome::Noerror, !lookup.records.is_empty());
        assert!(lookup.cname_chain.iter().all(|name| !name.is_empty() && name.is_ascii()));
    }
}
