//! DNS lookups back from Arrow, generic over the kind of record.

use std::net::SocketAddr;
use std::str::FromStr;

use arrow::array::{Array, AsArray, BinaryArray, BooleanArray, Int16Array, Int32Array, Int64Array, ListArray, StringArray};

use crate::dataset::DatasetError;
use crate::evidence::{Lookup, Mx, Outcome, Txt};

use super::group::{Group, Lists, elements, owned};

/// The column of a lookup's records.
pub(super) trait Records: Sized {
    /// What a record is.
    type Record;
    /// Finds the column in a lookup.
    fn of(lookup: &Group) -> Result<Self, DatasetError>;
    /// The records of a row.
    fn get(&self, row: usize) -> Result<Vec<Self::Record>, DatasetError>;
}

/// The columns of one question.
#[derive(Debug)]
pub(super) struct LookupColumns<C> {
    group: Group,
    name: StringArray,
    outcome: StringArray,
    rcode: Int16Array,
    ttl: Int64Array,
    ad: BooleanArray,
    cname_chain: Lists<StringArray>,
    records: C,
    resolvers: Vec<Option<SocketAddr>>,
    attempts: Int32Array,
    tcp: BooleanArray,
    rtt_us: Int64Array,
    detail: StringArray,
}

impl<C: Records> LookupColumns<C> {
    pub(super) fn of(group: Group) -> Result<Self, DatasetError> {
        Ok(Self {
            name: group.column("name")?,
            outcome: group.column("outcome")?,
            rcode: group.column("rcode")?,
            ttl: group.column("ttl")?,
            ad: group.column("ad")?,
            cname_chain: group.lists("cname_chain")?,
            records: C::of(&group)?,
            resolvers: resolvers(&group)?,
            attempts: group.column("attempts")?,
            tcp: group.column("tcp")?,
            rtt_us: group.column("rtt_us")?,
            detail: group.column("detail")?,
            group,
        })
    }

    /// The lookup of a row; `None` where there was none.
    pub(super) fn get(&self, row: usize) -> Result<Option<Lookup<C::Record>>, DatasetError> {
        if !self.group.is_valid(row) {
            return Ok(None);
        }
        let group = &self.group;
        let number = |column: &Int64Array, name| column.is_valid(row).then(|| group.number(name, column.value(row))).transpose();
        Ok(Some(Lookup {
            name: self.name.value(row).to_owned(),
            outcome: group.parsed("outcome", self.outcome.value(row), Outcome::from_word)?,
            rcode: self.rcode.is_valid(row).then(|| group.number("rcode", self.rcode.value(row))).transpose()?,
            ttl: number(&self.ttl, "ttl")?,
            authenticated: self.ad.value(row),
            cname_chain: self.cname_chain.owned(row),
            records: self.records.get(row)?,
            resolver: self.resolvers.get(row).copied().flatten(),
            attempts: group.number("attempts", self.attempts.value(row))?,
            tcp: self.tcp.value(row),
            rtt_us: number(&self.rtt_us, "rtt_us")?,
            detail: owned(&self.detail, row),
        }))
    }
}

/// The resolvers of all rows. A scan asks few, so that each is read once.
fn resolvers(lookup: &Group) -> Result<Vec<Option<SocketAddr>>, DatasetError> {
    const MOST_KNOWN: usize = 16;
    let column: StringArray = lookup.column("resolver")?;
    let mut known: Vec<(&str, SocketAddr)> = Vec::new();
    let mut resolver = |text| -> Result<SocketAddr, DatasetError> {
        if let Some((_, resolver)) = known.iter().find(|(known, _)| *known == text) {
            return Ok(*resolver);
        }
        let resolver = lookup.parsed("resolver", text, |text| text.parse().ok())?;
        if known.len() < MOST_KNOWN {
            known.push((text, resolver));
        }
        Ok(resolver)
    };
    column.iter().map(|text| text.map(&mut resolver).transpose()).collect()
}

/// The value that a text of ours stands for; `None` where it is null.
pub(super) fn parsed<T: FromStr>(group: &Group, name: &str, column: &StringArray, row: usize) -> Result<Option<T>, DatasetError> {
    super::group::text(column, row).map(|text| group.parsed(name, text, |text| text.parse().ok())).transpose()
}

/// MX records.
#[derive(Debug)]
pub(super) struct MxRecords {
    lists: ListArray,
    group: Group,
    preference: Int32Array,
    exchange: StringArray,
}

impl Records for MxRecords {
    type Record = Mx;

    fn of(lookup: &Group) -> Result<Self, DatasetError> {
        let (lists, group) = lookup.groups("records")?;
        Ok(Self { lists, preference: group.column("preference")?, exchange: group.column("exchange")?, group })
    }

    fn get(&self, row: usize) -> Result<Vec<Mx>, DatasetError> {
        let mx = |index| {
            let preference = self.group.number("preference", self.preference.value(index))?;
            Ok(Mx { preference, exchange: self.exchange.value(index).to_owned() })
        };
        elements(&self.lists, row).map(mx).collect()
    }
}

/// TXT records.
#[derive(Debug)]
pub(super) struct TxtRecords {
    records: Lists<ListArray>,
    strings: BinaryArray,
}

impl Records for TxtRecords {
    type Record = Txt;

    fn of(lookup: &Group) -> Result<Self, DatasetError> {
        let records: Lists<ListArray> = lookup.lists("records")?;
        let strings = records.values.values().as_binary_opt().cloned();
        Ok(Self { strings: strings.ok_or_else(|| DatasetError::Column("records".to_owned()))?, records })
    }

    fn get(&self, row: usize) -> Result<Vec<Txt>, DatasetError> {
        let strings = |record| elements(&self.records.values, record).map(|index| self.strings.value(index).to_vec()).collect();
        Ok(elements(&self.records.lists, row).map(|record| Txt(strings(record))).collect())
    }
}

/// A and AAAA records, and other lists of addresses.
#[derive(Debug)]
pub(super) struct Addresses<A> {
    texts: Lists<StringArray>,
    kind: std::marker::PhantomData<A>,
}

impl<A: FromStr> Addresses<A> {
    pub(super) fn named(group: &Group, name: &str) -> Result<Self, DatasetError> {
        Ok(Self { texts: group.lists(name)?, kind: std::marker::PhantomData })
    }
}

impl<A: FromStr> Records for Addresses<A> {
    type Record = A;

    fn of(lookup: &Group) -> Result<Self, DatasetError> {
        Self::named(lookup, "records")
    }

    fn get(&self, row: usize) -> Result<Vec<A>, DatasetError> {
        let address =
            |text: &str| text.parse().map_err(|_| DatasetError::Value { column: "an address column".to_owned(), value: text.to_owned() });
        self.texts.texts(row).into_iter().flatten().map(address).collect()
    }
}
