//! The flat columns back from Arrow, as borrowed words.

use std::time::SystemTime;

use arrow::array::{Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray};

use crate::classify::StoredCode;
use crate::dataset::DatasetError;

use super::group::{Group, Lists, elements, text, time};

/// The flat columns of one row but the target's. Words of closed vocabularies are texts here, so that rows of a newer version can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judgement<'a> {
    /// Column `tld`.
    pub tld: Option<&'a str>,
    /// Column `suffix`.
    pub suffix: Option<&'a str>,
    /// Column `org_domain`.
    pub org_domain: Option<&'a str>,
    /// Column `scanned_at`.
    pub scanned_at: Option<SystemTime>,
    /// Column `elapsed_ms`.
    pub elapsed_ms: Option<i32>,
    /// Column `mx_state`.
    pub mx_state: Option<&'a str>,
    /// Column `mx_hosts`.
    pub mx_hosts: Vec<&'a str>,
    /// Column `mx_provider`.
    pub mx_provider: Option<&'a str>,
    /// Column `sts_state`.
    pub sts_state: Option<&'a str>,
    /// Column `sts_id`.
    pub sts_id: Option<&'a str>,
    /// Column `policy_stage`.
    pub policy_stage: Option<&'a str>,
    /// Column `policy_mode`.
    pub policy_mode: Option<&'a str>,
    /// Column `policy_max_age`, in seconds.
    pub policy_max_age: Option<i64>,
    /// Column `policy_mx`.
    pub policy_mx: Option<Vec<&'a str>>,
    /// Column `policy_provider`.
    pub policy_provider: Option<&'a str>,
    /// Column `tlsrpt_state`.
    pub tlsrpt_state: Option<&'a str>,
    /// Column `tlsrpt_rua`.
    pub tlsrpt_rua: Vec<&'a str>,
    /// Column `posture`.
    pub posture: Option<&'a str>,
    /// Column `delivery`.
    pub delivery: Option<&'a str>,
    /// Column `delivery_lenient`.
    pub delivery_lenient: Option<&'a str>,
    /// Column `accepted_by`.
    pub accepted_by: Option<Vec<&'a str>>,
    /// Column `mx_coverage`.
    pub mx_coverage: Option<&'a str>,
    /// Column `mismatch`.
    pub mismatch: Option<&'a str>,
    /// Column `worst`.
    pub worst: Option<&'a str>,
    /// Column `findings`.
    pub findings: Vec<StoredFinding<'a>>,
}

/// A finding as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredFinding<'a> {
    /// Code of the catalogue.
    pub code: StoredCode<'a>,
    /// Word of its severity.
    pub severity: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// The particulars.
    pub detail: &'a str,
}

/// The flat columns of a batch.
#[derive(Debug)]
pub struct JudgementColumns {
    tld: StringArray,
    suffix: StringArray,
    org_domain: StringArray,
    scanned_at: TimestampMicrosecondArray,
    elapsed_ms: Int32Array,
    mx_state: StringArray,
    mx_hosts: Lists<StringArray>,
    mx_provider: StringArray,
    sts_state: StringArray,
    sts_id: StringArray,
    policy_stage: StringArray,
    policy_mode: StringArray,
    policy_max_age: Int64Array,
    policy_mx: Lists<StringArray>,
    policy_provider: StringArray,
    tlsrpt_state: StringArray,
    tlsrpt_rua: Lists<StringArray>,
    posture: StringArray,
    delivery: StringArray,
    delivery_lenient: StringArray,
    accepted_by: Lists<StringArray>,
    mx_coverage: StringArray,
    mismatch: StringArray,
    worst: StringArray,
    findings: FindingColumns,
}

impl JudgementColumns {
    /// Finds the columns in a batch.
    ///
    /// # Errors
    /// If one is missing or has another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = Group::table(batch);
        Ok(Self {
            tld: table.column("tld")?,
            suffix: table.column("suffix")?,
            org_domain: table.column("org_domain")?,
            scanned_at: table.column("scanned_at")?,
            elapsed_ms: table.column("elapsed_ms")?,
            mx_state: table.column("mx_state")?,
            mx_hosts: table.lists("mx_hosts")?,
            mx_provider: table.column("mx_provider")?,
            sts_state: table.column("sts_state")?,
            sts_id: table.column("sts_id")?,
            policy_stage: table.column("policy_stage")?,
            policy_mode: table.column("policy_mode")?,
            policy_max_age: table.column("policy_max_age")?,
            policy_mx: table.lists("policy_mx")?,
            policy_provider: table.column("policy_provider")?,
            tlsrpt_state: table.column("tlsrpt_state")?,
            tlsrpt_rua: table.lists("tlsrpt_rua")?,
            posture: table.column("posture")?,
            delivery: table.column("delivery")?,
            delivery_lenient: table.column("delivery_lenient")?,
            accepted_by: table.lists("accepted_by")?,
            mx_coverage: table.column("mx_coverage")?,
            mismatch: table.column("mismatch")?,
            worst: table.column("worst")?,
            findings: FindingColumns::of(&table)?,
        })
    }

    /// The judgement of a row.
    pub fn row(&self, row: usize) -> Judgement<'_> {
        Judgement {
            tld: text(&self.tld, row),
            suffix: text(&self.suffix, row),
            org_domain: text(&self.org_domain, row),
            scanned_at: time(&self.scanned_at, row),
            elapsed_ms: self.elapsed_ms.is_valid(row).then(|| self.elapsed_ms.value(row)),
            mx_state: text(&self.mx_state, row),
            mx_hosts: self.mx_hosts.texts(row).into_iter().flatten().collect(),
            mx_provider: text(&self.mx_provider, row),
            sts_state: text(&self.sts_state, row),
            sts_id: text(&self.sts_id, row),
            policy_stage: text(&self.policy_stage, row),
            policy_mode: text(&self.policy_mode, row),
            policy_max_age: self.policy_max_age.is_valid(row).then(|| self.policy_max_age.value(row)),
            policy_mx: self.policy_mx.texts(row).map(Iterator::collect),
            policy_provider: text(&self.policy_provider, row),
            tlsrpt_state: text(&self.tlsrpt_state, row),
            tlsrpt_rua: self.tlsrpt_rua.texts(row).into_iter().flatten().collect(),
            posture: text(&self.posture, row),
            delivery: text(&self.delivery, row),
            delivery_lenient: text(&self.delivery_lenient, row),
            accepted_by: self.accepted_by.texts(row).map(Iterator::collect),
            mx_coverage: text(&self.mx_coverage, row),
            mismatch: text(&self.mismatch, row),
            worst: text(&self.worst, row),
            findings: self.findings.get(row),
        }
    }
}

/// Column `findings` of a batch.
#[derive(Debug)]
pub(in crate::dataset) struct FindingColumns {
    lists: ListArray,
    code: StringArray,
    severity: StringArray,
    subject: StringArray,
    detail: StringArray,
}

impl FindingColumns {
    fn of(table: &Group) -> Result<Self, DatasetError> {
        let (lists, finding) = table.groups("findings")?;
        Ok(Self {
            lists,
            code: finding.column("code")?,
            severity: finding.column("severity")?,
            subject: finding.column("subject")?,
            detail: finding.column("detail")?,
        })
    }

    pub(in crate::dataset) fn of_batch(batch: &RecordBatch) -> Result<Self, DatasetError> {
        Self::of(&Group::table(batch))
    }

    /// The codes of a row's findings.
    pub(in crate::dataset) fn codes(&self, row: usize) -> impl Iterator<Item = &str> {
        elements(&self.lists, row).map(|index| self.code.value(index))
    }

    pub(in crate::dataset) fn get(&self, row: usize) -> Vec<StoredFinding<'_>> {
        let finding = |index| StoredFinding {
            code: StoredCode::of(self.code.value(index)),
            severity: self.severity.value(index),
            subject: self.subject.value(index),
            detail: self.detail.value(index),
        };
        elements(&self.lists, row).map(finding).collect()
    }
}
