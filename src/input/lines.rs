//! Lines of a byte stream in bounded memory.

use std::io::{self, Read};

/// Longest line that is kept, in bytes without its end; a longer one is read over.
pub(super) const MAX_LINE: usize = 64 * 1024;
/// How much of a line that is too long is kept, for the report.
const HEAD: usize = 4 * 1024;
const BUFFER: usize = 256 * 1024;

/// Whether a line could be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The whole line is in [`Lines::text`].
    Whole,
    /// The line is longer than [`MAX_LINE`]; [`Lines::text`] is its beginning.
    TooLong,
}

/// Splits a stream at LF (CR LF too); at CR where the beginning of the stream has CR but no LF. A byte order mark is dropped.
pub(super) struct Lines<R> {
    inner: R,
    buffer: Vec<u8>,
    /// What has not been handed out yet: `buffer[start..end]`.
    start: usize,
    end: usize,
    ended: bool,
    terminator: u8,
    /// The last line: `buffer[line.0..line.1]`.
    line: (usize, usize),
}

impl<R: Read> Lines<R> {
    /// Reads the beginning of the stream, see [`Lines::beginning`].
    pub(super) fn new(inner: R) -> io::Result<Self> {
        let mut lines = Self { inner, buffer: vec![0; BUFFER], start: 0, end: 0, ended: false, terminator: b'\n', line: (0, 0) };
        while !lines.ended && lines.end < MAX_LINE {
            lines.fill()?;
        }
        if lines.beginning().starts_with(b"\xef\xbb\xbf") {
            lines.start = 3;
        }
        if !lines.beginning().contains(&b'\n') && lines.beginning().contains(&b'\r') {
            lines.terminator = b'\r';
        }
        Ok(lines)
    }

    /// What has been read and not handed out; before the first line at least the first [`MAX_LINE`] bytes, or all there is.
    pub(super) fn beginning(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether [`Lines::beginning`] is all that is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.ended
    }

    /// The byte that ends a line.
    pub(super) fn terminator(&self) -> u8 {
        self.terminator
    }

    /// Reads the next line; `None` at the end.
    pub(super) fn advance(&mut self) -> io::Result<Option<Line>> {
        let mut searched = self.start;
        loop {
            if let Some(at) = self.find(searched) {
                return Ok(Some(self.hand_out(at, at + 1)));
            }
            searched = self.end;
            if self.ended {
                return Ok((self.start < self.end).then(|| self.hand_out(self.end, self.end)));
            }
            if self.end - self.start > MAX_LINE + 1 {
                return self.skip_line().map(Some);
            }
            if self.end == self.buffer.len() {
                self.buffer.copy_within(self.start..self.end, 0);
                searched -= self.start;
                (self.start, self.end) = (0, self.end - self.start);
            }
            self.fill()?;
        }
    }

    /// The bytes of the last line, without its end.
    pub(super) fn text(&self) -> &[u8] {
        &self.buffer[self.line.0..self.line.1]
    }

    fn find(&self, from: usize) -> Option<usize> {
        self.buffer[from..self.end].iter().position(|&byte| byte == self.terminator).map(|offset| from + offset)
    }

    fn hand_out(&mut self, end: usize, next: usize) -> Line {
        let start = std::mem::replace(&mut self.start, next);
        let carriage_return = self.terminator == b'\n' && end > start && self.buffer[end - 1] == b'\r';
        self.line = (start, end - usize::from(carriage_return));
        if self.line.1 - start <= MAX_LINE {
            Line::Whole
        } else {
            self.line.1 = start + HEAD;
            Line::TooLong
        }
    }

    /// Reads to the end of a line that does not fit, keeping its beginning at the front of the buffer.
    fn skip_line(&mut self) -> io::Result<Line> {
        self.buffer.copy_within(self.start..self.start + HEAD, 0);
        self.line = (0, HEAD);
        loop {
            (self.start, self.end) = (HEAD, HEAD);
            self.fill()?;
            if let Some(at) = self.find(self.start) {
                self.start = at + 1;
                return Ok(Line::TooLong);
            }
            if self.ended {
                self.start = self.end;
                return Ok(Line::TooLong);
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        loop {
            match self.inner.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives its bytes in small pieces, as a decompressor may.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn all(bytes: &[u8], piece: usize) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(Drip(bytes, piece)).unwrap();
        let mut found = Vec::new();
        while let Some(line) = lines.advance().unwrap() {
            found.push((line == Line::Whole).then(|| lines.text().to_vec()));
        }
        found
    }

    fn text(line: &str) -> Option<Vec<u8>> {
        Some(line.into())
    }

    #[test]
    fn ends_of_lines_of_all_systems() {
        for bytes in ["\u{feff}a\nb\n\nc", "a\r\nb\r\n\r\nc\r\n", "a\rb\r\rc"] {
            assert_eq!(all(bytes.as_bytes(), 3), [text("a"), text("b"), text(""), text("c")], "{bytes:?}");
        }
        assert!(all(b"", 1).is_empty());
        assert_eq!(all(b"\n", 1), [text("")]);
    }

    #[test]
    fn a_line_of_the_greatest_length_is_kept_and_one_byte_more_is_not() {
        for length in [MAX_LINE - 1, MAX_LINE, MAX_LINE + 1, MAX_LINE + 2, BUFFER - 1, BUFFER, BUFFER + 1, 3_000_000] {
            for end in ["", "\n", "\r\n", "\nlast"] {
                let bytes = format!("first\n{}{end}", "x".repeat(length));
                let found = all(bytes.as_bytes(), 100_000);
                assert_eq!(found[1].as_ref().map(Vec::len), (length <= MAX_LINE).then_some(length), "{length} {end:?}");
                assert_eq!(found.get(2).is_some(), end == "\nlast", "{length} {end:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_whole_text(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a')], 0..200), piece in 1usize..9) {
            prop_assume!(bytes.contains(&b'\n'));
            let mut expected: Vec<_> = bytes.split(|&byte| byte == b'\n').map(|line| Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec())).collect();
            if expected.last() == Some(&Some(Vec::new())) && bytes.ends_with(b"\n") {
                expected.pop();
            }
            prop_assert_eq!(all(&bytes, piece), expected);
        }
    }
}
