//! One DNS question and what became of it.

use std::net::SocketAddr;

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
        /// An answer that cannot be read, or whose CNAME chain loops.
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
    /// AD bit: the resolver says that it validated the answer (RFC 4035 section 3.2.3).
    pub authenticated: bool,
    /// CNAME targets in order, lower case, no trailing dot.
    pub cname_chain: Vec<String>,
    /// Records of the type asked for, in the order of the answer.
    pub records: Vec<R>,
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
}

impl<R> Lookup<R> {
    /// Whether there is nothing beside the outcome and how it was got: no record, no alias, no remark.
    pub fn is_bare(&self) -> bool {
        self.records.is_empty() && self.cname_chain.is_empty() && self.detail.is_none()
    }

    /// A question that was not sent, or not yet.
    pub fn unsent(name: String, outcome: Outcome) -> Self {
        Self {
            name,
            outcome,
            rcode: None,
            ttl: None,
            authenticated: false,
            cname_chain: Vec::new(),
            records: Vec::new(),
            resolver: None,
            attempts: 0,
            tcp: false,
            rtt_us: None,
            detail: None,
        }
    }
}

/// An MX record (RFC 5321 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mx {
    /// Preference; the least is tried first.
    pub preference: u16,
    /// The host in presentation form, lower case, no trailing dot; `.` for a null MX (RFC 7505).
    pub exchange: String,
}

/// A TXT record: its character-strings, exact bytes, kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
