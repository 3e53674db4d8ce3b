//! All that was seen of a domain: one column per lookup, one for the HTTPS exchange.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::SystemTime;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::dataset::column::{
    Column, ColumnReader, Field, Group, Int32, List, Shape, Shown, Slot, Sparse, Text, Time, Validity, columns, documented,
};
use crate::dataset::error::DatasetError;
use crate::evidence::{Evidence, ReceiverLookup};
use crate::name::Domain;

use super::fetch::{ConnectionBuilder, FetchBuilder};
use super::lookup::{Lookups, MxBuilder, TxtBuilder};
use super::mail_server::{HostBuilder, MxAskedBuilder};
use super::own_names;

columns! {
    /// The columns within `evidence`.
    EvidenceBuilder, EvidenceReader of Evidence beside (domain: Domain, scanned_at: SystemTime, elapsed_ms: u32) {
        /// MX of the domain.
        mx: Lookups<MxBuilder>,
        /// TXT at `_mta-sts.DOMAIN` (RFC 8461 section 3.1).
        sts_txt: Lookups<TxtBuilder>,
        /// TXT at `_smtp._tls.DOMAIN` (RFC 8460 section 3).
        tlsrpt_txt: Lookups<TxtBuilder>,
        /// A of the policy host; null where no record asked for a policy.
        host_a: Sparse<Lookups<Shown<Ipv4Addr>>>,
        /// AAAA of the policy host; where A has led to an alias, of its end, shared by all domains with that alias. Null where no record
        /// asked for a policy.
        host_aaaa: Sparse<Lookups<Shown<Ipv6Addr>>>,
        /// The GET of the policy; null where there was nothing to fetch or no address to connect to.
        fetch: Sparse<FetchBuilder>,
        /// What the MX hosts were to be asked; null if nothing but their addresses was looked up.
        mx_asked: MxAskedBuilder,
        /// The MX hosts, the most preferred first; empty where no record asked for a policy and no option for the MX hosts.
        mx_hosts: List<HostBuilder>,
        /// The receivers of TLS reports; empty where there is no TLSRPT record.
        rua_hosts: List<ReceiverBuilder>,
        /// TXT at the names at which records are published by mistake, at one that only a wildcard answers for and, of a subdomain that
        /// takes mail and has no record, at the _mta-sts of its registrable domain; empty without --look-around.
        stray_records: List<Lookups<TxtBuilder>>,
        /// Extra requests for the policy: at other addresses of the policy host, and in wrong places; empty without --look-around.
        extra_requests: List<ConnectionBuilder>,
    }
}

/// Column `evidence`, row by row.
#[derive(Debug, Default)]
pub(in crate::dataset) struct EvidenceRows {
    columns: EvidenceBuilder,
    rows: usize,
    /// For each own lookup the rows that have a name which does not follow from the domain.
    others: [Vec<usize>; own_names::OWN.len()],
}

impl EvidenceRows {
    /// Adds a row.
    pub(in crate::dataset) fn push(&mut self, evidence: &Evidence) {
        let others = self.others.iter_mut().zip(own_names::others(evidence));
        others.filter(|(_, is_other)| *is_other).for_each(|(rows, _)| rows.push(self.rows));
        self.columns.add(Some(evidence), 1);
        self.rows += 1;
    }

    /// The column, in its type with all documentation.
    ///
    /// # Errors
    /// If the columns do not fit the type, which is a mistake of the program.
    pub(in crate::dataset) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(own_names::left_out(self.columns.into_struct(data_type)?, &self.others)?))
    }
}

columns! {
    /// A receiver of TLS reports.
    ReceiverBuilder, ReceiverReader of ReceiverLookup {
        /// The mail domain or the HTTPS host of the destination.
        host: Text,
        /// MX of a mail domain; null for an HTTPS host.
        mx: Lookups<MxBuilder>,
        /// A of an HTTPS host, or of a mail domain without MX; else null.
        a: Lookups<Shown<Ipv4Addr>>,
        /// AAAA, likewise.
        aaaa: Lookups<Shown<Ipv6Addr>>,
        /// A TLS handshake with an HTTPS host, and no request; null without --look-around.
        connection: ConnectionBuilder,
    }
}

columns! {
    /// When a domain was probed: columns of the table itself.
    TimesBuilder, TimesReader of (SystemTime, u32) as { (scanned_at, elapsed_ms) } {
        /// Start of the probe.
        scanned_at: Time,
        /// Length of the probe.
        #[unit = "ms"]
        #[range = "0.."]
        elapsed_ms: Int32<u32>,
    }
}

/// The columns `domain`, `scanned_at`, `elapsed_ms` and `evidence` of a batch.
#[derive(Debug)]
pub struct EvidenceColumns {
    domain: Slot<Text<Domain>>,
    scanned_at: Slot<Time>,
    elapsed_ms: Slot<Int32<u32>>,
    evidence: EvidenceReader,
}

impl EvidenceColumns {
    /// Finds the columns in a batch.
    ///
    /// # Errors
    /// If one is missing or has another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = Group::table(batch);
        Ok(Self {
            domain: Slot::of(&table, "domain")?,
            scanned_at: Slot::of(&table, "scanned_at")?,
            elapsed_ms: Slot::of(&table, "elapsed_ms")?,
            evidence: EvidenceReader::new(table.group("evidence")?)?,
        })
    }

    /// The evidence of a row, as it was when the row was written (times to the microsecond).
    ///
    /// # Errors
    /// If a value is none that this version writes.
    pub fn row(&self, row: usize) -> Result<Evidence, DatasetError> {
        let evidence = self.evidence.read(row, self.domain.get(row)?, self.scanned_at.get(row)?, self.elapsed_ms.get(row)?)?;
        let mut evidence = evidence.ok_or_else(|| DatasetError::Value { column: "evidence".to_owned(), value: "null".to_owned() })?;
        own_names::restore(&mut evidence);
        Ok(evidence)
    }
}
