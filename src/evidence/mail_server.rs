//! A mail server as it was asked: its addresses, its TLSA records, and one conversation over SMTP with each address that was tried.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::encoding;
use super::failure::{FetchError, FetchFault, FetchStage};
use super::lookup::{Alias, Lookup, Tlsa};
use super::tls::{Certificate, SecondHello};
use crate::vocabulary::vocabulary;

/// Octets of a reply that are kept. Greeting and keywords of real servers take a few hundred.
pub const REPLY_LIMIT: usize = 8192;
/// Octets that are kept of what a server sends between its go-ahead and the handshake.
pub const SURPLUS_LIMIT: usize = 256;
/// Certificates of a chain of which hashes are kept.
pub const CHAIN_LIMIT: usize = 16;

/// What a scan set out to ask the MX hosts of a domain, and whether what the resolver says of DNSSEC counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MxAsked {
    /// Whether they were to be asked over SMTP.
    pub smtp: bool,
    /// Whether TLSA records were to be looked up.
    pub dane: bool,
    /// Whether the resolver is trusted to validate: its AD bit came over loopback or encrypted, and it told a signed, an unsigned and a
    /// bogus name apart.
    pub validates: bool,
}

/// An MX host: where it is, what DANE says of it, and what it said.
///
/// A host that many domains name is asked once in a scan, so resolver, attempts and times are those of that one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HostLookup {
    /// The host as it stands in the MX records, or the domain itself as its implicit MX: lower case, no trailing dot.
    pub host: String,
    /// A of the host.
    pub a: Lookup<Ipv4Addr>,
    /// AAAA of the host.
    pub aaaa: Lookup<Ipv6Addr>,
    /// CNAME of the host, asked by itself where its alias leads out of what is signed (RFC 7672 section 2.2.2); `None` where it was not
    /// asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Lookup<Alias>>,
    /// TLSA at `_25._tcp.BASE`, in the order in which bases are tried: the end of an alias that is secure all the way, then the host
    /// itself. Empty where it was not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tlsa: Vec<Lookup<Tlsa>>,
    /// One conversation for each address that was tried, in the order in which they were; empty where nobody was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<Conversation>,
}

impl HostLookup {
    /// What became of the two questions for a host.
    pub const fn new(host: String, a: Lookup<Ipv4Addr>, aaaa: Lookup<Ipv6Addr>) -> Self {
        Self { host, a, aaaa, alias: None, tlsa: Vec::new(), conversations: Vec::new() }
    }

    /// Whether one of its conversations is to be held once more, which each is at most once.
    pub fn is_worth_another_round(&self) -> bool {
        self.conversations.iter().any(|conversation| conversation.may_pass() && !conversation.is_repeated())
    }
}

/// Milliseconds that each step of a conversation took; `None` where it was not reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmtpTimings {
    /// TCP connection.
    pub connect_ms: Option<u32>,
    /// From the connection to the last line of the greeting.
    pub greeting_ms: Option<u32>,
    /// EHLO and its reply.
    pub ehlo_ms: Option<u32>,
    /// STARTTLS and its reply.
    pub starttls_ms: Option<u32>,
    /// TLS handshake.
    pub tls_ms: Option<u32>,
    /// All of it, without waiting for a turn.
    pub total_ms: u32,
}

/// One conversation with a mail server: greeting, EHLO, STARTTLS, handshake, EHLO once more, QUIT (RFC 3207).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Conversation {
    /// The address.
    pub address: IpAddr,
    /// Connections that were made to the address for this name, a second hello and a retry included; none where it was not tried.
    pub connections: u8,
    /// The host by whose name it was held, where this host shares address and certificate with others that were asked (`--smtp-every-name`
    /// asks all). The verdict on the certificate is for this host all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_with: Option<String>,
    /// What an earlier conversation of this scan was refused with, before this one.
    #[serde(default, with = "encoding::optional_bytes", skip_serializing_if = "Option::is_none")]
    pub refused_before: Option<Vec<u8>>,
    /// The greeting, as it came, at most [`REPLY_LIMIT`] octets; of one that is no reply, what came. Likewise the other replies.
    #[serde(default, with = "encoding::optional_bytes", skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Vec<u8>>,
    /// Reply to EHLO.
    #[serde(default, with = "encoding::optional_bytes", skip_serializing_if = "Option::is_none")]
    pub ehlo: Option<Vec<u8>>,
    /// Reply to STARTTLS; `None` where it was not sent.
    #[serde(default, with = "encoding::optional_bytes", skip_serializing_if = "Option::is_none")]
    pub starttls: Option<Vec<u8>>,
    /// What came unencrypted behind the go-ahead, before the handshake, at most [`SURPLUS_LIMIT`] octets; `None` if nothing did.
    #[serde(default, with = "encoding::optional_bytes", skip_serializing_if = "Option::is_none")]
    pub surplus: Option<Vec<u8>>,
    /// Protocol version, as `TLSv1.2` or `TLSv1.3`; `None` if the handshake was not completed.
    pub tls_version: Option<String>,
    /// Cipher suite by its IANA name.
    pub tls_cipher: Option<String>,
    /// Group of the key exchange by its IANA name.
    pub key_exchange: Option<String>,
    /// Whether the server asked for a certificate of ours.
    pub client_auth: bool,
    /// Reply to EHLO within TLS.
    #[serde(default, with = "encoding::optional_bytes", skip_serializing_if = "Option::is_none")]
    pub ehlo_in_tls: Option<Vec<u8>>,
    /// The certificate and the verdict on it for the MX host; of a handshake that failed, as far as it was shown.
    pub certificate: Option<Certificate>,
    /// The chain as presented, in handshake or second hello, the leaf first; at most [`CHAIN_LIMIT`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<ChainCertificate>,
    /// What became of the certificates that TLSA records of usage 2 hold in full and that were not presented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_anchors: Vec<GivenAnchor>,
    /// Milliseconds of each step.
    pub timings: SmtpTimings,
    /// What ended it early; `None` if it came to its QUIT.
    pub error: Option<FetchError>,
    /// The answer to a second hello; `None` unless the handshake failed in a way that may be due to our library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_hello: Option<SecondHello>,
}

impl Conversation {
    /// A conversation that has not begun.
    pub fn new(address: IpAddr) -> Self {
        Self {
            address,
            connections: 0,
            shared_with: None,
            refused_before: None,
            greeting: None,
            ehlo: None,
            starttls: None,
            surplus: None,
            tls_version: None,
            tls_cipher: None,
            key_exchange: None,
            client_auth: false,
            ehlo_in_tls: None,
            certificate: None,
            chain: Vec::new(),
            given_anchors: Vec::new(),
            timings: SmtpTimings::default(),
            error: None,
            second_hello: None,
        }
    }

    /// Whether another attempt may tell more: it ended in something that is not said for good. A refusal is no fault (RFC 5321 section
    /// 4.2.1), and neither is silence.
    pub fn may_pass(&self) -> bool {
        use FetchFault::{Intercepted, Local, NotTried, Refused, Reset, SmtpRefused, Tarpit, Timeout, Unreachable};
        use FetchStage::{Connect, Ehlo, EhloInTls, Greeting, Starttls};
        let Some(FetchError { stage, fault, .. }) = &self.error else { return false };
        match (fault, stage) {
            (Intercepted | Local | NotTried | Refused | Tarpit | Timeout | Unreachable, _) | (Reset, Connect | Greeting | Ehlo) => true,
            (SmtpRefused, Greeting) => true,
            // Who knows no EHLO has no ESMTP; other refusals are of the name, or of the moment.
            (SmtpRefused, Ehlo) => !matches!(self.refusal_code(), Some([b'5', b'0', b'0' | b'2'])),
            (SmtpRefused, Starttls | EhloInTls) => matches!(self.refusal_code(), Some([b'4', ..])),
            _ => false,
        }
    }

    /// Whether it was held once more after a refusal, in this scan.
    pub fn is_repeated(&self) -> bool {
        self.connections > 1 + u8::from(self.second_hello.is_some())
    }

    /// The reply that it was refused with.
    pub fn refusal(&self) -> Option<&[u8]> {
        let error = self.error.as_ref().filter(|error| error.fault == FetchFault::SmtpRefused)?;
        match error.stage {
            FetchStage::Greeting => self.greeting.as_deref(),
            FetchStage::Ehlo => self.ehlo.as_deref(),
            FetchStage::Starttls => self.starttls.as_deref(),
            FetchStage::EhloInTls => self.ehlo_in_tls.as_deref(),
            _ => None,
        }
    }

    /// Code of that reply: of its last line.
    fn refusal_code(&self) -> Option<[u8; 3]> {
        let last = self.refusal()?.trim_ascii_end().rsplit(|byte| *byte == b'\n').next()?;
        last.first_chunk().copied()
    }
}

vocabulary! {
    /// Whether the leaf leads to a certificate by valid signatures, as DANE-TA wants it (RFC 7671 section 5.2).
    pub enum Path {
        /// It does, and every certificate below is valid at the time of the scan.
        Valid = "valid",
        /// It does, but a certificate on the way has expired, or is not valid yet.
        OutOfDate = "out-of-date",
        /// It does not, or a certificate on the way may not issue.
        Broken = "broken",
        /// Our library cannot verify a signature on the way. Says nothing of the host.
        Unsupported = "unsupported",
    }
}

/// A certificate that was presented, as TLSA records are compared with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainCertificate {
    /// SHA-256 of the certificate in DER.
    #[serde(with = "hex::serde")]
    pub certificate_sha256: Vec<u8>,
    /// SHA-512 of the certificate in DER.
    #[serde(with = "hex::serde")]
    pub certificate_sha512: Vec<u8>,
    /// SHA-256 of its SubjectPublicKeyInfo in DER; empty if the certificate cannot be read.
    #[serde(with = "hex::serde")]
    pub key_sha256: Vec<u8>,
    /// SHA-512 of its SubjectPublicKeyInfo in DER; empty if the certificate cannot be read.
    #[serde(with = "hex::serde")]
    pub key_sha512: Vec<u8>,
    /// Whether the leaf leads to it as a trust anchor; `None` where no TLSA record asked for that.
    pub path: Option<Path>,
}

/// A trust anchor that a TLSA record holds in full (usage 2, matching type 0), so that it need not be presented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenAnchor {
    /// SHA-256 of the record's data.
    #[serde(with = "hex::serde")]
    pub data_sha256: Vec<u8>,
    /// Whether the leaf leads to it.
    pub path: Path,
}
