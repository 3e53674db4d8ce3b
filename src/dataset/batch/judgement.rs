//! Builder of the flat columns that an assessment fills.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::classify::{Assessment, Finding};

use super::columns::{Lengths, Shape, TextLists, Texts};

/// Struct of builders for the columns from `mx_state` to `findings`.
#[derive(Debug, Default)]
pub(super) struct JudgementBuilder {
    mx_state: Texts,
    mx_hosts: TextLists,
    mx_provider: Texts,
    sts_state: Texts,
    sts_id: Texts,
    policy_stage: Texts,
    policy_mode: Texts,
    policy_max_age: Int64Builder,
    policy_mx: TextLists,
    policy_provider: Texts,
    tlsrpt_state: Texts,
    tlsrpt_rua: TextLists,
    posture: Texts,
    delivery: Texts,
    delivery_lenient: Texts,
    accepted_by: TextLists,
    mx_coverage: Texts,
    mismatch: Texts,
    worst: Texts,
    findings: FindingBuilder,
}

impl JudgementBuilder {
    pub(super) fn append(&mut self, assessment: &Assessment) {
        self.append_times(assessment, 1);
    }

    /// Adds a judgement that so many rows share.
    pub(super) fn append_times(&mut self, assessment: &Assessment, rows: usize) {
        self.mx_state.append_times(Some(assessment.mx_state.as_str()), rows);
        self.mx_hosts.append_times(Some(&assessment.mx_hosts), rows);
        self.mx_provider.append_times(assessment.mx_provider.as_deref(), rows);
        self.sts_state.append_times(Some(assessment.sts_state.as_str()), rows);
        self.sts_id.append_times(assessment.sts_id.as_deref(), rows);
        self.policy_stage.append_times(assessment.policy_stage.map(|stage| stage.as_str()), rows);
        self.policy_mode.append_times(assessment.policy_mode.as_deref(), rows);
        match assessment.policy_max_age {
            Some(seconds) => self.policy_max_age.append_value_n(seconds, rows),
            None => self.policy_max_age.append_nulls(rows),
        }
        self.policy_mx.append_times(assessment.policy_mx.as_deref(), rows);
        self.policy_provider.append_times(assessment.policy_provider.as_deref(), rows);
        self.tlsrpt_state.append_times(Some(assessment.tlsrpt_state.as_str()), rows);
        self.tlsrpt_rua.append_times(Some(&assessment.tlsrpt_rua), rows);
        self.posture.append_times(Some(assessment.posture.as_str()), rows);
        self.delivery.append_times(Some(assessment.delivery.as_str()), rows);
        self.delivery_lenient.append_times(Some(assessment.delivery_lenient.as_str()), rows);
        self.accepted_by.append_times(assessment.accepted_by.as_deref(), rows);
        self.mx_coverage.append_times(assessment.mx_coverage.map(|coverage| coverage.as_str()), rows);
        self.mismatch.append_times(assessment.mismatch.map(|mismatch| mismatch.as_str()), rows);
        self.worst.append_times(assessment.worst().map(|severity| severity.as_str()), rows);
        self.findings.append_times(&assessment.findings, rows);
    }

    /// The columns with their names, in the schema's order.
    pub(super) fn finish(mut self, shape: &Shape) -> Result<Vec<(&'static str, ArrayRef)>, ArrowError> {
        Ok(vec![
            ("mx_state", self.mx_state.finish()),
            ("mx_hosts", self.mx_hosts.finish(shape.kind("mx_hosts")?)?),
            ("mx_provider", self.mx_provider.finish()),
            ("sts_state", self.sts_state.finish()),
            ("sts_id", self.sts_id.finish()),
            ("policy_stage", self.policy_stage.finish()),
            ("policy_mode", self.policy_mode.finish()),
            ("policy_max_age", Arc::new(self.policy_max_age.finish())),
            ("policy_mx", self.policy_mx.finish(shape.kind("policy_mx")?)?),
            ("policy_provider", self.policy_provider.finish()),
            ("tlsrpt_state", self.tlsrpt_state.finish()),
            ("tlsrpt_rua", self.tlsrpt_rua.finish(shape.kind("tlsrpt_rua")?)?),
            ("posture", self.posture.finish()),
            ("delivery", self.delivery.finish()),
            ("delivery_lenient", self.delivery_lenient.finish()),
            ("accepted_by", self.accepted_by.finish(shape.kind("accepted_by")?)?),
            ("mx_coverage", self.mx_coverage.finish()),
            ("mismatch", self.mismatch.finish()),
            ("worst", self.worst.finish()),
            ("findings", self.findings.finish(shape.kind("findings")?)?),
        ])
    }
}

/// List<Struct<code, severity, subject, detail>>.
#[derive(Debug, Default)]
struct FindingBuilder {
    lengths: Lengths,
    code: Texts,
    severity: Texts,
    subject: Texts,
    detail: Texts,
}

impl FindingBuilder {
    fn append_times(&mut self, findings: &[Finding], rows: usize) {
        self.lengths.append_times(Some(findings.len()), rows);
        for finding in (0..rows).flat_map(|_| findings) {
            self.code.append_word(finding.code.as_str());
            self.severity.append_word(finding.severity.as_str());
            self.subject.append(Some(&finding.subject));
            self.detail.append(Some(&finding.detail));
        }
    }

    fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let columns = vec![
            ("code", self.code.finish()),
            ("severity", self.severity.finish()),
            ("subject", self.subject.finish()),
            ("detail", self.detail.finish()),
        ];
        let elements = Shape::of(data_type)?.assemble(None, columns)?;
        self.lengths.finish(data_type, Arc::new(elements))
    }
}
