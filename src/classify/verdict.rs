//! What was found of a mail server, before it is known how much it matters: that depends on the policy and on DANE.

use crate::parse::policy::Mode;

use super::findings::Findings;
use super::rule::{Code, Severity};

/// Whether a sender could deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passes,
    Fails,
    /// It is not known, which is no verdict.
    Untested,
}

impl Verdict {
    /// The same, if something is against it already; else it is not known.
    pub(super) const fn or_open(self) -> Self {
        match self {
            Self::Fails => Self::Fails,
            Self::Passes | Self::Untested => Self::Untested,
        }
    }

    /// Of several addresses: a sender goes on to the next until one lets it deliver. Those that were not tested say nothing beside others.
    pub(super) fn of_addresses(verdicts: impl Iterator<Item = Self>) -> Self {
        verdicts.fold(Self::Untested, |best, verdict| match (best, verdict) {
            (Self::Passes, _) | (_, Self::Passes) => Self::Passes,
            (Self::Fails, _) | (_, Self::Fails) => Self::Fails,
            (Self::Untested, Self::Untested) => Self::Untested,
        })
    }
}

/// How much a remark weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// It stops senders under MTA-STS, and, if there is no session at all, those with DANE.
    Stops { session: bool },
    /// As the catalogue has it.
    Fact,
    /// It kept something from being determined.
    Open,
}

/// Something to be said of a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub code: Code,
    pub detail: String,
    weight: Weight,
}

impl Remark {
    /// What stops a sender under MTA-STS.
    pub(super) const fn stops(code: Code, detail: String) -> Self {
        Self { code, detail, weight: Weight::Stops { session: true } }
    }

    /// What stops every sender that insists on TLS.
    pub(super) const fn bars(code: Code, detail: String) -> Self {
        Self { code, detail, weight: Weight::Stops { session: false } }
    }

    /// What the catalogue rates.
    pub(super) const fn fact(code: Code, detail: String) -> Self {
        Self { code, detail, weight: Weight::Fact }
    }

    /// What kept the server from being tested.
    pub(super) const fn open(code: Code, detail: String) -> Self {
        Self { code, detail, weight: Weight::Open }
    }

    /// Adds the finding. `mode`: of a policy in force; `bound`: whether DANE has senders insist on TLS with this server.
    pub(super) fn add(&self, subject: &str, place: &str, mode: Option<Mode>, bound: bool, findings: &mut Findings) {
        let detail = match (place, self.detail.as_str()) {
            ("", detail) => detail.to_owned(),
            (place, "") => place.to_owned(),
            (place, detail) => format!("{place}: {detail}"),
        };
        match self.weight {
            Weight::Open => findings.add_open(self.code, subject, detail),
            Weight::Fact => findings.add(self.code, subject, detail),
            Weight::Stops { session } => {
                let severity = match mode {
                    Some(Mode::Enforce) => Severity::High,
                    _ if bound && !session => Severity::High,
                    Some(Mode::Testing) => Severity::Medium,
                    Some(Mode::None) | None => Severity::Low,
                };
                findings.add_rated(self.code, severity, subject, detail);
            }
        }
    }
}
