//! One connection to a mail server, in the clear or within TLS: commands out, whole replies in, and whatever came of a reply that never
//! became whole.

use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use crate::evidence::{REPLY_LIMIT, SURPLUS_LIMIT};
use crate::parse::smtp_reply::{Reply, ReplyReader};

/// Octets that are read at once.
const AT_ONCE: usize = 2048;
/// How long to wait for the reply to QUIT.
const FAREWELL: Duration = Duration::from_secs(2);
/// Octets of a piece at most, and the wait before it at least, for it to be a drip.
const DRIP: (usize, Duration) = (4, Duration::from_millis(200));
/// Drips from which on a server is one that wants to waste time.
const MIN_DRIPS: u32 = 5;

/// A connection and what has been read from it.
pub(super) struct Line<S> {
    stream: S,
    replies: ReplyReader,
    /// The reply that is being read, as it came, at most [`REPLY_LIMIT`] octets.
    kept: Vec<u8>,
    /// Octets of it, whether kept or not.
    octets: usize,
    drips: u32,
    /// When something came last, or when something could.
    last_piece: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, replies: ReplyReader::default(), kept: Vec::new(), octets: 0, drips: 0, last_piece: Instant::now() }
    }

    /// Sends a command and reads the reply.
    ///
    /// # Errors
    /// If the connection ends, or what comes is no reply; [`Line::take`] has it. A server may answer before it is asked and close, so what
    /// became of the reply goes before what became of the command.
    pub(super) async fn ask(&mut self, command: &str) -> io::Result<Reply> {
        let sent = self.send(command).await;
        self.reply().await.map_err(|error| sent.err().unwrap_or(error))
    }

    async fn send(&mut self, command: &str) -> io::Result<()> {
        self.stream.write_all(command.as_bytes()).await?;
        self.stream.flush().await
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// As [`Line::ask`].
    pub(super) async fn reply(&mut self) -> io::Result<Reply> {
        self.last_piece = Instant::now();
        let mut next = self.replies.next_reply();
        loop {
            if let Some(reply) = next.map_err(io::Error::other)? {
                self.kept.truncate(self.octets.saturating_sub(self.replies.bytes().len()));
                return Ok(reply);
            }
            let mut piece = Vec::with_capacity(AT_ONCE);
            if self.stream.read_buf(&mut piece).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if piece.len() <= DRIP.0 && self.last_piece.elapsed() >= DRIP.1 {
                self.drips = self.drips.saturating_add(1);
            }
            self.last_piece = Instant::now();
            let room = REPLY_LIMIT.saturating_sub(self.kept.len());
            self.kept.extend(piece.iter().take(room));
            self.octets = self.octets.saturating_add(piece.len());
            next = self.replies.push(&piece);
        }
    }

    /// The reply as it came, or what came of one; `None` if nothing did. The next one begins afterwards.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        let rest = self.replies.bytes();
        self.octets = rest.len();
        let rest = rest.iter().take(REPLY_LIMIT).copied().collect();
        Some(std::mem::replace(&mut self.kept, rest)).filter(|kept| !kept.is_empty())
    }

    /// Whether something has come that belongs to no reply yet.
    pub(super) fn has_more(&self) -> bool {
        !self.replies.bytes().is_empty()
    }

    /// Whether the server sends on purpose so slowly that its replies have no end.
    pub(super) fn drips(&self) -> bool {
        self.drips >= MIN_DRIPS
    }

    /// The connection below, and what came although nothing was due.
    ///
    /// # Errors
    /// If the connection has ended meanwhile.
    pub(super) async fn into_stream(mut self) -> io::Result<(S, Option<Vec<u8>>)> {
        let mut surplus: Vec<u8> = self.replies.bytes().iter().take(SURPLUS_LIMIT).copied().collect();
        if surplus.is_empty() {
            // What has arrived in a packet of its own, as far as it has.
            let mut piece = Vec::with_capacity(SURPLUS_LIMIT);
            match self.stream.read_buf(&mut piece).now_or_never() {
                Some(Ok(0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(Err(error)) => return Err(error),
                Some(Ok(_)) => surplus = piece,
                None => {}
            }
        }
        Ok((self.stream, Some(surplus).filter(|surplus| !surplus.is_empty())))
    }

    /// Takes leave as a client should: QUIT, its reply, the end of TLS; no longer than two seconds, and whatever becomes of it.
    pub(super) async fn quit(mut self) {
        let leave = async {
            let _ = self.ask("QUIT\r\n").await;
            let _ = self.stream.shutdown().await;
        };
        let _ = tokio::time::timeout(FAREWELL, leave).await;
    }
}
