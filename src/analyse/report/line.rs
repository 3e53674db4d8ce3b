//! A domain as it stands in the list of a report, and the order of that list: what loses mail first.

use std::cmp::{Ordering, Reverse};

use crate::classify::{Delivery, MxState, Posture, Severity};
use crate::vocabulary::vocabulary;

use super::entry::Place;

vocabulary! {
    /// How soon somebody has to see to a domain, the most urgent first.
    pub enum Urgency {
        /// Senders that follow the RFC deliver to none of the MX hosts.
        Refused = "refused",
        /// They refuse some of the MX hosts.
        Partial = "partial",
        /// Only forgiving senders refuse MX hosts.
        LenientRefused = "refused-by-lenient",
        /// The worst finding is of severity high.
        High = "high",
        /// The worst finding is of severity medium.
        Medium = "medium",
        /// It could not be found out what senders do.
        Unknown = "unknown",
        /// Mail comes in and nothing protects it: no MTA-STS, or none that has an effect.
        Unprotected = "unprotected",
        /// The worst finding is of severity low.
        Low = "low",
        /// Nothing to fix.
        Fine = "fine",
    }
}

impl Urgency {
    /// The urgency of a judgement.
    pub const fn of(mx: MxState, delivery: Delivery, lenient: Delivery, worst: Option<Severity>) -> Self {
        match (delivery, lenient, worst) {
            (Delivery::Refused, ..) => Self::Refused,
            (Delivery::Partial, ..) => Self::Partial,
            (_, Delivery::Refused | Delivery::Partial, _) => Self::LenientRefused,
            (.., Some(Severity::High)) => Self::High,
            (.., Some(Severity::Medium)) => Self::Medium,
            (Delivery::Unknown, ..) => Self::Unknown,
            (Delivery::Opportunistic, ..) if matches!(mx, MxState::Present | MxState::None) => Self::Unprotected,
            (.., Some(Severity::Low)) => Self::Low,
            (.., Some(Severity::Info) | None) => Self::Fine,
        }
    }

    /// Whether somebody has to do something: mail is refused, or the worst finding is high or medium.
    pub fn is_work(self) -> bool {
        self <= Self::Medium
    }
}

/// A domain in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The domain.
    pub domain: String,
    /// Its rank in the scanned list.
    pub rank: Option<i32>,
    /// Column `posture`; a word that this version does not know is unknown.
    pub posture: Posture,
    /// How soon it has to be seen to.
    pub urgency: Urgency,
    /// Whether senders have reported failed sessions that one of its findings explains.
    pub is_confirmed: bool,
    /// Column `worst`.
    pub worst: Option<Severity>,
    /// Its findings, each code once, as places in the report's codes.
    pub codes: Vec<u32>,
    /// Provider of mail, as a place in the report's names.
    pub mail: Option<u32>,
    /// Provider of the policy, likewise.
    pub policy_host: Option<u32>,
    /// Carried cells by column, likewise.
    pub carried: Vec<Option<u32>>,
    /// Findings of severity high.
    pub(super) high: usize,
    pub(super) place: Place,
}

/// The order of the list: what senders have met already, urgency, broken deployments, the number of severe findings, rank, name.
pub(super) fn most_urgent_first(a: &Summary, b: &Summary) -> Ordering {
    let key = |line: &Summary| {
        (!line.is_confirmed, line.urgency, line.posture != Posture::Broken, Reverse(line.high), line.rank.unwrap_or(i32::MAX))
    };
    key(a).cmp(&key(b)).then_with(|| a.domain.cmp(&b.domain)).then_with(|| a.place.cmp(&b.place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loses_mail_comes_first() {
        let of = |delivery, worst| Urgency::of(MxState::Present, delivery, delivery, worst);
        let order = [
            of(Delivery::Refused, None),
            of(Delivery::Partial, Some(Severity::High)),
            Urgency::of(MxState::Present, Delivery::Opportunistic, Delivery::Refused, Some(Severity::High)),
            of(Delivery::Opportunistic, Some(Severity::High)),
            of(Delivery::Unknown, Some(Severity::Medium)),
            of(Delivery::Unknown, Some(Severity::Low)),
            of(Delivery::Opportunistic, Some(Severity::Info)),
            of(Delivery::Protected, Some(Severity::Low)),
            of(Delivery::Protected, Some(Severity::Info)),
        ];
        assert_eq!(order, Urgency::ALL);
        assert_eq!(Urgency::of(MxState::Null, Delivery::Opportunistic, Delivery::Opportunistic, None), Urgency::Fine);
    }
}
