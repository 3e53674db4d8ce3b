//! What can change from one scan to the next, the closed vocabulary of `stscan diff`, and the comparison of two states that finds it.

use super::state::{MailServer, Names, State};
use crate::classify::codes::{self, Code};
use crate::classify::{DaneState, Delivery, MxState, PolicyStage, Posture, RecordState};
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
    /// Whether it is about the mail servers themselves, which both scans have asked.
    pub(super) const fn is_of_mail_servers(self) -> bool {
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
        )
    }
}

/// What of a domain is known from one scan.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side<'a> {
    /// It is not in the list.
    Missing,
    /// It is in the list and has no record of either kind.
    Plain,
    /// It has a record, or whether it has one is unknown.
    Known(&'a State),
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
}

impl Side<'_> {
    pub(super) fn posture(&self) -> Posture {
        match self {
            Self::Missing => Posture::Unknown,
            Self::Plain => Posture::Absent,
            Self::Known(state) => state.posture,
        }
    }

    fn tlsrpt(&self) -> RecordState {
        match self {
            Self::Missing => RecordState::Unknown,
            Self::Plain => RecordState::Absent,
            Self::Known(state) => state.tlsrpt,
        }
    }

    pub(super) fn has_record(&self) -> bool {
        matches!(self, Self::Known(state) if state.has_record())
    }
}

/// What has changed between two scans that are `gap` seconds apart (`None`: not known).
pub(super) fn compare(old: Side<'_>, new: Side<'_>, gap: Option<i64>) -> Vec<Change> {
    let mut changes = Changes::default();
    match (old, new) {
        (Side::Missing, _) => changes.add(Kind::OnlyNew, "", new.posture().as_str()),
        (_, Side::Missing) => changes.add(Kind::OnlyOld, old.posture().as_str(), ""),
        _ => {
            postures(old, new, gap, &mut changes);
            if let (Side::Known(old), Side::Known(new)) = (old, new) {
                policies(old, new, &mut changes);
                exchanges(old, new, &mut changes);
                mail_servers(old, new, &mut changes);
                dane(old, new, &mut changes);
            }
            reports(old, new, &mut changes);
        }
    }
    changes.0.sort_by_key(|change| change.kind);
    changes.0
}

#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, kind: Kind, before: impl Into<String>, after: impl Into<String>) {
        self.0.push(Change { kind, before: before.into(), after: after.into(), code: None });
    }

    fn add_finding(&mut self, kind: Kind, code: Code, before: impl Into<String>, after: impl Into<String>) {
        self.0.push(Change { kind, before: before.into(), after: after.into(), code: Some(code) });
    }
}

/// How strongly a usable policy binds.
fn strength(posture: Posture) -> Option<u8> {
    match posture {
        Posture::None => Some(0),
        Posture::Testing => Some(1),
        Posture::Enforce => Some(2),
        Posture::Absent | Posture::Broken | Posture::Unknown => None,
    }
}

fn postures(old: Side<'_>, new: Side<'_>, gap: Option<i64>, changes: &mut Changes) {
    let (before, after) = (old.posture(), new.posture());
    let mut add = |kind| changes.add(kind, before.as_str(), after.as_str());
    if before == Posture::Unknown || after == Posture::Unknown {
        return add(Kind::Unknown);
    }
    if before == after {
        return;
    }
    if before == Posture::Absent {
        add(Kind::Adopted);
    }
    match (strength(before), strength(after)) {
        (Some(weak), Some(strong)) if weak < strong => add(Kind::ModeRaised),
        (Some(_), Some(_)) => add(Kind::ModeLowered),
        (None, Some(_)) if before == Posture::Broken => add(Kind::Fixed),
        _ if after == Posture::Broken => add(Kind::NewlyBroken),
        _ if after == Posture::Absent => dropped(old, gap, changes),
        _ => {}
    }
}

fn dropped(old: Side<'_>, gap: Option<i64>, changes: &mut Changes) {
    let before = old.posture();
    let max_age = if let Side::Known(state) = old { state.max_age } else { None };
    let cached = matches!((gap, max_age), (Some(gap), Some(max_age)) if gap < max_age);
    let shown = match max_age {
        Some(seconds) if strength(before).is_some() => format!("{before}, max_age {seconds}"),
        _ => before.to_string(),
    };
    match before {
        Posture::None => changes.add(Kind::DroppedOrderly, shown, "absent"),
        Posture::Enforce if cached => changes.add_finding(Kind::DroppedAbruptly, codes::STS_REMOVED_ABRUPTLY, shown, "absent"),
        Posture::Testing if cached => changes.add(Kind::DroppedAbruptly, shown, "absent"),
        _ => changes.add(Kind::Dropped, shown, "absent"),
    }
}

/// Id, text and place of the policy.
fn policies(old: &State, new: &State, changes: &mut Changes) {
    if !old.has_policy_text() || !new.has_policy_text() {
        return provider_of_policy(old, new, changes);
    }
    if let (Some(id_before), Some(id_after), Some(before), Some(after)) = (&old.id, &new.id, old.body, new.body) {
        match (id_before == id_after, before == after) {
            (true, false) => changes.add_finding(Kind::IdReused, codes::STS_ID_REUSED_BODY_CHANGED, &**id_before, &**id_after),
            (false, true) => changes.add_finding(Kind::IdOnly, codes::STS_ID_CHANGED_BODY_SAME, &**id_before, &**id_after),
            _ => {}
        }
    }
    if let (Some(before), Some(after)) = (&old.patterns, &new.patterns)
        && before != after
    {
        changes.add(Kind::PatternsChanged, before.joined(), after.joined());
    }
    provider_of_policy(old, new, changes);
}

/// Where the policy host points; if its name was not found in one of the scans, that is not known.
fn provider_of_policy(old: &State, new: &State, changes: &mut Changes) {
    let found = |state: &State| state.stage.is_some_and(|stage| stage != PolicyStage::Dns);
    if found(old) && found(new) && old.policy_provider != new.policy_provider {
        let shown = |state: &State| state.policy_provider.as_deref().unwrap_or("no CNAME").to_owned();
        changes.add(Kind::PolicyProviderMoved, shown(old), shown(new));
    }
}

/// MX hosts of domains that have an MTA-STS record in both scans, and what the policy makes of them.
fn exchanges(old: &State, new: &State, changes: &mut Changes) {
    if !old.has_sts() || !new.has_sts() {
        return;
    }
    let known = |state: &State| state.mx_state != MxState::Unknown;
    if known(old) && known(new) && old.mx_hosts != new.mx_hosts {
        changes.add(Kind::MxChanged, old.mx_hosts.joined(), new.mx_hosts.joined());
        if old.mx_provider != new.mx_provider {
            let shown = |state: &State| state.mx_provider.as_deref().unwrap_or_default().to_owned();
            changes.add(Kind::MailProviderMoved, shown(old), shown(new));
        }
        stale(old, new, changes);
    }
    // What MX hosts showed is no change where only one scan asked them: then both are compared by the names in the policy.
    let asked = old.mail_servers.is_some() && new.mail_servers.is_some();
    let delivery = |state: &State| if asked { state.delivery } else { state.delivery_by_policy() };
    let (before, after) = (delivery(old), delivery(new));
    if let Some(now_refused) = refusal(before, after) {
        changes.add(if now_refused { Kind::NewlyRefused } else { Kind::RefusalFixed }, before.as_str(), after.as_str());
    }
}

/// Whether mail is refused now and was not, or the other way round; `None` where that is as it was, or not known.
fn refusal(before: Delivery, after: Delivery) -> Option<bool> {
    let refused = |delivery| matches!(delivery, Delivery::Partial | Delivery::Refused);
    let known = before != Delivery::Unknown && after != Delivery::Unknown;
    (known && refused(before) != refused(after)).then(|| refused(after))
}

/// TLS and certificates of the MX hosts that both scans have asked, of domains that have an MTA-STS record in both.
fn mail_servers(old: &State, new: &State, changes: &mut Changes) {
    let (Some(before), Some(after)) = (&old.mail_servers, &new.mail_servers) else { return };
    if !old.has_sts() || !new.has_sts() {
        return;
    }
    let both = || before.iter().filter_map(|server| Some((server, after.iter().find(|other| other.host == server.host)?)));
    // A host of which one of the scans does not know it has not changed.
    let turned = |of: fn(&MailServer) -> Option<bool>, to: bool| -> Names {
        both().filter(|(old, new)| of(old) == Some(!to) && of(new) == Some(to)).map(|(old, _)| old.host.clone()).collect()
    };
    for (gone, come, of, lacks, has) in [
        (Kind::MxTlsGone, Kind::MxTlsAdded, MailServer::tls as fn(&MailServer) -> Option<bool>, "no TLS", "TLS"),
        (Kind::MxCertBroken, Kind::MxCertFixed, MailServer::certificate, "not valid", "valid"),
    ] {
        let (broken, fixed) = (turned(of, false), turned(of, true));
        if !broken.is_empty() {
            changes.add(gone, has, format!("{lacks}: {}", broken.joined()));
        }
        if !fixed.is_empty() {
            changes.add(come, format!("{lacks}: {}", fixed.joined()), has);
        }
    }
}

/// DANE, of domains that both scans have looked up.
fn dane(old: &State, new: &State, changes: &mut Changes) {
    use DaneState::{Absent, Bogus, Insecure, Mismatch, Partial, Unknown, Unusable, Valid};
    let (Some(before), Some(after)) = (old.dane, new.dane) else { return };
    // Without a conversation no scan can see a mismatch, so that both have to have held one, or neither.
    let alike = old.mail_servers.is_some() == new.mail_servers.is_some();
    let mut add = |kind| changes.add(kind, before.as_str(), after.as_str());
    match (before, after) {
        // Somebody's failure to answer is no change.
        (Unknown | Bogus, _) | (_, Unknown | Bogus) => {}
        (Valid | Partial, Mismatch) if alike => add(Kind::DaneStale),
        (Mismatch, Valid | Partial) if alike => add(Kind::DaneFixed),
        (Mismatch, Absent) => add(Kind::DaneFixed),
        (Absent, Valid | Partial | Mismatch) => add(Kind::DaneAdopted),
        (Valid | Partial, Absent) => add(Kind::DaneDropped),
        (Absent | Valid | Partial | Mismatch | Unusable | Insecure, Absent | Valid | Partial | Mismatch | Unusable | Insecure) => {}
    }
    if let (Some(before), Some(after)) = (old.delivery_dane, new.delivery_dane)
        && alike
        && let Some(now_refused) = refusal(before, after)
    {
        changes.add(if now_refused { Kind::DaneRefused } else { Kind::DaneRefusalFixed }, before.as_str(), after.as_str());
    }
}

/// The policy allows every former MX host and not every present one.
fn stale(old: &State, new: &State, changes: &mut Changes) {
    let Some(patterns) = new.patterns.as_ref().filter(|_| matches!(new.posture, Posture::Testing | Posture::Enforce)) else { return };
    let uncovered = new.uncovered_by(patterns);
    if !old.mx_hosts.is_empty() && !uncovered.is_empty() && old.uncovered_by(patterns).is_empty() {
        changes.add(Kind::MxStale, old.mx_hosts.joined(), format!("not allowed: {}", uncovered.join(" ")));
    }
}

fn reports(old: Side<'_>, new: Side<'_>, changes: &mut Changes) {
    use RecordState::{Absent, Invalid, Multiple, Unknown, Valid};
    let (before, after) = (old.tlsrpt(), new.tlsrpt());
    let mut add = |kind| changes.add(kind, before.as_str(), after.as_str());
    match (before, after) {
        (Unknown, _) | (_, Unknown) => return,
        (Absent, Absent) => {}
        (Absent, Valid) => add(Kind::TlsrptAdopted),
        (Absent, Invalid | Multiple) => {
            add(Kind::TlsrptAdopted);
            add(Kind::TlsrptBroken);
        }
        (_, Absent) => add(Kind::TlsrptDropped),
        (Valid, Invalid | Multiple) => add(Kind::TlsrptBroken),
        (Invalid | Multiple, Valid) => add(Kind::TlsrptFixed),
        (Valid, Valid) | (Invalid | Multiple, Invalid | Multiple) => {}
    }
    if let (Side::Known(old), Side::Known(new)) = (old, new)
        && (before, after) == (Valid, Valid)
        && old.rua != new.rua
    {
        changes.add(Kind::RuaChanged, old.rua.joined(), new.rua.joined());
    }
}
