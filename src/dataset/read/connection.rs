//! The connections that only a scan which looks around makes, back from Arrow.

use arrow::array::{Array, BinaryArray, Int16Array, Int32Array, ListArray, StringArray};

use crate::dataset::DatasetError;
use crate::evidence::{CertificateFault, Connection};

use super::fetch::ErrorColumns;
use super::group::{Group, Lists, elements, owned};
use super::lookup::parsed;

/// The columns of a connection.
#[derive(Debug)]
pub(super) struct ConnectionColumns {
    group: Group,
    url: StringArray,
    address: StringArray,
    certificate_faults: Lists<StringArray>,
    status: Int16Array,
    body: BinaryArray,
    body_sha256: StringArray,
    total_ms: Int32Array,
    error: ErrorColumns,
}

impl ConnectionColumns {
    pub(super) fn of(group: Group) -> Result<Self, DatasetError> {
        Ok(Self {
            url: group.column("url")?,
            address: group.column("address")?,
            certificate_faults: group.lists("certificate_faults")?,
            status: group.column("status")?,
            body: group.column("body")?,
            body_sha256: group.column("body_sha256")?,
            total_ms: group.column("total_ms")?,
            error: ErrorColumns::of(group.group("error")?)?,
            group,
        })
    }

    /// The connection of a row; `None` where there was none.
    pub(super) fn get(&self, row: usize) -> Result<Option<Connection>, DatasetError> {
        if !self.group.is_valid(row) {
            return Ok(None);
        }
        let fault = |word| self.group.parsed("certificate_faults", word, CertificateFault::from_word);
        Ok(Some(Connection {
            url: self.url.value(row).to_owned(),
            address: parsed(&self.group, "address", &self.address, row)?,
            certificate_faults: self.certificate_faults.texts(row).map(|texts| texts.map(fault).collect()).transpose()?,
            status: self.status.is_valid(row).then(|| self.group.number("status", self.status.value(row))).transpose()?,
            body: self.body.is_valid(row).then(|| self.body.value(row).to_vec()),
            body_sha256: owned(&self.body_sha256, row),
            total_ms: self.group.number("total_ms", self.total_ms.value(row))?,
            error: self.error.get(row)?,
        }))
    }
}

/// A list of connections.
#[derive(Debug)]
pub(super) struct ConnectionLists {
    lists: ListArray,
    connections: ConnectionColumns,
}

impl ConnectionLists {
    /// Finds the column; `None` where the dataset is older than it.
    pub(super) fn of(evidence: &Group, name: &str) -> Result<Option<Self>, DatasetError> {
        let Some((lists, group)) = evidence.added_groups(name)? else { return Ok(None) };
        Ok(Some(Self { lists, connections: ConnectionColumns::of(group)? }))
    }

    pub(super) fn get(&self, row: usize) -> Result<Vec<Connection>, DatasetError> {
        elements(&self.lists, row).filter_map(|index| self.connections.get(index).transpose()).collect()
    }
}
