//! The HTTPS exchange back from Arrow.

use std::net::IpAddr;

use arrow::array::{Array, BinaryArray, BooleanArray, Int16Array, Int32Array, ListArray, StringArray, TimestampMicrosecondArray};

use crate::dataset::DatasetError;
use crate::evidence::{Certificate, CertificateFault, Fetch, FetchError, FetchFault, FetchStage, Timings};

use super::group::{Group, Lists, elements, owned, time};
use super::lookup::{Addresses, Records, parsed};

/// The columns of the exchange. `location` is not read: it is one of the headers.
#[derive(Debug)]
pub(super) struct FetchColumns {
    group: Group,
    addresses: Addresses<IpAddr>,
    tried: Addresses<IpAddr>,
    address: StringArray,
    tls_version: StringArray,
    tls_cipher: StringArray,
    alpn: StringArray,
    certificate: CertificateColumns,
    http_version: StringArray,
    status: Int16Array,
    headers: HeaderColumns,
    body: BinaryArray,
    body_cut: BooleanArray,
    body_sha256: StringArray,
    timings: TimingColumns,
    error: ErrorColumns,
}

impl FetchColumns {
    pub(super) fn of(group: Group) -> Result<Self, DatasetError> {
        Ok(Self {
            addresses: Addresses::named(&group, "addresses")?,
            tried: Addresses::named(&group, "tried")?,
            address: group.column("address")?,
            tls_version: group.column("tls_version")?,
            tls_cipher: group.column("tls_cipher")?,
            alpn: group.column("alpn")?,
            certificate: CertificateColumns::of(group.group("certificate")?)?,
            http_version: group.column("http_version")?,
            status: group.column("status")?,
            headers: HeaderColumns::of(&group)?,
            body: group.column("body")?,
            body_cut: group.column("body_cut")?,
            body_sha256: group.column("body_sha256")?,
            timings: TimingColumns::of(&group)?,
            error: ErrorColumns::of(group.group("error")?)?,
            group,
        })
    }

    /// The exchange of a row; `None` where there was none.
    pub(super) fn get(&self, row: usize) -> Result<Option<Fetch>, DatasetError> {
        if !self.group.is_valid(row) {
            return Ok(None);
        }
        Ok(Some(Fetch {
            addresses: self.addresses.get(row)?,
            tried: self.tried.get(row)?,
            address: parsed(&self.group, "address", &self.address, row)?,
            tls_version: owned(&self.tls_version, row),
            tls_cipher: owned(&self.tls_cipher, row),
            alpn: owned(&self.alpn, row),
            certificate: self.certificate.get(row)?,
            http_version: owned(&self.http_version, row),
            status: self.status.is_valid(row).then(|| self.group.number("status", self.status.value(row))).transpose()?,
            headers: self.headers.get(row),
            body: self.body.is_valid(row).then(|| self.body.value(row).to_vec()),
            body_cut: self.body_cut.value(row),
            body_sha256: owned(&self.body_sha256, row),
            timings: self.timings.get(&self.group, row)?,
            error: self.error.get(row)?,
        }))
    }
}

#[derive(Debug)]
struct TimingColumns {
    connect: Int32Array,
    tls: Int32Array,
    http: Int32Array,
    body: Int32Array,
    total: Int32Array,
}

impl TimingColumns {
    fn of(fetch: &Group) -> Result<Self, DatasetError> {
        Ok(Self {
            connect: fetch.column("connect_ms")?,
            tls: fetch.column("tls_ms")?,
            http: fetch.column("http_ms")?,
            body: fetch.column("body_ms")?,
            total: fetch.column("total_ms")?,
        })
    }

    fn get(&self, fetch: &Group, row: usize) -> Result<Timings, DatasetError> {
        let milliseconds = |column: &Int32Array, name| column.is_valid(row).then(|| fetch.number(name, column.value(row))).transpose();
        Ok(Timings {
            connect_ms: milliseconds(&self.connect, "connect_ms")?,
            tls_ms: milliseconds(&self.tls, "tls_ms")?,
            http_ms: milliseconds(&self.http, "http_ms")?,
            body_ms: milliseconds(&self.body, "body_ms")?,
            total_ms: milliseconds(&self.total, "total_ms")?.unwrap_or_default(),
        })
    }
}

#[derive(Debug)]
struct HeaderColumns {
    lists: ListArray,
    name: StringArray,
    value: BinaryArray,
}

impl HeaderColumns {
    fn of(fetch: &Group) -> Result<Self, DatasetError> {
        let (lists, header) = fetch.groups("headers")?;
        Ok(Self { lists, name: header.column("name")?, value: header.column("value")? })
    }

    fn get(&self, row: usize) -> Vec<(String, Vec<u8>)> {
        elements(&self.lists, row).map(|index| (self.name.value(index).to_owned(), self.value.value(index).to_vec())).collect()
    }
}

#[derive(Debug)]
struct CertificateColumns {
    group: Group,
    faults: Lists<StringArray>,
    reason: StringArray,
    subject: StringArray,
    sans: Lists<StringArray>,
    issuer: StringArray,
    not_before: TimestampMicrosecondArray,
    not_after: TimestampMicrosecondArray,
    key_type: Option<StringArray>,
    key_bits: Option<Int32Array>,
    signature_algorithm: Option<StringArray>,
    sha256: StringArray,
    chain_length: Int32Array,
}

impl CertificateColumns {
    fn of(group: Group) -> Result<Self, DatasetError> {
        Ok(Self {
            faults: group.lists("faults")?,
            reason: group.column("reason")?,
            subject: group.column("subject")?,
            sans: group.lists("sans")?,
            issuer: group.column("issuer")?,
            not_before: group.column("not_before")?,
            not_after: group.column("not_after")?,
            key_type: group.added("key_type")?,
            key_bits: group.added("key_bits")?,
            signature_algorithm: group.added("signature_algorithm")?,
            sha256: group.column("sha256")?,
            chain_length: group.column("chain_length")?,
            group,
        })
    }

    fn get(&self, row: usize) -> Result<Option<Certificate>, DatasetError> {
        if !self.group.is_valid(row) {
            return Ok(None);
        }
        let bits = self.key_bits.as_ref().filter(|column| column.is_valid(row)).map(|column| column.value(row));
        let fault = |word| self.group.parsed("faults", word, CertificateFault::from_word);
        Ok(Some(Certificate {
            faults: self.faults.texts(row).into_iter().flatten().map(fault).collect::<Result<_, _>>()?,
            reason: owned(&self.reason, row),
            subject: self.subject.value(row).to_owned(),
            sans: self.sans.owned(row),
            issuer: self.issuer.value(row).to_owned(),
            not_before: time(&self.not_before, row),
            not_after: time(&self.not_after, row),
            key_type: self.key_type.as_ref().and_then(|column| owned(column, row)),
            key_bits: bits.map(|bits| self.group.number("key_bits", bits)).transpose()?,
            signature_algorithm: self.signature_algorithm.as_ref().and_then(|column| owned(column, row)),
            sha256: self.sha256.value(row).to_owned(),
            chain_length: self.group.number("chain_length", self.chain_length.value(row))?,
        }))
    }
}

/// The columns of what ended an exchange early.
#[derive(Debug)]
pub(super) struct ErrorColumns {
    group: Group,
    stage: StringArray,
    code: StringArray,
    alert: Int16Array,
    text: StringArray,
}

impl ErrorColumns {
    pub(super) fn of(group: Group) -> Result<Self, DatasetError> {
        Ok(Self {
            stage: group.column("stage")?,
            code: group.column("code")?,
            alert: group.column("alert")?,
            text: group.column("text")?,
            group,
        })
    }

    pub(super) fn get(&self, row: usize) -> Result<Option<FetchError>, DatasetError> {
        if !self.group.is_valid(row) {
            return Ok(None);
        }
        Ok(Some(FetchError {
            stage: self.group.parsed("stage", self.stage.value(row), FetchStage::from_word)?,
            fault: self.group.parsed("code", self.code.value(row), FetchFault::from_word)?,
            alert: self.alert.is_valid(row).then(|| self.group.number("alert", self.alert.value(row))).transpose()?,
            text: self.text.value(row).to_owned(),
        }))
    }
}
