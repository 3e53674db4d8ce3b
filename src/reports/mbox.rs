//! mbox: mails one behind another, each behind a line `From `. It may be of any length; one mail is in memory.

use std::io::{self, BufRead};

use super::limits::MAX_DOCUMENT;

/// The mails of a mailbox.
pub(super) struct Mails<R> {
    from: R,
    /// Whether the line that begins the next mail has been read.
    has_begun: bool,
}

impl<R: BufRead> Mails<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, has_begun: false }
    }

    /// The next mail without its `From ` line; `Some(None)` for one that is too large.
    pub(super) fn next(&mut self) -> io::Result<Option<Option<Vec<u8>>>> {
        if !self.has_begun {
            let mut line = Vec::new();
            if !self.piece(&mut line)? {
                return Ok(None);
            }
            self.skip_line(&line)?;
        }
        self.has_begun = false;
        let (mut mail, mut is_too_large) = (Vec::new(), false);
        let (mut is_behind_blank, mut is_line_begun) = (true, false);
        let mut piece = Vec::new();
        while self.piece(&mut piece)? {
            if !is_line_begun && is_behind_blank && piece.starts_with(b"From ") {
                self.skip_line(&piece)?;
                self.has_begun = true;
                break;
            }
            is_behind_blank = !is_line_begun && piece.trim_ascii().is_empty();
            is_line_begun = piece.last() != Some(&b'\n');
            is_too_large |= mail.len() + piece.len() > MAX_DOCUMENT as usize;
            if !is_too_large {
                mail.extend_from_slice(&piece);
            }
        }
        Ok(Some((!is_too_large).then_some(mail)))
    }

    /// A line, or the next part of one that is longer than the buffer; whether there was any.
    fn piece(&mut self, piece: &mut Vec<u8>) -> io::Result<bool> {
        piece.clear();
        let buffer = self.from.fill_buf()?;
        let length = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        // What decides how a line begins must not be torn apart by the end of a buffer.
        if length.is_none() && buffer.len() < 5 {
            return self.short_piece(piece);
        }
        let length = length.unwrap_or(buffer.len());
        piece.extend_from_slice(buffer.get(..length).unwrap_or_default());
        self.from.consume(length);
        Ok(true)
    }

    /// A piece of up to five bytes from more than one buffer.
    fn short_piece(&mut self, piece: &mut Vec<u8>) -> io::Result<bool> {
        while piece.len() < 5 && piece.last() != Some(&b'\n') {
            let Some(byte) = self.from.fill_buf()?.first().copied() else { break };
            piece.push(byte);
            self.from.consume(1);
        }
        Ok(!piece.is_empty())
    }

    /// Drops what is left of a line that begins with `piece`.
    fn skip_line(&mut self, piece: &[u8]) -> io::Result<()> {
        let mut is_over = piece.last() == Some(&b'\n');
        let mut more = Vec::new();
        while !is_over && self.piece(&mut more)? {
            is_over = more.last() == Some(&b'\n');
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mails(text: &[u8], capacity: usize) -> Vec<String> {
        let mut mails = Mails::new(io::BufReader::with_capacity(capacity, text));
        let mut found = Vec::new();
        while let Some(mail) = mails.next().unwrap() {
            found.push(String::from_utf8(mail.unwrap()).unwrap());
        }
        found
    }

    #[test]
    fn a_mail_begins_behind_a_blank_line() {
        let text = b"From a\nA: 1\n\nFrom b\r\nB: 2\r\n\r\nhello\nFrom me\n\nFrom c";
        assert_eq!(mails(text, 64), ["A: 1\n\n", "B: 2\r\n\r\nhello\nFrom me\n\n", ""]);
        assert_eq!(mails(b"", 64), [] as [&str; 0]);
    }

    #[test]
    fn a_mail_that_is_too_large_is_passed_over() {
        let mut text = b"From a\nA: 1\n\n".to_vec();
        text.resize(33 << 20, b'x');
        text.extend_from_slice(b"\n\nFrom b\nB: 2\n");
        let mut mails = Mails::new(text.as_slice());
        assert_eq!(mails.next().unwrap(), Some(None));
        assert_eq!(mails.next().unwrap(), Some(Some(b"B: 2\n".to_vec())));
        assert_eq!(mails.next().unwrap(), None);
    }

    proptest! {
        #[test]
        fn no_buffer_matters(text in "(From |F|x|\n|\n\n|\r\n){0,40}", capacity in 1_usize..9) {
            prop_assert_eq!(mails(text.as_bytes(), capacity), mails(text.as_bytes(), 4096));
        }
    }
}
