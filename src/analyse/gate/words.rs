//! The words of a gate, whatever they are about, and which domains met them.

use std::collections::BTreeSet;

use crate::classify::Severity;
use crate::escape::safe;

/// The word for what could not be determined.
pub const UNKNOWN: &str = "unknown";
/// Severities that can be named: what only tells a fact is no reason to fail.
pub const SEVERITIES: [Severity; 3] = [Severity::High, Severity::Medium, Severity::Low];
/// Domains that are named for each word.
const MAX_NAMED: usize = 3;

/// What a gate lets through: the words that were given, each with what it means.
#[derive(Clone, Debug)]
pub struct Gate<C> {
    /// As it was typed, and what it means; `None`: what could not be determined.
    words: Vec<(String, Option<C>)>,
}

/// How a gate closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something was judged bad.
    Bad,
    /// Nothing was, but something could not be determined, and that was to be told.
    Undetermined,
}

/// The severity that a word names.
pub fn severity(word: &str) -> Option<Severity> {
    Severity::from_word(word).filter(|severity| SEVERITIES.contains(severity))
}

impl<C> Gate<C> {
    /// Reads the values of the option: each is a condition with an operator, or words with commas between. `read` gives the meaning of one,
    /// or says what is known instead.
    ///
    /// # Errors
    /// The sentence of `read`, behind the word.
    pub fn read(values: &[String], read: impl Fn(&str) -> Result<C, String>) -> Result<Self, String> {
        let mut words: Vec<(String, Option<C>)> = Vec::new();
        for value in values {
            let parts: Vec<&str> = if value.contains(['=', '<', '>']) { vec![value] } else { value.split(',').collect() };
            for word in parts.into_iter().map(str::trim) {
                if words.iter().any(|(known, _)| known == word) {
                    continue;
                }
                let meaning = if word == UNKNOWN { None } else { Some(read(word).map_err(|known| format!("{:?}: {known}", safe(word)))?) };
                words.push((word.to_owned(), meaning));
            }
        }
        Ok(Self { words })
    }

    /// This gate, and before it a word that needs not be given.
    pub fn beside(mut self, word: &str, meaning: C) -> Self {
        if !self.words.iter().any(|(known, _)| known == word) {
            self.words.insert(0, (word.to_owned(), Some(meaning)));
        }
        self
    }

    /// Whether it lets everything through.
    pub fn is_open(&self) -> bool {
        self.words.is_empty()
    }

    /// What its words mean, but for `unknown`.
    pub fn conditions(&self) -> impl Iterator<Item = &C> {
        self.words.iter().filter_map(|(_, meaning)| meaning.as_ref())
    }

    /// Its words, which nothing has met yet.
    pub fn matches(&self) -> Matches {
        let word = |(word, meaning): &(String, Option<C>)| Matched {
            word: word.clone(),
            is_verdict: meaning.is_some(),
            domains: 0,
            first: Vec::new(),
        };
        Matches { words: self.words.iter().map(word).collect(), bad: Named::default(), open: Named::default() }
    }

    /// Notes which words a domain meets; `meets` says it of a condition and its place among [`Self::conditions`]. `is_unknown`: whether
    /// something of the domain could not be determined.
    pub fn judge(&self, domain: &str, is_unknown: bool, meets: impl Fn(usize, &C) -> bool, matches: &mut Matches) {
        let (mut is_bad, mut is_open, mut at) = (false, false, 0);
        for ((_, meaning), matched) in self.words.iter().zip(&mut matches.words) {
            let is_met = meaning.as_ref().map_or(is_unknown, |meaning| meets(at, meaning));
            at += usize::from(meaning.is_some());
            if is_met {
                matched.domains += 1;
                if matched.first.len() < MAX_NAMED {
                    matched.first.push(domain.to_owned());
                }
                *(if meaning.is_some() { &mut is_bad } else { &mut is_open }) = true;
            }
        }
        if is_bad {
            matches.bad.add(domain);
        }
        if is_open {
            matches.open.add(domain);
        }
    }
}

/// What met the words of a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matches {
    /// Each word, also those that nothing met.
    pub words: Vec<Matched>,
    bad: Named,
    open: Named,
}

/// A word of a gate and the domains that met it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// As it was typed.
    pub word: String,
    /// Whether to meet it is a verdict; else it is about what could not be determined.
    pub is_verdict: bool,
    /// How many domains met it.
    pub domains: u64,
    /// The first of them.
    pub first: Vec<String>,
}

/// Domains, of which the first are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Named {
    domains: u64,
    first: BTreeSet<String>,
}

impl Named {
    fn add(&mut self, domain: &str) {
        self.domains += 1;
        if self.first.len() < MAX_NAMED {
            self.first.insert(domain.to_owned());
        }
    }
}

impl Matches {
    /// How the gate closes; `None` where it stays open.
    pub fn verdict(&self) -> Option<Verdict> {
        match (self.bad.domains, self.open.domains) {
            (1.., _) => Some(Verdict::Bad),
            (0, 1..) => Some(Verdict::Undetermined),
            (0, 0) => None,
        }
    }

    /// What closes it, as `2 domains with high or sts-fetch-redirect: a.example and b.example`; `None` where it stays open.
    pub fn sentence(&self) -> Option<String> {
        let verdict = self.verdict()?;
        let named = if verdict == Verdict::Bad { &self.bad } else { &self.open };
        let is_said = |matched: &&Matched| matched.domains > 0 && matched.is_verdict == (verdict == Verdict::Bad);
        let words: Vec<&str> = self.words.iter().filter(is_said).map(|matched| matched.word.as_str()).collect();
        let mut names: Vec<String> = named.first.iter().cloned().collect();
        if let more @ 1.. = named.domains.saturating_sub(named.first.len() as u64) {
            names.push(format!("{more} more"));
        }
        let last = names.pop().unwrap_or_default();
        let names = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
        let s = if named.domains == 1 { "" } else { "s" };
        Some(format!("{} domain{s} with {}: {names}", named.domains, words.join(" or ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(values: &[&str]) -> Result<Gate<char>, String> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        Gate::read(&values, |word| if let [one] = *word.chars().collect::<Vec<_>>() { Ok(one) } else { Err("one letter".to_owned()) })
    }

    #[test]
    fn words_stand_alone_and_conditions_have_commas_of_their_own() {
        let words = |values: &[&str]| gate(values).unwrap().words.into_iter().map(|(word, _)| word).collect::<Vec<_>>();
        assert_eq!(words(&["a, b", "unknown", "a"]), ["a", "b", "unknown"]);
        assert!(gate(&["posture=a,b"]).unwrap_err().contains("\"posture=a,b\": one letter"));
        assert!(gate(&[""]).is_err() && gate(&["a,"]).is_err());
        assert!(gate(&[]).unwrap().is_open());
        assert_eq!(gate(&["a"]).unwrap().beside("h", 'h').words.len(), 2);
        assert_eq!(gate(&["h"]).unwrap().beside("h", 'h').words.len(), 1);
    }

    #[test]
    fn a_verdict_goes_before_what_is_unknown() {
        let gate = gate(&["a,b,unknown"]).unwrap();
        let mut matches = gate.matches();
        assert_eq!((matches.verdict(), matches.sentence()), (None, None));
        gate.judge("u.example", true, |_, _| false, &mut matches);
        assert_eq!(matches.verdict(), Some(Verdict::Undetermined));
        assert_eq!(matches.sentence().unwrap(), "1 domain with unknown: u.example");
        for domain in ["1.example", "2.example", "3.example", "4.example"] {
            gate.judge(domain, true, |_, letter| *letter == 'b', &mut matches);
        }
        assert_eq!(matches.verdict(), Some(Verdict::Bad));
        assert_eq!(matches.sentence().unwrap(), "4 domains with b: 1.example, 2.example, 3.example and 1 more");
        assert_eq!(matches.words.iter().map(|matched| matched.domains).collect::<Vec<_>>(), [0, 4, 5]);
    }
}
