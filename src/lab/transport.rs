//! DNS over UDP in batches, so that the lab costs less than the scanner that is measured against it, and over TCP, several messages on one
//! connection (RFC 7766).

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::answer::{Scratch, Speaker, Transport, answer};
use super::internet::Internet;
use super::journal::Journal;

/// Messages that one system call takes or gives.
#[cfg(target_os = "linux")]
const BATCH: usize = 64;
/// Octets of a question that are read; no question of a scanner is longer.
const QUESTION_OCTETS: usize = 600;

/// Answers until `stop` is set. The socket has a read time-out, after which `stop` is looked at.
pub(super) fn serve_udp(socket: &UdpSocket, internet: &Internet, journal: &Journal, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if let Err(error) = serve_batches(socket, internet, journal, stop)
            && !matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused
            )
        {
            // Out of buffers or the like: a resolver drops, too.
            std::thread::yield_now();
        }
    }
}

#[cfg(target_os = "linux")]
fn serve_batches(socket: &UdpSocket, internet: &Internet, journal: &Journal, stop: &AtomicBool) -> io::Result<()> {
    use std::io::{IoSlice, IoSliceMut};
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};

    let mut questions = vec![[0_u8; QUESTION_OCTETS]; BATCH];
    let mut responses = vec![Vec::new(); BATCH];
    let mut scratch = Scratch::default();
    let mut peers: Vec<Option<SockaddrIn>> = Vec::with_capacity(BATCH);
    let mut lengths: Vec<(usize, Option<SockaddrIn>)> = Vec::with_capacity(BATCH);
    let (mut incoming, mut outgoing) = (MultiHeaders::preallocate(BATCH, None), MultiHeaders::preallocate(BATCH, None));
    while !stop.load(Ordering::Relaxed) {
        lengths.clear();
        {
            let mut slices: Vec<_> = questions.iter_mut().map(|question| [IoSliceMut::new(question)]).collect();
            let received = recvmmsg(socket.as_raw_fd(), &mut incoming, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None)?;
            lengths.extend(received.map(|message| (message.bytes, message.address)));
        }
        journal.arrived(lengths.len());
        peers.clear();
        for ((length, peer), question) in lengths.iter().zip(&questions) {
            let (Some(message), Some(response)) = (question.get(..*length), responses.get_mut(peers.len())) else { continue };
            let answered = answer(internet, message, Transport::Udp, Speaker::Resolver, &mut scratch, response);
            journal.dns(answered.qtype, false);
            if answered.send {
                peers.push(*peer);
            }
        }
        let slices: Vec<_> = responses.iter().take(peers.len()).map(|response| [IoSlice::new(response)]).collect();
        let mut sent = 0;
        while let (Some(rest), Some(to)) = (slices.get(sent..peers.len()), peers.get(sent..))
            && !rest.is_empty()
        {
            // A message that cannot be sent (its port is closed by now) must not hold up those behind it.
            sent +=
                sendmmsg(socket.as_raw_fd(), &mut outgoing, rest, to, [], MsgFlags::empty()).map_or(1, |results| results.count().max(1));
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn serve_batches(socket: &UdpSocket, internet: &Internet, journal: &Journal, stop: &AtomicBool) -> io::Result<()> {
    let (mut question, mut response, mut scratch) = ([0_u8; QUESTION_OCTETS], Vec::with_capacity(1500), Scratch::default());
    while !stop.load(Ordering::Relaxed) {
        let (length, peer) = socket.recv_from(&mut question)?;
        journal.arrived(1);
        let answered =
            answer(internet, question.get(..length).unwrap_or_default(), Transport::Udp, Speaker::Resolver, &mut scratch, &mut response);
        journal.dns(answered.qtype, false);
        if answered.send {
            socket.send_to(&response, peer)?;
        }
    }
    Ok(())
}

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(10);

/// Answers until the runtime ends.
pub(super) async fn serve_tcp(listener: TcpListener, internet: Arc<Internet>, journal: Arc<Journal>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (internet, journal) = (Arc::clone(&internet), Arc::clone(&journal));
                tokio::spawn(async move {
                    // A client that breaks off is no fault of the lab.
                    let _ = converse(stream, &internet, &journal).await;
                });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn converse(mut stream: TcpStream, internet: &Internet, journal: &Journal) -> io::Result<()> {
    let (mut scratch, mut question, mut response) = (Scratch::default(), Vec::new(), Vec::new());
    loop {
        let length = timeout(IDLE, stream.read_u16()).await??;
        question.resize(usize::from(length), 0);
        timeout(IDLE, stream.read_exact(&mut question)).await??;
        let answered = answer(internet, &question, Transport::Tcp, Speaker::Resolver, &mut scratch, &mut response);
        journal.dns(answered.qtype, true);
        if answered.send {
            let length = u16::try_from(response.len()).unwrap_or(u16::MAX).to_be_bytes();
            stream.write_all(&[&length, response.as_slice()].concat()).await?;
        }
    }
}
