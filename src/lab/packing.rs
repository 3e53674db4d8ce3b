//! Bodies compressed as servers do it, and wrong in the ways in which it goes wrong; made here without the scanner's own code.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

/// What is done to a body before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    /// Each half a member of its own (RFC 1952 section 2.2).
    GzipInTwo,
    /// `deflate` as RFC 9110 section 8.4.1.2 means it.
    Zlib,
    /// `deflate` as its name suggests.
    Deflate,
    Zstd,
    /// Brotli that saves nothing: blocks that are not compressed (RFC 7932 section 9.2).
    Brotli,
    /// So many zeros follow.
    Zeros(usize),
    /// So many of its last bytes are missing.
    Cut(usize),
    /// The byte so far from its end is another.
    Damaged(usize),
    /// This follows.
    Followed(&'static [u8]),
}

impl Packing {
    /// The body with that done to it.
    pub(super) fn apply(self, mut body: Vec<u8>) -> io::Result<Vec<u8>> {
        let level = Compression::default();
        match self {
            Self::Gzip => write(GzEncoder::new(Vec::new(), level), &body)?.finish(),
            Self::GzipInTwo => {
                let (one, two) = body.split_at(body.len() / 2);
                Ok([Self::Gzip.apply(one.to_vec())?, Self::Gzip.apply(two.to_vec())?].concat())
            }
            Self::Zlib => write(ZlibEncoder::new(Vec::new(), level), &body)?.finish(),
            Self::Deflate => write(DeflateEncoder::new(Vec::new(), level), &body)?.finish(),
            Self::Zstd => zstd::encode_all(body.as_slice(), 0),
            Self::Brotli => Ok(brotli(&body)),
            Self::Zeros(count) => {
                body.resize(body.len() + count, 0);
                Ok(body)
            }
            Self::Cut(count) => {
                body.truncate(body.len().saturating_sub(count));
                Ok(body)
            }
            Self::Damaged(from_end) => {
                if let Some(byte) = body.iter_mut().rev().nth(from_end) {
                    *byte ^= 0x55;
                }
                Ok(body)
            }
            Self::Followed(more) => Ok([body.as_slice(), more].concat()),
        }
    }
}

fn write<W: Write>(mut encoder: W, body: &[u8]) -> io::Result<W> {
    encoder.write_all(body)?;
    Ok(encoder)
}

/// One block of at most 65,536 bytes in a stream of its own: three bytes of head, the text, an empty last block.
fn brotli(body: &[u8]) -> Vec<u8> {
    let text = body.get(..1 << 16).unwrap_or(body);
    let head = (1_u32 << 20) | (u32::try_from(text.len().saturating_sub(1)).unwrap_or(0) << 4);
    [head.to_le_bytes().get(..3).unwrap_or_default(), text, &[3]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_what_other_programs_write() {
        // What the reference implementation makes of a text that is too short to be compressed.
        let written = [&b"\x8b\x15\x80"[..], b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n", b"\x03"].concat();
        let ours = brotli(b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n");
        // The same bytes but for the window, which they choose larger.
        assert_eq!((ours.len(), ours.get(3..)), (written.len(), written.get(3..)));
    }
}
