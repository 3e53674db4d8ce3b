//! TLS beyond a library's handshake: which signatures can be verified, and a second, wide hello that tells our library's limits from
//! a fault of the host.
//!
//! A TLS library has few suites, few groups and a limit for the size of a message. A server that wants others refuses it with the very
//! alert with which another says that it has no certificate. So a handshake that failed is followed by a [`wide_hello`] on a
//! connection of its own: it offers everything that some sender's library has, reads the ServerHello and, below TLS 1.3, the
//! certificate, and breaks off. It works over any stream, be it a connection to port 443 or one to a mail server after STARTTLS.

mod answer;
mod client_hello;
mod handshake;
mod p521;
mod registry;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

pub(in crate::observe) use self::answer::{Answer, HelloError};
pub(in crate::observe) use self::handshake::{Handshaker, Session, leaves_a_question, second_hello, unsupported};
pub(in crate::observe) use self::p521::VERIFICATION_ALGORITHMS;

/// The alerts user_canceled and close_notify (RFC 5246 section 7.2), as warnings: a hello alone is no attack.
const FAREWELL: &[u8] = &[21, 3, 1, 0, 2, 1, 90, 21, 3, 1, 0, 2, 1, 0];

/// Asks with a hello that offers everything, `alpn` included, and reads the answer as far as it is sent in the clear.
///
/// What was read is in `answer` also where it ends in an error, or where the future is dropped at a deadline of the caller.
pub(in crate::observe) async fn wide_hello(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
    alpn: &[&str],
    answer: &mut Answer,
) -> Result<(), HelloError> {
    stream.write_all(&client_hello::record(host, alpn)).await.map_err(HelloError::Io)?;
    stream.flush().await.map_err(HelloError::Io)?;
    let result = answer::read(stream, answer).await;
    if result.is_ok() {
        // Whether the server hears it makes no difference to what it said.
        let _ = stream.write_all(FAREWELL).await;
        let _ = stream.shutdown().await;
    }
    result
}

#[cfg(test)]
mod tests;
