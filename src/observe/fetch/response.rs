//! The response to one GET, read from a connection that is used once: head, then as much of the body as is kept (RFC 9112).
//!
//! Written by hand because a scan reads what senders read: a library refuses heads that most mail software takes, counts fields in place of
//! octets, and waits for the final response however many interim ones come. Everything here is bounded: octets of heads, interim
//! responses, a line between chunks; and the connection has a [budget](crate::observe::wire) of its own.

use std::io;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::evidence::BODY_LIMIT;
use crate::parse::http_head::{self, Framing, Head, Refusal};

/// Octets of the response heads of an exchange, interim ones included.
pub(super) const HEAD_LIMIT: usize = 64 * 1024;
/// Interim responses (100 Continue, 103 Early Hints) before the final one.
const MAX_INTERIM: usize = 16;
/// Octets of a line between chunks or after the last one.
const MAX_LINE: usize = 16 * 1024;
/// Octets that are read at once.
const AT_ONCE: usize = 8 * 1024;

/// Why there is no whole response.
#[derive(Debug, Error)]
pub(in crate::observe) enum NoResponse {
    /// The connection failed.
    #[error("the connection failed")]
    Connection(#[from] io::Error),
    /// The connection ended; how far it got.
    #[error("{0}")]
    Ended(String),
    /// It breaks HTTP in a way that nobody reads over.
    #[error("{0}")]
    Protocol(String),
}

impl From<Refusal> for NoResponse {
    fn from(refusal: Refusal) -> Self {
        Self::Protocol(refusal.to_string())
    }
}

/// The connection and what has been read from it and not yet used.
pub(super) struct ResponseReader<S> {
    stream: S,
    read: Vec<u8>,
    /// Octets of `read` that are used.
    used: usize,
    /// Whether the connection ended without TLS's own end, as it does when somebody cuts it.
    cut: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> ResponseReader<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, read: Vec::new(), used: 0, cut: false }
    }

    /// Sends the request and reads the heads up to the final one, which comes with its octets.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<(Head, Vec<u8>), NoResponse> {
        let sent = self.send(request).await;
        let result = self.final_head().await;
        match (result, sent) {
            // A server may have answered before it was asked; where it has not, what went wrong first says more.
            (Err(NoResponse::Connection(_) | NoResponse::Ended(_)), Err(error)) => Err(error.into()),
            (result, _) => result,
        }
    }

    async fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await?;
        self.stream.flush().await
    }

    async fn final_head(&mut self) -> Result<(Head, Vec<u8>), NoResponse> {
        for _ in 0..=MAX_INTERIM {
            let end = self.end_of_head().await?;
            let octets = self.read.get(self.used..end).unwrap_or_default();
            let head = http_head::parse(octets)?;
            // 101 is final: nothing else follows it in HTTP.
            if !matches!(head.status, 100 | 102..=199) {
                let octets = octets.to_vec();
                self.used = end;
                return Ok((head, octets));
            }
            self.used = end;
        }
        Err(NoResponse::Protocol(format!("more than {MAX_INTERIM} interim responses (100 Continue and the like) and no final one")))
    }

    /// Where the head that is next ends, once it has been read.
    async fn end_of_head(&mut self) -> Result<usize, NoResponse> {
        let (mut line, mut at, mut begun) = (self.used, self.used, false);
        loop {
            while let Some(end) = self.read.get(at..).and_then(|rest| rest.iter().position(|&octet| octet == b'\n')).map(|place| at + place)
            {
                let empty = matches!(self.read.get(line..end), Some([] | [b'\r']));
                (line, at) = (end + 1, end + 1);
                if empty && begun && line <= HEAD_LIMIT {
                    return Ok(line);
                }
                begun |= !empty;
            }
            at = self.read.len();
            if at > HEAD_LIMIT {
                return Err(NoResponse::Protocol(format!("more than {} KiB of response head", HEAD_LIMIT / 1024)));
            }
            if let Some(refusal) = self.read.get(self.used..).and_then(http_head::refuse_early) {
                return Err(refusal.into());
            }
            if self.more().await? == 0 {
                let how_far = if self.used == at { "without a response" } else { "in the middle of the response head" };
                return Err(NoResponse::Ended(format!("the connection ended {how_far}")));
            }
        }
    }

    /// What came as heads so far, for evidence of what is refused.
    pub(super) fn heads(&self) -> &[u8] {
        self.read.get(..self.read.len().min(HEAD_LIMIT)).unwrap_or_default()
    }

    /// Reads the body up to [`BODY_LIMIT`]; whether there is more, which is not waited for. What arrived is kept whatever happens.
    pub(super) async fn body(&mut self, framing: Framing, kept: &mut Vec<u8>) -> Result<bool, NoResponse> {
        match framing {
            Framing::None => Ok(false),
            Framing::Length(length) => match self.take(length, kept).await? {
                Taken::All => Ok(false),
                Taken::More => Ok(true),
                Taken::Ended => Err(NoResponse::Ended(format!("the connection ended after {} of {length} octets of the body", kept.len()))),
            },
            Framing::ToEnd => match self.take(u64::MAX, kept).await? {
                Taken::Ended if self.cut => Err(NoResponse::Ended(
                    "the connection ended without the end of TLS (close_notify), which alone would show a body without length to be whole"
                        .to_owned(),
                )),
                taken => Ok(taken == Taken::More),
            },
            Framing::Chunked => self.chunks(kept).await,
        }
    }

    async fn chunks(&mut self, kept: &mut Vec<u8>) -> Result<bool, NoResponse> {
        loop {
            let line = self.line().await?;
            let length = chunk_length(&line).ok_or_else(|| NoResponse::Protocol("a chunk of the body has no valid length".to_owned()))?;
            if length == 0 {
                while !self.line().await?.is_empty() {} // Trailers, of which none is asked for.
                return Ok(false);
            }
            match self.take(length, kept).await? {
                Taken::All => {}
                Taken::More => return Ok(true),
                Taken::Ended => return Err(cut_in_chunks()),
            }
            if !self.line().await?.is_empty() {
                return Err(NoResponse::Protocol("a chunk of the body is longer than it says".to_owned()));
            }
        }
    }

    /// The next line, without its end. LF alone ends one, too, as in the head.
    async fn line(&mut self) -> Result<Vec<u8>, NoResponse> {
        let mut line = Vec::new();
        loop {
            let rest = self.read.get(self.used..).unwrap_or_default();
            let end = rest.iter().position(|&octet| octet == b'\n');
            let part = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            line.extend_from_slice(part);
            self.used += part.len() + usize::from(end.is_some());
            if line.len() > MAX_LINE {
                return Err(NoResponse::Protocol(format!("more than {} KiB between two chunks of the body", MAX_LINE / 1024)));
            }
            if end.is_some() {
                line.pop_if(|last| *last == b'\r');
                return Ok(line);
            }
            if self.more().await? == 0 {
                return Err(cut_in_chunks());
            }
        }
    }

    /// Takes so many octets of the body.
    async fn take(&mut self, mut wanted: u64, kept: &mut Vec<u8>) -> Result<Taken, NoResponse> {
        while wanted > 0 {
            let rest = self.read.get(self.used..).unwrap_or_default();
            let part = rest.get(..rest.len().min(usize::try_from(wanted).unwrap_or(usize::MAX))).unwrap_or_default();
            let room = BODY_LIMIT.saturating_sub(kept.len());
            kept.extend(part.iter().take(room));
            if part.len() > room {
                return Ok(Taken::More);
            }
            self.used += part.len();
            wanted -= part.len() as u64;
            if wanted > 0 && self.more().await? == 0 {
                return Ok(Taken::Ended);
            }
        }
        Ok(Taken::All)
    }

    /// Reads on, over what has been used once the head is known; 0 at the end of the connection.
    async fn more(&mut self) -> io::Result<usize> {
        if self.used == self.read.len() && self.used > HEAD_LIMIT {
            self.read.clear();
            self.used = 0;
        }
        self.read.reserve(AT_ONCE);
        match self.stream.read_buf(&mut self.read).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.cut = true;
                Ok(0)
            }
            result => result,
        }
    }
}

/// How a part of a body came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// All of it is there.
    All,
    /// There is more than is kept.
    More,
    /// The connection ended first.
    Ended,
}

fn cut_in_chunks() -> NoResponse {
    NoResponse::Ended("the connection ended before the last chunk of the body".to_owned())
}

/// The length at the beginning of a chunk's line; extensions are ignored (RFC 9112 section 7.1).
fn chunk_length(line: &[u8]) -> Option<u64> {
    let digits = line.split(|octet| matches!(octet, b';' | b' ' | b'\t')).next()?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u64::from_str_radix(digits, 16).ok()
}
