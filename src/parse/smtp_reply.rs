//! Replies of a mail server (RFC 5321 section 4.2), read from whatever comes: split anywhere, ended by LF alone, or not SMTP at all.
//!
//! A library's reader joins the lines of a reply and forgets their bytes; here they are the evidence.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Bytes of a line at most, its end included. RFC 5321 section 4.5.3.1.5 allows 512; servers send more.
pub const MAX_LINE: usize = 4096;
/// Lines of a reply at most.
pub const MAX_LINES: usize = 100;
/// Bytes of a reply at most.
pub const MAX_REPLY: usize = 64 * 1024;

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reply {
    /// Code of the last line, 0 to 999.
    pub code: u16,
    /// Text of each line behind the code and its separator, without the line end; any bytes.
    pub lines: Vec<Vec<u8>>,
    /// Whether the lines do not all bear the same code (RFC 5321 section 4.2.1).
    pub codes_differ: bool,
}

/// Why what a server sends is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReplyFault {
    /// A line does not begin with three digits and a blank, a hyphen or its end.
    #[error("a line begins with no reply code")]
    NoCode,
    /// More than [`MAX_LINE`] bytes without a line end.
    #[error("a line is longer than {MAX_LINE} bytes")]
    LongLine,
    /// More than [`MAX_LINES`] lines or [`MAX_REPLY`] bytes.
    #[error("the reply is longer than {MAX_LINES} lines or {MAX_REPLY} bytes")]
    LongReply,
}

/// Gathers bytes until a reply is whole. Holds no more than [`MAX_REPLY`] bytes and what one call brings.
#[derive(Debug, Default)]
pub struct ReplyReader {
    /// Everything since the last reply.
    bytes: Vec<u8>,
    /// Where the first line begins that has not been read.
    line: usize,
    /// Bytes of that line that have been searched for its end.
    searched: usize,
    lines: Vec<Vec<u8>>,
    first_code: Option<u16>,
    codes_differ: bool,
}

impl ReplyReader {
    /// Takes what has come; the reply, if it is whole now.
    ///
    /// # Errors
    /// If it cannot become one; what has come stays in [`ReplyReader::bytes`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<Option<Reply>, ReplyFault> {
        self.bytes.extend_from_slice(bytes);
        self.next_reply()
    }

    /// The reply that is whole already, from bytes that came behind an earlier one.
    ///
    /// # Errors
    /// As [`ReplyReader::push`].
    pub fn next_reply(&mut self) -> Result<Option<Reply>, ReplyFault> {
        while let Some(end) = self.line_end() {
            let line = self.bytes.get(self.line..end).unwrap_or_default();
            if line.len() > MAX_LINE {
                return Err(ReplyFault::LongLine);
            }
            let (code, is_last, text) = split(line).ok_or(ReplyFault::NoCode)?;
            self.codes_differ |= self.first_code.is_some_and(|first| first != code);
            self.first_code.get_or_insert(code);
            self.lines.push(text.to_vec());
            (self.line, self.searched) = (end, 0);
            if self.lines.len() > MAX_LINES || end > MAX_REPLY {
                return Err(ReplyFault::LongReply);
            }
            if is_last {
                let reply = Reply { code, lines: std::mem::take(&mut self.lines), codes_differ: self.codes_differ };
                self.bytes.drain(..end);
                *self = Self { bytes: std::mem::take(&mut self.bytes), ..Self::default() };
                return Ok(Some(reply));
            }
        }
        if self.searched > MAX_LINE { Err(ReplyFault::LongLine) } else { Ok(None) }
    }

    /// What has come and belongs to no reply yet: before the first byte of an answer is due, what a server sent unasked.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the line ends that is read next, behind its LF.
    fn line_end(&mut self) -> Option<usize> {
        let from = self.line + self.searched;
        let rest = self.bytes.get(from..).unwrap_or_default();
        let Some(at) = rest.iter().position(|byte| *byte == b'\n') else {
            self.searched += rest.len();
            return None;
        };
        Some(from + at + 1)
    }
}

/// Code, whether it is the last line of its reply, and text of a line with its end.
fn split(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (code, rest) = line.split_at_checked(3)?;
    let code = code.iter().try_fold(0, |code, digit| digit.is_ascii_digit().then(|| code * 10 + u16::from(digit - b'0')))?;
    match rest {
        [] => Some((code, true, rest)),
        [b' ', text @ ..] => Some((code, true, text)),
        [b'-', text @ ..] => Some((code, false, text)),
        _ => None,
    }
}

impl Reply {
    /// Whether the server agrees (2yz).
    pub const fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether it may agree later (4yz).
    pub const fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// Keywords of a reply to EHLO and whatever stands behind them (RFC 5321 section 4.1.1.1); the first line never is one.
    pub fn keywords(&self) -> impl Iterator<Item = Keyword<'_>> {
        self.lines.iter().skip(1).map(|line| {
            let line = line.trim_ascii();
            let at = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
            let (name, parameters) = line.split_at(at);
            Keyword { name, parameters: parameters.trim_ascii() }
        })
    }
}

/// A keyword of a reply to EHLO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keyword<'r> {
    /// The first word of the line, as sent.
    pub name: &'r [u8],
    /// What follows, without blanks around it.
    pub parameters: &'r [u8],
}

impl Keyword<'_> {
    /// Whether it is this word, in whatever case.
    pub fn is(&self, word: &str) -> bool {
        self.name.eq_ignore_ascii_case(word.as_bytes())
    }

    /// Whether a firewall has painted a keyword over: four or more `X` and perhaps one letter more, as Cisco's ASA does.
    pub fn is_masked(&self) -> bool {
        match self.name {
            [name @ .., last] => name.len() >= 4 && name.iter().all(|byte| *byte == b'X') && last.is_ascii_uppercase(),
            [] => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Reply>, ReplyFault> {
        ReplyReader::default().push(bytes)
    }

    fn whole(bytes: &[u8]) -> Reply {
        read(bytes).unwrap().unwrap()
    }

    #[test]
    fn a_reply_ends_with_the_line_without_a_hyphen() {
        let reply = whole(b"220-mx.example.com\r\n220 ESMTP\r\n");
        assert_eq!((reply.code, reply.codes_differ), (220, false));
        assert_eq!(reply.lines, [b"mx.example.com".to_vec(), b"ESMTP".to_vec()]);
        assert_eq!(read(b"220-teaser\r\n"), Ok(None));
        assert_eq!(whole(b"221\n").lines, [b"".to_vec()], "a bare code and LF alone");
        assert!(whole(b"250-a\r\n220 b\r\n").codes_differ);
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for text in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"HTTP/1.1 400 Bad Request\r\n", b"22\r\n", b"220_x\r\n", b"\r\n", b"2\xb20 x\r\n"] {
            assert_eq!(read(text), Err(ReplyFault::NoCode), "{text:?}");
        }
        assert_eq!(read(&[b'2'; MAX_LINE + 1]), Err(ReplyFault::LongLine));
        assert_eq!(read(&b"220-x\r\n".repeat(MAX_LINES + 1)), Err(ReplyFault::LongReply));
        let long = [b"220-".to_vec(), vec![b'x'; MAX_LINE - 6], b"\r\n".to_vec()].concat();
        assert_eq!(read(&long), Ok(None), "a line of the greatest length");
        assert_eq!(read(&long.repeat(17)), Err(ReplyFault::LongReply));
    }

    #[test]
    fn what_comes_behind_a_reply_is_seen() {
        let mut reader = ReplyReader::default();
        assert_eq!(reader.push(b"220 go\r\n250 too soon\r\nx").unwrap().unwrap().code, 220);
        assert_eq!(reader.bytes(), b"250 too soon\r\nx");
        assert_eq!(reader.next_reply().unwrap().unwrap().code, 250);
        assert_eq!(reader.bytes(), b"x");
    }

    #[test]
    fn keywords_stand_behind_the_first_line_in_any_case() {
        let reply = whole(b"250-STARTTLS mx\r\n250-size 1000 \r\n250-XXXXXXXA\r\n250 starttls\r\n");
        assert_eq!(reply.keywords().filter(|keyword| keyword.is("STARTTLS")).count(), 1);
        let size = reply.keywords().find(|keyword| keyword.is("SIZE")).unwrap();
        assert_eq!((size.name, size.parameters), (&b"size"[..], &b"1000"[..]));
        let masked: Vec<bool> = reply.keywords().map(|keyword| keyword.is_masked()).collect();
        assert_eq!(masked, [false, true, false]);
        let is_masked = |name: &str| Keyword { name: name.as_bytes(), parameters: b"" }.is_masked();
        assert!(is_masked("XXXXX") && !is_masked("XXX") && !is_masked("XCLIENT") && !is_masked(""));
    }

    proptest! {
        /// How the bytes are cut makes no difference, and nothing that comes makes the reader panic or hold more than it may.
        #[test]
        fn cuts_make_no_difference(
            text in "([0-9]{3}[- ]?[a-zA-Z ]{0,9}\r?\n){0,9}[^\n]{0,9}",
            cuts in proptest::collection::vec(1..9_usize, 0..60),
        ) {
            let bytes = text.as_bytes();
            let (mut reader, mut rest, mut last) = (ReplyReader::default(), bytes, Ok(None));
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                last = reader.push(piece);
                rest = behind;
                if last != Ok(None) {
                    break;
                }
            }
            prop_assert_eq!(last, read(bytes));
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = ReplyReader::default();
            if let Ok(Some(reply)) = reader.push(&bytes) {
                prop_assert!(reply.code < 1000 && !reply.lines.is_empty());
                prop_assert!(reader.bytes().len() < bytes.len());
            }
        }
    }
}
