//! What is kept of a domain of one scan to compare it with another, small sets of texts in little memory among it.

use std::borrow::Cow;

use arrow::array::{Array, BinaryArray, Int64Array, ListArray, RecordBatch, StringArray};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_128;

use crate::classify::codes::{self, Code};
use crate::classify::{Coverage, DaneState, Delivery, MxState, MxTls, PolicyStage, Posture, RecordState, Severity};
use crate::dataset::{ColumnGroup, DatasetError, ListColumn, elements, text};
use crate::evidence::CertificateFault;
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
    "mx_coverage",
    "mx_tls",
    "dane_state",
    "delivery_dane",
    "findings.list.element.code",
    "findings.list.element.severity",
    "findings.list.element.subject",
    "findings.list.element.detail",
    "evidence.mx_hosts.list.element.host",
    "evidence.mx_hosts.list.element.conversations.list.element.tls_version",
    "evidence.mx_hosts.list.element.conversations.list.element.certificate.faults",
    "evidence.mx_hosts.list.element.conversations.list.element.second_hello.version",
    "evidence.mx_hosts.list.element.conversations.list.element.second_hello.certificate.faults",
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
    pub(super) coverage: Option<Coverage>,
    /// The MX hosts; `None` where they were not asked over SMTP.
    pub(super) mail_servers: Option<Box<[MailServer]>>,
    /// `None` where TLSA records were not looked up.
    pub(super) dane: Option<DaneState>,
    /// Likewise.
    pub(super) delivery_dane: Option<Delivery>,
    /// `None` where MX hosts were not asked over SMTP.
    pub(super) mx_tls: Option<MxTls>,
    /// What has to be fixed: findings but those of severity info.
    pub(super) faults: Box<[FaultSeen]>,
}

/// A finding that has to be fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FaultSeen {
    pub(super) code: Code,
    pub(super) severity: Severity,
    pub(super) subject: Box<str>,
    /// Of a certificate that expires soon: when.
    pub(super) detail: Box<str>,
}

/// What says that a certificate expires soon.
pub(super) const EXPIRING: [Code; 2] = [codes::STS_FETCH_CERT_EXPIRING, codes::MX_CERT_EXPIRING];

/// An MX host that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MailServer {
    pub(super) host: Box<str>,
    /// Whether it offers TLS, and whether its certificate is valid for it; `None` where that was not seen.
    seen: [Option<bool>; 2],
}

impl MailServer {
    pub(super) fn tls(&self) -> Option<bool> {
        self.seen[0]
    }

    pub(super) fn certificate(&self) -> Option<bool> {
        self.seen[1]
    }
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
    coverage: StringArray,
    mx_tls: Option<StringArray>,
    dane_state: Option<StringArray>,
    delivery_dane: Option<StringArray>,
    findings: FindingArrays,
    mail_servers: Option<MailServers>,
}

/// The findings of a batch.
struct FindingArrays {
    lists: ListArray,
    code: StringArray,
    severity: StringArray,
    subject: StringArray,
    detail: StringArray,
}

impl FindingArrays {
    fn of(table: &ColumnGroup) -> Result<Self, DatasetError> {
        let (lists, finding) = table.groups("findings")?;
        let [code, severity, subject, detail] = ["code", "severity", "subject", "detail"].map(|name| finding.column(name));
        Ok(Self { lists, code: code?, severity: severity?, subject: subject?, detail: detail? })
    }

    /// What has to be fixed.
    fn faults(&self, row: usize) -> Box<[FaultSeen]> {
        let fault = |index| {
            let severity = Severity::from_word(self.severity.value(index)).filter(|severity| *severity != Severity::Info)?;
            let code = Code::from_word(self.code.value(index))?;
            let detail = if EXPIRING.contains(&code) { text(&self.detail, index).unwrap_or_default() } else { "" };
            Some(FaultSeen { code, severity, subject: text(&self.subject, index).unwrap_or_default().into(), detail: detail.into() })
        };
        elements(&self.lists, row).filter_map(fault).collect()
    }

    /// Whether one of these codes is said of a host.
    fn has(&self, row: usize, codes: &[Code], host: &str) -> bool {
        elements(&self.lists, row)
            .filter(|index| text(&self.subject, *index) == Some(host))
            .any(|index| Code::from_word(self.code.value(index)).is_some_and(|code| codes.contains(&code)))
    }
}

/// The MX hosts of a batch, and what they showed.
struct MailServers {
    hosts: ListArray,
    host: StringArray,
    conversations: ListArray,
    version: [StringArray; 2],
    faults: [ListColumn<StringArray>; 2],
}

impl MailServers {
    /// `None` where the dataset is older than the columns.
    fn of(evidence: &ColumnGroup) -> Result<Option<Self>, DatasetError> {
        let Some((hosts, host)) = evidence.added_groups("mx_hosts")? else { return Ok(None) };
        let Some((conversations, conversation)) = host.added_groups("conversations")? else { return Ok(None) };
        let hello = conversation.group("second_hello")?;
        let faults = |group: &ColumnGroup| group.group("certificate")?.lists("faults");
        Ok(Some(Self {
            hosts,
            host: host.column("host")?,
            conversations,
            version: [conversation.column("tls_version")?, hello.column("version")?],
            faults: [faults(&hello)?, faults(&conversation)?],
        }))
    }

    /// The hosts of a row; `has_no_tls` says of which it is judged that they offer none.
    fn row(&self, row: usize, has_no_tls: impl Fn(&str) -> bool) -> Box<[MailServer]> {
        let server = |at| {
            let host = text(&self.host, at).unwrap_or_default();
            let conversations = || elements(&self.conversations, at);
            let speaks_tls = conversations().any(|at| self.version.iter().any(|version| version.is_valid(at)));
            let tls = if speaks_tls { Some(true) } else { has_no_tls(host).then_some(false) };
            let shown = conversations().filter_map(|at| self.faults.iter().find_map(|faults| faults.texts(at)).map(Iterator::collect));
            let shown: Vec<Vec<&str>> = shown.collect();
            let unsupported = |faults: &Vec<&str>| faults.contains(&CertificateFault::Unsupported.as_str());
            let valid = (!shown.is_empty() && !shown.iter().any(unsupported)).then(|| shown.iter().all(Vec::is_empty));
            MailServer { host: host.into(), seen: [tls, valid] }
        };
        elements(&self.hosts, row).map(server).collect()
    }
}

/// What says that an MX host offers no TLS.
const NO_TLS: [Code; 3] = [codes::MX_NO_STARTTLS, codes::MX_STARTTLS_STRIPPED, codes::MX_STARTTLS_DOWNGRADE];

impl StateColumns {
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = ColumnGroup::table(batch);
        let evidence = table.group("evidence")?;
        let fetch = evidence.group("fetch")?;
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
            coverage: table.column("mx_coverage")?,
            mx_tls: table.added("mx_tls")?,
            dane_state: table.added("dane_state")?,
            delivery_dane: table.added("delivery_dane")?,
            findings: FindingArrays::of(&table)?,
            mail_servers: MailServers::of(&evidence)?,
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
        let added = |column: &Option<StringArray>| column.as_ref().and_then(|column| text(column, row)).map(str::to_owned);
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
            coverage: text(&self.coverage, row).and_then(Coverage::from_word),
            mail_servers: self.mail_servers(row),
            dane: added(&self.dane_state).map(|word| DaneState::from_word(&word).unwrap_or(DaneState::Unknown)),
            delivery_dane: added(&self.delivery_dane).map(|word| Delivery::from_word(&word).unwrap_or(Delivery::Unknown)),
            mx_tls: added(&self.mx_tls).map(|word| MxTls::from_word(&word).unwrap_or(MxTls::Unknown)),
            faults: self.findings.faults(row),
        }
    }

    /// The MX hosts of a row, if they were asked.
    fn mail_servers(&self, row: usize) -> Option<Box<[MailServer]>> {
        self.mx_tls.as_ref().filter(|column| column.is_valid(row))?;
        let has_no_tls = |host: &str| self.findings.has(row, &NO_TLS, host);
        Some(self.mail_servers.as_ref().map(|servers| servers.row(row, has_no_tls)).unwrap_or_default())
    }
}

/// Whether a row has nothing to say beside that there is no record: nothing that has to be fixed, and nothing that was not found out.
pub(super) fn says_nothing_else(mx_state: Option<&str>, mx_tls: Option<&str>, worst: Option<&str>) -> bool {
    let unknown = mx_state.and_then(MxState::from_word).is_none_or(|state| state == MxState::Unknown)
        || mx_tls.is_some_and(|word| MxTls::from_word(word).is_none_or(|state| state == MxTls::Unknown));
    !unknown && worst.is_none_or(|worst| worst == Severity::Info.as_str())
}

/// Whether somebody's TLSA records are worth a comparison also without a record of MTA-STS.
pub(super) fn has_dane(word: Option<&str>) -> bool {
    use DaneState::{Absent, Insecure, Unknown};
    word.and_then(DaneState::from_word).is_some_and(|state| !matches!(state, Absent | Insecure | Unknown))
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

    /// What senders do by the names in the policy, whatever the MX hosts showed.
    pub(super) fn delivery_by_policy(&self) -> Delivery {
        match (self.posture, self.coverage) {
            _ if self.mail_servers.is_none() => self.delivery,
            (Posture::Enforce, Some(Coverage::All)) => Delivery::Protected,
            (Posture::Enforce, Some(Coverage::Some)) => Delivery::Partial,
            (Posture::Enforce, Some(Coverage::None)) => Delivery::Refused,
            (Posture::Enforce, None) => Delivery::Unknown,
            _ => self.delivery,
        }
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
