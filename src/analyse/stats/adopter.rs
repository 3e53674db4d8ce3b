//! The rows that have a record, or whose MX hosts were asked: the flat columns and the little evidence that tables need, read straight from Arrow.

use arrow::array::{Array, BooleanArray, Int64Array, ListArray, RecordBatch, StringArray};

use crate::classify::codes::Code;
use crate::classify::{Posture, RecordState};
use crate::dataset::{ColumnGroup, DatasetError, ListColumn, elements, text};

use super::entity::Entity;
use super::mx_hosts::{MxHost, MxHostColumns};
use super::survey::{is_there, record_state};

/// The flat columns that are always read.
pub(crate) const COLUMNS: &[&str] = &[
    "org_domain",
    "mx_state",
    "mx_provider",
    "sts_state",
    "policy_stage",
    "policy_mode",
    "policy_max_age",
    "policy_provider",
    "tlsrpt_state",
    "tlsrpt_rua",
    "posture",
    "delivery",
    "mx_coverage",
    "mismatch",
    "mx_tls",
    "mx_dnssec",
    "dane_state",
    "delivery_dane",
    "cause",
    "findings.list.element.code",
];

/// One row. Evidence that no table asked for is not read, and is `None` here.
pub(crate) struct Adopter<'a> {
    pub(crate) org_domain: Option<&'a str>,
    pub(crate) mx_state: Option<&'a str>,
    pub(crate) mx_provider: Option<&'a str>,
    pub(crate) sts: RecordState,
    pub(crate) stage: Option<&'a str>,
    pub(crate) mode: Option<&'a str>,
    pub(crate) max_age: Option<i64>,
    pub(crate) policy_provider: Option<&'a str>,
    pub(crate) tlsrpt: RecordState,
    pub(crate) rua: Vec<&'a str>,
    pub(crate) posture: Posture,
    pub(crate) delivery: Option<&'a str>,
    pub(crate) coverage: Option<&'a str>,
    pub(crate) mismatch: Option<&'a str>,
    /// `None`: its MX hosts were not asked over SMTP.
    pub(crate) mx_tls: Option<&'a str>,
    /// `None`: it was not looked at.
    pub(crate) mx_dnssec: Option<&'a str>,
    /// `None`: its MX hosts were not looked up for TLSA.
    pub(crate) dane_state: Option<&'a str>,
    pub(crate) delivery_dane: Option<&'a str>,
    /// `None`: it is not broken, or an older version wrote the dataset.
    pub(crate) cause: Option<&'a str>,
    /// Codes of its findings.
    pub(crate) codes: Vec<Code>,
    /// What each of them is about; empty where that is not read.
    subjects: Vec<&'a str>,
    /// Who runs the policy host.
    pub(crate) policy_entity: Entity,
    /// Who runs the most preferred MX host.
    pub(crate) mx_entity: Entity,
    pub(crate) evidence: EvidenceRow<'a>,
}

/// The evidence of a row, as far as it is read.
#[derive(Default)]
pub(crate) struct EvidenceRow<'a> {
    pub(crate) ttl: Option<i64>,
    pub(crate) authenticated: Option<bool>,
    pub(crate) host_a: Option<&'a str>,
    pub(crate) host_aaaa: Option<&'a str>,
    /// Addresses of the policy host, of both families.
    pub(crate) addresses: Vec<&'a str>,
    /// Addresses to which a connection was attempted.
    pub(crate) tried: Vec<&'a str>,
    /// The one that answered.
    pub(crate) answered: Option<&'a str>,
    pub(crate) tls_version: Option<&'a str>,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) error_stage: Option<&'a str>,
    pub(crate) error_code: Option<&'a str>,
    /// Whether something was fetched at all.
    pub(crate) fetched: bool,
    /// Outcomes of the questions about each receiver of reports: MX, A, AAAA.
    pub(crate) receivers: Vec<[Option<&'a str>; 3]>,
    pub(crate) mx_hosts: Vec<MxHost<'a>>,
}

impl Adopter<'_> {
    /// Whether there is an MTA-STS record, valid or not.
    pub(crate) fn has_sts(&self) -> bool {
        is_there(self.sts)
    }

    /// Whether there is a TLSRPT record, valid or not.
    pub(crate) fn has_tlsrpt(&self) -> bool {
        is_there(self.tlsrpt)
    }

    /// Whether it has a finding.
    pub(crate) fn has(&self, code: Code) -> bool {
        self.codes.contains(&code)
    }

    /// Whether it has a finding about a host.
    pub(crate) fn has_of(&self, code: Code, host: &str) -> bool {
        self.codes.iter().zip(&self.subjects).any(|(own, subject)| *own == code && *subject == host)
    }

    /// Whether it has one of several findings.
    pub(crate) fn has_any(&self, codes: &[Code]) -> bool {
        self.codes.iter().any(|code| codes.contains(code))
    }
}

/// The columns of a batch.
pub(crate) struct AdopterColumns {
    org_domain: StringArray,
    mx_state: StringArray,
    mx_provider: StringArray,
    sts_state: StringArray,
    policy_stage: StringArray,
    policy_mode: StringArray,
    policy_max_age: Int64Array,
    policy_provider: StringArray,
    tlsrpt_state: StringArray,
    tlsrpt_rua: ListColumn<StringArray>,
    posture: StringArray,
    delivery: StringArray,
    mx_coverage: StringArray,
    mismatch: StringArray,
    mx_tls: Option<StringArray>,
    mx_dnssec: Option<StringArray>,
    dane_state: Option<StringArray>,
    delivery_dane: Option<StringArray>,
    cause: Option<StringArray>,
    findings: ListArray,
    codes: StringArray,
    subjects: Option<StringArray>,
    evidence: Option<EvidenceArrays>,
}

impl AdopterColumns {
    pub(crate) fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = ColumnGroup::table(batch);
        let (findings, finding) = table.groups("findings")?;
        Ok(Self {
            org_domain: table.column("org_domain")?,
            mx_state: table.column("mx_state")?,
            mx_provider: table.column("mx_provider")?,
            sts_state: table.column("sts_state")?,
            policy_stage: table.column("policy_stage")?,
            policy_mode: table.column("policy_mode")?,
            policy_max_age: table.column("policy_max_age")?,
            policy_provider: table.column("policy_provider")?,
            tlsrpt_state: table.column("tlsrpt_state")?,
            tlsrpt_rua: table.lists("tlsrpt_rua")?,
            posture: table.column("posture")?,
            delivery: table.column("delivery")?,
            mx_coverage: table.column("mx_coverage")?,
            mismatch: table.column("mismatch")?,
            mx_tls: table.added("mx_tls")?,
            mx_dnssec: table.added("mx_dnssec")?,
            dane_state: table.added("dane_state")?,
            delivery_dane: table.added("delivery_dane")?,
            cause: table.added("cause")?,
            findings,
            codes: finding.column("code")?,
            subjects: finding.added("subject")?,
            evidence: if table.has("evidence") { Some(EvidenceArrays::of(&table.group("evidence")?)?) } else { None },
        })
    }

    /// A row; the caller says who runs its hosts.
    pub(crate) fn row(&self, row: usize, policy_entity: Entity, mx_entity: Entity) -> Adopter<'_> {
        let subject = |index| optional_text(self.subjects.as_ref(), index).unwrap_or_default();
        let known = elements(&self.findings, row).filter_map(|index| Some((Code::from_word(self.codes.value(index))?, subject(index))));
        let (codes, subjects) = known.unzip();
        Adopter {
            org_domain: text(&self.org_domain, row),
            mx_state: text(&self.mx_state, row),
            mx_provider: text(&self.mx_provider, row),
            sts: record_state(text(&self.sts_state, row)),
            stage: text(&self.policy_stage, row),
            mode: text(&self.policy_mode, row),
            max_age: self.policy_max_age.is_valid(row).then(|| self.policy_max_age.value(row)),
            policy_provider: text(&self.policy_provider, row),
            tlsrpt: record_state(text(&self.tlsrpt_state, row)),
            rua: self.tlsrpt_rua.texts(row).into_iter().flatten().collect(),
            posture: text(&self.posture, row).and_then(Posture::from_word).unwrap_or(Posture::Unknown),
            delivery: text(&self.delivery, row),
            coverage: text(&self.mx_coverage, row),
            mismatch: text(&self.mismatch, row),
            mx_tls: optional_text(self.mx_tls.as_ref(), row),
            mx_dnssec: optional_text(self.mx_dnssec.as_ref(), row),
            dane_state: optional_text(self.dane_state.as_ref(), row),
            delivery_dane: optional_text(self.delivery_dane.as_ref(), row),
            cause: optional_text(self.cause.as_ref(), row),
            codes,
            subjects,
            policy_entity,
            mx_entity,
            evidence: self.evidence.as_ref().map(|evidence| evidence.row(row)).unwrap_or_default(),
        }
    }
}

/// The evidence that was asked for; the rest is `None`.
struct EvidenceArrays {
    ttl: Option<Int64Array>,
    authenticated: Option<BooleanArray>,
    host_a: Option<StringArray>,
    host_aaaa: Option<StringArray>,
    addresses: [Option<ListColumn<StringArray>>; 2],
    tried: Option<ListColumn<StringArray>>,
    answered: Option<StringArray>,
    fetch: Option<ColumnGroup>,
    tls_version: Option<StringArray>,
    issuer: Option<StringArray>,
    error_stage: Option<StringArray>,
    error_code: Option<StringArray>,
    receivers: Option<(ListArray, [Option<StringArray>; 3])>,
    mx_hosts: Option<MxHostColumns>,
}

impl EvidenceArrays {
    fn of(evidence: &ColumnGroup) -> Result<Self, DatasetError> {
        let within = |group: &Option<ColumnGroup>, name| group.as_ref().map_or(Ok(None), |group| group.optional_group(name));
        let fetch = evidence.optional_group("fetch")?;
        let (certificate, error) = (within(&fetch, "certificate")?, within(&fetch, "error")?);
        let sts = evidence.optional_group("sts_txt")?;
        let (host_a, host_aaaa) = (evidence.optional_group("host_a")?, evidence.optional_group("host_aaaa")?);
        let receivers = match evidence.added_groups("rua_hosts")? {
            None => None,
            Some((lists, receiver)) => {
                let outcome = |name| column(&receiver.optional_group(name)?, "outcome");
                Some((lists, [outcome("mx")?, outcome("a")?, outcome("aaaa")?]))
            }
        };
        Ok(Self {
            ttl: column(&sts, "ttl")?,
            authenticated: column(&sts, "ad")?,
            host_a: column(&host_a, "outcome")?,
            host_aaaa: column(&host_aaaa, "outcome")?,
            addresses: [lists(&host_a, "records")?, lists(&host_aaaa, "records")?],
            tried: lists(&fetch, "tried")?,
            answered: column(&fetch, "address")?,
            tls_version: column(&fetch, "tls_version")?,
            issuer: column(&certificate, "issuer")?,
            error_stage: column(&error, "stage")?,
            error_code: column(&error, "code")?,
            receivers,
            mx_hosts: MxHostColumns::of(evidence)?,
            fetch,
        })
    }

    fn row(&self, row: usize) -> EvidenceRow<'_> {
        EvidenceRow {
            ttl: self.ttl.as_ref().filter(|ttl| ttl.is_valid(row)).map(|ttl| ttl.value(row)),
            authenticated: self.authenticated.as_ref().filter(|ad| ad.is_valid(row)).map(|ad| ad.value(row)),
            host_a: optional_text(self.host_a.as_ref(), row),
            host_aaaa: optional_text(self.host_aaaa.as_ref(), row),
            addresses: self.addresses.iter().flat_map(|addresses| optional_texts(addresses.as_ref(), row)).collect(),
            tried: optional_texts(self.tried.as_ref(), row).collect(),
            answered: optional_text(self.answered.as_ref(), row),
            tls_version: optional_text(self.tls_version.as_ref(), row),
            issuer: optional_text(self.issuer.as_ref(), row),
            error_stage: optional_text(self.error_stage.as_ref(), row),
            error_code: optional_text(self.error_code.as_ref(), row),
            fetched: self.fetch.as_ref().is_some_and(|fetch| fetch.is_valid(row)),
            mx_hosts: self.mx_hosts.as_ref().map(|hosts| hosts.row(row)).unwrap_or_default(),
            receivers: match &self.receivers {
                None => Vec::new(),
                Some((lists, outcomes)) => {
                    elements(lists, row).map(|index| outcomes.each_ref().map(|column| optional_text(column.as_ref(), index))).collect()
                }
            },
        }
    }
}

fn column<A: Array + Clone + 'static>(within: &Option<ColumnGroup>, name: &str) -> Result<Option<A>, DatasetError> {
    within.as_ref().map_or(Ok(None), |within| within.added(name))
}

fn lists(within: &Option<ColumnGroup>, name: &str) -> Result<Option<ListColumn<StringArray>>, DatasetError> {
    within.as_ref().filter(|within| within.has(name)).map(|within| within.lists(name)).transpose()
}

fn optional_texts(column: Option<&ListColumn<StringArray>>, row: usize) -> impl Iterator<Item = &str> {
    column.and_then(|column| column.texts(row)).into_iter().flatten()
}

fn optional_text(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.and_then(|column| text(column, row))
}
