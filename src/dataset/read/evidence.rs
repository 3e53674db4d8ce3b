//! Targets and their evidence back from Arrow, to be judged again.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::{Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray};

use crate::dataset::DatasetError;
use crate::evidence::Evidence;
use crate::input::{Carried, Target};
use crate::name::Domain;

use super::connection::ConnectionLists;
use super::fetch::FetchColumns;
use super::group::{Group, elements, text, time};
use super::lookup::{Addresses, LookupColumns, MxRecords, TxtRecords};
use super::neighbour::{HostColumns, ReceiverColumns, StrayRecordColumns};

/// The columns `ordinal`, `domain`, `rank`, `list` and, where it was read, `carried` of a batch.
#[derive(Debug)]
pub struct TargetColumns {
    table: Group,
    ordinal: Int64Array,
    domain: StringArray,
    rank: Int32Array,
    list: StringArray,
    carried: Option<CarriedColumns>,
}

/// Column `carried` of a batch.
#[derive(Debug)]
struct CarriedColumns {
    lists: ListArray,
    name: StringArray,
    value: StringArray,
}

impl CarriedColumns {
    /// Finds the column; `None` where the dataset is older than it, or it was not read.
    fn of(table: &Group) -> Result<Option<Self>, DatasetError> {
        let Some((lists, carried)) = table.added_groups("carried")? else { return Ok(None) };
        Ok(Some(Self { lists, name: carried.column("name")?, value: carried.column("value")? }))
    }

    fn get(&self, row: usize) -> Vec<Carried> {
        let carried = |index| Carried {
            name: Arc::from(text(&self.name, index).unwrap_or_default()),
            value: text(&self.value, index).map(str::to_owned),
        };
        elements(&self.lists, row).map(carried).collect()
    }
}

impl TargetColumns {
    /// Finds the columns in a batch.
    ///
    /// # Errors
    /// If one is missing or has another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = Group::table(batch);
        Ok(Self {
            ordinal: table.column("ordinal")?,
            domain: table.column("domain")?,
            rank: table.column("rank")?,
            list: table.column("list")?,
            carried: CarriedColumns::of(&table)?,
            table,
        })
    }

    /// The target of a row.
    ///
    /// # Errors
    /// If the ordinal is negative or the domain is not in the stored form.
    pub fn row(&self, row: usize) -> Result<Target, DatasetError> {
        Ok(Target {
            ordinal: self.table.number("ordinal", self.ordinal.value(row))?,
            domain: self.table.parsed("domain", self.domain.value(row), Domain::from_a_labels)?,
            rank: self.rank.is_valid(row).then(|| self.rank.value(row)),
            list: Arc::from(self.list.value(row)),
            carried: self.carried.as_ref().map(|columns| columns.get(row)).unwrap_or_default(),
        })
    }
}

/// The columns `domain`, `scanned_at`, `elapsed_ms` and `evidence` of a batch.
#[derive(Debug)]
pub struct EvidenceColumns {
    table: Group,
    evidence: Group,
    domain: StringArray,
    scanned_at: TimestampMicrosecondArray,
    elapsed_ms: Int32Array,
    mx: LookupColumns<MxRecords>,
    sts_txt: LookupColumns<TxtRecords>,
    tlsrpt_txt: LookupColumns<TxtRecords>,
    host_a: LookupColumns<Addresses<Ipv4Addr>>,
    host_aaaa: LookupColumns<Addresses<Ipv6Addr>>,
    fetch: FetchColumns,
    mx_hosts: Option<HostColumns>,
    rua_hosts: Option<ReceiverColumns>,
    stray_records: Option<StrayRecordColumns>,
    extra_requests: Option<ConnectionLists>,
}

impl EvidenceColumns {
    /// Finds the columns in a batch.
    ///
    /// # Errors
    /// If one is missing or has another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = Group::table(batch);
        let evidence = table.group("evidence")?;
        Ok(Self {
            domain: table.column("domain")?,
            scanned_at: table.column("scanned_at")?,
            elapsed_ms: table.column("elapsed_ms")?,
            mx: LookupColumns::of(evidence.group("mx")?)?,
            sts_txt: LookupColumns::of(evidence.group("sts_txt")?)?,
            tlsrpt_txt: LookupColumns::of(evidence.group("tlsrpt_txt")?)?,
            host_a: LookupColumns::of(evidence.group("host_a")?)?,
            host_aaaa: LookupColumns::of(evidence.group("host_aaaa")?)?,
            fetch: FetchColumns::of(evidence.group("fetch")?)?,
            mx_hosts: HostColumns::of(&evidence)?,
            rua_hosts: ReceiverColumns::of(&evidence)?,
            stray_records: StrayRecordColumns::of(&evidence)?,
            extra_requests: ConnectionLists::of(&evidence, "extra_requests")?,
            table,
            evidence,
        })
    }

    /// The evidence of a row, as it was when the row was written (times to the microsecond).
    ///
    /// # Errors
    /// If a value is none that this version writes.
    pub fn row(&self, row: usize) -> Result<Evidence, DatasetError> {
        let missing = |name| self.evidence.missing(name);
        Ok(Evidence {
            domain: self.table.parsed("domain", self.domain.value(row), Domain::from_a_labels)?,
            scanned_at: time(&self.scanned_at, row).ok_or_else(|| self.table.missing("scanned_at"))?,
            elapsed_ms: self.table.number("elapsed_ms", self.elapsed_ms.value(row))?,
            mx: self.mx.get(row)?.ok_or_else(|| missing("mx"))?,
            sts_txt: self.sts_txt.get(row)?.ok_or_else(|| missing("sts_txt"))?,
            tlsrpt_txt: self.tlsrpt_txt.get(row)?.ok_or_else(|| missing("tlsrpt_txt"))?,
            host_a: self.host_a.get(row)?,
            host_aaaa: self.host_aaaa.get(row)?,
            fetch: self.fetch.get(row)?.map(Box::new),
            mx_hosts: self.mx_hosts.as_ref().map_or(Ok(Vec::new()), |columns| columns.get(row))?,
            rua_hosts: self.rua_hosts.as_ref().map_or(Ok(Vec::new()), |columns| columns.get(row))?,
            stray_records: self.stray_records.as_ref().map_or(Ok(Vec::new()), |columns| columns.get(row))?,
            extra_requests: self.extra_requests.as_ref().map_or(Ok(Vec::new()), |columns| columns.get(row))?,
        })
    }
}
