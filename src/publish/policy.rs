//! The text of a policy: the one that is published where it will do, else one of the values that are right.

use super::hosts::Hosts;
use super::lint;
use super::text::{self, DAY, WEEK, YEAR, with_crlf};
use super::wishes::Wishes;
use crate::classify::{Assessment, Severity, retrieved_text};
use crate::evidence::Evidence;
use crate::parse::mx_pattern::{PatternMatch, matches};
use crate::parse::policy::{self, Mode};

/// What is published now, as far as it could be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Published {
    /// The body.
    body: Option<Vec<u8>>,
    /// The text of a valid one, lines ended by CRLF.
    text: Option<String>,
    /// Whether `lint` has nothing to say of it that is more than a remark.
    is_fine: bool,
    pub(super) mode: Option<Mode>,
    pub(super) max_age: Option<u64>,
    pub(super) mx: Vec<String>,
}

impl Published {
    pub(super) fn of(evidence: &Evidence, assessment: &Assessment) -> Self {
        let mode = assessment.policy_mode.as_deref().and_then(|word| Mode::from_word(&word.to_ascii_lowercase()));
        let max_age = assessment.policy_max_age.and_then(|seconds| u64::try_from(seconds).ok());
        let mx = assessment.policy_mx.clone().unwrap_or_default();
        let Some(body) = retrieved_text(evidence) else { return Self { mode, max_age, mx, ..Self::default() } };
        let parsed = policy::parse(&body);
        let text = std::str::from_utf8(&body).ok().filter(|_| parsed.valid).map(with_crlf);
        let is_fine = text.as_deref().is_some_and(|text| lint::policy(text.as_bytes()).is_none_or(|said| said.severity > Severity::Low));
        Self { body: Some(body), text, is_fine, mode, max_age, mx }
    }

    /// Whether it is this text. What is served anew has to be it octet for octet, as `diff` compares them; what stays as it is may end its
    /// lines otherwise.
    pub(super) fn is(&self, text: &str, is_served_anew: bool) -> bool {
        self.body.as_deref() == Some(text.as_bytes()) || (!is_served_anew && self.text.as_deref() == Some(text))
    }

    /// The text that is published, where nothing has to change.
    fn as_it_is(&self, mode: Mode, hosts: &Hosts, wishes: &Wishes) -> Option<String> {
        let right_values = self.mode == Some(mode) && wishes.max_age.is_none_or(|wished| Some(wished) == self.max_age);
        let is_match = |pattern: &String, host: &String| matches(pattern, host) == PatternMatch::Match;
        let covers = hosts.named.iter().all(|host| self.mx.iter().any(|pattern| is_match(pattern, host)));
        let is_stale = |pattern: &String| !hosts.named.iter().any(|host| is_match(pattern, host));
        let is_too_wide = |pattern: &String| hosts.unnameable.iter().any(|(host, _)| is_match(pattern, host));
        let right_names = covers && !self.mx.iter().any(|pattern| is_stale(pattern) || is_too_wide(pattern));
        self.text.clone().filter(|_| self.is_fine && right_values && (mode == Mode::None || right_names))
    }

    /// The text that is to be served.
    pub(super) fn corrected(&self, mode: Mode, hosts: &Hosts, wishes: &Wishes) -> String {
        if let Some(text) = self.as_it_is(mode, hosts, wishes) {
            return text;
        }
        let max_age = match (wishes.max_age, mode) {
            (Some(seconds), _) => seconds,
            (None, Mode::None) => DAY,
            (None, _) => self.max_age.unwrap_or(WEEK).clamp(WEEK, YEAR),
        };
        text::policy(mode, if mode == Mode::None { &[] } else { &hosts.patterns }, max_age)
    }
}
