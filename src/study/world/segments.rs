//! Domains that are alike: how many, where they receive mail, what is wrong with them.

use super::hosts::{Door, Host, Mail, MxCertificates};
use crate::lab::case::Case;

/// So many domains of one host that are alike.
pub(super) struct Segment {
    pub(super) count: u64,
    /// Name of the case.
    pub(super) name: &'static str,
    /// What is the matter with them, or from where in the paper the count is.
    pub(super) about: &'static str,
    pub(super) mail: Mail,
    pub(super) mode: Mode,
    pub(super) door: Door,
    /// The certificates of its MX hosts.
    pub(super) mx: MxCertificates,
    /// What is wrong, and what follows.
    pub(super) change: fn(Case) -> Case,
}

/// The policy's mode, of which the paper says little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Enforce,
    Testing,
    /// Both in turn.
    Either,
}

/// So many domains with mail of their own, mode enforce and this fault.
pub(super) const fn faulty(count: u64, name: &'static str, about: &'static str, change: fn(Case) -> Case) -> Segment {
    Segment { count, name, about, mail: Mail::Own, mode: Mode::Enforce, door: Door::Open, mx: MxCertificates::Valid, change }
}

/// So many domains where all is right.
pub(super) const fn healthy(count: u64, name: &'static str, about: &'static str) -> Segment {
    Segment { mode: Mode::Either, ..faulty(count, name, about, |case| case) }
}

impl Segment {
    pub(super) const fn mail(self, mail: Mail) -> Self {
        Self { mail, ..self }
    }

    pub(super) const fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    pub(super) const fn door(self, door: Door) -> Self {
        Self { door, ..self }
    }

    pub(super) const fn mx(self, mx: MxCertificates) -> Self {
        Self { mx, ..self }
    }
}

/// A host and all that is served there.
pub(super) struct Group {
    pub(super) host: Host,
    pub(super) segments: &'static [Segment],
}

/// A segment and the rank of one of its domains, in the segment and in its group.
pub(super) struct Found {
    pub(super) host: Host,
    pub(super) segment: &'static Segment,
    pub(super) in_segment: u64,
    pub(super) in_group: u64,
}

/// The segment of a place, counted through all groups; `None` behind their end.
pub(super) fn find(groups: impl IntoIterator<Item = &'static Group>, place: u64) -> Option<Found> {
    let mut rest = place;
    for group in groups {
        let mut before = 0;
        for segment in group.segments {
            if rest < segment.count {
                return Some(Found { host: group.host, segment, in_segment: rest, in_group: before + rest });
            }
            rest -= segment.count;
            before += segment.count;
        }
    }
    None
}
