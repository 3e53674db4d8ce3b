//! A DNS lookup, generic over the kind of record.

use std::net::SocketAddr;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::dataset::column::{
    Bool, Bytes, Column, ColumnReader, Field, Group, Int16, Int32, Int64, List, Shape, Shown, Slot, Text, Validity, Vocabularies, Word,
    columns, documented,
};
use crate::dataset::error::DatasetError;
use crate::evidence::{Alias, ExtendedError, Lookup, Mx, Outcome, Tlsa, Txt};

columns! {
    /// The columns of one question. `C` is the column of a record.
    LookupBuilder<C>, LookupReader of Lookup {
        /// The name asked for, no trailing dot; null where it follows from the column domain: in mx it is the domain, in sts_txt what stands
        /// at _mta-sts. of it, in tlsrpt_txt at _smtp._tls. of it.
        name: Asked,
        /// What became of the question; only noerror, nodata, nxdomain and pruned settle if a record exists.
        outcome: Word<Outcome>,
        /// Response code of the answer (RFC 6895 section 2.3); null without one.
        #[range = "0..4095"]
        rcode: Int16<u16>,
        /// Least TTL of the records and of the CNAMEs that led to them.
        #[unit = "s"]
        #[range = "0..4294967295"]
        ttl: Int64<u32>,
        /// AD bit: whether the resolver says that it validated the answer (RFC 4035 section 3.2.3); null without an answer, and where the
        /// resolver is not trusted to validate, which tells nothing of the name.
        ad (authenticated): Bool,
        /// CNAME targets in order, lower case, no trailing dot.
        cname_chain: List<Text>,
        /// The records; their kind says what they are.
        records: List<C>,
        /// Further records of the answer, beyond what is kept of one (256 MX records; 32 records of hosts that domains share); null where all
        /// are there.
        #[range = "1..65535"]
        left_out: Int32<u16>,
        /// Address and port of the resolver whose answer this is, or that was asked last; the name server where the scan resolved from the
        /// root.
        resolver: Shown<SocketAddr>,
        /// Questions sent, over UDP and TCP together; 0 where the answer was known, from another domain that names the same host.
        #[range = "0..65535"]
        attempts: Int32<u16>,
        /// Whether the answer came over TCP.
        tcp: Bool,
        /// From the last question to its answer; while hundreds are on their way, up to 2 ms more, for which answers gather.
        #[unit = "us"]
        #[range = "0.."]
        rtt_us: Int64<u32>,
        /// Words on a local-error or a malformed answer.
        detail: Text,
        /// Why, in the resolver's own terms (RFC 8914).
        extended_error: ExtendedErrorBuilder,
        /// What became of the question without validation (CD bit), asked after a SERVFAIL where DNSSEC is judged; else null.
        unchecked: Word<Outcome>,
    }
}

columns! {
    /// An extended DNS error.
    ExtendedErrorBuilder, ExtendedErrorReader of ExtendedError {
        /// INFO-CODE (RFC 8914 section 4).
        #[range = "0..65535"]
        code: Int32<u16>,
        /// EXTRA-TEXT, at most 200 characters.
        text: Text,
    }
}

/// The name of a question. Null is read as an empty one, and [`own_names`](super::own_names) knows it.
#[derive(Debug, Default)]
struct Asked(Text);

impl Column for Asked {
    type Value = String;
    type Reader = <Text as Column>::Reader;

    fn data_type() -> DataType {
        Text::<String>::data_type()
    }

    fn append_times(&mut self, value: Option<&String>, rows: usize) {
        self.0.append_times(value, rows);
    }

    fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.0.finish(data_type)
    }

    fn absent() -> Option<String> {
        Some(String::new())
    }
}

/// What may be said of a lookup beside its name, its records and their TTL, and how long it took. Most lookups are alike in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dataset) struct Bare {
    outcome: Outcome,
    rcode: Option<u16>,
    authenticated: Option<bool>,
    resolver: Option<SocketAddr>,
    attempts: u16,
    tcp: bool,
}

impl Bare {
    /// `None` where there is more to be said.
    pub(in crate::dataset) fn of<R>(lookup: &Lookup<R>) -> Option<Self> {
        let &Lookup { outcome, rcode, authenticated, resolver, attempts, tcp, .. } = lookup;
        lookup.has_records_alone().then_some(Self { outcome, rcode, authenticated, resolver, attempts, tcp })
    }
}

/// A lookup, written fast: what bare lookups in a row have in common is added for all of them at once.
#[derive(Debug)]
pub(super) struct Lookups<C: Column> {
    columns: LookupBuilder<C>,
    /// What the last lookups have in common, and as many as are not in the columns yet.
    held: Option<(Bare, usize)>,
}

impl<C: Column> Default for Lookups<C> {
    fn default() -> Self {
        Self { columns: LookupBuilder::default(), held: None }
    }
}

impl<C: Column> Lookups<C> {
    fn hold(&mut self, lookup: &Lookup<C::Value>, bare: Bare) {
        self.columns.name.append(Some(&lookup.name));
        self.columns.ttl.append(lookup.ttl.as_ref());
        self.columns.rtt_us.append(lookup.rtt_us.as_ref());
        match &mut self.held {
            Some((held, lookups)) if *held == bare => *lookups += 1,
            _ => {
                self.lay_down_held();
                self.held = Some((bare, 1));
            }
        }
    }

    fn lay_down_held(&mut self) {
        let Some((held, lookups)) = self.held.take() else { return };
        let LookupBuilder {
            valid,
            name: _,
            outcome,
            rcode,
            ttl: _,
            ad,
            cname_chain,
            records,
            left_out,
            resolver,
            attempts,
            tcp,
            rtt_us: _,
            detail,
            extended_error,
            unchecked,
        } = &mut self.columns;
        valid.append(true, lookups);
        outcome.append_times(Some(&held.outcome), lookups);
        rcode.append_times(held.rcode.as_ref(), lookups);
        ad.append_times(held.authenticated.as_ref(), lookups);
        cname_chain.push_times(Some(&[]), lookups);
        records.push_times(Some(&[]), lookups);
        left_out.append_times(None, lookups);
        resolver.append_times(held.resolver.as_ref(), lookups);
        attempts.append_times(Some(&held.attempts), lookups);
        tcp.append_times(Some(&held.tcp), lookups);
        detail.append_times(None, lookups);
        extended_error.append_times(None, lookups);
        unchecked.append_times(None, lookups);
    }
}

impl<C: RecordColumn> Column for Lookups<C> {
    type Value = Lookup<C::Value>;
    type Reader = LookupReader<C>;

    fn data_type() -> DataType {
        let records = documented::<List<C>>("records", C::MEANING, None, None);
        let fields = LookupBuilder::<C>::fields().into_iter();
        DataType::Struct(fields.map(|field| if field.name() == "records" { records.clone() } else { field }).collect())
    }

    fn words(path: &str, found: &mut Vocabularies) {
        LookupBuilder::<C>::words_within(path, found);
    }

    fn append_times(&mut self, value: Option<&Self::Value>, rows: usize) {
        for _ in 0..rows {
            match value.filter(|lookup| lookup.records.is_empty()).and_then(|lookup| Some((lookup, Bare::of(lookup)?))) {
                Some((lookup, bare)) => self.hold(lookup, bare),
                None => {
                    self.lay_down_held();
                    self.columns.append(value);
                }
            }
        }
    }

    fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.lay_down_held();
        self.columns.finish(data_type)
    }
}

/// The column of a record.
pub(super) trait RecordColumn: Column {
    /// What the records of a lookup are.
    const MEANING: &'static str;
}

columns! {
    /// An MX record.
    MxBuilder, MxReader of Mx {
        /// The least is tried first.
        #[range = "0..65535"]
        preference: Int32<u16>,
        /// The host, lower case, no trailing dot; `.` for a null MX.
        exchange: Text,
    }
}

impl RecordColumn for MxBuilder {
    const MEANING: &'static str = "MX records in the order of the answer.";
}

columns! {
    /// A TLSA record.
    TlsaBuilder, TlsaReader of Tlsa {
        /// Certificate usage: 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE (RFC 7218).
        #[range = "0..255"]
        usage: Int16<u8>,
        /// What is compared: 0 the certificate, 1 its public key.
        #[range = "0..255"]
        selector: Int16<u8>,
        /// How: 0 as it is, 1 by its SHA-256, 2 by its SHA-512.
        #[range = "0..255"]
        matching: Int16<u8>,
        /// What it is compared with.
        data: Bytes,
    }
}

impl RecordColumn for TlsaBuilder {
    const MEANING: &'static str = "TLSA records in the order of the answer (RFC 6698 section 2).";
}

columns! {
    /// A CNAME record.
    AliasBuilder, AliasReader of Alias as { Alias(target) } {
        /// Lower case, no trailing dot.
        target: Text,
    }
}

impl RecordColumn for AliasBuilder {
    const MEANING: &'static str = "CNAME records.";
}

impl RecordColumn for Shown<std::net::Ipv4Addr> {
    const MEANING: &'static str = "IPv4 addresses.";
}

impl RecordColumn for Shown<std::net::Ipv6Addr> {
    const MEANING: &'static str = "IPv6 addresses.";
}

/// A TXT record: a list of character-strings.
#[derive(Debug, Default)]
pub(super) struct TxtBuilder(List<Bytes>);

impl RecordColumn for TxtBuilder {
    const MEANING: &'static str = "TXT records: a list of character-strings each, exact bytes, kept apart.";
}

impl Column for TxtBuilder {
    type Value = Txt;
    type Reader = TxtReader;

    fn data_type() -> DataType {
        List::<Bytes>::data_type()
    }

    fn append_times(&mut self, value: Option<&Txt>, rows: usize) {
        self.0.append_times(value.map(|Txt(strings)| strings), rows);
    }

    fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.0.finish(data_type)
    }
}

/// The way back.
#[derive(Debug)]
pub(super) struct TxtReader(<List<Bytes> as Column>::Reader);

impl ColumnReader for TxtReader {
    type Value = Txt;

    fn of(column: &ArrayRef, path: &str) -> Result<Self, DatasetError> {
        ColumnReader::of(column, path).map(Self)
    }

    fn get(&self, row: usize) -> Result<Option<Txt>, DatasetError> {
        Ok(self.0.get(row)?.map(Txt))
    }
}
