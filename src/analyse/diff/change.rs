//! What can change from one scan to the next: the closed vocabulary of `stscan diff`.

use crate::classify::{Code, Severity};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// A kind of change, regressions first. One domain can have several.
    pub enum Kind {
        /// A record, or text meant as one, that leads to no usable policy; before, the policy was usable or there was no record.
        NewlyBroken = "newly-broken",
        /// Senders that follow the RFC now refuse some or all MX hosts.
        NewlyRefused = "newly-refused",
        /// The MX hosts have changed and the policy (testing or enforce) still allows the former ones.
        MxStale = "mx-stale",
        /// Gone while senders may still hold the policy (testing or enforce), without mode none in between.
        DroppedAbruptly = "dropped-abruptly",
        /// Gone; whether mode none was served in between cannot be determined, or the policy was broken before.
        Dropped = "dropped",
        /// Gone after mode none.
        DroppedOrderly = "dropped-orderly",
        /// From enforce to testing or none, from testing to none.
        ModeLowered = "mode-lowered",
        /// An MX host that offered TLS does not any more.
        MxTlsGone = "mx-tls-gone",
        /// The certificate of an MX host was valid for it and is not any more.
        MxCertBroken = "mx-cert-broken",
        /// The TLSA records of an MX host matched, or nothing was said against them, and do not match what it shows now.
        DaneStale = "dane-stale",
        /// Senders that validate DANE now refuse some or all MX hosts.
        DaneRefused = "dane-refused",
        /// No MX host has TLSA records any more.
        DaneDropped = "dane-dropped",
        /// A finding that the old scan would have had, or that is of a higher severity now. Those of severity info do not count.
        FindingNew = "finding-new",
        /// A certificate expires soon, of the policy host or of an MX host, of which the old scan did not say so.
        CertExpiring = "cert-expiring",
        /// The policy has changed, the id has not.
        IdReused = "id-reused",
        /// Broken before, a usable policy now.
        Fixed = "fixed",
        /// Some or all MX hosts were refused, now none is.
        RefusalFixed = "refusal-fixed",
        /// An MX host that offered no TLS offers it now.
        MxTlsAdded = "mx-tls-added",
        /// The certificate of an MX host was not valid for it and is now.
        MxCertFixed = "mx-cert-fixed",
        /// TLSA records did not match and do now, or are gone.
        DaneFixed = "dane-fixed",
        /// Senders that validate DANE refused some or all MX hosts, now none.
        DaneRefusalFixed = "dane-refusal-fixed",
        /// A finding that the new scan would have, and has not. Those of severity info do not count.
        FindingGone = "finding-gone",
        /// TLSA records for the first time.
        DaneAdopted = "dane-adopted",
        /// No record before, a record now, usable or not.
        Adopted = "adopted",
        /// From none to testing or enforce, from testing to enforce.
        ModeRaised = "mode-raised",
        /// The id has changed, the policy has not.
        IdOnly = "id-only",
        /// The policy's mx patterns are others.
        PatternsChanged = "patterns-changed",
        /// The MX hosts are others.
        MxChanged = "mx-changed",
        /// Another provider of mail, by the registrable domain of the most preferred MX.
        MailProviderMoved = "mail-provider-moved",
        /// Another provider of the policy, by the CNAME of the policy host.
        PolicyProviderMoved = "policy-provider-moved",
        /// The TLSRPT record was valid, or was not there, and is invalid now.
        TlsrptBroken = "tlsrpt-broken",
        /// The TLSRPT record is gone.
        TlsrptDropped = "tlsrpt-dropped",
        /// The TLSRPT record was invalid and is valid now.
        TlsrptFixed = "tlsrpt-fixed",
        /// No TLSRPT record before, one now, valid or not.
        TlsrptAdopted = "tlsrpt-adopted",
        /// TLS reports go to other addresses.
        RuaChanged = "rua-changed",
        /// Whether there is a record or a usable policy could not be found out in one of the scans: no change, whatever the other says.
        Unknown = "unknown",
        /// Only in the list of the old scan.
        OnlyOld = "only-old",
        /// Only in the list of the new scan.
        OnlyNew = "only-new",
    }
}

impl Kind {
    /// Whether it is a change also of a domain without a record: of the mail servers themselves, or of what has to be fixed.
    pub(super) const fn needs_no_record(self) -> bool {
        matches!(
            self,
            Self::MxTlsGone
                | Self::MxCertBroken
                | Self::DaneStale
                | Self::DaneRefused
                | Self::DaneDropped
                | Self::MxTlsAdded
                | Self::MxCertFixed
                | Self::DaneFixed
                | Self::DaneRefusalFixed
                | Self::DaneAdopted
                | Self::FindingNew
                | Self::FindingGone
                | Self::CertExpiring
        )
    }
}

/// A change of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is.
    pub kind: Kind,
    /// What was there before; text from the network may be in it.
    pub before: String,
    /// What is there now, likewise.
    pub after: String,
    /// The finding that it is, as a code of the catalogue.
    pub code: Option<Code>,
    /// Of a finding that is new or gone, its severity now or then.
    pub severity: Option<Severity>,
}
