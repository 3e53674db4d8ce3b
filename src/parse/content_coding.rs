//! Content codings undone (RFC 9110 section 8.4): what a body says once it is decompressed, bounded in size and in work.
//!
//! What a sender makes of a coding that nobody asked for differs. Most HTTP libraries undo the codings that they know, whether or not they
//! asked, and fail where that is not possible; some hand the bytes on. Here:
//! * what is compressed as it is declared is its text, also in several members, and where something else follows the last one;
//! * what is declared to be compressed and is plain text stays as it came;
//! * what is cut, damaged, compressed too often or larger than [`BODY_LIMIT`] has no text;
//! * a coding that nobody knows is left where it is, with what it covers.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

use super::collector::trim_wsp;
use crate::evidence::BODY_LIMIT;
use crate::vocabulary::vocabulary;

/// Codings of one body that are undone; no server needs more than two.
const MAX_CODINGS: usize = 4;
/// Members or frames of one coding that are read: each costs work, also where it holds nothing.
const MAX_MEMBERS: usize = 1_000;
/// Window of zstd, as power of two, that a recipient must support and a sender must not exceed: 8 MB (RFC 9659 section 3).
const ZSTD_WINDOW_LOG: u32 = 23;
const GZIP_MAGIC: &[u8] = b"\x1f\x8b\x08";
const ZSTD_MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";

vocabulary! {
    /// A content coding of the IANA registry that is undone here.
    pub enum Coding {
        /// LZ77 with a CRC (RFC 1952); `x-gzip` is the same.
        Gzip = "gzip",
        /// zlib (RFC 1950); what servers send under this name is sometimes deflate (RFC 1951) without its frame.
        Deflate = "deflate",
        /// Brotli (RFC 7932).
        Brotli = "br",
        /// Zstandard (RFC 8878).
        Zstd = "zstd",
    }
}

vocabulary! {
    /// Why a body has no text.
    pub enum CodingFault {
        /// It ends before the compressed data does.
        Cut = "ends too early",
        /// It is not what the coding says, or its checksum is wrong.
        Damaged = "is damaged",
        /// It becomes larger than senders read.
        TooLarge = "is too large when decompressed",
        /// More codings or members than are undone.
        TooMany = "is compressed too many times",
        /// It asks for more memory than a recipient has to have.
        Window = "needs a larger window than allowed",
    }
}

/// What became of the codings of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text; `None` where there is a fault.
    pub text: Option<Cow<'a, [u8]>>,
    /// What was undone, the outermost first.
    pub undone: Vec<Coding>,
    /// What was declared and is left: codings that nobody knows, or all of them where the body is plain text.
    pub left: Vec<String>,
    /// Bytes after the end of the compressed data, which are ignored.
    pub trailing: usize,
    /// Why there is no text.
    pub fault: Option<CodingFault>,
}

impl<'a> Decoded<'a> {
    /// Whether a coding that is known was declared and is left, because the body is plain text.
    pub fn known_left(&self) -> bool {
        self.fault.is_none() && self.undone.is_empty() && self.left.iter().any(|name| coding_of(name).is_some())
    }

    /// Whether any coding was declared.
    pub fn is_declared(&self) -> bool {
        !self.undone.is_empty() || !self.left.is_empty() || self.fault.is_some()
    }
}

/// Undoes the codings that the values of Content-Encoding declare, in the order received.
pub fn decode<'a, 'v>(values: impl IntoIterator<Item = &'v [u8]>, body: &'a [u8]) -> Decoded<'a> {
    let mut names: Vec<String> = values.into_iter().flat_map(names).collect();
    let mut decoded = Decoded { text: Some(Cow::Borrowed(body)), undone: Vec::new(), left: Vec::new(), trailing: 0, fault: None };
    if names.is_empty() || body.is_empty() || is_text(body) {
        decoded.left = names;
        return decoded;
    }
    while let Some(coding) = names.last().and_then(|name| coding_of(name)) {
        let given = decoded.text.take().unwrap_or_default();
        if decoded.undone.len() == MAX_CODINGS {
            decoded.fault = Some(CodingFault::TooMany);
            break;
        }
        // Some servers declare twice what they compressed once.
        if !decoded.undone.is_empty() && is_text(&given) {
            decoded.text = Some(given);
            break;
        }
        match undo(coding, &given) {
            Ok((text, trailing)) => {
                decoded.text = Some(Cow::Owned(text));
                decoded.trailing += trailing;
                decoded.undone.push(coding);
                names.pop();
            }
            Err(fault) => {
                decoded.fault = Some(fault);
                break;
            }
        }
    }
    decoded.left = names;
    decoded
}

/// Undoes the codings of a body by the headers of its response, names in lower case.
pub fn of_response<'a>(headers: &[(String, Vec<u8>)], body: &'a [u8]) -> Decoded<'a> {
    decode(headers.iter().filter(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_slice()), body)
}

/// What Content-Encoding says, several fields as one (RFC 9110 section 5.3).
pub fn declared(headers: &[(String, Vec<u8>)]) -> Vec<u8> {
    let values: Vec<&[u8]> = headers.iter().filter(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_slice()).collect();
    values.join(b", ".as_slice())
}

/// The coding that a body has though none is declared, told by its first bytes.
pub fn undeclared(body: &[u8]) -> Option<Coding> {
    match body {
        _ if body.starts_with(GZIP_MAGIC) => Some(Coding::Gzip),
        _ if body.starts_with(ZSTD_MAGIC) => Some(Coding::Zstd),
        // Two bytes tell little: only what is zlib up to its checksum.
        _ if is_zlib(body) && undo(Coding::Deflate, body).is_ok() => Some(Coding::Deflate),
        _ => None,
    }
}

/// A text compressed so that [`decode`] gets it back.
///
/// # Errors
/// None for a text in memory, save that it is out of memory.
pub fn encode(coding: Coding, text: &[u8]) -> io::Result<Vec<u8>> {
    let level = flate2::Compression::default();
    match coding {
        Coding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(text)?;
            encoder.finish()
        }
        Coding::Deflate => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(text)?;
            encoder.finish()
        }
        Coding::Zstd => zstd::encode_all(text, 0),
        Coding::Brotli => Ok(stored_brotli(text)),
    }
}

/// Meta-blocks that are not compressed (RFC 7932 section 9.2), then an empty last one.
fn stored_brotli(text: &[u8]) -> Vec<u8> {
    // From the least significant bit: the window (`0`, 16 bits), once; ISLAST `0`, MNIBBLES `00` (four), MLEN - 1 in sixteen bits,
    // ISUNCOMPRESSED `1`. The text begins with the next byte.
    let (mut out, mut window_bits) = (Vec::with_capacity(text.len() + 8), 1);
    for (block, length) in text.chunks(1 << 16).map(|block| (block, (block.len() as u32).saturating_sub(1))) {
        let header = ((1 << 19) | (length << 3)) << window_bits;
        out.extend(header.to_le_bytes().iter().take(3));
        out.extend_from_slice(block);
        window_bits = 0;
    }
    out.push(0b11 << window_bits); // ISLAST, ISLASTEMPTY
    out
}

/// The codings of one value, lower case; `identity` is none.
fn names(value: &[u8]) -> Vec<String> {
    let names = value.split(|byte| *byte == b',').map(|name| String::from_utf8_lossy(trim_wsp(name).1).to_ascii_lowercase());
    names.filter(|name| !matches!(name.as_str(), "" | "identity")).collect()
}

fn coding_of(name: &str) -> Option<Coding> {
    match name {
        "x-gzip" => Some(Coding::Gzip),
        _ => Coding::from_word(name),
    }
}

/// Whether bytes are a text that nobody compressed: UTF-8 without control characters. Every coding here has bytes that no such text has.
fn is_text(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')))
}

fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [cmf, flg, ..] if cmf & 0x0f == 8 && u16::from_be_bytes([*cmf, *flg]).is_multiple_of(31))
}

/// The text behind one coding, and how many bytes follow it.
fn undo(coding: Coding, body: &[u8]) -> Result<(Vec<u8>, usize), CodingFault> {
    match coding {
        Coding::Gzip => gzip(body),
        Coding::Deflate if is_zlib(body) => {
            let mut decoder = ZlibDecoder::new(body);
            // By chance deflate without a frame can begin like one.
            match bounded(&mut decoder) {
                Err(CodingFault::Damaged) => bare_deflate(body).map_err(|_| CodingFault::Damaged),
                result => result.map(|text| (text, decoder.into_inner().len())),
            }
        }
        Coding::Deflate => bare_deflate(body),
        Coding::Brotli => brotli(body),
        Coding::Zstd => zstandard(body),
    }
}

fn bare_deflate(body: &[u8]) -> Result<(Vec<u8>, usize), CodingFault> {
    let mut decoder = DeflateDecoder::new(body);
    let text = bounded(&mut decoder)?;
    Ok((text, decoder.into_inner().len()))
}

/// Member after member (RFC 1952 section 2.2), until something else follows.
fn gzip(mut body: &[u8]) -> Result<(Vec<u8>, usize), CodingFault> {
    let mut text = Vec::new();
    for member in 0..MAX_MEMBERS {
        if member > 0 && !body.starts_with(GZIP_MAGIC) {
            return Ok((text, body.len()));
        }
        let mut decoder = GzDecoder::new(body);
        append(&mut decoder, &mut text)?;
        body = decoder.into_inner();
    }
    Err(CodingFault::TooMany)
}

fn brotli(body: &[u8]) -> Result<(Vec<u8>, usize), CodingFault> {
    // Strict: without the windows of up to 1 GB that RFC 7932 does not know.
    let (memory, tables) = (StandardAlloc::default(), StandardAlloc::default());
    let mut state = BrotliState::new_strict(memory, tables, StandardAlloc::default());
    let (mut unread, mut read, mut total) = (body.len(), 0, 0);
    let mut text = vec![0; BODY_LIMIT + 1];
    let mut room = text.len();
    let mut written = 0;
    match BrotliDecompressStream(&mut unread, &mut read, body, &mut room, &mut written, &mut text, &mut total, &mut state) {
        BrotliResult::ResultSuccess if written > BODY_LIMIT => Err(CodingFault::TooLarge),
        BrotliResult::NeedsMoreOutput => Err(CodingFault::TooLarge),
        BrotliResult::NeedsMoreInput => Err(CodingFault::Cut),
        BrotliResult::ResultFailure => Err(CodingFault::Damaged),
        BrotliResult::ResultSuccess => {
            text.truncate(written);
            Ok((text, unread))
        }
    }
}

/// Frame after frame (RFC 8878 section 3.1), until something else follows.
fn zstandard(mut body: &[u8]) -> Result<(Vec<u8>, usize), CodingFault> {
    let mut text = Vec::new();
    for frame in 0..MAX_MEMBERS {
        let is_frame = body.starts_with(ZSTD_MAGIC) || is_skippable_frame(body);
        if frame > 0 && !is_frame {
            return Ok((text, body.len()));
        }
        let mut decoder = zstd::Decoder::with_buffer(body).map_err(|_| CodingFault::Damaged)?.single_frame();
        decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|_| CodingFault::Damaged)?;
        append(&mut decoder, &mut text)?;
        body = decoder.finish();
    }
    Err(CodingFault::TooMany)
}

fn is_skippable_frame(body: &[u8]) -> bool {
    matches!(body, [first, b'\x2a', b'\x4d', b'\x18', ..] if first & 0xf0 == 0x50)
}

fn bounded(decoder: &mut impl Read) -> Result<Vec<u8>, CodingFault> {
    let mut text = Vec::new();
    append(decoder, &mut text)?;
    Ok(text)
}

/// Reads to the end of the data, or a little beyond the limit.
fn append(decoder: &mut impl Read, text: &mut Vec<u8>) -> Result<(), CodingFault> {
    let mut buffer = [0; 8_192];
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => text.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) => return Err(fault_of(&error)),
        }
        if text.len() > BODY_LIMIT {
            return Err(CodingFault::TooLarge);
        }
    }
}

/// What a library means by its error.
fn fault_of(error: &io::Error) -> CodingFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => CodingFault::Cut,
        // zstd knows its errors by their text only.
        _ if error.to_string().contains("requires too much memory") => CodingFault::Window,
        _ => CodingFault::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    const POLICY: &[u8] = b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n";
    /// The policy as zlib and brotli themselves compress it.
    const GZIP: &str =
        "1f8b08000000000000032b4b2d2acecccfb352080e092e33e4e5cacd4f49b552c8cbcf4be5e5ca4dac884f4c4fb552b030333130e0e50200c90dc7bc2c000000";
    const ZLIB: &str = "789c2b4b2d2acecccfb352080e092e33e4e5cacd4f49b552c8cbcf4be5e5ca4dac884f4c4fb552b030333130e0e5020046f60d24";
    const RAW: &str = "2b4b2d2acecccfb352080e092e33e4e5cacd4f49b552c8cbcf4be5e5ca4dac884f4c4fb552b030333130e0e50200";
    const BROTLI: &str = "8b158076657273696f6e3a2053545376310d0a6d6f64653a206e6f6e650d0a6d61785f6167653a2038363430300d0a03";

    /// A policy of twelve MX hosts, in which brotli refers to what it has said already.
    const MAIL_HOSTS: &str = "1b7d01008cc338165c85a7c1a7f516d253fd7eee78a9747b30b3514d298010d80e00f62a83c9ee46de854197401e63cbb239e229f7695b6f8f41a8b68325797f7b7d1fc2460637f0e8ca1a34aa6852d5ac45eb3713425efc0f5fd3b517152200";
    /// 16 MB of zeros.
    const BROTLI_BOMB: &str = "cbffff3ff82700e2b14020f7fe2ffffffff04f00c4611180eefd1f";

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    fn zstd() -> Vec<u8> {
        encode(Coding::Zstd, POLICY).unwrap()
    }

    fn decoded<'a>(values: &[&str], body: &'a [u8]) -> Decoded<'a> {
        decode(values.iter().map(|value| value.as_bytes()), body)
    }

    fn fault(values: &[&str], body: &[u8]) -> Option<CodingFault> {
        let decoded = decoded(values, body);
        assert_eq!(decoded.fault.is_some(), decoded.text.is_none());
        decoded.fault
    }

    #[test]
    fn every_coding_is_undone() {
        let twice = encode(Coding::Gzip, &bytes(BROTLI)).unwrap();
        let members = [bytes(GZIP), bytes(GZIP)].concat();
        let frames = [zstd(), b"\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec(), zstd()].concat();
        for (values, body, times) in [
            (&["gzip"][..], bytes(GZIP), 1),
            (&["x-gzip"], bytes(GZIP), 1),
            (&[" GZip , identity"], bytes(GZIP), 1),
            (&["deflate"], bytes(ZLIB), 1),
            (&["deflate"], bytes(RAW), 1),
            (&["br"], bytes(BROTLI), 1),
            (&["zstd"], zstd(), 1),
            (&["br, gzip"], twice.clone(), 1),
            (&["br", "gzip"], twice, 1),
            (&["gzip"], members, 2),
            (&["zstd"], frames, 2),
            (&["gzip, gzip"], bytes(GZIP), 1),
        ] {
            let decoded = decoded(values, &body);
            assert_eq!(decoded.text.as_deref(), Some(POLICY.repeat(times).as_slice()), "{values:?}");
            assert!(decoded.is_declared() && !decoded.undone.is_empty() && decoded.trailing == 0, "{values:?}");
        }
    }

    #[test]
    fn brotli_with_references_is_undone() {
        let text = bytes(MAIL_HOSTS);
        let decoded = decoded(&["br"], &text);
        let text = decoded.text.unwrap();
        assert!(
            text.starts_with(b"version: STSv1\r\nmode: none\r\nmx: mail0.provider.example\r\nmx: mail1.") && text.len() == 382,
            "{text:?}"
        );
    }

    #[test]
    fn what_is_not_compressed_stays_as_it_came() {
        for values in [&["gzip"][..], &["br, zstd"], &["deflate"], &["utf-8"], &["none"], &["compress"]] {
            let decoded = decoded(values, POLICY);
            assert_eq!(decoded.text.as_deref(), Some(POLICY));
            assert!(decoded.is_declared() && decoded.undone.is_empty() && !decoded.left.is_empty(), "{values:?}");
        }
        for values in [&[][..], &["identity"], &[""], &[", ,"]] {
            assert!(!decoded(values, POLICY).is_declared(), "{values:?}");
        }
        assert_eq!(decoded(&["gzip"], b"").text.as_deref(), Some(b"".as_slice()));
        // Nobody knows the inner one; the outer one is undone all the same.
        let odd = decoded(&["aws-chunked, gzip"], b"\x1f\x8b");
        assert_eq!((odd.fault, odd.left), (Some(CodingFault::Cut), vec!["aws-chunked".to_owned(), "gzip".to_owned()]));
    }

    #[test]
    fn damaged_and_cut_bodies_have_no_text() {
        let changed = |body: &str, at: usize| {
            let mut body = bytes(body);
            let at = if at == 0 { body.len() - 6 } else { at };
            body[at] ^= 0x55;
            body
        };
        assert_eq!(fault(&["gzip"], &changed(GZIP, 0)), Some(CodingFault::Damaged), "the CRC");
        assert_eq!(fault(&["deflate"], &changed(ZLIB, 50)), Some(CodingFault::Damaged), "the Adler-32");
        assert_eq!(fault(&["gzip"], &changed(GZIP, 1)), Some(CodingFault::Damaged));
        assert_eq!(fault(&["br"], b"\xff\xff\xff\xff"), Some(CodingFault::Damaged));
        assert_eq!(fault(&["zstd"], &bytes(GZIP)), Some(CodingFault::Damaged), "of another coding");
        for (values, body) in [("gzip", bytes(GZIP)), ("deflate", bytes(ZLIB)), ("br", bytes(BROTLI)), ("zstd", zstd())] {
            let half = body.get(..body.len() / 2).unwrap();
            assert_eq!(fault(&[values], half), Some(CodingFault::Cut), "{values}");
        }
        let members = [bytes(GZIP), bytes(GZIP)].concat();
        assert_eq!(fault(&["gzip"], members.get(..90).unwrap()), Some(CodingFault::Cut), "in the second member");
    }

    #[test]
    fn what_follows_is_counted_and_ignored() {
        for (values, body) in
            [("gzip", bytes(GZIP)), ("deflate", bytes(ZLIB)), ("deflate", bytes(RAW)), ("br", bytes(BROTLI)), ("zstd", zstd())]
        {
            let body = [body.as_slice(), b"\0\0\r\n"].concat();
            let decoded = decoded(&[values], &body);
            assert_eq!((decoded.text.as_deref(), decoded.trailing), (Some(POLICY), 4), "{values}");
        }
    }

    #[test]
    fn bombs_are_bounded_in_time_and_size() {
        let zeros = vec![0; 64 << 20];
        let gzip = encode(Coding::Gzip, &zeros).unwrap();
        let brotli = bytes(BROTLI_BOMB);
        let start = Instant::now();
        for (values, body) in [
            ("gzip", gzip.as_slice()),
            ("deflate", &encode(Coding::Deflate, &zeros).unwrap()),
            ("zstd", &encode(Coding::Zstd, &zeros).unwrap()),
            ("br", &brotli),
            ("gzip, gzip", &encode(Coding::Gzip, &gzip).unwrap()),
        ] {
            assert_eq!(fault(&[values], body), Some(CodingFault::TooLarge), "{values}");
        }
        let mut nested = POLICY.to_vec();
        for _ in 0..10 {
            nested = encode(Coding::Gzip, &nested).unwrap();
        }
        assert_eq!(fault(&[&["gzip"; 10].join(",")], &nested), Some(CodingFault::TooMany));
        let nothing = encode(Coding::Gzip, b"").unwrap().repeat(3_000);
        assert_eq!(fault(&["gzip"], &nothing), Some(CodingFault::TooMany));
        // A frame that wants a window of 2 GB (RFC 8878 section 3.1.1.1.2), and one of 8 MB, which has to work.
        let window = |exponent: u8| [ZSTD_MAGIC, &[0, exponent << 3], &[1, 0, 0]].concat();
        assert_eq!(fault(&["zstd"], &window(21)), Some(CodingFault::Window));
        assert_eq!(decoded(&["zstd"], &window(13)).text.as_deref(), Some(b"".as_slice()));
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed()); // Of that nearly all to make the bombs.
    }

    #[test]
    fn the_limit_is_the_one_of_plain_bodies() {
        for coding in Coding::ALL {
            let text = vec![b'a'; BODY_LIMIT];
            let body = encode(*coding, &text).unwrap();
            assert_eq!(decoded(&[coding.as_str()], &body).text.as_deref(), Some(text.as_slice()), "{coding}");
            let body = encode(*coding, &vec![b'a'; BODY_LIMIT + 1]).unwrap();
            assert_eq!(fault(&[coding.as_str()], &body), Some(CodingFault::TooLarge), "{coding}");
        }
    }

    #[test]
    fn what_nobody_declared_is_told_by_its_first_bytes() {
        for (body, coding) in [
            (bytes(GZIP), Some(Coding::Gzip)),
            (bytes(ZLIB), Some(Coding::Deflate)),
            (zstd(), Some(Coding::Zstd)),
            (POLICY.to_vec(), None),
            (b"x\x9cabc".to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(undeclared(&body), coding);
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in proptest::collection::vec(any::<u8>(), 0..3_000), coding in 0_usize..4, times in 1_usize..4) {
            let coding = Coding::ALL[coding];
            let text = [&b"\0"[..], &text].concat(); // No plain text, which would stay as it is.
            let mut body = text.clone();
            for _ in 0..times {
                body = encode(coding, &body).unwrap();
            }
            let values = vec![coding.as_str(); times].join(", ");
            prop_assert_eq!(decoded(&[&values], &body).text, Some(Cow::Owned(text)));
        }

        #[test]
        fn any_bytes_are_read(body in proptest::collection::vec(any::<u8>(), 0..300), coding in 0_usize..4, start in any::<bool>()) {
            let coding = Coding::ALL[coding];
            let mut damaged = if start { encode(coding, POLICY).unwrap() } else { Vec::new() };
            damaged.extend_from_slice(&body);
            let decoded = decoded(&[coding.as_str()], &damaged);
            prop_assert!(decoded.text.is_none_or(|text| text.len() <= BODY_LIMIT));
        }
    }
}
