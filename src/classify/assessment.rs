//! What a judgement says: the flat columns of the dataset, each declared once.

use serde::Serialize;

use crate::networks::Network;
use crate::parse::senders::Sender;
use crate::vocabulary::vocabulary;

use super::findings::Finding;
use super::particulars::{IdFormat, Moment, PolicyHost, RuaHost};
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
        /// The question got no usable answer.
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
        /// The question got no usable answer.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// How far the retrieval of the policy got.
    pub enum PolicyStage {
        /// The policy was retrieved and is valid.
        Ok = "ok",
        /// The policy host has no address.
        Dns = "dns",
        /// No address of the policy host accepted a connection.
        Tcp = "tcp",
        /// The policy host has no acceptable TLS session: of the handshake, of its version, or of the certificate.
        Tls = "tls",
        /// The response is not acceptable: another status than 200, a redirect, too large, or cut off.
        Http = "http",
        /// What was retrieved is no valid policy.
        Syntax = "syntax",
    }
}

vocabulary! {
    /// The state of the deployment, see [`Posture`].
    pub enum Posture {
        /// No MTA-STS record.
        Absent = "absent",
        /// A record, or text meant as one, that leads to no usable policy.
        Broken = "broken",
        /// A valid policy with mode none.
        None = "none",
        /// A valid policy with mode testing.
        Testing = "testing",
        /// A valid policy with mode enforce.
        Enforce = "enforce",
        /// Whether there is a record, or what policy it leads to, could not be determined.
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
        /// By the policy only over authenticated TLS; it names every MX.
        Protected = "protected",
        /// By the policy only over authenticated TLS; it names some MX, the others are refused.
        Partial = "partial",
        /// No MX is acceptable: mail is not delivered.
        Refused = "refused",
        /// What a sender does hangs on something that could not be determined.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// How many of the MX hosts match the policy.
    pub enum Coverage {
        /// Every MX host matches the policy.
        All = "all",
        /// At least one MX host matches the policy, but not every one.
        Some = "some",
        /// No MX host matches the policy.
        None = "none",
    }
}

vocabulary! {
    /// How the names of policy and MX hosts differ, the most telling difference first.
    pub enum Mismatch {
        /// The policy lists the policy host (`mta-sts....`) as MX.
        PolicyHost = "policy-host",
        /// Names of the same top-level domain at a Levenshtein distance of at most 3.
        Typo = "typo",
        /// The same name under another top-level domain.
        Tld = "tld",
        /// Another host of the same registrable domain.
        SameDomain = "same-domain",
        /// The names have nothing in common.
        DifferentDomain = "different-domain",
    }
}

vocabulary! {
    /// To how many of the MX hosts that were asked over SMTP a sender under MTA-STS could deliver: STARTTLS, TLS 1.2 or newer, a
    /// certificate valid for the host's name (RFC 8461 section 4.2).
    pub enum MxTls {
        /// A sender could deliver to every MX host, and all were tested.
        All = "all",
        /// A sender could deliver to some MX hosts, and to others not.
        Some = "some",
        /// A sender could deliver to no MX host, and all were tested.
        None = "none",
        /// An MX host that could not be tested leaves it open.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// What DNSSEC says of an answer (RFC 4035 section 4.3).
    pub enum DnssecState {
        /// The resolver, which is trusted to validate, says that it did.
        Secure = "secure",
        /// Nothing is signed there.
        Insecure = "insecure",
        /// The signatures do not validate.
        Bogus = "bogus",
        /// No usable answer, or no resolver that is trusted to validate.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// What a sender with DANE makes of the MX hosts (RFC 7672), taken together.
    pub enum DaneState {
        /// No MX host has TLSA records.
        Absent = "absent",
        /// Every MX host has TLSA records, and whatever was tested matches.
        Valid = "valid",
        /// Some MX hosts have no TLSA records.
        Partial = "partial",
        /// Some MX host shows a certificate that none of its TLSA records matches.
        Mismatch = "mismatch",
        /// Some MX host has only TLSA records that mail servers cannot use.
        Unusable = "unusable",
        /// There are TLSA records, but no chain of signatures vouches for them.
        Insecure = "insecure",
        /// The signatures of some MX host or of its TLSA records do not validate.
        Bogus = "bogus",
        /// No usable answer, or no resolver that is trusted to validate.
        Unknown = "unknown",
    }
}

/// What is not judged is unknown.
macro_rules! unknown_by_default {
    ($($word:ident),+) => {
        $(impl Default for $word {
            fn default() -> Self {
                Self::Unknown
            }
        })+
    };
}

unknown_by_default!(MxState, RecordState, Posture, Delivery);

/// Declares the flat columns, name, type and description of each in the order of the dataset, and hands them to a macro: to most as the
/// columns in one block and what is `derived` from them in another, `in order` as they stand here. Everything that goes through all columns
/// follows from this: [`Assessment`], [`Judgement`](super::Judgement), the truth of the lab, in `dataset` schema, builder and reader.
/// `#[unit = ""]` and `#[range = ""]` are for numbers; the words of a vocabulary need no range.
macro_rules! flat_columns {
    ($then:ident) => {
        flat_columns! { @declared blocks $then }
    };
    (in order $then:ident) => {
        flat_columns! { @declared order $then }
    };
    (@order $then:ident $($column:tt)+) => {
        $then! { $($column)+ }
    };
    (@blocks $then:ident $(
        $(#[doc = $doc:literal])+ $(#[unit = $unit:literal])? $(#[range = $range:literal])? pub $column:ident: $type:ty,
        $(derived { $($(#[doc = $about:literal])+ $(#[unit = $of:literal])? $(#[range = $within:literal])? $derived:ident: $made:ty = $from:ident,)+ })?
    )+) => {
        $then! {
            { $($(#[doc = $doc])+ $column: $type,)+ }
            derived { $($($($(#[doc = $about])+ $derived: $made = $from,)+)?)+ }
        }
    };
    (@declared $form:ident $then:ident) => {
        flat_columns! { @$form $then
            /// Whether the domain says where its mail goes: null is a null MX (RFC 7505), none is no MX at all.
            pub mx_state: MxState,
            /// MX names in order of preference, lower case, no trailing dot.
            pub mx_hosts: Vec<String>,
            /// Registrable domain of the most preferred MX.
            pub mx_provider: Option<String>,
            /// The MTA-STS record; invalid includes text that was meant as a record and is none to a sender.
            pub sts_state: RecordState,
            /// The record's id, best effort.
            pub sts_id: Option<String>,
            derived {
                /// How that id is made, by its looks; null where there is none.
                id_format: Option<IdFormat> = id_format,
            }
            /// How the retrieval of the policy ended: ok, or the first stage that failed; null if nothing was fetched.
            pub policy_stage: Option<PolicyStage>,
            /// The policy's mode as read, best effort also from an invalid policy.
            pub policy_mode: Option<String>,
            /// The policy's max_age as read, best effort also from an invalid policy.
            #[unit = "s"]
            pub policy_max_age: Option<i64>,
            /// The policy's mx patterns as read; null if no policy text was retrieved.
            pub policy_mx: Option<Vec<String>>,
            /// Registrable domain of the CNAME target of the policy host; null where it is no CNAME.
            pub policy_provider: Option<String>,
            /// The addresses of the policy host, A before AAAA, with the name that has each and, with `--asn-db`, the network that it is
            /// of; null where nobody asked for them or the lookups failed.
            pub policy_hosts: Option<Vec<PolicyHost>>,
            /// The host to which the policy host redirects: that of the Location header, the policy host itself where that names none;
            /// null without one. Never followed.
            pub location_host: Option<String>,
            /// Organization (O) of the issuer of the policy host's certificate.
            pub issuer_org: Option<String>,
            /// When the policy host's certificate expires (notAfter).
            pub cert_not_after: Option<Moment>,
            /// The TLSRPT record, as sts_state.
            pub tlsrpt_state: RecordState,
            /// The addresses to which TLS reports go.
            pub tlsrpt_rua: Vec<String>,
            /// The destinations of TLS reports in the order of tlsrpt_rua, taken apart.
            pub rua_hosts: Vec<RuaHost>,
            /// Whether there is an MTA-STS record, and what policy it leads to.
            pub posture: Posture,
            derived {
                /// Whether there is a valid record and a valid policy, whatever its mode: what a sender can use; null where that is not known.
                policy_usable: Option<bool> = policy_usable,
            }
            /// What a sender that follows RFC 8461 does with mail today, nothing cached: by policy alone where mx_tls is null, else as the
            /// MX hosts were seen.
            pub delivery: Delivery,
            /// The same for forgiving senders.
            pub delivery_lenient: Delivery,
            /// The known implementations that would use this record and this policy; null if no policy text was retrieved.
            pub accepted_by: Option<Vec<Sender>>,
            /// How many of the MX hosts match the policy; null where there is nothing to compare.
            pub mx_coverage: Option<Coverage>,
            /// Where coverage is not all: how the names differ.
            pub mismatch: Option<Mismatch>,
            /// To how many of the MX hosts asked over SMTP a sender under MTA-STS could deliver; null: not asked.
            pub mx_tls: Option<MxTls>,
            /// What DNSSEC says of the MX answer; null: not looked at.
            pub mx_dnssec: Option<DnssecState>,
            /// What a sender with DANE makes of the MX hosts, the worst of them first; null: TLSA records were not looked up.
            pub dane_state: Option<DaneState>,
            /// What a sender does that validates DANE and falls back to MTA-STS where DANE does not apply; null: TLSA records were not
            /// looked up.
            pub delivery_dane: Option<Delivery>,
            derived {
                /// Of a broken domain the code to fix first: that of the first step that fails (record, dns, tcp, tls, http, syntax), there
                /// of what others follow from, then the worst; null where the domain is not broken.
                cause: Option<Code> = cause,
                /// Severity of the worst finding; null if there is none.
                worst: Option<Severity> = worst,
            }
            /// What is to be said of the domain, in the catalogue's order.
            pub findings: Vec<Finding>,
        }
    };
}

pub(crate) use flat_columns;

/// Defines [`Assessment`].
macro_rules! define {
    ({ $($(#[doc = $doc:literal])+ $column:ident: $type:ty,)+ } derived $derived:tt) => {
        /// The flat columns: what the evidence means. By default nothing is known.
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        #[non_exhaustive]
        pub struct Assessment {
            $($(#[doc = $doc])+ pub $column: $type,)+
        }
    };
}

flat_columns!(define);

impl Assessment {
    /// Whether there are addresses of which can be said whose network they are of.
    pub fn has_policy_hosts(&self) -> bool {
        self.policy_hosts.as_ref().is_some_and(|hosts| !hosts.is_empty())
    }

    /// Adds whose networks the addresses of the policy host are of, which no evidence says.
    pub fn annotate(&mut self, look_up: impl Fn(&PolicyHost) -> Network) {
        for host in self.policy_hosts.iter_mut().flatten() {
            let Network { asn, org, country } = look_up(host);
            (host.asn, host.asn_org, host.country) = (asn.map(i64::from), org, country);
        }
    }

    /// Column `id_format`.
    pub fn id_format(&self) -> Option<IdFormat> {
        self.sts_id.as_deref().map(IdFormat::of)
    }

    /// Column `policy_usable`: a posture that is a mode stands for a valid record and a valid policy.
    pub fn policy_usable(&self) -> Option<bool> {
        match self.posture {
            Posture::None | Posture::Testing | Posture::Enforce => Some(true),
            Posture::Absent | Posture::Broken => Some(false),
            Posture::Unknown => None,
        }
    }

    /// Column `worst`: severity of the worst finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).min()
    }

    /// Whether something could not be determined that a verdict needs, so that no finding is no acquittal.
    pub fn is_undetermined(&self) -> bool {
        self.mx_state == MxState::Unknown
            || [self.sts_state, self.tlsrpt_state].contains(&RecordState::Unknown)
            || self.posture == Posture::Unknown
            || self.delivery == Delivery::Unknown
    }
}
