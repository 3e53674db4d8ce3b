//! From rows to Arrow: the builders of all columns, filled row by row.

mod rejudged;

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;
use arrow::array::{ArrayRef, RecordBatch};

use crate::classify::Assessment;
use crate::evidence::{Evidence, Mx};
use crate::input::Target;

use super::column::{Column, List, MAX_BATCH_ROWS, Shape, nulls, with_shared_nulls};
use super::error::DatasetError;
use super::evidence::{Bare, EvidenceRows, OwnTimes, TimesBuilder, follow_from_domain, without_own_times};
use super::flat::JudgementBuilder;
use super::folded::Folded;
use super::schema::schema;
use super::strands::OWN;
use super::target::{CarriedBuilder, NameBuilder, TargetBuilder};

pub use self::rejudged::{rejudged_batch, with_nothing_carried, with_policy_hosts, without_validation};

/// One row to be: a target, what was seen of it and what that means.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The target.
    pub target: Target,
    /// What the probe saw.
    pub evidence: Evidence,
    /// What it means.
    pub assessment: Assessment,
}

/// The rows as one batch of table `domains`, in the order given.
///
/// # Errors
/// If there are more than [`MAX_BATCH_ROWS`].
pub fn record_batch(records: &[Record]) -> Result<RecordBatch, DatasetError> {
    if records.len() > MAX_BATCH_ROWS {
        return Err(DatasetError::Encoding(format!("{} rows in a batch of at most {MAX_BATCH_ROWS}", records.len())));
    }
    let mut builder = RowBuilder::default();
    records.iter().for_each(|record| builder.push(&record.target, &record.evidence, &record.assessment));
    builder.finish()
}

/// Rows of table `domains` on their way to a batch: columns from the first row on, so that many cost little memory, and those that are alike
/// in most columns share these.
#[derive(Debug, Default)]
pub struct RowBuilder {
    target: TargetBuilder,
    names: NameBuilder,
    times: TimesBuilder,
    carried: List<CarriedBuilder>,
    own_times: OwnTimes,
    /// For each row, which of the distinct ones below it is.
    keys: Vec<u32>,
    /// How many these are.
    distinct: u32,
    judgement: JudgementBuilder,
    evidence: EvidenceRows,
    /// Those of them that others may share, by the address of their judgement and the number of their MX records.
    alike: HashMap<(usize, usize), Vec<(Alike, u32)>, RandomState>,
}

/// All in which rows must be equal to share what is not their own.
#[derive(Debug)]
struct Alike {
    list: Arc<str>,
    file: Option<Arc<str>>,
    lookups: [Bare; 3],
    mx: Vec<Mx>,
    /// Kept, so that no other has its address meanwhile.
    _judgement: Arc<Assessment>,
}

impl Alike {
    fn is_of(&self, target: &Target, evidence: &Evidence, lookups: &[Bare; 3]) -> bool {
        self.lookups == *lookups && self.mx == evidence.mx.records && self.list == target.list && self.file == target.file
    }
}

/// What may be said of the lookups of a row that may share; `None` where there is more to be said.
fn lookups_alone(evidence: &Evidence) -> Option<[Bare; 3]> {
    let Evidence { mx, sts_txt, tlsrpt_txt, .. } = evidence;
    let may_share = evidence.has_first_lookups_alone() && sts_txt.is_bare() && tlsrpt_txt.is_bare() && follow_from_domain(evidence);
    if may_share { Some([Bare::of(mx)?, Bare::of(sts_txt)?, Bare::of(tlsrpt_txt)?]) } else { None }
}

impl RowBuilder {
    /// Adds a row. A batch has at most [`MAX_BATCH_ROWS`].
    pub fn push(&mut self, target: &Target, evidence: &Evidence, assessment: &Assessment) {
        self.push_own(target, evidence);
        let key = self.push_distinct(target, evidence, assessment);
        self.keys.push(key);
    }

    /// Adds a row as [`RowBuilder::push`] does. Rows with one judgement, whose evidence is alike but for names and times, share all else.
    pub fn push_shared(&mut self, target: &Target, evidence: &Evidence, assessment: &Arc<Assessment>) {
        let Some(lookups) = lookups_alone(evidence) else { return self.push(target, evidence, assessment) };
        self.push_own(target, evidence);
        let place = (Arc::as_ptr(assessment).addr(), evidence.mx.records.len());
        let known = self.alike.get(&place).into_iter().flatten().find(|(alike, _)| alike.is_of(target, evidence, &lookups));
        let key = if let Some((_, key)) = known {
            *key
        } else {
            let key = self.push_distinct(target, evidence, assessment);
            let Target { list, file, .. } = target;
            let (list, file, mx) = (Arc::clone(list), file.clone(), evidence.mx.records.clone());
            self.alike.entry(place).or_default().push((Alike { list, file, lookups, mx, _judgement: Arc::clone(assessment) }, key));
            key
        };
        self.keys.push(key);
    }

    fn push_own(&mut self, target: &Target, evidence: &Evidence) {
        self.target.append_own(target);
        self.names.append(target.domain.as_str());
        self.times.append(Some(&(evidence.scanned_at, evidence.elapsed_ms)));
        self.carried.append(Some(&target.carried));
        self.own_times.append(evidence);
    }

    /// Adds what is not the row's own, and gives its key.
    fn push_distinct(&mut self, target: &Target, evidence: &Evidence, assessment: &Assessment) -> u32 {
        self.target.append_shared(target);
        self.judgement.append_times(assessment, 1);
        self.evidence.push(evidence);
        self.distinct += 1;
        self.distinct - 1
    }

    /// The rows in the order in which they came, what they share only once.
    ///
    /// # Errors
    /// If the columns do not fit the schema, which is a mistake of the program.
    pub fn fold(self) -> Result<Folded, DatasetError> {
        let (schema, distinct) = (schema(), self.distinct as usize);
        let shape = Shape::of_fields(schema.fields());
        let mut columns: Vec<(&str, ArrayRef)> = self.target.into_columns(&shape)?;
        columns.extend(self.names.into_columns());
        columns.extend(self.times.into_columns(&shape)?);
        columns.extend(self.judgement.finish(&shape)?);
        columns.push(("carried", self.carried.finish(shape.kind("carried")?)?));
        columns.push(("evidence", without_own_times(&self.evidence.finish(shape.kind("evidence")?)?)?));
        let mut own = self.own_times.into_columns()?;
        for (name, column) in &mut columns {
            let shared = if OWN.contains(name) { nulls(column.data_type(), distinct) } else { with_shared_nulls(Arc::clone(column))? };
            let column = std::mem::replace(column, shared);
            if OWN.contains(name) {
                own.push((name, column));
            }
        }
        let shared = RecordBatch::from(shape.assemble(None, columns)?).with_schema(schema)?;
        Ok(Folded::new(&own, shared, self.keys)?)
    }

    /// The rows as a batch, in the order in which they came.
    ///
    /// # Errors
    /// If the columns do not fit the schema, which is a mistake of the program.
    pub fn finish(self) -> Result<RecordBatch, DatasetError> {
        Ok(self.fold()?.unfold()?)
    }
}
