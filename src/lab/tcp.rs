//! DNS over TCP: messages behind a length of two octets, several on one connection (RFC 7766).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::answer::{Scratch, Transport, answer};
use super::internet::Internet;
use super::journal::Journal;

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(10);

/// Answers for ever.
pub(super) async fn serve(listener: TcpListener, internet: Arc<Internet>, journal: Arc<Journal>) {
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
        let answered = answer(internet, &question, Transport::Tcp, &mut scratch, &mut response);
        journal.dns(answered.qtype, true);
        if answered.send {
            let length = u16::try_from(response.len()).unwrap_or(u16::MAX).to_be_bytes();
            stream.write_all(&[&length, response.as_slice()].concat()).await?;
        }
    }
}
