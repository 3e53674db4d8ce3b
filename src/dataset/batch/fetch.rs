//! Builders of the HTTPS exchange: the fetch, its headers, its certificate, its error.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Int16Builder, Int32Builder, NullBufferBuilder, TimestampMicrosecondArray,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::dataset::micros;
use crate::evidence::{Certificate, CertificateFault, Fetch, FetchError, Timings};

use super::columns::{Lengths, Shape, TextLists, Texts, saturated};

/// Struct of builders for the exchanges.
#[derive(Debug)]
pub(super) struct FetchBuilder {
    addresses: TextLists,
    tried: TextLists,
    address: Texts,
    tls_version: Texts,
    tls_cipher: Texts,
    alpn: Texts,
    certificate: CertificateBuilder,
    http_version: Texts,
    status: Int16Builder,
    headers: HeaderBuilder,
    location: Texts,
    body: BinaryBuilder,
    body_cut: BooleanBuilder,
    body_sha256: Texts,
    timings: TimingBuilder,
    error: ErrorBuilder,
}

impl Default for FetchBuilder {
    fn default() -> Self {
        Self {
            addresses: TextLists::default(),
            tried: TextLists::default(),
            address: Texts::default(),
            tls_version: Texts::default(),
            tls_cipher: Texts::default(),
            alpn: Texts::default(),
            certificate: CertificateBuilder::default(),
            http_version: Texts::default(),
            status: Int16Builder::new(),
            headers: HeaderBuilder::default(),
            location: Texts::default(),
            body: BinaryBuilder::new(),
            body_cut: BooleanBuilder::new(),
            body_sha256: Texts::default(),
            timings: TimingBuilder::default(),
            error: ErrorBuilder::default(),
        }
    }
}

impl FetchBuilder {
    pub(super) fn append(&mut self, fetch: &Fetch) {
        self.addresses.append(Some(&fetch.addresses));
        self.tried.append(Some(&fetch.tried));
        self.address.append_shown(fetch.address);
        self.tls_version.append(fetch.tls_version.as_deref());
        self.tls_cipher.append(fetch.tls_cipher.as_deref());
        self.alpn.append(fetch.alpn.as_deref());
        self.certificate.append(fetch.certificate.as_ref());
        self.http_version.append(fetch.http_version.as_deref());
        // A status has three digits, so nothing is lost.
        self.status.append_option(fetch.status.map(|status| i16::try_from(status).unwrap_or(i16::MAX)));
        self.headers.append(Some(&fetch.headers));
        let location = fetch.header("location").map(String::from_utf8_lossy);
        self.location.append(location.as_deref());
        self.body.append_option(fetch.body.as_deref());
        self.body_cut.append_value(fetch.body_cut);
        self.body_sha256.append(fetch.body_sha256.as_deref());
        self.timings.append(&fetch.timings);
        self.error.append(fetch.error.as_ref());
    }

    pub(super) fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let shape = Shape::of(data_type)?;
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("addresses", self.addresses.finish(shape.kind("addresses")?)?),
            ("tried", self.tried.finish(shape.kind("tried")?)?),
            ("address", self.address.finish()),
            ("tls_version", self.tls_version.finish()),
            ("tls_cipher", self.tls_cipher.finish()),
            ("alpn", self.alpn.finish()),
            ("certificate", self.certificate.finish(shape.kind("certificate")?)?),
            ("http_version", self.http_version.finish()),
            ("status", Arc::new(self.status.finish())),
            ("headers", self.headers.finish(shape.kind("headers")?)?),
            ("location", self.location.finish()),
            ("body", Arc::new(self.body.finish())),
            ("body_cut", Arc::new(self.body_cut.finish())),
            ("body_sha256", self.body_sha256.finish()),
        ];
        columns.extend(self.timings.finish());
        columns.push(("error", self.error.finish(shape.kind("error")?)?));
        Ok(Arc::new(shape.assemble(None, columns)?))
    }
}

/// The columns `connect_ms` to `total_ms`.
#[derive(Debug, Default)]
struct TimingBuilder {
    connect: Int32Builder,
    tls: Int32Builder,
    http: Int32Builder,
    body: Int32Builder,
    total: Int32Builder,
}

impl TimingBuilder {
    fn append(&mut self, timings: &Timings) {
        self.connect.append_option(timings.connect_ms.map(saturated));
        self.tls.append_option(timings.tls_ms.map(saturated));
        self.http.append_option(timings.http_ms.map(saturated));
        self.body.append_option(timings.body_ms.map(saturated));
        self.total.append_value(saturated(timings.total_ms));
    }

    fn finish(mut self) -> [(&'static str, ArrayRef); 5] {
        [
            ("connect_ms", Arc::new(self.connect.finish())),
            ("tls_ms", Arc::new(self.tls.finish())),
            ("http_ms", Arc::new(self.http.finish())),
            ("body_ms", Arc::new(self.body.finish())),
            ("total_ms", Arc::new(self.total.finish())),
        ]
    }
}

/// List<Struct<name, value>>.
#[derive(Debug, Default)]
struct HeaderBuilder {
    lengths: Lengths,
    name: Texts,
    value: BinaryBuilder,
}

impl HeaderBuilder {
    fn append(&mut self, headers: Option<&[(String, Vec<u8>)]>) {
        self.lengths.append(headers.map(<[_]>::len));
        for (name, value) in headers.unwrap_or_default() {
            self.name.append(Some(name));
            self.value.append_value(value);
        }
    }

    fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<(&str, ArrayRef)> = vec![("name", self.name.finish()), ("value", Arc::new(self.value.finish()))];
        let elements = Shape::of(data_type)?.assemble(None, columns)?;
        self.lengths.finish(data_type, Arc::new(elements))
    }
}

#[derive(Debug)]
struct CertificateBuilder {
    valid: NullBufferBuilder,
    verdict: Texts,
    faults: TextLists,
    reason: Texts,
    subject: Texts,
    sans: TextLists,
    issuer: Texts,
    not_before: TimestampMicrosecondBuilder,
    not_after: TimestampMicrosecondBuilder,
    key_type: Texts,
    key_bits: Int32Builder,
    signature_algorithm: Texts,
    sha256: Texts,
    chain_length: Int32Builder,
}

impl Default for CertificateBuilder {
    fn default() -> Self {
        Self {
            valid: NullBufferBuilder::new(0),
            verdict: Texts::default(),
            faults: TextLists::default(),
            reason: Texts::default(),
            subject: Texts::default(),
            sans: TextLists::default(),
            issuer: Texts::default(),
            not_before: TimestampMicrosecondBuilder::new(),
            not_after: TimestampMicrosecondBuilder::new(),
            key_type: Texts::default(),
            key_bits: Int32Builder::new(),
            signature_algorithm: Texts::default(),
            sha256: Texts::default(),
            chain_length: Int32Builder::new(),
        }
    }
}

impl CertificateBuilder {
    fn append(&mut self, certificate: Option<&Certificate>) {
        self.valid.append(certificate.is_some());
        self.verdict.append(certificate.map(|certificate| certificate.faults.first().map_or("valid", |fault| fault.as_str())));
        self.faults.append(certificate.map(|certificate| -> &[CertificateFault] { &certificate.faults }));
        self.reason.append(certificate.and_then(|certificate| certificate.reason.as_deref()));
        self.subject.append(certificate.map(|certificate| certificate.subject.as_str()));
        self.sans.append(certificate.map(|certificate| certificate.sans.as_slice()));
        self.issuer.append(certificate.map(|certificate| certificate.issuer.as_str()));
        self.not_before.append_option(certificate.and_then(|certificate| certificate.not_before).map(micros::from_time));
        self.not_after.append_option(certificate.and_then(|certificate| certificate.not_after).map(micros::from_time));
        self.key_type.append(certificate.and_then(|certificate| certificate.key_type.as_deref()));
        self.key_bits.append_option(certificate.and_then(|certificate| certificate.key_bits).map(i32::from));
        self.signature_algorithm.append(certificate.and_then(|certificate| certificate.signature_algorithm.as_deref()));
        self.sha256.append(certificate.map(|certificate| certificate.sha256.as_str()));
        self.chain_length.append_option(certificate.map(|certificate| i32::from(certificate.chain_length)));
    }

    fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let shape = Shape::of(data_type)?;
        let utc = |times: TimestampMicrosecondArray| -> ArrayRef { Arc::new(times.with_timezone("UTC")) };
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("verdict", self.verdict.finish()),
            ("faults", self.faults.finish(shape.kind("faults")?)?),
            ("reason", self.reason.finish()),
            ("subject", self.subject.finish()),
            ("sans", self.sans.finish(shape.kind("sans")?)?),
            ("issuer", self.issuer.finish()),
            ("not_before", utc(self.not_before.finish())),
            ("not_after", utc(self.not_after.finish())),
            ("key_type", self.key_type.finish()),
            ("key_bits", Arc::new(self.key_bits.finish())),
            ("signature_algorithm", self.signature_algorithm.finish()),
            ("sha256", self.sha256.finish()),
            ("chain_length", Arc::new(self.chain_length.finish())),
        ];
        Ok(Arc::new(shape.assemble(self.valid.finish(), columns)?))
    }
}

/// Struct of stage, code and text.
#[derive(Debug)]
pub(super) struct ErrorBuilder {
    valid: NullBufferBuilder,
    stage: Texts,
    code: Texts,
    alert: Int16Builder,
    text: Texts,
}

impl Default for ErrorBuilder {
    fn default() -> Self {
        Self {
            valid: NullBufferBuilder::new(0),
            stage: Texts::default(),
            code: Texts::default(),
            alert: Int16Builder::new(),
            text: Texts::default(),
        }
    }
}

impl ErrorBuilder {
    pub(super) fn append(&mut self, error: Option<&FetchError>) {
        self.valid.append(error.is_some());
        self.stage.append(error.map(|error| error.stage.as_str()));
        self.code.append(error.map(|error| error.fault.as_str()));
        self.alert.append_option(error.and_then(|error| error.alert).map(i16::from));
        self.text.append(error.map(|error| error.text.as_str()));
    }

    pub(super) fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("stage", self.stage.finish()),
            ("code", self.code.finish()),
            ("alert", Arc::new(self.alert.finish())),
            ("text", self.text.finish()),
        ];
        Ok(Arc::new(Shape::of(data_type)?.assemble(self.valid.finish(), columns)?))
    }
}
