//! The server's answer to a hello, as far as it is sent in the clear: records, handshake messages, and what they say.
//!
//! All of it comes from strangers, so every length is bounded: of a record, of a message, of all octets together.

use std::error::Error;
use std::{fmt, io};

use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::registry::{self, GROUPS, SUITES};
use crate::evidence::TlsVersion;

/// Octets of a record at most (RFC 5246 section 6.2.3, with room for those who add a little).
const MAX_RECORD: usize = 16_384 + 2048;
/// Octets of an answer at most. Go's library takes certificates of 256 KB, OpenSSL's of 100 KB, rustls's of 64 KB.
const MAX_OCTETS: usize = 320 * 1024;
/// Certificates of a chain that are kept.
const MAX_CERTIFICATES: usize = 64;
/// The random of a ServerHello that asks for another key share (RFC 8446 section 4.1.3).
const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB,
    0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// What a server said in the clear.
#[derive(Debug, Default)]
pub(in crate::observe) struct Answer {
    /// `None` if there was no ServerHello.
    pub(in crate::observe) version: Option<TlsVersion>,
    /// The suite by its name or number.
    pub(in crate::observe) cipher: Option<String>,
    /// As in [`SecondHello`](crate::evidence::SecondHello).
    pub(in crate::observe) key_exchange: Option<String>,
    pub(in crate::observe) alpn: Option<String>,
    /// The chain as presented, the leaf first; empty in TLS 1.3.
    pub(in crate::observe) chain: Vec<CertificateDer<'static>>,
}

/// Why an answer could not be read to its end.
#[derive(Debug)]
pub(in crate::observe) enum HelloError {
    /// The connection failed or ended.
    Io(io::Error),
    /// The server ended the handshake with an alert.
    Alert(u8),
    /// What came is no TLS, or against its rules.
    Protocol(&'static str),
}

impl fmt::Display for HelloError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Alert(alert) => write!(f, "received fatal alert: {:?}", rustls::AlertDescription::from(*alert)),
            Self::Protocol(what) => f.write_str(what),
        }
    }
}

impl Error for HelloError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Alert(_) | Self::Protocol(_) => None,
        }
    }
}

/// Reads an answer as far as it is sent in the clear; what it says is in `answer` also where its end is not reached.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin), answer: &mut Answer) -> Result<(), HelloError> {
    let mut messages = Messages { stream, octets: Vec::new(), read: 0 };
    let (2, hello) = messages.next().await? else { return Err(HelloError::Protocol("no ServerHello where one is due")) };
    server_hello(&hello, answer).ok_or(HelloError::Protocol("a ServerHello that cannot be read or chooses what was not offered"))?;
    if answer.version == Some(TlsVersion::Tls13) {
        return Ok(()); // All that follows is encrypted.
    }
    loop {
        match messages.next().await? {
            (11, body) => {
                answer.chain = certificates(&body).ok_or(HelloError::Protocol("a Certificate message that cannot be read"))?;
            }
            (12, body) => answer.key_exchange = key_exchange(&body, answer.cipher.as_deref().unwrap_or_default()),
            (0 | 4 | 13 | 22, _) => {} // HelloRequest, NewSessionTicket, CertificateRequest, CertificateStatus.
            (14, _) => return Ok(()),
            _ => return Err(HelloError::Protocol("a handshake message that is not due")),
        }
    }
}

/// Handshake messages out of records.
struct Messages<'s, S> {
    stream: &'s mut S,
    /// Contents of handshake records that are not taken yet.
    octets: Vec<u8>,
    /// Octets of all records so far.
    read: usize,
}

impl<S: AsyncRead + Unpin> Messages<'_, S> {
    /// The next message: its type and its body.
    async fn next(&mut self) -> Result<(u8, Vec<u8>), HelloError> {
        loop {
            if let Some(&[kind, a, b, c]) = self.octets.first_chunk() {
                let length = 4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
                if length > MAX_OCTETS {
                    return Err(HelloError::Protocol("a handshake message that is too large"));
                }
                if self.octets.len() >= length {
                    let rest = self.octets.split_off(length);
                    let mut message = std::mem::replace(&mut self.octets, rest);
                    return Ok((kind, message.split_off(4)));
                }
            }
            self.record().await?;
        }
    }

    async fn record(&mut self) -> Result<(), HelloError> {
        let mut header = [0; 5];
        self.stream.read_exact(&mut header).await.map_err(HelloError::Io)?;
        let [kind, major, _, high, low] = header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if !(20..=23).contains(&kind) || major != 3 || length > MAX_RECORD {
            return Err(HelloError::Protocol("the answer is no TLS record"));
        }
        self.read += header.len() + length;
        if self.read > MAX_OCTETS {
            return Err(HelloError::Protocol("the answer is too large"));
        }
        let mut contents = vec![0; length];
        self.stream.read_exact(&mut contents).await.map_err(HelloError::Io)?;
        match (kind, contents.as_slice()) {
            (22, _) => self.octets.extend(contents),
            (21, [1, alert]) if *alert != 0 => {} // A warning, such as one of a name that is not known (RFC 6066 section 3).
            (21, [_, alert]) => return Err(HelloError::Alert(*alert)),
            _ => return Err(HelloError::Protocol("a record that is not due")),
        }
        Ok(())
    }
}

/// Octets that are taken from the front.
struct Cursor<'d>(&'d [u8]);

impl<'d> Cursor<'d> {
    fn take(&mut self, count: usize) -> Option<&'d [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of so many octets.
    fn number(&mut self, octets: usize) -> Option<usize> {
        Some(self.take(octets)?.iter().fold(0, |number, octet| number << 8 | usize::from(*octet)))
    }

    fn u16(&mut self) -> Option<u16> {
        self.number(2).and_then(|number| u16::try_from(number).ok())
    }

    /// Data with its length in so many octets before it.
    fn counted(&mut self, octets: usize) -> Option<&'d [u8]> {
        let length = self.number(octets)?;
        self.take(length)
    }
}

/// `None` if it cannot be read, or chooses what was not offered.
fn server_hello(body: &[u8], answer: &mut Answer) -> Option<()> {
    let mut body = Cursor(body);
    let mut version = body.u16()?;
    let random = body.take(32)?;
    body.counted(1)?;
    let suite = body.u16()?;
    let compression = body.number(1)?;
    let mut extensions = Cursor(if body.0.is_empty() { &[] } else { body.counted(2)? });
    let mut group = None;
    let mut alpn = None;
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let mut data = Cursor(extensions.counted(2)?);
        match kind {
            16 => alpn = Some(Cursor(data.counted(2)?).counted(1)?),
            43 => version = data.u16()?,
            51 => group = Some(data.u16()?),
            _ => {}
        }
    }
    let version = registry::version(version)?;
    if compression != 0 || !SUITES.iter().any(|(offered, _)| *offered == suite) {
        return None;
    }
    // In TLS 1.3 there is always a group, which a request for another share names alone.
    if version == TlsVersion::Tls13 && group.is_none() && random != HELLO_RETRY_REQUEST {
        return None;
    }
    answer.version = Some(version);
    let cipher = registry::name(SUITES, suite);
    let group = group.map(|group| registry::name(GROUPS, group));
    answer.key_exchange = group.or_else(|| cipher.starts_with("TLS_RSA_").then(|| "rsa".to_owned()));
    answer.cipher = Some(cipher);
    answer.alpn = alpn.map(|name| String::from_utf8_lossy(name).into_owned());
    Some(())
}

fn certificates(body: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let mut list = Cursor(Cursor(body).counted(3)?);
    let mut chain = Vec::new();
    while !list.0.is_empty() {
        let certificate = list.counted(3)?;
        if chain.len() < MAX_CERTIFICATES {
            chain.push(CertificateDer::from(certificate.to_vec()));
        }
    }
    Some(chain)
}

/// The key exchange of a ServerKeyExchange (RFC 8422 section 5.4, RFC 5246 section 7.4.3).
fn key_exchange(body: &[u8], cipher: &str) -> Option<String> {
    let mut body = Cursor(body);
    if cipher.starts_with("TLS_ECDHE_") {
        let named_curve = body.number(1)? == 3;
        return body.u16().filter(|_| named_curve).map(|group| registry::name(GROUPS, group));
    }
    if cipher.starts_with("TLS_DHE_") {
        let prime = body.counted(2)?;
        let zeros = prime.iter().take_while(|octet| **octet == 0).count();
        let first = prime.get(zeros)?;
        return Some(format!("dh-{}", (prime.len() - zeros) * 8 - first.leading_zeros() as usize));
    }
    None
}
