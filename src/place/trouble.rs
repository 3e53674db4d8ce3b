//! What a store says when it does not do what it was asked for, in one sentence that says what to do.

use std::error::Error;
use std::io;

use object_store::Error as StoreError;
use thiserror::Error as ThisError;

/// Why a store did not do what it was asked for.
#[derive(Clone, Debug, ThisError)]
#[error("{text}")]
pub(super) struct Trouble {
    text: String,
    kind: Kind,
}

/// What can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It may pass: the same command continues later.
    Passing,
    /// It stays until somebody changes something.
    Refused,
    /// The store cannot do it at all.
    Unsupported,
    /// There is no such object.
    Missing,
    /// The object is not the one that was expected, or is there where none was.
    Conflict,
}

impl Trouble {
    pub(super) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { text: text.into(), kind }
    }

    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::new(Kind::Refused, text)
    }

    pub(super) fn passing(text: impl Into<String>) -> Self {
        Self::new(Kind::Passing, text)
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        if let Some(trouble) = causes(&error).find_map(|cause| cause.downcast_ref::<Self>()) {
            return trouble.clone();
        }
        match &error {
            StoreError::NotFound { .. } => Self::new(Kind::Missing, "there is no such object"),
            StoreError::AlreadyExists { .. } => Self::new(Kind::Conflict, "it is there already"),
            StoreError::Precondition { .. } | StoreError::NotModified { .. } => Self::new(Kind::Conflict, "it has been changed meanwhile"),
            StoreError::NotImplemented { .. } | StoreError::NotSupported { .. } => Self::new(Kind::Unsupported, "the store cannot do that"),
            // Where credentials are read, and where an answer is none: the innermost words say most.
            other => Self::refused(causes(other).last().map_or_else(|| other.to_string(), ToString::to_string)),
        }
    }
}

/// An error and what it comes from.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> Self {
        let kind = match trouble.kind {
            Kind::Missing => io::ErrorKind::NotFound,
            Kind::Unsupported => io::ErrorKind::Unsupported,
            Kind::Conflict => io::ErrorKind::AlreadyExists,
            Kind::Passing | Kind::Refused => io::ErrorKind::Other,
        };
        Self::new(kind, trouble)
    }
}

/// Whether a store failed us in a way that may pass: the same command continues later.
pub(crate) fn is_passing(error: &io::Error) -> bool {
    let trouble = error.get_ref().and_then(|inner| inner.downcast_ref::<Trouble>());
    trouble.is_some_and(|trouble| trouble.kind == Kind::Passing)
}
