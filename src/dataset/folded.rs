//! Rows of which many are alike: what they share is there once, and each row says which it has; what is each row's own lies row by row.
//!
//! Of domains that publish nothing and have their mail with the same provider, some columns differ and hundreds do not: laid down once for all
//! of them, these cost next to nothing to build, to keep and to write.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch, StructArray, UInt32Array};
use arrow::compute::{concat, concat_batches, take};
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use arrow::error::ArrowError;

use super::column::with_shared_nulls;
use super::counts::Counts;
use super::encoding::Filled;
use super::error::DatasetError;
use super::schema;
use super::strands::{Nothing, OWN, Strand, batch_of, strands};

/// Rows of table `domains`, in the order in which they came.
#[derive(Clone, Debug)]
pub struct Folded {
    /// The columns of [`OWN`], in that order, as [`strands`] has them: a value per row.
    own: Vec<ArrayRef>,
    /// All other columns, of rows that differ in them; those of [`OWN`] say nothing here.
    shared: RecordBatch,
    /// For each row, which of `shared` it is.
    keys: Arc<[u32]>,
    /// The memory that all of it takes, about.
    octets: usize,
}

impl Folded {
    /// Rows of these columns; `own` by their names in [`OWN`], without the structs around them.
    ///
    /// # Errors
    /// If a column of its own is missing or has another type.
    pub(super) fn new(own: &[(&str, ArrayRef)], shared: RecordBatch, keys: Vec<u32>) -> Result<Self, ArrowError> {
        let column = |strand: &Strand| {
            let column = own.iter().find(|(name, _)| strand.own().and_then(|place| OWN.get(place)) == Some(name));
            let (_, column) = column.ok_or_else(|| ArrowError::SchemaError(format!("no column {}", strand.field().name())))?;
            within(strand.field(), column)
        };
        let mut columns: Vec<(usize, ArrayRef)> = Vec::new();
        for strand in strands() {
            if let Some(place) = strand.own() {
                columns.push((place, column(strand)?));
            }
        }
        columns.sort_by_key(|(place, _)| *place);
        Ok(Self::with(columns.into_iter().map(|(_, column)| column).collect(), shared, keys.into()))
    }

    /// Rows that share nothing.
    ///
    /// # Errors
    /// If the batch is none of table `domains`.
    pub(super) fn of(batch: RecordBatch) -> Result<Self, ArrowError> {
        let columns = strands().iter().map(|strand| strand.of(&batch)).collect::<Result<_, _>>()?;
        Self::of_strands(columns, (0..).take(batch.num_rows()).collect(), batch.num_rows())
    }

    /// Rows of these columns in the order of [`strands`], of which so many are distinct.
    ///
    /// # Errors
    /// If the columns do not fit the schema.
    pub(super) fn of_strands(mut columns: Vec<ArrayRef>, keys: Arc<[u32]>, distinct: usize) -> Result<Self, ArrowError> {
        let mut own: Vec<(usize, ArrayRef)> = Vec::new();
        for (strand, column) in strands().iter().zip(&mut columns) {
            if let Some(place) = strand.own() {
                let nothing = strand.nothing(Nothing::Null(strand.depth()), distinct)?;
                own.push((place, std::mem::replace(column, nothing)));
            }
        }
        own.sort_by_key(|(place, _)| *place);
        Ok(Self::with(own.into_iter().map(|(_, column)| column).collect(), batch_of(&columns)?, keys))
    }

    fn with(own: Vec<ArrayRef>, shared: RecordBatch, keys: Arc<[u32]>) -> Self {
        let columns = own.iter().chain(shared.columns()).map(|column| octets_of(column.as_ref())).sum::<usize>();
        Self { octets: columns + size_of_val(keys.as_ref()), own, shared, keys }
    }

    /// How many rows they are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many rows differ in what is not their own.
    pub(super) fn distinct(&self) -> usize {
        self.shared.num_rows()
    }

    /// For each row, which of the distinct ones it is.
    pub(super) fn keys(&self) -> &Arc<[u32]> {
        &self.keys
    }

    /// The memory that they take, about.
    pub(crate) fn octets(&self) -> usize {
        self.octets
    }

    /// Which of their columns have a value.
    pub(super) fn filled(&self) -> Filled {
        let mut filled = Filled::of(&self.shared);
        for strand in strands() {
            if let Some(column) = strand.own().and_then(|place| self.own.get(place)) {
                filled.note_at(strand.first_leaf(), column);
            }
        }
        filled
    }

    /// A column, of each row where it is its own and else of each that is distinct.
    ///
    /// # Errors
    /// If there is no such column.
    pub(super) fn column(&self, strand: &Strand) -> Result<ArrayRef, ArrowError> {
        match strand.own() {
            None => strand.of(&self.shared),
            Some(place) => {
                self.own.get(place).cloned().ok_or_else(|| ArrowError::SchemaError(format!("no column {}", strand.field().name())))
            }
        }
    }

    /// What a column is in every row, if it has no value and is the same in all.
    pub(super) fn nothing_in(&self, strand: &Strand) -> Option<Nothing> {
        match strand.own() {
            None => strand.nothing_in(&self.shared),
            Some(place) => strand.nothing_of(self.own.get(place)?),
        }
    }

    /// Their ordinals.
    ///
    /// # Errors
    /// If they have none, or one is negative.
    pub(super) fn ordinals(&self) -> Result<Vec<u64>, DatasetError> {
        ordinals(self.own.first())
    }

    /// How many of them are in which state.
    ///
    /// # Errors
    /// If they have not the columns that are counted.
    pub(super) fn counts(&self) -> Result<Counts, DatasetError> {
        Counts::of_times(&self.shared, &times(&self.keys, self.distinct()))
    }

    /// The rows of both.
    ///
    /// # Errors
    /// If they cannot stand in one batch.
    pub(crate) fn join(&self, other: &Self) -> Result<Self, DatasetError> {
        let both = |(one, two): (&ArrayRef, &ArrayRef)| concat(&[one.as_ref(), two.as_ref()]);
        let own = self.own.iter().zip(&other.own).map(both).collect::<Result<_, _>>()?;
        let keys = joined([self, other].into_iter().map(|rows| (rows.keys.as_ref(), rows.distinct()))).into();
        Ok(Self::with(own, concat_batches(&schema(), [&self.shared, &other.shared])?, keys))
    }

    /// These of the rows, in this order.
    ///
    /// # Errors
    /// If there are not so many.
    pub(super) fn some(&self, rows: &UInt32Array) -> Result<Self, ArrowError> {
        if self.len() == rows.len() && rows.values().iter().copied().eq(0..rows.len() as u32) {
            return Ok(self.clone());
        }
        let own = self.own.iter().map(|column| take(column, rows, None)).collect::<Result<_, _>>()?;
        let keys = rows.values().iter().filter_map(|row| self.keys.get(*row as usize).copied()).collect();
        Ok(Self::with(own, self.shared.clone(), keys))
    }

    /// The rows with all columns.
    ///
    /// # Errors
    /// If the columns do not fit the schema, which is a mistake of the program.
    pub fn unfold(&self) -> Result<RecordBatch, ArrowError> {
        let is_each = self.distinct() == self.len() && self.keys.iter().copied().eq(0..self.len() as u32);
        let keys = UInt32Array::from(self.keys.to_vec());
        let column = |strand: &Strand| {
            if let Some(nothing) = self.nothing_in(strand) {
                return strand.nothing(nothing, self.len());
            }
            let column = self.column(strand)?;
            if is_each || strand.own().is_some() { Ok(column) } else { with_shared_nulls(take(&column, &keys, None)?) }
        };
        batch_of(&strands().iter().map(column).collect::<Result<Vec<_>, _>>()?)
    }
}

/// The keys of several batches, of which each has so many distinct rows, to the distinct rows of all.
pub(super) fn joined<'k>(batches: impl Iterator<Item = (&'k [u32], usize)>) -> Vec<u32> {
    let (mut all, mut before) = (Vec::new(), 0);
    for (keys, distinct) in batches {
        all.extend(keys.iter().map(|key| before + key));
        before += u32::try_from(distinct).unwrap_or(u32::MAX);
    }
    all
}

/// The memory that a column takes, about; of one that is a slice of another only its own. Nothing where it has no value: all batches share
/// the nulls.
fn octets_of(column: &dyn Array) -> usize {
    if column.null_count() == column.len() {
        return 0;
    }
    match column.as_struct_opt() {
        Some(columns) => columns.columns().iter().map(|column| octets_of(column.as_ref())).sum(),
        None => column.to_data().get_slice_memory_size().unwrap_or_default(),
    }
}

/// How often each key occurs.
pub(super) fn times(keys: &[u32], distinct: usize) -> Vec<u64> {
    let mut times = vec![0; distinct];
    for key in keys {
        times.get_mut(*key as usize).into_iter().for_each(|times| *times += 1);
    }
    times
}

/// The ordinals in their column, the first of [`OWN`].
pub(super) fn ordinals(column: Option<&ArrayRef>) -> Result<Vec<u64>, DatasetError> {
    let ordinals = column.and_then(|column| column.as_primitive_opt::<Int64Type>()).filter(|column| column.null_count() == 0);
    let ordinals = ordinals.ok_or_else(|| DatasetError::Column(OWN[0].to_owned()))?;
    let ordinal = |ordinal: &i64| u64::try_from(*ordinal).map_err(|_| DatasetError::Inconsistent(format!("a row of ordinal {ordinal}")));
    ordinals.values().iter().map(ordinal).collect()
}

/// A column within the structs of which it is the only field.
fn within(field: &FieldRef, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match field.data_type() {
        data_type if data_type == column.data_type() => Ok(Arc::clone(column)),
        DataType::Struct(only) => {
            let columns = only.iter().map(|field| within(field, column)).collect::<Result<_, _>>()?;
            Ok(Arc::new(StructArray::try_new(only.clone(), columns, None)?))
        }
        other => Err(ArrowError::SchemaError(format!("{} is {other}, not {}", field.name(), column.data_type()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::packed::{Packed, Piece};
    use crate::dataset::{Record, RowBuilder, record_batch, samples};

    /// Domains of which many have their mail at the same hosts, and one that has it elsewhere.
    fn records(ordinals: std::ops::Range<u64>) -> Vec<Record> {
        let record = |ordinal| {
            let mut record = samples::with_mail(&samples::absent(ordinal, &format!("d{ordinal}.example.com")), (ordinal % 4) as usize);
            if ordinal % 11 == 3 {
                record.evidence.mx.detail = Some("strange".to_owned());
            }
            record
        };
        ordinals.map(record).collect()
    }

    fn folded(records: &[Record]) -> Folded {
        let judgements: Vec<Arc<_>> =
            (0..4).map(|hosts| Arc::new(samples::with_mail(&samples::absent(0, "d"), hosts).assessment)).collect();
        let mut rows = RowBuilder::default();
        for Record { target, evidence, assessment } in records {
            rows.push_shared(target, evidence, judgements.iter().find(|judgement| judgement.as_ref() == assessment).unwrap());
        }
        rows.fold().unwrap()
    }

    #[test]
    fn rows_that_share_come_back_as_they_were() {
        let (some, more) = (records(0..300), records(300..500));
        let all = record_batch(&[some.clone(), more.clone()].concat()).unwrap();
        let rows = folded(&some).join(&folded(&more)).unwrap();
        assert!(rows.distinct() < 200 && rows.len() == 500);
        assert_eq!(rows.unfold().unwrap(), all);
        assert_eq!(rows.counts().unwrap(), Counts::of(&all).unwrap());
        assert_eq!(rows.ordinals().unwrap(), (0..500).collect::<Vec<_>>());
        assert_eq!(rows.filled(), Filled::of(&all));
        let wanted = UInt32Array::from(vec![499, 7, 7, 250]);
        let few = rows.some(&wanted).unwrap().unfold().unwrap();
        assert_eq!(few, arrow::compute::take_record_batch(&all, &wanted).unwrap());
        let packed = Piece::Packed(Packed::of(&[folded(&some), folded(&more)]).unwrap());
        assert_eq!(packed.folded().unwrap().unfold().unwrap(), all);
        assert_eq!(packed.counts().unwrap(), Counts::of(&all).unwrap());
    }

    #[test]
    fn what_differs_in_more_than_names_and_times_is_not_shared() {
        let [one, mut two] = [0, 4].map(|ordinal| records(ordinal..ordinal + 1).remove(0));
        let distinct = |two: &Record| folded(&[one.clone(), two.clone()]).distinct();
        two.evidence.mx.resolver = one.evidence.mx.resolver;
        (two.evidence.sts_txt.resolver, two.evidence.tlsrpt_txt.resolver) =
            (one.evidence.sts_txt.resolver, one.evidence.tlsrpt_txt.resolver);
        assert_eq!(distinct(&two), 1);
        let changes: [fn(&mut Record); 6] = [
            |row| row.evidence.mx.attempts = 2,
            |row| row.evidence.sts_txt.authenticated = Some(true),
            |row| row.evidence.tlsrpt_txt.detail = Some("strange".to_owned()),
            |row| row.evidence.sts_txt.name = "_mta-sts.example.net".to_owned(),
            |row| row.evidence.mx_asked = Some(crate::evidence::MxAsked::default()),
            |row| row.target.list = "another".into(),
        ];
        for change in changes {
            let mut changed = two.clone();
            change(&mut changed);
            assert_eq!(distinct(&changed), 2);
        }
    }
}
