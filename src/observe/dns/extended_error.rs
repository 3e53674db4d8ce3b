//! Extended DNS errors: why a resolver has no answer, in its own terms (RFC 8914), out of the OPT record of a message.

use super::message::TYPE_OPT;
use super::wire_name::{WireName, read_u16, record_end};
use crate::escape;
use crate::evidence::ExtendedError;

/// The EDNS option.
const OPTION: u16 = 15;
/// Characters of a text that are kept.
const MAX_TEXT: usize = 200;

/// The extended error in the `records` of a message that begin at `start`; of several one that says that validation failed, else the first.
pub(super) fn read(message: &[u8], start: usize, records: usize) -> Option<Box<ExtendedError>> {
    let options = options(message, start, records)?;
    let errors = || Options(options).filter(|(option, _)| *option == OPTION).filter_map(|(_, data)| data.split_first_chunk::<2>());
    let code = |(code, _): &(&[u8; 2], &[u8])| u16::from_be_bytes(**code);
    let (code, text) = errors().find(|error| ExtendedError::is_failed_validation(code(error))).or_else(|| errors().next())?;
    Some(Box::new(ExtendedError { code: u16::from_be_bytes(*code), text: shown(text) }))
}

/// The same of a message that answers the question: what a resolver says there is no error but for one, that it does not take the signatures
/// for any (RFC 9276 section 3.2).
pub(super) fn read_beside_answer(message: &[u8], start: usize, records: usize) -> Option<Box<ExtendedError>> {
    /// NSEC3 with too many iterations.
    const TOO_MANY_ITERATIONS: u16 = 27;
    // Nearly every answer ends with an OPT record without options, which is nothing to read.
    let has_none = message.split_last_chunk::<11>().is_some_and(|(_, end)| matches!(end, [0, 0, 41, _, _, _, _, _, _, 0, 0]));
    if has_none { None } else { read(message, start, records).filter(|error| error.code == TOO_MANY_ITERATIONS) }
}

/// A text that somebody else wrote, which may end with a zero octet (RFC 8914 section 2).
fn shown(text: &[u8]) -> String {
    let end = text.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    // What is beyond could not be shown anyway: a character takes at most four octets.
    let text = text.get(..end.min(4 * MAX_TEXT)).unwrap_or_default();
    escape::safe_bytes(text).chars().take(MAX_TEXT).collect()
}

/// RDATA of the OPT record, which belongs to the root (RFC 6891 section 6.1.2).
fn options(message: &[u8], start: usize, records: usize) -> Option<&[u8]> {
    let mut at = start;
    for _ in 0..records {
        let end = record_end(message, at)?;
        if message.get(at) == Some(&0) && read_u16(message, at + 1) == Some(TYPE_OPT) {
            return message.get(WireName::read(message, at)?.end + 10..end);
        }
        at = end;
    }
    None
}

/// The options in the RDATA of an OPT record: their codes and what is in them, up to the first that is cut.
struct Options<'o>(&'o [u8]);

impl<'o> Iterator for Options<'o> {
    type Item = (u16, &'o [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (code, length) = (read_u16(self.0, 0)?, read_u16(self.0, 2)?);
        let (data, rest) = self.0.get(4..)?.split_at_checked(length.into())?;
        self.0 = rest;
        Some((code, data))
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
    use hickory_proto::rr::rdata::opt::EdnsOption;
    use hickory_proto::rr::{Name, RecordType};
    use proptest::prelude::*;

    use super::*;

    /// A SERVFAIL by an independent encoder, with these extended errors.
    fn servfail(errors: &[(u16, &[u8])]) -> Vec<u8> {
        let mut message = Message::new(7, MessageType::Response, OpCode::Query);
        message.metadata.response_code = ResponseCode::ServFail;
        message.add_query(Query::query(Name::from_ascii("a.test.").unwrap(), RecordType::TLSA));
        let mut edns = Edns::new();
        edns.options_mut().insert(EdnsOption::Unknown(10, vec![1; 8]));
        for (code, text) in errors {
            edns.options_mut().insert(EdnsOption::Unknown(OPTION, [&code.to_be_bytes()[..], text].concat()));
        }
        message.edns = Some(edns);
        message.to_vec().unwrap()
    }

    const QUESTION_END: usize = 24;

    fn read_all(message: &[u8]) -> Option<(u16, String)> {
        read(message, QUESTION_END, 1).map(|error| (error.code, error.text))
    }

    #[test]
    fn what_a_resolver_says_is_read() {
        let said = |code, text: &str| Some((code, text.to_owned()));
        assert_eq!(read_all(&servfail(&[(22, b"")])), said(22, ""));
        assert_eq!(read_all(&servfail(&[(22, b"at delegation a.test."), (6, b"")])), said(6, ""), "what says that validation failed");
        assert_eq!(read_all(&servfail(&[(22, b"one"), (23, b"two")])), said(22, "one"));
        assert_eq!(read_all(&servfail(&[(7, b"expired\0")])), said(7, "expired"));
        assert_eq!(read_all(&servfail(&[(6, b"\x1b[2J\xff\n")])), said(6, "\\u{1b}[2J\\xff\\n"));
        assert_eq!(read_all(&servfail(&[(6, "\u{e9}".repeat(500).as_bytes())])), said(6, &"\u{e9}".repeat(200)));
        assert_eq!(read_all(&servfail(&[])), None);
    }

    #[test]
    fn what_is_cut_says_nothing() {
        let whole = servfail(&[(6, b"because")]);
        assert!(read_all(&whole).is_some());
        assert!((0..whole.len()).all(|length| read_all(&whole[..length]).is_none()));
        assert_eq!(read(&whole, QUESTION_END, 0), None, "no record at all");
        let short = Options(&[0, 15, 0, 1, 6]).filter_map(|(_, data)| data.split_first_chunk::<2>()).count();
        assert_eq!(short, 0, "half a code");
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_a_panic(message in proptest::collection::vec(any::<u8>(), 0..300), start in 0_usize..310, records in 0_usize..9) {
            let _ = read(&message, start, records);
        }

        #[test]
        fn any_options_are_read_safely(options in proptest::collection::vec(any::<u8>(), 0..300)) {
            let length = u16::try_from(options.len()).unwrap().to_be_bytes();
            let message = [&[0, 0, 41, 4, 208, 0, 0, 0, 0][..], &length, &options].concat();
            if let Some(error) = read(&message, 0, 1) {
                prop_assert!(error.text.chars().count() <= MAX_TEXT);
                prop_assert!(!error.text.chars().any(|c| c.is_control() || escape::is_invisible(c)));
            }
        }

        /// What an independent encoder writes is read back.
        #[test]
        fn errors_read_back(code: u16, text in "[ -~]{0,200}") {
            prop_assert_eq!(read_all(&servfail(&[(code, text.as_bytes())])), Some((code, text)));
        }
    }
}
