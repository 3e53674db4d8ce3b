//! What is counted of every row: the states together, and what became of the three questions that every domain is asked.

use std::collections::HashMap;

use crate::classify::{MxState, Posture, RecordState};
use crate::evidence::Outcome;

use super::ranking::Ranking;

/// The questions that are asked of every domain, by their names in `evidence`.
pub(crate) const QUESTIONS: [&str; 3] = ["mx", "sts_txt", "tlsrpt_txt"];

/// Outcomes, and one more for words that this version does not know.
pub(crate) const OUTCOMES: usize = Outcome::ALL.len() + 1;

/// The states of a domain. A word that this version does not know counts as unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct States {
    pub(crate) mx: MxState,
    pub(crate) sts: RecordState,
    pub(crate) tlsrpt: RecordState,
    pub(crate) posture: Posture,
}

impl States {
    /// The states by their words.
    pub(crate) fn read(mx: Option<&str>, sts: Option<&str>, tlsrpt: Option<&str>, posture: Option<&str>) -> Self {
        Self {
            mx: mx.and_then(MxState::from_word).unwrap_or(MxState::Unknown),
            sts: record_state(sts),
            tlsrpt: record_state(tlsrpt),
            posture: posture.and_then(Posture::from_word).unwrap_or(Posture::Unknown),
        }
    }

    pub(crate) fn has_mx(self) -> bool {
        self.mx == MxState::Present
    }

    pub(crate) fn has_sts(self) -> bool {
        is_there(self.sts)
    }

    pub(crate) fn has_tlsrpt(self) -> bool {
        is_there(self.tlsrpt)
    }
}

/// The state of a record by its word.
pub(crate) fn record_state(word: Option<&str>) -> RecordState {
    word.and_then(RecordState::from_word).unwrap_or(RecordState::Unknown)
}

/// Whether there is a record, valid or not.
pub(crate) fn is_there(state: RecordState) -> bool {
    matches!(state, RecordState::Valid | RecordState::Invalid | RecordState::Multiple)
}

/// Counts of a group's rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    states: HashMap<States, u64>,
    /// By question and outcome.
    pub(crate) outcomes: [[u64; OUTCOMES]; QUESTIONS.len()],
    /// Questions that were asked more than once.
    pub(crate) repeated: [u64; QUESTIONS.len()],
    /// Domains with MX by the registrable domain of the most preferred MX host: all, with MTA-STS, unknown, with TLSRPT, unknown.
    pub(crate) mail_providers: Ranking<5>,
}

impl Survey {
    /// Adds a row.
    pub(crate) fn add(&mut self, states: States) {
        *self.states.entry(states).or_default() += 1;
    }

    /// Adds the mail provider of a row.
    pub(crate) fn add_mail_provider(&mut self, provider: &str, states: States) {
        let flags =
            [true, states.has_sts(), states.sts == RecordState::Unknown, states.has_tlsrpt(), states.tlsrpt == RecordState::Unknown];
        self.mail_providers.add(provider, flags.map(u64::from));
    }

    /// Adds what became of a question.
    pub(crate) fn add_outcome(&mut self, question: usize, outcome: Option<&str>, attempts: i32) {
        let index = outcome.and_then(Outcome::from_word).map_or(OUTCOMES - 1, |outcome| outcome as usize);
        if let Some(count) = self.outcomes.get_mut(question).and_then(|outcomes| outcomes.get_mut(index)) {
            *count += 1;
        }
        if let Some(count) = self.repeated.get_mut(question).filter(|_| attempts > 1) {
            *count += 1;
        }
    }

    /// Adds the counts of others.
    pub(crate) fn merge(&mut self, other: Self) {
        for (states, rows) in &other.states {
            *self.states.entry(*states).or_default() += rows;
        }
        let sums = self.outcomes.iter_mut().flatten().chain(&mut self.repeated);
        sums.zip(other.outcomes.iter().flatten().chain(&other.repeated)).for_each(|(sum, more)| *sum += more);
        self.mail_providers = std::mem::take(&mut self.mail_providers).merge(other.mail_providers);
    }

    /// How many rows are so.
    pub(crate) fn count(&self, so: impl Fn(States) -> bool) -> u64 {
        self.states.iter().filter(|(states, _)| so(**states)).map(|(_, rows)| rows).sum()
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.states.values().sum()
    }
}
