//! What is kept of a domain of one scan to compare it with another, small sets of texts in little memory among it.

use std::borrow::Cow;

use arrow::array::{Array, BinaryArray, Int64Array, ListArray, RecordBatch, StringArray};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_128;

use crate::classify::{Delivery, MxState, PolicyStage, Posture, RecordState};
use crate::dataset::{ColumnGroup, DatasetError, ListColumn, elements, text};
use crate::parse::content_coding;

/// The columns that are read of rows that say more than "no record".
pub(super) const COLUMNS: &[&str] = &[
    "domain",
    "mx_state",
    "mx_hosts",
    "mx_provider",
    "sts_state",
    "sts_id",
    "policy_stage",
    "policy_mode",
    "policy_max_age",
    "policy_mx",
    "policy_provider",
    "tlsrpt_state",
    "tlsrpt_rua",
    "posture",
    "delivery",
    "evidence.fetch.headers",
    "evidence.fetch.body",
    "evidence.fetch.body_sha256",
];

/// A domain in one scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) domain: Box<str>,
    pub(super) posture: Posture,
    pub(super) tlsrpt: RecordState,
    pub(super) delivery: Delivery,
    pub(super) id: Option<Box<str>>,
    /// How the retrieval ended; `None` where nothing was fetched.
    pub(super) stage: Option<PolicyStage>,
    pub(super) max_age: Option<i64>,
    /// Lower case.
    pub(super) patterns: Option<Names>,
    pub(super) policy_provider: Option<Box<str>>,
    /// Of the policy text, a hash of its hash.
    pub(super) body: Option<u128>,
    pub(super) mx_state: MxState,
    pub(super) mx_hosts: Names,
    pub(super) mx_provider: Option<Box<str>>,
    pub(super) rua: Names,
}

/// The columns of a batch.
pub(super) struct StateColumns {
    domain: StringArray,
    mx_state: StringArray,
    mx_hosts: ListColumn<StringArray>,
    mx_provider: StringArray,
    sts_id: StringArray,
    policy_stage: StringArray,
    policy_max_age: Int64Array,
    policy_mx: ListColumn<StringArray>,
    policy_provider: StringArray,
    tlsrpt_state: StringArray,
    tlsrpt_rua: ListColumn<StringArray>,
    posture: StringArray,
    delivery: StringArray,
    body_sha256: StringArray,
    bodies: BinaryArray,
    headers: ListArray,
    header: (StringArray, BinaryArray),
}

impl StateColumns {
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = ColumnGroup::table(batch);
        let fetch = table.group("evidence")?.group("fetch")?;
        let (headers, header) = fetch.groups("headers")?;
        Ok(Self {
            domain: table.column("domain")?,
            mx_state: table.column("mx_state")?,
            mx_hosts: table.lists("mx_hosts")?,
            mx_provider: table.column("mx_provider")?,
            sts_id: table.column("sts_id")?,
            policy_stage: table.column("policy_stage")?,
            policy_max_age: table.column("policy_max_age")?,
            policy_mx: table.lists("policy_mx")?,
            policy_provider: table.column("policy_provider")?,
            tlsrpt_state: table.column("tlsrpt_state")?,
            tlsrpt_rua: table.lists("tlsrpt_rua")?,
            posture: table.column("posture")?,
            delivery: table.column("delivery")?,
            body_sha256: fetch.column("body_sha256")?,
            bodies: fetch.column("body")?,
            headers,
            header: (header.column("name")?, header.column("value")?),
        })
    }

    /// SHA-256 of the policy text, which is that of the body unless it was compressed: the same text may be compressed otherwise.
    fn text_hash(&self, row: usize) -> Option<Cow<'_, str>> {
        let sent = Cow::Borrowed(text(&self.body_sha256, row)?);
        let (names, values) = &self.header;
        let codings = elements(&self.headers, row).filter(|index| names.value(*index) == "content-encoding");
        let codings: Vec<&[u8]> = codings.map(|index| values.value(index)).collect();
        if codings.is_empty() || self.bodies.is_null(row) {
            return Some(sent);
        }
        match content_coding::decode(codings, self.bodies.value(row)).text {
            Some(Cow::Owned(text)) => Some(hex::encode(Sha256::digest(text)).into()),
            _ => Some(sent),
        }
    }

    /// A row. A word that this version does not know is unknown, never a change.
    pub(super) fn row(&self, row: usize) -> State {
        let own = |column: &StringArray| text(column, row).map(Box::from);
        let set = |column: &ListColumn<StringArray>| -> Option<Names> {
            Some(column.texts(row)?.map(|text| text.to_ascii_lowercase().into_boxed_str()).collect())
        };
        State {
            domain: own(&self.domain).unwrap_or_default(),
            posture: posture(text(&self.posture, row)),
            tlsrpt: record_state(text(&self.tlsrpt_state, row)),
            delivery: text(&self.delivery, row).and_then(Delivery::from_word).unwrap_or(Delivery::Unknown),
            id: own(&self.sts_id),
            stage: text(&self.policy_stage, row).and_then(PolicyStage::from_word),
            max_age: self.policy_max_age.is_valid(row).then(|| self.policy_max_age.value(row)),
            patterns: set(&self.policy_mx),
            policy_provider: own(&self.policy_provider),
            body: self.text_hash(row).map(|hash| xxh3_128(hash.as_bytes())),
            mx_state: text(&self.mx_state, row).and_then(MxState::from_word).unwrap_or(MxState::Unknown),
            mx_hosts: set(&self.mx_hosts).unwrap_or_default(),
            mx_provider: own(&self.mx_provider),
            // The local part of an address may differ by case; another case is another text, and no wrong word is said of either.
            rua: self.tlsrpt_rua.texts(row).into_iter().flatten().map(Box::from).collect(),
        }
    }
}

/// The posture that a column says.
pub(super) fn posture(word: Option<&str>) -> Posture {
    word.and_then(Posture::from_word).unwrap_or(Posture::Unknown)
}

/// The state of a record that a column says.
pub(super) fn record_state(word: Option<&str>) -> RecordState {
    word.and_then(RecordState::from_word).unwrap_or(RecordState::Unknown)
}

impl State {
    /// Whether there is an MTA-STS record, or text meant as one.
    pub(super) fn has_sts(&self) -> bool {
        !matches!(self.posture, Posture::Absent | Posture::Unknown)
    }

    /// Whether there is a record of either kind.
    pub(super) fn has_record(&self) -> bool {
        self.has_sts() || !matches!(self.tlsrpt, RecordState::Absent | RecordState::Unknown)
    }

    /// Whether a policy text was retrieved, valid or not.
    pub(super) fn has_policy_text(&self) -> bool {
        matches!(self.stage, Some(PolicyStage::Ok | PolicyStage::Syntax))
    }

    /// MX hosts that no pattern of a policy allows (RFC 8461 section 4.1: a wildcard stands for one label).
    pub(super) fn uncovered_by(&self, patterns: &Names) -> Vec<&str> {
        let wildcard = |host: &str| host.split_once('.').is_some_and(|(_, parent)| patterns.contains(&format!("*.{parent}")));
        self.mx_hosts.iter().filter(|host| !patterns.contains(host) && !wildcard(host)).collect()
    }
}

/// Texts, each once, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names(Box<[Box<str>]>);

impl FromIterator<Box<str>> for Names {
    fn from_iter<I: IntoIterator<Item = Box<str>>>(texts: I) -> Self {
        let mut texts: Vec<Box<str>> = texts.into_iter().collect();
        texts.sort_unstable();
        texts.dedup();
        Self(texts.into_boxed_slice())
    }
}

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.0.binary_search_by(|candidate| (**candidate).cmp(text)).is_ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|text| &**text)
    }

    /// All in one line. What is longer is cut: the datasets hold it whole.
    pub(super) fn joined(&self) -> String {
        const SHOWN: usize = 20;
        let mut text = self.iter().take(SHOWN).collect::<Vec<_>>().join(" ");
        if let more @ 1.. = self.0.len().saturating_sub(SHOWN) {
            text.push_str(&format!(" and {more} more"));
        }
        text
    }
}
