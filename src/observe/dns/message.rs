//! A message taken as the reply to a question: its header, and the little that a reply without answer records can say (RFC 1035 section
//! 4.1.1, RFC 6891).

use std::time::Duration;

use super::question::Question;
use super::wire_name::{WireName, read_u16, record_end};

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
const TYPE_OPT: u16 = 41;

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

    /// Whether the message is as many records as it says and nothing else. What is cut or has something behind its end was damaged or
    /// made up on its way.
    pub(super) fn is_whole(self, message: &[u8], question_end: usize) -> bool {
        let records = usize::from(self.answers) + usize::from(self.authorities) + usize::from(self.additionals);
        (0..records).try_fold(question_end, |at, _| record_end(message, at)) == Some(message.len())
    }

    /// Whether a server that does not resolve points elsewhere instead of answering: no answer, neither RA nor AA, NS records in the
    /// authority section. Without this test it would pass for "no such record".
    pub(super) fn is_referral(self, message: &[u8], question_end: usize) -> bool {
        const AA_OR_RA: u16 = 0x0480;
        self.plain_rcode() == NOERROR
            && self.answers == 0
            && self.authorities > 0
            && self.flags & AA_OR_RA == 0
            && WireName::read(message, question_end).and_then(|owner| read_u16(message, owner.end)) == Some(TYPE_NS)
    }
}

/// A reply that repeats its question.
#[derive(Debug)]
pub(super) struct Message {
    /// Its header.
    pub(super) header: Header,
    /// All of it where it has answer records; else empty, because the other fields say everything.
    pub(super) octets: Vec<u8>,
    /// Where the sections behind the question begin.
    pub(super) question_end: usize,
    /// Response code, extension included.
    pub(super) rcode: u16,
    /// Whether it only points to other servers.
    pub(super) referral: bool,
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
        let (rcode, referral) = (header.rcode(octets, question_end), header.is_referral(octets, question_end));
        let whole = header.is_truncated() || bare_refusal || header.is_whole(octets, question_end);
        let octets = if header.answers > 0 { octets.to_vec() } else { Vec::new() };
        Some(Self { header, octets, question_end, rcode, referral, whole, rtt })
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_referral_is_no_answer() {
        let mut message = b"\0\x07\x81\0\0\x01\0\0\0\x01\0\0\0\0\x10\0\x01\x03com\0\0\x02\0\x01".to_vec();
        assert!(Header::read(&message).unwrap().is_referral(&message, 17));
        message[3] = 0x80;
        assert!(!Header::read(&message).unwrap().is_referral(&message, 17), "recursion available");
        message[3] = 0;
        message[23] = 6;
        assert!(!Header::read(&message).unwrap().is_referral(&message, 17), "SOA");
    }
}
