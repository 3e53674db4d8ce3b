//! One DNS question and what became of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::encoding;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What the network did with a question. Data, never an error of ours.
    pub enum Outcome {
        /// NOERROR with at least one record of the type asked for.
        Noerror = "noerror",
        /// NOERROR without a record of the type asked for.
        Nodata = "nodata",
        /// NXDOMAIN: the name (or the end of its CNAME chain) does not exist.
        Nxdomain = "nxdomain",
        /// SERVFAIL from every resolver asked.
        Servfail = "servfail",
        /// REFUSED by every resolver asked.
        Refused = "refused",
        /// Another response code; see `rcode`.
        OtherRcode = "other-rcode",
        /// No answer in time from any resolver asked.
        Timeout = "timeout",
        /// An answer that cannot be read, that is none (a referral, records of another type), or whose CNAME chain loops or leads nowhere.
        Malformed = "malformed",
        /// Not asked: the domain itself is NXDOMAIN, so nothing exists below it (RFC 8020).
        Pruned = "pruned",
        /// Not asked: on the opt-out list.
        Excluded = "excluded",
        /// A fault of this machine (no socket, no descriptor, no buffer); says nothing of the domain.
        LocalError = "local-error",
    }
}

impl Outcome {
    /// Whether the outcome settles if the record exists. Everything else is unknown, never absent.
    pub const fn is_conclusive(self) -> bool {
        matches!(self, Self::Noerror | Self::Nodata | Self::Nxdomain | Self::Pruned)
    }

    /// Whether another attempt would bring nothing more: the outcome is conclusive, or the name is not to be asked for. Every other lookup
    /// has failed, and is worth a retry.
    pub const fn is_final(self) -> bool {
        self.is_conclusive() || matches!(self, Self::Excluded)
    }
}

/// A question, its outcome and its records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lookup<R> {
    /// The name asked for, without the trailing dot.
    pub name: String,
    /// What became of the question.
    pub outcome: Outcome,
    /// Response code of the answer; `None` without one.
    pub rcode: Option<u16>,
    /// Least TTL of the records (and of the CNAMEs that led to them), in seconds.
    pub ttl: Option<u32>,
    /// AD bit: whether the resolver says that it validated the answer (RFC 4035 section 3.2.3); `None` without an answer, and where the
    /// resolver is not trusted to validate.
    pub authenticated: Option<bool>,
    /// CNAME targets in order, lower case, no trailing dot.
    pub cname_chain: Vec<String>,
    /// Records of the type asked for, in the order of the answer.
    pub records: Vec<R>,
    /// Further records of the answer, beyond what is kept of one; `None` where all are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u16>,
    /// The resolver whose answer this is, or that was asked last; where a scan resolves from the root, the name server.
    pub resolver: Option<SocketAddr>,
    /// Questions sent, over UDP and TCP together; none where the answer was known, from another domain that names the same host.
    pub attempts: u16,
    /// Whether the answer came over TCP.
    pub tcp: bool,
    /// From the last question to its answer, in microseconds; while hundreds are on their way, up to 2 ms more, for which answers gather.
    pub rtt_us: Option<u32>,
    /// What the operating system said, for [`Outcome::LocalError`]; what is wrong with the answer, for [`Outcome::Malformed`].
    pub detail: Option<String>,
    /// Why, in the resolver's own terms; rare, and so apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_error: Option<Box<ExtendedError>>,
    /// What became of the question when it was asked once more without validation (CD bit, RFC 4035 section 3.2.2), which is done after a
    /// SERVFAIL where DNSSEC is judged; `None` where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchecked: Option<Outcome>,
}

/// An extended DNS error (RFC 8914).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedError {
    /// INFO-CODE, as IANA registers them; of several that of a failed validation, else the first.
    pub code: u16,
    /// EXTRA-TEXT, at most 200 characters; empty if there is none.
    pub text: String,
}

impl ExtendedError {
    /// Whether an INFO-CODE says that validation failed: the data is bogus, not merely unsigned or out of reach.
    pub const fn is_failed_validation(code: u16) -> bool {
        matches!(code, 6..=12 | 25)
    }
}

impl<R> Lookup<R> {
    /// Whether there is nothing beside the outcome and how it was got: no record, no alias, no remark.
    pub fn is_bare(&self) -> bool {
        self.records.is_empty() && self.has_records_alone()
    }

    /// Whether there is nothing beside records, the outcome and how they were got: no alias, no remark.
    pub fn has_records_alone(&self) -> bool {
        let Self { left_out, cname_chain, detail, extended_error, unchecked, .. } = self;
        left_out.is_none() && cname_chain.is_empty() && detail.is_none() && extended_error.is_none() && unchecked.is_none()
    }

    /// Keeps so many records, the first, and counts the others.
    pub fn keep(&mut self, most: usize) {
        let beyond = self.records.len().saturating_sub(most);
        if beyond > 0 {
            self.records.truncate(most);
            let before = self.left_out.unwrap_or(0);
            self.left_out = Some(before.saturating_add(u16::try_from(beyond).unwrap_or(u16::MAX)));
        }
    }

    /// The end of the alias that is all of the answer: what is there is not said, and has to be asked.
    pub fn alias_alone(&self) -> Option<&str> {
        self.cname_chain.last().filter(|_| self.outcome == Outcome::Malformed && self.records.is_empty()).map(String::as_str)
    }

    /// Goes on with what the end of the alias says.
    pub fn go_on(&mut self, behind: Self) {
        self.attempts = self.attempts.saturating_add(behind.attempts);
        self.cname_chain.extend(behind.cname_chain);
        self.ttl = self.ttl.into_iter().chain(behind.ttl).min();
        self.authenticated = self.authenticated.zip(behind.authenticated).map(|(before, behind)| before && behind);
        (self.outcome, self.rcode, self.detail) = (behind.outcome, behind.rcode, behind.detail);
        (self.records, self.left_out) = (behind.records, behind.left_out);
        (self.resolver, self.tcp, self.rtt_us) = (behind.resolver, behind.tcp, behind.rtt_us);
        (self.extended_error, self.unchecked) = (behind.extended_error, behind.unchecked);
    }

    /// A question that was not sent, or not yet.
    pub fn unsent(name: String, outcome: Outcome) -> Self {
        Self {
            name,
            outcome,
            rcode: None,
            ttl: None,
            authenticated: None,
            cname_chain: Vec::new(),
            records: Vec::new(),
            left_out: None,
            resolver: None,
            attempts: 0,
            tcp: false,
            rtt_us: None,
            detail: None,
            extended_error: None,
            unchecked: None,
        }
    }
}

/// A lookup, whatever type of record it asks for: what is the same for all of them.
pub trait AnyLookup {
    /// The type of record, as in zone files.
    fn record_type(&self) -> &'static str;
    /// See [`Lookup::name`].
    fn name(&self) -> &str;
    /// See [`Lookup::outcome`].
    fn outcome(&self) -> Outcome;
    /// See [`Lookup::ttl`].
    fn ttl(&self) -> Option<u32>;
    /// See [`Lookup::authenticated`].
    fn is_authenticated(&self) -> bool;
    /// See [`Lookup::cname_chain`].
    fn cname_chain(&self) -> &[String];
    /// See [`Lookup::records`].
    fn records(&self) -> Vec<AnyRecord<'_>>;
    /// See [`Lookup::is_bare`].
    fn is_bare(&self) -> bool;
    /// See [`Lookup::attempts`].
    fn attempts(&self) -> u16;
    /// Counts questions that were sent earlier for the same lookup.
    fn add_attempts(&mut self, earlier: u16);
}

impl<R: Record> AnyLookup for Lookup<R> {
    fn record_type(&self) -> &'static str {
        R::MNEMONIC
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn ttl(&self) -> Option<u32> {
        self.ttl
    }

    fn is_authenticated(&self) -> bool {
        self.authenticated == Some(true)
    }

    fn cname_chain(&self) -> &[String] {
        &self.cname_chain
    }

    fn records(&self) -> Vec<AnyRecord<'_>> {
        self.records.iter().map(R::as_any).collect()
    }

    fn is_bare(&self) -> bool {
        self.is_bare()
    }

    fn attempts(&self) -> u16 {
        self.attempts
    }

    fn add_attempts(&mut self, earlier: u16) {
        self.attempts = self.attempts.saturating_add(earlier);
    }
}

/// A type of record that is looked up.
pub trait Record {
    /// Its name in zone files.
    const MNEMONIC: &'static str;

    /// The record, whatever its type.
    fn as_any(&self) -> AnyRecord<'_>;
}

/// A record, whatever its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnyRecord<'r> {
    /// MX.
    Mx(&'r Mx),
    /// TXT.
    Txt(&'r Txt),
    /// A or AAAA.
    Address(IpAddr),
    /// TLSA.
    Tlsa(&'r Tlsa),
    /// CNAME.
    Alias(&'r Alias),
}

impl Record for Mx {
    const MNEMONIC: &'static str = "MX";

    fn as_any(&self) -> AnyRecord<'_> {
        AnyRecord::Mx(self)
    }
}

impl Record for Txt {
    const MNEMONIC: &'static str = "TXT";

    fn as_any(&self) -> AnyRecord<'_> {
        AnyRecord::Txt(self)
    }
}

impl Record for Ipv4Addr {
    const MNEMONIC: &'static str = "A";

    fn as_any(&self) -> AnyRecord<'_> {
        AnyRecord::Address((*self).into())
    }
}

impl Record for Ipv6Addr {
    const MNEMONIC: &'static str = "AAAA";

    fn as_any(&self) -> AnyRecord<'_> {
        AnyRecord::Address((*self).into())
    }
}

impl Record for Tlsa {
    const MNEMONIC: &'static str = "TLSA";

    fn as_any(&self) -> AnyRecord<'_> {
        AnyRecord::Tlsa(self)
    }
}

impl Record for Alias {
    const MNEMONIC: &'static str = "CNAME";

    fn as_any(&self) -> AnyRecord<'_> {
        AnyRecord::Alias(self)
    }
}

/// A CNAME record that was asked for by itself: its target, lower case, no trailing dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Alias(pub String);

/// A TLSA record as published (RFC 6698 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tlsa {
    /// Certificate usage: 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE (RFC 7218).
    pub usage: u8,
    /// What is compared: 0 the certificate, 1 its public key (SubjectPublicKeyInfo).
    pub selector: u8,
    /// How: 0 as it is, 1 by its SHA-256, 2 by its SHA-512.
    pub matching: u8,
    /// What it is compared with.
    #[serde(with = "hex::serde")]
    pub data: Vec<u8>,
}

/// An MX record (RFC 5321 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mx {
    /// Preference; the least is tried first.
    pub preference: u16,
    /// The host in presentation form, lower case, no trailing dot; `.` for a null MX (RFC 7505).
    pub exchange: String,
}

/// A TXT record: its character-strings, exact bytes, kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Txt(
    /// Character-strings of at most 255 octets each (RFC 1035 section 3.3.14).
    #[serde(with = "encoding::many_bytes")]
    pub Vec<Vec<u8>>,
);

impl Txt {
    /// The strings joined without anything between them (RFC 8461 section 3.1, RFC 8460 section 3).
    pub fn joined(&self) -> Vec<u8> {
        self.0.concat()
    }
}
