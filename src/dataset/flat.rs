//! The flat columns that judgement fills, in Arrow: schema, builder and reader, all derived from their declaration in `classify`.

use std::net::IpAddr;
use std::time::SystemTime;

use arrow::array::{Array, ArrayRef, BooleanArray, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field as ArrowField};
use arrow::error::ArrowError;

use crate::classify::{
    Always, Assessment, Code, Coverage, DaneState, Delivery, DnssecState, Finding, IdFormat, Judgement, Mismatch, Moment, MxState, MxTls,
    PolicyHost, PolicyStage, Posture, RecordState, RuaHost, Severity, Stored, StoredCode, StoredFinding, Worded, catalogue, flat_columns,
};
use crate::parse::senders::Sender;
use crate::parse::tlsrpt_record::ReportScheme;
use crate::vocabulary::{Meaning, Vocabulary};

use super::column::{
    Bool, Column, ColumnReader, Field, Group, Int32, Int64, List, Lists, Shape, Shown, Slot, Text, TextForm, Time, Validity, Vocabularies,
    Word, columns, documented, elements, text, time,
};
use super::error::DatasetError;

/// How a type of flat column stands in Arrow.
trait Flat: Stored + Field<<Self::Kind as Column>::Value> {
    /// The kind of column.
    type Kind: Column;
    /// The arrays from which the stored form is read.
    type Arrays: std::fmt::Debug;

    /// Finds the column.
    fn arrays(table: &Group, name: &str) -> Result<Self::Arrays, DatasetError>;

    /// What is stored in a row.
    fn get(arrays: &Self::Arrays, row: usize) -> Self::Form<'_>;
}

/// A value that is one text, and its kind of column.
trait FlatText: Worded {
    type Kind: Column<Value = Self>;
}

impl FlatText for String {
    type Kind = Text;
}

impl<V: Vocabulary> FlatText for V {
    type Kind = Word<V>;
}

impl FlatText for Code {
    type Kind = Text<Self>;
}

impl<V: Always> Flat for V {
    type Kind = Word<V>;
    type Arrays = StringArray;

    fn arrays(table: &Group, name: &str) -> Result<StringArray, DatasetError> {
        table.column(name)
    }

    fn get(texts: &StringArray, row: usize) -> Option<&str> {
        text(texts, row)
    }
}

impl<T: FlatText> Flat for Option<T> {
    type Kind = T::Kind;
    /// `None` where the dataset is older than the column, which is null in every row.
    type Arrays = Option<StringArray>;

    fn arrays(table: &Group, name: &str) -> Result<Option<StringArray>, DatasetError> {
        table.added(name)
    }

    fn get(texts: &Option<StringArray>, row: usize) -> Self::Form<'_> {
        texts.as_ref().and_then(|texts| text(texts, row))
    }
}

impl<T: FlatText> Flat for Vec<T> {
    type Kind = List<T::Kind>;
    type Arrays = Lists<StringArray>;

    fn arrays(table: &Group, name: &str) -> Result<Lists<StringArray>, DatasetError> {
        table.lists(name)
    }

    fn get(texts: &Lists<StringArray>, row: usize) -> Self::Form<'_> {
        texts.texts(row).into_iter().flatten().collect()
    }
}

impl<T: FlatText> Flat for Option<Vec<T>> {
    type Kind = List<T::Kind>;
    type Arrays = Lists<StringArray>;

    fn arrays(table: &Group, name: &str) -> Result<Lists<StringArray>, DatasetError> {
        table.lists(name)
    }

    fn get(texts: &Lists<StringArray>, row: usize) -> Self::Form<'_> {
        texts.texts(row).map(Iterator::collect)
    }
}

impl Flat for Option<i64> {
    type Kind = Int64<i64>;
    type Arrays = Int64Array;

    fn arrays(table: &Group, name: &str) -> Result<Int64Array, DatasetError> {
        table.column(name)
    }

    fn get(numbers: &Int64Array, row: usize) -> Option<i64> {
        numbers.is_valid(row).then(|| numbers.value(row))
    }
}

impl Flat for Option<bool> {
    type Kind = Bool;
    type Arrays = Option<BooleanArray>;

    fn arrays(table: &Group, name: &str) -> Result<Option<BooleanArray>, DatasetError> {
        table.added(name)
    }

    fn get(values: &Option<BooleanArray>, row: usize) -> Option<bool> {
        values.as_ref().filter(|values| values.is_valid(row)).map(|values| values.value(row))
    }
}

impl Field<SystemTime> for Option<Moment> {
    fn written(&self) -> Option<&SystemTime> {
        self.as_ref().map(|Moment(time)| time)
    }

    fn read(value: Option<SystemTime>) -> Option<Self> {
        Some(value.map(Moment))
    }
}

impl Flat for Option<Moment> {
    type Kind = Time;
    type Arrays = Option<TimestampMicrosecondArray>;

    fn arrays(table: &Group, name: &str) -> Result<Self::Arrays, DatasetError> {
        table.added(name)
    }

    fn get(times: &Self::Arrays, row: usize) -> Option<Moment> {
        times.as_ref().and_then(|times| time(times, row)).map(Moment)
    }
}

/// A column of lists of structs; `None` where the dataset is older than the column, which is null in every row.
type Added<K> = Option<<List<K> as Column>::Reader>;

fn added<K: Column>(table: &Group, name: &str) -> Result<Added<K>, DatasetError> {
    table.array(name).map(|column| ColumnReader::of(column, name)).transpose()
}

/// What is stored in a row. What a newer version may have written and this one cannot read is as good as null.
fn get<K: Column>(lists: &Added<K>, row: usize) -> Option<Vec<K::Value>> {
    lists.as_ref().and_then(|lists| lists.get(row).ok().flatten())
}

impl Flat for Option<Vec<PolicyHost>> {
    type Kind = List<PolicyHostBuilder>;
    type Arrays = Added<PolicyHostBuilder>;

    fn arrays(table: &Group, name: &str) -> Result<Self::Arrays, DatasetError> {
        added::<PolicyHostBuilder>(table, name)
    }

    fn get(hosts: &Self::Arrays, row: usize) -> Self {
        get::<PolicyHostBuilder>(hosts, row)
    }
}

impl Flat for Vec<RuaHost> {
    type Kind = List<RuaHostBuilder>;
    type Arrays = Added<RuaHostBuilder>;

    fn arrays(table: &Group, name: &str) -> Result<Self::Arrays, DatasetError> {
        added::<RuaHostBuilder>(table, name)
    }

    fn get(hosts: &Self::Arrays, row: usize) -> Self {
        get::<RuaHostBuilder>(hosts, row).unwrap_or_default()
    }
}

/// Column `policy_hosts` of a batch, which an older dataset does not have.
#[derive(Debug)]
pub struct PolicyHostColumn(Added<PolicyHostBuilder>);

impl PolicyHostColumn {
    /// Finds the column.
    ///
    /// # Errors
    /// If it has another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        added::<PolicyHostBuilder>(&Group::table(batch), POLICY_HOSTS).map(Self)
    }

    /// The addresses of a row.
    pub fn row(&self, row: usize) -> Option<Vec<PolicyHost>> {
        get::<PolicyHostBuilder>(&self.0, row)
    }

    /// The column with these rows.
    pub(super) fn written(rows: &[Option<Vec<PolicyHost>>], data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let mut builder = List::<PolicyHostBuilder>::default();
        rows.iter().for_each(|hosts| builder.append(hosts.as_ref()));
        builder.finish(data_type)
    }
}

/// Name of the column.
pub(super) const POLICY_HOSTS: &str = "policy_hosts";

columns! {
    /// An address of a policy host.
    PolicyHostBuilder, PolicyHostReader of PolicyHost {
        /// The name that has the address: the end of the CNAMEs of the policy host, or the policy host itself.
        host: Text,
        /// Its registrable domain; null where it has none.
        org_domain: Text,
        /// The address.
        address: Shown<IpAddr>,
        /// Number of the autonomous system that announces the address, by the database of `--asn-db`; null without one.
        #[range = "0..4294967295"]
        asn: Int64<i64>,
        /// Whose autonomous system that is, where the database says.
        asn_org: Text,
        /// Country of the address as two letters (ISO 3166-1), where the database says.
        country: Text,
    }
}

columns! {
    /// A destination of TLS reports.
    RuaHostBuilder, RuaHostReader of RuaHost {
        /// How a report travels.
        scheme: Word<ReportScheme>,
        /// The mail domain or the HTTPS host, lower case; null where the text names none.
        host: Text,
        /// Its registrable domain; null where it has none.
        org_domain: Text,
    }
}

impl Flat for Vec<Finding> {
    type Kind = List<FindingBuilder>;
    type Arrays = FindingColumns;

    fn arrays(table: &Group, name: &str) -> Result<FindingColumns, DatasetError> {
        FindingColumns::of(table, name)
    }

    fn get(findings: &FindingColumns, row: usize) -> Vec<StoredFinding<'_>> {
        findings.get(row)
    }
}

columns! {
    /// A finding.
    FindingBuilder, FindingReader of Finding {
        /// Code of the catalogue; `stscan explain CODE` says more.
        code: Text<Code>,
        /// How much it matters in this case.
        severity: Word<Severity>,
        /// What it is about: a host, a field, an owner name; empty where it is the domain itself.
        subject: Text,
        /// The particulars, of several places those of the first; text from the network is quoted and escaped.
        detail: Text,
        /// In how many places of the text, or of the host, it was found; 1 in older datasets.
        #[range = "1.."]
        count: Int32<u32>,
    }
}

/// A code of the catalogue; others are not read as findings of this version.
impl TextForm for Code {
    fn as_text(&self) -> &str {
        self.as_str()
    }

    fn of_text(text: &str) -> Option<Self> {
        Self::from_word(text)
    }

    fn meanings() -> Vec<Meaning> {
        catalogue().iter().map(|code| Meaning::new(code.as_str(), code.rule().summary)).collect()
    }
}

/// Column `findings` of a batch.
#[derive(Debug)]
pub(super) struct FindingColumns {
    lists: ListArray,
    code: StringArray,
    severity: StringArray,
    subject: StringArray,
    detail: StringArray,
    count: Option<Int32Array>,
}

impl FindingColumns {
    fn of(table: &Group, name: &str) -> Result<Self, DatasetError> {
        let (lists, finding) = table.groups(name)?;
        Ok(Self {
            lists,
            code: finding.column("code")?,
            severity: finding.column("severity")?,
            subject: finding.column("subject")?,
            detail: finding.column("detail")?,
            count: finding.added("count")?,
        })
    }

    pub(super) fn of_batch(batch: &RecordBatch) -> Result<Self, DatasetError> {
        Self::of(&Group::table(batch), "findings")
    }

    /// The codes of a row's findings.
    pub(super) fn codes(&self, row: usize) -> impl Iterator<Item = &str> {
        elements(&self.lists, row).map(|index| self.code.value(index))
    }

    fn get(&self, row: usize) -> Vec<StoredFinding<'_>> {
        let finding = |index| StoredFinding {
            code: StoredCode::of(self.code.value(index)),
            severity: self.severity.value(index),
            subject: self.subject.value(index),
            detail: self.detail.value(index),
            count: self.count.as_ref().map_or(1, |count| count.value(index).unsigned_abs()),
        };
        elements(&self.lists, row).map(finding).collect()
    }
}

/// Defines [`judgement_fields`], [`JudgementBuilder`] and [`JudgementColumns`].
macro_rules! define {
    ($(
        $(#[doc = $doc:literal])+ $(#[unit = $unit:literal])? $(#[range = $range:literal])? pub $column:ident: $type:ty,
        $(derived { $($(#[doc = $about:literal])+ $(#[unit = $of:literal])? $(#[range = $within:literal])? $derived:ident: $made:ty = $from:ident,)+ })?
    )+) => {
        /// The fields of the columns, in their order.
        pub(super) fn judgement_fields() -> Vec<ArrowField> {
            vec![$(
                define!(@field $column, $type, concat!($($doc),+), [$($unit)?], [$($range)?]),
                $($(define!(@field $derived, $made, concat!($($about),+), [$($of)?], [$($within)?]),)+)?
            )+]
        }

        /// Adds the columns of words.
        pub(super) fn judgement_words(found: &mut Vocabularies) {
            $(
                <<$type as Flat>::Kind as Column>::words(stringify!($column), found);
                $($(<<$made as Flat>::Kind as Column>::words(stringify!($derived), found);)+)?
            )+
        }

        /// Builders of the columns.
        #[derive(Debug, Default)]
        pub(super) struct JudgementBuilder {
            $($column: <$type as Flat>::Kind, $($($derived: <$made as Flat>::Kind,)+)?)+
        }

        impl JudgementBuilder {
            /// Adds a judgement that so many rows share.
            pub(super) fn append_times(&mut self, assessment: &Assessment, rows: usize) {
                $(
                    self.$column.append_times(Field::<<<$type as Flat>::Kind as Column>::Value>::written(&assessment.$column), rows);
                    $($({
                        let made: $made = assessment.$from();
                        self.$derived.append_times(Field::<<<$made as Flat>::Kind as Column>::Value>::written(&made), rows);
                    })+)?
                )+
            }

            /// The columns with their names, in the schema's order.
            pub(super) fn finish(self, shape: &Shape) -> Result<Vec<(&'static str, ArrayRef)>, ArrowError> {
                Ok(vec![$(
                    (stringify!($column), self.$column.finish(shape.kind(stringify!($column))?)?),
                    $($((stringify!($derived), self.$derived.finish(shape.kind(stringify!($derived))?)?),)+)?
                )+])
            }
        }

        /// The flat columns of a batch.
        #[derive(Debug)]
        pub struct JudgementColumns {
            $($column: <$type as Flat>::Arrays, $($($derived: <$made as Flat>::Arrays,)+)?)+
        }

        impl JudgementColumns {
            /// Finds the columns in a batch.
            ///
            /// # Errors
            /// If one is missing or has another type.
            pub fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
                let table = Group::table(batch);
                Ok(Self {$(
                    $column: <$type as Flat>::arrays(&table, stringify!($column))?,
                    $($($derived: <$made as Flat>::arrays(&table, stringify!($derived))?,)+)?
                )+})
            }

            /// The judgement of a row.
            pub fn row(&self, row: usize) -> Judgement<'_> {
                Judgement {$(
                    $column: <$type as Flat>::get(&self.$column, row),
                    $($($derived: <$made as Flat>::get(&self.$derived, row),)+)?
                )+}
            }
        }
    };
    (@field $column:ident, $type:ty, $doc:expr, [$($unit:literal)?], [$($range:literal)?]) => {{
        let (unit, range): (&[&str], &[&str]) = (&[$($unit)?], &[$($range)?]);
        documented::<<$type as Flat>::Kind>(stringify!($column), $doc, unit.first().copied(), range.first().copied().map(str::to_owned))
    }};
}

flat_columns!(in order define);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::column::ADDED;
    use crate::dataset::{record_batch, samples};

    #[test]
    fn columns_that_an_older_dataset_does_not_have_are_null() {
        let batch = record_batch(&[samples::absent(0, "example.com")]).unwrap();
        let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        let kept: Vec<usize> = (0..names.len()).filter(|place| !ADDED.contains(&names[*place].as_str())).collect();
        assert_eq!(kept.len() + ADDED.len(), names.len());
        let columns = JudgementColumns::of(&batch.project(&kept).unwrap()).unwrap();
        let row = columns.row(0);
        assert_eq!((row.mx_tls, row.mx_dnssec, row.dane_state, row.delivery_dane), (None, None, None, None));
        let without_delivery: Vec<usize> = (0..names.len()).filter(|place| names[*place] != "delivery").collect();
        assert!(JudgementColumns::of(&batch.project(&without_delivery).unwrap()).is_err());
    }
}
