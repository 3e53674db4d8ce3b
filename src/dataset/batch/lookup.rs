//! Builder of a DNS lookup, generic over the kind of record.

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, BooleanBuilder, Int16Builder, Int32Builder, Int64Builder, NullBufferBuilder};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::evidence::{Lookup, Mx, Outcome, Txt};

use super::columns::{Lengths, Shape, TextLists, Texts, element};

/// The column of a lookup's records.
pub(super) trait Records: Default {
    /// What a record is.
    type Record;
    /// Adds the records of one lookup; `None` where there is no lookup.
    fn append(&mut self, records: Option<&[Self::Record]>);
    /// Adds so many lookups without records.
    fn append_empty(&mut self, lookups: usize);
    /// The column, in the type that the schema gives it.
    fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError>;
}

/// Struct of builders for the lookups of one question.
#[derive(Debug)]
pub(super) struct LookupBuilder<C> {
    valid: NullBufferBuilder,
    name: Texts,
    outcome: Texts,
    rcode: Int16Builder,
    ttl: Int64Builder,
    ad: BooleanBuilder,
    cname_chain: TextLists,
    records: C,
    resolver: Resolvers,
    attempts: Int32Builder,
    tcp: BooleanBuilder,
    rtt_us: Int64Builder,
    detail: Texts,
    /// What the last lookups have in common, and as many as are not in the columns yet.
    held: Option<(Bare, usize)>,
}

/// What may be said of a lookup without records, beside its name and how long it took. Most lookups are alike in it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bare {
    outcome: Outcome,
    rcode: Option<u16>,
    ttl: Option<u32>,
    authenticated: bool,
    resolver: Option<SocketAddr>,
    attempts: u16,
    tcp: bool,
}

impl Bare {
    /// `None` where there is more to be said.
    fn of<R>(lookup: &Lookup<R>) -> Option<Self> {
        let &Lookup { outcome, rcode, ttl, authenticated, resolver, attempts, tcp, .. } = lookup;
        lookup.is_bare().then_some(Self { outcome, rcode, ttl, authenticated, resolver, attempts, tcp })
    }
}

impl<C: Records> Default for LookupBuilder<C> {
    fn default() -> Self {
        Self {
            valid: NullBufferBuilder::new(0),
            name: Texts::default(),
            outcome: Texts::default(),
            rcode: Int16Builder::new(),
            ttl: Int64Builder::new(),
            ad: BooleanBuilder::new(),
            cname_chain: TextLists::default(),
            records: C::default(),
            resolver: Resolvers::default(),
            attempts: Int32Builder::new(),
            tcp: BooleanBuilder::new(),
            rtt_us: Int64Builder::new(),
            detail: Texts::default(),
            held: None,
        }
    }
}

impl<C: Records> LookupBuilder<C> {
    pub(super) fn append(&mut self, lookup: Option<&Lookup<C::Record>>) {
        self.valid.append(lookup.is_some());
        self.name.append(lookup.map(|lookup| lookup.name.as_str()));
        self.rtt_us.append_option(lookup.and_then(|lookup| lookup.rtt_us).map(i64::from));
        match (&mut self.held, lookup.and_then(Bare::of)) {
            (Some((held, lookups)), Some(bare)) if *held == bare => *lookups += 1,
            (_, Some(bare)) => {
                self.lay_down_held();
                self.held = Some((bare, 1));
            }
            (_, None) => {
                self.lay_down_held();
                self.append_whole(lookup);
            }
        }
    }

    fn lay_down_held(&mut self) {
        let Some((Bare { outcome, rcode, ttl, authenticated, resolver, attempts, tcp }, lookups)) = self.held.take() else { return };
        self.outcome.append_times(Some(outcome.as_str()), lookups);
        match rcode.map(code) {
            Some(rcode) => self.rcode.append_value_n(rcode, lookups),
            None => self.rcode.append_nulls(lookups),
        }
        match ttl.map(i64::from) {
            Some(ttl) => self.ttl.append_value_n(ttl, lookups),
            None => self.ttl.append_nulls(lookups),
        }
        self.ad.append_n(lookups, authenticated);
        self.cname_chain.append_times::<&str>(Some(&[]), lookups);
        self.records.append_empty(lookups);
        self.resolver.append_times(resolver, lookups);
        self.attempts.append_value_n(i32::from(attempts), lookups);
        self.tcp.append_n(lookups, tcp);
        self.detail.append_times(None, lookups);
    }

    /// Everything but name and time.
    fn append_whole(&mut self, lookup: Option<&Lookup<C::Record>>) {
        self.outcome.append(lookup.map(|lookup| lookup.outcome.as_str()));
        self.rcode.append_option(lookup.and_then(|lookup| lookup.rcode).map(code));
        self.ttl.append_option(lookup.and_then(|lookup| lookup.ttl).map(i64::from));
        self.ad.append_option(lookup.map(|lookup| lookup.authenticated));
        self.cname_chain.append(lookup.map(|lookup| lookup.cname_chain.as_slice()));
        self.records.append(lookup.map(|lookup| lookup.records.as_slice()));
        self.resolver.append_times(lookup.and_then(|lookup| lookup.resolver), 1);
        self.attempts.append_option(lookup.map(|lookup| i32::from(lookup.attempts)));
        self.tcp.append_option(lookup.map(|lookup| lookup.tcp));
        self.detail.append(lookup.and_then(|lookup| lookup.detail.as_deref()));
    }

    pub(super) fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.lay_down_held();
        let shape = Shape::of(data_type)?;
        let cname_chain = self.cname_chain.finish(shape.kind("cname_chain")?)?;
        let records = self.records.finish(shape.kind("records")?)?;
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("name", self.name.finish()),
            ("outcome", self.outcome.finish()),
            ("rcode", Arc::new(self.rcode.finish())),
            ("ttl", Arc::new(self.ttl.finish())),
            ("ad", Arc::new(self.ad.finish())),
            ("cname_chain", cname_chain),
            ("records", records),
            ("resolver", self.resolver.texts.finish()),
            ("attempts", Arc::new(self.attempts.finish())),
            ("tcp", Arc::new(self.tcp.finish())),
            ("rtt_us", Arc::new(self.rtt_us.finish())),
            ("detail", self.detail.finish()),
        ];
        Ok(Arc::new(shape.assemble(self.valid.finish(), columns)?))
    }
}

/// Resolvers as text. There are few of them, so the last one is remembered.
#[derive(Debug, Default)]
struct Resolvers {
    texts: Texts,
    last: Option<(SocketAddr, String)>,
}

impl Resolvers {
    fn append_times(&mut self, resolver: Option<SocketAddr>, lookups: usize) {
        let Some(resolver) = resolver else { return self.texts.append_times(None, lookups) };
        if self.last.as_ref().is_none_or(|(last, _)| *last != resolver) {
            self.last = Some((resolver, resolver.to_string()));
        }
        self.texts.append_times(self.last.as_ref().map(|(_, text)| text.as_str()), lookups);
    }
}

/// A response code; an extended one has 12 bits, so nothing is lost.
fn code(rcode: u16) -> i16 {
    i16::try_from(rcode).unwrap_or(i16::MAX)
}

/// MX records: List<Struct<preference, exchange>>.
#[derive(Debug, Default)]
pub(super) struct MxRecords {
    lengths: Lengths,
    preference: Int32Builder,
    exchange: Texts,
}

impl Records for MxRecords {
    type Record = Mx;

    fn append(&mut self, records: Option<&[Mx]>) {
        self.lengths.append(records.map(<[Mx]>::len));
        for mx in records.unwrap_or_default() {
            self.preference.append_value(mx.preference.into());
            self.exchange.append(Some(&mx.exchange));
        }
    }

    fn append_empty(&mut self, lookups: usize) {
        self.lengths.append_times(Some(0), lookups);
    }

    fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<(&str, ArrayRef)> = vec![("preference", Arc::new(self.preference.finish())), ("exchange", self.exchange.finish())];
        let elements = Shape::of(data_type)?.assemble(None, columns)?;
        self.lengths.finish(data_type, Arc::new(elements))
    }
}

/// TXT records: List<List<Binary>>.
#[derive(Debug, Default)]
pub(super) struct TxtRecords {
    records: Lengths,
    strings: Lengths,
    bytes: BinaryBuilder,
}

impl Records for TxtRecords {
    type Record = Txt;

    fn append(&mut self, records: Option<&[Txt]>) {
        self.records.append(records.map(<[Txt]>::len));
        for Txt(strings) in records.unwrap_or_default() {
            self.strings.append(Some(strings.len()));
            strings.iter().for_each(|string| self.bytes.append_value(string));
        }
    }

    fn append_empty(&mut self, lookups: usize) {
        self.records.append_times(Some(0), lookups);
    }

    fn finish(mut self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let strings = self.strings.finish(element(data_type)?, Arc::new(self.bytes.finish()))?;
        self.records.finish(data_type, strings)
    }
}

/// A and AAAA records: List<Utf8>.
#[derive(Debug)]
pub(super) struct AddressRecords<A> {
    texts: TextLists,
    kind: std::marker::PhantomData<A>,
}

impl<A> Default for AddressRecords<A> {
    fn default() -> Self {
        Self { texts: TextLists::default(), kind: std::marker::PhantomData }
    }
}

impl<A: Display> Records for AddressRecords<A> {
    type Record = A;

    fn append(&mut self, records: Option<&[A]>) {
        self.texts.append(records);
    }

    fn append_empty(&mut self, lookups: usize) {
        self.texts.append_times::<A>(Some(&[]), lookups);
    }

    fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.texts.finish(data_type)
    }
}
