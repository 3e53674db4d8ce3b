//! The comparison of two states of a domain: what has changed.

use super::change::{Change, Kind};
use super::findings;
use super::side::{AskedOfAll, Side};
use super::state::{MailServer, Names, State};
use crate::classify::codes::{self, Code};
use crate::classify::{DaneState, Delivery, MxState, PolicyStage, Posture, RecordState};

/// What is to be known of two scans to compare a domain of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scans {
    /// How many seconds they are apart; `None`: not known.
    pub(super) gap: Option<i64>,
    /// What they asked of every domain.
    pub(super) asked: [AskedOfAll; 2],
}

/// What has changed between two scans.
pub(super) fn compare(old: Side<'_>, new: Side<'_>, scans: Scans) -> Vec<Change> {
    let mut changes = Changes::default();
    match (old, new) {
        (Side::Missing, _) => changes.add(Kind::OnlyNew, "", new.posture().as_str()),
        (_, Side::Missing) => changes.add(Kind::OnlyOld, old.posture().as_str(), ""),
        _ => {
            postures(old, new, scans.gap, &mut changes);
            if let (Side::Known(old), Side::Known(new)) = (old, new) {
                policies(old, new, &mut changes);
                exchanges(old, new, &mut changes);
                mail_servers(old, new, &mut changes);
                dane(old, new, &mut changes);
            }
            reports(old, new, &mut changes);
            let [asked_before, asked_after] = scans.asked;
            changes.0.extend(findings::compare((old, asked_before), (new, asked_after)));
        }
    }
    changes.0.sort_by_key(|change| change.kind);
    changes.0
}

#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, kind: Kind, before: impl Into<String>, after: impl Into<String>) {
        self.0.push(Change { kind, before: before.into(), after: after.into(), code: None, severity: None });
    }

    fn add_finding(&mut self, kind: Kind, code: Code, before: impl Into<String>, after: impl Into<String>) {
        self.0.push(Change { kind, before: before.into(), after: after.into(), code: Some(code), severity: None });
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
