//! Column `cause`: of a broken deployment the one code to fix first.

use super::assessment::{Assessment, PolicyStage, Posture, RecordState};
use super::codes::{
    STS_FETCH_HTTP_ONLY, STS_FETCH_SNI_UNPROVISIONED, STS_FETCH_STATUS, STS_FETCH_TLS_ALERT, STS_FETCH_WRONG_PATH, STS_POLICY_KEY_CASE,
    STS_POLICY_KEY_TYPO, STS_RECORD_KEY_CASE, STS_RECORD_NEAR_MISS, STS_RECORD_WITHOUT_POLICY,
};
use super::findings::Finding;
use super::rule::{Code, Severity, Stage};

impl Stage {
    /// The step at which a broken deployment fails.
    fn of(assessment: &Assessment) -> Self {
        match (assessment.sts_state, assessment.policy_stage) {
            (RecordState::Invalid | RecordState::Multiple, _) => Self::Record,
            (_, Some(PolicyStage::Dns)) => Self::Dns,
            (_, Some(PolicyStage::Tcp)) => Self::Tcp,
            (_, Some(PolicyStage::Tls)) => Self::Tls,
            (_, Some(PolicyStage::Http)) => Self::Http,
            (_, Some(PolicyStage::Syntax | PolicyStage::Ok) | None) => Self::Syntax,
        }
    }
}

/// Faults from which others of the same step follow: with `ID=1` there is no id, and a policy at another path is not found at its own.
const EXPLAIN: &[Code] = &[
    STS_RECORD_KEY_CASE,
    STS_FETCH_SNI_UNPROVISIONED,
    STS_FETCH_HTTP_ONLY,
    STS_FETCH_WRONG_PATH,
    STS_POLICY_KEY_CASE,
    STS_POLICY_KEY_TYPO,
];

/// Faults that say in general what another one of the same step says exactly.
const GENERAL: &[Code] = &[STS_RECORD_NEAR_MISS, STS_FETCH_TLS_ALERT, STS_FETCH_STATUS];

impl Assessment {
    /// Column `cause`: of a broken deployment the code to fix first. Precedence: the findings of the first step that fails; of those what
    /// explains others (`EXPLAIN`); then the worst severity; then what is exact before what is general (`GENERAL`); then the order
    /// of the catalogue. Without such a finding it is that the policy cannot be retrieved.
    pub fn cause(&self) -> Option<Code> {
        if self.posture != Posture::Broken {
            return None;
        }
        let failed = Stage::of(self);
        let breaking = self.findings.iter().filter_map(|finding| Some((finding, finding.code.rule().stage?)));
        let breaking = breaking.filter(|(finding, _)| !finding.leaves_open() && finding.severity <= Severity::Medium);
        let first = breaking.min_by_key(|(finding, stage)| (*stage != failed, rank(finding)));
        Some(first.map_or(STS_RECORD_WITHOUT_POLICY, |(finding, _)| finding.code))
    }
}

/// Place in the order of precedence within a step.
fn rank(finding: &Finding) -> (bool, Severity, bool, Code) {
    let code = finding.code;
    (!EXPLAIN.contains(&code), finding.severity, GENERAL.contains(&code), code)
}
