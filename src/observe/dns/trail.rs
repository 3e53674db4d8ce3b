//! What one lookup met on its way: kept beside the task that makes it, because hickory turns most causes into text.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;

use super::header::{REFUSED, SERVFAIL};
use crate::evidence::Outcome;

/// Why a question to a server brought nothing to go on with.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum Failure {
    /// No answer in time, or nobody listens.
    #[error("{0}")]
    Silence(String),
    /// This machine could not ask.
    #[error("{0}")]
    Local(String),
    /// The server is on the opt-out list.
    #[error("the name server is on the opt-out list")]
    Excluded,
    /// An answer that is none: unreadable, or of a server that does not know the zone.
    #[error("{0}")]
    Unusable(String),
    /// The way to a server could not be found, which a resolver would call SERVFAIL.
    #[error("{0}")]
    Unresolved(String),
    /// The server answered with an error.
    #[error("answers {}", rcode_name(*.0))]
    Rcode(u16),
}

impl Failure {
    /// The outcome of a lookup that ends so, its response code and its particulars.
    pub(super) fn outcome(self) -> (Outcome, Option<u16>, Option<String>) {
        match self {
            Self::Silence(text) => (Outcome::Timeout, None, Some(text)),
            Self::Local(text) => (Outcome::LocalError, None, Some(text)),
            Self::Excluded => (Outcome::Excluded, None, Some(self.to_string())),
            Self::Unusable(text) => (Outcome::Malformed, None, Some(text)),
            Self::Unresolved(text) => (Outcome::Servfail, None, Some(text)),
            Self::Rcode(SERVFAIL) => (Outcome::Servfail, Some(SERVFAIL), None),
            Self::Rcode(REFUSED) => (Outcome::Refused, Some(REFUSED), None),
            Self::Rcode(rcode) => (Outcome::OtherRcode, Some(rcode), None),
        }
    }

    /// Which of two failures says more.
    fn weight(&self) -> u8 {
        match self {
            Self::Silence(_) => 0,
            Self::Local(_) => 1,
            Self::Excluded => 2,
            Self::Unresolved(_) => 3,
            Self::Unusable(_) => 4,
            Self::Rcode(_) => 5,
        }
    }
}

fn rcode_name(rcode: u16) -> String {
    match rcode {
        SERVFAIL => "SERVFAIL".to_owned(),
        REFUSED => "REFUSED".to_owned(),
        other => format!("response code {other}"),
    }
}

/// The notes of one lookup.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    /// Queries sent.
    pub(super) queries: u16,
    /// Whether the last answer came over TCP.
    pub(super) tcp: bool,
    /// The server that answered last, or was asked last.
    pub(super) server: Option<SocketAddr>,
    /// How long the last answer took.
    pub(super) rtt: Option<Duration>,
    /// How long questions waited for their turn by our own limits.
    pub(super) waited: Duration,
    /// The failure that says most.
    pub(super) failure: Option<Failure>,
}

/// Notes that the lookup and the task that makes it share.
pub(super) type Trail = Arc<Mutex<Notes>>;

tokio::task_local! {
    /// The notes of the lookup for which the present task works.
    static TRAIL: Trail;
}

/// Runs a lookup whose notes go to `trail`.
pub(super) async fn follow<F: Future>(trail: Trail, lookup: F) -> F::Output {
    TRAIL.scope(trail, lookup).await
}

/// Notes something for the lookup for which the present task works; nothing where it works for none.
pub(super) fn note(write: impl FnOnce(&mut Notes)) {
    let _ = TRAIL.try_with(|trail| write(&mut trail.lock().unwrap_or_else(PoisonError::into_inner)));
}

/// Notes a failure, unless one that says more is noted already.
pub(super) fn note_failure(failure: &Failure) {
    note(|notes| {
        if notes.failure.as_ref().is_none_or(|noted| noted.weight() <= failure.weight()) {
            notes.failure = Some(failure.clone());
        }
    });
}

/// The notes so far.
pub(super) fn read(trail: &Trail) -> Notes {
    trail.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_failure_that_says_most_is_kept() {
        let trail = Trail::default();
        note_failure(&Failure::Rcode(5));
        follow(Arc::clone(&trail), async {
            note_failure(&Failure::Silence("no answer in 2000 ms".to_owned()));
            note_failure(&Failure::Rcode(REFUSED));
            note_failure(&Failure::Local("too many open files".to_owned()));
            note(|notes| notes.queries += 3);
        })
        .await;
        let notes = read(&trail);
        assert_eq!((notes.queries, notes.failure), (3, Some(Failure::Rcode(REFUSED))));
    }

    #[test]
    fn no_failure_is_a_fact_about_a_domain() {
        let failures = [Failure::Silence(String::new()), Failure::Local(String::new()), Failure::Excluded, Failure::Rcode(9)];
        let more = [Failure::Unusable(String::new()), Failure::Unresolved(String::new()), Failure::Rcode(2), Failure::Rcode(3)];
        for failure in failures.into_iter().chain(more) {
            assert!(!failure.clone().outcome().0.is_conclusive(), "{failure:?}");
        }
    }
}
