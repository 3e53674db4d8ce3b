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
        self.mx_state.append_word(assessment.mx_state.as_str());
        self.mx_hosts.append(Some(&assessment.mx_hosts));
        self.mx_provider.append(assessment.mx_provider.as_deref());
        self.sts_state.append_word(assessment.sts_state.as_str());
        self.sts_id.append(assessment.sts_id.as_deref());
        self.policy_stage.append(assessment.policy_stage.map(|stage| stage.as_str()));
        self.policy_mode.append(assessment.policy_mode.as_deref());
        self.policy_max_age.append_option(assessment.policy_max_age);
        self.policy_mx.append(assessment.policy_mx.as_deref());
        self.policy_provider.append(assessment.policy_provider.as_deref());
        self.tlsrpt_state.append_word(assessment.tlsrpt_state.as_str());
        self.tlsrpt_rua.append(Some(&assessment.tlsrpt_rua));
        self.posture.append_word(assessment.posture.as_str());
        self.delivery.append_word(assessment.delivery.as_str());
        self.delivery_lenient.append_word(assessment.delivery_lenient.as_str());
        self.accepted_by.append(assessment.accepted_by.as_deref());
        self.mx_coverage.append(assessment.mx_coverage.map(|coverage| coverage.as_str()));
        self.mismatch.append(assessment.mismatch.map(|mismatch| mismatch.as_str()));
        self.worst.append(assessment.worst().map(|severity| severity.as_str()));
        self.findings.append(&assessment.findings);
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
    fn append(&mut self, findings: &[Finding]) {
        self.lengths.append(Some(findings.len()));
        for finding in findings {
            self.code.append_word(finding.code);
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
