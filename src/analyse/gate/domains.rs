//! The gate of `check`, `report` and `scan`: what a domain may not have.

use arrow::array::RecordBatch;

use super::codes::CodePattern;
use super::words::{Gate, Matches, SEVERITIES, UNKNOWN, severity};
use crate::analyse::diff::Kind;
use crate::analyse::filter::Filter;
use crate::analyse::scans::{AnalyseError, Scan};
use crate::classify::{Assessment, Delivery, Posture, Severity, Status};
use crate::dataset::{ColumnGroup, DatasetError, JudgementColumns, schema, text};

/// What a domain may not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainCondition {
    /// A finding of this severity, or of a worse one.
    Worst(Severity),
    /// A finding with one of these codes.
    Codes(CodePattern),
    /// This posture.
    Posture(Posture),
    /// This delivery.
    Delivery(Delivery),
    /// What a condition of `--where` says.
    Where(Filter),
}

/// Postures that can be named.
const POSTURES: [Posture; 4] = [Posture::Absent, Posture::Broken, Posture::None, Posture::Testing];
/// Deliveries that can be named.
const DELIVERIES: [Delivery; 4] = [Delivery::Refused, Delivery::Partial, Delivery::Opportunistic, Delivery::Reported];

impl DomainCondition {
    /// The meaning of a word.
    fn read(word: &str) -> Result<Self, String> {
        let severity = severity(word).map(Self::Worst);
        let posture = Posture::from_word(word).filter(|posture| POSTURES.contains(posture)).map(Self::Posture);
        let delivery = Delivery::from_word(word).filter(|delivery| DELIVERIES.contains(delivery)).map(Self::Delivery);
        if word.contains(['=', '<', '>']) {
            let condition = Filter::parse(&[word.to_owned()]).map_err(|error| error.reason().to_owned())?;
            return Ok(Self::Where(condition));
        }
        if let Some(known) = severity.or(posture).or(delivery) {
            return Ok(known);
        }
        if Kind::from_word(word).is_some() {
            return Err(format!("this is a change, which `stscan diff OLD NEW --fail-on {word}` finds; {}", known()));
        }
        let statuses = [Status::Active, Status::Expectation];
        CodePattern::of_word(word, &statuses, "no command that looks at one scan", &known()).map(Self::Codes)
    }

    /// Whether only expectations can make a domain meet it.
    pub fn is_of_expectations(&self) -> bool {
        matches!(self, Self::Codes(pattern) if pattern.is_of_expectations())
    }

    /// Whether a judgement meets it. `is_kept`: whether the row meets the condition, if it is one of `--where`.
    fn is_met(&self, assessment: &Assessment, is_kept: bool) -> bool {
        match self {
            Self::Worst(severity) => assessment.worst().is_some_and(|worst| worst <= *severity),
            Self::Codes(pattern) => assessment.findings.iter().any(|finding| pattern.finds(finding)),
            Self::Posture(posture) => assessment.posture == *posture,
            Self::Delivery(delivery) => assessment.delivery == *delivery,
            Self::Where(_) => is_kept,
        }
    }
}

/// The words that are known.
fn known() -> String {
    let severities = SEVERITIES.iter().map(|severity| severity.as_str());
    let states = POSTURES.iter().map(|posture| posture.as_str()).chain(DELIVERIES.iter().map(|delivery| delivery.as_str()));
    let words: Vec<&str> = severities.chain([UNKNOWN]).chain(states).collect();
    format!("one of {}, a finding code such as sts-fetch-cert-*, or a condition as of --where", words.join(", "))
}

/// The gate of domains.
///
/// # Errors
/// A sentence about a word that is not known.
pub fn domain_gate(words: &[String]) -> Result<Gate<DomainCondition>, String> {
    Gate::read(words, DomainCondition::read)
}

/// Rows that are decoded at once; no evidence is among what is read.
const BATCH_ROWS: usize = 8192;

/// What of the rows of a scan that are seen meets the words of a gate.
///
/// # Errors
/// If the dataset cannot be read; if a condition names a carried column that it does not have.
pub fn matched(scan: &Scan, gate: &Gate<DomainCondition>) -> Result<Matches, AnalyseError> {
    let filters =
        || gate.conditions().filter_map(|condition| if let DomainCondition::Where(filter) = condition { Some(filter) } else { None });
    if filters().any(Filter::is_about_carried) {
        let known = scan.carried_columns()?;
        filters().try_for_each(|filter| filter.check_carried(&known))?;
    }
    let mut matches = gate.matches();
    let schema = schema();
    let flat: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).filter(|name| *name != "evidence").collect();
    for source in scan.sources() {
        let file = scan.seen(&source)?;
        for row_group in 0..file.row_groups() {
            for batch in file.read(row_group, &flat, BATCH_ROWS, None)? {
                let batch = batch?;
                judge_rows(&batch, gate, &mut matches)?;
            }
        }
    }
    Ok(matches)
}

/// Notes which words the rows of a batch meet; all flat columns have to be in it.
///
/// # Errors
/// If a column is missing or has another type.
pub fn judge_rows(batch: &RecordBatch, gate: &Gate<DomainCondition>, matches: &mut Matches) -> Result<(), DatasetError> {
    let judgements = JudgementColumns::of(batch)?;
    let domains = ColumnGroup::table(batch).column("domain")?;
    let kept = |condition: &DomainCondition| -> Result<Vec<usize>, DatasetError> {
        let mut kept = Vec::new();
        if let DomainCondition::Where(filter) = condition {
            filter.each_kept(batch, |row| kept.push(row))?;
        }
        Ok(kept)
    };
    let kept: Vec<Vec<usize>> = gate.conditions().map(kept).collect::<Result<_, _>>()?;
    for row in 0..batch.num_rows() {
        let assessment = judgements.row(row).assessment();
        let is_kept = |at: usize| kept.get(at).is_some_and(|rows| rows.binary_search(&row).is_ok());
        let meets = |at: usize, condition: &DomainCondition| condition.is_met(&assessment, is_kept(at));
        gate.judge(text(&domains, row).unwrap_or_default(), assessment.is_undetermined(), meets, matches);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Finding, codes};

    fn met(word: &str, assessment: &Assessment) -> bool {
        DomainCondition::read(word).unwrap().is_met(assessment, false)
    }

    fn with(code: crate::classify::Code, severity: Severity) -> Assessment {
        let finding = Finding { code, severity, subject: String::new(), detail: String::new(), count: 1 };
        let mut assessment = Assessment::default();
        (assessment.posture, assessment.findings) = (Posture::Broken, vec![finding]);
        assessment
    }

    #[test]
    fn severities_codes_and_states_are_met() {
        let broken = with(codes::STS_FETCH_CERT_EXPIRED, Severity::Medium);
        for word in ["medium", "low", "sts-fetch-cert-*", "sts-fetch-cert-expired", "*", "broken"] {
            assert!(met(word, &broken), "{word}");
        }
        for word in ["high", "sts-fetch-cert-expiring", "mx-*", "testing", "refused"] {
            assert!(!met(word, &broken), "{word}");
        }
    }

    /// What leaves something open meets `unknown` alone, but where it is just what was named.
    #[test]
    fn unknown_is_no_verdict() {
        let open = with(codes::MX_NO_STARTTLS, Severity::Info);
        assert!(!met("mx-no-starttls", &open) && !met("mx-*", &open));
        let server_error = with(codes::STS_FETCH_SERVER_ERROR, Severity::Info);
        assert!(met("sts-fetch-server-error", &server_error) && !met("sts-fetch-*", &server_error));
        // A fact is one, whatever its severity.
        assert!(met("mx-implicit", &with(codes::MX_IMPLICIT, codes::MX_IMPLICIT.rule().severity)));
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        for (word, said) in [
            ("info", "one of high, medium, low, unknown, absent, broken"),
            ("hihg", "one of high"),
            ("", "one of high"),
            ("sts-fetch-cert-expirred", "did you mean sts-fetch-cert-expired?"),
            ("sts-nothing-*", "no finding code fits"),
            ("newly-broken", "this is a change, which `stscan diff OLD NEW --fail-on newly-broken` finds"),
            ("sts-removed-abruptly", "no command that looks at one scan reports this code"),
            ("sts-policy-shared", "no command that looks at one scan"),
            ("posture=brokn", "posture is never \"brokn\", but one of absent"),
        ] {
            let refused = DomainCondition::read(word).unwrap_err();
            assert!(refused.contains(said), "{word}: {refused}");
        }
    }
}
