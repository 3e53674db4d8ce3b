//! Where and why an exchange with a server ends early.

use serde::{Deserialize, Serialize};

use crate::vocabulary::vocabulary;

vocabulary! {
    /// A step of the exchange.
    pub enum FetchStage {
        /// Choosing an address that may be connected to.
        Address = "address",
        /// The TCP connection.
        Connect = "connect",
        /// The TLS handshake.
        Tls = "tls",
        /// Request and response head.
        Http = "http",
        /// The body of the response.
        Body = "body",
        /// Greeting of a mail server.
        Greeting = "greeting",
        /// EHLO and its reply.
        Ehlo = "ehlo",
        /// STARTTLS and its reply.
        Starttls = "starttls",
        /// EHLO within TLS.
        EhloInTls = "ehlo-in-tls",
    }
}

vocabulary! {
    /// What ended an exchange before it was complete.
    pub enum FetchFault {
        /// Every address is special-use (private, loopback, link-local, ...) and not allowed.
        SpecialUseAddress = "special-use-address",
        /// Every address is on the opt-out list.
        Excluded = "excluded",
        /// Connection refused.
        Refused = "refused",
        /// Connection reset, or closed before the exchange was complete.
        Reset = "reset",
        /// No answer in time.
        Timeout = "timeout",
        /// Network or host unreachable.
        Unreachable = "unreachable",
        /// The peer ended the handshake with a TLS alert.
        TlsAlert = "tls-alert",
        /// The peer has no TLS version or cipher in common with us (TLS 1.2 is the least, RFC 8461 section 7.2).
        TlsVersion = "tls-version",
        /// The peer does not speak TLS, or breaks its rules.
        TlsProtocol = "tls-protocol",
        /// The peer asks for something that our TLS library lacks: a key that it cannot verify. Says nothing of the host.
        TlsUnsupported = "tls-unsupported",
        /// The response is not HTTP.
        HttpProtocol = "http-protocol",
        /// The mail server sends what is no reply (RFC 5321 section 4.2).
        SmtpProtocol = "smtp-protocol",
        /// The mail server replies with an error.
        SmtpRefused = "smtp-refused",
        /// The mail server sends, but so slowly that its reply has no end.
        Tarpit = "tarpit",
        /// Not tried: the address, or the provider, had refused others of this scan shortly before.
        NotTried = "not-tried",
        /// This machine has no route to the address: no IPv6, say. Says nothing of the host.
        NoRoute = "no-route",
        /// The network of this machine answers in place of the server. Says nothing of the host.
        Intercepted = "intercepted",
        /// The body ended before its declared length.
        Truncated = "truncated",
        /// A fault of this machine (no descriptor, no port); says nothing of the domain.
        Local = "local-error",
        /// Anything else; see the text.
        Other = "other",
    }
}

/// Where and why an exchange ended early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FetchError {
    /// The step that failed.
    pub stage: FetchStage,
    /// Why, as a stable code.
    pub fault: FetchFault,
    /// The TLS alert that the peer sent, by its number (RFC 8446 section 6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// Why, in words, at most 300 characters.
    pub text: String,
}

/// The TLS alert of a server that does not know the name it was asked for: unrecognized_name (RFC 6066 section 3).
pub const UNRECOGNIZED_NAME: u8 = 112;

impl FetchError {
    /// An error that is no TLS alert.
    pub fn new(stage: FetchStage, fault: FetchFault, text: impl Into<String>) -> Self {
        Self { stage, fault, alert: None, text: text.into() }
    }

    /// Whether this machine is at fault (no descriptor, no buffer, no route), which says nothing of the host.
    pub fn is_local(&self) -> bool {
        self.fault == FetchFault::Local
    }
}
