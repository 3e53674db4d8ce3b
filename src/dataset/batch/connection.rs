//! Builders of the connections that only a scan which looks around makes.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, Int16Builder, Int32Builder, NullBufferBuilder};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::evidence::Connection;

use super::columns::{Shape, SparseLists, TextLists, Texts, saturated};
use super::fetch::ErrorBuilder;

/// Struct of builders for connections.
#[derive(Debug)]
pub(super) struct ConnectionBuilder {
    valid: NullBufferBuilder,
    url: Texts,
    address: Texts,
    certificate_faults: TextLists,
    status: Int16Builder,
    body: BinaryBuilder,
    body_sha256: Texts,
    total_ms: Int32Builder,
    error: ErrorBuilder,
}

impl Default for ConnectionBuilder {
    fn default() -> Self {
        Self {
            valid: NullBufferBuilder::new(0),
            url: Texts::default(),
            address: Texts::default(),
            certificate_faults: TextLists::default(),
            status: Int16Builder::new(),
            body: BinaryBuilder::new(),
            body_sha256: Texts::default(),
            total_ms: Int32Builder::new(),
            error: ErrorBuilder::default(),
        }
    }
}

impl ConnectionBuilder {
    pub(super) fn append(&mut self, connection: Option<&Connection>) {
        self.valid.append(connection.is_some());
        self.url.append(connection.map(|connection| connection.url.as_str()));
        self.address.append_shown(connection.and_then(|connection| connection.address));
        self.certificate_faults.append(connection.and_then(|connection| connection.certificate_faults.as_deref()));
        let status = connection.and_then(|connection| connection.status);
        self.status.append_option(status.map(|status| i16::try_from(status).unwrap_or(i16::MAX)));
        self.body.append_option(connection.and_then(|connection| connection.body.as_deref()));
        self.body_sha256.append(connection.and_then(|connection| connection.body_sha256.as_deref()));
        self.total_ms.append_option(connection.map(|connection| saturated(connection.total_ms)));
        self.error.append(connection.and_then(|connection| connection.error.as_ref()));
    }

    pub(super) fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let shape = Shape::of(data_type)?;
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("url", self.url.finish()),
            ("address", self.address.finish()),
            ("certificate_faults", self.certificate_faults.finish(shape.kind("certificate_faults")?)?),
            ("status", Arc::new(self.status.finish())),
            ("body", Arc::new(self.body.finish())),
            ("body_sha256", self.body_sha256.finish()),
            ("total_ms", Arc::new(self.total_ms.finish())),
            ("error", self.error.finish(shape.kind("error")?)?),
        ];
        Ok(Arc::new(shape.assemble(self.valid.finish(), columns)?))
    }
}

/// List of structs, a connection each.
#[derive(Debug, Default)]
pub(super) struct ConnectionsBuilder(SparseLists<ConnectionBuilder>);

impl ConnectionsBuilder {
    pub(super) fn append(&mut self, connections: &[Connection]) {
        self.0.append(connections, |builder, connection| builder.append(Some(connection)));
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.0.finish(data_type, ConnectionBuilder::finish)
    }
}
