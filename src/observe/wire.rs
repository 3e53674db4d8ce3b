//! The connection below TLS and HTTP with a budget: what one exchange may cost, and how much of it in one go.
//!
//! A server that sends without end, at whatever layer, comes to the end of its budget instead of the scan's time. And after a few reads in
//! a row others have their turn: all exchanges of a thread are driven by one task, in which nobody who always finds something to read
//! may stay.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Octets that an exchange may read, TLS included: a handshake, a head and a body at their limits, several times over.
const MAX_OCTETS: usize = 1024 * 1024;
/// Reads that an exchange may take: a body at its limit that comes in pieces of four octets.
const MAX_READS: u32 = 16_384;
/// Reads in a row; then other exchanges have their turn.
const READS_AT_ONCE: u32 = 8;

/// A connection that is read within its budget.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    octets_left: usize,
    reads_left: u32,
    in_a_row: u32,
}

/// The budget of an exchange is spent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(super) enum Spent {
    /// By the number of octets.
    #[error("it sends without end: more than {} KiB in one exchange", MAX_OCTETS / 1024)]
    Octets,
    /// By the number of reads.
    #[error("it sends without end: more than {MAX_READS} pieces in one exchange")]
    Reads,
}

impl<S> Metered<S> {
    /// A connection of which nothing has been read.
    pub(super) fn new(stream: S) -> Self {
        Self { stream, octets_left: MAX_OCTETS, reads_left: MAX_READS, in_a_row: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(spent) = this.spent() {
            return Poll::Ready(Err(io::Error::other(spent)));
        }
        if this.in_a_row >= READS_AT_ONCE {
            this.in_a_row = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let Poll::Ready(result) = Pin::new(&mut this.stream).poll_read(context, buffer) else {
            this.in_a_row = 0;
            return Poll::Pending;
        };
        this.in_a_row += 1;
        this.reads_left = this.reads_left.saturating_sub(1);
        this.octets_left = this.octets_left.saturating_sub(buffer.filled().len().saturating_sub(before));
        Poll::Ready(result)
    }
}

impl<S> Metered<S> {
    fn spent(&self) -> Option<Spent> {
        match (self.octets_left, self.reads_left) {
            (0, _) => Some(Spent::Octets),
            (_, 0) => Some(Spent::Reads),
            _ => None,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use tokio::io::AsyncReadExt;

    use super::*;

    /// Always has so many octets to give.
    struct Endless(usize);

    impl AsyncRead for Endless {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            buffer.put_slice(&vec![b'x'; self.0.min(buffer.remaining())]);
            Poll::Ready(Ok(()))
        }
    }

    async fn read_to_the_end(piece: usize) -> (usize, Spent) {
        let mut wire = Metered::new(Endless(piece));
        let (mut buffer, mut read) = (vec![0; 16 * 1024], 0);
        loop {
            match wire.read(&mut buffer).await {
                Ok(octets) => read += octets,
                Err(error) => return (read, *error.get_ref().unwrap().downcast_ref().unwrap()),
            }
        }
    }

    #[tokio::test]
    async fn who_sends_without_end_comes_to_one() {
        assert_eq!(read_to_the_end(16 * 1024).await, (MAX_OCTETS, Spent::Octets));
        assert_eq!(read_to_the_end(1).await, (MAX_READS as usize, Spent::Reads));
    }

    /// Without turns a flood is read to the end of its budget before anybody else on the thread is polled.
    #[tokio::test]
    async fn floods_and_others_on_one_thread_take_turns() {
        const STEPS: usize = 100;
        let read = std::cell::Cell::new(0);
        let flood = async || {
            let (mut wire, mut buffer) = (Metered::new(Endless(10)), [0; 10]);
            while wire.read(&mut buffer).await.is_ok() {
                read.set(read.get() + 1);
            }
        };
        let healthy = async {
            for _ in 0..STEPS {
                tokio::task::yield_now().await;
            }
            read.get()
        };
        let floods = futures_util::future::join_all((0..8).map(|_| flood()));
        let (_, read_meanwhile) = tokio::join!(floods, healthy);
        assert_eq!(read.get(), 8 * MAX_READS);
        assert!(read_meanwhile <= 8 * READS_AT_ONCE * (STEPS as u32 + 1), "{read_meanwhile} reads");
    }

    #[test]
    fn after_a_few_reads_others_have_their_turn() {
        let mut wire = Metered::new(Endless(10));
        let mut octets = [0; 10];
        let mut turns = Vec::new();
        let waker = Waker::from(Arc::new(Quiet));
        for _ in 0..3 * (READS_AT_ONCE + 1) {
            let mut buffer = ReadBuf::new(&mut octets);
            turns.push(Pin::new(&mut wire).poll_read(&mut Context::from_waker(&waker), &mut buffer).is_ready());
        }
        let pauses: Vec<usize> = (0..turns.len()).filter(|turn| !turns[*turn]).collect();
        assert_eq!(pauses, [8, 17, 26]);
    }

    struct Quiet;

    impl std::task::Wake for Quiet {
        fn wake(self: Arc<Self>) {}
    }
}
