//! What of a domain is known from one scan, and what that scan could have seen of it.

use super::state::State;
use crate::classify::{DaneState, MxState, MxTls, PolicyStage, Posture, RecordState, Sight};
use crate::dataset::Manifest;
use crate::observe::scope::Scope;

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

impl Side<'_> {
    pub(super) fn posture(&self) -> Posture {
        match self {
            Self::Missing => Posture::Unknown,
            Self::Plain => Posture::Absent,
            Self::Known(state) => state.posture,
        }
    }

    pub(super) fn tlsrpt(&self) -> RecordState {
        match self {
            Self::Missing => RecordState::Unknown,
            Self::Plain => RecordState::Absent,
            Self::Known(state) => state.tlsrpt,
        }
    }

    fn mx_state(&self) -> MxState {
        match self {
            Self::Missing => MxState::Unknown,
            // Rows of which it is unknown are kept.
            Self::Plain => MxState::Present,
            Self::Known(state) => state.mx_state,
        }
    }

    pub(super) fn has_record(&self) -> bool {
        matches!(self, Self::Known(state) if state.has_record())
    }

    /// Whether the scan would have had a finding that takes this to be seen.
    pub(super) fn shows(&self, sight: Sight, asked: AskedOfAll) -> bool {
        let posture = self.posture();
        // Without a record there is nothing to be retrieved, and so nothing that would be wrong with it.
        let reached = |stages: &[PolicyStage]| {
            posture == Posture::Absent || matches!(self, Self::Known(state) if state.stage.is_some_and(|stage| stages.contains(&stage)))
        };
        match sight {
            Sight::Mx => self.mx_state() != MxState::Unknown,
            Sight::MxHosts => self.mx_state() != MxState::Unknown && (self.has_record() || self.has_asked_mail_servers(asked)),
            Sight::Deployment => posture != Posture::Unknown,
            Sight::Handshake => reached(&[PolicyStage::Tls, PolicyStage::Http, PolicyStage::Syntax, PolicyStage::Ok]),
            Sight::Response => reached(&[PolicyStage::Http, PolicyStage::Syntax, PolicyStage::Ok]),
            Sight::PolicyText => reached(&[PolicyStage::Syntax, PolicyStage::Ok]),
            Sight::Tlsrpt => self.tlsrpt() != RecordState::Unknown,
            Sight::MailServers => self.has_asked_mail_servers(asked),
            Sight::Dane => matches!(self, Self::Known(state) if state.dane.is_some_and(|dane| dane != DaneState::Unknown)),
            Sight::LookAround => asked.look_around && posture != Posture::Unknown,
        }
    }

    /// Whether the MX hosts were asked, and all of them could be tested.
    fn has_asked_mail_servers(&self, asked: AskedOfAll) -> bool {
        match self {
            Self::Missing => false,
            // Rows of which it is unknown are kept.
            Self::Plain => asked.mail_servers,
            Self::Known(state) => state.mx_tls.is_some_and(|mx_tls| mx_tls != MxTls::Unknown),
        }
    }
}

/// What a scan asked of every domain, by its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AskedOfAll {
    look_around: bool,
    mail_servers: bool,
}

impl AskedOfAll {
    /// By the manifest.
    pub(super) fn of(manifest: &Manifest) -> Self {
        let option = |name| manifest.run.configuration.get(name);
        Self {
            look_around: option("look-around").and_then(serde_json::Value::as_bool).unwrap_or(false),
            mail_servers: option("smtp").and_then(serde_json::Value::as_str) == Some(Scope::All.as_str()),
        }
    }
}
