//! Builders of the lookups of which a domain has several: MX hosts, receivers of reports, names around.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::evidence::{HostLookup, Lookup, ReceiverLookup, Txt};

use super::columns::{Shape, SparseLists, Texts};
use super::connection::ConnectionBuilder;
use super::lookup::{AddressRecords, LookupBuilder, MxRecords, TxtRecords};

/// List of structs, an MX host each.
#[derive(Debug, Default)]
pub(super) struct HostsBuilder(SparseLists<HostBuilder>);

#[derive(Debug, Default)]
struct HostBuilder {
    host: Texts,
    a: LookupBuilder<AddressRecords<Ipv4Addr>>,
    aaaa: LookupBuilder<AddressRecords<Ipv6Addr>>,
}

impl HostsBuilder {
    pub(super) fn append(&mut self, hosts: &[HostLookup]) {
        self.0.append(hosts, |builder, HostLookup { host, a, aaaa }| {
            builder.host.append(Some(host));
            builder.a.append(Some(a));
            builder.aaaa.append(Some(aaaa));
        });
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.0.finish(data_type, |HostBuilder { host, a, aaaa }, kind| {
            let shape = Shape::of(kind)?;
            let columns = vec![("host", host.finish()), ("a", a.finish(shape.kind("a")?)?), ("aaaa", aaaa.finish(shape.kind("aaaa")?)?)];
            Ok(Arc::new(shape.assemble(None, columns)?))
        })
    }
}

/// List of structs, a receiver each.
#[derive(Debug, Default)]
pub(super) struct ReceiversBuilder(SparseLists<ReceiverBuilder>);

#[derive(Debug, Default)]
struct ReceiverBuilder {
    host: Texts,
    mx: LookupBuilder<MxRecords>,
    a: LookupBuilder<AddressRecords<Ipv4Addr>>,
    aaaa: LookupBuilder<AddressRecords<Ipv6Addr>>,
    connection: ConnectionBuilder,
}

impl ReceiversBuilder {
    pub(super) fn append(&mut self, receivers: &[ReceiverLookup]) {
        self.0.append(receivers, |builder, ReceiverLookup { host, mx, a, aaaa, connection }| {
            builder.host.append(Some(host));
            builder.mx.append(mx.as_ref());
            builder.a.append(a.as_ref());
            builder.aaaa.append(aaaa.as_ref());
            builder.connection.append(connection.as_ref());
        });
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.0.finish(data_type, |ReceiverBuilder { host, mx, a, aaaa, connection }, kind| {
            let shape = Shape::of(kind)?;
            let columns = vec![
                ("host", host.finish()),
                ("mx", mx.finish(shape.kind("mx")?)?),
                ("a", a.finish(shape.kind("a")?)?),
                ("aaaa", aaaa.finish(shape.kind("aaaa")?)?),
                ("connection", connection.finish(shape.kind("connection")?)?),
            ];
            Ok(Arc::new(shape.assemble(None, columns)?))
        })
    }
}

/// List of TXT lookups.
#[derive(Debug, Default)]
pub(super) struct StrayRecordsBuilder(SparseLists<LookupBuilder<TxtRecords>>);

impl StrayRecordsBuilder {
    pub(super) fn append(&mut self, lookups: &[Lookup<Txt>]) {
        self.0.append(lookups, |builder, lookup| builder.append(Some(lookup)));
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.0.finish(data_type, LookupBuilder::finish)
    }
}
