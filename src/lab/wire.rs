//! DNS messages by hand (RFC 1035, RFC 6891): one question in, one response out, into buffers that are used again.

/// The least and the most that a response over UDP may be, in octets (RFC 6891, DNS flag day 2020).
const UDP_LEAST: u16 = 512;
const UDP_MOST: u16 = 1232;
const HEADER: usize = 12;
const TYPE_OPT: u16 = 41;
const CLASS_IN: u16 = 1;

pub(super) const TYPE_A: u16 = 1;
pub(super) const TYPE_NS: u16 = 2;
pub(super) const TYPE_CNAME: u16 = 5;
pub(super) const TYPE_SOA: u16 = 6;
pub(super) const TYPE_MX: u16 = 15;
pub(super) const TYPE_TXT: u16 = 16;
pub(super) const TYPE_AAAA: u16 = 28;
pub(super) const TYPE_TLSA: u16 = 52;

/// Option of the OPT record: an extended error (RFC 8914).
const EXTENDED_ERROR: u16 = 15;

pub(super) const FORMERR: u8 = 1;
pub(super) const SERVFAIL: u8 = 2;
pub(super) const NXDOMAIN: u8 = 3;
pub(super) const NOTIMP: u8 = 4;
pub(super) const REFUSED: u8 = 5;

/// The compression pointer to the name of the question, which always stands behind the header.
pub(super) const QUESTION_NAME: u16 = 0xC00C;

/// A question that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question<'q> {
    id: u16,
    recursion_desired: bool,
    /// Name, type and class as they came, so that the case of the letters is given back.
    section: &'q [u8],
    pub(super) qtype: u16,
    /// UDP payload size of the client's OPT record.
    edns: Option<u16>,
    /// Whether the client wants to know if the answer validates (AD or DO bit, RFC 6840 section 5.7).
    wants_ad: bool,
    /// Whether the client wants it unchecked (CD bit, RFC 4035 section 3.2.2).
    pub(super) unchecked: bool,
}

/// What becomes of a message from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received<'q> {
    Question(Question<'q>),
    /// Answer with an empty response of this code.
    Reject(u16, u8),
    /// Do not answer: too short, or itself a response.
    Ignore,
}

/// Reads a message; the name of the question, in lower case without a trailing dot, replaces what is in `name`.
pub(super) fn read<'q>(message: &'q [u8], name: &mut Vec<u8>) -> Received<'q> {
    let Some((header, body)) = message.split_at_checked(HEADER) else { return Received::Ignore };
    let word = |at: usize| header.get(at..at + 2).map_or(0, |two| u16::from_be_bytes([two[0], two[1]]));
    let (id, flags) = (word(0), word(2));
    if flags & 0x8000 != 0 {
        return Received::Ignore;
    }
    if flags & 0x7800 != 0 {
        return Received::Reject(id, NOTIMP);
    }
    let question = match (word(4), word(6), word(8)) {
        (1, 0, 0) => read_question(body, name),
        _ => None,
    };
    let Some((section, qtype, rest)) = question else { return Received::Reject(id, FORMERR) };
    let Some(edns) = read_additional(rest, word(10)) else { return Received::Reject(id, FORMERR) };
    let (edns, dnssec_ok) = edns.unzip();
    let wants_ad = flags & 0x0020 != 0 || dnssec_ok == Some(true);
    let (recursion_desired, unchecked) = (flags & 0x0100 != 0, flags & 0x0010 != 0);
    Received::Question(Question { id, recursion_desired, section, qtype, edns, wants_ad, unchecked })
}

/// The question section, its type, and what follows it.
fn read_question<'q>(body: &'q [u8], name: &mut Vec<u8>) -> Option<(&'q [u8], u16, &'q [u8])> {
    name.clear();
    let mut rest = body;
    loop {
        let (&length, after) = rest.split_first()?;
        if length == 0 {
            rest = after;
            break;
        }
        let (label, after) = (length < 64).then(|| after.split_at_checked(usize::from(length)))??;
        if !name.is_empty() {
            name.push(b'.');
        }
        // A dot inside a label is no separator; no name of the lab has one.
        name.extend(label.iter().map(|&byte| if byte == b'.' { 0 } else { byte.to_ascii_lowercase() }));
        if name.len() > 254 {
            return None;
        }
        rest = after;
    }
    let (fixed, after) = rest.split_at_checked(4)?;
    let (section, _) = body.split_at_checked(body.len() - after.len())?;
    Some((section, u16::from_be_bytes([fixed[0], fixed[1]]), after))
}

/// The payload size and the DO bit of the OPT record, if there is one; `None` if the section cannot be read.
fn read_additional(mut rest: &[u8], count: u16) -> Option<Option<(u16, bool)>> {
    let mut edns = None;
    for _ in 0..count {
        while let Some((&length @ 1..64, after)) = rest.split_first() {
            rest = after.get(usize::from(length)..)?;
        }
        let (&end, after) = rest.split_first()?;
        let after = if end >= 0xC0 { after.get(1..)? } else { after };
        let (fixed, data) = after.split_at_checked(10)?;
        if u16::from_be_bytes([fixed[0], fixed[1]]) == TYPE_OPT {
            edns = Some((u16::from_be_bytes([fixed[2], fixed[3]]), fixed[6] & 0x80 != 0));
        }
        rest = data.get(usize::from(u16::from_be_bytes([fixed[8], fixed[9]]))..)?;
    }
    Some(edns)
}

impl Question<'_> {
    /// The most octets that a response over UDP may have.
    pub(super) fn udp_limit(&self) -> usize {
        usize::from(self.edns.unwrap_or(UDP_LEAST).clamp(UDP_LEAST, UDP_MOST))
    }
}

/// An empty response without a question.
pub(super) fn reject(id: u16, rcode: u8, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(&[0x80, 0x80 | rcode]);
    out.extend_from_slice(&[0; 8]);
}

/// Writes one response.
pub(super) struct Writer<'w> {
    out: &'w mut Vec<u8>,
    question: Question<'w>,
    answers: u16,
    authorities: u16,
    extended_error: Option<u16>,
}

impl<'w> Writer<'w> {
    pub(super) fn new(question: Question<'w>, rcode: u8, out: &'w mut Vec<u8>) -> Self {
        out.clear();
        out.extend_from_slice(&question.id.to_be_bytes());
        // QR and the echo of RD; then RA, the echo of CD and the code.
        let unchecked = u8::from(question.unchecked) << 4;
        out.extend_from_slice(&[0x80 | u8::from(question.recursion_desired), 0x80 | unchecked | rcode, 0, 1]);
        out.extend_from_slice(&[0; 6]);
        out.extend_from_slice(question.section);
        Self { out, question, answers: 0, authorities: 0, extended_error: None }
    }

    /// Writes a record and returns a pointer to its data. `data` appends the data.
    pub(super) fn record(&mut self, owner: u16, kind: u16, ttl: u32, data: impl FnOnce(&mut Vec<u8>)) -> u16 {
        self.out.extend_from_slice(&owner.to_be_bytes());
        self.out.extend_from_slice(&kind.to_be_bytes());
        self.out.extend_from_slice(&CLASS_IN.to_be_bytes());
        self.out.extend_from_slice(&ttl.to_be_bytes());
        let length_at = self.out.len();
        self.out.extend_from_slice(&[0, 0]);
        let start = self.out.len();
        data(self.out);
        let length = u16::try_from(self.out.len() - start).unwrap_or(u16::MAX);
        self.set(length_at, length);
        self.answers = self.answers.saturating_add(1);
        // Chains are short: their names lie within the 14 bits of a pointer.
        0xC000 | u16::try_from(start).unwrap_or(0x3FFF)
    }

    /// Writes a record of the authority section, behind which no other section's may follow.
    pub(super) fn authority(&mut self, owner: u16, kind: u16, ttl: u32, data: impl FnOnce(&mut Vec<u8>)) {
        self.record(owner, kind, ttl, data);
        self.answers = self.answers.saturating_sub(1);
        self.authorities = self.authorities.saturating_add(1);
    }

    /// Says that all of it validates (AD), if the client wants to know.
    pub(super) fn authenticated(&mut self) {
        if self.question.wants_ad
            && let Some(flags) = self.out.get_mut(3)
        {
            *flags |= 0x20;
        }
    }

    /// Says by an extended error what is the matter, if the client has an OPT record.
    pub(super) fn extended_error(&mut self, code: u16) {
        self.extended_error = Some(code);
    }

    /// Says that the server does not resolve (RA not set).
    pub(super) fn deny_recursion(&mut self) {
        if let Some(flags) = self.out.get_mut(3) {
            *flags &= 0x7F;
        }
    }

    /// Makes the last record's length run past the end of the message.
    pub(super) fn spoil(&mut self, data_pointer: u16) {
        self.set(usize::from(data_pointer & 0x3FFF).saturating_sub(2), 0xFF00);
    }

    fn set(&mut self, at: usize, value: u16) {
        if let Some(place) = self.out.get_mut(at..at + 2) {
            place.copy_from_slice(&value.to_be_bytes());
        }
    }

    /// Ends the response; over the limit, or if `truncate` is set, it keeps only the question and says so (TC).
    pub(super) fn finish(mut self, limit: usize, truncate: bool) {
        let opt = if self.question.edns.is_some() { 11 + self.extended_error.map_or(0, |_| 6) } else { 0 };
        if truncate || self.out.len() + opt > limit {
            self.out.truncate(HEADER + self.question.section.len());
            (self.answers, self.authorities) = (0, 0);
            if let Some(flags) = self.out.get_mut(2) {
                *flags |= 0x02;
            }
        }
        let answers = self.answers;
        self.set(6, answers);
        let authorities = self.authorities;
        self.set(8, authorities);
        if opt > 0 {
            self.set(10, 1);
            let [size_high, size_low] = UDP_MOST.to_be_bytes();
            self.out.extend_from_slice(&[0, 0, TYPE_OPT as u8, size_high, size_low, 0, 0, 0, 0, 0, opt as u8 - 11]);
            if let Some(code) = self.extended_error {
                self.out.extend([EXTENDED_ERROR, 2, code].iter().flat_map(|number| number.to_be_bytes()));
            }
        }
    }
}

/// Appends a name; labels are cut at 63 octets and the name at 253, so that what is written is always a name.
pub(super) fn write_name(name: &[u8], out: &mut Vec<u8>) {
    let mut total = 0;
    for label in name.split(|&byte| byte == b'.').filter(|label| !label.is_empty()) {
        let label = label.get(..63).unwrap_or(label);
        total += label.len() + 1;
        if total > 254 {
            break;
        }
        out.push(label.len() as u8);
        out.extend_from_slice(label);
    }
    out.push(0);
}

/// Appends one character-string, or several where the text is longer than 255 octets.
pub(super) fn write_string(text: &[u8], out: &mut Vec<u8>) {
    if text.is_empty() {
        out.push(0);
    }
    for part in text.chunks(255) {
        out.push(part.len() as u8);
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_spoilt_question_is_survived(at in 0_usize..60, byte in any::<u8>(), cut in 0_usize..60) {
            let mut message = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
            write_name(b"_mta-sts.enforce.test", &mut message);
            message.extend_from_slice(&[0, 16, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
            if let Some(place) = message.get_mut(at) {
                *place = byte;
            }
            message.truncate(60 - cut);
            let mut name = Vec::new();
            if let Received::Question(question) = read(&message, &mut name) {
                prop_assert!(name.len() <= 254 && question.udp_limit() <= 1232);
            }
        }

        #[test]
        fn whatever_is_written_as_a_name_is_one(text in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut out = Vec::new();
            write_name(&text, &mut out);
            prop_assert!(out.len() <= 255 && out.last() == Some(&0));
        }
    }
}
