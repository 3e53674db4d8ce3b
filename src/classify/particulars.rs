//! Columns by which a dataset is joined with others: hosts, addresses, networks and issuers, read off the evidence and never judged.

use std::net::IpAddr;
use std::time::SystemTime;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::evidence::{Certificate, Evidence, Lookup};
use crate::name::suffix;
use crate::networks::Network;
use crate::parse::distinguished_name::organization;
use crate::parse::location::{Location, location};
use crate::parse::tlsrpt_record::{ReportScheme, ReportUri};
use crate::vocabulary::vocabulary;

/// Addresses of a policy host at most that make elements of column `policy_hosts`; the evidence has all that are kept of an answer.
const MAX_ADDRESSES: usize = 64;

vocabulary! {
    /// How the id of an MTA-STS record is made, by its looks: RFC 8461 section 3.1 leaves that open.
    pub enum IdFormat {
        /// Digits that are date and time to the minute or better, as 20240131T235959Z or 20240131235959.
        DateTime = "datetime",
        /// Eight digits that are a date, as 20240131.
        Date = "date",
        /// A date with a counter of two digits behind it, as the serials of zone files: 2024013101.
        DateSerial = "date-serial",
        /// Seconds (ten digits) or milliseconds (thirteen) since 1970.
        UnixTime = "unix-time",
        /// Digits that are none of these.
        Number = "number",
        /// Sixteen or more hexadecimal digits with a letter among them, as a hash or a UUID without hyphens.
        Hash = "hash",
        /// Letters and digits that are none of these.
        Text = "text",
        /// Not what the grammar allows: 1 to 32 letters and digits.
        Invalid = "invalid",
    }
}

impl IdFormat {
    /// The format of an id as read.
    pub(super) fn of(id: &str) -> Self {
        let all = |is: fn(&u8) -> bool| id.as_bytes().iter().all(is);
        if id.is_empty() || id.len() > 32 || !all(u8::is_ascii_alphanumeric) {
            return Self::Invalid;
        }
        // `T` between date and time, `Z` at the end.
        let plain = id.strip_suffix(['Z', 'z']).unwrap_or(id);
        let digits = match plain.as_bytes().get(8) {
            Some(b'T' | b't') => format!("{}{}", plain.get(..8).unwrap_or_default(), plain.get(9..).unwrap_or_default()),
            _ => plain.to_owned(),
        };
        if digits.bytes().all(|byte| byte.is_ascii_digit()) && matches!(digits.len(), 12 | 14..=17) && is_moment(&digits) {
            return Self::DateTime;
        }
        if !all(u8::is_ascii_digit) {
            let is_hash = id.len() >= 16 && all(u8::is_ascii_hexdigit);
            return if is_hash { Self::Hash } else { Self::Text };
        }
        match id.len() {
            8 if is_date(id) => Self::Date,
            10 if is_date(id) => Self::DateSerial,
            10 | 13 if id.starts_with('1') => Self::UnixTime,
            _ => Self::Number,
        }
    }
}

fn number(digits: &str, range: std::ops::Range<usize>) -> Option<u32> {
    digits.get(range)?.parse().ok()
}

/// Whether digits begin with a date of years in which there can have been ids.
fn is_date(digits: &str) -> bool {
    let within = |range, least: u32, most: u32| number(digits, range).is_some_and(|value| (least..=most).contains(&value));
    within(0..4, 2000, 2099) && within(4..6, 1, 12) && within(6..8, 1, 31)
}

/// The same with a time behind it, to the minute at least.
fn is_moment(digits: &str) -> bool {
    let below = |range, end: u32| number(digits, range).is_some_and(|value| value < end);
    is_date(digits) && below(8..10, 24) && below(10..12, 60) && (digits.len() == 12 || below(12..14, 61))
}

/// An address of a policy host, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyHost {
    /// The name that has the address: the end of the CNAMEs of the policy host, or the policy host itself.
    pub host: String,
    /// Its registrable domain.
    pub org_domain: Option<String>,
    /// The address.
    pub address: IpAddr,
    /// The autonomous system that announces the address, if a database of them was given.
    pub asn: Option<i64>,
    /// Whose autonomous system that is, where the database says.
    pub asn_org: Option<String>,
    /// Country of the address as two letters (ISO 3166), where the database says.
    pub country: Option<String>,
}

impl PolicyHost {
    /// The same with whose network the address is of.
    pub fn of(self, network: Network) -> Self {
        let Network { asn, org, country } = network;
        Self { asn: asn.map(i64::from), asn_org: org, country, ..self }
    }

    /// Whose network the address is of, as far as it is known.
    pub fn network(&self) -> Network {
        Network { asn: self.asn.and_then(|asn| u32::try_from(asn).ok()), org: self.asn_org.clone(), country: self.country.clone() }
    }
}

/// A destination of TLS reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuaHost {
    /// How a report travels.
    pub scheme: ReportScheme,
    /// The mail domain or the HTTPS host; `None` where the text names none.
    pub host: Option<String>,
    /// Its registrable domain.
    pub org_domain: Option<String>,
}

/// A time of a certificate; as text by RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub SystemTime);

impl Moment {
    /// RFC 3339, UTC; empty for a time that it cannot write, which is of no year with four digits.
    pub fn text(self) -> String {
        OffsetDateTime::from(self.0).format(&Rfc3339).unwrap_or_default()
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// Column `policy_hosts`: `None` where nobody was asked, or where what was asked found nothing and may have missed something.
pub(super) fn policy_hosts(evidence: &Evidence) -> Option<Vec<PolicyHost>> {
    let (a, aaaa) = (evidence.host_a.as_ref(), evidence.host_aaaa.as_ref());
    if a.is_none() && aaaa.is_none() {
        return None;
    }
    let v4 = a.into_iter().flat_map(addresses);
    let v6 = aaaa.into_iter().flat_map(addresses);
    let hosts: Vec<PolicyHost> = v4.chain(v6).take(MAX_ADDRESSES).collect();
    let settled = a.is_none_or(|lookup| lookup.outcome.is_conclusive()) && aaaa.is_none_or(|lookup| lookup.outcome.is_conclusive());
    (settled || !hosts.is_empty()).then_some(hosts)
}

fn addresses<R: Copy + Into<IpAddr>>(lookup: &Lookup<R>) -> impl Iterator<Item = PolicyHost> {
    let host = lookup.cname_chain.last().unwrap_or(&lookup.name);
    let org_domain = suffix::registrable(host).map(str::to_owned);
    lookup.records.iter().map(move |address| PolicyHost {
        host: host.clone(),
        org_domain: org_domain.clone(),
        address: (*address).into(),
        asn: None,
        asn_org: None,
        country: None,
    })
}

/// Column `rua_hosts`.
pub(super) fn rua_hosts(rua: &[ReportUri]) -> Vec<RuaHost> {
    let host = |uri: &ReportUri| {
        let org_domain = uri.host.as_deref().and_then(suffix::registrable).map(str::to_owned);
        RuaHost { scheme: uri.scheme, host: uri.host.clone(), org_domain }
    };
    rua.iter().map(host).collect()
}

/// Column `location_host`.
pub(super) fn location_host(evidence: &Evidence) -> Option<String> {
    let fetch = evidence.fetch.as_ref()?;
    match location(fetch.header("location")?) {
        Location::Host(host) => Some(host),
        Location::Same => Some(evidence.domain.policy_host()),
        Location::Nowhere => None,
    }
}

/// The certificate of the policy host, of the second hello where the first one got none.
fn certificate(evidence: &Evidence) -> Option<&Certificate> {
    let fetch = evidence.fetch.as_ref()?;
    fetch.certificate.as_ref().or_else(|| fetch.second_hello.as_ref()?.certificate.as_ref())
}

/// Column `issuer_org`.
pub(super) fn issuer_org(evidence: &Evidence) -> Option<String> {
    organization(&certificate(evidence)?.issuer)
}

/// Column `cert_not_after`.
pub(super) fn cert_not_after(evidence: &Evidence) -> Option<Moment> {
    certificate(evidence)?.not_after.map(Moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_by_their_looks() {
        for (id, format) in [
            ("20240131", IdFormat::Date),
            ("20240231", IdFormat::Date),
            ("20241331", IdFormat::Number),
            ("2024013101", IdFormat::DateSerial),
            ("1706745599", IdFormat::UnixTime),
            ("1706745599000", IdFormat::UnixTime),
            ("2706745599", IdFormat::Number),
            ("20240131235959", IdFormat::DateTime),
            ("202401312359", IdFormat::DateTime),
            ("202401312460", IdFormat::Number),
            ("20240131T235959Z", IdFormat::DateTime),
            ("20240131235959Z", IdFormat::DateTime),
            ("20240131T2359", IdFormat::DateTime),
            ("20240131T0101", IdFormat::DateTime),
            ("1", IdFormat::Number),
            ("d41d8cd98f00b204e9800998ecf8427e", IdFormat::Hash),
            ("00112233445566aa", IdFormat::Hash),
            ("abcdef", IdFormat::Text),
            ("v1", IdFormat::Text),
            ("20240131Z", IdFormat::Text),
            ("", IdFormat::Invalid),
            ("2024-01-31", IdFormat::Invalid),
            ("\u{e4}", IdFormat::Invalid),
            ("012345678901234567890123456789012", IdFormat::Invalid),
        ] {
            assert_eq!(IdFormat::of(id), format, "{id}");
        }
    }
}
