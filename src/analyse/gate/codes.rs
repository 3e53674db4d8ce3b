//! Finding codes by a pattern: one code, or with `*` for any text all that fit.

use crate::analyse::filter::alternatives;
use crate::classify::{Code, Finding, Status, catalogue};
use crate::escape::safe;
use crate::vocabulary::nearest;

/// The codes that a pattern stands for, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodePattern {
    codes: Vec<Code>,
    /// Whether a code was named in full.
    is_named: bool,
}

impl CodePattern {
    /// Whether a text is meant as a code or a pattern of codes, so that it helps to say which one it may mean.
    pub fn is_meant(text: &str) -> bool {
        let family = |word: &str| word.split('-').next().map(str::to_owned);
        text.contains('*') || text.contains('-') && catalogue().iter().any(|code| family(code.as_str()) == family(text))
    }

    /// Reads a code or a pattern of codes.
    ///
    /// # Errors
    /// If no code fits: a sentence that names the nearest ones.
    pub fn read(text: &str) -> Result<Self, String> {
        let is_named = !text.contains('*');
        let patterns = alternatives(text)?;
        let codes: Vec<Code> = match Code::from_word(text) {
            Some(code) => vec![code],
            None if is_named => return Err(unknown_code(text)),
            None => catalogue().iter().copied().filter(|code| patterns.iter().any(|pattern| pattern.fits(code.as_str()))).collect(),
        };
        if codes.is_empty() {
            return Err(format!("no finding code fits {:?}; `stscan codes` lists them all", safe(text)));
        }
        Ok(Self { codes, is_named })
    }

    /// Those of the codes that have one of these statuses; `None` if there is none.
    pub fn of_status(mut self, statuses: &[Status]) -> Option<Self> {
        self.codes.retain(|code| statuses.contains(&code.rule().status));
        (!self.codes.is_empty()).then_some(self)
    }

    /// The codes of these statuses that a word of a gate stands for.
    ///
    /// # Errors
    /// What is known, `known`, and why the word is not: `nobody` reports its codes, or no code fits.
    pub fn of_word(word: &str, statuses: &[Status], nobody: &str, known: &str) -> Result<Self, String> {
        match Self::read(word) {
            Ok(pattern) => pattern.of_status(statuses).ok_or_else(|| format!("{nobody} reports this code; {known}")),
            Err(_) if !Self::is_meant(word) => Err(known.to_owned()),
            Err(unknown) => Err(format!("{known}; {unknown}")),
        }
    }

    /// Whether all of them are of what the reader of a scan demands.
    pub fn is_of_expectations(&self) -> bool {
        self.codes.iter().all(|code| code.rule().status == Status::Expectation)
    }

    /// The codes.
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// Whether a code is one of them.
    pub fn contains(&self, code: Code) -> bool {
        self.codes.contains(&code)
    }

    /// Whether a finding is a verdict with one of the codes. What leaves something open is none, unless its code always does and was named.
    pub fn finds(&self, finding: &Finding) -> bool {
        self.contains(finding.code) && (!finding.leaves_open() || self.is_named && finding.code.rule().leaves_open)
    }
}

/// What to say of a code that is not in the catalogue: the one that is spelt almost so, or those that share most of its words.
pub fn unknown_code(code: &str) -> String {
    let misspelt = nearest(code, catalogue().iter().map(|code| code.as_str())).filter(|meant| !meant.starts_with(code));
    let near = misspelt.map_or_else(|| sharing_words(code), |meant| vec![meant]);
    let shown = safe(code);
    if near.is_empty() {
        format!("there is no finding code {shown:?}; `stscan codes` lists them all")
    } else {
        format!("there is no finding code {shown:?}; did you mean {}? `stscan codes` lists them all", near.join(", "))
    }
}

/// The codes that have most words of a text, four at most.
fn sharing_words(text: &str) -> Vec<&'static str> {
    let parts: Vec<&str> = text.split('-').filter(|part| part.len() > 2).collect();
    let shared = |code: &Code| parts.iter().filter(|part| code.as_str().contains(*part)).count();
    let best = catalogue().iter().map(shared).max().unwrap_or_default();
    catalogue().iter().filter(|code| best > 0 && shared(code) == best).take(4).map(|code| code.as_str()).collect()
}
