//! The answer section: the CNAME chain from the question to its end, and the records there.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::wire_name::{HEADER_OCTETS, WireName, read_u16, read_u32};
use crate::evidence::{Alias, Mx, Tlsa, Txt};

const TYPE_CNAME: u16 = 5;
/// Types that may stand beside what was asked for: signatures (RFC 4034 section 3) and what a CNAME was made from (RFC 6672 section 3.1).
const COMPANIONS: [u16; 2] = [46, 39];
const CLASS_IN: u16 = 1;
/// CNAMEs followed: as many as BIND follows, more than Unbound does (11). The limit bounds what a hostile answer can cost.
const MAX_CHAIN: usize = 16;

/// A kind of record that can be looked up.
pub trait ResourceRecord: Sized + sealed::Sealed {
    /// Number of the record type (RFC 1035 section 3.2.2).
    const TYPE: u16;

    /// Reads RDATA, which lies within the message; `None` if it breaks the form of its type.
    #[doc(hidden)]
    fn read(message: &[u8], rdata: Range<usize>) -> Option<Self>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Mx {}
    impl Sealed for super::Txt {}
    impl Sealed for super::Tlsa {}
    impl Sealed for super::Alias {}
    impl Sealed for super::Pointer {}
    impl Sealed for super::Ipv4Addr {}
    impl Sealed for super::Ipv6Addr {}
}

impl ResourceRecord for Mx {
    const TYPE: u16 = 15;

    fn read(message: &[u8], rdata: Range<usize>) -> Option<Self> {
        let preference = read_u16(message, rdata.start)?;
        let exchange = WireName::read(message, rdata.start + 2).filter(|name| name.end == rdata.end)?;
        Some(Self { preference, exchange: exchange.to_presentation() })
    }
}

impl ResourceRecord for Txt {
    const TYPE: u16 = 16;

    fn read(message: &[u8], rdata: Range<usize>) -> Option<Self> {
        let mut rest = message.get(rdata)?;
        let mut strings = Vec::new();
        while let Some((&length, behind)) = rest.split_first() {
            let (string, next) = behind.split_at_checked(usize::from(length))?;
            strings.push(string.to_vec());
            rest = next;
        }
        Some(Self(strings))
    }
}

impl ResourceRecord for Ipv4Addr {
    const TYPE: u16 = 1;

    fn read(message: &[u8], rdata: Range<usize>) -> Option<Self> {
        <[u8; 4]>::try_from(message.get(rdata)?).ok().map(Self::from)
    }
}

impl ResourceRecord for Ipv6Addr {
    const TYPE: u16 = 28;

    fn read(message: &[u8], rdata: Range<usize>) -> Option<Self> {
        <[u8; 16]>::try_from(message.get(rdata)?).ok().map(Self::from)
    }
}

impl ResourceRecord for Tlsa {
    const TYPE: u16 = 52;

    fn read(message: &[u8], rdata: Range<usize>) -> Option<Self> {
        let [usage, selector, matching, data @ ..] = message.get(rdata)? else { return None };
        Some(Self { usage: *usage, selector: *selector, matching: *matching, data: data.to_vec() })
    }
}

/// Asked for by itself it is no step on the way: it is the answer, and what it leads to is nobody's question.
impl ResourceRecord for Alias {
    const TYPE: u16 = TYPE_CNAME;

    fn read(message: &[u8], rdata: Range<usize>) -> Option<Self> {
        let target = WireName::read(message, rdata.start).filter(|name| name.end == rdata.end)?;
        Some(Self(target.to_presentation()))
    }
}

/// A PTR record (RFC 1035 section 3.3.12): the name of an address. No evidence, so it stands nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(pub(super) String);

impl ResourceRecord for Pointer {
    const TYPE: u16 = 12;

    fn read(message: &[u8], rdata: Range<usize>) -> Option<Self> {
        let name = WireName::read(message, rdata.start).filter(|name| name.end == rdata.end)?;
        Some(Self(name.to_presentation()))
    }
}

/// Records that an answer is given room for: as many as nearly all have.
const USUAL_RECORDS: usize = 8;

/// What an answer section says to its question.
#[derive(Debug, PartialEq)]
pub(super) struct Answer<R> {
    /// CNAME targets in order.
    pub(super) chain: Vec<String>,
    /// Records of the type asked for at the end of the chain.
    pub(super) records: Vec<R>,
    /// Least TTL of all these, in seconds.
    pub(super) ttl: Option<u32>,
}

/// Reads the answer section of a message whose one question has been checked.
///
/// A name that holds both records of the type and a CNAME (against RFC 1034 section 3.6.2) ends the chain.
///
/// # Errors
/// Says what cannot be read, that the chain loops, or that the records are all somebody else's or of another type: that is no way to say that
/// there are none, and taken for it a stray or forged answer would become a fact.
pub(super) fn read<R: ResourceRecord>(message: &[u8], question_end: usize, count: u16) -> Result<Answer<R>, &'static str> {
    match read_plain(message, question_end, count) {
        Some(answer) => Ok(answer),
        None => read_any(message, question_end, count),
    }
}

/// The same for an answer that has nothing but records of the type at the name itself, as nearly every one; `None` for any other.
fn read_plain<R: ResourceRecord>(message: &[u8], question_end: usize, count: u16) -> Option<Answer<R>> {
    let here = WireName::read(message, HEADER_OCTETS)?;
    let mut answer = Answer { chain: Vec::new(), records: Vec::with_capacity(usize::from(count).min(USUAL_RECORDS)), ttl: None };
    let mut at = question_end;
    for _ in 0..count {
        let entry = entry(message, at).filter(|entry| entry.answers(R::TYPE, here))?;
        at = entry.rdata.end;
        answer.records.push(R::read(message, entry.rdata)?);
        answer.lower_ttl(entry.ttl);
    }
    Some(answer)
}

fn read_any<R: ResourceRecord>(message: &[u8], question_end: usize, count: u16) -> Result<Answer<R>, &'static str> {
    let (entries, others) = entries(message, question_end, count, R::TYPE)?;
    let mut here = WireName::read(message, HEADER_OCTETS).ok_or("unreadable question")?;
    let mut passed = vec![here];
    let mut answer = Answer { chain: Vec::new(), records: Vec::new(), ttl: None };
    while !entries.iter().any(|entry| entry.answers(R::TYPE, here)) {
        let Some(alias) = entries.iter().find(|entry| entry.answers(TYPE_CNAME, here)) else { break };
        here = WireName::read(message, alias.rdata.start).filter(|name| name.end == alias.rdata.end).ok_or("unreadable CNAME")?;
        if passed.iter().any(|name| name.is(here)) {
            return Err("CNAME loop");
        }
        if answer.chain.len() == MAX_CHAIN {
            return Err("CNAME chain of more than 16 names");
        }
        passed.push(here);
        answer.chain.push(here.to_presentation());
        answer.lower_ttl(alias.ttl);
    }
    let strange = entries.iter().any(|entry| !(entry.class == CLASS_IN && passed.iter().any(|name| name.is(entry.owner))));
    for entry in entries.into_iter().filter(|entry| entry.answers(R::TYPE, here)) {
        answer.records.push(R::read(message, entry.rdata).ok_or("unreadable record data")?);
        answer.lower_ttl(entry.ttl);
    }
    if strange && answer.records.is_empty() {
        return Err("records of another owner or class in place of an answer");
    }
    // Behind an alias it is the alias that the answer comes to.
    if others && answer.records.is_empty() && answer.chain.is_empty() {
        return Err("records of another type in place of an answer");
    }
    Ok(answer)
}

impl<R> Answer<R> {
    fn lower_ttl(&mut self, ttl: u32) {
        // A TTL with the highest bit set counts as 0 (RFC 2181 section 8).
        let ttl = if ttl > i32::MAX.unsigned_abs() { 0 } else { ttl };
        self.ttl = Some(self.ttl.map_or(ttl, |least| least.min(ttl)));
    }
}

/// A record of the type asked for, or a CNAME.
struct Entry<'a> {
    owner: WireName<'a>,
    record_type: u16,
    class: u16,
    ttl: u32,
    rdata: Range<usize>,
}

impl Entry<'_> {
    /// Whether this is a record of the type at the name.
    fn answers(&self, record_type: u16, name: WireName<'_>) -> bool {
        self.record_type == record_type && self.class == CLASS_IN && self.owner.is(name)
    }
}

/// All entries of the section, other types left out, and whether there were any that do not belong there. The sections behind it are not
/// read.
fn entries(message: &[u8], start: usize, count: u16, wanted: u16) -> Result<(Vec<Entry<'_>>, bool), &'static str> {
    // The count is the sender's word: little memory is reserved on it.
    let (mut entries, mut others) = (Vec::with_capacity(usize::from(count).min(USUAL_RECORDS)), false);
    let mut at = start;
    for _ in 0..count {
        let entry = entry(message, at).ok_or("unreadable answer section")?;
        at = entry.rdata.end;
        if entry.record_type == wanted || entry.record_type == TYPE_CNAME {
            entries.push(entry);
        } else {
            others |= !COMPANIONS.contains(&entry.record_type);
        }
    }
    Ok((entries, others))
}

/// The record at an offset (RFC 1035 section 4.1.3).
fn entry(message: &[u8], at: usize) -> Option<Entry<'_>> {
    let owner = WireName::read(message, at)?;
    let fields = owner.end;
    let start = fields + 10;
    let end = start + usize::from(read_u16(message, fields + 8)?);
    let (record_type, class) = (read_u16(message, fields)?, read_u16(message, fields + 2)?);
    (end <= message.len()).then_some(Entry { owner, record_type, class, ttl: read_u32(message, fields + 4)?, rdata: start..end })
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use hickory_proto::op::{Message, MessageType, OpCode, Query};
    use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, TXT};
    use hickory_proto::rr::{Name, RData, Record, RecordType};
    use proptest::prelude::*;

    use super::*;
    use crate::observe::dns::message::Question;

    /// A reply by an independent encoder, with compression.
    fn reply(name: &str, kind: RecordType, records: Vec<(&str, u32, RData)>) -> Vec<u8> {
        let mut message = Message::new(7, MessageType::Response, OpCode::Query);
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
        for (owner, ttl, data) in records {
            message.add_answer(Record::from_rdata(Name::from_ascii(owner).unwrap(), ttl, data));
        }
        message.to_vec().unwrap()
    }

    /// Reads as an answer of any kind, which has to be what comes of it otherwise.
    fn read_both_ways<R: ResourceRecord + Debug + PartialEq>(message: &[u8], start: usize, count: u16) -> Result<Answer<R>, &'static str> {
        let any = read_any(message, start, count);
        assert_eq!(read(message, start, count), any);
        any
    }

    fn read_reply<R: ResourceRecord + Debug + PartialEq>(message: &[u8], name: &str) -> Result<Answer<R>, &'static str> {
        let question = Question::new(name, R::TYPE).unwrap();
        assert!(question.is_repeated_in(message));
        read_both_ways(message, question.end(), read_u16(message, 6).unwrap())
    }

    fn cname(target: &str) -> RData {
        RData::CNAME(CNAME(Name::from_ascii(target).unwrap()))
    }

    #[test]
    fn a_chain_is_followed_in_order_whatever_the_order_of_the_records() {
        let records = vec![
            ("end.test.", 300, RData::A(A::new(192, 0, 2, 1))),
            ("B.test.", 60, cname("End.Test.")),
            ("other.test.", 1, RData::A(A::new(192, 0, 2, 9))),
            ("a.test.", 900, cname("b.test.")),
            ("end.test.", 200, RData::A(A::new(192, 0, 2, 2))),
        ];
        let answer = read_reply::<Ipv4Addr>(&reply("a.test.", RecordType::A, records), "a.test").unwrap();
        assert_eq!(answer.chain, ["b.test", "end.test"]);
        assert_eq!(answer.records, [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)]);
        assert_eq!(answer.ttl, Some(60));
    }

    #[test]
    fn records_of_every_kind() {
        let mx = |preference, host: &str| RData::MX(MX::new(preference, Name::from_ascii(host).unwrap()));
        let message = reply("a.test.", RecordType::MX, vec![("a.test.", 9, mx(10, "MX1.a.test.")), ("a.test.", 9, mx(0, "."))]);
        let expected = [Mx { preference: 10, exchange: "mx1.a.test".to_owned() }, Mx { preference: 0, exchange: ".".to_owned() }];
        assert_eq!(read_reply::<Mx>(&message, "a.test").unwrap().records, expected);

        let message = reply("a.test.", RecordType::AAAA, vec![("a.test.", 9, RData::AAAA(AAAA(Ipv6Addr::LOCALHOST)))]);
        assert_eq!(read_reply::<Ipv6Addr>(&message, "a.test").unwrap().records, [Ipv6Addr::LOCALHOST]);

        let strings: Vec<&[u8]> = vec![b"v=STSv1; ", b"", b"id=\x00\xff;"];
        let message = reply("a.test.", RecordType::TXT, vec![("a.test.", 9, RData::TXT(TXT::from_bytes(strings)))]);
        let expected = Txt(vec![b"v=STSv1; ".to_vec(), Vec::new(), b"id=\x00\xff;".to_vec()]);
        assert_eq!(read_reply::<Txt>(&message, "a.test").unwrap().records, [expected]);
    }

    /// A reply to `a. TXT` whose answer section is given octet by octet.
    fn raw(count: u8, section: &[u8]) -> Vec<u8> {
        [b"\0\x07\x81\x80\0\x01\0", &[count][..], b"\0\0\0\0\x01a\0\0\x10\0\x01", section].concat()
    }

    #[test]
    fn text_without_octets_and_text_that_is_cut() {
        let empty = raw(1, b"\xc0\x0c\0\x10\0\x01\0\0\0\x05\0\0");
        assert_eq!(read_reply::<Txt>(&empty, "a").unwrap().records, [Txt(Vec::new())]);
        let one_empty_string = raw(1, b"\xc0\x0c\0\x10\0\x01\0\0\0\x05\0\x01\0");
        assert_eq!(read_reply::<Txt>(&one_empty_string, "a").unwrap().records, [Txt(vec![Vec::new()])]);
        let data_beyond_the_message = raw(1, b"\xc0\x0c\0\x10\0\x01\0\0\0\x05\0\x03\x01a");
        assert_eq!(read_reply::<Txt>(&data_beyond_the_message, "a"), Err("unreadable answer section"));
        let string_beyond_its_record = raw(1, b"\xc0\x0c\0\x10\0\x01\0\0\0\x05\0\x02\x02aa");
        assert_eq!(read_reply::<Txt>(&string_beyond_its_record, "a"), Err("unreadable record data"));
        assert_eq!(read_reply::<Txt>(&raw(1, b""), "a"), Err("unreadable answer section"));
    }

    #[test]
    fn records_of_others_are_no_answer_and_no_negative_one() {
        let strange = Err("records of another owner or class in place of an answer");
        let chaos = b"\xc0\x0c\0\x10\0\x03\0\0\0\x05\0\x02\x01a";
        assert_eq!(read_reply::<Txt>(&raw(1, chaos), "a"), strange);
        let other = b"\x01b\0\0\x10\0\x01\0\0\0\x05\0\x02\x01a";
        assert_eq!(read_reply::<Txt>(&raw(1, other), "a"), strange);
        let own = b"\xc0\x0c\0\x10\0\x01\0\0\0\x05\0\x02\x01x";
        let both = raw(3, &[&chaos[..], own, other].concat());
        assert_eq!(read_reply::<Txt>(&both, "a").unwrap().records, [Txt(vec![b"x".to_vec()])]);
    }

    #[test]
    fn records_of_another_type_are_no_answer_and_no_negative_one() {
        let mx = || RData::MX(MX::new(10, Name::from_ascii("mx.a.test.").unwrap()));
        let text = || RData::TXT(TXT::from_bytes(vec![b"x"]));
        let others = Err("records of another type in place of an answer");
        let message = |records| reply("a.test.", RecordType::TXT, records);
        assert_eq!(read_reply::<Txt>(&message(vec![("a.test.", 9, mx())]), "a.test"), others);
        assert_eq!(read_reply::<Txt>(&message(vec![("a.test.", 9, mx()), ("a.test.", 9, text())]), "a.test").unwrap().records.len(), 1);
        let behind_an_alias = message(vec![("a.test.", 9, cname("b.test.")), ("b.test.", 9, mx())]);
        assert_eq!(read_reply::<Txt>(&behind_an_alias, "a.test").unwrap().chain, ["b.test"], "which is asked by itself");
        for companion in [46, 39] {
            let alone = raw(1, &[0xc0, 0x0c, 0, companion, 0, 1, 0, 0, 0, 5, 0, 1, 0]);
            assert_eq!(read_reply::<Txt>(&alone, "a").unwrap().records, [], "{companion}");
        }
    }

    #[test]
    fn huge_ttls_count_as_zero() {
        let negative = raw(1, b"\xc0\x0c\0\x10\0\x01\x80\0\0\x05\0\x02\x01a");
        assert_eq!(read_reply::<Txt>(&negative, "a").unwrap().ttl, Some(0));
    }

    #[test]
    fn chains_without_end() {
        let message = reply("a.test.", RecordType::A, vec![("a.test.", 9, cname("b.test.")), ("b.test.", 9, cname("A.test."))]);
        assert_eq!(read_reply::<Ipv4Addr>(&message, "a.test"), Err("CNAME loop"));
        let names: Vec<String> = (0..=17).map(|index| format!("n{index}.test.")).collect();
        let links = |count: usize| names.windows(2).take(count).map(|pair| (pair[0].as_str(), 9, cname(&pair[1]))).collect();
        assert_eq!(read_reply::<Ipv4Addr>(&reply("n0.test.", RecordType::A, links(16)), "n0.test").unwrap().chain.len(), 16);
        assert!(read_reply::<Ipv4Addr>(&reply("n0.test.", RecordType::A, links(17)), "n0.test").is_err());
    }

    #[test]
    fn a_chain_without_records_at_its_end() {
        let message = reply("a.test.", RecordType::A, vec![("a.test.", 9, cname("b.test."))]);
        let expected = Answer { chain: vec!["b.test".to_owned()], records: Vec::new(), ttl: Some(9) };
        assert_eq!(read_reply::<Ipv4Addr>(&message, "a.test").unwrap(), expected);
    }

    fn valid_message() -> Vec<u8> {
        let text = RData::TXT(TXT::from_bytes(vec![b"v=STSv1; id=1;", b"second"]));
        reply("a.test.", RecordType::TXT, vec![("a.test.", 9, cname("mail.b.test.")), ("mail.b.test.", 9, text)])
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(message in proptest::collection::vec(any::<u8>(), 0..600), start in 0_usize..620, count: u16) {
            let _ = read_both_ways::<Txt>(&message, start, count);
            let _ = read_both_ways::<Mx>(&message, start, count);
        }

        #[test]
        fn a_damaged_answer_is_read_without_a_panic(damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let mut message = valid_message();
            for (index, octet) in damage {
                let at = index.index(message.len());
                message[at] = octet;
            }
            let _ = read_both_ways::<Txt>(&message, 24, read_u16(&message, 6).unwrap());
            let _ = read_both_ways::<Ipv4Addr>(&message, 24, u16::MAX);
        }

        #[test]
        fn a_cut_answer_is_an_error(length in 24_usize..200) {
            let message = valid_message();
            prop_assert!(length >= message.len() || read::<Txt>(&message[..length], 24, 2).is_err());
        }

        /// What an independent encoder writes is read back octet for octet.
        #[test]
        fn texts_read_back(strings in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..256), 1..6), ttl in 0_u32..1_000_000) {
            let data = RData::TXT(TXT::from_bytes(strings.iter().map(Vec::as_slice).collect()));
            let message = reply("_mta-sts.a.test.", RecordType::TXT, vec![("_mta-sts.a.test.", ttl, data)]);
            let answer = read_reply::<Txt>(&message, "_mta-sts.a.test").unwrap();
            prop_assert_eq!(answer.records, vec![Txt(strings)]);
            prop_assert_eq!(answer.ttl, Some(ttl));
        }
    }
}
