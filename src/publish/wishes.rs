//! What the user wants beyond what was seen, checked by the rules of `lint` before anything is decided.

use thiserror::Error;

use super::{lint, text};
use crate::classify::{Code, codes};
use crate::name::Domain;
use crate::parse::policy::Mode;
use crate::parse::record_set::RecordKind;
use crate::parse::tlsrpt_record;

/// What is wanted of every domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The mode, where it is not to be the one that is published, or testing.
    pub mode: Option<Mode>,
    /// The `max_age` in seconds.
    pub max_age: Option<u64>,
    /// Where reports go: URIs as [`Wishes::destination`] reads them.
    pub rua: Vec<String>,
    /// Whether they are added to TLSRPT records that work, too, and not only to those that are new or put right.
    pub adds_rua: bool,
}

/// Why a wish cannot be fulfilled: what is wrong, what to do, and the code, as one sentence that follows a colon.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}{} ({code})", clause(.code.rule().summary), remedy(.code.rule().remedy))]
pub struct WishError {
    code: Code,
}

impl WishError {
    const fn of(code: Code) -> Self {
        Self { code }
    }
}

/// A sentence of the catalogue as a part of another one.
fn clause(sentence: &str) -> String {
    let mut rest = sentence.trim_end_matches('.').chars();
    rest.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(rest).collect()
}

fn remedy(sentence: &str) -> String {
    if sentence.is_empty() { String::new() } else { format!("; {}", clause(sentence)) }
}

impl Wishes {
    /// Reads a destination of reports: a URI, or a mailbox without `mailto:` in front.
    ///
    /// # Errors
    /// If `lint` would object to it.
    pub fn destination(typed: &str) -> Result<String, WishError> {
        let destination = if typed.contains(':') || !typed.contains('@') { typed.to_owned() } else { format!("mailto:{typed}") };
        let record = text::tlsrpt_record(std::slice::from_ref(&destination));
        let parsed = tlsrpt_record::parse(record.as_bytes());
        // What would be more than one destination, or another field, is none.
        let is_one =
            matches!(parsed.value.rua.as_slice(), [only] if only.uri == destination && only.usable) && !destination.contains([';', ',']);
        let objection = lint::record(RecordKind::Tlsrpt, &record).filter(|objection| objection.forbids() || !parsed.valid);
        match objection.map(|objection| objection.code) {
            Some(code) => Err(WishError::of(code)),
            None if !is_one || !parsed.valid => Err(WishError::of(codes::TLSRPT_RUA_URI_SYNTAX)),
            None => Ok(destination),
        }
    }

    /// Reads a `max_age`.
    ///
    /// # Errors
    /// If `lint` would object to it.
    pub fn max_age(seconds: u64) -> Result<u64, WishError> {
        let sample = text::policy(Mode::Testing, &["mail.example.com".to_owned()], seconds);
        match lint::policy(sample.as_bytes()).filter(|objection| objection.forbids()) {
            Some(objection) => Err(WishError::of(objection.code)),
            None => Ok(seconds),
        }
    }

    /// Reads the name of an MX host.
    ///
    /// # Errors
    /// If no policy can name it.
    pub fn mx(typed: &str) -> Result<String, WishError> {
        let name = Domain::from_input(typed.trim()).map_or_else(|_| typed.to_owned(), |name| name.to_string());
        match lint::pattern(&name).filter(|objection| objection.forbids()) {
            Some(objection) => Err(WishError::of(objection.code)),
            None => Ok(name),
        }
    }
}
