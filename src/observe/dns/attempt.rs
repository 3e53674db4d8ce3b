//! What asking one server once brought: an answer and what it says, or why there is none.

use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;

use super::answer::{self, Answer, ResourceRecord};
use super::message::{Header, Message, NOERROR, NXDOMAIN, REFUSED, SERVFAIL};
use super::question::Question;
use crate::evidence::{Lookup, Outcome};

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
    pub(super) fn weight(&self) -> u8 {
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

/// What one resolver brought.
pub(super) struct Attempt<R> {
    /// What became of the question.
    pub(super) outcome: Outcome,
    detail: Option<String>,
    rcode: Option<u16>,
    authenticated: bool,
    tcp: bool,
    /// How long the answer took.
    pub(super) rtt: Option<Duration>,
    answer: Option<Answer<R>>,
    /// Queries sent for it.
    pub(super) sent: u16,
    /// Who was asked.
    pub(super) resolver: Option<SocketAddr>,
    /// How long an answer was waited for in vain; zero where the failure was told at once.
    pub(super) waited: Duration,
}

impl<R> Attempt<R> {
    /// An attempt without an answer.
    pub(super) fn failed(outcome: Outcome, rcode: Option<u16>, detail: Option<String>) -> Self {
        Self {
            outcome,
            detail,
            rcode,
            authenticated: false,
            tcp: false,
            rtt: None,
            answer: None,
            sent: 0,
            resolver: None,
            waited: Duration::ZERO,
        }
    }

    /// Which of two attempts says more.
    pub(super) fn weight(&self) -> u8 {
        match self.outcome {
            outcome if outcome.is_conclusive() => 4,
            Outcome::Servfail | Outcome::Refused | Outcome::OtherRcode => 3,
            Outcome::Malformed => 2,
            Outcome::LocalError => 1,
            _ => 0,
        }
    }

    /// Notes the attempt as what became of a lookup.
    pub(super) fn fill(self, lookup: &mut Lookup<R>) {
        lookup.outcome = self.outcome;
        lookup.detail = self.detail;
        lookup.rcode = self.rcode;
        lookup.authenticated = self.authenticated;
        lookup.tcp = self.tcp;
        lookup.rtt_us = self.rtt.map(|rtt| u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX));
        lookup.resolver = self.resolver;
        if let Some(answer) = self.answer {
            (lookup.cname_chain, lookup.records, lookup.ttl) = (answer.chain, answer.records, answer.ttl);
        }
    }
}

impl<R> From<Failure> for Attempt<R> {
    fn from(failure: Failure) -> Self {
        let (outcome, rcode, detail) = failure.outcome();
        Self::failed(outcome, rcode, detail)
    }
}

/// What a reply says. Negative answers without records are not decoded further.
pub(super) fn interpret<R: ResourceRecord>(message: &Message, tcp: bool) -> Attempt<R> {
    let mut attempt = Attempt::failed(Outcome::Malformed, Some(message.rcode), None);
    (attempt.authenticated, attempt.tcp, attempt.rtt) = (message.header.is_authenticated(), tcp, Some(message.rtt));
    attempt.outcome = match message.rcode {
        NOERROR | NXDOMAIN => {
            match records(message) {
                Ok(answer) => attempt.answer = answer,
                Err(fault) => {
                    attempt.detail = Some(fault.to_owned());
                    return attempt;
                }
            }
            let found = attempt.answer.as_ref().is_some_and(|answer| !answer.records.is_empty());
            match (message.rcode, found) {
                (NXDOMAIN, _) => Outcome::Nxdomain,
                (_, true) => Outcome::Noerror,
                (_, false) => Outcome::Nodata,
            }
        }
        SERVFAIL => Outcome::Servfail,
        REFUSED => Outcome::Refused,
        _ => Outcome::OtherRcode,
    };
    attempt
}

/// The answer section of a success or an NXDOMAIN; the latter may hold the CNAMEs that led there, but no record.
fn records<R: ResourceRecord>(message: &Message) -> Result<Option<Answer<R>>, &'static str> {
    if message.header.is_truncated() {
        return Err("truncated answer over TCP");
    }
    if message.referral {
        return Err("referral instead of an answer: the server does not resolve recursively");
    }
    let mut answer = None;
    if message.header.answers > 0 {
        answer = Some(answer::read(&message.octets, message.question_end, message.header.answers)?);
    }
    if !message.whole {
        return Err("message that is cut or goes on behind its last record");
    }
    if let Some(answer) = answer.as_mut().filter(|_| message.rcode == NXDOMAIN) {
        answer.records = Vec::new();
    }
    Ok(answer)
}

/// What a message says as the reply to a question for records at a name; `None` where it answers something else.
pub(super) fn read<R: ResourceRecord>(name: &str, octets: &[u8], tcp: bool, rtt: Duration) -> Option<Attempt<R>> {
    let question = Question::new(name, R::TYPE).ok()?;
    let message = Message::accept(Header::read(octets)?, octets, &question, rtt)?;
    Some(interpret(&message, tcp))
}

/// What a lookup makes of a message as the reply to its question, without any network; `None` where it answers something else.
/// For the fuzzer.
#[doc(hidden)]
pub fn read_reply<R: ResourceRecord>(name: &str, octets: &[u8], tcp: bool) -> Option<Lookup<R>> {
    let mut lookup = Lookup::unsent(name.to_owned(), Outcome::Malformed);
    read(name, octets, tcp, Duration::ZERO)?.fill(&mut lookup);
    Some(lookup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_failure_is_a_fact_about_a_domain() {
        let failures = [Failure::Silence(String::new()), Failure::Local(String::new()), Failure::Excluded, Failure::Rcode(9)];
        let more = [Failure::Unusable(String::new()), Failure::Unresolved(String::new()), Failure::Rcode(2), Failure::Rcode(3)];
        for failure in failures.into_iter().chain(more) {
            assert!(!failure.clone().outcome().0.is_conclusive(), "{failure:?}");
        }
    }
}
