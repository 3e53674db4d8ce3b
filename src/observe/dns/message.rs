//! A question and the message that is taken as its reply: how the question is written, sent in a query and found again in the reply, the
//! header, and the little that a reply without answer records can say (RFC 1035 section 4.1, RFC 6891).

use std::time::Duration;

use rand::RngExt as _;

use super::wire_name::{HEADER_OCTETS, MAX_WIRE_OCTETS, is_plain, read_u16, record_end, record_type};

/// NOERROR.
pub(super) const NOERROR: u16 = 0;
/// FORMERR.
pub(super) const FORMERR: u16 = 1;
/// SERVFAIL.
pub(super) const SERVFAIL: u16 = 2;
/// NXDOMAIN.
pub(super) const NXDOMAIN: u16 = 3;
/// NOTIMP.
pub(super) const NOTIMP: u16 = 4;
/// REFUSED.
pub(super) const REFUSED: u16 = 5;
/// BADVERS (RFC 6891 section 9).
pub(super) const BADVERS: u16 = 16;

const TYPE_NS: u16 = 2;
const TYPE_SOA: u16 = 6;
/// OPT (RFC 6891).
pub(super) const TYPE_OPT: u16 = 41;

/// The fields of a message header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Id of the query that this answers.
    pub(super) id: u16,
    flags: u16,
    /// Entries in the question section.
    pub(super) questions: u16,
    /// Records in the answer section.
    pub(super) answers: u16,
    authorities: u16,
    additionals: u16,
}

impl Header {
    /// `None` if the message is shorter than a header.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        Some(Self {
            id: read_u16(message, 0)?,
            flags: read_u16(message, 2)?,
            questions: read_u16(message, 4)?,
            answers: read_u16(message, 6)?,
            authorities: read_u16(message, 8)?,
            additionals: read_u16(message, 10)?,
        })
    }

    /// QR is set and the opcode is QUERY.
    pub(super) fn is_reply(self) -> bool {
        self.flags & 0xf800 == 0x8000
    }

    /// TC: the message was cut to fit a datagram.
    pub(super) fn is_truncated(self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// AD: the resolver says that it validated the answer (RFC 4035 section 3.2.3).
    pub(super) fn is_authenticated(self) -> bool {
        self.flags & 0x0020 != 0
    }

    /// Response code without the extension in the OPT record.
    pub(super) fn plain_rcode(self) -> u16 {
        self.flags & 0x000f
    }

    /// Response code. The extension is looked for where it changes the meaning: in a message that holds nothing but an OPT record,
    /// as a refusal of the EDNS version does; with the low bits alone it would pass for "no such record".
    pub(super) fn rcode(self, message: &[u8], question_end: usize) -> u16 {
        let alone = self.answers == 0 && self.authorities == 0 && self.additionals > 0;
        let opt = message.get(question_end) == Some(&0) && read_u16(message, question_end + 1) == Some(TYPE_OPT);
        let extension = if alone && opt { message.get(question_end + 5).copied().unwrap_or(0) } else { 0 };
        u16::from(extension) << 4 | self.plain_rcode()
    }

    /// Records of all sections.
    pub(super) fn records(self) -> usize {
        usize::from(self.answers) + usize::from(self.authorities) + usize::from(self.additionals)
    }

    /// Whether the message is as many records as it says and nothing else. What is cut or has something behind its end was damaged or
    /// made up on its way.
    pub(super) fn is_whole(self, message: &[u8], question_end: usize) -> bool {
        (0..self.records()).try_fold(question_end, |at, _| record_end(message, at)) == Some(message.len())
    }

    /// Why a message that says "no such record" or "no such name" does not know it; `None` where it may. Without this test it would pass for
    /// absence.
    ///
    /// * NS records and no SOA in the authority section are a referral (RFC 2308 section 2.2.1), also where RA is set: only a server that
    ///   answers for the zone itself (AA) may name the others beside its answer.
    /// * Nothing at all, from a server that neither answers for the zone nor resolves (RA), is no knowledge of anybody's.
    pub(super) fn hearsay(self, message: &[u8], question_end: usize) -> Option<&'static str> {
        const AA: u16 = 0x0400;
        const RA: u16 = 0x0080;
        if self.answers > 0 || self.flags & AA != 0 || !matches!(self.plain_rcode(), NOERROR | NXDOMAIN) || self.is_truncated() {
            return None;
        }
        let has = |wanted| self.has_authority(message, question_end, wanted);
        if self.plain_rcode() == NOERROR && has(TYPE_NS) && !has(TYPE_SOA) {
            return Some("referral instead of an answer: the server does not resolve recursively");
        }
        (self.flags & RA == 0 && !has(TYPE_SOA)).then_some("empty answer of a server that does not resolve recursively")
    }

    /// Whether the authority section has a record of a type.
    fn has_authority(self, message: &[u8], question_end: usize, wanted: u16) -> bool {
        let begin = (0..self.answers).try_fold(question_end, |at, _| record_end(message, at));
        let mut next = begin;
        (0..self.authorities).any(|_| {
            let here = next;
            next = here.and_then(|at| record_end(message, at));
            here.and_then(|at| record_type(message, at)) == Some(wanted)
        })
    }
}

/// A reply that repeats its question.
#[derive(Debug)]
pub(super) struct Message {
    /// Its header.
    pub(super) header: Header,
    /// All of it where it has answer records or is no success; else empty, because the other fields say everything.
    pub(super) octets: Vec<u8>,
    /// Where the sections behind the question begin.
    pub(super) question_end: usize,
    /// Response code, extension included.
    pub(super) rcode: u16,
    /// Why it does not know that there is nothing, if it says so.
    pub(super) hearsay: Option<&'static str>,
    /// Whether it ends where its last record does; also where it is truncated and says so.
    pub(super) whole: bool,
    /// From the departure of the query to the arrival of this.
    pub(super) rtt: Duration,
}

impl Message {
    /// Takes a message whose id has been checked; `None` if it does not answer the question.
    ///
    /// A server that cannot read a query may send FORMERR without repeating the question (RFC 6891 section 7); nothing else may.
    pub(super) fn accept(header: Header, octets: &[u8], question: &Question, rtt: Duration) -> Option<Self> {
        let repeats = header.questions == 1 && question.is_repeated_in(octets);
        let bare_refusal = header.questions == 0 && header.answers == 0 && header.plain_rcode() == FORMERR;
        if !header.is_reply() || !(repeats || bare_refusal) {
            return None;
        }
        let question_end = question.end();
        let (rcode, hearsay) = (header.rcode(octets, question_end), header.hearsay(octets, question_end));
        let whole = header.is_truncated() || bare_refusal || header.is_whole(octets, question_end);
        let told = header.answers > 0 || !matches!(rcode, NOERROR | NXDOMAIN);
        let octets = if told { octets.to_vec() } else { Vec::new() };
        Some(Self { header, octets, question_end, rcode, hearsay, whole, rtt })
    }

    /// Whether the authority section says what the answer does not: that there is nothing (RFC 2308 section 2.2). Only of a message with
    /// answer records.
    pub(super) fn has_soa(&self) -> bool {
        self.header.has_authority(&self.octets, self.question_end, TYPE_SOA)
    }
}

/// UDP payload that we say we can take: it passes unfragmented nearly everywhere (RFC 9715 section 3.2.3, DNS flag day 2020).
const UDP_PAYLOAD: u16 = 1232;
/// RD, and AD so that the resolver says whether it validated (RFC 6840 section 5.7).
const QUERY_FLAGS: u16 = 0x0120;
/// CD: the resolver is not to validate (RFC 4035 section 3.2.2).
const CHECKING_DISABLED: u16 = 0x0010;
const CLASS_IN: u8 = 1;
/// Name, type and class at their longest.
const MAX_QUESTION_OCTETS: usize = MAX_WIRE_OCTETS + 4;
/// The longest query: header, question, OPT record (RFC 6891 section 6.1.2).
pub(super) const MAX_QUERY_OCTETS: usize = HEADER_OCTETS + MAX_QUESTION_OCTETS + 11;

/// The length octet of a label.
fn label_length(octets: usize) -> Result<u8, &'static str> {
    match u8::try_from(octets) {
        Ok(0) => Err("empty label"),
        Ok(length @ ..=63) => Ok(length),
        _ => Err("name too long: a label has more than 63 octets"),
    }
}

/// Name, type and class in wire form.
#[derive(Clone, Debug)]
pub(super) struct Question {
    octets: [u8; MAX_QUESTION_OCTETS],
    length: usize,
    /// Whether the reply has to repeat the case of the letters, too.
    exact: bool,
    /// Whether the resolver is not to validate.
    unchecked: bool,
}

impl Question {
    /// No question yet.
    pub(super) const EMPTY: Self = Self { octets: [0; MAX_QUESTION_OCTETS], length: 0, exact: false, unchecked: false };

    /// The question for records of a type at a name (A-labels, underscores allowed, a trailing dot allowed, `.` for the root).
    ///
    /// # Errors
    /// Says what keeps the text from being asked for.
    pub(super) fn new(name: &str, record_type: u16) -> Result<Self, &'static str> {
        let mut question = Self::EMPTY;
        question.set(name, record_type)?;
        Ok(question)
    }

    /// Becomes the question that [`Question::new`] makes.
    ///
    /// # Errors
    /// As there; it is no question then.
    pub(super) fn set(&mut self, name: &str, record_type: u16) -> Result<(), &'static str> {
        (self.length, self.exact, self.unchecked) = (0, false, false);
        let end = match name {
            "." => 0,
            name => self.write_labels(name.strip_suffix('.').unwrap_or(name).as_bytes())?,
        };
        let [high, low] = record_type.to_be_bytes();
        let tail = [0, high, low, 0, CLASS_IN];
        if let Some(room) = self.octets.get_mut(end..end + tail.len()) {
            room.copy_from_slice(&tail);
            self.length = end + tail.len();
        }
        Ok(())
    }

    /// Gives each letter of the name an upper or lower case by chance, which the reply then has to repeat: who did not see the question
    /// has that to guess, too (draft-vixie-dnsext-dns0x20).
    pub(super) fn mix_case(&mut self) {
        self.exact = true;
        let (mut random, mut bits) = (rand::rng(), 0_u64);
        let name = self.length.saturating_sub(4);
        for (index, octet) in self.octets.iter_mut().take(name).enumerate() {
            if index % 64 == 0 {
                bits = random.random();
            }
            // A length octet is at most 63 and so no letter.
            if bits >> (index % 64) & 1 == 1 && octet.is_ascii_alphabetic() {
                *octet ^= 0x20;
            }
        }
    }

    /// Asks the resolver not to validate.
    pub(super) fn disable_checking(&mut self) {
        self.unchecked = true;
    }

    /// Writes the labels of a name, and says where the root label goes. The text is copied whole with an octet left free before it: the
    /// length of a label takes the place of the dot before it.
    fn write_labels(&mut self, name: &[u8]) -> Result<usize, &'static str> {
        let too_long = "name too long: more than 253 octets";
        let room = self.octets.get_mut(..=name.len()).filter(|room| room.len() < MAX_WIRE_OCTETS).ok_or(too_long)?;
        let (mut length, text) = room.split_first_mut().ok_or(too_long)?;
        text.copy_from_slice(name);
        // Without a branch for each octet, so that many are looked at together.
        if !text.iter().fold(true, |all, octet| all & (is_plain(*octet) | (*octet == b'.'))) {
            return Err("name is not in A-label form");
        }
        let mut octets = 0;
        for octet in text {
            if *octet == b'.' {
                *std::mem::replace(&mut length, octet) = label_length(octets)?;
                octets = 0;
            } else {
                octets += 1;
            }
        }
        *length = label_length(octets)?;
        Ok(name.len() + 1)
    }

    fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    /// Appends the query to `out`; with an OPT record unless `plain`, DO not set (RFC 6891 section 6.1).
    pub(super) fn write_query(&self, id: u16, plain: bool, out: &mut Vec<u8>) {
        let flags = QUERY_FLAGS | if self.unchecked { CHECKING_DISABLED } else { 0 };
        let [[id_high, id_low], [flags_high, flags_low]] = [id.to_be_bytes(), flags.to_be_bytes()];
        out.extend_from_slice(&[id_high, id_low, flags_high, flags_low, 0, 1, 0, 0, 0, 0, 0, u8::from(!plain)]);
        out.extend_from_slice(self.as_bytes());
        if !plain {
            let [[kind_high, kind_low], [size_high, size_low]] = [TYPE_OPT.to_be_bytes(), UDP_PAYLOAD.to_be_bytes()];
            out.extend_from_slice(&[0, kind_high, kind_low, size_high, size_low, 0, 0, 0, 0, 0, 0]);
        }
    }

    /// Whether a reply repeats the question, letter case aside unless that was chosen by chance. Length octets are no letters, so octets can
    /// be compared.
    pub(super) fn is_repeated_in(&self, reply: &[u8]) -> bool {
        reply.get(HEADER_OCTETS..self.end()).is_some_and(|octets| {
            let asked = self.as_bytes();
            // Nearly all servers keep the case, and to compare as it is is one call.
            octets == asked || (!self.exact && octets.eq_ignore_ascii_case(asked))
        })
    }

    /// Where the answer section of a message that repeats the question begins.
    pub(super) fn end(&self) -> usize {
        HEADER_OCTETS + self.length
    }
}

/// The query for records of a type at a name, with an OPT record; `None` where the name cannot be asked for. For the benches.
#[doc(hidden)]
pub fn write_query(name: &str, record_type: u16, id: u16) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(MAX_QUERY_OCTETS);
    Question::new(name, record_type).ok()?.write_query(id, false, &mut octets);
    Some(octets)
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::Message;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn flags_are_told_apart() {
        let header = |flags: u16| Header { id: 1, flags, questions: 1, answers: 0, authorities: 0, additionals: 0 };
        assert!(header(0x8180).is_reply() && !header(0x0100).is_reply());
        assert!(!header(0xa800).is_reply(), "an UPDATE reply");
        assert!(header(0x8380).is_truncated() && !header(0x8180).is_truncated());
        assert!(header(0x81a0).is_authenticated() && !header(0x8190).is_authenticated());
        assert_eq!(header(0x8183).plain_rcode(), NXDOMAIN);
        assert_eq!(Header::read(&[0; 11]), None);
    }

    #[test]
    fn an_extended_response_code_is_no_success() {
        let message = b"\0\x07\x81\x80\0\x01\0\0\0\0\0\x01\0\0\x10\0\x01\0\0\x29\x04\xd0\x01\0\0\0\0\0";
        let header = Header::read(message).unwrap();
        assert_eq!(header.plain_rcode(), NOERROR);
        assert_eq!(header.rcode(message, 17), 16);
        assert_eq!(header.rcode(&message[..17], 17), NOERROR);
    }

    #[test]
    fn a_message_ends_with_its_last_record() {
        let message =
            b"\0\x07\x81\x80\0\x01\0\x01\0\0\0\x01\x01a\0\0\x10\0\x01\xc0\x0c\0\x10\0\x01\0\0\0\x05\0\x02\x01x\0\0\x29\x04\xd0\0\0\0\0\0\0";
        let whole = |message: &[u8]| Header::read(message).unwrap().is_whole(message, 19);
        assert!(whole(message));
        assert!((19..message.len()).all(|length| !whole(&message[..length])), "cut");
        assert!(!whole(&[&message[..], b"\0"].concat()), "something behind the end");
    }

    /// A reply to `. TXT` with these flags and authority records of these types.
    fn empty(flags: u16, authorities: &[u8]) -> Vec<u8> {
        let [high, low] = flags.to_be_bytes();
        let records = authorities.iter().flat_map(|kind| [3, b'c', b'o', b'm', 0, 0, *kind, 0, 1, 0, 0, 0, 9, 0, 1, 0]);
        let count = u8::try_from(authorities.len()).unwrap();
        [&[0, 7, high, low, 0, 1, 0, 0, 0, count, 0, 0, 0, 0, 16, 0, 1][..], &records.collect::<Vec<u8>>()].concat()
    }

    #[test]
    fn who_does_not_know_does_not_say_that_there_is_nothing() {
        const AA: u16 = 0x8500;
        const RA: u16 = 0x8180;
        let verdict = |flags: u16, authorities: &[u8]| {
            let message = empty(flags, authorities);
            Header::read(&message).unwrap().hearsay(&message, 17).map(|why| why.split(' ').next().unwrap())
        };
        let (ns, soa) = (2, 6);
        for flags in [0x8100, RA] {
            assert_eq!(verdict(flags, &[ns]), Some("referral"), "{flags:x}");
            assert_eq!(verdict(flags, &[ns, ns, 16]), Some("referral"), "{flags:x}");
            assert_eq!(verdict(flags, &[soa]), None, "{flags:x}");
            assert_eq!(verdict(flags, &[ns, soa]), None, "a negative answer that names the servers, too");
        }
        assert_eq!(verdict(AA, &[ns]), None, "of the zone's own server");
        assert_eq!((verdict(0x8100, &[]), verdict(0x8103, &[])), (Some("empty"), Some("empty")), "no recursion, no authority");
        assert_eq!((verdict(RA, &[]), verdict(RA | 3, &[]), verdict(AA, &[]), verdict(AA | 3, &[])), (None, None, None, None));
        assert_eq!((verdict(0x8102, &[]), verdict(0x8300, &[])), (None, None), "errors and cut messages say themselves what they are");
        let cut = empty(RA, &[ns]);
        assert_eq!(Header::read(&cut).unwrap().hearsay(&cut[..20], 17), None, "which is found to be cut elsewhere");
    }

    #[test]
    fn names_that_do_not_fit_are_refused() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        assert!(Question::new(&longest, 16).is_ok());
        assert!(Question::new(&format!("{longest}a"), 16).unwrap_err().starts_with("name too long"));
        assert!(Question::new(&format!("{label}a.test"), 16).unwrap_err().starts_with("name too long"));
        assert!(Question::new(&format!("{longest}.{longest}"), 16).unwrap_err().starts_with("name too long"));
        assert_eq!(Question::new("a..b", 16).unwrap_err(), "empty label");
        assert_eq!(Question::new("", 16).unwrap_err(), "empty label");
        assert_eq!(Question::new("..", 16).unwrap_err(), "empty label");
        assert!(Question::new("bücher.example", 16).is_err());
        assert!(Question::new("a b", 16).is_err());
    }

    #[test]
    fn the_root_can_be_asked_for() {
        assert_eq!(Question::new(".", 2).unwrap().as_bytes(), b"\0\0\x02\0\x01");
    }

    #[test]
    fn the_reply_must_repeat_the_question() {
        let question = Question::new("_mta-sts.Example.com", 16).unwrap();
        let mut reply = Vec::new();
        question.write_query(7, false, &mut reply);
        assert!(question.is_repeated_in(&reply));
        assert!(question.is_repeated_in(&reply.to_ascii_uppercase()));
        for other in ["_mta-sts.example.co", "_mta-sts.example.con"] {
            assert!(!Question::new(other, 16).unwrap().is_repeated_in(&reply));
        }
        assert!(!Question::new("_mta-sts.example.com", 15).unwrap().is_repeated_in(&reply));
        assert!(!question.is_repeated_in(&reply[..20]));
    }

    #[test]
    fn a_mixed_case_has_to_be_repeated() {
        let name = "_mta-sts.a-name-of-many-letters.example";
        let mut question = Question::new(name, 16).unwrap();
        question.mix_case();
        let mut reply = Vec::new();
        question.write_query(7, false, &mut reply);
        let repeated = &reply[HEADER_OCTETS..question.end()];
        assert!(repeated.iter().any(u8::is_ascii_uppercase) && repeated.iter().any(u8::is_ascii_lowercase));
        assert!(Question::new(name, 16).unwrap().is_repeated_in(&reply), "the same name");
        assert!(question.is_repeated_in(&reply));
        assert!(!question.is_repeated_in(&reply.to_ascii_lowercase()) && !question.is_repeated_in(&reply.to_ascii_uppercase()));
        question.set(name, 16).unwrap();
        assert!(question.is_repeated_in(&reply), "a slot that is used again forgets");
    }

    /// An independent decoder reads back what was asked.
    fn reads_back(name: &str, record_type: u16, id: u16, plain: bool) {
        let mut octets = Vec::new();
        Question::new(name, record_type).unwrap().write_query(id, plain, &mut octets);
        assert!(octets.len() <= MAX_QUERY_OCTETS);
        let message = Message::from_vec(&octets).unwrap();
        assert_eq!(message.metadata.id, id);
        assert!(message.metadata.recursion_desired && message.metadata.authentic_data);
        assert!(!message.metadata.checking_disabled && !message.metadata.truncation);
        assert_eq!(message.queries.len(), 1);
        assert!(message.queries[0].name().iter().eq(name.split('.').map(str::as_bytes)));
        assert_eq!(u16::from(message.queries[0].query_type()), record_type);
        assert_eq!(message.edns.as_ref().map(|edns| (edns.max_payload(), edns.flags().dnssec_ok)), (!plain).then_some((1232, false)));
    }

    #[test]
    fn a_resolver_can_be_asked_not_to_validate() {
        let mut question = Question::new("_25._tcp.mx.test", 52).unwrap();
        let flags = |question: &Question| {
            let mut octets = Vec::new();
            question.write_query(7, false, &mut octets);
            let metadata = Message::from_vec(&octets).unwrap().metadata;
            (metadata.checking_disabled, metadata.authentic_data, metadata.recursion_desired)
        };
        assert_eq!(flags(&question), (false, true, true));
        question.disable_checking();
        assert_eq!(flags(&question), (true, true, true));
        question.set("mx.test", 1).unwrap();
        assert_eq!(flags(&question), (false, true, true), "a slot that is used again forgets");
    }

    #[test]
    fn a_label_that_is_a_hyphen_reads_back() {
        reads_back("0.-", 1, 0, false); // Found by the property below.
    }

    proptest! {
        #[test]
        fn queries_read_back(name in "[a-z0-9_-]{1,63}(\\.[a-z0-9_-]{1,40}){0,4}", record_type in 1_u16..40, id: u16, plain: bool) {
            reads_back(&name, record_type, id, plain);
        }
    }
}
