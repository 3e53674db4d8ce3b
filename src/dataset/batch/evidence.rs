//! Builder of column `evidence`.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::evidence::Evidence;

use super::columns::{Shape, Sparse};
use super::connection::ConnectionsBuilder;
use super::fetch::FetchBuilder;
use super::lookup::{AddressRecords, LookupBuilder, MxRecords, TxtRecords};
use super::neighbour::{HostsBuilder, ReceiversBuilder, StrayRecordsBuilder};

/// Struct of builders for the evidence, one a question and one for the exchange.
#[derive(Debug, Default)]
pub(super) struct EvidenceBuilder {
    mx: LookupBuilder<MxRecords>,
    sts_txt: LookupBuilder<TxtRecords>,
    tlsrpt_txt: LookupBuilder<TxtRecords>,
    host_a: Sparse<LookupBuilder<AddressRecords<Ipv4Addr>>>,
    host_aaaa: Sparse<LookupBuilder<AddressRecords<Ipv6Addr>>>,
    fetch: Sparse<FetchBuilder>,
    mx_hosts: HostsBuilder,
    rua_hosts: ReceiversBuilder,
    stray_records: StrayRecordsBuilder,
    extra_requests: ConnectionsBuilder,
}

impl EvidenceBuilder {
    pub(super) fn append(&mut self, evidence: &Evidence) {
        self.mx.append(Some(&evidence.mx));
        self.sts_txt.append(Some(&evidence.sts_txt));
        self.tlsrpt_txt.append(Some(&evidence.tlsrpt_txt));
        if let Some((builder, lookup)) = self.host_a.append(evidence.host_a.as_ref()) {
            builder.append(Some(lookup));
        }
        if let Some((builder, lookup)) = self.host_aaaa.append(evidence.host_aaaa.as_ref()) {
            builder.append(Some(lookup));
        }
        if let Some((builder, fetch)) = self.fetch.append(evidence.fetch.as_ref()) {
            builder.append(fetch);
        }
        self.mx_hosts.append(&evidence.mx_hosts);
        self.rua_hosts.append(&evidence.rua_hosts);
        self.stray_records.append(&evidence.stray_records);
        self.extra_requests.append(&evidence.extra_requests);
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let shape = Shape::of(data_type)?;
        let columns = vec![
            ("mx", self.mx.finish(shape.kind("mx")?)?),
            ("sts_txt", self.sts_txt.finish(shape.kind("sts_txt")?)?),
            ("tlsrpt_txt", self.tlsrpt_txt.finish(shape.kind("tlsrpt_txt")?)?),
            ("host_a", self.host_a.finish(shape.kind("host_a")?, LookupBuilder::finish)?),
            ("host_aaaa", self.host_aaaa.finish(shape.kind("host_aaaa")?, LookupBuilder::finish)?),
            ("fetch", self.fetch.finish(shape.kind("fetch")?, FetchBuilder::finish)?),
            ("mx_hosts", self.mx_hosts.finish(shape.kind("mx_hosts")?)?),
            ("rua_hosts", self.rua_hosts.finish(shape.kind("rua_hosts")?)?),
            ("stray_records", self.stray_records.finish(shape.kind("stray_records")?)?),
            ("extra_requests", self.extra_requests.finish(shape.kind("extra_requests")?)?),
        ];
        Ok(Arc::new(shape.assemble(None, columns)?))
    }
}
