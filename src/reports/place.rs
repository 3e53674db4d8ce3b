//! Where something is that is being read: in which file, mail and archive, how deep, and what it means if it is no report.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::envelope::Envelope;
use super::format::Format;
use super::gzip::Budget;
use super::limits::MAX_TEXT;
use super::quote::{Refusal, Warning};

/// What it means that something is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// A file by itself: it is refused.
    Alone,
    /// One of many, as a mail of a mailbox or a member of an archive: it may be about something else.
    Among,
    /// A part that says to be a report.
    Claimed,
    /// Another part of a mail: only what begins like a report and is damaged is told.
    Attached,
    /// The text of a mail: it may be a report, and nothing follows if it is none.
    Tried,
}

/// What becomes of something that gave no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Refused,
    WithoutReport,
    Ignored,
}

impl Manner {
    pub(super) fn verdict(self, refusal: Refusal) -> Verdict {
        use Refusal::{Empty, NoReport, NotTlsrpt, UnknownFormat};
        match (self, refusal) {
            (Self::Tried, _) | (Self::Attached, Empty | NoReport | NotTlsrpt | UnknownFormat) => Verdict::Ignored,
            (Self::Among, Empty | NoReport | UnknownFormat) => Verdict::WithoutReport,
            _ => Verdict::Refused,
        }
    }

    /// That of the members of an archive.
    fn of_members(self) -> Self {
        match self {
            Self::Alone => Self::Among,
            Self::Claimed => Self::Attached,
            other => other,
        }
    }
}

/// A place.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The file.
    pub(super) source: Rc<str>,
    /// Where in it: Message-ID, names of parts and members.
    pub(super) part: Option<String>,
    pub(super) envelope: Envelope,
    pub(super) manner: Manner,
    /// What name or media type say of the format.
    pub(super) claim: Option<Format>,
    /// What is odd about the way to it.
    pub(super) warnings: BTreeSet<Warning>,
    /// What everything around it may still unpack to.
    pub(super) budget: Rc<Budget>,
    pub(super) is_in_mail: bool,
    pub(super) mime_depth: u32,
    /// Compressions around it.
    pub(super) layers: u32,
    /// Tar files around it.
    pub(super) tars: u32,
}

impl Place {
    /// A file of this name.
    pub(super) fn file(source: &str, manner: Manner) -> Self {
        Self {
            source: source.into(),
            part: None,
            envelope: Envelope::default().within_file(source),
            manner,
            claim: super::format::claimed(None, Some(source)),
            warnings: BTreeSet::new(),
            budget: Rc::default(),
            is_in_mail: false,
            mime_depth: 0,
            layers: 0,
            tars: 0,
        }
    }

    /// The inside of a compressed file or part.
    pub(super) fn unpacked(&self) -> Self {
        Self { claim: None, layers: self.layers + 1, ..self.clone() }
    }

    /// A member of an archive, of which this is the inside.
    pub(super) fn member(&self, name: &str) -> Self {
        Self {
            envelope: self.envelope.within_file(name),
            manner: self.manner.of_members(),
            claim: super::format::claimed(None, Some(name)),
            ..self.below(name)
        }
    }

    /// The same with one more name behind.
    pub(super) fn below(&self, name: &str) -> Self {
        let name: String = name.chars().take(MAX_TEXT / 4).collect();
        let part = match &self.part {
            _ if name.is_empty() => self.part.clone(),
            Some(part) => Some(format!("{part} > {name}")),
            None => Some(name),
        };
        Self { part, ..self.clone() }
    }
}
