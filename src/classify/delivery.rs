//! What the state of a deployment means for mail: posture and delivery.

use crate::parse::policy::Mode;

use super::assessment::{Coverage, Delivery, PolicyStage, Posture, RecordState};

/// What is known of a policy for the question what senders do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is none that the sender would use.
    Unusable,
    /// Whether there is one is not known.
    Unknown,
    /// One that asks for this.
    Usable(Mode),
}

/// To whom a sender with an enforced policy may deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destinations {
    /// The MX hosts are not known.
    Unknown,
    /// Nobody delivers: null MX, or no such domain.
    Nowhere,
    /// MX hosts, of which so many match; `None` if the policy has no pattern.
    Hosts(Option<Coverage>),
}

/// The state of the deployment in one word.
pub(super) fn posture(sts: RecordState, policy: Standing) -> Posture {
    match (sts, policy) {
        (RecordState::Absent, _) => Posture::Absent,
        (RecordState::Invalid | RecordState::Multiple, _) => Posture::Broken,
        (RecordState::Unknown, _) | (RecordState::Valid, Standing::Unknown) => Posture::Unknown,
        (RecordState::Valid, Standing::Unusable) => Posture::Broken,
        (RecordState::Valid, Standing::Usable(Mode::None)) => Posture::None,
        (RecordState::Valid, Standing::Usable(Mode::Testing)) => Posture::Testing,
        (RecordState::Valid, Standing::Usable(Mode::Enforce)) => Posture::Enforce,
    }
}

/// What is known of the policy after its retrieval. `mode` is that of the text, if the text is a policy to the sender in question.
pub(super) fn standing(stage: Option<PolicyStage>, transient: bool, mode: Option<Mode>) -> Standing {
    match (stage, mode) {
        (Some(PolicyStage::Ok | PolicyStage::Syntax), Some(mode)) => Standing::Usable(mode),
        (Some(PolicyStage::Ok | PolicyStage::Syntax), None) => Standing::Unusable,
        (Some(_), _) if !transient => Standing::Unusable,
        _ => Standing::Unknown,
    }
}

/// What a sender does that finds a record of this kind (`None`: cannot know) and a policy of this standing.
pub(super) fn delivery(has_record: Option<bool>, policy: Standing, destinations: Destinations) -> Delivery {
    match (has_record, policy) {
        (None, _) => Delivery::Unknown,
        (Some(false), _) | (_, Standing::Unusable | Standing::Usable(Mode::None)) => Delivery::Opportunistic,
        (_, Standing::Unknown) => Delivery::Unknown,
        (_, Standing::Usable(_)) if destinations == Destinations::Nowhere => Delivery::Opportunistic,
        (_, Standing::Usable(Mode::Testing)) => Delivery::Reported,
        (_, Standing::Usable(Mode::Enforce)) => match destinations {
            Destinations::Unknown => Delivery::Unknown,
            Destinations::Nowhere => Delivery::Opportunistic,
            Destinations::Hosts(Some(Coverage::All)) => Delivery::Protected,
            Destinations::Hosts(Some(Coverage::Some)) => Delivery::Partial,
            Destinations::Hosts(Some(Coverage::None) | None) => Delivery::Refused,
        },
    }
}
