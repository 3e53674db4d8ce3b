//! How a TLS server of the lab begins: with a handshake of our library, with words by hand, or not at all.

use std::io;
use std::sync::Arc;

use rustls::server::ClientHello;
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::scripted;
use super::site::Session;

/// A fatal alert: unrecognized_name (RFC 8446 section 6.2).
pub(super) const ALERT_UNRECOGNISED_NAME: &[u8] = &[0x15, 3, 3, 0, 2, 2, 112];
/// A fatal alert: internal_error.
const ALERT_INTERNAL_ERROR: &[u8] = &[0x15, 3, 3, 0, 2, 2, 80];
/// A fatal alert: handshake_failure.
const ALERT_HANDSHAKE_FAILURE: &[u8] = &[0x15, 3, 3, 0, 2, 2, 40];
/// A fatal alert: protocol_version, in a record of TLS 1.0.
const ALERT_PROTOCOL_VERSION: &[u8] = &[0x15, 3, 1, 0, 2, 2, 70];
/// TLS_RSA_WITH_AES_128_CBC_SHA, which every server of the years before TLS 1.2 has.
const SUITE_OF_OLD: u16 = 0x002F;

/// What follows a ClientHello.
#[derive(Debug)]
pub(super) enum Start {
    /// A handshake, with TLS 1.2 alone or with whatever our library has.
    Handshake { tls12: bool },
    /// These words, and the end.
    Words(Vec<u8>),
    /// Nothing, without end.
    Silence,
    /// A reset.
    Reset,
}

impl Start {
    /// What a session begins with for a client; `leaf` is asked where words by hand have a certificate among them.
    pub(super) fn of(session: Session, hello: &ClientHello<'_>, leaf: impl FnOnce() -> Option<Arc<CertifiedKey>>) -> Self {
        let offers = |suite: u16| hello.cipher_suites().contains(&suite.into());
        let words = match session {
            Session::Modern => return Self::Handshake { tls12: false },
            Session::Tls12 => return Self::Handshake { tls12: true },
            Session::Silent => return Self::Silence,
            Session::Reset => return Self::Reset,
            Session::Suite(suite) if offers(suite) => leaf().map(|leaf| scripted::first_flight(suite, &leaf.cert)),
            Session::Group(group) if hello.named_groups().is_some_and(|groups| groups.contains(&group.into())) => {
                Some(scripted::hello_retry_request(group))
            }
            Session::OldByFailure if !offers(SUITE_OF_OLD) => None,
            Session::OldByVersion if !offers(SUITE_OF_OLD) => Some(ALERT_PROTOCOL_VERSION.to_vec()),
            Session::OldByFailure | Session::OldByVersion | Session::OldByHello => Some(scripted::old_server_hello()),
            Session::OldByAlert => Some(ALERT_PROTOCOL_VERSION.to_vec()),
            Session::Unprovisioned => Some(ALERT_UNRECOGNISED_NAME.to_vec()),
            Session::Refusal => Some(ALERT_INTERNAL_ERROR.to_vec()),
            Session::Plain => Some(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()),
            Session::Suite(_) | Session::Group(_) => None,
        };
        Self::Words(words.unwrap_or_else(|| ALERT_HANDSHAKE_FAILURE.to_vec()))
    }
}

/// Closing with a linger of zero sends RST.
pub(super) fn reset(stream: &TcpStream) -> io::Result<()> {
    stream.set_zero_linger()
}

/// Says one thing and closes, without a reset: what the client still sends is read first.
pub(super) async fn farewell(stream: &mut TcpStream, words: &[u8]) -> io::Result<()> {
    stream.write_all(words).await?;
    stream.shutdown().await?;
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
