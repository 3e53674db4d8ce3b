//! What can change from one scan to the next: the closed vocabulary of `stscan diff`.

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
        /// The policy has changed, the id has not.
        IdReused = "id-reused",
        /// Broken before, a usable policy now.
        Fixed = "fixed",
        /// Some or all MX hosts were refused, now none is.
        RefusalFixed = "refusal-fixed",
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
