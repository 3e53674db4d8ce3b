//! The second reading: everything of a domain, one after the other.

use std::ops::Range;

use crate::analyse::expect::Waived;
use crate::analyse::scans::{AnalyseError, Scan};
use crate::classify::Assessment;
use crate::dataset::{EvidenceColumns, JudgementColumns, TargetColumns, schema};
use crate::evidence::Evidence;
use crate::input::Target;

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
    /// What is left aside until a day: none of it is among the findings.
    pub waived: Vec<Waived>,
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
    for (part, source) in scan.sources().into_iter().enumerate() {
        if rest.is_some_and(|rest| rest.first().is_none_or(|(place, _)| place.part > part)) {
            continue;
        }
        let file = scan.seen(&source).map_err(AnalyseError::from)?;
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
                    let judgement = judgements.row(row);
                    let (assessment, unknown_codes) = (judgement.assessment(), judgement.unknown_codes());
                    let target = targets.row(row).map_err(AnalyseError::from)?;
                    let evidence = evidence.row(row).map_err(AnalyseError::from)?;
                    let waived = batch.waived(row).to_vec();
                    each(&Entry { target, evidence, assessment, unknown_codes, waived })?;
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
