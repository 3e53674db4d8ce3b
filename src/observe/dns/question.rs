//! A question as it stands on the wire: written from a name, sent in a query, looked for in the reply.

use rand::RngExt as _;

use super::wire_name::{HEADER_OCTETS, MAX_WIRE_OCTETS};

/// UDP payload that we say we can take: it passes unfragmented nearly everywhere (RFC 9715 section 3.2.3, DNS flag day 2020).
const UDP_PAYLOAD: u16 = 1232;
/// RD, and AD so that the resolver says whether it validated (RFC 6840 section 5.7).
const QUERY_FLAGS: u16 = 0x0120;
const CLASS_IN: u8 = 1;
const TYPE_OPT: u16 = 41;
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
}

impl Question {
    /// No question yet.
    pub(super) const EMPTY: Self = Self { octets: [0; MAX_QUESTION_OCTETS], length: 0, exact: false };

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
        (self.length, self.exact) = (0, false);
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

    /// Writes the labels of a name, and says where the root label goes. The text is copied whole with an octet left free before it: the
    /// length of a label takes the place of the dot before it.
    fn write_labels(&mut self, name: &[u8]) -> Result<usize, &'static str> {
        let too_long = "name too long: more than 253 octets";
        let room = self.octets.get_mut(..=name.len()).filter(|room| room.len() < MAX_WIRE_OCTETS).ok_or(too_long)?;
        // Without leaving the loop early, which lets the compiler look at many octets at a time.
        if !name.iter().fold(true, |plain, octet| plain & matches!(octet, b'!'..=b'~') & (*octet != b'\\')) {
            return Err("name is not in A-label form");
        }
        let length = room.len();
        let Some((place, labels)) = room.split_first_mut() else { return Err("empty label") };
        labels.copy_from_slice(name);
        let (mut place, mut rest) = (place, labels);
        loop {
            let dot = rest.iter().position(|octet| *octet == b'.');
            *place = label_length(dot.unwrap_or(rest.len()))?;
            let behind = dot.and_then(|dot| std::mem::take(&mut rest).get_mut(dot..)).and_then(<[u8]>::split_first_mut);
            let Some((next, labels)) = behind else { return Ok(length) };
            (place, rest) = (next, labels);
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    /// Appends the query to `out`; with an OPT record unless `plain`, DO not set (RFC 6891 section 6.1).
    pub(super) fn write_query(&self, id: u16, plain: bool, out: &mut Vec<u8>) {
        let [[id_high, id_low], [flags_high, flags_low]] = [id.to_be_bytes(), QUERY_FLAGS.to_be_bytes()];
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
    use super::*;
    use hickory_proto::op::Message;
    use proptest::prelude::*;

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
