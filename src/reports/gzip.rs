//! gzip as it is sent: members one behind another, rubbish behind them, and an end to what is unpacked.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::limits::MAX_UNPACKED;
use super::quote::Refusal;

/// A refusal on its way through readers.
#[derive(Debug)]
struct Refused(Refusal);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.meaning())
    }
}

impl std::error::Error for Refused {}

/// An error that is a refusal.
pub(super) fn refused(refusal: Refusal) -> io::Error {
    io::Error::other(Refused(refusal))
}

/// Why reading failed: the refusal that the error is, else what the format makes of it, or the system.
pub(super) fn refusal(error: &io::Error, of_format: Refusal) -> Refusal {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
        Some(Refused(refusal)) => *refusal,
        None if error.raw_os_error().is_some() => Refusal::Unreadable,
        None => of_format,
    }
}

/// What all that is packed in one archive or mail may still unpack to.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(MAX_UNPACKED))
    }
}

impl Budget {
    /// Takes so many bytes off.
    pub(super) fn spend(&self, bytes: usize) -> io::Result<()> {
        let left = self.0.get().checked_sub(bytes as u64);
        self.0.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or_else(|| refused(Refusal::TooLarge))
    }

    /// Whether nothing is left, so that it is no use to go on.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

/// The data of all members as one.
pub(super) struct Members<'b, R> {
    /// `None` once the end is reached.
    member: Option<GzDecoder<R>>,
    budget: &'b Budget,
    has_rest: &'b Cell<bool>,
}

impl<'b, R: BufRead> Members<'b, R> {
    /// `has_rest` is set where something other than a member stands behind the last one.
    pub(super) fn new(from: R, budget: &'b Budget, has_rest: &'b Cell<bool>) -> Self {
        Self { member: Some(GzDecoder::new(from)), budget, has_rest }
    }

    /// Goes on to the next member, if there is one.
    fn advance(&mut self) -> io::Result<()> {
        let Some(member) = self.member.take() else { return Ok(()) };
        let mut from = member.into_inner();
        match from.fill_buf()? {
            [] => {}
            [0x1f, 0x8b, ..] | [0x1f] => self.member = Some(GzDecoder::new(from)),
            _ => self.has_rest.set(true),
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Members<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let read = member.read(out).map_err(|error| match error.kind() {
                io::ErrorKind::Interrupted => error,
                _ => refused(refusal(&error, Refusal::CorruptGzip)),
            })?;
            if read > 0 {
                self.budget.spend(read)?;
                return Ok(read);
            }
            self.advance()?;
        }
        Ok(0)
    }
}

/// All that comes, if it is not more than `most` bytes.
pub(super) fn read_all(from: &mut dyn Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(refused(Refusal::TooLarge)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> (Result<Vec<u8>, Refusal>, bool) {
        let (budget, has_rest) = (Budget::default(), Cell::new(false));
        // One byte at a time: no boundary of a buffer may matter.
        let slow = io::BufReader::with_capacity(1, bytes);
        let read = read_all(&mut Members::new(slow, &budget, &has_rest), 1 << 20);
        (read.map_err(|error| refusal(&error, Refusal::Empty)), has_rest.get())
    }

    #[test]
    fn members_are_joined_and_the_rest_is_told() {
        let two = [packed(b"one "), packed(b"two")].concat();
        assert_eq!(unpacked(&two), (Ok(b"one two".to_vec()), false));
        assert_eq!(unpacked(&[two.as_slice(), b"\r\n"].concat()), (Ok(b"one two".to_vec()), true));
        assert_eq!(unpacked(&two[..two.len() - 1]).0, Err(Refusal::CorruptGzip));
        let mut wrong = packed(b"one");
        let at = wrong.len() - 8; // Of the checksum.
        wrong[at] ^= 1;
        assert_eq!(unpacked(&wrong).0, Err(Refusal::CorruptGzip));
        assert_eq!(unpacked(&packed(&vec![0; (1 << 20) + 1])).0, Err(Refusal::TooLarge));
    }
}
