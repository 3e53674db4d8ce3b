//! Targets in Arrow: the columns that come from the list, and those that are read off the domain's name.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Field as ArrowField;

use crate::input::{Carried, Target};
use crate::name::{Domain, suffix};

use super::column::{Column, ColumnReader, Field, Group, Int32, Int64, List, Shape, Slot, Text, Validity, columns, documented};
use super::error::DatasetError;

columns! {
    /// The columns `ordinal` to `line`.
    TargetBuilder, TargetReader of Target beside (carried: Vec<Carried>) {
        /// Position of the target in the input; parts are sorted by it.
        #[range = "0.."]
        ordinal: Int64<u64>,
        /// The domain: A-labels, lower case, no trailing dot.
        domain: Text<Domain>,
        /// Rank in the list; null if the list has none.
        #[range = "1.."]
        rank: Int32<i32>,
        /// Name of the list that the target comes from.
        list: Text<Arc<str>>,
        /// File of the list in which the target stands, as it was named; of an archive with several members, the member behind a colon;
        /// null in older datasets.
        file: Text<Arc<str>>,
        /// Line of that file (unpacked where it is compressed) on which the target first stands; null in older datasets.
        #[range = "1.."]
        line: Int64<u64>,
    }
}

impl TargetBuilder {
    /// Adds what is the row's own: all but the list and its file.
    pub(super) fn append_own(&mut self, Target { ordinal, domain, rank, line, .. }: &Target) {
        self.ordinal.append(Some(ordinal));
        self.domain.append(Some(domain));
        self.rank.append(rank.as_ref());
        self.line.append(line.as_ref());
    }

    /// Adds the list and its file.
    pub(super) fn append_shared(&mut self, Target { list, file, .. }: &Target) {
        self.list.append(Some(list));
        self.file.append(file.as_ref());
    }
}

columns! {
    /// A column that the list brought along.
    CarriedBuilder, CarriedReader of Carried {
        /// The column, as it was asked for.
        name: Text<Arc<str>>,
        /// Its cell, at most 256 bytes; null where it is empty.
        value: Text,
    }
}

/// The columns `ordinal` to `line` and, where it was read, `carried` of a batch.
#[derive(Debug)]
pub struct TargetColumns {
    target: TargetReader,
    carried: Slot<List<CarriedBuilder>>,
}

impl TargetColumns {
    /// Finds the columns in a batch.
    ///
    /// # Errors
    /// If one has another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = Group::table(batch);
        Ok(Self { carried: Slot::of(&table, "carried")?, target: TargetReader::new(table)? })
    }

    /// The target of a row.
    ///
    /// # Errors
    /// If a column is missing, the ordinal is negative or the domain is not in the stored form.
    pub fn row(&self, row: usize) -> Result<Target, DatasetError> {
        let target = self.target.read(row, self.carried.get(row)?)?;
        target.ok_or_else(|| DatasetError::Inconsistent(format!("row {row} is null")))
    }
}

/// The columns `tld`, `suffix` and `org_domain`. Two of them come from one look into the public suffix list, so they are filled by hand.
#[derive(Debug, Default)]
pub(super) struct NameBuilder {
    tld: Text,
    suffix: Text,
    org_domain: Text,
}

impl NameBuilder {
    /// The fields of the columns, in their order.
    pub(super) fn fields() -> Vec<ArrowField> {
        vec![
            documented::<Text>("tld", "Last label of the domain.", None, None),
            documented::<Text>("suffix", "Public suffix of the domain, the private section of the list included.", None, None),
            documented::<Text>("org_domain", "Registrable domain; null where the domain is itself a public suffix.", None, None),
        ]
    }

    pub(super) fn append(&mut self, domain: &str) {
        self.tld.push(domain.get(domain.rfind('.').map_or(0, |dot| dot + 1)..));
        let (public_suffix, registrable) = suffix::suffix_and_registrable(domain);
        self.suffix.push(public_suffix);
        self.org_domain.push(registrable);
    }

    pub(super) fn into_columns(self) -> Vec<(&'static str, ArrayRef)> {
        vec![("tld", self.tld.into_array()), ("suffix", self.suffix.into_array()), ("org_domain", self.org_domain.into_array())]
    }
}
