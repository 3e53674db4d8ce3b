//! The columns that are read of every row.

use arrow::array::{Array, Int32Array, RecordBatch, StringArray};

use crate::dataset::{ColumnGroup, DatasetError, text};

use super::survey::{QUESTIONS, States, Survey};

/// What is read beside the states.
#[derive(Clone, Copy)]
pub(super) struct SurveyColumns {
    /// What became of the questions.
    pub(super) quality: bool,
    /// The mail providers.
    pub(super) mail_providers: bool,
}

const STATES: [&str; 4] = ["mx_state", "sts_state", "tlsrpt_state", "posture"];
const PROVIDERS: [&str; 2] = ["mx_provider", "org_domain"];
const OUTCOMES: [&str; 6] = [
    "evidence.mx.outcome",
    "evidence.mx.attempts",
    "evidence.sts_txt.outcome",
    "evidence.sts_txt.attempts",
    "evidence.tlsrpt_txt.outcome",
    "evidence.tlsrpt_txt.attempts",
];

/// The columns of a batch.
pub(super) struct SurveyArrays {
    states: [StringArray; 4],
    providers: Option<[StringArray; 2]>,
    outcomes: Vec<(StringArray, Int32Array)>,
}

impl SurveyColumns {
    /// The columns' names.
    pub(super) fn names(self) -> Vec<&'static str> {
        let mut names = STATES.to_vec();
        if self.mail_providers {
            names.extend(PROVIDERS);
        }
        if self.quality {
            names.extend(OUTCOMES);
        }
        names
    }

    /// Finds them in a batch.
    pub(super) fn arrays(self, batch: &RecordBatch) -> Result<SurveyArrays, DatasetError> {
        let table = ColumnGroup::table(batch);
        let [mx, sts, tlsrpt, posture] = STATES;
        let [provider, own] = PROVIDERS;
        let mut outcomes = Vec::new();
        if self.quality {
            let evidence = table.group("evidence")?;
            for question in QUESTIONS {
                let lookup = evidence.group(question)?;
                outcomes.push((lookup.column("outcome")?, lookup.column("attempts")?));
            }
        }
        Ok(SurveyArrays {
            states: [table.column(mx)?, table.column(sts)?, table.column(tlsrpt)?, table.column(posture)?],
            providers: if self.mail_providers { Some([table.column(provider)?, table.column(own)?]) } else { None },
            outcomes,
        })
    }
}

impl SurveyArrays {
    /// Counts a row.
    pub(super) fn add(&self, row: usize, survey: &mut Survey) {
        let [mx, sts, tlsrpt, posture] = self.states.each_ref().map(|column| text(column, row));
        let states = States::read(mx, sts, tlsrpt, posture);
        survey.add(states);
        if let Some([provider, own]) = self.providers.as_ref().filter(|_| states.has_mx()) {
            let own = text(own, row);
            let provider = text(provider, row);
            let name = match provider {
                None => "(no registrable domain)",
                provider if provider == own => "(own domain)",
                Some(provider) => provider,
            };
            survey.add_mail_provider(name, states);
        }
        for (question, (outcome, attempts)) in self.outcomes.iter().enumerate() {
            let attempts = if attempts.is_valid(row) { attempts.value(row) } else { 0 };
            survey.add_outcome(question, text(outcome, row), attempts);
        }
    }
}
