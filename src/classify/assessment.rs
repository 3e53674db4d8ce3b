//! What a judgement says: the flat columns of the dataset.

use serde::Serialize;

use crate::parse::senders::Sender;
use crate::vocabulary::vocabulary;

use super::findings::Finding;
use super::rule::Severity;

vocabulary! {
    /// Whether the domain says where its mail goes.
    pub enum MxState {
        /// At least one MX.
        Present = "present",
        /// A null MX: the domain takes no mail (RFC 7505).
        Null = "null",
        /// No MX: the domain itself is the implicit MX (RFC 5321 section 5.1).
        None = "none",
        /// The domain does not exist.
        Nxdomain = "nxdomain",
        /// No answer to be had.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// What became of a TXT record.
    pub enum RecordState {
        /// No record of the kind.
        Absent = "absent",
        /// Exactly one record, and its text is valid.
        Valid = "valid",
        /// Text that was meant as a record and that a sender takes for none or cannot use.
        Invalid = "invalid",
        /// More than one record, which counts as none.
        Multiple = "multiple",
        /// No answer to be had.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// How far the retrieval of the policy got.
    pub enum PolicyStage {
        /// Retrieved and valid.
        Ok = "ok",
        /// The policy host has no address.
        Dns = "dns",
        /// No connection.
        Tcp = "tcp",
        /// No acceptable TLS session.
        Tls = "tls",
        /// No acceptable response.
        Http = "http",
        /// The text is no valid policy.
        Syntax = "syntax",
    }
}

vocabulary! {
    /// The state of the deployment in one word.
    pub enum Posture {
        /// No record.
        Absent = "absent",
        /// A record, or text meant as one, that leads to no usable policy.
        Broken = "broken",
        /// A valid policy with mode none.
        None = "none",
        /// A valid policy with mode testing.
        Testing = "testing",
        /// A valid policy with mode enforce.
        Enforce = "enforce",
        /// No answer to be had.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// What a sender does with mail today, nothing cached.
    pub enum Delivery {
        /// As without MTA-STS: TLS if offered, any certificate.
        Opportunistic = "opportunistic",
        /// As without MTA-STS, failures reported (mode testing).
        Reported = "reported",
        /// Only over authenticated TLS, to every MX.
        Protected = "protected",
        /// Only over authenticated TLS; some MX are refused.
        Partial = "partial",
        /// No MX is acceptable: mail is not delivered.
        Refused = "refused",
        /// No answer to be had.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// How many of the MX hosts match the policy.
    pub enum Coverage {
        /// Every MX host.
        All = "all",
        /// At least one, not every one.
        Some = "some",
        /// None.
        None = "none",
    }
}

vocabulary! {
    /// How the names of policy and MX hosts differ, the most telling difference first.
    pub enum Mismatch {
        /// The policy lists the policy host (`mta-sts....`) as MX.
        PolicyHost = "policy-host",
        /// A Levenshtein distance of at most 3, the same top-level domain.
        Typo = "typo",
        /// The same name under another top-level domain.
        Tld = "tld",
        /// Another host of the same registrable domain.
        SameDomain = "same-domain",
        /// Nothing in common.
        DifferentDomain = "different-domain",
    }
}

/// The flat columns: what the evidence means.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Assessment {
    /// Column `mx_state`.
    pub mx_state: MxState,
    /// Column `mx_hosts`: in order of preference, lower case, no trailing dot.
    pub mx_hosts: Vec<String>,
    /// Column `mx_provider`: registrable domain of the most preferred MX.
    pub mx_provider: Option<String>,
    /// Column `sts_state`.
    pub sts_state: RecordState,
    /// Column `sts_id`: best effort.
    pub sts_id: Option<String>,
    /// Column `policy_stage`: `None` if nothing was fetched.
    pub policy_stage: Option<PolicyStage>,
    /// Column `policy_mode`: as read, best effort also from an invalid policy.
    pub policy_mode: Option<String>,
    /// Column `policy_max_age`, in seconds.
    pub policy_max_age: Option<i64>,
    /// Column `policy_mx`; `None` if no policy text was retrieved.
    pub policy_mx: Option<Vec<String>>,
    /// Column `policy_provider`: registrable domain of the CNAME target of the policy host.
    pub policy_provider: Option<String>,
    /// Column `tlsrpt_state`.
    pub tlsrpt_state: RecordState,
    /// Column `tlsrpt_rua`: the report addresses.
    pub tlsrpt_rua: Vec<String>,
    /// Column `posture`.
    pub posture: Posture,
    /// Column `delivery`: by a sender that follows the RFC.
    pub delivery: Delivery,
    /// Column `delivery_lenient`: by the forgiving senders.
    pub delivery_lenient: Delivery,
    /// Column `accepted_by`: the known implementations that would use record and policy; `None` if no policy text was retrieved.
    pub accepted_by: Option<Vec<Sender>>,
    /// Column `mx_coverage`; `None` where there is nothing to compare.
    pub mx_coverage: Option<Coverage>,
    /// Column `mismatch`; `None` where coverage is all or there is nothing to compare.
    pub mismatch: Option<Mismatch>,
    /// Column `findings`, in the catalogue's order.
    pub findings: Vec<Finding>,
}

impl Assessment {
    /// Column `worst`: severity of the worst finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).min()
    }
}
