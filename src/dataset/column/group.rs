//! A struct of columns, taken apart by name with its types checked.

use std::time::SystemTime;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray};

use crate::dataset::error::DatasetError;
use crate::dataset::micros;

/// Columns of the table that datasets of this schema version may lack, because an older program wrote them; in every row they are null.
/// `carried` is another: it depends on the scan.
pub const ADDED: &[&str] = &[
    "file",
    "line",
    "mx_tls",
    "mx_dnssec",
    "dane_state",
    "delivery_dane",
    "cause",
    "id_format",
    "policy_hosts",
    "location_host",
    "issuer_org",
    "cert_not_after",
    "rua_hosts",
    "policy_usable",
];

/// A struct column, or the whole table, and where it stands.
#[derive(Debug)]
pub struct Group {
    path: String,
    array: StructArray,
}

impl Group {
    /// The table itself.
    pub fn table(batch: &RecordBatch) -> Self {
        Self { path: String::new(), array: StructArray::from(batch.clone()) }
    }

    /// A column of structs, by its name in errors.
    pub(in crate::dataset) fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        let array = column.as_struct_opt().cloned().ok_or_else(|| DatasetError::Column(path.to_owned()))?;
        Ok(Self { path: path.to_owned(), array })
    }

    /// A column of any type.
    pub(in crate::dataset) fn array(&self, name: &str) -> Option<&ArrayRef> {
        self.array.column_by_name(name)
    }

    /// A column of a known type.
    ///
    /// # Errors
    /// If it is missing or has another type.
    pub fn column<A: Array + Clone + 'static>(&self, name: &str) -> Result<A, DatasetError> {
        let column = self.array.column_by_name(name).and_then(|column| column.as_any().downcast_ref::<A>());
        column.cloned().ok_or_else(|| DatasetError::Column(self.path_of(name)))
    }

    /// As [`Self::column`], of a column that may not have been read, or that the first datasets do not have.
    ///
    /// # Errors
    /// If it has another type.
    pub fn added<A: Array + Clone + 'static>(&self, name: &str) -> Result<Option<A>, DatasetError> {
        self.array.column_by_name(name).map(|_| self.column(name)).transpose()
    }

    /// A column of structs.
    ///
    /// # Errors
    /// If it is missing or has another type.
    pub fn group(&self, name: &str) -> Result<Self, DatasetError> {
        Ok(Self { path: self.path_of(name), array: self.column(name)? })
    }

    /// A column of structs that may not have been read, or that the first datasets do not have.
    ///
    /// # Errors
    /// If it has another type.
    pub fn optional_group(&self, name: &str) -> Result<Option<Self>, DatasetError> {
        self.has(name).then(|| self.group(name)).transpose()
    }

    /// A column of lists of structs: the lists, and all their elements.
    ///
    /// # Errors
    /// If it is missing or has another type.
    pub fn groups(&self, name: &str) -> Result<(ListArray, Self), DatasetError> {
        let lists: ListArray = self.column(name)?;
        let array = lists.values().as_struct_opt().cloned().ok_or_else(|| DatasetError::Column(self.path_of(name)))?;
        Ok((lists, Self { path: format!("{}[]", self.path_of(name)), array }))
    }

    /// As [`Self::groups`], of a column that the first datasets do not have.
    ///
    /// # Errors
    /// If it has another type.
    pub fn added_groups(&self, name: &str) -> Result<Option<(ListArray, Self)>, DatasetError> {
        self.array.column_by_name(name).map(|_| self.groups(name)).transpose()
    }

    /// A column of lists of plain values.
    ///
    /// # Errors
    /// If it is missing or has another type.
    pub fn lists<A: Array + Clone + 'static>(&self, name: &str) -> Result<Lists<A>, DatasetError> {
        let lists: ListArray = self.column(name)?;
        let values = lists.values().as_any().downcast_ref::<A>().cloned();
        Ok(Lists { values: values.ok_or_else(|| DatasetError::Column(self.path_of(name)))?, lists })
    }

    /// Whether there is a column of that name.
    pub fn has(&self, name: &str) -> bool {
        self.array.column_by_name(name).is_some()
    }

    /// Whether the struct is there in a row.
    pub fn is_valid(&self, row: usize) -> bool {
        self.array.is_valid(row)
    }

    /// The name of a column in errors.
    pub(in crate::dataset) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// A column of lists of plain values.
#[derive(Debug)]
pub struct Lists<A> {
    /// Where the elements of each row stand.
    pub lists: ListArray,
    /// The elements of all rows.
    pub values: A,
}

impl Lists<StringArray> {
    /// The texts of a row; `None` where the list is null.
    pub fn texts(&self, row: usize) -> Option<impl Iterator<Item = &str>> {
        self.lists.is_valid(row).then(|| elements(&self.lists, row).map(|index| self.values.value(index)))
    }
}

/// Where the elements of a row's list stand among all of them; none where the list is null.
pub fn elements(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    match (lists.is_valid(row), lists.value_offsets().get(row), lists.value_offsets().get(row + 1)) {
        (true, Some(&start), Some(&end)) => usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0),
        _ => 0..0,
    }
}

/// The text of a row; `None` where it is null.
pub fn text(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// The time in a row; `None` where it is null.
pub(in crate::dataset) fn time(column: &TimestampMicrosecondArray, row: usize) -> Option<SystemTime> {
    column.is_valid(row).then(|| micros::to_time(column.value(row)))
}
