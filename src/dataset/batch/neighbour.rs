//! Builders of the lookups of which a domain has several: MX hosts, receivers of reports, names around.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::evidence::{HostLookup, Lookup, ReceiverLookup, Txt};

use super::columns::{Lengths, Shape, Texts, element};
use super::connection::ConnectionBuilder;
use super::lookup::{AddressRecords, LookupBuilder, MxRecords, TxtRecords};

/// List of structs, an MX host each.
#[derive(Debug, Default)]
pub(super) struct HostsBuilder {
    lengths: Lengths,
    host: Texts,
    a: LookupBuilder<AddressRecords<Ipv4Addr>>,
    aaaa: LookupBuilder<AddressRecords<Ipv6Addr>>,
}

impl HostsBuilder {
    pub(super) fn append(&mut self, hosts: &[HostLookup]) {
        self.lengths.append(Some(hosts.len()));
        for HostLookup { host, a, aaaa } in hosts {
            self.host.append(Some(host));
            self.a.append(Some(a));
            self.aaaa.append(Some(aaaa));
        }
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let shape = Shape::of(data_type)?;
        let columns =
            vec![("host", self.host.finish()), ("a", self.a.finish(shape.kind("a")?)?), ("aaaa", self.aaaa.finish(shape.kind("aaaa")?)?)];
        self.lengths.finish(data_type, Arc::new(shape.assemble(None, columns)?))
    }
}

/// List of structs, a receiver each.
#[derive(Debug, Default)]
pub(super) struct ReceiversBuilder {
    lengths: Lengths,
    host: Texts,
    mx: LookupBuilder<MxRecords>,
    a: LookupBuilder<AddressRecords<Ipv4Addr>>,
    aaaa: LookupBuilder<AddressRecords<Ipv6Addr>>,
    connection: ConnectionBuilder,
}

impl ReceiversBuilder {
    pub(super) fn append(&mut self, receivers: &[ReceiverLookup]) {
        self.lengths.append(Some(receivers.len()));
        for ReceiverLookup { host, mx, a, aaaa, connection } in receivers {
            self.host.append(Some(host));
            self.mx.append(mx.as_ref());
            self.a.append(a.as_ref());
            self.aaaa.append(aaaa.as_ref());
            self.connection.append(connection.as_ref());
        }
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let shape = Shape::of(data_type)?;
        let columns = vec![
            ("host", self.host.finish()),
            ("mx", self.mx.finish(shape.kind("mx")?)?),
            ("a", self.a.finish(shape.kind("a")?)?),
            ("aaaa", self.aaaa.finish(shape.kind("aaaa")?)?),
            ("connection", self.connection.finish(shape.kind("connection")?)?),
        ];
        self.lengths.finish(data_type, Arc::new(shape.assemble(None, columns)?))
    }
}

/// List of TXT lookups.
#[derive(Debug, Default)]
pub(super) struct AroundBuilder {
    lengths: Lengths,
    lookups: LookupBuilder<TxtRecords>,
}

impl AroundBuilder {
    pub(super) fn append(&mut self, lookups: &[Lookup<Txt>]) {
        self.lengths.append(Some(lookups.len()));
        lookups.iter().for_each(|lookup| self.lookups.append(Some(lookup)));
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let lookups = self.lookups.finish(element(data_type)?)?;
        self.lengths.finish(data_type, lookups)
    }
}
