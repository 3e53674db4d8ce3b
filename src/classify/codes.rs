//! The catalogue: every finding code as a constant, gathered from the files that judge them, in the order in which findings are listed.
//!
//! A new code is declared in the file that judges it, with the macro `codes!`, and is then in scope here; only a new file has a line below.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use xxhash_rust::xxh3::Xxh3Default;

pub use super::rule::{Code, Status};

/// Version of the catalogue and of the judgement that goes by it: minor for additions, major where a code changes its meaning.
pub const CATALOGUE_VERSION: &str = "1.4";

macro_rules! gather {
    ($(super $(:: $file:ident)+,)+) => {
        $(pub use super$(::$file)+::declared::*;)+

        const FILES: &[&[Code]] = &[$(super$(::$file)+::CODES),+];
    };
}

gather! {
    super::answers,
    super::certificate,
    super::connecting,
    super::conversation,
    super::dane,
    super::delivery,
    super::demands,
    super::deployment,
    super::dnssec,
    super::exchanges,
    super::extra_requests,
    super::faults::policy_fields,
    super::faults::policy_mx,
    super::faults::policy_text,
    super::faults::record,
    super::faults::rua,
    super::faults::tlsrpt,
    super::mx_certificate,
    super::neighbours,
    super::policy_host,
    super::records,
    super::reserved,
    super::response,
    super::retrieval,
    super::stray_records,
}

const COUNT: usize = {
    let (mut file, mut count) = (0, 0);
    while file < FILES.len() {
        count += FILES[file].len();
        file += 1;
    }
    count
};

static CATALOGUE: [Code; COUNT] = in_order();

/// All codes by their place, sorted by insertion; two codes of one place are not compiled.
const fn in_order() -> [Code; COUNT] {
    let mut sorted = [FILES[0][0]; COUNT];
    let (mut file, mut count) = (0, 0);
    while file < FILES.len() {
        let mut at = 0;
        while at < FILES[file].len() {
            let code = FILES[file][at];
            let mut to = count;
            while to > 0 && sorted[to - 1].rule().place > code.rule().place {
                sorted[to] = sorted[to - 1];
                to -= 1;
            }
            assert!(to == 0 || sorted[to - 1].rule().place < code.rule().place, "two codes have the same place in the catalogue");
            sorted[to] = code;
            count += 1;
            at += 1;
        }
        file += 1;
    }
    sorted
}

// Looked up for every finding that is read from a dataset, and only by codes: a fast hash will do.
static BY_WORD: LazyLock<HashMap<&'static str, Code, BuildHasherDefault<Xxh3Default>>> =
    LazyLock::new(|| CATALOGUE.iter().map(|code| (code.as_str(), *code)).collect());

/// Every code, in the order in which findings are listed.
pub fn catalogue() -> &'static [Code] {
    &CATALOGUE
}

impl Code {
    /// The code of a word; `None` for one that this version does not know.
    pub fn from_word(word: &str) -> Option<Self> {
        BY_WORD.get(word).copied()
    }
}

/// A code as a dataset has it, which may be one of a newer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoredCode<'a> {
    /// A code of the catalogue.
    Known(Code),
    /// A word that this version does not know.
    Unknown(&'a str),
}

impl<'a> StoredCode<'a> {
    /// The code that a word stands for.
    pub fn of(word: &'a str) -> Self {
        Code::from_word(word).map_or(Self::Unknown(word), Self::Known)
    }

    /// The code, if this version knows it.
    pub fn known(self) -> Option<Code> {
        match self {
            Self::Known(code) => Some(code),
            Self::Unknown(_) => None,
        }
    }

    /// The word, as it is stored.
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Known(code) => code.as_str(),
            Self::Unknown(word) => word,
        }
    }
}

impl PartialEq<Code> for StoredCode<'_> {
    fn eq(&self, other: &Code) -> bool {
        self.known() == Some(*other)
    }
}

impl fmt::Display for StoredCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
