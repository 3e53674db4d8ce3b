//! What is asked of a list: where it is, which column, which part of it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use rustls::RootCertStore;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// Memory for telling duplicates apart, in bytes, unless the caller says otherwise: 1 GiB.
///
/// That is enough for 74,869,396 distinct names, or for 14,680,064 where names are folded and their best rank is kept.
pub const DEFAULT_MEMORY: usize = 1 << 30;

/// Where the targets come from and which of them are wanted.
///
/// The steps are taken in this order: read a line, fold it (`registrable`), `exclude`, drop duplicates, `skip`, `top`, `sample`, `shard`.
///
/// Serialised, it is the options by name that decide which rows there are; a field that does not is marked as skipped.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct InputOptions {
    /// Files, `-` for standard input, https URLs; read one after another.
    #[serde(rename = "list")]
    pub sources: Vec<String>,
    /// Which column of a CSV file holds the name; without it the format is detected from the content.
    pub column: Option<Column>,
    /// Further columns of a CSV file with a header that are carried along with the names; at most `MAX_CARRIED`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carry: Vec<String>,
    /// What [`super::targets::Target::list`] says; by default the file name of the source.
    #[serde(skip)]
    pub list_name: Option<String>,
    /// What rows and messages call the file of the only source, where its path says nothing to the user; by default as it is named.
    #[serde(skip)]
    pub file_name: Option<String>,
    /// Fold every name to its registrable domain. The target has the best rank of all lines of its list that fold to it.
    pub registrable: bool,
    /// Leave out the first names (distinct names, in the order of the list).
    pub skip: u64,
    /// Take only so many names, the first ones after `skip`, whatever their rank.
    pub top: Option<u64>,
    /// Take a uniform sample of what is left.
    #[serde(flatten, serialize_with = "sample_options")]
    pub sample: Option<Sample>,
    /// Take only one of several parts of what is left.
    pub shard: Shard,
    /// Folder for copies of sources that can be read only once (standard input, pipes, URLs); made if it is missing.
    ///
    /// A complete copy found there is used instead of the source, so that a stopped scan goes on with the same list.
    #[serde(skip)]
    pub spool_dir: PathBuf,
    /// User-Agent of the request for a URL.
    #[serde(skip)]
    pub user_agent: String,
    /// Roots that the server of a URL is trusted by; `None` for the web PKI's.
    #[serde(skip)]
    pub roots: Option<Arc<RootCertStore>>,
    /// Addresses of this machine from which a URL is fetched; the first one counts.
    #[serde(skip)]
    pub source_ips: Vec<IpAddr>,
    /// Interface of this machine by which a URL is fetched.
    #[serde(skip)]
    pub interface: Option<String>,
    /// Memory for telling duplicates apart, in bytes. Names that come when it is full are let through and counted.
    #[serde(skip)]
    pub memory: usize,
}

/// The size as `sample`, the seed as `seed`: null without a sample.
fn sample_options<S: Serializer>(sample: &Option<Sample>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Options {
        sample: Option<u64>,
        seed: Option<u64>,
    }
    Options { sample: sample.map(|sample| sample.size), seed: sample.map(|sample| sample.seed) }.serialize(serializer)
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            column: None,
            carry: Vec::new(),
            list_name: None,
            file_name: None,
            registrable: false,
            skip: 0,
            top: None,
            sample: None,
            shard: Shard::default(),
            spool_dir: PathBuf::from("."),
            user_agent: concat!("stscan/", env!("CARGO_PKG_VERSION")).to_owned(),
            roots: None,
            source_ips: Vec::new(),
            interface: None,
            memory: DEFAULT_MEMORY,
        }
    }
}

/// A column of a CSV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By the name in the header line, case ignored.
    Name(String),
    /// By its place, from 1.
    Number(usize),
}

impl FromStr for Column {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        match text.parse() {
            Ok(0) => Err(OptionError("columns are counted from 1".to_owned())),
            Ok(number) => Ok(Self::Number(number)),
            Err(_) if text.trim().is_empty() => Err(OptionError("a column has a name or a number".to_owned())),
            Err(_) => Ok(Self::Name(text.trim().to_owned())),
        }
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name:?}"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// A uniform sample without replacement: the names with the smallest `XXH3-128(name, seed)`; the order of the list is kept.
///
/// Takes 16 bytes of memory for each name of the sample and a reading of the whole list beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How many names; all, where there are fewer.
    pub size: u64,
    /// Another seed gives another sample; the same one gives the same names from any order of the same list.
    pub seed: u64,
}

/// One of several disjoint parts: names with `XXH3-64(name) mod count = index`, the name as A-labels in lower case, seed 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 0, below `count`.
    pub index: u64,
    /// How many parts, at least 1.
    pub count: u64,
}

impl Shard {
    /// Whether the name belongs to this part.
    pub fn contains(self, name: &str) -> bool {
        self.count <= 1 || xxhash_rust::xxh3::xxh3_64(name.as_bytes()) % self.count == self.index
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self { index: 0, count: 1 }
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.trim().parse().ok()?, count.trim().parse().ok()?)));
        match parts {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err(OptionError(format!("{text:?} is not a part: write I/N with I from 0 to N-1, for example 0/4"))),
        }
    }
}

/// An option that cannot be read, in words for the person who wrote it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct OptionError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_from_text() {
        assert_eq!("3".parse(), Ok(Column::Number(3)));
        assert_eq!(" Domain Name ".parse(), Ok(Column::Name("Domain Name".to_owned())));
        assert!("0".parse::<Column>().is_err() && "".parse::<Column>().is_err());
        assert_eq!("1/4".parse(), Ok(Shard { index: 1, count: 4 }));
        for wrong in ["4/4", "0/0", "1", "a/b", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_cut_is_the_documented_hash() {
        // XXH3-64 of "example.com", seed 0, so that a change of the hash cannot go unseen.
        let hash = xxhash_rust::xxh3::xxh3_64(b"example.com");
        assert!((0..7).all(|index| Shard { index, count: 7 }.contains("example.com") == (hash % 7 == index)));
    }
}
