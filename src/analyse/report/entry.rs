//! The second reading: everything of a domain, one after the other.

use std::ops::Range;

use crate::analyse::error::AnalyseError;
use crate::analyse::scans::Scan;
use crate::classify::{Assessment, Coverage, Delivery, Finding, Mismatch, MxState, PolicyStage, Posture, RecordState, Severity};
use crate::dataset::{EvidenceColumns, Judgement, JudgementColumns, StoredFinding, TargetColumns, schema};
use crate::evidence::Evidence;
use crate::input::Target;
use crate::parse::senders::Sender;

/// Rows that are decoded at once: bodies of 64 KB in every row are 16 MB.
const BATCH_ROWS: usize = 256;

/// Where a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) part: usize,
    pub(super) row_group: usize,
    /// Within the row group.
    pub(super) row: usize,
}

/// A domain with all that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The target.
    pub target: Target,
    /// What was seen.
    pub evidence: Evidence,
    /// The judgement as it is stored. Findings whose code this version does not know are left out here, and words that it does not know
    /// are unknown.
    pub assessment: Assessment,
    /// The findings whose code this version does not know.
    pub unknown_codes: Vec<String>,
}

/// Calls `each` with the entries of some rows (ascending), or of all.
pub(super) fn visit<E: From<AnalyseError>>(
    scan: &Scan,
    places: Option<&[(Place, usize)]>,
    mut each: impl FnMut(&Entry) -> Result<(), E>,
) -> Result<(), E> {
    let schema = schema();
    let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut rest = places;
    for (part, described) in scan.manifest().parts.iter().enumerate() {
        if rest.is_some_and(|rest| rest.first().is_none_or(|(place, _)| place.part > part)) {
            continue;
        }
        let file = scan.reader.part_file(described).map_err(AnalyseError::from)?;
        for row_group in 0..file.row_groups() {
            let rows = rest.as_mut().map(|rest| runs(rest, part, row_group));
            if rows.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            for batch in file.read(row_group, &columns, BATCH_ROWS, rows.as_deref()).map_err(AnalyseError::from)? {
                let batch = batch.map_err(AnalyseError::from)?;
                let targets = TargetColumns::of(&batch).map_err(AnalyseError::from)?;
                let evidence = EvidenceColumns::of(&batch).map_err(AnalyseError::from)?;
                let judgements = JudgementColumns::of(&batch).map_err(AnalyseError::from)?;
                for row in 0..batch.num_rows() {
                    let (assessment, unknown_codes) = assessment(&judgements.row(row));
                    let target = targets.row(row).map_err(AnalyseError::from)?;
                    let evidence = evidence.row(row).map_err(AnalyseError::from)?;
                    each(&Entry { target, evidence, assessment, unknown_codes })?;
                }
            }
        }
    }
    Ok(())
}

/// Takes the rows of a row group from the front of the places, as runs.
fn runs(rest: &mut &[(Place, usize)], part: usize, row_group: usize) -> Vec<Range<usize>> {
    let here = rest.iter().take_while(|(place, _)| (place.part, place.row_group) == (part, row_group)).count();
    let (of_group, after) = rest.split_at(here);
    *rest = after;
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (place, _) in of_group {
        match runs.last_mut() {
            Some(last) if last.end == place.row => last.end += 1,
            _ => runs.push(place.row..place.row + 1),
        }
    }
    runs
}

/// The stored judgement as one of this version, and the codes that it does not know.
fn assessment(stored: &Judgement<'_>) -> (Assessment, Vec<String>) {
    fn word<T>(word: Option<&str>, from_word: impl Fn(&str) -> Option<T>) -> Option<T> {
        word.and_then(from_word)
    }
    let own = |text: Option<&str>| text.map(str::to_owned);
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let delivery = |text| word(text, Delivery::from_word).unwrap_or(Delivery::Unknown);
    let record = |text| word(text, RecordState::from_word).unwrap_or(RecordState::Unknown);
    let assessment = Assessment {
        mx_state: word(stored.mx_state, MxState::from_word).unwrap_or(MxState::Unknown),
        mx_hosts: owned(&stored.mx_hosts),
        mx_provider: own(stored.mx_provider),
        sts_state: record(stored.sts_state),
        sts_id: own(stored.sts_id),
        policy_stage: word(stored.policy_stage, PolicyStage::from_word),
        policy_mode: own(stored.policy_mode),
        policy_max_age: stored.policy_max_age,
        policy_mx: stored.policy_mx.as_deref().map(owned),
        policy_provider: own(stored.policy_provider),
        tlsrpt_state: record(stored.tlsrpt_state),
        tlsrpt_rua: owned(&stored.tlsrpt_rua),
        posture: word(stored.posture, Posture::from_word).unwrap_or(Posture::Unknown),
        delivery: delivery(stored.delivery),
        delivery_lenient: delivery(stored.delivery_lenient),
        accepted_by: stored.accepted_by.as_ref().map(|names| names.iter().filter_map(|name| Sender::from_word(name)).collect()),
        mx_coverage: word(stored.mx_coverage, Coverage::from_word),
        mismatch: word(stored.mismatch, Mismatch::from_word),
        findings: stored.findings.iter().filter_map(finding).collect(),
    };
    let unknown = stored.findings.iter().filter(|stored| finding(stored).is_none()).map(|stored| stored.code.as_str().to_owned());
    (assessment, unknown.collect())
}

fn finding(stored: &StoredFinding<'_>) -> Option<Finding> {
    Some(Finding {
        code: stored.code.known()?,
        severity: Severity::from_word(stored.severity)?,
        subject: stored.subject.to_owned(),
        detail: stored.detail.to_owned(),
    })
}
