//! A message taken as the reply to a question, whichever way it came.

use std::time::Duration;

use super::header::{FORMERR, Header};
use super::question::Question;

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
