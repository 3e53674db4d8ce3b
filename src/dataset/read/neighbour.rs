//! Lookups of which a domain has several, back from Arrow: MX hosts, receivers of reports, stray records.

use std::net::{Ipv4Addr, Ipv6Addr};

use arrow::array::{ListArray, StringArray, StructArray};

use crate::dataset::DatasetError;
use crate::evidence::{HostLookup, Lookup, ReceiverLookup, Txt};

use super::connection::ConnectionColumns;
use super::group::{Group, elements};
use super::lookup::{Addresses, LookupColumns, MxRecords, TxtRecords};

/// The MX hosts.
#[derive(Debug)]
pub(super) struct HostColumns {
    lists: ListArray,
    group: Group,
    host: StringArray,
    a: LookupColumns<Addresses<Ipv4Addr>>,
    aaaa: LookupColumns<Addresses<Ipv6Addr>>,
}

impl HostColumns {
    /// Finds the column; `None` where the dataset is older than it.
    pub(super) fn of(evidence: &Group) -> Result<Option<Self>, DatasetError> {
        let Some((lists, group)) = evidence.added_groups("mx_hosts")? else { return Ok(None) };
        let (a, aaaa) = (LookupColumns::of(group.group("a")?)?, LookupColumns::of(group.group("aaaa")?)?);
        Ok(Some(Self { host: group.column("host")?, a, aaaa, lists, group }))
    }

    pub(super) fn get(&self, row: usize) -> Result<Vec<HostLookup>, DatasetError> {
        let host = |index| {
            Ok(HostLookup {
                host: self.host.value(index).to_owned(),
                a: self.a.get(index)?.ok_or_else(|| self.group.missing("a"))?,
                aaaa: self.aaaa.get(index)?.ok_or_else(|| self.group.missing("aaaa"))?,
            })
        };
        elements(&self.lists, row).map(host).collect()
    }
}

/// The receivers of reports.
#[derive(Debug)]
pub(super) struct ReceiverColumns {
    lists: ListArray,
    host: StringArray,
    mx: LookupColumns<MxRecords>,
    a: LookupColumns<Addresses<Ipv4Addr>>,
    aaaa: LookupColumns<Addresses<Ipv6Addr>>,
    connection: Option<ConnectionColumns>,
}

impl ReceiverColumns {
    /// Finds the column; `None` where the dataset is older than it.
    pub(super) fn of(evidence: &Group) -> Result<Option<Self>, DatasetError> {
        let Some((lists, group)) = evidence.added_groups("rua_hosts")? else { return Ok(None) };
        Ok(Some(Self {
            lists,
            host: group.column("host")?,
            mx: LookupColumns::of(group.group("mx")?)?,
            a: LookupColumns::of(group.group("a")?)?,
            aaaa: LookupColumns::of(group.group("aaaa")?)?,
            connection: group.added("connection")?.map(|_: StructArray| ConnectionColumns::of(group.group("connection")?)).transpose()?,
        }))
    }

    pub(super) fn get(&self, row: usize) -> Result<Vec<ReceiverLookup>, DatasetError> {
        let receiver = |index| {
            let host = self.host.value(index).to_owned();
            let connection = self.connection.as_ref().map_or(Ok(None), |columns| columns.get(index))?;
            Ok(ReceiverLookup { host, mx: self.mx.get(index)?, a: self.a.get(index)?, aaaa: self.aaaa.get(index)?, connection })
        };
        elements(&self.lists, row).map(receiver).collect()
    }
}

/// The lookups at names beside the right ones.
#[derive(Debug)]
pub(super) struct StrayRecordColumns {
    lists: ListArray,
    lookups: LookupColumns<TxtRecords>,
}

impl StrayRecordColumns {
    /// Finds the column; `None` where the dataset is older than it.
    pub(super) fn of(evidence: &Group) -> Result<Option<Self>, DatasetError> {
        let Some((lists, group)) = evidence.added_groups("stray_records")? else { return Ok(None) };
        Ok(Some(Self { lists, lookups: LookupColumns::of(group)? }))
    }

    pub(super) fn get(&self, row: usize) -> Result<Vec<Lookup<Txt>>, DatasetError> {
        elements(&self.lists, row).filter_map(|index| self.lookups.get(index).transpose()).collect()
    }
}
